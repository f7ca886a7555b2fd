/* SPDX-License-Identifier: Apache-2.0 */
/* From files to encoded parts: vocabularies, scalings, labels, splits, the folders that are searched, and errors. */
#include "check.h"

#include <float.h>

#include "data_support.h"

static const char sales[] = "color,size,sold\nred,1,0\nblue,3,1\nred,5,0\ngreen,2,1\n";

/* -- Results ----------------------------------------------------------------------------------------------------- */

static void test_records(void)
{
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, sales, small_spec_init(&s)) == PLX_OK);
    const plx_rows *rows = &l.parts[0];
    static const uint32_t ids[] = {3, 1, 3, 2};
    static const float sizes[] = {1, 3, 5, 2}, labels[] = {0, 1, 0, 1};
    REQUIRE(rows->n == 4 && l.parts[1].n == 0 && l.parts[2].n == 0);
    CHECK(rows->layout == plx_encoders_layout(l.encoders));
    CHECK(vocabulary_of(l.encoders, 0) == 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK(id_at(rows, i, 0) == ids[i]);
        CHECK(dense_at(rows, i, 0) == sizes[i]);
        CHECK(label_at(rows, i, 0) == labels[i]);
    }
    loaded_release(&l);
}

static void test_first_seen(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    REQUIRE(load_text(&l, sales, &s.spec) == PLX_OK);
    static const uint32_t ids[] = {1, 2, 1, 3};
    for (size_t i = 0; i < 4; i++)
        CHECK(id_at(&l.parts[0], i, 0) == ids[i]);
    loaded_release(&l);
}

/* Vocabularies are sorted by bytes, never by the locale: capitals, digits and the empty text come first. */
static void test_byte_order(void)
{
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "color,size,sold\nb,0,0\nB,0,0\n,0,0\n9,0,0\nab,0,0\na,0,0\n\xc3\xa4,0,0\n",
                      small_spec_init(&s)) == PLX_OK);
    static const uint32_t ids[] = {6, 3, 1, 2, 5, 4, 7};
    for (size_t i = 0; i < 7; i++)
        CHECK(id_at(&l.parts[0], i, 0) == ids[i]);
    loaded_release(&l);
}

static void test_unseen(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.test_part = 2;
    REQUIRE(load_text(&l, sales, &s.spec) == PLX_OK);
    REQUIRE(l.parts[0].n == 2 && l.parts[2].n == 2);
    CHECK(vocabulary_of(l.encoders, 0) == 3);
    CHECK(id_at(&l.parts[2], 0, 0) == 2);
    CHECK(id_at(&l.parts[2], 1, 0) == 0); /* green occurs only in the test part */
    loaded_release(&l);
    s.spec.data.fit_on = PLX_FIT_ON_ALL;
    REQUIRE(load_text(&l, sales, &s.spec) == PLX_OK);
    CHECK(vocabulary_of(l.encoders, 0) == 4);
    CHECK(id_at(&l.parts[2], 1, 0) == 2);
    loaded_release(&l);
}

static void check_scaled(int scaling, const char *text, const float *expected, size_t n)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.features[1].scaling = scaling;
    s.spec.data.test_part = 1;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_CLOSE(dense_at(&l.parts[0], i, 0), expected[i], 1e-7);
    CHECK_CLOSE(dense_at(&l.parts[2], 0, 0), expected[n], 1e-6);
    loaded_release(&l);
}

/* The last row is the test part: scaled with the other rows' parameters. */
static void test_scaling(void)
{
    static const float minmax[] = {0, 0.5f, 1, 2}, none[] = {1, 3, 5, 9};
    static const float standard[] = {-1.22474487f, 0, 1.22474487f, 3.67423461f}, constant[] = {0, 0, 0, 0};
    const char *text = "color,size,sold\na,1,0\na,3,0\na,5,0\na,9,0\n";
    check_scaled(PLX_SCALE_MINMAX, text, minmax, 3);
    check_scaled(PLX_SCALE_STANDARD, text, standard, 3);
    check_scaled(PLX_SCALE_NONE, text, none, 3);
    text = "color,size,sold\na,0.1,0\na,0.1,0\na,0.1,0\na,0.7,0\n";
    check_scaled(PLX_SCALE_MINMAX, text, constant, 3);
    check_scaled(PLX_SCALE_STANDARD, text, constant, 3);
}

