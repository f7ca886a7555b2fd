/* SPDX-License-Identifier: Apache-2.0 */
/* Internals of the plan: plan.c builds it with plan_fuse.c, plan_order.c and plan_memory.c; run.c executes it. */
#ifndef PLX_PLAN_H
#define PLX_PLAN_H

#include "graph/run.h"

/** Numbers of a gradient that one job adds up. */
enum { PLX_SPAN_NUMBERS = 4096 };

/*
 * Location of a matrix with one row for each row of the batch: in the tile's memory, which the thread's next tile
 * reuses, or in the batch's. Row r starts at offset + r * stride.
 */
typedef struct plx_slot {
    bool exists;
    bool is_of_batch;
    size_t offset; /* in numbers */
    int stride;
} plx_slot;

/* The plan's data of a node. */
typedef struct plx_node_plan {
    bool runs;          /* an output of the plan depends on it */
    bool runs_backward; /* a loss depends on it, and a parameter is at or before it */
    int level, level_backward;
    plx_slot value, gradient, scratch;
    size_t tile_offset, leaf_offset, id_sum_offset, id_offset, batch_offset; /* of tile_numbers, leaf_numbers, ... */
    int made_by;        /* the fused node that computes its value, or -1 */
    int inside, column; /* the node that contains its value from this column on, or -1 */
    bool *adds;         /* [n_inputs]: its gradient for the input is added to existing ones */
    bool *wants;        /* [n_inputs]: the input's gradient is needed */
} plx_node_plan;

typedef struct plx_step {
    const plx_node *node;
    const plx_batch_work *work; /* of joins and sums; NULL: a step of tiles */
    bool is_backward;
} plx_step;

/* Steps that run in order on each tile, then joins that see all tiles. */
typedef struct plx_phase {
    plx_step *steps;
    int n_steps;
    plx_step *joins;
    int n_joins;
} plx_phase;

/* A range of the leaves' gradients to sum: of tilewise parameters or of nodes' leaf numbers. */
typedef struct plx_span {
    size_t first; /* in a leaf's block */
    size_t n;
} plx_span;

struct plx_plan {
    const plx_allocator *allocator;
    const plx_graph *graph;
    const plx_kernels *kernels;
    plx_plan_options options;
    plx_arena arena;
    int tile_rows, leaf_tiles;
    int id_leaf_leaves;                       /* leaves that are one leaf of sums by id */
    int tiles_max, leaves_max, id_leaves_max; /* of a batch of options.batch_rows */
    const plx_node **all; /* [n_all] the graph's nodes, then the rewrites'; node indices refer to this array */
    int n_all;
    const plx_node **order; /* [n_order] nodes that may run, inputs first; rewrites replace their nodes */
    int n_order;
    plx_node_plan *nodes; /* [n_all] */
    plx_phase *phases;
    int n_phases;
    plx_step *prepares; /* [n_prepares] */
    int n_prepares;
    plx_step *id_sorts, *id_sums; /* [n_id_sorts], [n_id_sums], after the last phase */
    int n_id_sorts, n_id_sums;
    plx_step *finishes; /* [n_finishes] */
    int n_finishes;
    plx_span *spans;
    int n_spans;
    size_t tile_memory;    /* numbers a thread */
    size_t batch_memory;   /* numbers a run */
    size_t tile_numbers;   /* numbers per tile, kept for the batch */
    size_t leaf_numbers;   /* numbers per leaf, without the gradients of tilewise parameters */
    size_t id_sum_numbers; /* numbers per subtree of leaves of sums by id */
    size_t id_scratch;     /* numbers a run */
    size_t batch_numbers;  /* numbers a run */
};

/** plan_fuse.c: fills `all` and `order`, with the fusions that ops offer. */
plx_status plx_plan_fuse(plx_plan *plan, plx_error *err);
/** plan_order.c: what runs, in which phase, and which node writes a gradient first. */
plx_status plx_plan_order(plx_plan *plan, plx_error *err);
/** plan_memory.c: assigns memory and chooses the leaves. */
plx_status plx_plan_lay_out(plx_plan *plan, plx_error *err);

#endif
