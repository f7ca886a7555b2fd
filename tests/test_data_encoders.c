/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoders after fitting: to tensors and back, on files to score, on columns in memory; records; failing allocations;
 * the real data sets.
 */
#include "check.h"

#include <limits.h>

#include "data_support.h"
#include "failing_allocator.h"

static const char sales[] = "color,size,sold\nred,1.5,no\nblue,,yes\n\"dark, blue\",7,no\n,2,yes\n3,4,no\n";

/* A spec with all kinds of encoders: two sparse features, two dense ones, a binary task and a regression. */
static void full_spec(small_spec *s)
{
    static char *yes[] = {"yes"};
    small_spec_init(s);
    s->features[0].vocabulary = PLX_ORDER_FIRST_SEEN;
    s->features[1] = (plx_feature_spec){.name = "size/text", .column = "size", .kind = PLX_FEATURE_SPARSE};
    s->features[2] =
        (plx_feature_spec){.name = "size", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_MINMAX, .missing = 0.1};
    s->features[3] = (plx_feature_spec){
        .name = "z", .column = "size", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_STANDARD, .missing = 3};
    s->tasks[0].positive = (plx_text_list){yes, 1};
    s->spec.n_features = 4;
}

typedef struct fitted {
    folder f;
    small_spec s;
    loaded l;
} fitted;

static bool fitted_init(fitted *t)
{
    t->f = folder_make();
    full_spec(&t->s);
    write_text(&t->f, "train.csv", sales);
    plx_status status = load_spec(&t->l, &t->f, &t->s.spec);
    if (status) printf("  %s\n", t->l.error.message);
    return status == PLX_OK;
}

static void fitted_release(fitted *t)
{
    loaded_release(&t->l);
    folder_remove(&t->f);
}

/* -- Tensors ----------------------------------------------------------------------------------------------------- */

static void test_tensor_layout(void)
{
    fitted t;
    plx_arena arena;
    REQUIRE(fitted_init(&t));
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(t.l.encoders, &arena);
    REQUIRE(list.n == 8);
    const plx_tensor *bytes = find_tensor(&list, "vocabulary/color/bytes");
    const plx_tensor *ends = find_tensor(&list, "vocabulary/color/ends");
    const plx_tensor *common = find_tensor(&list, "vocabulary/color/common");
    const plx_tensor *scaling = find_tensor(&list, "scaling/size");
    REQUIRE(bytes && ends && common && scaling && find_tensor(&list, "vocabulary/size/text/ends"));
    static const int64_t expected[] = {3, 7, 17, 17, 18};
    CHECK(bytes->dtype == PLX_DTYPE_U8 && bytes->n_dims == 1 && bytes->dims[0] == 18);
    CHECK(memcmp(bytes->data, "redbluedark, blue3", 18) == 0);
    CHECK(ends->dtype == PLX_DTYPE_I64 && ends->n_dims == 1 && ends->dims[0] == 5);
    CHECK(memcmp(ends->data, expected, sizeof expected) == 0);
    CHECK(common->dtype == PLX_DTYPE_I64 && *(const int64_t *)common->data == 1); /* all are equally frequent */
    CHECK(scaling->dtype == PLX_DTYPE_F64 && scaling->n_dims == 1 && scaling->dims[0] == 2);
    const double *numbers = scaling->data;
    CHECK(numbers[0] == 0.1 && numbers[1] == 1 / (7 - 0.1));
    plx_arena_release(&arena);
    fitted_release(&t);
}

static void test_tensor_round_trip(void)
{
    fitted t;
    plx_arena arena;
    plx_encoders *again = NULL;
    plx_rows rows;
    REQUIRE(fitted_init(&t));
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(t.l.encoders, &arena);
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &t.s.spec, find_tensor, &list, &again, &t.l.error),
                 PLX_OK);
    REQUIRE(again);
    for (int i = 0; i < 2; i++)
        CHECK(vocabulary_of(again, i) == vocabulary_of(t.l.encoders, i));
    CHECK_STATUS(read_file(again, sales, true, &rows, &t.l.error), PLX_OK);
    CHECK(same_records(&rows, &t.l.parts[0]));
    plx_rows_release(&rows, &plx_allocator_default);
    plx_encoders *second = plx_encoders_retain(again);
    plx_encoders_release(again);
    CHECK(vocabulary_of(second, 0) == 6);
    plx_encoders_release(second);
    plx_arena_release(&arena);
    fitted_release(&t);
}

