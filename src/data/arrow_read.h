/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows in memory from the Arrow C stream interface, batch by batch, into raw columns. */
#ifndef PLX_ARROW_READ_H
#define PLX_ARROW_READ_H

#include "data/filling.h"
#include "data/parallel.h"
#include "plexus_arrow.h"

/** Rows of a stream, some at a time. */
typedef struct plx_arrow_reader plx_arrow_reader;

/** What `to` points to, `stream` and `name` are borrowed until plx_arrow_reader_close; the stream is not released. */
plx_status plx_arrow_reader_open(const plx_filling *to, struct ArrowArrayStream *stream, const char *name,
                                 plx_arrow_reader **out, plx_error *err);
/**
 * Rows are read by the threads of `parallel`, which is copied, some `piece_rows` at a time, 0: the default. The stream
 * is then called by any thread, one at a time. Before the first row.
 */
void plx_arrow_reader_share(plx_arrow_reader *reader, const plx_parallel *parallel, size_t piece_rows);
/** Adds at most `most` rows to the columns, or processes a piece; `*more` is false at the end. */
plx_status plx_arrow_reader_rows(plx_arrow_reader *reader, size_t most, bool *more, plx_error *err);
/** NULL is fine. */
void plx_arrow_reader_close(plx_arrow_reader *reader);

/**
 * Adds all rows of a stream of record batches to raw columns; messages call it `name`. The stream is read to its end
 * and not released.
 *
 * Texts have the same meaning as in a file; base/value_text.h defines the category of other values. Read as numbers,
 * booleans are 1 and 0, dates are days and timestamps seconds since 1970-01-01 UTC. A null, a NaN and every cell of a
 * null row is the empty cell. A list is its items, joined by the feature's separator.
 */
plx_status plx_arrow_read(const plx_filling *to, struct ArrowArrayStream *stream, const char *name, plx_error *err);

#endif
