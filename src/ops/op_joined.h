/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data of a joined first layer: op_joined_fuse.c decides on it, op_joined.c executes it, op_joined_entries.c lists
 * and sorts what the rows add.
 */
#ifndef PLX_OP_JOINED_H
#define PLX_OP_JOINED_H

#include "ops/op_defs.h"

/* A linear node and its first column. */
typedef struct member {
    const plx_node *node;
    const plx_node *affine; /* an affine map folded into its kernel and bias; NULL: none */
    int column, width;
} member;

/* A part of the source: rows of the members' kernels, and of the packed kernel. */
typedef struct piece {
    int source_row, packed_row, width;
} piece;

typedef struct table {
    const plx_node *embedding;
    int feature, vocabulary;
    int first_row; /* in the products of all tables */
    piece rows;
} table;

typedef struct joined_attrs {
    member *members;
    int n_members;
    piece *rest; /* the part read as a value; NULL and 0: none */
    int n_rest;
    table *tables;
    int n_tables;
    int n_table_rows;
    int rest_width, all_width; /* rows of the packed kernel: for the rest, and all */
    int width, stride;         /* of the result, and of matrices that have its columns */
    int rest_stride;           /* of the rest's rows of the packed kernel, transposed */
    int batch_rows, n_leaves;  /* most rows of a batch, and leaves of sums by id */
    bool training;
    bool has_affines;
} joined_attrs;

/* A tile's entries of table rows: see plx_kernels.list_ids. */
typedef struct tile_entries {
    uint32_t *entries; /* [rows * n_tables] */
    uint16_t *counts;  /* [rows] */
    uint32_t *n;       /* of entries */
} tile_entries;

/* The batch's entries by table row: for each leaf and table row, in order, a list of batch rows, in order. */
typedef struct sorted_entries {
    uint32_t *starts; /* [leaves, plx_joined_starts()]: of the lists, from the leaf's first; the last is unused */
    uint32_t *rows;   /* [batch_rows, n_tables]; a leaf's begin at its first batch row */
} sorted_entries;

int plx_joined_starts(const joined_attrs *attrs);
/** `own`: the node's scratch of the tile's rows. */
tile_entries plx_joined_tile_entries(const plx_run *run, const plx_node *node, int tile, int rows, plx_real *own);
/** Sorts the entries of the number-th leaf of plx_run_id_leaves; all tiles have listed theirs. */
void plx_joined_sort(const plx_run *run, const plx_node *node, const sorted_entries *sorted, int number);
/** Fills `lists` with the sorted lists of the leaves of a subtree. Returns how many they are. */
int plx_joined_leaves(const plx_run *run, const plx_node *node, const sorted_entries *sorted, int first_leaf,
                      plx_row_lists *lists);
/** Number of entries of table rows before `row`. */
uint64_t plx_joined_entries_before(const plx_row_lists *lists, int n_leaves, int row);
/** Parts of a subtree's sums by category, and the first table row of one: all have about as many entries. */
int plx_joined_sum_parts(const plx_run *run, const plx_node *node);
int plx_joined_part_row(const joined_attrs *attrs, const plx_row_lists *lists, int n_leaves, int part, int parts);

/** Without tables, and with. */
extern const plx_op plx_op_siblings, plx_op_collapsed;

#endif
