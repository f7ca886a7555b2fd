/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a file into raw columns: which cell belongs to which column, and every check of a cell that needs its place.
 */
#include <string.h>

#include "data/ahead.h"
#include "data/cells.h"
#include "data/encoders.h"
#include "data/filling.h"
#include "data/stream.h"

enum { NO_CELL = -1 };

typedef struct reader {
    plx_filling to;
    const char *name;
    plx_csv csv;
    int *cells;     /* [n_inputs]: the cell of each, or NO_CELL where it is not read */
    size_t n_cells; /* that each row must have */
} reader;

plx_status plx_encoders_raw(const plx_encoders *encoders, bool with_labels, plx_columns *columns, plx_error *err)
{
    PLX_TRY(plx_columns_init(columns, &encoders->allocator, encoders->n_inputs, err));
    for (int i = 0; i < encoders->n_inputs; i++) {
        columns->items[i].has_texts = plx_input_reads_texts(&encoders->inputs[i], with_labels);
        columns->items[i].has_numbers = plx_input_reads_numbers(&encoders->inputs[i], with_labels);
    }
    return PLX_OK;
}

/* The column's name at `position`, from the header row under way or from data.columns. */
static plx_slice column_name(const reader *r, size_t position)
{
    const plx_data_spec *data = &r->to.encoders->spec.data;
    if (!data->header) return plx_slice_of(data->columns.items[position]);
    return (plx_slice){r->csv.cells[position].text, r->csv.cells[position].length};
}

static plx_status fail_missing(const reader *r, size_t n, const char *column, plx_error *err)
{
    plx_arena arena;
    const char *nearest = NULL;
    plx_arena_init(&arena, &r->to.encoders->allocator);
    const char **names = plx_arena_take(&arena, n, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = plx_arena_text(&arena, column_name(r, i).text, column_name(r, i).length);
    if (!plx_arena_failed(&arena)) nearest = plx_nearest(plx_slice_of(column), names, n);
    const char *where = r->to.encoders->spec.data.header ? "the header has" : "data.columns lists";
    if (nearest)
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: %s no column '%s'; did you mean '%s'?", r->name, where, column,
                      nearest);
    else
        plx_error_set(err, PLX_ERR_SCHEMA, "%s: %s no column '%s'; names are case-sensitive", r->name, where, column);
    plx_arena_release(&arena);
    return PLX_ERR_SCHEMA;
}

/*
 * Finds the cell of each input among `n` names; `without_labels` leaves out names of columns that only tasks read, as
 * if the file did not have them.
 */
static plx_status map_names(reader *r, size_t n, bool without_labels, plx_error *err)
{
    const plx_encoders *e = r->to.encoders;
    int cell = 0;
    for (int i = 0; i < e->n_inputs; i++)
        r->cells[i] = NO_CELL;
    for (size_t position = 0; position < n; position++) {
        plx_slice name = column_name(r, position);
        uint32_t input = plx_dictionary_find(&e->input_names, name, plx_text_hash(name.text, name.length));
        bool is_label = input != PLX_NOT_FOUND && !plx_input_is_read(&e->inputs[input], false);
        if (is_label && without_labels) continue;
        if (input != PLX_NOT_FOUND && plx_input_is_read(&e->inputs[input], r->to.with_labels)) {
            if (r->cells[input] != NO_CELL)
                PLX_FAIL(err, PLX_ERR_SCHEMA, "%s: column '%s' is there twice", r->name, e->inputs[input].column);
            r->cells[input] = cell;
        }
        cell++;
    }
    r->n_cells = (size_t)cell;
    for (int i = 0; i < e->n_inputs; i++)
        if (r->cells[i] == NO_CELL && plx_input_is_read(&e->inputs[i], r->to.with_labels))
            return fail_missing(r, n, e->inputs[i].column, err);
    return PLX_OK;
}

/* Where both are given, the header must say what data.columns says. */
static plx_status check_header(const reader *r, plx_error *err)
{
    const plx_text_list *columns = &r->to.encoders->spec.data.columns;
    if (!columns->n || !r->to.with_labels) return PLX_OK;
    if (r->csv.n_cells != (size_t)columns->n)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "%s:%llu: the header has %zu columns, data.columns lists %d", r->name,
                 (unsigned long long)r->csv.line, r->csv.n_cells, columns->n);
    for (int i = 0; i < columns->n; i++) {
        plx_slice name = column_name(r, (size_t)i);
        if (plx_slice_equal(name, plx_slice_of(columns->items[i]))) continue;
        plx_error_set(err, PLX_ERR_SCHEMA, "the header says '%.*s' where data.columns lists '%s'",
                      (int)(name.length < 100 ? name.length : 100), name.text, columns->items[i]);
        plx_csv_place(&r->csv, (size_t)i, err);
        return PLX_ERR_SCHEMA;
    }
    return PLX_OK;
}

