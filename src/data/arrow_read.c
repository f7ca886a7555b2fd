/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a stream of record batches into raw columns. Batches are read in place; only categories are copied. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/arrow_reader.h"
#include "data/cells.h"

enum {
    AHEAD = 8,             /* bytes that may be read after a text, rounded up */
    PIECE_CELLS = 1 << 18, /* that a thread reads at a time */
    PIECE_ROWS_MIN = 256
};

typedef plx_arrow_source source;
typedef plx_arrow_reader reader;

plx_status plx_arrow_fail_stream(const reader *r, int code, plx_error *err)
{
    const char *why = r->stream->get_last_error ? r->stream->get_last_error(r->stream) : NULL;
    if (code == ENOMEM) return plx_error_memory(err);
    if (why && !*why) why = NULL;
    if (code == EBADMSG)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: is damaged: %s; get it again", r->name,
                 why ? why : "its metadata does not match its contents");
    PLX_FAIL(err, PLX_ERR_IO, "%s: the Arrow stream failed: %s", r->name, why ? why : strerror(code));
}

enum { LISTED_BYTES = 240 };

/* As many of the names as fit. */
static const char *list_names(const char *const *names, size_t n, char listed[LISTED_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t length = strlen(names[i]);
        if (used + length + sizeof ", ..." > LISTED_BYTES) {
            strcpy(listed + used, i ? ", ..." : "...");
            break;
        }
        used += (size_t)snprintf(listed + used, LISTED_BYTES - used, "%s%s", i ? ", " : "", names[i]);
    }
    return listed;
}

static plx_status fail_missing(const reader *r, const char *column, plx_error *err)
{
    char listed[LISTED_BYTES];
    const plx_allocator *allocator = &r->to.encoders->allocator;
    const size_t n = (size_t)r->schema.n_children;
    const char *nearest = NULL, **names = plx_alloc(allocator, n, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = r->schema.children[i]->name ? r->schema.children[i]->name : "";
    if (names) nearest = plx_nearest(plx_slice_of(column), names, n);
    if (nearest)
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: there is no column '%s'; did you mean '%s'?", r->name, column, nearest);
    else
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: there is no column '%s'; there are %s", r->name, column,
                      n && names ? list_names(names, n, listed) : "none");
    plx_free(allocator, names);
    return PLX_ERR_SCHEMA;
}

static plx_slice separator_of(const plx_encoders *e, int input)
{
    const plx_input *read = &e->inputs[input];
    return read->item_separator.length ? read->item_separator : read->separator;
}

