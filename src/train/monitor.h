/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the best epoch is chosen by: train.monitor as text, and its value after an epoch. It is the validation loss, a
 * figure of one task, or a weighted sum of figures.
 */
#ifndef PLX_MONITOR_H
#define PLX_MONITOR_H

#include "base/text.h"
#include "train/metric.h"

enum { PLX_MONITOR_TERMS_MAX = 32 };

/** What can be watched. Borrowed. */
typedef struct plx_monitored {
    const char *const *task_names; /* [n_tasks] */
    const plx_task_kind *task_kinds;
    const double *quantiles; /* [n_tasks] of tasks of loss quantile, else 0; NULL: there are none */
    int n_tasks;
    bool has_groups; /* data.group is given */
} plx_monitored;

typedef struct plx_monitor_term {
    double weight;
    int task;                      /* -1: the whole validation loss */
    const plx_metric_info *metric; /* NULL: the loss */
} plx_monitor_term;

typedef struct plx_monitor {
    plx_monitor_term terms[PLX_MONITOR_TERMS_MAX];
    int n_terms;
    /** Terms of which smaller values are better count negative where there are others, too. */
    bool larger_is_better;
} plx_monitor;

/**
 * Reads "loss", "TASK.FIGURE" or a sum such as "0.7*income.auc + 0.3*marital.auc"; NULL means "loss". A task's figures
 * are those of its kind, and its loss. PLX_ERR_ARGUMENT: the message names the nearest name that there is.
 */
plx_status plx_monitor_parse(plx_monitor *monitor, const char *text, const plx_monitored *what, plx_error *err);

/** Takes a term away. */
void plx_monitor_leave_out(plx_monitor *monitor, int term);

/** NaN where a figure has no meaning for the rows. */
double plx_monitor_value(const plx_monitor *monitor, double loss, const double *task_losses, const plx_metrics *scores);

/** Whether it is the validation loss alone. */
static inline bool plx_monitor_is_loss(const plx_monitor *monitor)
{
    return monitor->n_terms == 1 && monitor->terms[0].task < 0;
}

#endif
