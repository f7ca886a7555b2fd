/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which training visits rows: a function of seed and epoch and, for rows in a file, of the window size.
 * Rows in memory are shuffled as a whole. For a file, the order of the blocks is shuffled first. As many blocks as fit
 * in memory form a window; its rows are shuffled while the next window is read. Batches span windows; only the last
 * batch of an epoch may be short.
 */
#ifndef PLX_ROW_ORDER_H
#define PLX_ROW_ORDER_H

#include "graph/run.h"
#include "rows/row_file.h"
#include "rows/rows_ahead.h"

typedef struct plx_row_order {
    const plx_allocator *allocator; /* borrowed, like the rows */
    const plx_rows *rows;
    uint64_t seed;
    bool shuffles;
    size_t most;      /* most rows per call */
    uint32_t *blocks; /* [n_blocks]: their order in this epoch; NULL: all rows are one window, in place */
    size_t n_blocks, window_blocks;
    uint8_t *records[2]; /* [most + window_rows] each: rows left from the last window, then those of a window */
    plx_rows held;       /* that of the current window */
    uint32_t *items;     /* rows in the order of use */
    size_t first, n;     /* items first..first+n-1 are not used yet */
    uint32_t epoch;
    size_t window; /* the next one */
    plx_rows_ahead *ahead;
} plx_row_order;

/** A call of plx_row_order_take takes at most `most` rows. Release it after a failure, too. */
plx_status plx_row_order_init(plx_row_order *order, const plx_allocator *allocator, const plx_rows *rows, uint64_t seed,
                              bool shuffles, size_t most, plx_error *err);
void plx_row_order_release(plx_row_order *order);
/** Seeks to row `first` of `epoch`. PLX_ERR_IO. */
plx_status plx_row_order_begin(plx_row_order *order, uint32_t epoch, size_t first, plx_error *err);
/** The next `n` rows of the epoch, which must exist, as a batch that is valid until the next call. PLX_ERR_IO. */
plx_status plx_row_order_take(plx_row_order *order, size_t n, plx_batch *batch, plx_error *err);

#endif
