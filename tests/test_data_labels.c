/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and weights from files and from memory: missing labels, counted rows, errors and their places. */
#include "check.h"

#include <float.h>

#include "data_support.h"
#include "failing_allocator.h"

enum { N_TASKS = 2 };

static float weight_at(const plx_rows *rows, size_t row, int task)
{
    float weight;
    plx_records_weights(rows->layout, rows->records + row * rows->layout->record_bytes, 1, task, &weight);
    return weight;
}

/* Labels of a task in the training rows; NaN in `expected`: none. */
static void check_labels(const loaded *l, int task, const float *expected, size_t n)
{
    REQUIRE(l->parts[0].n == n);
    for (size_t i = 0; i < n; i++) {
        const float label = label_at(&l->parts[0], i, task);
        CHECK(isnan(expected[i]) ? isnan(label) : label >= expected[i] && label <= expected[i]);
    }
}

static void check_weights(const loaded *l, int task, const float *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        CHECK_CLOSE(weight_at(&l->parts[0], i, task), (double)expected[i], 0);
}

/* -- Missing labels ------------------------------------------------------------------------------------------------ */

static void test_missing_labels(void)
{
    static const float expected[] = {1, NAN, 0}, number[] = {2.5F, NAN, NAN};
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,\na,1,0\n", small_spec_init(&s)) == PLX_OK);
    check_labels(&l, 0, expected, 3);
    CHECK(!l.parts[0].has_all_labels && !l.parts[0].layout->has_weights);
    loaded_release(&l);
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\n", &s.spec) == PLX_OK);
    CHECK(l.parts[0].has_all_labels);
    loaded_release(&l);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    s.spec.data.missing = (plx_text_list)LIST("?");
    REQUIRE(load_text(&l, "color,size,sold\na,1,2.5\na,1,\na,1,?\n", &s.spec) == PLX_OK);
    check_labels(&l, 0, number, 3);
    loaded_release(&l);
}

static void test_rows_are_counted(void)
{
    small_spec s;
    loaded l;
    int64_t counts[N_TASKS];
    static const uint32_t order[] = {3, 1, 0, 2};
    small_spec_init(&s);
    s.tasks[1] = (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "color,size,sold,kept\na,1,1,\na,1,,3\na,1,0,\na,1,1,2\n", &s.spec) == PLX_OK);
    plx_rows_count_labels(&l.parts[0], NULL, 0, 4, counts);
    CHECK(counts[0] == 3 && counts[1] == 2);
    plx_rows_count_labels(&l.parts[0], order, 0, 2, counts);
    CHECK(counts[0] == 1 && counts[1] == 2);
    plx_rows_count_labels(&l.parts[0], NULL, 2, 1, counts);
    CHECK(counts[0] == 1 && counts[1] == 0);
    loaded_release(&l);
}

/* -- Sub-spaces of tasks ------------------------------------------------------------------------------------------- */

static void test_where(void)
{
    static const float click[] = {1, 0, 1, 0}, bought[] = {1, NAN, 0, NAN};
    static const char *const colors[] = {"a", "b"}, *const clicks[] = {"yes", "no"};
    static const double sizes[] = {1, 2}, buys[] = {1, 1};
    small_spec s;
    loaded l;
    uint8_t records[128];
    float labels[2];
    small_spec_init(&s);
    s.tasks[0] = (plx_task_spec){.name = "click", .positive = LIST("yes")};
    s.tasks[1] = (plx_task_spec){.name = "buy", .where = "click", .where_values = LIST("yes", "Yes")};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "color,size,click,buy\na,1,yes,1\nb,1,no,1\na,1,yes,0\na,1,no,0\n", &s.spec) == PLX_OK);
    check_labels(&l, 0, click, 4);
    check_labels(&l, 1, bought, 4);
    plx_column cells[] = {{.name = "color", .texts = colors},
                          {.name = "size", .numbers = sizes},
                          {.name = "buy", .numbers = buys},
                          {.name = "click", .texts = clicks}};
    CHECK_STATUS(encode_cells(l.encoders, cells, 4, 2, true, records, &l.error), PLX_OK);
    plx_records_labels(plx_encoders_layout(l.encoders), records, 2, 1, labels);
    CHECK(labels[0] == 1 && isnan(labels[1]));
    CHECK_STATUS(encode_cells(l.encoders, cells, 2, 2, false, records, &l.error), PLX_OK);
    loaded_release(&l);
    s.tasks[1].where = "clicks";
    check_fails("color,size,click,buy\na,1,yes,1\n", &s.spec, PLX_ERR_SCHEMA, "no column 'clicks'; did you mean");
    s.tasks[1].where = "";
    check_fails("color,size,click,buy\na,1,yes,1\n", &s.spec, PLX_ERR_ARGUMENT,
                "tasks.buy.where_values: 'where_values' requires 'where': the column to look in");
}