static void check_refused(fitted *t, const tensor_list *list, const char *message)
{
    plx_encoders *e = NULL;
    plx_error err;
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, &t->s.spec, find_tensor, list, &e, &err),
                 PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, message);
    CHECK(!e);
}

static void test_wrong_tensors(void)
{
    fitted t;
    plx_arena arena;
    REQUIRE(fitted_init(&t));
    plx_arena_init(&arena, &plx_allocator_default);
    tensor_list list = copy_tensors(t.l.encoders, &arena);
    plx_tensor *bytes = change_tensor(&list, "vocabulary/color/bytes");
    plx_tensor *ends = change_tensor(&list, "vocabulary/color/ends");
    plx_tensor *scaling = change_tensor(&list, "scaling/size");
    plx_tensor *common = change_tensor(&list, "vocabulary/color/common");
    const plx_tensor right[] = {*bytes, *ends, *scaling, *common};
    common->data = (const int64_t[]){6};
    check_refused(&t, &list, "is not in its vocabulary");
    *common = right[3];
    bytes->name = "other";
    check_refused(&t, &list, "tensor 'vocabulary/color/bytes' is missing");
    *bytes = right[0];
    bytes->dtype = PLX_DTYPE_I64;
    check_refused(&t, &list, "the wrong type or shape");
    *bytes = right[0];
    bytes->dims[0]--;
    check_refused(&t, &list, "does not end where its texts end");
    *bytes = right[0];
    ends->n_dims = 2;
    check_refused(&t, &list, "the wrong type or shape");
    *ends = right[1];
    ends->data = (const int64_t[]){3, 2, 17, 17, 18};
    check_refused(&t, &list, "ends that are not ascending");
    ends->data = (const int64_t[]){-3, 2, 17, 17, 18};
    check_refused(&t, &list, "ends that are not ascending");
    ends->data = (const int64_t[]){3, INT64_MAX, 17, 17, 18};
    check_refused(&t, &list, "ends that are not ascending");
    ends->data = (const int64_t[]){3, 3, 3, 17, 18};
    check_refused(&t, &list, "holds a text twice");
    *ends = right[1];
    scaling->dims[0] = 1;
    check_refused(&t, &list, "the wrong type or shape");
    *scaling = right[2];
    scaling->data = (const double[]){0, NAN};
    check_refused(&t, &list, "tensor 'scaling/size' contains a number that is not finite");
    plx_arena_release(&arena);
    fitted_release(&t);
}

/* -- Files to score ---------------------------------------------------------------------------------------------- */

static void test_read_without_labels(void)
{
    fitted t;
    plx_rows rows;
    plx_error err;
    REQUIRE(fitted_init(&t));
    REQUIRE(read_file(t.l.encoders, "size,color\n4,red\n9,pink\n", false, &rows, &err) == PLX_OK);
    CHECK(rows.n == 2 && id_at(&rows, 0, 0) == 1 && id_at(&rows, 1, 0) == 0);
    CHECK(id_at(&rows, 1, 1) == 0 && isnan(label_at(&rows, 0, 0)));
    plx_rows_release(&rows, &plx_allocator_default);
    CHECK_STATUS(read_file(t.l.encoders, "size,color\n4,red\n", true, &rows, &err), PLX_ERR_SCHEMA);
    CHECK_TEXT(err.message, "no column 'sold'");
    /* Labels that exist but are not requested need not be valid. */
    REQUIRE(read_file(t.l.encoders, "size,color,sold\n4,red,\n", false, &rows, &err) == PLX_OK);
    plx_rows_release(&rows, &plx_allocator_default);
    const plx_load_options options = {.threads = 1};
    CHECK_STATUS(plx_encoders_read(t.l.encoders, &plx_allocator_default, NULL, 0, &options, false, &rows, &err),
                 PLX_ERR_ARGUMENT);
    fitted_release(&t);
}

