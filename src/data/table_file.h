/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows of CSV text into raw columns, with one thread or several; rows and messages are the same. */
#ifndef PLX_TABLE_FILE_H
#define PLX_TABLE_FILE_H

#include "data/filling.h"
#include "data/parallel.h"
#include "files/csv.h"

typedef struct plx_table_file plx_table_file;

/** Reads rows from `source`, which messages call `name`; with several threads, any of them reads it, one at a time.
 * What `to` and `parallel` point to, the source and the name are borrowed until plx_table_file_close. */
plx_status plx_table_file_open(const plx_filling *to, plx_byte_source source, const char *name,
                               const plx_parallel *parallel, plx_table_file **out, plx_error *err);
/** The contract of data/reader.h. */
plx_status plx_table_file_rows(plx_table_file *file, size_t most, bool *more, plx_error *err);
void plx_table_file_close(plx_table_file *file);

#endif
