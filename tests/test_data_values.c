/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value, one category (docs/data.md): equal values have the same id, label and group, from a file or from memory,
 * in each kind of feature and task.
 */
#include "check.h"

#include <math.h>

#include "data/encoders.h"
#include "data_support.h"
#include "plexus_arrow.h"

/* -- All readers of texts ------------------------------------------------------------------------------------------ */

/* The two rows of each pair are equal values. */
static const char pairs[] = "x,sold\n"
                            "12.0,1\n12,1\n"
                            "-3.00,0\n-3,0\n"
                            "0012.0,1\n0012,1\n"
                            "TRUE,0\ntrue,0\n"
                            "False,1\nfalse,1\n"
                            "2024-01-31 12:00:00.000,0\n2024-01-31T12:00:00,0\n"
                            "2024-01-31 00:00:00,1\n2024-01-31,1\n"
                            "2024-01-31 14:00:00+02:00,0\n2024-01-31T12:00:00Z,0\n"
                            "\" a\",1\na,1\n"
                            "1.50,0\n1.50,0\n";
enum { N_PAIRS = 10, N_PAIR_TEXTS = 10 };

static plx_table_spec *spec_of_feature(small_spec *s, plx_feature_spec feature)
{
    plx_table_spec *spec = small_spec_init(s);
    feature.name = "x";
    feature.embedding_dim = 4;
    s->features[0] = feature;
    spec->n_features = 1;
    return spec;
}

static uint32_t item_at(const plx_rows *rows, size_t row)
{
    const plx_list_field *field = &rows->layout->lists[0];
    const uint8_t *at = rows->records + row * rows->layout->record_bytes + field->offset;
    return field->id_bytes == 1 ? *at : 0;
}

static void check_pairs(plx_feature_spec feature, bool is_list, int vocabulary)
{
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, pairs, spec_of_feature(&s, feature)) == PLX_OK);
    REQUIRE(l.parts[0].n == (size_t)2 * N_PAIRS);
    for (size_t i = 0; i < 2 * N_PAIRS; i += 2) {
        const uint32_t a = is_list ? item_at(&l.parts[0], i) : id_at(&l.parts[0], i, 0);
        const uint32_t b = is_list ? item_at(&l.parts[0], i + 1) : id_at(&l.parts[0], i + 1, 0);
        CHECK(a == b && a > 0);
    }
    if (vocabulary && !is_list) CHECK(vocabulary_of(l.encoders, 0) == vocabulary);
    if (vocabulary && is_list) CHECK((int)plx_encoders_layout(l.encoders)->lists[0].vocabulary == vocabulary);
    loaded_release(&l);
}

static void test_sparse(void)
{
    check_pairs((plx_feature_spec){.kind = PLX_FEATURE_SPARSE}, false, 1 + N_PAIR_TEXTS);
    check_pairs((plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .vocabulary = PLX_ORDER_FIRST_SEEN}, false,
                1 + N_PAIR_TEXTS);
    /* Each value appears twice only if both texts count as one. */
    check_pairs((plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .min_count = 2}, false, 1 + N_PAIR_TEXTS);
}

static void test_hashed(void)
{
    check_pairs((plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .hash_buckets = 200}, false, 201);
}

static void test_items_of_lists(void)
{
    plx_feature_spec list = {.kind = PLX_FEATURE_LIST, .separator = "|", .max_length = 3};
    check_pairs(list, true, 1 + N_PAIR_TEXTS);
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "x,sold\n12.0|True,1\n12| true|12,0\n", spec_of_feature(&s, list)) == PLX_OK);
    CHECK(plx_encoders_layout(l.encoders)->lists[0].vocabulary == 3);
    loaded_release(&l);
}

static void test_exact_texts(void)
{
    small_spec s;
    loaded l;
    plx_table_spec *spec = spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .text = PLX_TEXT_EXACT});
    REQUIRE(load_text(&l, "x,sold\n1.0,1\n1,1\nTrue,0\ntrue,0\n", spec) == PLX_OK);
    CHECK(vocabulary_of(l.encoders, 0) == 5);
    loaded_release(&l);
    s.features[0] = (plx_feature_spec){.name = "x",
                                       .kind = PLX_FEATURE_LIST,
                                       .embedding_dim = 4,
                                       .separator = "|",
                                       .max_length = 3,
                                       .text = PLX_TEXT_EXACT};
    REQUIRE(load_text(&l, "x,sold\n1.0|1,1\n1,1\n", spec) == PLX_OK);
    CHECK(plx_encoders_layout(l.encoders)->lists[0].vocabulary == 3);
    loaded_release(&l);
}