static void test_read_without_header(void)
{
    small_spec s;
    loaded l;
    plx_rows rows;
    plx_error err;
    folder f = folder_make();
    small_spec_init(&s);
    s.spec.data.header = false;
    s.spec.data.columns = (plx_text_list){(char *[]){"color", "sold", "size"}, 3};
    write_text(&f, "train.csv", "red,1,5\nblue,0,6\n");
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    REQUIRE(read_file(l.encoders, "blue,0,8\n", false, &rows, &err) == PLX_OK);
    CHECK(dense_at(&rows, 0, 0) == 8);
    plx_rows_release(&rows, &plx_allocator_default);
    REQUIRE(read_file(l.encoders, "blue,9\nred,7\n", false, &rows, &err) == PLX_OK);
    CHECK(rows.n == 2 && dense_at(&rows, 0, 0) == 9 && id_at(&rows, 1, 0) == 2);
    plx_rows_release(&rows, &plx_allocator_default);
    CHECK_STATUS(read_file(l.encoders, "blue\n", false, &rows, &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, "rows.csv:1: the row has 1 cells, expected 3");
    CHECK_STATUS(read_file(l.encoders, "blue,9\n", true, &rows, &err), PLX_ERR_FORMAT);
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Columns in memory ------------------------------------------------------------------------------------------- */

static const char *const colors[] = {"red", " blue ", "dark, blue", NULL, "3", "pink"};
static const char *const sizes[] = {"1.5", "", "7", "2", "4", "1e3"};
static const char *const sold[] = {"no", "yes", "no", "yes", "no", "no"};

/* The same rows give the same bits from a file and from memory, as texts and as numbers. */
static void test_columns(void)
{
    fitted t;
    REQUIRE(fitted_init(&t));
    const double numbers[] = {1.5, NAN, 7, 2, 4};
    const plx_column texts[] = {{.name = "sold", .texts = sold},
                                {.name = "other"},
                                {.name = "size", .texts = sizes},
                                {.name = "color", .texts = colors}};
    const plx_column mixed[] = {
        {.name = "color", .texts = colors}, {.name = "size", .numbers = numbers}, {.name = "sold", .texts = sold}};
    const plx_rows *rows = &t.l.parts[0];
    plx_rows made;
    REQUIRE(plx_rows_init(&made, &plx_allocator_default, rows->layout, 5, NULL) == PLX_OK);
    memset(made.records, 0xff, 5 * rows->layout->record_bytes);
    CHECK_STATUS(encode_cells(t.l.encoders, texts, 4, 5, true, made.records, &t.l.error), PLX_OK);
    CHECK(same_records(&made, rows));
    memset(made.records, 0xff, 5 * rows->layout->record_bytes);
    CHECK_STATUS(encode_cells(t.l.encoders, mixed, 3, 5, true, made.records, &t.l.error), PLX_OK);
    CHECK(same_records(&made, rows));
    CHECK_STATUS(encode_cells(t.l.encoders, mixed, 2, 5, false, made.records, &t.l.error), PLX_OK);
    CHECK(isnan(label_at(&made, 0, 0)) && id_at(&made, 4, 0) == 5);
    plx_rows_release(&made, &plx_allocator_default);
    fitted_release(&t);
}

static void test_numbers_as_categories(void)
{
    fitted t;
    REQUIRE(fitted_init(&t));
    const double color[] = {3, 2.5, NAN}, size[] = {1.5, 4, NAN};
    const plx_column cells[] = {{.name = "color", .numbers = color}, {.name = "size", .numbers = size}};
    plx_rows made;
    REQUIRE(plx_rows_init(&made, &plx_allocator_default, t.l.parts[0].layout, 3, NULL) == PLX_OK);
    CHECK_STATUS(encode_cells(t.l.encoders, cells, 2, 3, false, made.records, &t.l.error), PLX_OK);
    CHECK(id_at(&made, 0, 0) == 5 && id_at(&made, 1, 0) == 0 && id_at(&made, 2, 0) == 4);
    CHECK(id_at(&made, 0, 1) == id_at(&t.l.parts[0], 0, 1) && id_at(&made, 1, 1) == id_at(&t.l.parts[0], 4, 1));
    plx_rows_release(&made, &plx_allocator_default);
    fitted_release(&t);
}

static void test_regression_columns(void)
{
    small_spec s;
    loaded l;
    uint8_t records[64];
    float labels[2];
    folder f = folder_make();
    small_spec_init(&s);
    s.tasks[0].kind = PLX_TASK_REGRESSION;
    write_text(&f, "train.csv", "color,size,sold\nred,1,2.5\n");
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    const double size[] = {1, 2}, price[] = {0.1, -3}, missing[] = {1, NAN};
    const char *const color[] = {"red", "blue"}, *const price_text[] = {"0.1", "-3"};
    plx_column cells[] = {{.name = "color", .texts = color}, {.name = "size", .numbers = size}, {.name = "sold"}};
    for (int as_text = 0; as_text < 2; as_text++) {
        cells[2].texts = as_text ? price_text : NULL;
        cells[2].numbers = as_text ? NULL : price;
        CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, true, records, &l.error), PLX_OK);
        plx_records_labels(plx_encoders_layout(l.encoders), records, 2, 0, labels);
        CHECK(labels[0] == 0.1f && labels[1] == -3);
    }
    cells[2] = (plx_column){.name = "sold", .numbers = missing};
    CHECK_STATUS(encode_cells(l.encoders, cells, 3, 2, true, records, &l.error), PLX_OK);
    plx_records_labels(plx_encoders_layout(l.encoders), records, 2, 0, labels);
    CHECK(labels[0] == 1 && isnan(labels[1]));
    loaded_release(&l);
    folder_remove(&f);
}

