/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's inside, for plan.c, which makes it, and run.c, which executes it. */
#ifndef PLX_PLAN_H
#define PLX_PLAN_H

#include "graph/run.h"

/** Jobs that a batch is cut into, and gradients to add up: enough for that many threads. */
enum { PLX_CHUNKS_MAX = 8 };

/*
 * Where a matrix with a row for each row of the batch lies: in the memory of a tile, which the next tile of the same
 * thread uses again, or in that of the batch. Row r begins at offset + r * stride.
 */
typedef struct plx_slot {
    bool exists;
    bool is_of_batch;
    size_t offset; /* in numbers */
    int stride;
} plx_slot;

/* What the plan knows of a node. */
typedef struct plx_node_plan {
    bool runs;          /* something that is wanted depends on it */
    bool runs_backward; /* a loss depends on it, and a parameter is at or before it */
    int level, level_backward;
    plx_slot value, gradient, scratch;
    size_t tile_offset, batch_offset; /* of tile_numbers and batch_numbers */
    int writes_into;                  /* the concatenation whose memory it shares, or -1 */
    bool *adds;                       /* [n_inputs]: its gradient for the input is added to others' */
    bool *wants;                      /* [n_inputs]: the input's gradient is wanted */
} plx_node_plan;

typedef struct plx_step {
    const plx_node *node;
    bool is_backward;
} plx_step;

/* Steps that a tile takes one after another, then joins that see all tiles. */
typedef struct plx_phase {
    plx_step *steps;
    int n_steps;
    plx_step *joins;
    int n_joins;
} plx_phase;

struct plx_plan {
    const plx_allocator *allocator;
    const plx_graph *graph;
    const plx_kernels *kernels;
    plx_plan_options options;
    plx_arena arena;
    int tile_rows, tiles_per_chunk;
    int tiles_max, chunks_max; /* of a batch of options.batch_rows */
    plx_node_plan *nodes;      /* [graph->n_nodes] */
    plx_phase *phases;
    int n_phases;
    size_t tile_memory;   /* numbers a thread */
    size_t batch_memory;  /* numbers a run */
    size_t tile_numbers;  /* numbers a tile, kept for the batch */
    size_t batch_numbers; /* numbers a run */
};

#endif