static void test_features_of_one_table_agree(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.features[0].embedding_name = "t";
    s.features[1] = (plx_feature_spec){
        .name = "other", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 4, .embedding_name = "t", .text = PLX_TEXT_EXACT};
    folder f = folder_make();
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "text");
    folder_remove(&f);
}

/* -- Vocabularies of files ----------------------------------------------------------------------------------------- */

static void hear(void *user, const char *line)
{
    snprintf(user, 512, "%s", line);
}

static plx_status load_vocabulary(loaded *l, const char *lines, int text, char heard[512])
{
    small_spec s;
    plx_table_spec *spec = spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .text = text});
    s.features[0].vocabulary_file = "words.txt";
    folder f = folder_make();
    write_text(&f, "train.csv", "x,sold\n12.0,1\n12,0\nTRUE,1\nb,0\n");
    write_text(&f, "words.txt", lines);
    const char *const folders[] = {f.path};
    const plx_load_options options = {
        .folders = folders, .n_folders = 1, .threads = 1, .listener = {.warn = hear, .user = heard}};
    *l = (loaded){.encoders = NULL};
    *heard = '\0';
    plx_status status = plx_table_load(&plx_allocator_default, spec, &options, &l->encoders, l->parts, &l->error);
    folder_remove(&f);
    return status;
}

static void test_vocabularies_of_files(void)
{
    loaded l;
    char heard[512];
    REQUIRE(load_vocabulary(&l, "b\n12.0\nTrue\n", PLX_TEXT_VALUE, heard) == PLX_OK);
    CHECK(!*heard && vocabulary_of(l.encoders, 0) == 4);
    static const uint32_t ids[] = {2, 2, 3, 1};
    for (size_t i = 0; i < 4; i++)
        CHECK(id_at(&l.parts[0], i, 0) == ids[i]);
    loaded_release(&l);
    REQUIRE(load_vocabulary(&l, "b\n12.0\nTrue\n12\ntrue\n", PLX_TEXT_VALUE, heard) == PLX_OK);
    CHECK(vocabulary_of(l.encoders, 0) == 4);
    CHECK_TEXT(heard, "words.txt:4: '12' is the category '12', which appears before (docs/data.md): 2 lines are such");
    loaded_release(&l);
    REQUIRE(load_vocabulary(&l, "b\n12.0\nTrue\n12\n", PLX_TEXT_EXACT, heard) == PLX_OK);
    CHECK(!*heard && vocabulary_of(l.encoders, 0) == 5);
    loaded_release(&l);
    CHECK_STATUS(load_vocabulary(&l, "b\n12.0\n12.0\n", PLX_TEXT_VALUE, heard), PLX_ERR_FORMAT);
    CHECK_TEXT(l.error.message, "words.txt:3: this category appears twice");
}

/* -- Tasks and data.group ------------------------------------------------------------------------------------------ */

static void check_label(const loaded *l, int task, size_t row, double expected)
{
    const double label = (double)label_at(&l->parts[0], row, task);
    CHECK(isnan(expected) ? isnan(label) : label >= expected && label <= expected);
}

static void test_labels(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.spec.n_features = 1;
    s.tasks[0] = (plx_task_spec){.name = "kind", .kind = PLX_TASK_MULTICLASS};
    s.tasks[1] = (plx_task_spec){.name = "sold",
                                 .positive = LIST("True", "2.0"),
                                 .negative = LIST("0"),
                                 .where = "when",
                                 .where_values = LIST("2024-01-31 00:00", "1.0")};
    s.spec.n_tasks = 2;
    s.spec.data.group = "user";
    REQUIRE(load_text(&l,
                      "color,kind,sold,when,user\n"
                      "a,1.0,TRUE,2024-01-31,7.0\n"
                      "a,1,0.0,2024-01-31 00:00:00,7\n"
                      "a,2,2,1,True\n"
                      "a,2.00,true,2,true\n",
                      &s.spec) == PLX_OK);
    CHECK(plx_encoders_n_classes(l.encoders, 0) == 2);
    check_label(&l, 0, 0, 0);
    check_label(&l, 0, 1, 0);
    check_label(&l, 0, 2, 1);
    check_label(&l, 0, 3, 1);
    check_label(&l, 1, 0, 1);
    check_label(&l, 1, 1, 0);
    check_label(&l, 1, 2, 1);
    check_label(&l, 1, 3, (double)NAN); /* does not count there */
    const plx_rows *rows = &l.parts[0];
    uint64_t groups[4];
    for (size_t i = 0; i < 4; i++)
        groups[i] = plx_record_group(rows->layout, rows->records + i * rows->layout->record_bytes);
    CHECK(groups[0] == groups[1] && groups[2] == groups[3] && groups[0] != groups[2]);
    loaded_release(&l);
}

