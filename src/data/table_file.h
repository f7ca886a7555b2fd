/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of CSV files, plain or compressed, into raw columns. */
#ifndef PLX_TABLE_FILE_H
#define PLX_TABLE_FILE_H

#include "data/filling.h"
#include "files/csv.h"

typedef struct plx_table_file plx_table_file;

/** The same promises as those of data/reader.h. */
plx_status plx_table_file_open(const plx_filling *to, const char *path, int threads, plx_table_file **out,
                               plx_error *err);
plx_status plx_table_file_rows(plx_table_file *file, size_t most, bool *more, plx_error *err);
/** Of the file's bytes, how many are read; NaN where their number is unknown. */
double plx_table_file_share(const plx_table_file *file);
void plx_table_file_close(plx_table_file *file);

/** All rows of a source named `name` in messages. */
plx_status plx_table_read_source(const plx_filling *to, plx_byte_source source, const char *name, plx_error *err);

#endif
