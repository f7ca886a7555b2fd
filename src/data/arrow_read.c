/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of record batches into raw columns. Batches are read where they lie; only categories are copied. */
#include <string.h>

#include "data/arrow.h"

enum { AHEAD = 8 }; /* bytes that may be read behind a text, rounded up */

typedef struct reader {
    const plx_filling *to;
    const char *name;
    int64_t row;     /* rows before the batch */
    int64_t *places; /* [n_inputs] of each one's column in a batch; -1: not read */
    plx_string room; /* for texts at the end of their buffer */
} reader;

static plx_status fail_stream(const reader *r, struct ArrowArrayStream *stream, int code, plx_error *err)
{
    const char *why = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    PLX_FAIL(err, PLX_ERR_IO, "%s: the Arrow stream failed: %s", r->name, why ? why : strerror(code));
}

static plx_status fail_missing(const reader *r, const struct ArrowSchema *schema, const char *column, plx_error *err)
{
    const plx_allocator *allocator = &r->to->encoders->allocator;
    const char *nearest = NULL, **names = plx_alloc(allocator, (size_t)schema->n_children, sizeof *names);
    for (int64_t i = 0; names && i < schema->n_children; i++)
        names[i] = schema->children[i]->name ? schema->children[i]->name : "";
    if (names) nearest = plx_nearest(plx_slice_of(column), names, (size_t)schema->n_children);
    if (nearest)
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: there is no column '%s'; did you mean '%s'?", r->name, column, nearest);
    else
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: there is no column '%s'", r->name, column);
    plx_free(allocator, names);
    return PLX_ERR_SCHEMA;
}

static plx_status find_columns(const reader *r, const struct ArrowSchema *schema, plx_error *err)
{
    const plx_encoders *e = r->to->encoders;
    if (!schema->format || strcmp(schema->format, "+s") != 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the Arrow stream has no record batches; hand over a table", r->name);
    for (int i = 0; i < e->n_inputs; i++)
        r->places[i] = -1;
    for (int64_t place = 0; place < schema->n_children; place++) {
        plx_slice name = plx_slice_of(schema->children[place]->name ? schema->children[place]->name : "");
        uint32_t input = plx_dictionary_find(&e->input_names, name, plx_text_hash(name.text, name.length));
        if (input == PLX_NOT_FOUND || !plx_input_is_read(&e->inputs[input], r->to->with_labels)) continue;
        if (r->places[input] >= 0)
            PLX_FAIL(err, PLX_ERR_SCHEMA, "%s: column '%s' is there twice", r->name, e->inputs[input].column);
        r->places[input] = place;
    }
    for (int i = 0; i < e->n_inputs; i++)
        if (r->places[i] < 0 && plx_input_is_read(&e->inputs[i], r->to->with_labels))
            return fail_missing(r, schema, e->inputs[i].column, err);
    return PLX_OK;
}

/* The text with bytes behind it that may be read. */
static plx_status with_room(reader *r, const plx_arrow_value *value, plx_slice *text, plx_error *err)
{
    static const char nothing[AHEAD] = {0};
    *text = value->text;
    if (text->length == 0) {
        text->text = nothing;
        return PLX_OK;
    }
    if (value->limit - (text->text + text->length) >= AHEAD) return PLX_OK;
    r->room.length = 0;
    plx_string_add(&r->room, text->text, text->length);
    plx_string_add(&r->room, nothing, AHEAD);
    if (r->room.failed) return plx_error_memory(err);
    text->text = r->room.text;
    return PLX_OK;
}

/* What stands between the items of a list in a cell of this column; 0: nothing reads lists there. */
static char separator_of(const plx_encoders *e, int input)
{
    for (int i = 0; i < e->layout.n_lists; i++)
        if (e->lists[i].input == input || e->lists[i].weight_input == input) return e->lists[i].separator;
    return e->inputs[input].separator;
}

/* A list as the cell that a file would have. */
static plx_status add_list(reader *r, int input, const plx_arrow_column *column, int64_t row, plx_error *err)
{
    static const char nothing[AHEAD] = {0};
    const char separator = separator_of(r->to->encoders, input);
    int64_t first, n;
    char decimal[32];
    if (!separator)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "column '%s' holds lists, and no feature that reads it takes lists",
                 r->to->encoders->inputs[input].column);
    r->room.length = 0;
    plx_arrow_list_at(column, row, &first, &n);
    for (int64_t i = 0; i < n; i++) {
        const plx_arrow_value value = plx_arrow_item_at(column, first + i, decimal);
        if (i > 0) plx_string_add(&r->room, &separator, 1);
        if (value.text.length && memchr(value.text.text, separator, value.text.length))
            PLX_FAIL(err, PLX_ERR_SCHEMA, "an item of a list in column '%s' holds the separator '%c': choose another",
                     r->to->encoders->inputs[input].column, separator);
        plx_string_add(&r->room, value.text.text, value.text.length);
    }
    const size_t length = r->room.length;
    plx_string_add(&r->room, nothing, AHEAD);
    if (r->room.failed) return plx_error_memory(err);
    return plx_filling_text(r->to, input, (plx_slice){r->room.text, length}, err);
}

