/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which training takes rows: a function of seed and epoch, and of the window where rows lie in a file.
 * Rows in memory are shuffled as a whole. Of a file, the order of the blocks is shuffled first; then as many of them as
 * fit the memory make a window, whose rows are shuffled among each other while the next window is read. Batches go
 * across windows, so that none but the last of an epoch is short.
 */
#ifndef PLX_ROW_ORDER_H
#define PLX_ROW_ORDER_H

#include "graph/run.h"
#include "rows/row_file.h"
#include "rows/rows_ahead.h"

typedef struct plx_row_order {
    const plx_allocator *allocator; /* borrowed, as the rows */
    const plx_rows *rows;
    uint64_t seed;
    bool shuffles;
    size_t most;      /* rows taken at once */
    uint32_t *blocks; /* [n_blocks]: the epoch's order of them; NULL: all rows are one window, where they lie */
    size_t n_blocks, window_blocks;
    uint8_t *records[2]; /* [most + window_rows] each: rows left over from before, then those of a window */
    plx_rows held;       /* that of the window under way */
    uint32_t *items;     /* rows in the order in which they are taken */
    size_t first, n;     /* items first..first+n-1 have not been taken */
    uint32_t epoch;
    size_t window; /* the next one */
    plx_rows_ahead *ahead;
} plx_row_order;

/** At most `most` rows are taken at once. To be released after a failure too. */
plx_status plx_row_order_init(plx_row_order *order, const plx_allocator *allocator, const plx_rows *rows, uint64_t seed,
                              bool shuffles, size_t most, plx_error *err);
void plx_row_order_release(plx_row_order *order);
/** The next row is number `first` of `epoch`. PLX_ERR_IO. */
plx_status plx_row_order_begin(plx_row_order *order, uint32_t epoch, size_t first, plx_error *err);
/** The next `n` rows of the epoch, which must have them, as a batch that is good until the next call. PLX_ERR_IO. */
plx_status plx_row_order_take(plx_row_order *order, size_t n, plx_batch *batch, plx_error *err);

#endif
