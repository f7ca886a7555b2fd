/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of all tasks on rows of which scores and labels are collected. The memory is reused for each set of rows. */
#ifndef PLX_MEASURE_H
#define PLX_MEASURE_H

#include "train/group.h"
#include "train/train.h"

typedef struct plx_measured {
    const plx_train_job *job;
    size_t n_max;
    size_t n;                 /* rows collected so far */
    float *scores;            /* [n_max, graph->n_outputs] */
    float *labels;            /* [n_tasks, n_max] */
    const plx_groups *groups; /* of the rows; NULL: none */
    const plx_metric_choices *choices;
    int n_parallel;       /* tasks measured at the same time */
    size_t scratch_bytes; /* of each */
    uint8_t *scratch;     /* [n_parallel, scratch_bytes] */
    plx_metrics *metrics; /* [n_tasks] */
} plx_measured;

/** For at most `n_max` rows; scores start at 0. `groups` and `choices` are borrowed. Release it after a failure, too.
 */
plx_status plx_measured_init(plx_measured *m, const plx_train_job *job, size_t n_max, const plx_groups *groups,
                             const plx_metric_choices *choices, plx_error *err);
void plx_measured_release(plx_measured *m);
/** Adds the scores and labels of the last batch. */
void plx_measured_add(plx_measured *m, const plx_run *run);
/** Computes the metrics. */
void plx_measured_run(plx_measured *m);

#endif
