/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes columns of cells in memory: the path of a server, often with one row per call. The search for a column starts
 * where the last call found it, or after the column found last.
 */
#include <string.h>

#include "data/encoder_def.h"

static void report_missing(const plx_request *r, const char *name, plx_error *err)
{
    const plx_allocator *allocator = &r->encoders->allocator;
    const char *nearest = NULL, **names = plx_alloc(allocator, (size_t)r->n_cells, sizeof *names);
    for (int i = 0; names && i < r->n_cells; i++)
        names[i] = r->cells[i].name;
    if (names) nearest = plx_nearest(plx_slice_of(name), names, (size_t)r->n_cells);
    plx_free(allocator, names);
    if (nearest)
        plx_error_set(err, PLX_ERR_SCHEMA, "no column '%s' was given; is it '%s'?", name, nearest);
    else
        plx_error_set(err, PLX_ERR_SCHEMA, "no column '%s' was given; the model reads it", name);
}

/* Numbers per row, or texts that each hold as many. */
static plx_status check_width(const plx_request *r, int input, const plx_column *cells, plx_error *err)
{
    const plx_input *column = &r->encoders->inputs[input];
    const int wanted = column->size > 1 ? column->size : 1, given = cells->width > 1 ? cells->width : 1;
    if (!cells->texts && !cells->numbers && !cells->integers && r->n)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' has neither texts nor numbers", column->column);
    if (!cells->texts && given != wanted)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "column '%s' has %d number%s in a row; the model reads %d", column->column,
                 given, given > 1 ? "s" : "", wanted);
    return PLX_OK;
}

plx_status plx_request_column(plx_request *r, int input, const plx_column **out, plx_error *err)
{
    const char *name = r->encoders->inputs[input].column;
    const int known = r->places ? r->places[input] : 0;
    for (int i = 0, at = known ? known - 1 : r->next; i < r->n_cells; i++, at++) {
        if (at >= r->n_cells) at = 0;
        const char *given = r->cells[at].name;
        if (given != name && strcmp(given, name) != 0) continue;
        r->next = at + 1;
        if (r->places) r->places[input] = r->next;
        *out = &r->cells[at];
        return check_width(r, input, *out, err);
    }
    report_missing(r, name, err);
    return PLX_ERR_SCHEMA;
}

plx_slice plx_request_text(const plx_request *r, const plx_column *cells, size_t row, char buffer[PLX_VALUE_SIZE])
{
    if (cells->texts) {
        const char *text = cells->texts[row];
        plx_slice slice = plx_slice_of(text ? text : "");
        return r->encoders->csv.trim ? plx_slice_trim(slice) : slice;
    }
    if (!cells->numbers) return plx_value_of_int64(cells->integers[row], buffer);
    double number = cells->numbers[row];
    if (!r->encoders->spec.is_rule_0) return plx_value_of_double(number, buffer);
    return (plx_slice){buffer, isnan(number) ? 0 : plx_format_double(number, buffer)};
}

plx_number plx_request_number(const plx_request *r, const plx_column *cells, size_t row, char buffer[PLX_VALUE_SIZE],
                              double *out)
{
    if (cells->texts) return plx_cell_number_by(&r->encoders->spec.data, plx_request_text(r, cells, row, buffer), out);
    *out = plx_request_number_at(cells, row);
    return plx_check_number(*out);
}

void plx_request_warn_of_floats(const plx_request *r, const plx_column *cells)
{
    if (!r->listener || cells->texts || !cells->numbers) return;
    for (size_t row = 0; row < r->n; row++)
        if (plx_warn_of_float(r->listener, cells->name, cells->numbers[row])) return;
}

plx_status plx_request_read_number(const plx_request *r, int input, const plx_column *cells, size_t row, bool is_needed,
                                   const char *(*reader)(plx_number kind), double *out, plx_error *err)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_number kind = plx_request_number(r, cells, row, buffer, out);
    if (kind == PLX_NUMBER_GIVEN || (kind == PLX_NUMBER_MISSING && !is_needed)) return PLX_OK;
    return plx_fail_number(kind, plx_request_text(r, cells, row, buffer), r->encoders->inputs[input].column,
                           reader(kind), err);
}

plx_status plx_request_fail_row(size_t row, plx_error *err)
{
    plx_error_prefix(err, "row %zu", row + 1);
    return PLX_ERR_SCHEMA;
}

static plx_status encode(plx_request *r, plx_error *err)
{
    const plx_encoder *one = r->encoders->all, *end = one + r->encoders->n_all;
    memset(r->out, 0, r->n * r->encoders->layout.record_bytes); /* the padding too: equal rows have equal records */
    for (; one < end; one += one->n_alike)
        PLX_TRY(one->def->encode_cells(one, one->n_alike, r, err));
    return PLX_OK;
}

plx_status plx_encoders_columns(const plx_encoders *encoders, const plx_column *cells, int n_cells, size_t n,
                                bool with_labels, const plx_listener *listener, plx_unknown *unknown, uint8_t *out,
                                plx_error *err)
{
    plx_request r = {.encoders = encoders,
                     .cells = cells,
                     .n_cells = n_cells,
                     .n = n,
                     .with_labels = with_labels,
                     .out = out,
                     .listener = listener,
                     .unknown = unknown};
    return encode(&r, err);
}

plx_status plx_encoders_columns_again(const plx_encoders *encoders, int *places, const plx_column *cells, int n_cells,
                                      size_t n, uint8_t *out, int64_t *n_unknown, plx_error *err)
{
    plx_request r = {.encoders = encoders, .cells = cells, .n_cells = n_cells, .places = places, .n = n, .out = out};
    const plx_status status = encode(&r, err);
    *n_unknown = r.n_unknown;
    return status;
}

int plx_encoders_n_columns(const plx_encoders *encoders)
{
    return encoders->n_inputs;
}

int plx_encoders_value_rule(const plx_encoders *encoders)
{
    return encoders->spec.is_rule_0 ? 0 : PLX_VALUE_RULE;
}