static void test_missing_numbers(void)
{
    static char *marks[] = {"?", "-1"};
    small_spec s;
    loaded l;
    const char *text = "color,size,sold\na,1,0\na,,0\na,?,0\na,-1,0\na,nan,0\na,9,0\n";
    small_spec_init(&s);
    s.spec.data.missing = (plx_text_list){marks, 2};
    s.features[1].missing = 5;
    s.features[1].scaling = PLX_SCALE_MINMAX;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    static const float expected[] = {0, 0.5f, 0.5f, 0.5f, 0.5f, 1};
    for (size_t i = 0; i < 6; i++)
        CHECK(dense_at(&l.parts[0], i, 0) == expected[i]);
    loaded_release(&l);
    s.features[1].missing = -3; /* beyond the other values: it takes part in the fit */
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    CHECK(dense_at(&l.parts[0], 1, 0) == 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), 4.0 / 12, 1e-7);
    loaded_release(&l);
    s.features[1].missing = NAN;
    check_fails(text, &s.spec, PLX_ERR_SCHEMA, "train.csv:3:3: a missing number in column 'size'");
}

static void test_number_forms(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.trim = false;
    check_fails("color,size,sold\na,007,0\na,\" 4\",0\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:3: ' 4' is not a number"); /* blanks inside quotes are kept */
    s.spec.data.trim = true;
    REQUIRE(load_text(&l,
                      "color,size,sold\na,007,0\na,-0,0\na,1e2,0\na,-.5,0\na,123456789,0\na,1234567890,0\na,\" 4\",0\n",
                      &s.spec) == PLX_OK);
    static const float expected[] = {7, -0.0f, 100, -0.5f, 123456789.0f, 1234567890.0f, 4};
    for (size_t i = 0; i < 7; i++)
        CHECK(dense_at(&l.parts[0], i, 0) == expected[i]);
    CHECK(signbit(dense_at(&l.parts[0], 1, 0)));
    loaded_release(&l);
}

/* One column as two sparse features, a dense one and a label. */
static void test_shared_column(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.features[0] = (plx_feature_spec){.name = "a", .column = "n", .kind = PLX_FEATURE_SPARSE};
    s.features[1] =
        (plx_feature_spec){.name = "b", .column = "n", .kind = PLX_FEATURE_SPARSE, .vocabulary = PLX_ORDER_FIRST_SEEN};
    s.features[2] = (plx_feature_spec){.name = "n", .kind = PLX_FEATURE_DENSE, .missing = NAN};
    s.spec.n_features = 3;
    s.tasks[0] = (plx_task_spec){.name = "t", .column = "n", .kind = PLX_TASK_BINARY};
    s.tasks[1] = (plx_task_spec){.name = "r", .column = "n", .kind = PLX_TASK_REGRESSION};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "n\n1\n0\n1\n", &s.spec) == PLX_OK);
    const plx_rows *rows = &l.parts[0];
    CHECK(rows->layout->n_sparse == 2 && rows->layout->n_dense == 1 && rows->layout->n_tasks == 2);
    CHECK(id_at(rows, 0, 0) == 2 && id_at(rows, 1, 0) == 1);
    CHECK(id_at(rows, 0, 1) == 1 && id_at(rows, 1, 1) == 2);
    CHECK(dense_at(rows, 0, 0) == 1 && dense_at(rows, 1, 0) == 0);
    CHECK(label_at(rows, 2, 0) == 1 && label_at(rows, 2, 1) == 1);
    loaded_release(&l);
}

/* -- Labels ------------------------------------------------------------------------------------------------------ */