/* -- Weights ----------------------------------------------------------------------------------------------------- */

static void test_weights(void)
{
    static const char text[] = "color,size,sold,kept,w,v\na,1,1,3,2,0.5\na,1,0,4,0.25,1\na,1,,5,3,0\n";
    static const float sold[] = {8, 0.5F, 3}, kept[] = {1, 0.25F, 0};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    s.tasks[0].class_weights = (plx_weight_list){(double[]){2, 4}, NULL, 2, false};
    s.tasks[1] = (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION, .weight_column = "v"};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    CHECK(l.parts[0].layout->has_weights);
    check_weights(&l, 0, sold, 3);
    check_weights(&l, 1, kept, 3);
    loaded_release(&l);
    check_fails("color,size,sold,kept,w,v\na,1,1,3,2,\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:11: a missing number in column 'v', which holds weights of rows");
    check_fails("color,size,sold,kept,w,v\na,1,1,3,-2,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:9: '-2' is negative; column 'w' holds weights of rows");
    check_fails("color,size,sold,kept,w,v\na,1,1,3,x,1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:9: 'x' is not a number; column 'w' holds weights of rows");
    s.tasks[0].class_weights.n = 1;
    check_fails(text, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.class_weights: 'class_weights' has 1 number for 2 classes: give one per class");
}

static void test_weights_in_memory(void)
{
    static const char text[] = "color,size,sold,w\na,1,1,2\na,1,0,1\n";
    static const char *const colors[] = {"a", "a"}, *const labels[] = {"1", ""}, *const wrong[] = {"1", "-1"};
    static const double sizes[] = {1, 2}, weights[] = {0.5, 7}, lacking[] = {1, NAN};
    small_spec s;
    loaded l;
    uint8_t records[128];
    float got[2];
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    plx_column cells[] = {{.name = "color", .texts = colors},
                          {.name = "size", .numbers = sizes},
                          {.name = "sold", .texts = labels},
                          {.name = "w", .numbers = weights}};
    CHECK_STATUS(encode_cells(l.encoders, cells, 4, 2, true, records, &l.error), PLX_OK);
    plx_records_weights(layout, records, 2, 0, got);
    CHECK(got[0] == 0.5F && got[1] == 7);
    CHECK_STATUS(encode_cells(l.encoders, cells, 2, 2, false, records, &l.error), PLX_OK);
    plx_records_weights(layout, records, 2, 0, got);
    CHECK(got[0] == 1 && got[1] == 1);
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "no column 'w' was given");
    cells[3].numbers = lacking;
    CHECK_STATUS(encode_cells(l.encoders, cells, 4, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: a missing number in column 'w', which holds weights");
    cells[3] = (plx_column){.name = "w", .texts = wrong};
    CHECK_STATUS(encode_cells(l.encoders, cells, 4, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 2: '-1' is negative; column 'w' holds weights");
    loaded_release(&l);
}

/* -- Counts and classes -------------------------------------------------------------------------------------------- */

static void check_class(const loaded *l, int number, const char *text)
{
    plx_slice class_text = plx_encoders_class(l->encoders, 0, number);
    CHECK(plx_slice_equal(class_text, plx_slice_of(text)));
}

/* Each row's weight by its label, in the order of the labels. */
static void check_class_weights(const char *text, const plx_table_spec *spec, const double *expected, size_t n)
{
    loaded l;
    REQUIRE(load_text(&l, text, spec) == PLX_OK);
    for (size_t row = 0; row < l.parts[0].n; row++) {
        const float label = label_at(&l.parts[0], row, 0);
        if (!isnan(label)) CHECK((size_t)label < n && weight_at(&l.parts[0], row, 0) == (float)expected[(size_t)label]);
    }
    loaded_release(&l);
}

static void test_class_weights_by_labels(void)
{
    static const char classes[] = "color,size,sold\na,1,10\na,1,2.0\na,1,2\na,1,1\n",
                      binary[] = "color,size,sold\na,1,1\na,1,0\n", names[] = "color,size,sold\na,1,buy\na,1,view\n";
    static const double by_class[] = {1, 50, 3}, by_label[] = {5, 7};
    double numbers[] = {50, 3, 1};
    small_spec s;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    s.tasks[0].class_weights = (plx_weight_list){numbers, (char *[]){"2", "10", "1.0"}, 3, false};
    check_class_weights(classes, &s.spec, by_class, 3);
    s.tasks[0].class_weights.names = (char *[]){"2", "10", "0"};
    check_fails(classes, &s.spec, PLX_ERR_SCHEMA,
                "task 'sold': class_weights: '0' is not a label of the task; give a weight to each of its labels: '1', "
                "'2', '10'");
    s.tasks[0].class_weights.names = (char *[]){"2", "10", "2.0"};
    check_fails(classes, &s.spec, PLX_ERR_SCHEMA, "class_weights: '2' is a label that already has a weight");
    s.tasks[0].class_weights.n = 2;
    check_fails(classes, &s.spec, PLX_ERR_SCHEMA,
                "class_weights: '1' has no weight; give a weight to each of its labels");
    s.tasks[0].kind = PLX_TASK_BINARY;
    numbers[0] = 7, numbers[1] = 5;
    static char *const keys[][2] = {{"1", "0"}, {"true", "False"}, {"1.0", "false"}};
    char *given[2];
    for (int i = 0; i < COUNT(keys); i++) {
        memcpy(given, keys[i], sizeof given);
        s.tasks[0].class_weights.names = given;
        check_class_weights(binary, &s.spec, by_label, 2);
    }
    s.tasks[0].class_weights.n = 1;
    check_fails(binary, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.class_weights: '0' has no weight; give a weight to each of its labels: '0' and '1'");
    s.tasks[0].class_weights.n = 2;
    s.tasks[0].class_weights.names = (char *[]){"1", "2"};
    check_fails(binary, &s.spec, PLX_ERR_ARGUMENT, "tasks.sold.class_weights: '2' is not a label of the task");
    s.tasks[0].positive = (plx_text_list)LIST("buy");
    s.tasks[0].negative = (plx_text_list)LIST("view");
    s.tasks[0].class_weights.names = (char *[]){"buy", "view"};
    check_class_weights(names, &s.spec, by_label, 2);
    s.tasks[0].class_weights.names = (char *[]){"buy", "0"};
    check_class_weights(names, &s.spec, by_label, 2);
}

/* n / (k * count), over training rows with a label of the task; saved with the encoders. */
static void test_balanced_class_weights(void)
{
    static const char text[] = "color,size,sold\na,1,x\na,1,y\na,1,y\na,1,y\na,1,\na,1,z\na,1,z\n",
                      binary[] = "color,size,sold\na,1,0\na,1,0\na,1,0\na,1,1\na,1,\n";
    static const double expected[] = {6 / 3.0, 6 / 9.0, 1}, two[] = {4 / 6.0, 2},
                        with_empty[] = {6 / 3.0, 1, 6 / 9.0, 1};
    small_spec s;
    small_spec_init(&s);
    s.tasks[0].class_weights.is_word = true;
    check_class_weights(binary, &s.spec, two, 2);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    check_class_weights(text, &s.spec, expected, 3);
    s.tasks[0].classes = (plx_text_list)LIST("x", "none", "y", "z");
    check_class_weights(text, &s.spec, with_empty, 4);
}

/* Numeric order if all are integers or finite decimals, else by bytes; equal values are one class. */
static void test_the_order_of_classes(void)
{
    static const struct {
        const char *labels, *classes;
    } cases[] = {
        {"10 2 0 11 1", "0 1 2 10 11"},
        {"10 2 0 11 x", "0 10 11 2 x"},
        {"-1 -10 0.5 +3 2.0 2 02", "-10 -1 0.5 2 02 +3"},
        {"9007199254740993 9007199254740992 -9007199254740992 -9007199254740993",
         "-9007199254740993 -9007199254740992 9007199254740992 9007199254740993"},
        {"inf 2 10", "10 2 inf"},
        {"nan 2 10", "10 2 nan"},
        {"True FALSE true", "false true"},
        {"1e1 9 10.5", "9 1e1 10.5"},
    };
    small_spec s;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    for (int i = 0; i < COUNT(cases); i++) {
        char text[400] = "color,size,sold\n", labels[200], found[200] = "";
        loaded l;
        strcpy(labels, cases[i].labels);
        for (char *rest = labels, *label; (label = strsep(&rest, " "));)
            snprintf(text + strlen(text), sizeof text - strlen(text), "a,1,%s\n", label);
        REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
        for (int class = 0; class < plx_encoders_n_classes(l.encoders, 0); class ++) {
            const plx_slice name = plx_encoders_class(l.encoders, 0, class);
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s%.*s", class ? " " : "", (int)name.length,
                     name.text);
        }
        CHECK_TEXT(found, cases[i].classes);
        CHECK(strlen(found) == strlen(cases[i].classes));
        loaded_release(&l);
    }
    s.tasks[0].classes = (plx_text_list)LIST("10", "2", "1"); /* a list keeps its order */
    loaded l;
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,2\na,1,10\n", &s.spec) == PLX_OK);
    check_class(&l, 0, "10");
    check_class(&l, 2, "1");
    loaded_release(&l);
}

/* Values for "no label", and the message for one that is not declared. */
static void test_signs_for_no_label(void)
{
    static const char text[] = "color,size,sold\na,1,1\na,1,-1\na,1,\\N\na,1,0\na,1,\n",
                      texts[] = "color,size,sold\na,1,x\na,1,NA\na,1,y\n";
    static const float binary[] = {1, NAN, NAN, 0, NAN}, classes[] = {0, NAN, 1};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    check_fails(text, &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: '-1' is not a label of task 'sold' (column 'sold'); expected 0 or 1; if it means that "
                "there is no label, list it in the task's `missing`");
    s.tasks[0].missing = (plx_text_list)LIST("-1.0", "\\N");
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, binary, 5);
    loaded_release(&l);
    s.tasks[0].positive = (plx_text_list)LIST("1");
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, binary, 5);
    loaded_release(&l);
    s.tasks[0].positive = (plx_text_list)LIST("-1");
    check_fails(text, &s.spec, PLX_ERR_ARGUMENT, "tasks.sold.missing: label '-1' is in both 'positive' and 'missing'");
    s.tasks[0].positive.n = 0;
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, binary, 5);
    loaded_release(&l);
    s.tasks[1] = (plx_task_spec){.name = "other", .column = "sold", .kind = PLX_TASK_REGRESSION};
    s.spec.n_tasks = 2;
    check_fails(
        text, &s.spec, PLX_ERR_ARGUMENT,
        "tasks.other.missing: other tasks read numbers from column 'sold' with a different 'missing': they must agree");
    s.spec.n_tasks = 1;
    s.tasks[0] = (plx_task_spec){.name = "sold", .kind = PLX_TASK_BINARY};
    s.spec.data.missing = (plx_text_list)LIST("-1", "\\N", "NA");
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, binary, 5);
    loaded_release(&l);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    REQUIRE(load_text(&l, texts, &s.spec) == PLX_OK);
    CHECK(plx_encoders_n_classes(l.encoders, 0) == 2);
    check_labels(&l, 0, classes, 3);
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("x", "NA", "y"); /* the task's list has precedence over data.missing */
    REQUIRE(load_text(&l, texts, &s.spec) == PLX_OK);
    CHECK(label_at(&l.parts[0], 1, 0) == 1);
    loaded_release(&l);
}

