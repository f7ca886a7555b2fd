/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of listed table rows and their gradient: a block of columns stays in registers over a row's whole list. */
#ifndef PLX_LISTED_BODY_H
#define PLX_LISTED_BODY_H

typedef struct listed {
    plx_view table, rows; /* `rows`: y or dy */
    const uint16_t *lists;
    ptrdiff_t list_stride;
    const float *base;
} listed;

/** Columns `i` .. of one row: `vectors` vectors, the last with the lanes of `last` unless the block is whole. */
INLINE void sum_block(const int vectors, const bool whole, const listed *x, int row, int i, part last)
{
    const uint16_t *list = x->lists + row * x->list_stride;
    vf sums[8];
    for (int v = 0; v < vectors; v++)
        sums[v] = vf_load_lanes(x->base + i + v * LANES, whole, last);
    for (int item = 1; item <= list[0]; item++) {
        const float *from = x->table.at + list[item] * x->table.stride + i;
        for (int v = 0; v < vectors; v++)
            sums[v] += vf_load_lanes(from + v * LANES, whole, last);
    }
    float *to = x->rows.at + row * x->rows.stride + i;
    for (int v = 0; v < vectors; v++)
        vf_store_lanes(to + v * LANES, whole, last, sums[v]);
}

INLINE void scatter_block(const int vectors, const bool whole, const listed *x, int row, int i, part last)
{
    const uint16_t *list = x->lists + row * x->list_stride;
    const float *from = x->rows.at + row * x->rows.stride + i;
    vf d[8];
    for (int v = 0; v < vectors; v++)
        d[v] = vf_load_lanes(from + v * LANES, whole, last);
    for (int item = 1; item <= list[0]; item++) {
        float *to = x->table.at + list[item] * x->table.stride + i;
        for (int v = 0; v < vectors; v++)
            vf_store_lanes(to + v * LANES, whole, last, vf_load_lanes(to + v * LANES, whole, last) + d[v]);
    }
}

typedef void listed_block(const int vectors, const bool whole, const listed *x, int row, int i, part last);

/** Widest blocks first; row after row, since consecutive rows mostly list the same table rows. */
INLINE void each_listed(int rows, int n, const listed *x, listed_block *block_of)
{
    const part all = part_of(LANES);
    for (int row = 0; row < rows; row++) {
        int i = 0;
        for (; i + 8 * LANES <= n; i += 8 * LANES)
            block_of(8, true, x, row, i, all);
        if (i + 4 * LANES <= n) {
            block_of(4, true, x, row, i, all);
            i += 4 * LANES;
        }
        if (i + 2 * LANES <= n) {
            block_of(2, true, x, row, i, all);
            i += 2 * LANES;
        }
        if (i + LANES <= n) {
            block_of(1, true, x, row, i, all);
            i += LANES;
        }
        if (i < n) block_of(1, false, x, row, i, part_of(n - i));
    }
}

static void kernel_sum_listed(int rows, int n, plx_view table, const uint16_t *lists, int list_stride,
                              const float *base, plx_view y)
{
    listed x = {.table = table, .rows = y, .lists = lists, .list_stride = list_stride, .base = base};
    each_listed(rows, n, &x, sum_block);
}

static void kernel_scatter_listed(int rows, int n, plx_view dy, const uint16_t *lists, int list_stride, plx_view table)
{
    listed x = {.table = table, .rows = dy, .lists = lists, .list_stride = list_stride};
    each_listed(rows, n, &x, scatter_block);
}

#endif