static plx_status find_columns(reader *r, plx_error *err)
{
    const plx_encoders *e = r->to.encoders;
    const struct ArrowSchema *schema = &r->schema;
    if (!schema->format || strcmp(schema->format, "+s") != 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the Arrow stream has no record batches; pass a table", r->name);
    for (int i = 0; i < r->n_sources; i++) {
        r->places[i] = PLX_NO_PLACE;
        if (i >= e->n_inputs) continue;
        r->sources[i].separator = separator_of(e, i);
        r->sources[i].is_weights = e->inputs[i].n_weights == e->inputs[i].n_readers;
    }
    for (int place = 0; place < (int)schema->n_children; place++) {
        const char *name = schema->children[place]->name;
        PLX_TRY(plx_filling_place(&r->to, r->name, plx_slice_of(name ? name : ""), place, r->places, err));
    }
    const char *missing = plx_filling_missing(&r->to, r->places);
    return missing ? fail_missing(r, missing, err) : PLX_OK;
}

/* The text, followed by readable bytes. */
static plx_status pad_text(reader *r, const plx_arrow_value *value, plx_slice *text, plx_error *err)
{
    static const char nothing[AHEAD] = {0};
    *text = value->text;
    if (text->length == 0) {
        text->text = nothing;
        return PLX_OK;
    }
    if (value->limit - (text->text + text->length) >= AHEAD) return PLX_OK;
    r->buffer.length = 0;
    plx_string_add(&r->buffer, text->text, text->length);
    plx_string_add(&r->buffer, nothing, AHEAD);
    if (r->buffer.failed) return plx_error_memory(err);
    text->text = r->buffer.text;
    return PLX_OK;
}

static plx_status add_text(reader *r, int input, plx_slice text, plx_error *err)
{
    if (r->to.encoders->csv.trim) text = plx_slice_trim(text);
    return plx_filling_text(&r->to, input, text, err);
}

/* At most one warning per column. */
static void warn_of_float(const reader *r, source *s, int input, const plx_arrow_value *value)
{
    const plx_arrow_kind kind = s->column.values.kind;
    if (s->has_warned || (kind != PLX_ARROW_FLOAT && kind != PLX_ARROW_DOUBLE) || !r->to.encoders->inputs[input].texts)
        return;
    s->has_warned = plx_warn_of_float(&r->to.listener, r->to.encoders->inputs[input].column, value->number);
}

/* An item of a list as the text it would have in a file. Weights become floats, so they take a shorter way to the same
 * float: numbers with a text take twenty times as long. */
static plx_status item_at(reader *r, source *s, int input, int64_t at, char *buffer, plx_slice *text, plx_error *err)
{
    plx_arrow_value value;
    if (s->is_weights && s->column.values.kind != PLX_ARROW_HALF) { /* the text of a half has fewer digits */
        PLX_TRY(plx_arrow_item_at(&s->column, at, NULL, &value, err));
        const bool is_number = value.is_number && !value.is_missing;
        *text = (plx_slice){buffer, is_number ? plx_format_float((float)value.number, buffer) : 0};
        if (text->length && !plx_separator_find(s->separator, buffer, text->length)) return PLX_OK;
    }
    PLX_TRY(plx_arrow_item_at(&s->column, at, buffer, &value, err));
    if (!s->is_weights) warn_of_float(r, s, input, &value);
    *text = value.text;
    if (text->length && plx_separator_find(s->separator, text->text, text->length))
        PLX_FAIL(err, PLX_ERR_SCHEMA, "an item of a list in column '%s' holds the separator '%s': choose another",
                 r->to.encoders->inputs[input].column, s->separator.text);
    return PLX_OK;
}

/* A list as the cell it would be in a file. */
static plx_status add_list(reader *r, int input, int64_t row, plx_error *err)
{
    static const char nothing[AHEAD] = {0};
    source *s = &r->sources[input];
    int64_t first, n;
    char buffer[PLX_ARROW_SIZE];
    plx_slice text;
    if (!s->separator.length)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "column '%s' holds lists, and no feature that reads it takes lists",
                 r->to.encoders->inputs[input].column);
    r->buffer.length = 0;
    plx_arrow_list_at(&s->column, row, &first, &n);
    for (int64_t i = 0; i < n; i++) {
        PLX_TRY(item_at(r, s, input, first + i, buffer, &text, err));
        if (i > 0) plx_string_add(&r->buffer, s->separator.text, s->separator.length);
        plx_string_add(&r->buffer, text.text, text.length);
    }
    const size_t length = r->buffer.length;
    plx_string_add(&r->buffer, nothing, AHEAD);
    if (r->buffer.failed) return plx_error_memory(err);
    return add_text(r, input, (plx_slice){r->buffer.text, length}, err);
}

/* Reads a list of numbers directly into a vector, with the same result as through its text. */
static plx_status add_vector(reader *r, int input, int64_t row, plx_error *err)
{
    const plx_arrow_column *column = &r->sources[input].column;
    const bool is_float = column->values.kind == PLX_ARROW_FLOAT || column->values.kind == PLX_ARROW_HALF;
    double *out = plx_filling_vector_at(&r->to, input);
    int64_t first, n;
    plx_arrow_value value;
    plx_arrow_list_at(column, row, &first, &n);
    for (int64_t i = 0; i < n && n == r->to.encoders->inputs[input].size; i++) {
        PLX_TRY(plx_arrow_item_at(column, first + i, NULL, &value, err));
        out[i] = value.is_missing ? (double)NAN
                 : is_float       ? plx_arrow_decimal_of((float)value.number, column->values.is_rule_0)
                                  : value.number;
    }
    return plx_filling_vector(&r->to, input, n, err);
}

/* Whether only a vector reads the column, and its items are numbers. In files a number may mean a missing value. */
static bool is_vector(const reader *r, int input)
{
    const plx_raw_column *column = &r->to.columns->items[input];
    const plx_arrow_kind kind = r->sources[input].column.values.kind;
    const plx_arrow_kind first = r->to.encoders->spec.data.missing.n ? PLX_ARROW_DATE : PLX_ARROW_BOOL;
    return column->width > 1 && !column->has_texts && kind >= first && kind <= PLX_ARROW_BYTES_DECIMAL;
}

/* Whether the current row is null as a whole, in a stream of structs. */
static bool is_null_row(const reader *r, int64_t row)
{
    const uint8_t *valid = r->batch.null_count != 0 && r->batch.n_buffers > 0 ? r->batch.buffers[0] : NULL;
    return valid && !plx_arrow_bit(valid, row);
}

