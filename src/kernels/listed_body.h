/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of listed rows: a block of columns stays in registers over a whole list. */
#ifndef PLX_LISTED_BODY_H
#define PLX_LISTED_BODY_H

#if LANES == 16
enum { LIST_VECTORS = 10 }; /* of 32 registers */
#else
enum { LIST_VECTORS = 6 }; /* of 16 */
#endif

/** Sums columns `i` ..: `vectors` vectors, the last with the lanes of `last` unless the block is whole. */
typedef void column_block(const int vectors, const bool whole, const void *x, int i, part last);

/** As few blocks as registers allow, of about the same width: each costs one pass over the lists. */
INLINE void each_block(int n, column_block *block_of, const void *x)
{
    const part all = part_of(LANES);
    const int vectors = n / LANES, blocks = (vectors + LIST_VECTORS - 1) / LIST_VECTORS;
    int i = 0;
    for (int block = 0; block < blocks; block++) {
        const int width = vectors * (block + 1) / blocks - vectors * block / blocks;
#define BLOCK_OF(width)                                                                                                \
    case width:                                                                                                        \
        block_of(width, true, x, i, all);                                                                              \
        break;
        switch (width) {
            BLOCK_OF(1)
            BLOCK_OF(2)
            BLOCK_OF(3)
            BLOCK_OF(4)
            BLOCK_OF(5)
            BLOCK_OF(6)
#if LANES == 16
            BLOCK_OF(7)
            BLOCK_OF(8)
            BLOCK_OF(9)
            BLOCK_OF(10)
#endif
        }
#undef BLOCK_OF
        i += width * LANES;
    }
    if (i < n) block_of(1, false, x, i, part_of(n - i));
}

/* -- Forward: one list per row ------------------------------------------------------------------------------------- */

typedef struct listed {
    plx_view table, y;
    const uint32_t *entries;
    const uint16_t *counts;
    const float *base;
    int rows;
} listed;

INLINE void sum_entries(const int vectors, const bool whole, const void *arguments, int i, part last)
{
    const listed *x = arguments;
    const uint32_t *entries = x->entries;
    for (int row = 0; row < x->rows; row++) {
        const uint32_t *end = entries + x->counts[row];
        vf sums[LIST_VECTORS];
        for (int v = 0; v < vectors; v++)
            sums[v] = vf_load_lanes(x->base + i + v * LANES, whole, last);
        for (; entries < end; entries++) {
            const float *from = x->table.at + (ptrdiff_t)(*entries & 0xffff) * x->table.stride + i;
            for (int v = 0; v < vectors; v++)
                sums[v] += vf_load_lanes(from + v * LANES, whole, last);
        }
        float *to = x->y.at + row * x->y.stride + i;
        for (int v = 0; v < vectors; v++)
            vf_store_lanes(to + v * LANES, whole, last, sums[v]);
    }
}

static void kernel_sum_listed(int rows, int n, plx_view table, const uint32_t *entries, const uint16_t *counts,
                              const float *base, plx_view y)
{
    const listed x = {table, y, entries, counts, base, rows};
    each_block(n, sum_entries, &x);
}

/* -- Backward: one list per category ------------------------------------------------------------------------------- */

typedef struct lists {
    plx_view x, y;
    const plx_row_lists *leaves;
    int n_lists, n_leaves;
} lists;

INLINE void sum_leaf(const int vectors, const bool whole, const lists *x, const plx_row_lists *leaf, int list, int i,
                     part last, vf *sums)
{
    for (int v = 0; v < vectors; v++)
        sums[v] = (vf){0};
    for (uint32_t k = leaf->starts[list]; k < leaf->starts[list + 1]; k++) {
        const float *from = x->x.at + (ptrdiff_t)leaf->rows[k] * x->x.stride + i;
        for (int v = 0; v < vectors; v++)
            sums[v] += vf_load_lanes(from + v * LANES, whole, last);
    }
}

INLINE void add_subtree(const int vectors, const vf *subtree, vf *sums)
{
    for (int v = 0; v < vectors; v++)
        sums[v] = subtree[v] + sums[v];
}

/** Adds the leaves by the tree of pairs: a leaf completes as many subtrees as its number has trailing ones. */
INLINE void sum_tree(const int vectors, const bool whole, const lists *x, int list, int i, part last, vf *sums)
{
    vf subtrees[PLX_LEAF_LEVELS][LIST_VECTORS]; /* before the one in `sums` */
    int top = 0;
    sum_leaf(vectors, whole, x, &x->leaves[0], list, i, last, sums);
    for (int leaf = 1; leaf < x->n_leaves; leaf++) {
        for (int v = 0; v < vectors; v++)
            subtrees[top][v] = sums[v];
        top++;
        sum_leaf(vectors, whole, x, &x->leaves[leaf], list, i, last, sums);
        for (int m = leaf; m & 1; m >>= 1)
            add_subtree(vectors, subtrees[--top], sums);
    }
    while (top > 0)
        add_subtree(vectors, subtrees[--top], sums);
}

INLINE void sum_columns(const int vectors, const bool whole, const void *arguments, int i, part last)
{
    const lists *x = arguments;
    for (int list = 0; list < x->n_lists; list++) {
        vf sums[LIST_VECTORS];
        if (x->n_leaves == 1)
            sum_leaf(vectors, whole, x, x->leaves, list, i, last, sums);
        else
            sum_tree(vectors, whole, x, list, i, last, sums);
        float *to = x->y.at + list * x->y.stride + i;
        for (int v = 0; v < vectors; v++)
            vf_store_lanes(to + v * LANES, whole, last, sums[v]);
    }
}

static void kernel_sum_lists(int n_lists, int n, plx_view x, const plx_row_lists *leaves, int n_leaves, plx_view y)
{
    const lists all = {x, y, leaves, n_lists, n_leaves};
    each_block(n, sum_columns, &all);
}

#endif