static void check_columns_fail(const plx_column *cells, int n_cells, bool with_labels, plx_status status,
                               const char *message)
{
    small_spec s;
    loaded l;
    uint8_t records[256];
    plx_error err;
    folder f = folder_make();
    small_spec_init(&s);
    write_text(&f, "train.csv", "color,size,sold\nred,1,0\nblue,2,1\n");
    REQUIRE(load_spec(&l, &f, &s.spec) == PLX_OK);
    CHECK_STATUS(encode_cells(l.encoders, cells, n_cells, 2, with_labels, records, &err), status);
    CHECK_TEXT(err.message, message);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_wrong_columns(void)
{
    const double good[] = {1, 0}, missing[] = {1, NAN}, large[] = {1, INFINITY};
    const char *const text[] = {"1", "x"};
    const plx_column color = {.name = "color", .texts = text}, size = {.name = "size", .numbers = good};
    check_columns_fail((plx_column[]){color, {.name = "sizes", .numbers = good}}, 2, false, PLX_ERR_SCHEMA,
                       "no column 'size' was given; is it 'sizes'?");
    check_columns_fail(NULL, 0, false, PLX_ERR_SCHEMA, "no column 'color' was given");
    check_columns_fail((plx_column[]){color, size}, 2, true, PLX_ERR_SCHEMA, "no column 'sold'");
    check_columns_fail((plx_column[]){color, {.name = "size"}}, 2, false, PLX_ERR_ARGUMENT,
                       "neither texts nor numbers");
    check_columns_fail((plx_column[]){color, {.name = "size", .texts = text}}, 2, false, PLX_ERR_SCHEMA,
                       "row 2: 'x' is not a number; column 'size' is declared dense");
    check_columns_fail((plx_column[]){color, {.name = "size", .numbers = missing}}, 2, false, PLX_ERR_SCHEMA,
                       "row 2: a missing number in column 'size'");
    check_columns_fail((plx_column[]){color, {.name = "size", .numbers = large}}, 2, false, PLX_ERR_SCHEMA,
                       "row 2: 'inf' is too large");
    check_columns_fail((plx_column[]){color, size, {.name = "sold", .texts = text}}, 3, true, PLX_ERR_SCHEMA,
                       "row 2: 'x' is not a label of task 'sold'");
}

/* -- Records ----------------------------------------------------------------------------------------------------- */

static void test_layout(void)
{
    plx_id_field fields[] = {
        {.vocabulary = 256}, {.vocabulary = 65537}, {.vocabulary = 257}, {.vocabulary = 1}, {.vocabulary = 65536}};
    static const uint32_t bytes[] = {1, 4, 2, 1, 2}, offsets[] = {24, 16, 20, 25, 22};
    plx_layout layout;
    plx_layout_init(&layout, &(plx_layout_parts){.sparse = fields, .n_sparse = 5, .n_dense = 3, .n_tasks = 1});
    CHECK(layout.label_offset == 12 && layout.record_bytes == 28);
    for (int i = 0; i < 5; i++)
        CHECK(fields[i].id_bytes == bytes[i] && fields[i].offset == offsets[i]);
}

static void test_lists(void)
{
    plx_id_field sparse = {.vocabulary = 300};
    plx_list_field lists[] = {{.vocabulary = 255, .length = 3},
                              {.vocabulary = 256, .length = 2, .has_weights = true},
                              {.vocabulary = 1 << 20, .length = 1}};
    static const uint32_t id_bytes[] = {1, 2, 4};
    uint32_t record[16], ids[3];
    plx_layout layout;
    plx_layout_init(&layout, &(plx_layout_parts){.sparse = &sparse,
                                                 .n_sparse = 1,
                                                 .lists = lists,
                                                 .n_lists = 3,
                                                 .n_dense = 2,
                                                 .n_tasks = 2,
                                                 .has_weights = true,
                                                 .has_group = true});
    CHECK(layout.label_offset == 8 && layout.weight_offset == 16 && lists[1].weights_offset == 24);
    CHECK(layout.group_offset == 32 && lists[2].offset == 40 && layout.record_bytes == 56);
    REQUIRE(layout.record_bytes <= sizeof record);
    for (int i = 0; i < 3; i++) {
        CHECK(lists[i].id_bytes == id_bytes[i]);
        for (int n = 0; n <= (int)lists[i].length; n++) {
            uint32_t put[] = {lists[i].vocabulary - 1, 0, 7};
            memset(record, 0, sizeof record);
            plx_record_clear_list((uint8_t *)record, &lists[i]);
            for (int k = 0; k < n; k++)
                plx_record_put_item((uint8_t *)record, &lists[i], (uint32_t)k, put[k]);
            CHECK(plx_record_list((const uint8_t *)record, &lists[i], ids) == n);
            CHECK(memcmp(ids, put, (size_t)n * sizeof *ids) == 0);
        }
    }
}

static void test_gather(void)
{
    enum { ROWS = 100 };
    plx_id_field fields[] = {{.vocabulary = 200}, {.vocabulary = 70000}, {.vocabulary = 6000}};
    plx_layout layout;
    plx_rows rows;
    uint32_t order[ROWS], ids[ROWS];
    plx_layout_init(&layout, &(plx_layout_parts){.sparse = fields, .n_sparse = 3, .n_dense = 30, .n_tasks = 2});
    REQUIRE(plx_rows_init(&rows, &plx_allocator_default, &layout, ROWS, NULL) == PLX_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t wide = 600 * i;
        uint16_t narrow = (uint16_t)(60 * i);
        memcpy(rows.records + i * layout.record_bytes + fields[2].offset, &narrow, sizeof narrow);
        memcpy(rows.records + i * layout.record_bytes + fields[1].offset, &wide, sizeof wide);
        rows.records[i * layout.record_bytes + fields[0].offset] = (uint8_t)i;
        order[i] = i * 37 % ROWS;
    }
    uint8_t *out = malloc(ROWS * layout.record_bytes);
    REQUIRE(out);
    plx_rows_gather(&rows, order, 0, ROWS, out);
    plx_records_ids(&layout, out, ROWS, 1, ids);
    for (uint32_t i = 0; i < ROWS; i++)
        CHECK(ids[i] == 600 * order[i]);
    plx_records_ids(&layout, out, ROWS, 2, ids);
    for (uint32_t i = 0; i < ROWS; i++)
        CHECK(ids[i] == 60 * order[i]);
    plx_rows_gather(&rows, NULL, 90, 10, out);
    plx_records_ids(&layout, out, 10, 0, ids);
    for (uint32_t i = 0; i < 10; i++)
        CHECK(ids[i] == 90 + i);
    free(out);
    plx_rows_release(&rows, &plx_allocator_default);
}

/* -- Failing allocations ----------------------------------------------------------------------------------------- */

static plx_status load_and_use(const plx_allocator *allocator, const fitted *t, plx_error *err)
{
    const char *const folders[] = {t->f.path};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 2};
    const char *const paths[] = {folder_file((folder *)(uintptr_t)&t->f, "train.csv")};
    plx_encoders *e = NULL, *again = NULL;
    plx_rows parts[PLX_PARTS] = {0}, rows = {0};
    tensor_list list = {0};
    plx_arena arena;
    plx_arena_init(&arena, allocator);
    plx_status status = plx_table_load(allocator, &t->s.spec, &options, &e, parts, err);
    if (!status) status = plx_encoders_tensors(e, &arena, (const plx_tensor **)&list.tensors, &list.n, err);
    if (!status) status = plx_encoders_from_tensors(allocator, &t->s.spec, find_tensor, &list, &again, err);
    if (!status) status = plx_encoders_read(again, allocator, paths, 1, &options, true, &rows, err);
    if (!status) CHECK(same_records(&rows, &t->l.parts[0]));
    plx_rows_release(&rows, allocator);
    for (int i = 0; i < PLX_PARTS; i++)
        plx_rows_release(&parts[i], allocator);
    plx_encoders_release(again);
    plx_encoders_release(e);
    plx_arena_release(&arena);
    return status;
}

