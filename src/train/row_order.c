/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over blocks. Whether a row is in memory when it is asked for changes how long it takes and nothing else. */
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

/* Blocks of a window, which begin at blocks[window * window_blocks]. */
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

plx_status plx_row_order_init(plx_row_order *order, const plx_allocator *allocator, const plx_rows *rows, uint64_t seed,
                              bool shuffles, size_t most, plx_error *err)
{
    *order = (plx_row_order){.allocator = allocator, .rows = rows, .seed = seed, .shuffles = shuffles, .most = most};
    size_t room = rows->n;
    if (rows->window_rows) {
        order->n_blocks = (rows->n + PLX_BLOCK_ROWS - 1) / PLX_BLOCK_ROWS;
        order->window_blocks = rows->window_rows / PLX_BLOCK_ROWS;
        room = smaller(room, rows->window_rows + most);
        order->blocks = plx_alloc(allocator, order->n_blocks, sizeof *order->blocks);
        if (!order->blocks) return plx_error_memory(err);
        PLX_TRY(plx_rows_ahead_create(allocator, rows, &order->ahead, err));
    }
    if (!shuffles) return PLX_OK;
    order->items = plx_alloc(allocator, room, sizeof *order->items);
    return order->items ? PLX_OK : plx_error_memory(err);
}

void plx_row_order_release(plx_row_order *order)
{
    plx_rows_ahead_free(order->ahead);
    if (order->allocator) {
        plx_free(order->allocator, order->blocks);
        plx_free(order->allocator, order->items);
    }
    *order = (plx_row_order){0};
}

static void fetch(plx_row_order *order, size_t window)
{
    if (window < n_windows(order))
        plx_rows_ahead_fetch(order->ahead, order->blocks + window * order->window_blocks, blocks_of(order, window));
}

static void forget(const plx_row_order *order, size_t window)
{
    for (size_t i = 0; i < blocks_of(order, window); i++) {
        const uint32_t block = order->blocks[window * order->window_blocks + i];
        plx_rows_forget(order->rows, (size_t)block * PLX_BLOCK_ROWS, rows_of(order, block));
    }
}

static void begin_blocks(plx_row_order *order)
{
    const plx_random random = {order->seed, PLX_STREAM_BLOCKS};
    plx_rows_ahead_wait(order->ahead); /* of an epoch that was not taken to its end */
    plx_rows_forget(order->rows, 0, order->rows->n);
    fill(order->blocks, 0, order->n_blocks);
    if (order->shuffles) plx_random_shuffle(&random, order->epoch, order->blocks, order->n_blocks);
    fetch(order, 0);
}

static void begin_all(plx_row_order *order)
{
    const plx_random random = {order->seed, PLX_STREAM_SHUFFLE};
    order->n = order->rows->n;
    if (!order->shuffles) return;
    fill(order->items, 0, order->n);
    plx_random_shuffle(&random, order->epoch, order->items, order->n);
}

void plx_row_order_begin(plx_row_order *order, uint32_t epoch, size_t first)
{
    order->epoch = epoch;
    order->first = order->n = order->taken = order->window = 0;
    if (order->blocks)
        begin_blocks(order);
    else
        begin_all(order);
    for (size_t n; first > 0; first -= n) {
        n = smaller(first, order->most);
        (void)plx_row_order_take(order, n);
    }
}

/* The next window joins what is left of the one under way, and the one after it is sent for. */
static void next_window(plx_row_order *order)
{
    const size_t window = order->window++;
    plx_rows_ahead_wait(order->ahead);
    if (window >= 2) forget(order, window - 2);
    fetch(order, window + 1);
    if (!order->shuffles) {
        for (size_t i = 0; i < blocks_of(order, window); i++)
            order->n += rows_of(order, order->blocks[window * order->window_blocks + i]);
        return;
    }
    memmove(order->items, order->items + order->first, order->n * sizeof *order->items);
    order->first = 0;
    uint32_t *items = order->items + order->n;
    size_t n = 0;
    for (size_t i = 0; i < blocks_of(order, window); i++) {
        const uint32_t block = order->blocks[window * order->window_blocks + i];
        fill(items + n, block * PLX_BLOCK_ROWS, rows_of(order, block));
        n += rows_of(order, block);
    }
    const plx_random random = {order->seed, PLX_STREAM_WINDOWS + (uint32_t)window};
    plx_random_shuffle(&random, order->epoch, items, n);
    order->n += n;
}

plx_batch plx_row_order_take(plx_row_order *order, size_t n)
{
    while (order->blocks && order->n < n)
        next_window(order);
    plx_batch batch = {.rows = order->rows, .order = order->items, .n = (int)n};
    batch.first = order->shuffles ? order->first : order->taken;
    order->first += n;
    order->n -= n;
    order->taken += n;
    return batch;
}
