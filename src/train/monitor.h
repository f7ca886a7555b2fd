/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The criterion for the best epoch: train.monitor as text, and its value after an epoch. It is the validation loss, a
 * metric of one task, or a weighted sum of metrics.
 */
#ifndef PLX_MONITOR_H
#define PLX_MONITOR_H

#include "base/text.h"
#include "train/metric_choice.h"

enum { PLX_MONITOR_TERMS_MAX = 32 };

/** What can be monitored. Borrowed. */
typedef struct plx_monitored {
    const char *const *task_names; /* [n_tasks] */
    const plx_task_kind *task_kinds;
    const double *quantiles; /* [n_tasks] of tasks with loss quantile, else 0; NULL: none */
    int n_tasks;
    const int *outputs; /* [n_tasks + 1]: task t has outputs[t + 1] - outputs[t] outputs; NULL: not known yet */
    bool has_groups;    /* data.group is given */
} plx_monitored;

typedef struct plx_monitor_term {
    double weight;
    int task;                      /* -1: the total validation loss */
    const plx_metric_info *metric; /* NULL: the loss */
    int value;                     /* the metric's index in plx_metrics.values */
} plx_monitor_term;

typedef struct plx_monitor {
    plx_monitor_term terms[PLX_MONITOR_TERMS_MAX];
    int n_terms;
    plx_metric_choices choices; /* the metrics with a parameter */
    /** In a sum with terms to maximise, terms to minimise have a negative sign. */
    bool larger_is_better;
} plx_monitor;

/**
 * Parses "loss", "TASK.METRIC", "TASK.METRIC@PARAMETER" or a sum such as "0.7*income.auc + 0.3*marital.auc"; NULL means
 * "loss". A task has the metrics of its kind, and its loss. PLX_ERR_ARGUMENT: the message suggests the closest name.
 */
plx_status plx_monitor_parse(plx_monitor *monitor, const char *text, const plx_monitored *what, plx_error *err);

/** Adds the monitor's choices to `choices`, whose indexes the terms then have. PLX_ERR_ARGUMENT: too many. */
plx_status plx_monitor_choose(plx_monitor *monitor, plx_metric_choices *choices, plx_error *err);

/** Removes a term. */
void plx_monitor_leave_out(plx_monitor *monitor, int term);

/** NaN if a metric is undefined for the rows. */
double plx_monitor_value(const plx_monitor *monitor, double loss, const double *task_losses, const plx_metrics *scores);

/** Whether the criterion is just the validation loss. */
static inline bool plx_monitor_is_loss(const plx_monitor *monitor)
{
    return monitor->n_terms == 1 && monitor->terms[0].task < 0;
}

#endif
