/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows over blocks. Rows left of a window are moved to just before the next one, so that a batch is contiguous.
 * Whether a row has been read in time affects only speed.
 */
#include "train/row_order.h"

#include <string.h>

#include "base/random.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t n_windows(const plx_row_order *order)
{
    return (order->n_blocks + order->window_blocks - 1) / order->window_blocks;
}

/* Blocks of a window, which start at blocks[window * window_blocks]. */
static size_t blocks_of(const plx_row_order *order, size_t window)
{
    return smaller(order->window_blocks, order->n_blocks - window * order->window_blocks);
}

static size_t rows_of(const plx_row_order *order, uint32_t block)
{
    return smaller(PLX_BLOCK_ROWS, order->rows->n - (size_t)block * PLX_BLOCK_ROWS);
}

static void fill(uint32_t *items, uint32_t first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        items[i] = first + (uint32_t)i;
}

static plx_status init_windows(plx_row_order *order, plx_error *err)
{
    const plx_rows *rows = order->rows;
    const size_t capacity = order->most + rows->window_rows;
    order->n_blocks = (rows->n + PLX_BLOCK_ROWS - 1) / PLX_BLOCK_ROWS;
    order->window_blocks = rows->window_rows / PLX_BLOCK_ROWS;
    order->blocks = plx_alloc(order->allocator, order->n_blocks, sizeof *order->blocks);
    for (int i = 0; i < 2; i++)
        order->records[i] = plx_alloc(order->allocator, capacity, rows->layout->record_bytes);
    if (!order->blocks || !order->records[0] || !order->records[1]) return plx_error_memory(err);
    order->held = (plx_rows){.layout = rows->layout, .has_all_labels = rows->has_all_labels};
    return plx_rows_ahead_create(order->allocator, rows, &order->ahead, err);
}

plx_status plx_row_order_init(plx_row_order *order, const plx_allocator *allocator, const plx_rows *rows, uint64_t seed,
                              bool shuffles, size_t most, plx_error *err)
{
    *order = (plx_row_order){.allocator = allocator, .rows = rows, .seed = seed, .shuffles = shuffles, .most = most};
    if (rows->window_rows) PLX_TRY(init_windows(order, err));
    if (!shuffles) return PLX_OK;
    order->items = plx_alloc(allocator, rows->window_rows ? most + rows->window_rows : rows->n, sizeof *order->items);
    return order->items ? PLX_OK : plx_error_memory(err);
}

void plx_row_order_release(plx_row_order *order)
{
    plx_rows_ahead_free(order->ahead);
    if (order->allocator) {
        plx_free(order->allocator, order->blocks);
        plx_free(order->allocator, order->records[0]);
        plx_free(order->allocator, order->records[1]);
        plx_free(order->allocator, order->items);
    }
    *order = (plx_row_order){0};
}

static void fetch(plx_row_order *order, size_t window)
{
    if (window >= n_windows(order)) return;
    plx_rows_ahead_fetch(order->ahead, order->blocks + window * order->window_blocks, blocks_of(order, window),
                         order->records[window % 2] + order->most * order->rows->layout->record_bytes);
}

static plx_status begin_blocks(plx_row_order *order, plx_error *err)
{
    const plx_random random = {order->seed, PLX_STREAM_BLOCKS};
    PLX_TRY(plx_rows_ahead_wait(order->ahead, err));     /* of an epoch that was not finished */
    plx_rows_drop_pages(order->rows, 0, order->rows->n); /* pages that others touched through the map */
    fill(order->blocks, 0, order->n_blocks);
    if (order->shuffles) plx_random_shuffle(&random, order->epoch, order->blocks, order->n_blocks);
    fetch(order, 0);
    return PLX_OK;
}

static void begin_all(plx_row_order *order)
{
    const plx_random random = {order->seed, PLX_STREAM_SHUFFLE};
    order->n = order->rows->n;
    if (!order->shuffles) return;
    fill(order->items, 0, order->n);
    plx_random_shuffle(&random, order->epoch, order->items, order->n);
}

plx_status plx_row_order_begin(plx_row_order *order, uint32_t epoch, size_t first, plx_error *err)
{
    plx_batch passed;
    order->epoch = epoch;
    order->first = order->n = order->window = 0;
    if (order->blocks)
        PLX_TRY(begin_blocks(order, err));
    else
        begin_all(order);
    for (size_t n; first > 0; first -= n) {
        n = smaller(first, order->most);
        PLX_TRY(plx_row_order_take(order, n, &passed, err));
    }
    return PLX_OK;
}

/* Moves the remaining rows, in order, to just before the window in `to`. */
static void carry_over(plx_row_order *order, uint8_t *to)
{
    const size_t n = order->n;
    if (n > 0) {
        const uint32_t *left = order->shuffles ? order->items + order->first : NULL;
        plx_rows_gather(&order->held, left, order->first, n,
                        to + (order->most - n) * order->rows->layout->record_bytes);
    }
    order->first = order->most - n;
    if (!order->shuffles) return;
    order->first = 0;
    fill(order->items, (uint32_t)(order->most - n), n);
}

/* Appends the next window to the rest of the current one, and requests the window after it. */
static plx_status next_window(plx_row_order *order, plx_error *err)
{
    const size_t window = order->window++;
    const plx_random random = {order->seed, PLX_STREAM_WINDOWS + (uint32_t)window};
    size_t n = 0;
    PLX_TRY(plx_rows_ahead_wait(order->ahead, err));
    for (size_t i = 0; i < blocks_of(order, window); i++)
        n += rows_of(order, order->blocks[window * order->window_blocks + i]);
    carry_over(order, order->records[window % 2]);
    order->held.records = order->records[window % 2];
    order->held.n = order->most + n;
    fetch(order, window + 1);
    if (order->shuffles) {
        fill(order->items + order->n, (uint32_t)order->most, n);
        plx_random_shuffle(&random, order->epoch, order->items + order->n, n);
    }
    order->n += n;
    return PLX_OK;
}

plx_status plx_row_order_take(plx_row_order *order, size_t n, plx_batch *batch, plx_error *err)
{
    while (order->blocks && order->n < n)
        PLX_TRY(next_window(order, err));
    const plx_rows *rows = order->blocks ? &order->held : order->rows;
    *batch = (plx_batch){.rows = rows, .order = order->items, .first = order->first, .n = (int)n};
    order->first += n;
    order->n -= n;
    return PLX_OK;
}
