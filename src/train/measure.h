/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of all tasks on rows whose scores and labels are gathered, again and again in the same memory. */
#ifndef PLX_MEASURE_H
#define PLX_MEASURE_H

#include "train/group.h"
#include "train/train.h"

typedef struct plx_measured {
    const plx_train_job *job;
    size_t n_max;
    size_t n;                 /* rows that are there */
    float *scores;            /* [n_max, graph->n_outputs] */
    float *labels;            /* [n_tasks, n_max] */
    const plx_groups *groups; /* of the rows; NULL: none */
    int n_parallel;           /* tasks whose figures are made at once */
    size_t scratch_bytes;     /* of each */
    uint8_t *scratch;         /* [n_parallel, scratch_bytes] */
    plx_metrics *figures;     /* [n_tasks] */
} plx_measured;

/** For at most `n_max` rows; scores are 0 at first. `groups` is borrowed. To be released after a failure, too. */
plx_status plx_measured_init(plx_measured *m, const plx_train_job *job, size_t n_max, const plx_groups *groups,
                             plx_error *err);
void plx_measured_release(plx_measured *m);
/** Adds the scores and labels of a batch that has just run. */
void plx_measured_add(plx_measured *m, const plx_run *run);
/** Makes the figures. */
void plx_measured_run(plx_measured *m);

#endif