static void test_memory_ends(void)
{
    fitted t;
    plx_status status = PLX_ERR_MEMORY;
    long n = 0;
    REQUIRE(fitted_init(&t));
    /* Enough values for the tables of codes and of vocabularies to grow. */
    plx_string text;
    plx_string_init(&text, &plx_allocator_default);
    plx_string_format(&text, "color,size,sold\n");
    for (int i = 0; i < 1500; i++)
        plx_string_format(&text, "\"c\"\"%d\",%d,no\n", i % 300, i % 50);
    write_text(&t.f, "train.csv", text.text);
    plx_string_release(&text);
    loaded_release(&t.l);
    t.s.spec.data.split = PLX_SPLIT_RANDOM;
    REQUIRE(load_spec(&t.l, &t.f, &t.s.spec) == PLX_OK);
    while (status == PLX_ERR_MEMORY && n < 10000) {
        failing_allocator memory;
        failing_allocator_init(&memory, ++n);
        memory.from_then_on = true;
        plx_error err;
        status = load_and_use(&memory.allocator, &t, &err);
        CHECK(memory.live == 0);
        CHECK(status == PLX_OK || (status == PLX_ERR_MEMORY && err.code == PLX_ERR_MEMORY));
    }
    CHECK_STATUS(status, PLX_OK);
    CHECK(n > 100);
    fitted_release(&t);
}