static plx_status value_at(const reader *r, int i, int64_t row, char *buffer, plx_arrow_value *out, plx_error *err)
{
    *out = (plx_arrow_value){.is_missing = true};
    return is_null_row(r, row) ? PLX_OK : plx_arrow_value_at(&r->sources[i].column, row, buffer, out, err);
}

static plx_status add_value(reader *r, int input, int64_t row, plx_error *err)
{
    char buffer[PLX_ARROW_SIZE + AHEAD] = {0};
    plx_arrow_value value;
    plx_slice text;
    source *s = &r->sources[input];
    const bool wants_text = r->to.columns->items[input].has_texts || r->to.encoders->inputs[input].dates ||
                            s->column.values.kind == PLX_ARROW_UUID;
    if (s->column.is_list && !is_null_row(r, row))
        return (is_vector(r, input) ? add_vector : add_list)(r, input, row, err);
    PLX_TRY(value_at(r, input, row, wants_text ? buffer : NULL, &value, err));
    warn_of_float(r, s, input, &value);
    if (value.is_number && !value.is_missing) return plx_filling_number(&r->to, input, value.number, value.text, err);
    PLX_TRY(pad_text(r, &value, &text, err));
    return add_text(r, input, text, err);
}

static plx_status keep_values(const reader *r, int64_t row, plx_error *err)
{
    for (int i = r->to.encoders->n_inputs; i < r->n_sources; i++) {
        char buffer[PLX_ARROW_SIZE];
        plx_arrow_value value;
        if (r->sources[i].column.is_list)
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "column '%s' holds lists, which cannot be written next to scores",
                     plx_filling_column(&r->to, i));
        PLX_TRY(value_at(r, i, row, buffer, &value, err));
        PLX_TRY(plx_kept_cells_add(r->to.kept, value.is_missing ? (plx_slice){"", 0} : value.text, err));
    }
    return PLX_OK;
}

/* `*input`: the one with the invalid cell, or -1. */
static plx_status fill_row(reader *r, int64_t row, int *input, plx_error *err)
{
    int together = 0;
    *input = -1;
    PLX_TRY(keep_values(r, row, err));
    PLX_TRY(plx_columns_reserve(r->to.columns, 1, err));
    for (int i = 0; i < r->to.encoders->n_inputs; i++) {
        const plx_slice constant = plx_filling_constant(&r->to, i);
        *input = i;
        if (r->places[i] != PLX_NO_PLACE)
            PLX_TRY(add_value(r, i, row, err));
        else if (constant.text && plx_input_is_read(&r->to.encoders->inputs[i], r->to.with_labels))
            PLX_TRY(add_text(r, i, constant, err));
    }
    const plx_status status = plx_filling_row(&r->to, &together, err);
    *input = together;
    return status;
}

plx_status plx_arrow_add_row(reader *r, int64_t row, plx_error *err)
{
    int input;
    const int64_t number = r->row + row + 1; /* in the whole stream */
    plx_status status = fill_row(r, r->batch.offset + row, &input, err);
    if (!status) return PLX_OK;
    const char *column = input >= 0 ? r->to.encoders->inputs[input].column : NULL;
    if (status == PLX_ERR_SCHEMA || status == PLX_ERR_FORMAT)
        plx_error_prefix(err, "%s, row %lld", r->name, (long long)number);
    return plx_filling_wrong_row(&r->to, (plx_blame){number, column}, status, err);
}