static void test_listed_classes(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[0] = (plx_task_spec){.name = "sold", .kind = PLX_TASK_MULTICLASS, .classes = LIST("2.0", "True")};
    REQUIRE(load_text(&l, "color,size,sold\na,1,true\na,1,2\n", &s.spec) == PLX_OK);
    check_label(&l, 0, 0, 1);
    check_label(&l, 0, 1, 0);
    loaded_release(&l);
    s.tasks[0].classes = (plx_text_list)LIST("2.0", "2");
    folder f = folder_make();
    CHECK_STATUS(load_spec(&l, &f, &s.spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(l.error.message, "tasks.sold.classes: class '2' is listed twice");
    folder_remove(&f);
}

static void test_truths_are_numbers(void)
{
    small_spec s;
    loaded l;
    small_spec_init(&s);
    s.tasks[1] = (plx_task_spec){.name = "left", .kind = PLX_TASK_REGRESSION};
    s.spec.n_tasks = 2;
    REQUIRE(load_text(&l, "color,size,sold,left\na,True,1,false\na,FALSE,0,true\n", &s.spec) == PLX_OK);
    CHECK_CLOSE(dense_at(&l.parts[0], 0, 0), 1, 0);
    CHECK_CLOSE(dense_at(&l.parts[0], 1, 0), 0, 0);
    check_label(&l, 0, 0, 1);
    check_label(&l, 0, 1, 0);
    check_label(&l, 1, 0, 0);
    check_label(&l, 1, 1, 1);
    loaded_release(&l);
}

static void test_dates_are_no_numbers(void)
{
    small_spec s;
    loaded l;
    folder f = folder_make();
    write_text(&f, "train.csv", "color,size,sold\na,2024-01-31,1\n");
    CHECK_STATUS(load_spec(&l, &f, small_spec_init(&s)), PLX_ERR_SCHEMA);
    CHECK_TEXT(l.error.message, "train.csv:2:3: '2024-01-31' is a date and not a number");
    CHECK_TEXT(l.error.message, "days or seconds since 1970-01-01");
    folder_remove(&f);
}

/* -- Files and memory ---------------------------------------------------------------------------------------------- */

typedef struct value {
    const char *cell; /* in a file */
    const char *text; /* in memory; NULL: a number or an integer */
    double number;    /* NaN without a text: no number */
    int64_t integer;
    bool is_integer;
} value;

static const value values[] = {
    {"12.0", "12.00", 12, 12, true},
    {"12", "12", 12, 12, true},
    {"-0.0", "0", -0.0, 0, true},
    {"0.1", "0.1", 0.1, 0, false},
    {"1e-05", "1e-05", 1e-5, 0, false},
    {"1000000000000000", "1000000000000000.0", 1e15, INT64_C(1000000000000000), true},
    {"9007199254740993", "9007199254740993.0", (double)NAN, INT64_C(9007199254740993), true},
    {"9007199254740992", "9007199254740992", 9007199254740992.0, INT64_C(9007199254740992), true},
    {"-9223372036854775808", "-9223372036854775808", (double)NAN, INT64_MIN, true},
    {"1e+22", "1e+22", 1e22, 0, false},
    {"inf", "inf", (double)INFINITY, 0, false},
    {"True", "TRUE", (double)NAN, 0, false},
    {"2024-01-31 00:00:00", "2024-01-31", (double)NAN, 0, false},
    {"\" New York \"", " New York", (double)NAN, 0, false},
    {"0012", " 0012 ", (double)NAN, 0, false},
    {"", "", (double)NAN, 0, false},
};

/* The id of one cell in memory. */
static uint32_t id_of(const plx_encoders *encoders, plx_column cells)
{
    uint8_t record[128];
    uint32_t id = 0;
    plx_error err = {0};
    cells.name = "x";
    CHECK_STATUS(encode_cells(encoders, &cells, 1, 1, false, record, &err), PLX_OK);
    plx_records_ids(plx_encoders_layout(encoders), record, 1, 0, &id);
    return id;
}

static void check_values(plx_feature_spec feature)
{
    small_spec s;
    loaded l;
    char text[2048] = "x,sold\n";
    for (int i = 0; i < COUNT(values); i++)
        sprintf(text + strlen(text), "%s,%d\n", values[i].cell, i % 2);
    REQUIRE(load_text(&l, text, spec_of_feature(&s, feature)) == PLX_OK);
    for (int i = 0; i < COUNT(values); i++) {
        const value *v = &values[i];
        const uint32_t id = id_at(&l.parts[0], (size_t)i, 0);
        CHECK(id > 0);
        if (id_of(l.encoders, (plx_column){.texts = &v->text}) != id) check_report(__FILE__, __LINE__, v->text);
        if (!isnan(v->number) && id_of(l.encoders, (plx_column){.numbers = &v->number}) != id)
            check_report(__FILE__, __LINE__, v->cell);
        if (v->is_integer && id_of(l.encoders, (plx_column){.integers = &v->integer}) != id)
            check_report(__FILE__, __LINE__, v->cell);
    }
    loaded_release(&l);
}

static void test_files_and_memory_agree(void)
{
    check_values((plx_feature_spec){.kind = PLX_FEATURE_SPARSE});
    check_values((plx_feature_spec){.kind = PLX_FEATURE_SPARSE, .hash_buckets = 1000});
}

static void test_integers_are_numbers(void)
{
    static const int64_t integers[] = {3, -4};
    static const char *const colors[] = {"a", "a"};
    small_spec s;
    loaded l;
    uint8_t records[256];
    REQUIRE(load_text(&l, "color,size,sold\na,3,1\na,-4,0\n", small_spec_init(&s)) == PLX_OK);
    const plx_column cells[] = {{.name = "color", .texts = colors}, {.name = "size", .integers = integers}};
    REQUIRE(encode_cells(l.encoders, cells, 2, 2, false, records, NULL) == PLX_OK);
    for (size_t i = 0; i < 2; i++)
        CHECK_CLOSE(plx_record_dense(records + i * l.parts[0].layout->record_bytes)[0], (double)integers[i], 0);
    loaded_release(&l);
}

/* -- Record batches ---------------------------------------------------------------------------------------------- */

/* A stream of one row of one column. */
typedef struct stream {
    const char *format;
    const void *buffers[3];
    int64_t n_buffers;
    bool is_done;
    struct ArrowSchema schema, *schemas[1];
    struct ArrowArray array, *arrays[1];
} stream;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *from, struct ArrowSchema *out)
{
    stream *s = from->private_data;
    s->schema = (struct ArrowSchema){.format = s->format, .name = "x", .release = release_schema};
    s->schemas[0] = &s->schema;
    *out = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = 1, .children = s->schemas, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *from, struct ArrowArray *out)
{
    static const void *nothing[1] = {NULL};
    stream *s = from->private_data;
    *out = (struct ArrowArray){0};
    if (s->is_done) return 0;
    s->is_done = true;
    s->array =
        (struct ArrowArray){.length = 1, .n_buffers = s->n_buffers, .buffers = s->buffers, .release = release_array};
    s->arrays[0] = &s->array;
    *out = (struct ArrowArray){.length = 1,
                               .n_buffers = 1,
                               .buffers = nothing,
                               .n_children = 1,
                               .children = s->arrays,
                               .release = release_array};
    return 0;
}

static void release_stream(struct ArrowArrayStream *from)
{
    from->release = NULL;
}

static plx_status read_stream(const plx_encoders *encoders, stream *s, bool with_labels, char heard[512],
                              plx_rows *rows, plx_error *err)
{
    struct ArrowArrayStream from = {
        .get_schema = get_schema, .get_next = get_next, .release = release_stream, .private_data = s};
    struct ArrowArrayStream *const streams[] = {&from};
    const plx_load_options options = {.streams = streams, .listener = {.warn = heard ? hear : NULL, .user = heard}};
    s->is_done = false;
    return plx_encoders_read(encoders, &plx_allocator_default, NULL, 0, &options, with_labels, rows, err);
}

static uint32_t id_of_stream(const plx_encoders *encoders, stream *s, char heard[512])
{
    plx_rows rows = {0};
    plx_error err = {0};
    if (read_stream(encoders, s, false, heard, &rows, &err)) {
        printf("  %s: %s\n", s->format, err.message);
        return UINT32_MAX;
    }
    const uint32_t id = id_at(&rows, 0, 0);
    plx_rows_release(&rows, &plx_allocator_default);
    return id;
}

/* One value in a file, and in each Arrow type that can hold it. */
static void test_record_batches_agree(void)
{
    static const int64_t twelve[] = {12}, large[] = {INT64_C(9007199254740993)}, noon[] = {INT64_C(1706702400000000)},
                         midnight[] = {INT64_C(1706659200)}, cents[] = {150, 0}, whole[] = {1200, 0};
    static const uint64_t largest[] = {UINT64_MAX};
    static const int32_t day[] = {19753}, offsets[] = {0, 4}, narrow[] = {12};
    static const double real[] = {12}, tenth[] = {0.1};
    static const float single[] = {0.1F};
    static const uint16_t half[] = {0x2E66};
    static const uint8_t yes[8] = {1}, no[8] = {0};
    static const struct {
        const char *cell, *format;
        const void *items, *bytes;
    } rows[] = {
        {"12.0", "l", twelve, NULL},
        {"12", "i", narrow, NULL},
        {"12", "g", real, NULL},
        {"9007199254740993", "l", large, NULL},
        {"18446744073709551615.0", "L", largest, NULL},
        {"0.1", "g", tenth, NULL},
        {"0.1", "f", single, NULL},
        {"0.1", "e", half, NULL},
        {"True", "b", yes, NULL},
        {"FALSE", "b", no, NULL},
        {"true", "u", offsets, "TRUE        "},
        {"2024-01-31", "tdD", day, NULL},
        {"2024-01-31 00:00:00", "tss:", midnight, NULL},
        {"2024-01-31 12:00:00.000", "tsu:", noon, NULL},
        {"2024-01-31 14:00:00+02:00", "tsu:UTC", noon, NULL},
        {"1.50", "d:10,2", cents, NULL},
        {"12.00", "d:10,2", whole, NULL},
    };
    small_spec s;
    loaded l;
    char text[2048] = "x,sold\n";
    for (int i = 0; i < COUNT(rows); i++)
        sprintf(text + strlen(text), "%s,%d\n", rows[i].cell, i % 2);
    REQUIRE(load_text(&l, text, spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE})) == PLX_OK);
    for (int i = 0; i < COUNT(rows); i++) {
        stream batch = {.format = rows[i].format,
                        .buffers = {NULL, rows[i].items, rows[i].bytes},
                        .n_buffers = rows[i].bytes ? 3 : 2};
        char what[128];
        const uint32_t id = id_at(&l.parts[0], (size_t)i, 0), got = id_of_stream(l.encoders, &batch, NULL);
        snprintf(what, sizeof what, "'%s' as Arrow's '%s': id %u, not %u", rows[i].cell, rows[i].format, got, id);
        if (id == 0 || got != id) check_report(__FILE__, __LINE__, what);
    }
    loaded_release(&l);
}

