/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are used in place. A NULL text is null; texts are copied into one buffer, as Arrow requires. */
#include "files/column_stream.h"

#include <string.h>

static void keep_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const plx_column_stream *s = stream->private_data;
    *out = s->schema;
    out->release = keep_schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    plx_column_stream *s = stream->private_data;
    *out = (struct ArrowArray){.length = 0};
    if (s->is_read) return 0;
    s->is_read = true;
    *out = s->batch;
    out->release = keep_array;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static const void **take_buffers(plx_arena *arena, const void *values)
{
    const void **buffers = plx_arena_take(arena, 2, sizeof *buffers);
    if (buffers) buffers[1] = values;
    return buffers;
}

static void set_numbers(plx_arena *arena, const void *numbers, const char *format, int64_t n,
                        struct ArrowSchema *schema, struct ArrowArray *array)
{
    schema->format = format;
    *array = (struct ArrowArray){.length = n, .n_buffers = 2, .buffers = take_buffers(arena, numbers)};
}

/* Cells of `width` numbers are fixed-size lists. */
static void set_vectors(plx_arena *arena, const plx_column *column, int64_t rows, struct ArrowSchema *schema,
                        struct ArrowArray *array)
{
    const void *numbers = column->numbers ? (const void *)column->numbers : column->integers;
    struct ArrowSchema *item = plx_arena_take(arena, 1, sizeof *item);
    struct ArrowArray *items = plx_arena_take(arena, 1, sizeof *items);
    schema->children = plx_arena_take(arena, 1, sizeof *schema->children);
    schema->format = plx_arena_format(arena, "+w:%d", column->width);
    *array = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 1};
    array->children = plx_arena_take(arena, 1, sizeof *array->children);
    array->buffers = take_buffers(arena, NULL);
    if (!item || !items || !schema->children || !array->children) return;
    item->name = "item";
    schema->n_children = 1;
    schema->children[0] = item;
    array->children[0] = items;
    set_numbers(arena, numbers, column->numbers ? "g" : "l", rows * column->width, item, items);
}

static void set_texts(plx_arena *arena, const char *const *texts, size_t rows, struct ArrowSchema *schema,
                      struct ArrowArray *array)
{
    const void **buffers = plx_arena_take(arena, 3, sizeof *buffers);
    uint8_t *valid = plx_arena_take(arena, rows / 8 + 1, 1);
    int64_t *ends = plx_arena_take(arena, rows + 1, sizeof *ends);
    schema->format = "U";
    if (!buffers || !valid || !ends) return;
    for (size_t row = 0; row < rows; row++) {
        ends[row + 1] = ends[row] + (texts[row] ? (int64_t)strlen(texts[row]) : 0);
        if (texts[row]) valid[row / 8] |= (uint8_t)(1 << row % 8);
    }
    char *bytes = plx_arena_take(arena, (size_t)ends[rows] + 1, 1);
    for (size_t row = 0; bytes && row < rows; row++)
        if (texts[row]) memcpy(bytes + ends[row], texts[row], (size_t)(ends[row + 1] - ends[row]));
    buffers[0] = valid;
    buffers[1] = ends;
    buffers[2] = bytes;
    *array = (struct ArrowArray){.length = (int64_t)rows, .null_count = -1, .n_buffers = 3, .buffers = buffers};
}

static plx_status set_column(plx_arena *arena, const plx_column *column, int64_t rows, struct ArrowSchema *schema,
                             struct ArrowArray *array, plx_error *err)
{
    if (!column->name) PLX_FAIL(err, PLX_ERR_ARGUMENT, "a column has no name");
    schema->name = column->name;
    schema->flags = 2; /* nullable */
    if (column->texts)
        set_texts(arena, column->texts, (size_t)rows, schema, array);
    else if (!column->numbers && !column->integers)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' has no cells: set texts, numbers or integers", column->name);
    else if (column->width > 1)
        set_vectors(arena, column, rows, schema, array);
    else if (column->numbers)
        set_numbers(arena, column->numbers, "g", rows, schema, array);
    else
        set_numbers(arena, column->integers, "l", rows, schema, array);
    return PLX_OK;
}

plx_status plx_column_stream_init(plx_column_stream *s, const plx_allocator *allocator, const plx_column *columns,
                                  int n, int64_t rows, plx_error *err)
{
    *s = (plx_column_stream){.stream = {get_schema, get_next, get_last_error, release, s}};
    plx_arena_init(&s->arena, allocator);
    struct ArrowSchema *schemas = plx_arena_take(&s->arena, (size_t)n, sizeof *schemas);
    struct ArrowArray *arrays = plx_arena_take(&s->arena, (size_t)n, sizeof *arrays);
    s->schema = (struct ArrowSchema){.format = "+s", .name = "", .n_children = n};
    s->schema.children = plx_arena_take(&s->arena, (size_t)n, sizeof *s->schema.children);
    s->batch = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = n};
    s->batch.children = plx_arena_take(&s->arena, (size_t)n, sizeof *s->batch.children);
    s->batch.buffers = take_buffers(&s->arena, NULL);
    for (int i = 0; i < n && !plx_arena_failed(&s->arena); i++) {
        s->schema.children[i] = &schemas[i];
        s->batch.children[i] = &arrays[i];
        PLX_TRY(set_column(&s->arena, &columns[i], rows, &schemas[i], &arrays[i], err));
    }
    return plx_arena_failed(&s->arena) ? plx_error_memory(err) : PLX_OK;
}

void plx_column_stream_release(plx_column_stream *s)
{
    plx_arena_release(&s->arena);
}