static void test_listed_labels(void)
{
    static char *yes[] = {"yes", "yes."}, *no[] = {"no"};
    const char *text = "color,size,sold\na,1,yes\na,1,yes.\na,1,no\na,1,maybe\n";
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[0].positive = (plx_text_list){yes, 2};
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    static const float expected[] = {1, 1, 0, 0};
    for (size_t i = 0; i < 4; i++)
        CHECK(label_at(&l.parts[0], i, 0) == expected[i]);
    loaded_release(&l);
    s.tasks[0].negative = (plx_text_list){no, 1};
    check_fails(text, &s.spec, PLX_ERR_SCHEMA,
                "train.csv:5:5: 'maybe' is not a label of task 'sold' (column 'sold'); expected positive 'yes', 'yes.' "
                "or negative 'no'");
    s.tasks[0].negative.n = 0;
    REQUIRE(load_text(&l, "color,size,sold\na,1,yes\na,1,\n", &s.spec) == PLX_OK);
    CHECK(isnan(label_at(&l.parts[0], 1, 0)));
    loaded_release(&l);
    s.tasks[0].negative = (plx_text_list){(char *[]){""}, 1};
    REQUIRE(load_text(&l, "color,size,sold\na,1,yes\na,1,\n", &s.spec) == PLX_OK);
    CHECK(label_at(&l.parts[0], 1, 0) == 0);
    loaded_release(&l);
}

static void test_numeric_labels(void)
{
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "color,size,sold\na,1,0\na,1,1\na,1,1.0\na,1,0e0\n", small_spec_init(&s)) == PLX_OK);
    static const float expected[] = {0, 1, 1, 0};
    for (size_t i = 0; i < 4; i++)
        CHECK(label_at(&l.parts[0], i, 0) == expected[i]);
    loaded_release(&l);
    static const char *const wrong[] = {"2", "yes", "-1", "nan", "0.5"};
    for (int i = 0; i < COUNT(wrong); i++) {
        char text[100], message[100];
        snprintf(text, sizeof text, "color,size,sold\na,1,0\na,1,%s\n", wrong[i]);
        snprintf(message, sizeof message,
                 "train.csv:3:5: '%s' is not a label of task 'sold' (column 'sold'); expected 0 or 1", wrong[i]);
        check_fails(text, &s.spec, PLX_ERR_SCHEMA, message);
    }
}

static void test_regression_labels(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    REQUIRE(load_text(&l, "color,size,sold\na,1,-2.5\na,1,7\n", &s.spec) == PLX_OK);
    CHECK(label_at(&l.parts[0], 0, 0) == -2.5f && label_at(&l.parts[0], 1, 0) == 7);
    loaded_release(&l);
    check_fails("color,size,sold\na,1,x\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:5: 'x' is not a number; column 'sold' holds the labels of a regression task");
    check_fails("color,size,sold\na,1,1e39\n", &s.spec, PLX_ERR_SCHEMA, "too large");
}

