/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of CSV text into raw columns, one at a time: of a source, or of a piece of one. */
#ifndef PLX_TABLE_ROWS_H
#define PLX_TABLE_ROWS_H

#include "data/filling.h"
#include "files/csv.h"

typedef struct plx_table_rows {
    plx_filling to;
    const char *name; /* of the file, for messages; borrowed */
    plx_csv csv;
    int *places;    /* [plx_filling_n_places]: cells of a row */
    size_t n_cells; /* that each row must have */
    bool is_piece;  /* `places` are borrowed */
    bool has_begun; /* the first row has been read */
    bool more;      /* a row is under way */
    uint64_t seen;  /* rows so far, wrong ones too */
} plx_table_rows;

/** To be released after a failure too. */
plx_status plx_table_rows_init(plx_table_rows *rows, const plx_filling *to, plx_byte_source source, const char *name,
                               plx_error *err);
/** For pieces of the text of `rows`, which have begun; plx_csv_begin_piece gives each one to its csv. */
void plx_table_rows_init_piece(plx_table_rows *piece, const plx_table_rows *rows, const plx_filling *to);
void plx_table_rows_release(plx_table_rows *rows);

/** Finds the columns; the first row is under way, if there is one. */
plx_status plx_table_rows_begin(plx_table_rows *rows, plx_error *err);
/** Adds the row under way to the columns, or leaves it out where it is wrong and such rows are skipped. */
plx_status plx_table_rows_add(plx_table_rows *rows, plx_error *err);
/** The next row is under way, if there is one. */
plx_status plx_table_rows_next(plx_table_rows *rows, plx_error *err);
/** After the last row: PLX_ERR_FORMAT where there must be one and was none. */
plx_status plx_table_rows_end(const plx_table_rows *rows, plx_error *err);

#endif