/* Booleans in memory are labels 1 and 0, whatever else reads their column; as texts the words need `positive`. */
static void test_booleans_are_labels(void)
{
    static const int32_t offsets[] = {0, 4};
    static const uint8_t yes[8] = {1}, no[8] = {0};
    small_spec s;
    loaded l;
    plx_rows rows;
    plx_table_spec *spec = spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE});
    s.tasks[0].column = "x";
    s.tasks[0].positive = (plx_text_list)LIST("true", "1");
    for (int has_positive = 0; has_positive < 2; has_positive++) {
        s.tasks[0].positive.n = has_positive ? 2 : 0;
        REQUIRE(load_text(&l, "x\n1\n0\n", spec) == PLX_OK);
        stream truth = {.format = "b", .buffers = {NULL, yes}, .n_buffers = 2}, lie = truth;
        lie.buffers[1] = no;
        REQUIRE(read_stream(l.encoders, &truth, true, NULL, &rows, &l.error) == PLX_OK);
        CHECK_CLOSE(label_at(&rows, 0, 0), 1, 0);
        plx_rows_release(&rows, &plx_allocator_default);
        REQUIRE(read_stream(l.encoders, &lie, true, NULL, &rows, &l.error) == PLX_OK);
        CHECK_CLOSE(label_at(&rows, 0, 0), 0, 0);
        plx_rows_release(&rows, &plx_allocator_default);
        stream text = {.format = "u", .buffers = {NULL, offsets, "True        "}, .n_buffers = 3};
        const plx_status status = read_stream(l.encoders, &text, true, NULL, &rows, &l.error);
        CHECK_STATUS(status, has_positive ? PLX_OK : PLX_ERR_SCHEMA);
        if (!status) CHECK_CLOSE(label_at(&rows, 0, 0), 1, 0);
        if (!status) plx_rows_release(&rows, &plx_allocator_default);
        if (status) CHECK_TEXT(l.error.message, "rows, row 1: 'True' is not a label of task 'sold' (column 'x')");
        loaded_release(&l);
    }
}