/* The first row is under way, and is no header. Files to score need not have the label columns. */
static plx_status map_columns(reader *r, plx_error *err)
{
    size_t n = (size_t)r->to.encoders->spec.data.columns.n;
    PLX_TRY(map_names(r, n, false, err));
    if (r->csv.n_cells == n || r->to.with_labels) return PLX_OK;
    PLX_TRY(map_names(r, n, true, err));
    return r->csv.n_cells == r->n_cells ? PLX_OK : map_names(r, n, false, err);
}

static plx_status fail_count(const reader *r, plx_error *err)
{
    const char *from = r->to.encoders->spec.data.header ? "the header has" : "data.columns lists";
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: the row has %zu cells, expected %zu as %s", r->name,
             (unsigned long long)r->csv.line, r->csv.n_cells, r->n_cells, from);
}

static plx_status add_row(const reader *r, plx_error *err)
{
    if (r->csv.n_cells != r->n_cells) return fail_count(r, err);
    PLX_TRY(plx_columns_reserve(r->to.columns, err));
    for (int i = 0; i < r->to.encoders->n_inputs; i++) {
        if (r->cells[i] == NO_CELL) continue;
        const plx_csv_cell *cell = &r->csv.cells[r->cells[i]];
        plx_status status = plx_filling_text(&r->to, i, (plx_slice){cell->text, cell->length}, err);
        if (status == PLX_ERR_SCHEMA) plx_csv_place(&r->csv, (size_t)r->cells[i], err);
        if (status) return status;
    }
    r->to.columns->n++;
    return PLX_OK;
}

static plx_status read_rows(reader *r, plx_error *err)
{
    bool more;
    size_t first = r->to.columns->n;
    PLX_TRY(plx_csv_next(&r->csv, &more, err));
    if (!more) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the file is empty; it should hold rows", r->name);
    if (r->to.encoders->spec.data.header) {
        PLX_TRY(check_header(r, err));
        PLX_TRY(map_names(r, r->csv.n_cells, false, err));
        PLX_TRY(plx_csv_next(&r->csv, &more, err));
    } else {
        PLX_TRY(map_columns(r, err));
    }
    while (more) {
        PLX_TRY(add_row(r, err));
        PLX_TRY(plx_csv_next(&r->csv, &more, err));
    }
    if (r->to.columns->n == first) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: a header and no rows", r->name);
    return PLX_OK;
}

plx_status plx_table_read_source(const plx_encoders *encoders, plx_columns *columns, plx_byte_source source,
                                 const char *name, bool with_labels, plx_error *err)
{
    reader r = {.to = {encoders, columns, with_labels}, .name = name};
    plx_status status = PLX_OK;
    r.cells = plx_alloc(&encoders->allocator, (size_t)encoders->n_inputs, sizeof *r.cells);
    if (!r.cells) status = plx_error_memory(err);
    if (!status) status = plx_csv_init(&r.csv, &encoders->allocator, &encoders->csv, source, name, err);
    if (!status) status = read_rows(&r, err);
    plx_csv_release(&r.csv);
    plx_free(&encoders->allocator, r.cells);
    return status;
}

plx_status plx_table_read(const plx_encoders *encoders, plx_columns *columns, const char *path, int threads,
                          bool with_labels, plx_error *err)
{
    plx_stream stream;
    plx_ahead *ahead = NULL;
    plx_status status = plx_stream_init(&stream, path, err);
    plx_byte_source source = plx_stream_source(&stream);
    if (!status && stream.is_compressed && threads > 1) {
        status = plx_ahead_create(&encoders->allocator, source, &ahead, err);
        if (!status) source = plx_ahead_source(ahead);
    }
    if (!status) status = plx_table_read_source(encoders, columns, source, path, with_labels, err);
    plx_ahead_free(ahead);
    plx_stream_release(&stream);
    return status;
}