static void test_signs_for_no_label_in_memory(void)
{
    static const char *const colors[] = {"a", "a", "a"}, *const texts[] = {"-1.0", "1", ""};
    static const double sizes[] = {1, 2, 3}, numbers[] = {-1, 1, NAN};
    small_spec s;
    loaded l;
    uint8_t records[256];
    float got[3];
    small_spec_init(&s);
    s.tasks[0].missing = (plx_text_list)LIST("-1");
    for (int kind = 0; kind < 2; kind++) {
        s.tasks[0].kind = kind ? PLX_TASK_REGRESSION : PLX_TASK_BINARY;
        REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\n", &s.spec) == PLX_OK);
        plx_column cells[] = {{.name = "color", .texts = colors},
                              {.name = "size", .numbers = sizes},
                              {.name = "sold", .numbers = numbers}};
        for (int as_texts = 0; as_texts < 2; as_texts++) {
            if (as_texts) cells[2] = (plx_column){.name = "sold", .texts = texts};
            CHECK_STATUS(encode_cells(l.encoders, cells, 3, 3, true, records, &l.error), PLX_OK);
            plx_records_labels(plx_encoders_layout(l.encoders), records, 3, 0, got);
            CHECK(isnan(got[0]) && got[1] == 1 && isnan(got[2]));
        }
        loaded_release(&l);
    }
}

