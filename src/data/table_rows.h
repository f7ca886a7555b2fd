/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows of CSV text into raw columns, one at a time, from a source or a piece of one. */
#ifndef PLX_TABLE_ROWS_H
#define PLX_TABLE_ROWS_H

#include "data/filling.h"
#include "files/csv.h"

typedef struct plx_table_rows {
    plx_filling to;
    const char *name; /* of the file, for messages; borrowed */
    plx_csv csv;
    int *places;    /* [plx_filling_n_places]: cells of a row */
    size_t n_cells; /* required cells per row */
    bool is_piece;  /* `places` are borrowed */
    bool has_begun; /* the first row has been read */
    bool more;      /* there is a current row */
    uint64_t seen;  /* rows so far, wrong ones included */
} plx_table_rows;

/** Release it after a failure, too. */
plx_status plx_table_rows_init(plx_table_rows *rows, const plx_filling *to, plx_byte_source source, const char *name,
                               plx_error *err);
/** For pieces of the text of `rows`, which must have begun; plx_csv_begin_piece passes each piece to its csv. */
void plx_table_rows_init_piece(plx_table_rows *piece, const plx_table_rows *rows, const plx_filling *to);
void plx_table_rows_release(plx_table_rows *rows);

/** Finds the columns; the first row, if any, becomes current. */
plx_status plx_table_rows_begin(plx_table_rows *rows, plx_error *err);
/** Adds the current row to the columns, or skips it if it is wrong and wrong rows are skipped. */
plx_status plx_table_rows_add(plx_table_rows *rows, plx_error *err);
/** The next row, if any, becomes current. */
plx_status plx_table_rows_next(plx_table_rows *rows, plx_error *err);
/** After the last row: PLX_ERR_FORMAT if rows are required and there were none. */
plx_status plx_table_rows_end(const plx_table_rows *rows, plx_error *err);

#endif
