/* SPDX-License-Identifier: Apache-2.0 */
/* Between csv.c and csv_special.c alone. */
#ifndef PLX_CSV_SPECIAL_H
#define PLX_CSV_SPECIAL_H

#include "files/csv.h"

/** The row at csv->row into csv->cells, where long_delimiter or escape is given; `*cut`: it continues after the buffer.
 */
plx_status plx_csv_special(plx_csv *csv, bool *cut, plx_error *err);

/** `message` with the place of the byte at `offset` in the row. */
plx_status plx_csv_fail(const plx_csv *csv, size_t offset, plx_error *err, const char *message);
/** Room for one cell more, which begins at `offset`. */
plx_status plx_csv_reserve_cell(plx_csv *csv, size_t offset, plx_error *err);

#endif