/* For a binary task without a list of labels; booleans in memory are 1 and 0 (test_data_values). */
static void test_texts_of_truth_values(void)
{
    static const char text[] = "color,size,sold\na,1,True\na,1,FALSE\na,1,true\n";
    static const char *const truths[] = {"TRUE", "false"}, *const colors[] = {"a", "a"};
    static const float expected[] = {1, 0, 1}, none[] = {NAN, 0, NAN};
    static const double sizes[] = {1, 2};
    small_spec s;
    loaded l;
    uint8_t records[128];
    float labels[2];
    small_spec_init(&s);
    check_fails(text, &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:5: 'True' is not a label of task 'sold' (column 'sold'); expected 0 or 1; for labels that "
                "are texts of truth values, set `positive: ['true']` and `negative: ['false']`");
    check_fails("color,size,sold\na,1,1\na,1,false\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: 'false' is not a label");
    check_fails("color,size,sold\na,1,tRUE\n", &s.spec, PLX_ERR_SCHEMA, "belong to `positive` and `negative`");
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\n", &s.spec) == PLX_OK);
    plx_column cells[] = {
        {.name = "color", .texts = colors}, {.name = "size", .numbers = sizes}, {.name = "sold", .texts = truths}};
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 1: 'TRUE' is not a label of task 'sold'");
    loaded_release(&l);
    s.tasks[0].positive = (plx_text_list)LIST("True");
    s.tasks[0].negative = (plx_text_list)LIST("false");
    for (int n_negative = 0; n_negative < 2; n_negative++) {
        s.tasks[0].negative.n = n_negative;
        REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
        check_labels(&l, 0, expected, 3);
        CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, true, records, &l.error), PLX_OK);
        plx_records_labels(plx_encoders_layout(l.encoders), records, 2, 0, labels);
        CHECK(labels[0] == 1 && labels[1] == 0);
        loaded_release(&l);
    }
    s.tasks[0] = (plx_task_spec){.name = "sold", .missing = LIST("true")};
    REQUIRE(load_text(&l, "color,size,sold\na,1,True\na,1,0\na,1,TRUE\n", &s.spec) == PLX_OK);
    check_labels(&l, 0, none, 3);
    loaded_release(&l);
}

