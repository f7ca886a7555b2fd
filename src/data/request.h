/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding of columns of cells in memory: a call of plx_encoders_columns. */
#ifndef PLX_REQUEST_H
#define PLX_REQUEST_H

#include "data/cells.h"
#include "data/encoders.h"

typedef struct plx_request {
    const plx_encoders *encoders;
    const plx_column *cells;
    int n_cells;
    int next;    /* where the search for a column starts */
    int *places; /* [n_inputs]: 1 + the last position of each; 0: unknown; NULL: none known */
    size_t n;
    bool with_labels;
    uint8_t *out; /* [n][record_bytes] */
    const plx_listener *listener;
    plx_unknown *unknown; /* [n_features]; NULL: only the total of unknown cells */
    int64_t n_unknown;
} plx_request;

static inline uint8_t *plx_request_record(const plx_request *r, size_t row)
{
    return r->out + row * r->encoders->layout.record_bytes;
}

/** The column of an input. PLX_ERR_SCHEMA: it is missing or has the wrong type. */
plx_status plx_request_column(plx_request *r, int input, const plx_column **out, plx_error *err);
/**
 * The cell's text as in a file: trimmed if files are, a number as base/value_text.h writes it, a missing number or a
 * NULL text as the empty cell.
 */
plx_slice plx_request_text(const plx_request *r, const plx_column *cells, size_t row, char buffer[PLX_VALUE_SIZE]);
/** The cell as a number, by the rules of plx_cell_number_by. */
plx_number plx_request_number(const plx_request *r, const plx_column *cells, size_t row, char buffer[PLX_VALUE_SIZE],
                              double *out);
/** Number `at` of a numeric column. */
static inline double plx_request_number_at(const plx_column *cells, size_t at)
{
    return cells->numbers ? cells->numbers[at] : (double)cells->integers[at];
}
/** The number of a cell, required or optional; `reader` describes the reader of the column, for the message. */
plx_status plx_request_read_number(const plx_request *r, int input, const plx_column *cells, size_t row, bool is_needed,
                                   const char *(*reader)(plx_number kind), double *out, plx_error *err);
/** Warns, once per column, of floats that are read as categories and may represent several integers. */
void plx_request_warn_of_floats(const plx_request *r, const plx_column *cells);
/** Prefixes the message with the row number, and returns the status of an invalid row. */
plx_status plx_request_fail_row(size_t row, plx_error *err);

#endif
