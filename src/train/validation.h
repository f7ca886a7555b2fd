/* SPDX-License-Identifier: Apache-2.0 */
/* Losses and metrics of the validation rows after each epoch. All memory is allocated at creation. */
#ifndef PLX_VALIDATION_H
#define PLX_VALIDATION_H

#include "train/measure.h"
#include "train/monitor.h"
#include "train/score.h"

typedef struct plx_validation {
    const plx_train_job *job;
    plx_monitor monitor;
    plx_metric_choices choices; /* the job's, then those of the monitor */
    bool has_rows;              /* nothing below is there without them */
    plx_scorer scorer;
    plx_gate_uses gates; /* where the job asks for them */
    plx_groups groups;
    plx_measured measured;
    double *losses; /* [n_tasks] means over rows with a label */
} plx_validation;

/** To be released after a failure, too. PLX_ERR_ARGUMENT: spec->monitor is not understood, or no task
 * has one of job->choices; PLX_ERR_SCHEMA: it has no
 * meaning for the rows. Terms of tasks without a label there are left out of the monitor. */
plx_status plx_validation_init(plx_validation *validation, const plx_train_job *job, plx_error *err);
void plx_validation_release(plx_validation *validation);
/** Evaluates job->values: scores, losses and metrics. */
void plx_validation_run(plx_validation *validation);
/** The value of spec->monitor, from losses and metrics; `loss` is the total. */
static inline double plx_validation_monitored(const plx_validation *v, double loss)
{
    return plx_monitor_value(&v->monitor, loss, v->losses, v->measured.metrics);
}

#endif
