/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics with a parameter, NAME@PARAMETER, such as accuracy@3 and pinball@0.9. They are chosen by the caller, and
 * their values follow those of the list of metrics.
 */
#ifndef PLX_METRIC_CHOICE_H
#define PLX_METRIC_CHOICE_H

#include "train/metric.h"

enum { PLX_METRIC_CHOICES_MAX = PLX_METRICS_MAX - PLX_METRICS_CHOSEN, PLX_METRIC_NAME_BYTES = 48 };

typedef struct plx_metric_choice {
    const plx_metric_info *metric;
    double parameter;
    char name[PLX_METRIC_NAME_BYTES]; /* as given */
} plx_metric_choice;

/** The i-th choice has the index PLX_METRICS_CHOSEN + i in plx_metrics.values. */
typedef struct plx_metric_choices {
    plx_metric_choice items[PLX_METRIC_CHOICES_MAX];
    int n;
} plx_metric_choices;

/** Whether the name is of the form NAME@PARAMETER. */
bool plx_metric_has_parameter(plx_slice name);
/** PLX_ERR_ARGUMENT: no such metric, it takes no parameter, or the parameter is not valid. */
plx_status plx_metric_choice_parse(plx_slice name, plx_metric_choice *out, plx_error *err);
/** Whether a task has the metric; `n_outputs` 0: not known yet. */
bool plx_metric_choice_fits(const plx_metric_choice *choice, plx_label_form labels, int n_outputs);
/** The metric's value; NaN if no row counts or a prediction is NaN. */
double plx_metric_choice_value(const plx_metric_choice *choice, const plx_scored *scored);

/** Adds all names; PLX_ERR_ARGUMENT also for a name that is given twice. */
plx_status plx_metric_choices_parse(plx_metric_choices *choices, const char *const *names, int n, plx_error *err);
/** PLX_ERR_ARGUMENT: a metric that none of the tasks has; task t has outputs[t + 1] - outputs[t] outputs. */
plx_status plx_metric_choices_check(const plx_metric_choices *choices, const plx_task_kind *kinds, const int *outputs,
                                    int n_tasks, plx_error *err);
/** The index in plx_metrics.values of a choice, which is added if it is new; -1: there is no space. */
int plx_metric_choices_index(plx_metric_choices *choices, const plx_metric_choice *choice);

/** The name of a value that applies. */
static inline const char *plx_metric_name(const plx_metric_choices *choices, int index)
{
    return index < PLX_METRICS ? plx_metric_list[index].name : choices->items[index - PLX_METRICS_CHOSEN].name;
}

#endif