/* A wrong label in a validation or test file is reported as well. */
static void test_labels_of_other_parts(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    write_text(&f, "train.csv", sales);
    write_text(&f, "test.csv", "color,size,sold\nred,1,1\nred,1,x\n");
    small_spec_init(&s);
    s.spec.data.test = (plx_text_list){(char *[]){"test.csv"}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "test.csv:3:7: 'x' is not a label");
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Parts ------------------------------------------------------------------------------------------------------- */

/* A file of n rows whose dense number is the row's own. */
static void write_numbered(folder *f, const char *name, int first, int n)
{
    plx_string text;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\n");
    for (int i = 0; i < n; i++)
        plx_string_format(&text, "c%d,%d,%d\n", (first + i) % 7, first + i, i % 2);
    write_text(f, name, text.text);
    plx_string_release(&text);
}

static void check_range(const plx_rows *rows, int first, size_t n)
{
    CHECK(rows->n == n);
    for (size_t i = 0; i < rows->n; i++)
        CHECK(dense_at(rows, i, 0) == (float)first + (float)i);
}

static void test_split_end(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    write_numbered(&f, "train.csv", 0, 10);
    small_spec_init(&s);
    s.spec.data.validation_part = 0.25; /* 2.5 rows: rounded up */
    s.spec.data.test_part = 2;
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    check_range(&l.parts[0], 0, 5);
    check_range(&l.parts[1], 5, 3);
    check_range(&l.parts[2], 8, 2);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_files_of_parts(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    write_numbered(&f, "a.csv", 0, 3);
    write_numbered(&f, "b.csv", 3, 4);
    write_numbered(&f, "v.csv", 7, 2);
    small_spec_init(&s);
    s.spec.data.train = (plx_text_list){(char *[]){"a.csv", "b.csv"}, 2};
    s.spec.data.validation = (plx_text_list){(char *[]){"v.csv"}, 1};
    s.spec.data.test_part = 1;
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    check_range(&l.parts[0], 0, 6);
    check_range(&l.parts[1], 7, 2);
    check_range(&l.parts[2], 6, 1);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_split_random(void)
{
    enum { ROWS = 500 };
    small_spec s;
    loaded a, b, c;
    folder f = folder_make();
    write_numbered(&f, "train.csv", 0, ROWS);
    small_spec_init(&s);
    s.spec.data.split = PLX_SPLIT_RANDOM;
    s.spec.data.validation_part = 0.2;
    s.spec.data.test_part = 50;
    s.spec.data.split_seed = 1;
    REQUIRE(load_spec(&a, &f, &s.spec) == PLX_OK);
    REQUIRE(load_spec(&b, &f, &s.spec) == PLX_OK);
    s.spec.data.split_seed = 2;
    REQUIRE(load_spec(&c, &f, &s.spec) == PLX_OK);
    bool seen[ROWS] = {0};
    size_t bytes = a.parts[1].layout->record_bytes;
    CHECK(a.parts[0].n == 350 && a.parts[1].n == 100 && a.parts[2].n == 50);
    for (int part = 0; part < PLX_PARTS; part++) {
        float last = -1;
        for (size_t i = 0; i < a.parts[part].n; i++) {
            float row = dense_at(&a.parts[part], i, 0);
            CHECK(row > last && !seen[(int)row]); /* in the file's order, each in one part */
            seen[(int)row] = true;
            last = row;
        }
        CHECK(memcmp(a.parts[part].records, b.parts[part].records, a.parts[part].n * bytes) == 0);
    }
    CHECK(memcmp(a.parts[1].records, c.parts[1].records, a.parts[1].n * bytes) != 0);
    CHECK(dense_at(&a.parts[2], 0, 0) < 200); /* not the end */
    loaded_release(&a);
    loaded_release(&b);
    loaded_release(&c);
    folder_remove(&f);
}

static void test_wrong_parts(void)
{
    small_spec s;
    small_spec_init(&s);
    s.spec.data.test_part = 5;
    check_fails(sales, &s.spec, PLX_ERR_SCHEMA, "data.test_part: 5 rows are requested, the training files have 4");
    s.spec.data.test_part = 2;
    s.spec.data.validation_part = 0.5;
    check_fails(sales, &s.spec, PLX_ERR_SCHEMA, "leave none to train on");
    s.spec.data.validation_part = 1.5;
    check_fails(
        sales, &s.spec, PLX_ERR_ARGUMENT,
        "data.validation_part: 'validation_part' must be a fraction below 1 or a whole number of rows, not 1.5");
    s.spec.data.validation_part = -1;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.validation_part: 'validation_part' must be a fraction below 1 or a whole number of rows, not -1");
    s.spec.data.validation_part = 0;
    s.spec.data.test = s.spec.data.train;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.test_part: 'test_part' takes rows from the training files, but 'test' names files: give one or "
                "the other");
    s.spec.data.train.n = 0;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "data.train: no file");
}

/* -- Files --------------------------------------------------------------------------------------------------------- */

static void test_no_header(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.header = false;
    check_fails("red,1,0\n", &s.spec, PLX_ERR_ARGUMENT,
                "data.header: files without a header need 'columns': the columns' names in file order");
    s.spec.data.columns = (plx_text_list){(char *[]){"size", "unused", "sold", "color"}, 4};
    REQUIRE(load_text(&l, "4,x,1,red\n5,y,0,blue", &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 2 && dense_at(&l.parts[0], 1, 0) == 5 && id_at(&l.parts[0], 0, 0) == 2);
    loaded_release(&l);
    check_fails("4,x,1,red\n5,y,0\n", &s.spec, PLX_ERR_FORMAT,
                "train.csv:2: the row has 3 cells, expected 4 as data.columns lists");
    s.spec.data.columns.n = 3;
    check_fails("4,x,1\n", &s.spec, PLX_ERR_ARGUMENT, "features.color.column: column 'color' is not in data.columns");
}

static void test_headers(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    check_fails("colour,size,sold\nred,1,0\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv: the header has no column 'color'; did you mean 'colour'?");
    check_fails("color,size,size,sold\nred,1,2,0\n", &s.spec, PLX_ERR_SCHEMA, "train.csv: column 'size' appears twice");
    REQUIRE(load_text(&l, "x,color,x,size,,sold,\n1,red,2,3,,0,\n", &s.spec) == PLX_OK); /* unused names may repeat */
    CHECK(dense_at(&l.parts[0], 0, 0) == 3);
    loaded_release(&l);
    s.spec.data.columns = (plx_text_list){(char *[]){"color", "size", "sold"}, 3};
    REQUIRE(load_text(&l, sales, &s.spec) == PLX_OK);
    loaded_release(&l);
    check_fails("color,sold,size\nred,0,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:1:7: the header says 'sold' where data.columns lists 'size'");
    check_fails("color,size,sold,x\nred,0,1,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:1: the header has 4 columns, data.columns lists 3");
}

/* Each file's header applies to that file. */
static void test_orders_of_columns(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    write_text(&f, "a.csv", "color,size,sold\nred,1,0\n");
    write_text(&f, "b.csv", "sold,extra,size,color\n1,9,2,blue\n");
    small_spec_init(&s);
    s.spec.data.train = (plx_text_list){(char *[]){"a.csv", "b.csv"}, 2};
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    CHECK(l.parts[0].n == 2 && dense_at(&l.parts[0], 1, 0) == 2 && label_at(&l.parts[0], 1, 0) == 1);
    CHECK(id_at(&l.parts[0], 1, 0) == 1);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_wrong_rows(void)
{
    small_spec s;
    small_spec_init(&s);
    check_fails("color,size,sold\nred,1,0\nred,1\n", &s.spec, PLX_ERR_FORMAT,
                "train.csv:3: the row has 2 cells, expected 3 as the header has");
    check_fails("color,size,sold\nred,1,0,\n", &s.spec, PLX_ERR_FORMAT, "train.csv:2: the row has 4 cells, expected 3");
    check_fails("color,size,sold\n\"a\nb\",1,0\nred,abc,0\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:4:5: 'abc' is not a number; column 'size' is declared dense");
    check_fails("color,size,sold\nred,1e39,0\n", &s.spec, PLX_ERR_SCHEMA, "train.csv:2:5: '1e39' is too large");
    check_fails("color,size,sold\nred,inf,0\n", &s.spec, PLX_ERR_SCHEMA, "too large");
    check_fails("color,size,sold\nred,1 2,0\n", &s.spec, PLX_ERR_SCHEMA, "'1 2' is not a number");
    check_fails("color,size,sold\n\"red,1,0\n", &s.spec, PLX_ERR_FORMAT, "train.csv:2:1: the quote");
    check_fails("", &s.spec, PLX_ERR_FORMAT, "train.csv: the file is empty");
    check_fails("\n \n", &s.spec, PLX_ERR_FORMAT, "train.csv: the file is empty");
    check_fails("color,size,sold\n", &s.spec, PLX_ERR_FORMAT, "train.csv: a header without rows");
}

static void test_finder(void)
{
    small_spec s;
    loaded l;
    plx_error err;
    folder f = folder_make(), g = folder_make();
    const char *const folders[] = {f.path, g.path};
    const plx_load_options options = {.folders = folders, .n_folders = 2, .threads = 2};
    small_spec_init(&s);
    CHECK_STATUS(plx_table_load(&plx_allocator_default, &s.spec, &options, &l.encoders, l.parts, &err), PLX_ERR_IO);
    CHECK_TEXT(err.message, "train.csv: no such file in '");
    CHECK_TEXT(err.message, f.path);
    CHECK_TEXT(err.message, g.path);
    CHECK_TEXT(err.message, "train.csv.gz, train.csv.zst");
    write_compressed(&g, "train.csv.gz", ARCHIVE_FILTER_GZIP, sales);
    l = (loaded){.encoders = NULL};
    CHECK_STATUS(plx_table_load(&plx_allocator_default, &s.spec, &options, &l.encoders, l.parts, &l.error), PLX_OK);
    CHECK(l.parts[0].n == 4);
    loaded_release(&l);
    write_text(&f, "train.csv", "color,size,sold\nred,1,0\n"); /* the first folder has precedence */
    s.spec.data.train = (plx_text_list){(char *[]){"train.csv.zst"}, 1};
    CHECK_STATUS(plx_table_load(&plx_allocator_default, &s.spec, &options, &l.encoders, l.parts, &l.error), PLX_OK);
    CHECK(l.parts[0].n == 1);
    loaded_release(&l);
    char absolute[600];
    snprintf(absolute, sizeof absolute, "%s/train.csv.gz", g.path);
    s.spec.data.train = (plx_text_list){(char *[]){absolute}, 1};
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_OK);
    CHECK(l.parts[0].n == 4);
    loaded_release(&l);
    folder_remove(&f);
    folder_remove(&g);
}

static void test_zst(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    if (!write_compressed(&f, "train.csv.zst", ARCHIVE_FILTER_ZSTD, sales)) SKIP("libarchive without zstd");
    CHECK_STATUS(load_spec(&l, &f, small_spec_init(&s)), PLX_OK);
    CHECK(l.parts[0].n == 4);
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Specs that do not fit together ------------------------------------------------------------------------------ */

static void test_wrong_specs(void)
{
    small_spec s;
    static char *a[] = {"a"}, *ab[] = {"b", "a"};
    small_spec_init(&s);
    s.spec.data.delimiter = ":::::::::";
    check_fails(
        sales, &s.spec, PLX_ERR_ARGUMENT,
        "data.delimiter: 'delimiter' must be 1 to 8 bytes without a line end, or the word tab, not ':::::::::'");
    s.spec.data.delimiter = "  ";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.delimiter: 'delimiter' consists of several blanks; choose one of them");
    small_spec_init(&s)->data.escape = "\"";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.escape: 'escape' is also the delimiter or the quote; remove it: a quote inside a quoted cell can "
                "be doubled");
    small_spec_init(&s)->data.decimal = ";";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "data.decimal: 'decimal' must be a point or a comma, not ';'");
    small_spec_init(&s);
    s.spec.data.delimiter = "\"";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.delimiter: 'quote' and 'delimiter' are the same byte: choose another");
    s.spec.data.delimiter = "\n";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "data.delimiter");
    small_spec_init(&s)->data.quote = "''";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "data.quote: 'quote' must be one visible byte, or empty for none, not ''''");
    small_spec_init(&s)->data.comment = "#\n";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "data.comment");
    small_spec_init(&s)->data.columns = (plx_text_list){(char *[]){"a", "a"}, 2};
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "data.columns: column 'a' appears twice: names must be unique");
    small_spec_init(&s)->n_features = 0;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "features: section 'features' is empty; a model needs at least one feature");
    small_spec_init(&s)->n_tasks = 0;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "tasks: section 'tasks' is empty; a model needs at least one task");
    small_spec_init(&s);
    s.features[1].name = "color";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "features.color.name: the name 'color' appears twice: names must be unique");
    s.features[1].name = "";
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "features..name: a name must have 1 to 128 characters on one line, without tabs and other control "
                "characters, not \"\"");
    small_spec_init(&s);
    s.tasks[0].negative = (plx_text_list){a, 1};
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT, "tasks.sold.negative: 'negative' requires 'positive'");
    s.tasks[0].positive = (plx_text_list){ab, 2};
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.negative: label 'a' is in both 'positive' and 'negative'");
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    check_fails(sales, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.positive: 'positive' belongs to binary tasks, this one is regression");
}

