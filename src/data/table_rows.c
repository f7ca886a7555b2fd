/* SPDX-License-Identifier: Apache-2.0 */
/* Maps cells to columns, and makes all checks of a cell that need its place. */
#include "data/table_rows.h"

#include <string.h>

#include "data/cells.h"
#include "data/encoders.h"
#include "files/guess.h"

/* The name of the column at `position`, from the current header row or from data.columns. */
static plx_slice column_name(const plx_table_rows *r, size_t position)
{
    const plx_data_spec *data = &r->to.encoders->spec.data;
    if (!data->header) return plx_slice_of(data->columns.items[position]);
    return (plx_slice){r->csv.cells[position].text, r->csv.cells[position].length};
}

/* Describes the header as read, and possible errors in it. */
static void add_header(const plx_table_rows *r, plx_string *out)
{
    char guess[200];
    const plx_slice header = plx_csv_row(&r->csv);
    plx_guess_header(header, r->csv.n_cells, r->to.encoders->spec.data.delimiter, guess, sizeof guess);
    plx_string_format(out, "; it reads %s%s", plx_cell_show(header).text, guess);
}

static plx_status fail_missing(const plx_table_rows *r, size_t n, const char *column, plx_error *err)
{
    plx_arena arena;
    const char *nearest = NULL;
    plx_arena_init(&arena, &r->to.encoders->allocator);
    const char **names = plx_arena_take(&arena, n, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = plx_arena_text(&arena, column_name(r, i).text, column_name(r, i).length);
    if (!plx_arena_failed(&arena)) nearest = plx_nearest(plx_slice_of(column), names, n);
    plx_string text;
    plx_string_init(&text, &r->to.encoders->allocator);
    if (nearest) plx_string_format(&text, "; did you mean '%s'?", nearest);
    if (r->to.encoders->spec.data.header) add_header(r, &text);
    const char *where = r->to.encoders->spec.data.header ? "the header has" : "data.columns lists";
    plx_error_set(err, PLX_ERR_SCHEMA, "%s: %s no column '%s'%s", r->name, where, column, text.text ? text.text : "");
    plx_string_release(&text);
    plx_arena_release(&arena);
    return PLX_ERR_SCHEMA;
}

/*
 * Finds the cell of each input among `n` names; `without_labels` ignores columns that only tasks read, as if the file
 * did not have them.
 */
static plx_status map_names(plx_table_rows *r, size_t n, bool without_labels, plx_error *err)
{
    const plx_encoders *e = r->to.encoders;
    int cell = 0;
    for (int i = 0; i < plx_filling_n_places(&r->to); i++)
        r->places[i] = PLX_NO_PLACE;
    for (size_t position = 0; position < n; position++) {
        plx_slice name = column_name(r, position);
        uint32_t input = plx_dictionary_find(&e->input_names, name, plx_dictionary_hash(&e->input_names, name));
        bool is_label = input != PLX_NOT_FOUND && !plx_input_is_read(&e->inputs[input], false);
        if (is_label && without_labels) continue;
        PLX_TRY(plx_filling_place(&r->to, r->name, name, cell, r->places, err));
        cell++;
    }
    r->n_cells = (size_t)cell;
    const char *missing = plx_filling_missing(&r->to, r->places);
    return missing ? fail_missing(r, n, missing, err) : PLX_OK;
}

/* If both are given, the header must agree with data.columns. */
static plx_status check_header(const plx_table_rows *r, plx_error *err)
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

/* The current row is the first one, and no header. Files to score need no label columns. */
static plx_status map_columns(plx_table_rows *r, plx_error *err)
{
    size_t n = (size_t)r->to.encoders->spec.data.columns.n;
    PLX_TRY(map_names(r, n, false, err));
    if (r->csv.n_cells == n || r->to.with_labels) return PLX_OK;
    PLX_TRY(map_names(r, n, true, err));
    return r->csv.n_cells == r->n_cells ? PLX_OK : map_names(r, n, false, err);
}

static plx_status fail_count(const plx_table_rows *r, plx_error *err)
{
    const char *from = r->to.encoders->spec.data.header ? "the header has" : "data.columns lists";
    const bool is_long = r->csv.next_line > r->csv.line + 1;
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: the row has %zu cells, expected %zu as %s%s", r->name,
             (unsigned long long)r->csv.line, r->csv.n_cells, r->n_cells, from,
             is_long ? "; a quoted cell continues on later lines: is its quote unclosed? " PLX_PLAIN_QUOTES : "");
}

/* The cell to blame for input `index`. */
static size_t place_of(const plx_table_rows *r, int index)
{
    return r->places[index] == PLX_NO_PLACE ? 0 : (size_t)r->places[index];
}

static plx_status add_constants(const plx_table_rows *r, plx_error *err)
{
    for (int i = 0; i < r->to.encoders->n_inputs; i++) {
        const plx_slice constant = plx_filling_constant(&r->to, i);
        if (r->places[i] != PLX_NO_PLACE || !constant.text ||
            !plx_input_is_read(&r->to.encoders->inputs[i], r->to.with_labels))
            continue;
        plx_status status = plx_filling_text(&r->to, i, constant, err);
        if (status == PLX_ERR_SCHEMA) plx_csv_place(&r->csv, place_of(r, i), err);
        if (status) return status;
    }
    return PLX_OK;
}