static void test_floats_beyond_their_integers(void)
{
    static const double exact[] = {9007199254740992.0}, beyond[] = {9007199254740994.0};
    static const float wide[] = {1e17F};
    static const int64_t integer[] = {INT64_MAX};
    const struct {
        const char *format;
        const void *items;
        bool is_reported;
    } cases[] = {{"g", exact, false}, {"g", beyond, true}, {"f", wide, true}, {"l", integer, false}};
    small_spec s;
    loaded l;
    REQUIRE(load_text(&l, "x,sold\n1,1\n2,0\n", spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE})) ==
            PLX_OK);
    for (int i = 0; i < COUNT(cases); i++) {
        char heard[512] = "";
        stream batch = {.format = cases[i].format, .buffers = {NULL, cases[i].items}, .n_buffers = 2};
        CHECK(id_of_stream(l.encoders, &batch, heard) == 0);
        CHECK(!*heard == !cases[i].is_reported);
        if (cases[i].is_reported) CHECK_TEXT(heard, "column 'x' holds floats beyond 2^53");
    }
    loaded_release(&l);
}

/* -- Old files ---------------------------------------------------------------------------------------------------- */

static void test_rule_0_keeps_texts_as_they_stand(void)
{
    small_spec s;
    loaded l;
    const double twelve = 12;
    const char *const blank = " a";
    plx_table_spec *spec = spec_of_feature(&s, (plx_feature_spec){.kind = PLX_FEATURE_SPARSE});
    spec->is_rule_0 = true;
    REQUIRE(load_text(&l, "x,sold\n12.0,1\n12,1\nTrue,0\n\" a\",0\na,1\n", spec) == PLX_OK);
    CHECK(vocabulary_of(l.encoders, 0) == 6 && plx_encoders_value_rule(l.encoders) == 0);
    CHECK(id_of(l.encoders, (plx_column){.numbers = &twelve}) == id_at(&l.parts[0], 1, 0));
    CHECK(id_of(l.encoders, (plx_column){.texts = &blank}) == id_at(&l.parts[0], 4, 0));
    loaded_release(&l);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_sparse),
        CHECK_TEST(test_hashed),
        CHECK_TEST(test_items_of_lists),
        CHECK_TEST(test_exact_texts),
        CHECK_TEST(test_features_of_one_table_agree),
        CHECK_TEST(test_vocabularies_of_files),
        CHECK_TEST(test_labels),
        CHECK_TEST(test_listed_classes),
        CHECK_TEST(test_truths_are_numbers),
        CHECK_TEST(test_dates_are_no_numbers),
        CHECK_TEST(test_files_and_memory_agree),
        CHECK_TEST(test_integers_are_numbers),
        CHECK_TEST(test_record_batches_agree),
        CHECK_TEST(test_booleans_are_labels),
        CHECK_TEST(test_floats_beyond_their_integers),
        CHECK_TEST(test_rule_0_keeps_texts_as_they_stand),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