static void test_tab(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s)->data.delimiter = "tab";
    s.spec.data.quote = "";
    REQUIRE(load_text(&l, "color\tsize\tsold\n\"r,ed\t 1 \t0\n", &s.spec) == PLX_OK);
    CHECK(dense_at(&l.parts[0], 0, 0) == 1);
    loaded_release(&l);
}

static void test_field_tables(void)
{
    plx_arena arena;
    plx_data_spec data = {.header = false};
    plx_feature_spec feature = {.embedding_dim = 0};
    plx_task_spec task = {.weight = 0};
    plx_arena_init(&arena, &plx_allocator_default);
    CHECK_STATUS(plx_fields_default(plx_data_fields, plx_data_n_fields, &data, &arena, NULL), PLX_OK);
    CHECK_STATUS(plx_fields_default(plx_feature_fields, plx_feature_n_fields, &feature, &arena, NULL), PLX_OK);
    CHECK_STATUS(plx_fields_default(plx_task_fields, plx_task_n_fields, &task, &arena, NULL), PLX_OK);
    CHECK_TEXT(data.delimiter, ",");
    CHECK_TEXT(data.quote, "\"");
    CHECK(data.comment[0] == '\0' && data.header && data.trim && data.split == PLX_SPLIT_END);
    CHECK(data.validation_part == 0 && data.test_part == 0 && data.fit_on == PLX_FIT_ON_TRAIN);
    CHECK(feature.embedding_dim == 4 && feature.scaling == PLX_SCALE_MINMAX && isnan(feature.missing));
    CHECK(feature.vocabulary == PLX_ORDER_SORTED && task.weight == 1 && task.kind == PLX_TASK_BINARY);
    plx_arena_release(&arena);
}

