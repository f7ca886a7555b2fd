/* SPDX-License-Identifier: Apache-2.0 */
/* Record batches compared with the same rows in a file: every type of column, offsets, nulls, dictionaries, errors. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "data/arrow_read.h"
#include "read_source.h"

enum { ROWS = 5, COLUMNS_MAX = 8, FIRST = 3 /* rows of the buffers before the array's own */ };

/* A column as a test writes it; buffers begin with FIRST rows of arbitrary values. */
typedef struct column {
    const char *name, *format;
    const void *buffers[4];
    int n_buffers;
    int64_t nulls;
    const struct column *dictionary, *item; /* for lists */
    int64_t length;                         /* 0: ROWS */
} column;

typedef struct source {
    const column *columns;
    int n, batches; /* how often the batch is repeated */
    int fails;      /* an errno that get_next returns instead */
    int made, released;
    struct ArrowSchema schemas[COLUMNS_MAX], dictionaries[COLUMNS_MAX], *schema_children[COLUMNS_MAX];
    struct ArrowSchema item_schemas[COLUMNS_MAX], *item_schema[COLUMNS_MAX];
    struct ArrowArray item_arrays[COLUMNS_MAX], *item_array[COLUMNS_MAX];
    struct ArrowArray arrays[COLUMNS_MAX], dictionary_arrays[COLUMNS_MAX], *children[COLUMNS_MAX];
} source;

static void release_schema(struct ArrowSchema *schema)
{
    ((source *)schema->private_data)->released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    ((source *)array->private_data)->released++;
    array->release = NULL;
}

static struct ArrowSchema schema_of(const column *c, struct ArrowSchema *dictionary)
{
    if (c->dictionary) *dictionary = (struct ArrowSchema){.format = c->dictionary->format, .name = ""};
    return (struct ArrowSchema){
        .format = c->format, .name = c->name, .flags = 2, .dictionary = c->dictionary ? dictionary : NULL};
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    source *s = stream->private_data;
    for (int i = 0; i < s->n; i++) {
        s->schemas[i] = schema_of(&s->columns[i], &s->dictionaries[i]);
        s->schema_children[i] = &s->schemas[i];
        if (s->columns[i].item) {
            s->item_schemas[i] = (struct ArrowSchema){.format = s->columns[i].item->format, .name = "item"};
            s->item_schema[i] = &s->item_schemas[i];
            s->schemas[i].n_children = 1;
            s->schemas[i].children = &s->item_schema[i];
        }
    }
    *out = (struct ArrowSchema){.format = "+s",
                                .n_children = s->n,
                                .children = s->schema_children,
                                .release = release_schema,
                                .private_data = s};
    s->made++;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    source *s = stream->private_data;
    *out = (struct ArrowArray){0};
    if (s->fails) return s->fails;
    if (s->batches-- <= 0) return 0;
    for (int i = 0; i < s->n; i++) {
        const column *c = &s->columns[i];
        s->arrays[i] = (struct ArrowArray){.length = c->length ? c->length : ROWS + 1,
                                           .offset = FIRST - 1,
                                           .null_count = c->nulls,
                                           .n_buffers = c->n_buffers,
                                           .buffers = (const void **)(void *)c->buffers};
        if (c->dictionary) {
            s->dictionary_arrays[i] = (struct ArrowArray){.length = c->dictionary->length,
                                                          .null_count = c->dictionary->nulls,
                                                          .n_buffers = c->dictionary->n_buffers,
                                                          .buffers = (const void **)(void *)c->dictionary->buffers};
            s->arrays[i].dictionary = &s->dictionary_arrays[i];
        }
        if (c->item) {
            s->item_arrays[i] = (struct ArrowArray){.length = c->item->length,
                                                    .n_buffers = c->item->n_buffers,
                                                    .buffers = (const void **)(void *)c->item->buffers};
            s->item_array[i] = &s->item_arrays[i];
            s->arrays[i].n_children = 1;
            s->arrays[i].children = &s->item_array[i];
        }
        s->children[i] = &s->arrays[i];
    }
    /* The batch begins one row after the start of its columns. */
    *out = (struct ArrowArray){.length = ROWS,
                               .offset = 1,
                               .n_children = s->n,
                               .children = s->children,
                               .release = release_array,
                               .private_data = s};
    s->made++;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the disk is gone";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static struct ArrowArrayStream stream_of(source *s)
{
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, s};
}