plx_status plx_arrow_begin_batch(reader *r, plx_error *err)
{
    const struct ArrowArray *batch = &r->batch;
    if (batch->n_children != r->schema.n_children || batch->length < 0 || batch->offset < 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: a batch of the Arrow stream does not fit its schema", r->name);
    for (int i = 0; i < r->n_sources; i++) {
        source *s = &r->sources[i];
        if (r->places[i] == PLX_NO_PLACE) continue;
        const struct ArrowArray *child = batch->children[r->places[i]];
        plx_status status = plx_arrow_column_init(&s->column, r->schema.children[r->places[i]], child,
                                                  r->to.encoders->spec.is_rule_0, err);
        if (!status && (child->length < batch->length || child->length - batch->length < batch->offset))
            status = plx_error_set(err, PLX_ERR_FORMAT, "the column is shorter than its batch");
        if (status) plx_error_prefix(err, "%s: column '%s'", r->name, plx_filling_column(&r->to, i));
        if (status) return status;
    }
    return PLX_OK;
}

static void end_batch(reader *r)
{
    r->row += r->batch.length;
    r->next = 0;
    if (r->batch.release) r->batch.release(&r->batch);
    r->batch = (struct ArrowArray){0};
}

/* The next batch that has rows; `*more` is false at the end. */
static plx_status next_batch(reader *r, bool *more, plx_error *err)
{
    while (!r->batch.release || r->next == r->batch.length) {
        end_batch(r);
        const int code = r->stream->get_next(r->stream, &r->batch);
        if (code) {
            r->batch = (struct ArrowArray){0};
            return plx_arrow_fail_stream(r, code, err);
        }
        *more = r->batch.release != NULL;
        if (!*more) return PLX_OK;
        PLX_TRY(plx_arrow_begin_batch(r, err));
    }
    *more = true;
    return PLX_OK;
}

plx_status plx_arrow_reader_open(const plx_filling *to, struct ArrowArrayStream *stream, const char *name,
                                 plx_arrow_reader **out, plx_error *err)
{
    *out = NULL;
    if (!stream || !stream->release)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s: the Arrow stream has already been read", name);
    const plx_allocator *allocator = &to->encoders->allocator;
    reader *r = plx_alloc_zero(allocator, 1, sizeof *r);
    if (!r) return plx_error_memory(err);
    *r = (reader){.to = *to, .name = name, .stream = stream};
    plx_string_init(&r->buffer, allocator);
    r->n_sources = plx_filling_n_places(to);
    r->sources = plx_alloc_zero(allocator, (size_t)r->n_sources, sizeof *r->sources);
    r->places = plx_alloc(allocator, (size_t)r->n_sources, sizeof *r->places);
    plx_status status = r->sources && r->places ? PLX_OK : plx_error_memory(err);
    const int code = status ? 0 : stream->get_schema(stream, &r->schema);
    if (code) {
        r->schema = (struct ArrowSchema){0};
        status = plx_arrow_fail_stream(r, code, err);
    }
    if (!status) status = find_columns(r, err);
    if (status) {
        plx_arrow_reader_close(r);
        return status;
    }
    *out = r;
    return PLX_OK;
}

void plx_arrow_reader_share(plx_arrow_reader *r, const plx_parallel *parallel, size_t piece_rows)
{
    const size_t n = (size_t)r->n_sources + 1, rows = PIECE_CELLS / n;
    r->parallel = *parallel;
    r->piece_rows = (int64_t)(piece_rows ? piece_rows : rows > PIECE_ROWS_MIN ? rows : PIECE_ROWS_MIN);
}

/* Whether there are more rows than one thread should read alone. */
static bool is_long(const reader *r)
{
    return r->parallel.threads > 1 && (r->row > 0 || r->batch.length > r->piece_rows);
}

plx_status plx_arrow_reader_rows(plx_arrow_reader *r, size_t most, bool *more, plx_error *err)
{
    const size_t end = most < SIZE_MAX - r->to.columns->n ? r->to.columns->n + most : SIZE_MAX;
    if (r->pieces) return plx_arrow_pieces_rows(r->pieces, most, more, err);
    PLX_TRY(next_batch(r, more, err));
    while (*more && r->to.columns->n < end) {
        if (is_long(r)) return plx_arrow_pieces_create(r, &r->pieces, err);
        PLX_TRY(plx_arrow_add_row(r, r->next, err));
        r->next++;
        if (r->next == r->batch.length) PLX_TRY(next_batch(r, more, err));
    }
    return PLX_OK;
}

void plx_arrow_reader_close(plx_arrow_reader *r)
{
    if (!r) return;
    const plx_allocator *allocator = &r->to.encoders->allocator;
    plx_arrow_pieces_free(r->pieces);
    if (r->batch.release) r->batch.release(&r->batch);
    if (r->schema.release) r->schema.release(&r->schema);
    plx_string_release(&r->buffer);
    plx_free(allocator, r->sources);
    plx_free(allocator, r->places);
    plx_free(allocator, r);
}

plx_status plx_arrow_read(const plx_filling *to, struct ArrowArrayStream *stream, const char *name, plx_error *err)
{
    reader *r = NULL;
    bool more = true;
    PLX_TRY(plx_arrow_reader_open(to, stream, name, &r, err));
    plx_status status = plx_arrow_reader_rows(r, SIZE_MAX, &more, err);
    plx_arrow_reader_close(r);
    return status;
}
