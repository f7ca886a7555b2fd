/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a batch: which table rows its rows add. Each tile lists its own; before the sums by category, those of
 * each leaf, a run of tiles, are sorted by table row.
 */
#include <string.h>

#include "ops/op_joined.h"

enum { SUM_ROWS = 64, SUMS_MAX = 64 /* rows of a batch per part of the sums by category, and most parts */ };

int plx_joined_starts(const joined_attrs *attrs)
{
    return (attrs->n_table_rows + 3) / 2 * 2;
}

tile_entries plx_joined_tile_entries(const plx_run *run, const plx_node *node, int tile, int rows, plx_real *own)
{
    const joined_attrs *attrs = node->attrs;
    uint32_t *entries = (uint32_t *)(void *)own;
    return (tile_entries){.entries = entries,
                          .counts = (uint16_t *)(void *)(entries + (ptrdiff_t)rows * attrs->n_tables),
                          .n = (uint32_t *)(void *)(plx_run_tile_numbers(run, node, tile) + attrs->stride)};
}

static tile_entries batch_entries(const plx_run *run, const plx_node *node, int tile)
{
    const int first_row = plx_run_tile_first(run, tile), rows = plx_run_tile_first(run, tile + 1) - first_row;
    return plx_joined_tile_entries(run, node, tile, rows,
                                   plx_run_rows(run, node) + (ptrdiff_t)first_row * node->row_numbers);
}

/* A counting sort. */
void plx_joined_sort(const plx_run *run, const plx_node *node, const sorted_entries *sorted, int number)
{
    const joined_attrs *attrs = node->attrs;
    const plx_leaves leaves = plx_run_id_leaves(run);
    const int first = plx_run_leaf_tile(run, &leaves, leaves.first + number);
    const int end = plx_run_leaf_tile(run, &leaves, leaves.first + number + 1);
    uint32_t *starts = sorted->starts + (ptrdiff_t)number * plx_joined_starts(attrs), *begins = starts + 1;
    memset(starts, 0, (size_t)plx_joined_starts(attrs) * sizeof *starts);
    for (int tile = first; tile < end; tile++) {
        const tile_entries list = batch_entries(run, node, tile);
        for (uint32_t i = 0; i < *list.n; i++)
            begins[(list.entries[i] & 0xffff) + 1]++;
    }
    for (int row = 0; row < attrs->n_table_rows; row++)
        begins[row + 1] += begins[row];
    uint32_t *rows = sorted->rows + (ptrdiff_t)plx_run_tile_first(run, first) * attrs->n_tables;
    for (int tile = first; tile < end; tile++) {
        const tile_entries list = batch_entries(run, node, tile);
        const uint32_t first_row = (uint32_t)plx_run_tile_first(run, tile);
        for (uint32_t i = 0; i < *list.n; i++) /* a list's begin moves to its end, where the next one begins */
            rows[begins[list.entries[i] & 0xffff]++] = first_row + (list.entries[i] >> 16);
    }
}

int plx_joined_leaves(const plx_run *run, const plx_node *node, const sorted_entries *sorted, int first_leaf,
                      plx_row_lists *lists)
{
    const joined_attrs *attrs = node->attrs;
    const plx_leaves leaves = plx_run_id_leaves(run);
    int n = 0;
    for (int leaf = first_leaf; leaf < leaves.end && n < leaves.subtree; leaf++, n++) {
        lists[n] = (plx_row_lists){sorted->starts + (ptrdiff_t)(leaf - leaves.first) * plx_joined_starts(attrs),
                                   sorted->rows + (ptrdiff_t)plx_run_leaf_row(run, &leaves, leaf) * attrs->n_tables};
    }
    return n;
}

uint64_t plx_joined_entries_before(const plx_row_lists *lists, int n_leaves, int row)
{
    uint64_t n = 0;
    for (int leaf = 0; leaf < n_leaves; leaf++)
        n += lists[leaf].starts[row];
    return n;
}

int plx_joined_sum_parts(const plx_run *run, const plx_node *node)
{
    (void)node;
    const plx_leaves leaves = plx_run_id_leaves(run);
    const int64_t rows = (int64_t)leaves.subtree * leaves.tiles * plx_run_tile_first(run, 1);
    return rows < SUMS_MAX * SUM_ROWS ? (int)((rows + SUM_ROWS - 1) / SUM_ROWS) : SUMS_MAX;
}

int plx_joined_part_row(const joined_attrs *attrs, const plx_row_lists *lists, int n_leaves, int part, int parts)
{
    const uint64_t before =
        plx_joined_entries_before(lists, n_leaves, attrs->n_table_rows) * (uint64_t)part / (uint64_t)parts;
    int low = 0, high = attrs->n_table_rows; /* the row is in [low, high] */
    if (part == 0 || part == parts) return part == 0 ? 0 : high;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (plx_joined_entries_before(lists, n_leaves, middle) >= before)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
