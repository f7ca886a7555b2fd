/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a joined first layer: op_joined_fuse.c decides on it, op_joined.c executes it. */
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
    int list_stride;           /* 16-bit numbers from a row's list to the next */
    bool training;
    bool has_affines;
} joined_attrs;

/** Without tables, and with. */
extern const plx_op plx_op_siblings, plx_op_collapsed;

#endif
