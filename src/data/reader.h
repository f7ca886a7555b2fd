/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads rows of a file into raw columns, some at a time: the only interface to files for loading and scoring. The cells
 * of every file format go through data/filling.h.
 */
#ifndef PLX_READER_H
#define PLX_READER_H

#include "data/filling.h"
#include "data/parallel.h"
#include "files/csv.h"

typedef struct plx_reader plx_reader;

/** Opens a Parquet file if data.format says so, or is auto and the file starts like one. `path` "-" is standard input.
 * `path` is one of parallel->texts. It and what `to` and `parallel` point to are borrowed until
 * plx_reader_close. */
plx_status plx_reader_open(const plx_filling *to, const char *path, const plx_parallel *parallel, plx_reader **out,
                           plx_error *err);
/** Adds at most `most` rows to the columns, or processes a piece, of any number of rows; `*more` is false at the
 * end. */
plx_status plx_reader_rows(plx_reader *reader, size_t most, bool *more, plx_error *err);
/** Reports progress: the file and `rows`, the rows read so far in total. */
void plx_reader_report(const plx_reader *reader, const plx_reading_hook *reading, size_t rows);
/** NULL is fine. */
void plx_reader_close(plx_reader *reader);

#endif