/* Five rows: color red, "", blue, red, green; size 1.5, 2, (missing: -1), 1e10, 0.1; code 7, -3, 0, 12, 7; sold 1 0 0 1
 * 1. */
static const int32_t color_offsets[] = {0, 1, 2, 3, 6, 6, 10, 13, 18};
static const int64_t color_large[] = {0, 1, 2, 3, 6, 6, 10, 13, 18};
static const char color_bytes[] = "xxxredbluered green";
static const char color_text[] = "xxxredblueredgreen";
static const double sizes[] = {9, 9, 9, 1.5, 2, NAN, 1e10, 0.1};
static const double sizes_hidden[] = {9, 9, 9, 1.5, 2, 55, 1e10, 0.1};
static const uint8_t sizes_valid[] = {0xdf};
static const float sizes_float[] = {9, 9, 9, 1.5F, 2, NAN, 1e10F, 0.1F};
static const int64_t codes[] = {9, 9, 9, 7, -3, 0, 12, 7};
static const int8_t codes_small[] = {9, 9, 9, 7, -3, 0, 12, 7};
static const double codes_double[] = {9, 9, 9, 7, -3, 0, 12, 7};
static const uint8_t sold_bits[] = {0xc8 | 0x07};
static const uint8_t sold_small[] = {9, 9, 9, 1, 0, 0, 1, 1};

#define COLOR                                                                                                          \
    {                                                                                                                  \
        .name = "color", .format = "u", .buffers = {NULL, color_offsets, color_text}, .n_buffers = 3                   \
    }
#define SIZE                                                                                                           \
    {                                                                                                                  \
        .name = "size", .format = "g", .buffers = {NULL, sizes}, .n_buffers = 2                                        \
    }
#define CODE                                                                                                           \
    {                                                                                                                  \
        .name = "code", .format = "l", .buffers = {NULL, codes}, .n_buffers = 2                                        \
    }
#define SOLD                                                                                                           \
    {                                                                                                                  \
        .name = "sold", .format = "b", .buffers = {NULL, sold_bits}, .n_buffers = 2                                    \
    }
#define IGNORED                                                                                                        \
    {                                                                                                                  \
        .name = "when", .format = "tdD", .buffers = {NULL, codes}, .n_buffers = 2                                      \
    }

static plx_encoders *make_encoders(void)
{
    static char *train[] = {"x.csv"};
    static plx_feature_spec features[] = {
        {.name = "color", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 4},
        {.name = "code", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 4},
        {.name = "size", .kind = PLX_FEATURE_DENSE, .missing = -1},
        {.name = "number", .column = "code", .kind = PLX_FEATURE_DENSE, .missing = NAN}};
    static plx_task_spec tasks[] = {{.name = "sold", .kind = PLX_TASK_BINARY, .weight = 1}};
    plx_table_spec spec = {
        .data = {.train = {train, 1}, .delimiter = ",", .quote = "\"", .header = true, .comment = "", .trim = true},
        .features = features,
        .n_features = 4,
        .tasks = tasks,
        .n_tasks = 1};
    plx_encoders *out = NULL;
    plx_error error;
    plx_status status = plx_encoders_create(&plx_allocator_default, &spec, &out, &error);
    if (status) printf("  %s\n", error.message);
    return status ? NULL : out;
}

/* Both ways must give the same records. */
static void check_as_csv(const column *columns, int n)
{
    static const char csv[] = "color,size,code,sold\nred,1.5,7,1\n,2,-3,0\nblue,,0,0\nred,1e10,12,1\ngreen,0.1,7,1\n";
    source s = {.columns = columns, .n = n, .batches = 1};
    struct ArrowArrayStream stream = stream_of(&s);
    plx_columns from_csv = {0}, from_arrow = {0};
    plx_error error = {0};
    plx_encoders *one = make_encoders(), *other = make_encoders();
    REQUIRE(one && other);
    REQUIRE(plx_encoders_raw(one, true, &from_csv, NULL) == PLX_OK);
    REQUIRE(plx_encoders_raw(other, true, &from_arrow, NULL) == PLX_OK);
    REQUIRE(read_text(&(plx_filling){.encoders = one, .columns = &from_csv, .with_labels = true}, csv, sizeof csv - 1,
                      NULL) == PLX_OK);
    plx_status status = plx_arrow_read(&(plx_filling){.encoders = other, .columns = &from_arrow, .with_labels = true},
                                       &stream, "table", &error);
    if (status) printf("  %s\n", error.message);
    REQUIRE(status == PLX_OK);
    CHECK(s.made == 2 && s.released == 2 && stream.release);
    check_same_records(one, &from_csv, other, &from_arrow, ROWS);
}