/* -- The codes of a large column --------------------------------------------------------------------------------- */

/* A vocabulary that needs 1, then 2, then 4 bytes an id, checked row by row. */
static void test_wide_ids(void)
{
    enum { ROWS = 70000 };
    small_spec s;
    loaded l;
    plx_string text;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\n");
    for (int i = 0; i < ROWS; i++)
        plx_string_format(&text, "v%d,%d,0\nv%d,%d,0\n", i, i, i / 2, i / 2);
    small_spec_init(&s);
    s.features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    REQUIRE(load_text(&l, text.text, &s.spec) == PLX_OK);
    const plx_rows *rows = &l.parts[0];
    CHECK(rows->n == 2 * ROWS && vocabulary_of(l.encoders, 0) == ROWS + 1);
    CHECK(rows->layout->sparse[0].id_bytes == 4);
    size_t wrong = 0;
    for (size_t i = 0; i < rows->n; i++)
        wrong += id_at(rows, i, 0) != (uint32_t)dense_at(rows, i, 0) + 1;
    CHECK(wrong == 0);
    loaded_release(&l);
    plx_string_release(&text);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_records),
                                       CHECK_TEST(test_first_seen),
                                       CHECK_TEST(test_byte_order),
                                       CHECK_TEST(test_unseen),
                                       CHECK_TEST(test_scaling),
                                       CHECK_TEST(test_missing_numbers),
                                       CHECK_TEST(test_number_forms),
                                       CHECK_TEST(test_shared_column),
                                       CHECK_TEST(test_listed_labels),
                                       CHECK_TEST(test_numeric_labels),
                                       CHECK_TEST(test_regression_labels),
                                       CHECK_TEST(test_labels_of_other_parts),
                                       CHECK_TEST(test_split_end),
                                       CHECK_TEST(test_files_of_parts),
                                       CHECK_TEST(test_split_random),
                                       CHECK_TEST(test_wrong_parts),
                                       CHECK_TEST(test_no_header),
                                       CHECK_TEST(test_headers),
                                       CHECK_TEST(test_orders_of_columns),
                                       CHECK_TEST(test_wrong_rows),
                                       CHECK_TEST(test_finder),
                                       CHECK_TEST(test_zst),
                                       CHECK_TEST(test_wrong_specs),
                                       CHECK_TEST(test_tab),
                                       CHECK_TEST(test_field_tables),
                                       CHECK_TEST(test_wide_ids)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