static void test_columns_take_no_memory(void)
{
    fitted t;
    failing_allocator memory;
    failing_allocator_init(&memory, 0);
    plx_encoders *e;
    plx_rows parts[PLX_PARTS];
    uint8_t records[1024];
    REQUIRE(fitted_init(&t));
    const char *const folders[] = {t.f.path};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 2};
    const plx_column cells[] = {{.name = "color", .texts = colors}, {.name = "size", .texts = sizes}};
    REQUIRE(plx_table_load(&memory.allocator, &t.s.spec, &options, &e, parts, NULL) == PLX_OK);
    long before = memory.calls;
    CHECK_STATUS(encode_cells(e, cells, 2, 6, false, records, NULL), PLX_OK);
    CHECK(memory.calls == before);
    for (int i = 0; i < PLX_PARTS; i++)
        plx_rows_release(&parts[i], &memory.allocator);
    plx_encoders_release(e);
    fitted_release(&t);
}

/* -- The real data sets ------------------------------------------------------------------------------------------ */

static void test_adult(void)
{
    const char *path = real_data("adult");
    if (!path) SKIP("no Adult data");
    static char *columns[] = {"age",     "workclass",  "fnlwgt",       "education", "education_num",
                              "marital", "occupation", "relationship", "race",      "sex",
                              "gain",    "loss",       "hours",        "country",   "income"};
    static char *rich[] = {">50K", ">50K."}, *poor[] = {"<=50K", "<=50K."}, *single[] = {"Never-married"};
    plx_feature_spec features[] = {{.name = "workclass", .kind = PLX_FEATURE_SPARSE},
                                   {.name = "country", .kind = PLX_FEATURE_SPARSE},
                                   {.name = "age", .kind = PLX_FEATURE_DENSE, .scaling = 1, .missing = NAN},
                                   {.name = "gain", .kind = PLX_FEATURE_DENSE, .scaling = 2, .missing = NAN}};
    plx_task_spec tasks[] = {{.name = "income", .positive = {rich, 2}, .negative = {poor, 2}},
                             {.name = "single", .column = "marital", .positive = {single, 1}}};
    plx_table_spec spec = {.data = {.train = {(char *[]){"adult.data"}, 1},
                                    .test = {(char *[]){"adult.test.gz"}, 1},
                                    .delimiter = ",",
                                    .quote = "\"",
                                    .comment = "|",
                                    .trim = true,
                                    .columns = {columns, 15}},
                           .features = features,
                           .n_features = 4,
                           .tasks = tasks,
                           .n_tasks = 2};
    loaded l = {.encoders = NULL};
    const plx_load_options options = {.folders = &path, .n_folders = 1, .threads = 2};
    CHECK_STATUS(plx_table_load(&plx_allocator_default, &spec, &options, &l.encoders, l.parts, &l.error), PLX_OK);
    if (!l.encoders) puts(l.error.message);
    REQUIRE(l.encoders);
    CHECK(l.parts[0].n == 32561 && l.parts[1].n == 0 && l.parts[2].n == 16281);
    CHECK(vocabulary_of(l.encoders, 0) == 10 && vocabulary_of(l.encoders, 1) == 43);
    double rich_rows = 0;
    for (size_t i = 0; i < l.parts[2].n; i++)
        rich_rows += label_at(&l.parts[2], i, 0);
    CHECK(rich_rows == 3846);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), (39 - 17) / 73.0, 1e-7);
    loaded_release(&l);
}

