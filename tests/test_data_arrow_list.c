/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow columns of lists compared with separated cells of a file, read a few rows together; and invalid lists. */
#include <string.h>

#include "check.h"
#include "data/arrow_read.h"
#include "read_source.h"

enum { ROWS = 4 };

/** One batch: a column of lists of some kind, and labels. */
typedef struct source {
    const char *format, *item_format;
    const void *list_buffers[2], *item_buffers[3];
    int n_list_buffers, n_item_buffers;
    int64_t nulls, n_items, item_nulls;
    bool is_read;
    struct ArrowSchema items_schema, schemas[2], *item_schemas[1], *schema_children[2];
    struct ArrowArray items, arrays[2], *item_arrays[1], *children[2];
} source;

static const int64_t labels[] = {9, 1, 0, 0, 1};

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    source *s = stream->private_data;
    s->items_schema = (struct ArrowSchema){.format = s->item_format, .name = "item"};
    s->item_schemas[0] = &s->items_schema;
    s->schemas[0] =
        (struct ArrowSchema){.format = s->format, .name = "pair", .n_children = 1, .children = s->item_schemas};
    s->schemas[1] = (struct ArrowSchema){.format = "l", .name = "sold"};
    s->schema_children[0] = &s->schemas[0];
    s->schema_children[1] = &s->schemas[1];
    *out = (struct ArrowSchema){
        .format = "+s", .n_children = 2, .children = s->schema_children, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static const void *label_buffers[] = {NULL, labels};
    source *s = stream->private_data;
    *out = (struct ArrowArray){0};
    if (s->is_read) return 0;
    s->is_read = true;
    s->items = (struct ArrowArray){.length = s->n_items,
                                   .offset = 1,
                                   .null_count = s->item_nulls,
                                   .n_buffers = s->n_item_buffers,
                                   .buffers = s->item_buffers};
    s->item_arrays[0] = &s->items;
    s->arrays[0] = (struct ArrowArray){.length = ROWS,
                                       .offset = 1,
                                       .null_count = s->nulls,
                                       .n_buffers = s->n_list_buffers,
                                       .buffers = s->list_buffers,
                                       .n_children = 1,
                                       .children = s->item_arrays};
    s->arrays[1] = (struct ArrowArray){.length = ROWS, .offset = 1, .n_buffers = 2, .buffers = label_buffers};
    s->children[0] = &s->arrays[0];
    s->children[1] = &s->arrays[1];
    *out = (struct ArrowArray){.length = ROWS, .n_children = 2, .children = s->children, .release = release_array};
    return 0;
}

static plx_encoders *make_encoders(bool splits)
{
    static char *train[] = {"x.csv"};
    plx_feature_spec feature = {.name = "pair", .kind = PLX_FEATURE_DENSE, .size = 2, .separator = "|", .missing = -5};
    plx_feature_spec text = {.name = "pair", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 2};
    plx_task_spec task = {.name = "sold", .kind = PLX_TASK_BINARY, .weight = 1};
    plx_table_spec spec = {
        .data = {.train = {train, 1}, .delimiter = ",", .quote = "\"", .header = true, .comment = "", .trim = true},
        .features = splits ? &feature : &text,
        .n_features = 1,
        .tasks = &task,
        .n_tasks = 1};
    plx_encoders *out = NULL;
    plx_error error = {.message = ""};
    if (plx_encoders_create(&plx_allocator_default, &spec, &out, &error) != PLX_OK) printf("  %s\n", error.message);
    return out;
}

static plx_status read_stream(plx_encoders *e, source *s, size_t most, plx_columns *columns, plx_error *err)
{
    struct ArrowArrayStream stream = {
        .get_schema = get_schema, .get_next = get_next, .release = release_stream, .private_data = s};
    const plx_filling to = {.encoders = e, .columns = columns, .with_labels = true};
    plx_arrow_reader *reader = NULL;
    bool more = true;
    PLX_TRY(plx_arrow_reader_open(&to, &stream, "table", &reader, err));
    plx_status status = PLX_OK;
    while (!status && more) {
        size_t before = columns->n;
        status = plx_arrow_reader_rows(reader, most, &more, err);
        CHECK(columns->n - before <= most && (status || !more || columns->n > before));
    }
    plx_arrow_reader_close(reader);
    return status;
}

static void check_as_csv(source s)
{
    static const char csv[] = "pair,sold\n1.5|2,1\n,0\n-3|0.1,0\n4|,1\n";
    for (size_t most = 1; most <= ROWS + 1; most++) {
        source again = s;
        plx_columns from_csv = {0}, from_arrow = {0};
        plx_error error = {.message = ""};
        plx_encoders *one = make_encoders(true), *other = make_encoders(true);
        REQUIRE(one && other && plx_encoders_raw(one, true, &from_csv, NULL) == PLX_OK);
        REQUIRE(plx_encoders_raw(other, true, &from_arrow, NULL) == PLX_OK);
        const plx_filling to = {.encoders = one, .columns = &from_csv, .with_labels = true};
        REQUIRE(read_text(&to, csv, sizeof csv - 1, NULL) == PLX_OK);
        CHECK_STATUS(read_stream(other, &again, most, &from_arrow, &error), PLX_OK);
        if (error.message[0]) printf("  %s\n", error.message);
        check_same_records(one, &from_csv, other, &from_arrow, ROWS);
    }
}

