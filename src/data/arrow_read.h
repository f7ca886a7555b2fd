/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in memory as the Arrow C stream interface hands them over, batch by batch, into raw columns. */
#ifndef PLX_ARROW_READ_H
#define PLX_ARROW_READ_H

#include "data/filling.h"
#include "plexus_arrow.h"

/** Rows of a stream, some at a time. */
typedef struct plx_arrow_reader plx_arrow_reader;

/** What `to` points to, `stream` and `name` are borrowed until plx_arrow_reader_close; the stream is not released. */
plx_status plx_arrow_reader_open(const plx_filling *to, struct ArrowArrayStream *stream, const char *name,
                                 plx_arrow_reader **out, plx_error *err);
/** Adds at most `most` rows to the columns; `*more` is false once all have come. */
plx_status plx_arrow_reader_rows(plx_arrow_reader *reader, size_t most, bool *more, plx_error *err);
/** NULL is fine. */
void plx_arrow_reader_close(plx_arrow_reader *reader);

/**
 * Adds all rows of a stream of record batches to raw columns; `name` stands for it in messages. The stream is read to
 * its end and not released.
 *
 * Texts mean what they would mean in a file; what else a value is as a category, base/value_text.h says. Where a number
 * is read, booleans are 1 and 0, dates days, timestamps seconds since 1970-01-01 UTC. A null, and a float that is no
 * number, is the empty cell, as are all cells of a row that is null as a whole. A list is its items with the reading
 * feature's separator between them.
 */
plx_status plx_arrow_read(const plx_filling *to, struct ArrowArrayStream *stream, const char *name, plx_error *err);

#endif