enum { CENSUS_COLUMNS = 42 };

/* Column 24 is the instance's weight; the last one is the label. */
static bool is_census_number(int column)
{
    static const int numbers[] = {0, 5, 16, 17, 18, 30, 39};
    for (int i = 0; i < COUNT(numbers); i++)
        if (numbers[i] == column) return true;
    return false;
}

static void test_census(void)
{
    const char *path = real_data("census-income");
    if (!path) SKIP("no Census-Income data");
    static char names[CENSUS_COLUMNS][16], *columns[CENSUS_COLUMNS], *rich[] = {"50000+."}, *poor[] = {"- 50000."};
    plx_feature_spec features[CENSUS_COLUMNS] = {0};
    plx_table_spec spec = {.data = {.train = {(char *[]){"census-income.data", "census-income.test"}, 2},
                                    .delimiter = ",",
                                    .quote = "\"",
                                    .comment = "",
                                    .trim = true,
                                    .columns = {columns, CENSUS_COLUMNS},
                                    .validation_part = 49881,
                                    .test_part = 49881},
                           .features = features,
                           .n_tasks = 1};
    for (int i = 0; i < CENSUS_COLUMNS; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        columns[i] = names[i];
    }
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < CENSUS_COLUMNS - 1; i++)
            if (i != 24 && is_census_number(i) == kind)
                features[spec.n_features++] = (plx_feature_spec){.name = names[i],
                                                                 .kind = kind ? PLX_FEATURE_DENSE : PLX_FEATURE_SPARSE,
                                                                 .scaling = PLX_SCALE_MINMAX,
                                                                 .missing = NAN};
    plx_task_spec task = {.name = "income", .column = names[41], .positive = {rich, 1}, .negative = {poor, 1}};
    spec.tasks = &task;
    loaded l = {.encoders = NULL};
    const plx_load_options options = {.folders = &path, .n_folders = 1, .threads = 2};
    CHECK_STATUS(plx_table_load(&plx_allocator_default, &spec, &options, &l.encoders, l.parts, &l.error), PLX_OK);
    if (!l.encoders) puts(l.error.message);
    REQUIRE(l.encoders);
    CHECK(l.parts[0].n == 199523 && l.parts[1].n == 49881 && l.parts[2].n == 49881);
    const plx_layout *layout = plx_encoders_layout(l.encoders);
    CHECK(layout->n_sparse == 33 && layout->n_dense == 7 && layout->record_bytes < 80);
    CHECK(vocabulary_of(l.encoders, 0) == 10); /* class of worker: 9 kinds and the unknown one */
    double rich_rows = 0;
    for (size_t i = 0; i < l.parts[0].n; i++)
        rich_rows += label_at(&l.parts[0], i, 0);
    CHECK(rich_rows == 12382);
    loaded_release(&l);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_tensor_layout),
                                       CHECK_TEST(test_tensor_round_trip),
                                       CHECK_TEST(test_wrong_tensors),
                                       CHECK_TEST(test_read_without_labels),
                                       CHECK_TEST(test_read_without_header),
                                       CHECK_TEST(test_columns),
                                       CHECK_TEST(test_numbers_as_categories),
                                       CHECK_TEST(test_regression_columns),
                                       CHECK_TEST(test_wrong_columns),
                                       CHECK_TEST(test_layout),
                                       CHECK_TEST(test_lists),
                                       CHECK_TEST(test_gather),
                                       CHECK_TEST(test_memory_ends),
                                       CHECK_TEST(test_columns_take_no_memory),
                                       CHECK_TEST(test_adult),
                                       CHECK_TEST(test_census)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