/* Joins the lines of the warnings. */
static void hear_all(void *user, const char *line)
{
    char *heard = user;
    strncat(heard, line, 1000 - strlen(heard));
}

static plx_status load_heard(loaded *l, const char *text, const plx_table_spec *spec, char heard[1024])
{
    folder f = folder_make();
    const char *const folders[] = {f.path};
    const plx_load_options options = {
        .folders = folders, .n_folders = 1, .threads = 1, .listener = {.warn = hear_all, .user = heard}};
    *heard = '\0';
    *l = (loaded){.encoders = NULL};
    write_text(&f, "train.csv", text);
    const plx_status status = plx_table_load(&plx_allocator_default, spec, &options, &l->encoders, l->parts, &l->error);
    folder_remove(&f);
    return status;
}

/* `expected` for rows with the labels 1, 0, -1, written as `labels`. */
static void check_minus_one(const plx_table_spec *spec, const char *const labels[3], const float *expected,
                            bool is_reported)
{
    loaded l;
    char text[256], heard[1024];
    snprintf(text, sizeof text, "color,size,sold\na,1,%s\na,1,%s\na,1,%s\n", labels[0], labels[1], labels[2]);
    REQUIRE(load_heard(&l, text, spec, heard) == PLX_OK);
    check_labels(&l, 0, expected, 3);
    CHECK(!*heard == !is_reported);
    loaded_release(&l);
}

static void test_minus_one_with_0_and_1(void)
{
    static const char *const integers[] = {"1", "0", "-1"}, *const decimals[] = {"1.0", "0.0", "-1.0"},
                             *const signs[] = {"1", "-1", "-1"}, *const other[] = {"1", "0", "-2"},
                             *const odd[] = {"1", "+0e0", "-01"};
    static const float none[] = {1, 0, NAN}, negative[] = {1, 0, 0}, positive[] = {1, 0, 1};
    small_spec s;
    loaded l;
    char heard[1024];
    small_spec_init(&s);
    s.tasks[0].positive = (plx_text_list)LIST("1");
    check_minus_one(&s.spec, integers, none, true);
    check_minus_one(&s.spec, decimals, none, true);
    check_minus_one(&s.spec, odd, none, true);
    check_minus_one(&s.spec, signs, negative, false);
    check_minus_one(&s.spec, other, negative, false);
    s.tasks[0].negative = (plx_text_list)LIST("0", "-1");
    check_minus_one(&s.spec, integers, negative, false);
    s.tasks[0].negative.n = 0;
    s.tasks[0].missing = (plx_text_list)LIST("-1");
    check_minus_one(&s.spec, integers, none, false);
    s.tasks[0].missing.n = 0;
    s.tasks[0].positive = (plx_text_list)LIST("1", "-1");
    check_minus_one(&s.spec, integers, positive, false);
    s.tasks[0].positive = (plx_text_list)LIST("1");
    s.tasks[0].where = "sold";
    s.tasks[0].where_values = (plx_text_list)LIST("0", "1");
    check_minus_one(&s.spec, integers, none, false);
    s.tasks[0].where = "";
    s.tasks[0].where_values.n = 0;
    s.tasks[1] = (plx_task_spec){.name = "kept", .positive = LIST("1")};
    s.spec.n_tasks = 2;
    REQUIRE(load_heard(&l, "color,size,sold,kept\na,1,-1,-1\na,1,0,1\na,1,1,1\n", &s.spec, heard) == PLX_OK);
    CHECK(strcmp(heard, "task 'sold' (column 'sold'): -1 in labels of 0 and 1 is read as no label; set `missing: "
                        "['-1']`, or `negative: ['0', '-1']` if it is a negative") == 0);
    CHECK(isnan(label_at(&l.parts[0], 0, 0)) && label_at(&l.parts[0], 0, 1) == 0);
    loaded_release(&l);
}