static void test_numbers(void)
{
    check_as_csv((column[]){COLOR, SIZE, CODE, SOLD, IGNORED}, 5);
    const column hidden = {
        .name = "size", .format = "g", .buffers = {sizes_valid, sizes_hidden}, .n_buffers = 2, .nulls = 1};
    const column small = {.name = "code", .format = "c", .buffers = {NULL, codes_small}, .n_buffers = 2};
    const column bytes = {.name = "sold", .format = "C", .buffers = {NULL, sold_small}, .n_buffers = 2};
    check_as_csv((column[]){bytes, hidden, COLOR, small}, 4);
    const column real = {.name = "code", .format = "g", .buffers = {NULL, codes_double}, .n_buffers = 2};
    const column single = {.name = "size", .format = "f", .buffers = {NULL, sizes_float}, .n_buffers = 2};
    check_as_csv((column[]){bytes, single, COLOR, real}, 4);
}

static void test_texts(void)
{
    const column large = {.name = "color", .format = "U", .buffers = {NULL, color_large, color_text}, .n_buffers = 3};
    check_as_csv((column[]){large, SIZE, CODE, SOLD}, 4);
    static const int32_t blank_offsets[] = {0, 1, 2, 3, 6, 6, 10, 14, 19};
    const column blank = {
        .name = "color", .format = "z", .buffers = {NULL, blank_offsets, color_bytes}, .n_buffers = 3};
    check_as_csv((column[]){blank, SIZE, CODE, SOLD}, 4);
    /* Numbers as texts. */
    static const char size_text[] = "1.521e100.1";
    static const int32_t size_offsets[] = {0, 0, 0, 0, 3, 4, 4, 8, 11};
    const column written = {.name = "size", .format = "u", .buffers = {NULL, size_offsets, size_text}, .n_buffers = 3};
    check_as_csv((column[]){COLOR, written, CODE, SOLD}, 4);
}

static void test_views(void)
{
    typedef struct view {
        int32_t length;
        char start[4];
        int32_t block, place;
    } view;
    static const view views[] = {{9, "xxxx", 7, 7}, {9, "xxxx", 7, 7}, {9, "xxxx", 7, 7}, {3, "red", 0, 0},
                                 {0, "", 0, 0},     {4, "blue", 0, 0}, {3, "red", 0, 0},  {5, "gree", 'n', 0}};
    const column short_ones = {.name = "color", .format = "vu", .buffers = {NULL, views, NULL}, .n_buffers = 3};
    check_as_csv((column[]){short_ones, SIZE, CODE, SOLD}, 4);
}

static void test_dictionary(void)
{
    static const int32_t offsets[] = {0, 3, 7, 12, 12};
    static const uint8_t places[] = {99, 99, 99, 0, 3, 1, 0, 2}, valid[] = {0xef};
    const column words = {.format = "u", .buffers = {NULL, offsets, "redbluegreen"}, .n_buffers = 3, .length = 4};
    const column colors = {
        .name = "color", .format = "C", .buffers = {NULL, places}, .n_buffers = 2, .dictionary = &words};
    check_as_csv((column[]){colors, SIZE, CODE, SOLD}, 4);
    const column with_null = {
        .name = "color", .format = "C", .buffers = {valid, places}, .n_buffers = 2, .nulls = -1, .dictionary = &words};
    check_as_csv((column[]){with_null, SIZE, CODE, SOLD}, 4);
}

static void check_fails(const column *columns, int n, int fails, plx_status expected, const char *text)
{
    source s = {.columns = columns, .n = n, .batches = 2, .fails = fails};
    struct ArrowArrayStream stream = stream_of(&s);
    plx_columns into = {0};
    plx_error error = {0};
    plx_encoders *e = make_encoders();
    REQUIRE(e && plx_encoders_raw(e, true, &into, NULL) == PLX_OK);
    CHECK(plx_arrow_read(&(plx_filling){.encoders = e, .columns = &into, .with_labels = true}, &stream, "table",
                         &error) == expected);
    if (!strstr(error.message, text)) printf("  %s\n", error.message);
    CHECK(strstr(error.message, text) != NULL);
    CHECK(s.made == s.released);
    plx_columns_release(&into);
    plx_encoders_release(e);
}

