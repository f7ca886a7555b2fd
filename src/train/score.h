/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring of many rows: a plan without gradients and a run of it, created once. */
#ifndef PLX_SCORE_H
#define PLX_SCORE_H

#include "train/gate_use.h"
#include "train/train.h"

/** Most rows per batch. */
enum { PLX_SCORE_ROWS = 8192 };

typedef struct plx_scorer {
    const plx_allocator *allocator; /* borrowed */
    plx_plan *plan;
    plx_run *run;
    int n_tasks, n_outputs, batch_rows;
    int64_t *labelled;    /* [n_tasks] rows */
    plx_gate_uses *gates; /* borrowed; filled by a run; NULL (the default): none */
} plx_scorer;

/** For batches of up to `n_rows` rows, at most PLX_SCORE_ROWS. */
plx_status plx_scorer_init(plx_scorer *scorer, const plx_machine *machine, const plx_graph *graph,
                           const plx_layout *layout, size_t n_rows, plx_error *err);
void plx_scorer_release(plx_scorer *scorer);
/** `scores` [rows->n, n_outputs]; `losses` [n_tasks]: means over rows with a label, NaN without any; NULL: labels are
 * not read. */
void plx_scorer_run(plx_scorer *scorer, plx_real *values, const plx_rows *rows, float *scores, double *losses);

#endif
