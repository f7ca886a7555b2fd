/* SPDX-License-Identifier: Apache-2.0 */
/* Columns in memory as one batch of an Arrow stream, so that they are read like any other table. */
#ifndef PLX_COLUMN_STREAM_H
#define PLX_COLUMN_STREAM_H

#include "base/arena.h"
#include "base/error.h"
#include "plexus_arrow.h"

typedef struct plx_column_stream {
    struct ArrowArrayStream stream; /* borrows the columns' numbers; owns copies of their texts */
    plx_arena arena;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    bool is_read;
} plx_column_stream;

/** `columns` [n] are borrowed until the release; they must not be moved. Release `stream` after a failure, too.
 * PLX_ERR_ARGUMENT: a column has no cells. */
plx_status plx_column_stream_init(plx_column_stream *stream, const plx_allocator *allocator, const plx_column *columns,
                                  int n, int64_t rows, plx_error *err);
void plx_column_stream_release(plx_column_stream *stream);

#endif