static plx_status add_value(reader *r, int input, const plx_arrow_column *column, int64_t row, plx_error *err)
{
    char decimal[32 + AHEAD] = {0};
    plx_arrow_value value;
    plx_slice text;
    if (column->is_list) return add_list(r, input, column, row, err);
    PLX_TRY(plx_arrow_value_at(column, row, r->to->columns->items[input].has_texts ? decimal : NULL, &value, err));
    if (value.is_number && !value.is_missing) return plx_filling_number(r->to, input, value.number, value.text, err);
    PLX_TRY(with_room(r, &value, &text, err));
    if (r->to->encoders->csv.trim) text = plx_slice_trim(text);
    return plx_filling_text(r->to, input, text, err);
}

static plx_status fill_row(reader *r, const plx_arrow_column *columns, int64_t row, plx_error *err)
{
    int together = 0;
    PLX_TRY(plx_columns_reserve(r->to->columns, err));
    for (int i = 0; i < r->to->encoders->n_inputs; i++)
        if (r->places[i] >= 0) PLX_TRY(add_value(r, i, &columns[i], row, err));
    return plx_filling_row(r->to, &together, err);
}

/* `row` counts in the columns, `number` all rows of the stream. */
static plx_status add_row(reader *r, const plx_arrow_column *columns, int64_t row, int64_t number, plx_error *err)
{
    plx_status status = fill_row(r, columns, row, err);
    if (!status) return PLX_OK;
    if (status == PLX_ERR_SCHEMA || status == PLX_ERR_FORMAT)
        plx_error_prefix(err, "%s, row %lld", r->name, (long long)(number + 1));
    return plx_filling_wrong_row(r->to, status, err);
}

static plx_status add_batch(reader *r, const struct ArrowSchema *schema, const struct ArrowArray *batch,
                            plx_arrow_column *columns, plx_error *err)
{
    const plx_encoders *e = r->to->encoders;
    if (batch->n_children != schema->n_children || batch->length < 0 || batch->offset < 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: a batch of the Arrow stream does not fit its schema", r->name);
    for (int i = 0; i < e->n_inputs; i++) {
        if (r->places[i] < 0) continue;
        const struct ArrowArray *child = batch->children[r->places[i]];
        plx_status status = plx_arrow_column_init(&columns[i], schema->children[r->places[i]], child, err);
        if (!status && child->length < batch->offset + batch->length)
            status = plx_error_set(err, PLX_ERR_FORMAT, "the column is shorter than its batch");
        if (status) plx_error_prefix(err, "%s: column '%s'", r->name, e->inputs[i].column);
        if (status) return status;
    }
    for (int64_t row = 0; row < batch->length; row++)
        PLX_TRY(add_row(r, columns, batch->offset + row, r->row + row, err));
    r->row += batch->length;
    return PLX_OK;
}

static plx_status read_batches(reader *r, struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
                               plx_error *err)
{
    const plx_allocator *allocator = &r->to->encoders->allocator;
    const size_t n = (size_t)r->to->encoders->n_inputs;
    plx_status status = PLX_OK;
    r->places = plx_alloc(allocator, n, sizeof *r->places);
    plx_arrow_column *columns = plx_alloc_zero(allocator, n, sizeof *columns);
    if (!r->places || !columns) status = plx_error_memory(err);
    if (!status) status = find_columns(r, schema, err);
    while (!status) {
        struct ArrowArray batch = {0};
        const int code = stream->get_next(stream, &batch);
        if (code) status = fail_stream(r, stream, code, err);
        if (code || !batch.release) break;
        status = add_batch(r, schema, &batch, columns, err);
        batch.release(&batch);
    }
    plx_free(allocator, columns);
    plx_free(allocator, r->places);
    return status;
}

plx_status plx_arrow_read(const plx_filling *to, struct ArrowArrayStream *stream, const char *name, plx_error *err)
{
    reader r = {.to = to, .name = name};
    struct ArrowSchema schema = {0};
    if (!stream || !stream->release) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s: the Arrow stream was used before", name);
    const int code = stream->get_schema(stream, &schema);
    if (code) return fail_stream(&r, stream, code, err);
    plx_string_init(&r.room, &to->encoders->allocator);
    plx_status status = read_batches(&r, stream, &schema, err);
    plx_string_release(&r.room);
    if (schema.release) schema.release(&schema);
    return status;
}