/* The rows of the fit decide; rows of other parts are read in the same way, whatever they hold. */
static void test_minus_one_is_of_the_training_rows(void)
{
    static const char with_zero[] = "color,size,sold\na,1,1\na,1,0\na,1,-1\n",
                      without[] = "color,size,sold\na,1,1\na,1,-1\n";
    static const double two[] = {1, 1};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.data.validation = (plx_text_list)LIST("valid.csv");
    s.tasks[0].positive = (plx_text_list)LIST("1");
    for (int fit_on_all = 0; fit_on_all < 2; fit_on_all++) {
        folder f = folder_make();
        s.spec.data.fit_on = fit_on_all ? PLX_FIT_ON_ALL : PLX_FIT_ON_TRAIN;
        write_text(&f, "train.csv", with_zero);
        write_text(&f, "valid.csv", without);
        REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
        CHECK(isnan(label_at(&l.parts[1], 1, 0)));
        loaded_release(&l);
        write_text(&f, "train.csv", without);
        write_text(&f, "valid.csv", with_zero);
        REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
        CHECK(fit_on_all == isnan(label_at(&l.parts[0], 1, 0)) && fit_on_all == isnan(label_at(&l.parts[1], 2, 0)));
        loaded_release(&l);
        folder_remove(&f);
    }
    s.tasks[0].class_weights.is_word = true; /* classes 1 and 0, one row each */
    s.spec.data.validation.n = 0;
    check_class_weights(with_zero, &s.spec, two, 2);
}

static void test_soft_labels(void)
{
    static const char text[] = "color,size,sold\na,1,0.25\na,1,1\na,1,\na,1,-1\na,1,0\na,1,true\n";
    static const float expected[] = {0.25F, 1, NAN, NAN, 0, 1};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    check_fails(text, &s.spec, PLX_ERR_SCHEMA,
                "train.csv:2:5: '0.25' is not a label of task 'sold' (column 'sold'); expected 0 or 1; probabilities "
                "are labels with `labels: soft`");
    s.tasks[0].labels = PLX_LABELS_SOFT;
    check_fails(text, &s.spec, PLX_ERR_SCHEMA,
                "train.csv:5:5: '-1' is negative; column 'sold' holds soft labels, numbers from 0 to 1; cells for no "
                "label belong to the task's `missing`");
    check_fails("color,size,sold\na,1,1.5\n", &s.spec, PLX_ERR_SCHEMA, "'1.5' is above 1; column 'sold' holds soft");
    s.tasks[0].missing = (plx_text_list)LIST("-1");
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, expected, 6);
    uint8_t records[64];
    const plx_column cells[] = {{.name = "color", .texts = (const char *[]){"a"}},
                                {.name = "size", .numbers = (double[]){1}},
                                {.name = "sold", .numbers = (double[]){2}}};
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 1, true, records, &l.error), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "row 1: '2' is above 1; column 'sold' holds soft labels");
    loaded_release(&l);
    s.tasks[0].class_weights.is_word = true;
    check_fails(text, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.class_weights: 'class_weights' belongs to 'labels: hard': soft labels have no class; "
                "weight rows by 'weight_column'");
    s.tasks[0].class_weights.is_word = false;
    s.tasks[0].positive = (plx_text_list)LIST("1");
    check_fails(text, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.positive: 'positive' lists labels, but with 'labels: soft' they are numbers: remove it");
    s.tasks[0].positive.n = 0;
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    check_fails(text, &s.spec, PLX_ERR_ARGUMENT,
                "tasks.sold.labels: 'labels' belongs to binary tasks, this one is multiclass");
}

static void test_labels_with_a_nul(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    static const char text[] = "color,size,sold\na,1,x\0y\na,1,z\n";
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    write_bytes(&f, "train.csv", text, sizeof text - 1);
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "NUL");
    loaded_release(&l);
    folder_remove(&f);
}

static void test_counts(void)
{
    small_spec s;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    while (strcmp(plx_task_regression.losses[s.tasks[0].loss]->name, "poisson") != 0)
        s.tasks[0].loss++;
    check_fails("color,size,sold\na,1,0\na,1,-1\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: '-1' is negative; column 'sold' holds the labels of a task with loss poisson");
}

