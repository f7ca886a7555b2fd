/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule for every sum over the rows of a batch.
 *
 * Consecutive tiles are a leaf. The rows of a leaf are added in order; the sums of leaves are added by a binary tree.
 * A subtree of height h has the leaves i 2^h to (i + 1) 2^h - 1, and its sum is that of its left half plus that of its
 * right half; leaves beyond the last tile of a batch add nothing. So any aligned run of 2^h leaves has a sum of its
 * own, whoever computes it: a thread, or later another process.
 *
 * Sums by id (gradients by category or table row) have larger leaves, since each leaf costs the clearing and adding of
 * a whole table: such a leaf is a subtree of the others. How many leaves there are follows from the batch size and the
 * network alone, never from threads or the machine. The few numbers that tiles keep for the batch (losses, counts,
 * moments) are added in the order of the tiles instead: graph/run.h, plx_run_tile_numbers.
 */
#ifndef PLX_LEAVES_H
#define PLX_LEAVES_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/kernels.h"

/** Leaves first .. end - 1 of a batch. */
typedef struct plx_leaves {
    int first, end;
    int tiles;   /* of a leaf; the batch's last may have fewer */
    int subtree; /* leaves of a subtree that one job sums: any power of two gives the same bits */
} plx_leaves;

/** Tiles of a leaf, for a batch of `tiles` tiles and `numbers` numbers that each leaf sums. */
int plx_leaf_tiles(int tiles, size_t numbers);
/** How many leaves of `rows` rows make one for sums by id: a power of two. `sum_rows`: rows of the largest sum. */
int plx_id_leaf_leaves(int rows, int batch_rows, int sum_rows);
/** An upper bound of the number of leaves for sums by id, before there are tiles. */
int plx_id_leaves_most(int batch_rows, int sum_rows);

/** Height of the smallest subtree that has both leaves. */
static inline int plx_tree_height(int a, int b)
{
    return a == b ? 0 : 32 - __builtin_clz((unsigned)(a ^ b));
}

/** Whether the sum that ends with leaf `right` is added to the one before it, which ends with `left`, before leaf
 * `next` > right comes. */
static inline bool plx_tree_adds(int left, int right, int next)
{
    return plx_tree_height(left, right) < plx_tree_height(right, next);
}

#endif