static void test_wrong_input(void)
{
    check_fails((column[]){COLOR, SIZE, SOLD}, 3, 0, PLX_ERR_SCHEMA, "table: there is no column 'code'");
    column misspelt = SIZE;
    misspelt.name = "sise";
    check_fails((column[]){COLOR, misspelt, CODE, SOLD}, 4, 0, PLX_ERR_SCHEMA, "did you mean 'sise'?");
    check_fails((column[]){COLOR, SIZE, CODE, SOLD, SIZE}, 5, 0, PLX_ERR_SCHEMA, "column 'size' appears twice");
    column dates = SIZE;
    dates.format = "tDs";
    check_fails((column[]){COLOR, dates, CODE, SOLD}, 4, 0, PLX_ERR_SCHEMA,
                "table: column 'size': durations (Arrow format 'tDs'); cast the column");
    static const double not_labels[] = {9, 9, 9, 1, 0, 0.5, 1, 1};
    const column sold = {.name = "sold", .format = "g", .buffers = {NULL, not_labels}, .n_buffers = 2};
    check_fails((column[]){COLOR, SIZE, CODE, sold}, 4, 0, PLX_ERR_SCHEMA,
                "table, row 3: '0.5' is not a label of task 'sold'");
    column words = COLOR;
    words.name = "size";
    check_fails((column[]){COLOR, words, CODE, SOLD}, 4, 0, PLX_ERR_SCHEMA, "table, row 1: 'red' is not a number");
    static const double lacking[] = {9, 9, 9, 1, 2, NAN, 4, 5};
    const column code = {.name = "code", .format = "g", .buffers = {NULL, lacking}, .n_buffers = 2};
    check_fails((column[]){COLOR, SIZE, code, SOLD}, 4, 0, PLX_ERR_SCHEMA,
                "table, row 3: a missing number in column 'code'");
    static const int32_t ranges[] = {0, 0, 0, 0, 1, 2, 2, 3, 4};
    const column item = {.format = "l", .buffers = {NULL, codes}, .n_buffers = 2, .length = 4};
    const column lists = {.name = "code", .format = "+l", .buffers = {NULL, ranges}, .n_buffers = 2, .item = &item};
    check_fails((column[]){COLOR, SIZE, lists, SOLD}, 4, 0, PLX_ERR_SCHEMA,
                "column 'code' holds lists, and no feature");
    static const int32_t outside[] = {0, 0, 0, 0, 1, 2, 2, 3, 5};
    column wrong = lists;
    wrong.buffers[1] = outside;
    check_fails((column[]){COLOR, SIZE, wrong, SOLD}, 4, 0, PLX_ERR_FORMAT, "column 'code': a list of the Arrow array");
    column brief = SIZE;
    brief.length = ROWS - 1;
    check_fails((column[]){COLOR, brief, CODE, SOLD}, 4, 0, PLX_ERR_FORMAT, "column 'size': the column is shorter");
    static const uint8_t places[] = {0, 0, 0, 0, 0, 4, 0, 0};
    const column few = {.format = "u", .buffers = {NULL, color_offsets, color_text}, .n_buffers = 3, .length = 2};
    const column far = {.name = "color", .format = "C", .buffers = {NULL, places}, .n_buffers = 2, .dictionary = &few};
    check_fails((column[]){far, SIZE, CODE, SOLD}, 4, 0, PLX_ERR_FORMAT,
                "table, row 3: the Arrow dictionary has no value");
    check_fails((column[]){COLOR, SIZE, CODE, SOLD}, 4, EIO, PLX_ERR_IO,
                "table: the Arrow stream failed: the disk is gone");
    struct ArrowArrayStream used = {0};
    CHECK(plx_arrow_read(NULL, &used, "table", NULL) == PLX_ERR_ARGUMENT);
}

int main(int argc, char **argv)
{
    const check_test tests[] = {
        CHECK_TEST(test_numbers),    CHECK_TEST(test_texts),       CHECK_TEST(test_views),
        CHECK_TEST(test_dictionary), CHECK_TEST(test_wrong_input),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
