/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of CSV text into raw columns. */
#ifndef PLX_TABLE_FILE_H
#define PLX_TABLE_FILE_H

#include "data/filling.h"
#include "files/csv.h"

typedef struct plx_table_file plx_table_file;

/** Reads rows from `source`, named `name` in messages. What `to` points to, the source and the name are borrowed until
 * plx_table_file_close. */
plx_status plx_table_file_open(const plx_filling *to, plx_byte_source source, const char *name, plx_table_file **out,
                               plx_error *err);
/** The same promises as those of data/reader.h. */
plx_status plx_table_file_rows(plx_table_file *file, size_t most, bool *more, plx_error *err);
void plx_table_file_close(plx_table_file *file);

#endif
