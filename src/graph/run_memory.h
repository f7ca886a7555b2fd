/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a run: run.c takes and fills it, run_access.c finds the ops' parts of it. */
#ifndef PLX_RUN_MEMORY_H
#define PLX_RUN_MEMORY_H

#include "graph/plan.h"

struct plx_run_memory {
    plx_machine machine;
    plx_real *tiles;      /* [threads][plan->tile_memory] */
    plx_real *batch;      /* [plan->batch_memory] */
    plx_real *partial;    /* [tiles_max][plan->tile_numbers] */
    plx_real *numbers;    /* [plan->batch_numbers] */
    plx_real *leaves;     /* [leaves_max][n_tilewise + plan->leaf_numbers], training alone */
    plx_real *summed;     /* [plan->leaf_numbers] */
    plx_real *id_sums;    /* [plx_run_subtrees_max][plan->id_sum_numbers] */
    plx_real *id_scratch; /* [plan->id_scratch] */
    int *first_parts;     /* of run_work: [largest number of steps + 1] */
    uint8_t *gathered;    /* [batch_rows][record_bytes], training alone */
    bool is_frozen;
    double *weights; /* [n_tasks] of 1, for a caller without weights */
    const plx_batch *in_hand;
    bool with_losses;
};

/** Most subtrees into which `threads` threads divide up to `n_leaves` leaves of sums by id. */
int plx_run_subtrees_max(int n_leaves, int threads);

#endif