static void test_classes(void)
{
    static const char text[] = "color,size,sold\na,1,mid\na,1,low\na,1,\na,1,high\na,1,low\n";
    static const float fitted[] = {2, 1, NAN, 0, 1}, listed[] = {1, 0, NAN, 2, 0};
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    CHECK(plx_encoders_n_classes(l.encoders, 0) == 3);
    check_class(&l, 0, "high");
    check_class(&l, 1, "low");
    check_class(&l, 2, "mid");
    check_labels(&l, 0, fitted, 5);
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("low", "mid", "high");
    s.tasks[0].class_weights = (plx_weight_list){(double[]){1, 2, 3}, NULL, 3, false};
    REQUIRE(load_text(&l, text, &s.spec) == PLX_OK);
    check_labels(&l, 0, listed, 5);
    CHECK_CLOSE(weight_at(&l.parts[0], 0, 0), 2, 0);
    CHECK_CLOSE(weight_at(&l.parts[0], 3, 0), 3, 0);
    loaded_release(&l);
    check_fails("color,size,sold\na,1,mid\na,1,top\n", &s.spec, PLX_ERR_SCHEMA,
                "train.csv:3:5: 'top' is not a label of task 'sold' (column 'sold'); expected a class: 'low', 'mid'");
}

static void test_classes_that_do_not_fit(void)
{
    small_spec s;
    folder f = folder_make();
    loaded l;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    check_fails("color,size,sold\na,1,mid\na,1,mid\n", &s.spec, PLX_ERR_SCHEMA,
                "task 'sold' has 1 class: a multiclass");
    s.tasks[0].class_weights = (plx_weight_list){(double[]){1, 2, 3}, NULL, 3, false};
    check_fails("color,size,sold\na,1,mid\na,1,low\n", &s.spec, PLX_ERR_SCHEMA,
                "task 'sold': class_weights: 'class_weights' has 3 numbers for 2 classes: give one per class");
    s.tasks[0].class_weights.n = 0;
    write_text(&f, "train.csv", "color,size,sold\na,1,mid\na,1,low\n");
    write_text(&f, "more.csv", "color,size,sold\na,1,mid\na,1,top\n");
    s.spec.data.validation = (plx_text_list)LIST("more.csv");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "more.csv:3:5: 'top' is not a label of task 'sold'");
    CHECK_TEXT(l.error.message, "those of the training rows");
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("low", "low");
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "tasks.sold.classes: class 'low' is listed twice");
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Files and memory -------------------------------------------------------------------------------------------- */

typedef struct tensors {
    plx_arena arena;
    const plx_tensor *list;
    int n;
} tensors;

static const plx_tensor *find_listed(const void *user, const char *name)
{
    const tensors *t = user;
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->list[i].name, name) == 0) return &t->list[i];
    return NULL;
}

static void test_classes_survive_saving(void)
{
    small_spec s;
    loaded l;
    tensors t = {.n = 0};
    plx_encoders *copy = NULL;
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    REQUIRE(load_text(&l, "color,size,sold\na,1,mid\na,1,low\n", &s.spec) == PLX_OK);
    plx_arena_init(&t.arena, &plx_allocator_default);
    REQUIRE(plx_encoders_tensors(l.encoders, &t.arena, &t.list, &t.n, &l.error) == PLX_OK);
    REQUIRE(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error) == PLX_OK);
    CHECK(plx_encoders_n_classes(copy, 0) == 2);
    CHECK(plx_slice_equal(plx_encoders_class(copy, 0, 1), plx_slice_of("mid")));
    plx_encoders_release(copy);
    s.tasks[0].class_weights.is_word = true; /* which have no tensor */
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error),
                 PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "tensor 'class_weights/sold' is missing");
    s.tasks[0].class_weights = (plx_weight_list){(double[]){1, 2, 3}, NULL, 3, false};
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error),
                 PLX_ERR_FORMAT);
    plx_arena_release(&t.arena);
    loaded_release(&l);
}

static void test_balanced_weights_survive_saving(void)
{
    small_spec s;
    loaded l;
    tensors t = {.n = 0};
    plx_encoders *copy = NULL;
    uint8_t records[64];
    float weight;
    small_spec_init(&s);
    s.tasks[0].class_weights.is_word = true;
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\na,1,0\na,1,0\n", &s.spec) == PLX_OK);
    plx_arena_init(&t.arena, &plx_allocator_default);
    REQUIRE(plx_encoders_tensors(l.encoders, &t.arena, &t.list, &t.n, &l.error) == PLX_OK);
    REQUIRE(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_listed, &t, &copy, &l.error) == PLX_OK);
    const plx_column cells[] = {{.name = "color", .texts = (const char *[]){"a"}},
                                {.name = "size", .numbers = (double[]){1}},
                                {.name = "sold", .numbers = (double[]){1}}};
    CHECK_STATUS(encode_cells(copy, cells, 3, 1, true, records, &l.error), PLX_OK);
    plx_records_weights(plx_encoders_layout(copy), records, 1, 0, &weight);
    CHECK(weight == 2);
    plx_encoders_release(copy);
    plx_arena_release(&t.arena);
    loaded_release(&l);
}