static plx_status keep_cells(const plx_table_rows *r, plx_error *err)
{
    for (int i = 0; r->to.kept && i < r->to.kept->n_names; i++) {
        const plx_csv_cell *cell = &r->csv.cells[r->places[r->to.encoders->n_inputs + i]];
        PLX_TRY(plx_kept_cells_add(r->to.kept, (plx_slice){cell->text, cell->length}, err));
    }
    return PLX_OK;
}

enum { COLUMNS_AHEAD = 16 }; /* whose state is loaded into the cache */

static void prefetch(const plx_table_rows *r, int input)
{
    if (input >= r->to.encoders->n_inputs || r->places[input] == PLX_NO_PLACE) return;
    const plx_csv_cell *cell = &r->csv.cells[r->places[input]];
    plx_column_prefetch(&r->to.columns->items[input], (plx_slice){cell->text, cell->length});
}

/* `*input`: the one with the invalid cell; -1: no single one. */
static plx_status add_row(const plx_table_rows *r, int *input, plx_error *err)
{
    *input = -1;
    if (r->csv.n_cells != r->n_cells) return fail_count(r, err);
    PLX_TRY(keep_cells(r, err));
    PLX_TRY(plx_columns_reserve(r->to.columns, 1, err));
    /* Locals, because the compiler must assume that stores into columns change the members. */
    const plx_filling to = r->to;
    const int n = to.encoders->n_inputs, *places = r->places;
    const plx_csv_cell *cells = r->csv.cells;
    const bool is_wide = n > PLX_RECENT_COLUMNS;
    for (int i = 0; i < n; i++) {
        if (is_wide) prefetch(r, i + COLUMNS_AHEAD);
        if (places[i] == PLX_NO_PLACE) continue;
        const plx_csv_cell *cell = &cells[places[i]];
        plx_status status = plx_filling_text(&to, i, (plx_slice){cell->text, cell->length}, err);
        if (!status) continue;
        if (status == PLX_ERR_SCHEMA) plx_csv_place(&r->csv, (size_t)places[i], err);
        *input = i;
        return status;
    }
    if (to.constants) PLX_TRY(add_constants(r, err));
    int index = 0;
    plx_status status = plx_filling_row(&r->to, &index, err);
    if (status == PLX_ERR_SCHEMA) plx_csv_place(&r->csv, place_of(r, index), err);
    *input = index;
    return status;
}

/* Several cells, all empty: spreadsheets leave such rows below a table. It has no label, so nothing can be learnt from
 * it. */
static bool is_blank_row(const plx_csv *csv)
{
    for (size_t i = 0; i < csv->n_cells; i++)
        if (csv->cells[i].length) return false;
    return csv->n_cells > 1;
}

/* Earlier rows that cannot be split into cells are wrong rows. */
plx_status plx_table_rows_next(plx_table_rows *r, plx_error *err)
{
    for (plx_status status;; r->seen++) {
        do
            status = plx_csv_next(&r->csv, &r->more, err);
        while (!status && r->more && r->to.with_labels && is_blank_row(&r->csv));
        if (!status) return PLX_OK;
        PLX_TRY(plx_filling_wrong_row(&r->to, (plx_blame){.row = (int64_t)r->seen + 1}, status, err));
        PLX_TRY(plx_csv_skip_line(&r->csv, err));
    }
}

plx_status plx_table_rows_begin(plx_table_rows *r, plx_error *err)
{
    r->has_begun = true;
    PLX_TRY(plx_csv_next(&r->csv, &r->more, err));
    if (!r->more && r->to.is_part) return PLX_OK;
    if (!r->more) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the file is empty; it should contain rows", r->name);
    if (!r->to.encoders->spec.data.header) return map_columns(r, err);
    PLX_TRY(check_header(r, err));
    PLX_TRY(map_names(r, r->csv.n_cells, false, err));
    return plx_table_rows_next(r, err);
}

plx_status plx_table_rows_add(plx_table_rows *r, plx_error *err)
{
    int input;
    const plx_status status = add_row(r, &input, err);
    const plx_blame blame = {(int64_t)r->seen + 1, input >= 0 ? r->to.encoders->inputs[input].column : NULL};
    if (status) PLX_TRY(plx_filling_wrong_row(&r->to, blame, status, err));
    r->seen++;
    return PLX_OK;
}

plx_status plx_table_rows_end(const plx_table_rows *r, plx_error *err)
{
    if (!r->seen && r->to.needs_rows && !r->to.is_part)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: a header without rows", r->name);
    return PLX_OK;
}

plx_status plx_table_rows_init(plx_table_rows *r, const plx_filling *to, plx_byte_source source, const char *name,
                               plx_error *err)
{
    const plx_encoders *e = to->encoders;
    *r = (plx_table_rows){.to = *to, .name = name};
    r->places = plx_alloc(&e->allocator, (size_t)plx_filling_n_places(to), sizeof *r->places);
    if (!r->places) return plx_error_memory(err);
    return plx_csv_init(&r->csv, &e->allocator, &e->csv, source, name, err);
}

void plx_table_rows_release(plx_table_rows *r)
{
    plx_csv_release(&r->csv);
    if (!r->is_piece && r->to.encoders) plx_free(&r->to.encoders->allocator, r->places);
}

void plx_table_rows_init_piece(plx_table_rows *piece, const plx_table_rows *r, const plx_filling *to)
{
    *piece = (plx_table_rows){
        .to = *to, .name = r->name, .places = r->places, .n_cells = r->n_cells, .is_piece = true, .has_begun = true};
    plx_csv_init_pieces(&piece->csv, &r->csv);
}
