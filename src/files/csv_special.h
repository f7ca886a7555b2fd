/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by csv.c and csv_special.c only. */
#ifndef PLX_CSV_SPECIAL_H
#define PLX_CSV_SPECIAL_H

#include "files/csv.h"

/** Reads the row at csv->row into csv->cells, if long_delimiter or escape is given; `*cut`: it continues after the
 * buffer. */
plx_status plx_csv_special(plx_csv *csv, bool *cut, plx_error *err);

/** Fails with `message` and the place of the byte at `offset` in the row. */
plx_status plx_csv_fail(const plx_csv *csv, size_t offset, plx_error *err, const char *message);
/** Reserves one more cell, which starts at `offset`. */
plx_status plx_csv_reserve_cell(plx_csv *csv, size_t offset, plx_error *err);

#endif