/* An old file has no such tensor, and -1 stays a negative there. */
static void test_minus_one_survives_saving(void)
{
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_encoders *copy = NULL;
    plx_rows rows;
    small_spec_init(&s);
    s.tasks[0].positive = (plx_text_list)LIST("1");
    REQUIRE(load_text(&l, "color,size,sold\na,1,1\na,1,0\na,1,-1\n", &s.spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(l.encoders, &arena);
    plx_tensor *found = change_tensor(&list, "minus_one_missing/sold");
    for (int is_old = 0; is_old < 2; is_old++) {
        if (is_old) found->name = "other";
        REQUIRE(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_tensor, &list, &copy, NULL) == PLX_OK);
        REQUIRE(read_file(copy, "color,size,sold\na,1,-1\na,1,0\na,1,-1.0\n", true, &rows, NULL) == PLX_OK);
        const float first = label_at(&rows, 0, 0), last = label_at(&rows, 2, 0);
        CHECK(is_old ? first == 0 && last == 0 : isnan(first) && isnan(last));
        CHECK(label_at(&rows, 1, 0) == 0);
        plx_rows_release(&rows, &plx_allocator_default);
        CHECK(copy_tensors(copy, &arena).n == list.n - is_old);
        plx_encoders_release(copy);
    }
    found->name = "minus_one_missing/sold";
    found->data = "";
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &s.spec, find_tensor, &list, &copy, &l.error),
                 PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "tensor 'minus_one_missing/sold' is not 1");
    plx_arena_release(&arena);
    loaded_release(&l);
}

static void test_every_allocation_that_can_fail(void)
{
    static const char text[] = "color,size,sold,w,kept\na,1,mid,1,3\nb,1,low,2,\na,2,mid,1,1\n";
    small_spec s;
    folder f = folder_make();
    plx_status status = PLX_ERR_MEMORY;
    const char *const folders[] = {f.path};
    small_spec_init(&s);
    s.spec.data.row_weight = "w";
    s.tasks[0].kind = PLX_TASK_MULTICLASS;
    s.tasks[0].class_weights.is_word = true;
    s.tasks[0].missing = (plx_text_list)LIST("-1.0");
    s.tasks[1] =
        (plx_task_spec){.name = "kept", .kind = PLX_TASK_REGRESSION, .where = "sold", .where_values = LIST("mid")};
    s.spec.n_tasks = 2;
    write_text(&f, "train.csv", text);
    for (long fail_at = 1; status != PLX_OK && fail_at < 2000; fail_at++) {
        failing_allocator memory;
        failing_allocator_init(&memory, fail_at);
        memory.from_then_on = true;
        plx_encoders *encoders = NULL;
        plx_rows parts[PLX_PARTS] = {{.n = 0}};
        plx_read_report wrong = {.rows = 0};
        const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1, .wrong = &wrong};
        status = plx_table_load(&memory.allocator, &s.spec, &options, &encoders, parts, NULL);
        CHECK(status == PLX_OK || status == PLX_ERR_MEMORY);
        for (int i = 0; i < PLX_PARTS; i++)
            plx_rows_release(&parts[i], &memory.allocator);
        plx_encoders_release(encoders);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_missing_labels),
                                       CHECK_TEST(test_rows_are_counted),
                                       CHECK_TEST(test_where),
                                       CHECK_TEST(test_weights),
                                       CHECK_TEST(test_weights_in_memory),
                                       CHECK_TEST(test_class_weights_by_labels),
                                       CHECK_TEST(test_balanced_class_weights),
                                       CHECK_TEST(test_the_order_of_classes),
                                       CHECK_TEST(test_signs_for_no_label),
                                       CHECK_TEST(test_signs_for_no_label_in_memory),
                                       CHECK_TEST(test_texts_of_truth_values),
                                       CHECK_TEST(test_minus_one_with_0_and_1),
                                       CHECK_TEST(test_minus_one_is_of_the_training_rows),
                                       CHECK_TEST(test_soft_labels),
                                       CHECK_TEST(test_labels_with_a_nul),
                                       CHECK_TEST(test_counts),
                                       CHECK_TEST(test_classes),
                                       CHECK_TEST(test_classes_that_do_not_fit),
                                       CHECK_TEST(test_classes_survive_saving),
                                       CHECK_TEST(test_balanced_weights_survive_saving),
                                       CHECK_TEST(test_minus_one_survives_saving),
                                       CHECK_TEST(test_every_allocation_that_can_fail)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