/*
 * Items and lists begin one after the start of their buffers; the second list is null, and the last item of the last
 * one.
 */
static const double items[] = {99, 7, 1.5, 2, -3, 0.1, 4, 55};
static const uint8_t items_valid[] = {0x7f}, lists_valid[] = {0xfb};
static const int32_t offsets[] = {0, 1, 3, 3, 5, 7};
static const int64_t large_offsets[] = {0, 1, 3, 3, 5, 7};

static source plain(void)
{
    return (source){.format = "+l",
                    .item_format = "g",
                    .list_buffers = {lists_valid, offsets},
                    .n_list_buffers = 2,
                    .nulls = 1,
                    .item_buffers = {items_valid, items},
                    .n_item_buffers = 2,
                    .n_items = 7,
                    .item_nulls = 1};
}

static void test_lists(void)
{
    source s = plain();
    check_as_csv(s);
    s.format = "+L";
    s.list_buffers[1] = large_offsets;
    check_as_csv(s);
}

static void test_fixed_lists(void)
{
    static const float fixed[] = {99, 7, 7, 1.5F, 2, 8, 8, -3, 0.1F, 4, 55};
    static const uint8_t valid[] = {0xff, 0x03};
    source s = plain();
    s.format = "+w:2";
    s.n_list_buffers = 1;
    s.item_format = "f";
    s.item_buffers[0] = valid;
    s.item_buffers[1] = fixed;
    s.n_items = 10;
    check_as_csv(s);
}

static void test_texts(void)
{
    static const int32_t ends[] = {0, 2, 3, 6, 7, 9, 12, 13, 13};
    source s = plain();
    s.item_format = "u";
    s.item_buffers[0] = NULL;
    s.item_buffers[1] = ends;
    s.item_buffers[2] = "??71.52-30.14";
    s.n_item_buffers = 3;
    s.item_nulls = 0;
    check_as_csv(s);
}

static void check_fails(source s, bool splits, plx_status expected, const char *text)
{
    plx_columns into = {0};
    plx_error error = {.message = ""};
    plx_encoders *e = make_encoders(splits);
    REQUIRE(e && plx_encoders_raw(e, true, &into, NULL) == PLX_OK);
    CHECK_STATUS(read_stream(e, &s, 100, &into, &error), expected);
    CHECK(strstr(error.message, text) != NULL);
    if (!strstr(error.message, text)) printf("  %s\n", error.message);
    plx_columns_release(&into);
    plx_encoders_release(e);
}

static void test_wrong_lists(void)
{
    static const int32_t falling[] = {0, 1, 3, 2, 5, 7}, far[] = {0, 1, 3, 3, 5, 8}, negative[] = {0, -1, 3, 3, 5, 7};
    static const int32_t ends[] = {0, 2, 3, 6, 7, 9, 12, 13, 13};
    check_fails(plain(), false, PLX_ERR_SCHEMA, "table, row 1: column 'pair' holds lists, and no feature");
    source s = plain();
    s.nulls = 0;
    s.list_buffers[1] = falling;
    check_fails(s, true, PLX_ERR_FORMAT, "table: column 'pair': a list of the Arrow array lies outside");
    s.list_buffers[1] = far;
    check_fails(s, true, PLX_ERR_FORMAT, "column 'pair': a list of the Arrow array lies outside");
    s.list_buffers[1] = negative;
    check_fails(s, true, PLX_ERR_FORMAT, "column 'pair': a list of the Arrow array lies outside");
    s.list_buffers[1] = NULL;
    check_fails(s, true, PLX_ERR_FORMAT, "has no values");
    s = plain();
    s.n_list_buffers = 1;
    check_fails(s, true, PLX_ERR_FORMAT, "buffers of the Arrow array are missing");
    s = plain();
    s.item_format = "tDs";
    check_fails(s, true, PLX_ERR_SCHEMA, "durations");
    s = plain();
    s.item_format = "u";
    s.item_buffers[0] = NULL;
    s.item_buffers[1] = ends;
    s.item_buffers[2] = "??71|52-30.14";
    s.n_item_buffers = 3;
    s.item_nulls = 0;
    check_fails(s, true, PLX_ERR_SCHEMA, "table, row 1: an item of a list in column 'pair' holds the separator '|'");
    s = plain();
    s.format = "+w:99999999999999999";
    s.n_list_buffers = 1;
    check_fails(s, true, PLX_ERR_FORMAT, "buffers of the Arrow array are missing");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_lists), CHECK_TEST(test_fixed_lists), CHECK_TEST(test_texts),
                                       CHECK_TEST(test_wrong_lists)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
