/* SPDX-License-Identifier: Apache-2.0 */
/* Validation: all threads score the rows, then metrics are computed. */
#include "train/validation.h"

#include <math.h>

static plx_status take_memory(plx_validation *v, plx_error *err)
{
    const plx_train_job *job = v->job;
    const plx_rows *rows = job->validation;
    const plx_allocator *a = job->machine.allocator;
    PLX_TRY(plx_scorer_init(&v->scorer, &job->machine, job->graph, rows->layout, rows->n, err));
    if (job->counts_gates) {
        PLX_TRY(plx_gate_uses_init(&v->gates, a, job->graph, err));
        v->scorer.gates = &v->gates;
    }
    PLX_TRY(plx_groups_init(&v->groups, a, rows, err));
    PLX_TRY(plx_measured_init(&v->measured, job, rows->n, &v->groups, &v->choices, err));
    v->measured.n = rows->n;
    v->losses = plx_alloc_zero(a, (size_t)job->graph->n_tasks, sizeof *v->losses);
    return v->losses ? PLX_OK : plx_error_memory(err);
}

/** Whether the task's loss is defined: a row has a label and a weight. */
static bool has_loss(const plx_validation *v, int task)
{
    const plx_rows *rows = v->job->validation;
    const float *labels = v->measured.labels + (size_t)task * rows->n;
    for (size_t row = 0; row < rows->n; row++) {
        float weight = 1;
        if (isnan(labels[row])) continue;
        if (rows->layout->has_weights)
            plx_records_weights(rows->layout, rows->records + row * rows->layout->record_bytes, 1, task, &weight);
        if (weight > 0) return true;
    }
    return false;
}

static bool has_whole_loss(const plx_validation *v)
{
    bool found = false;
    for (int task = 0; task < v->job->graph->n_tasks && !found; task++)
        found = v->job->task_weights[task] > 0 && has_loss(v, task);
    return found;
}

/** A task without a label in the validation rows says nothing of an epoch: what is best is chosen by the others. */
static plx_status leave_out_unlabelled(plx_validation *v, plx_error *err)
{
    const bool is_loss = plx_monitor_is_loss(&v->monitor);
    for (int i = v->monitor.n_terms - 1; i >= 0; i--) {
        const plx_monitor_term *term = &v->monitor.terms[i];
        const int task = term->task;
        const bool is_known = task < 0       ? has_whole_loss(v)
                              : term->metric ? v->measured.metrics[task].rows > 0
                                             : has_loss(v, task);
        if (is_known) continue;
        plx_monitor_leave_out(&v->monitor, i);
        if (v->monitor.n_terms > 0) continue;
        if (is_loss || task < 0)
            PLX_FAIL(err, PLX_ERR_SCHEMA,
                     "no validation row has a label and a weight, so epochs cannot be compared: validate on rows with "
                     "labels (data.validation, data.validation_part), or remove the validation rows");
        PLX_FAIL(err, PLX_ERR_SCHEMA, "train.monitor: no validation row has a label of task '%s'",
                 v->job->task_names[task]);
    }
    return PLX_OK;
}

/** Metrics of scores that are all 0 are defined exactly where the metrics of other scores are. */
static plx_status check_meaning(plx_validation *v, plx_error *err)
{
    if (!plx_monitor_is_loss(&v->monitor)) plx_measured_run(&v->measured);
    PLX_TRY(leave_out_unlabelled(v, err));
    for (int i = 0; i < v->monitor.n_terms; i++) {
        const plx_monitor_term *term = &v->monitor.terms[i];
        if (term->task < 0) continue;
        const char *name = v->job->task_names[term->task];
        const plx_metrics *score = &v->measured.metrics[term->task];
        if (term->metric && isnan(score->values[term->value]))
            PLX_FAIL(err, PLX_ERR_SCHEMA,
                     "train.monitor: %s of task '%s' is undefined for the validation rows: their labels are %s",
                     plx_metric_name(&v->choices, term->value), name,
                     plx_task_list[v->job->task_kinds[term->task]]->degenerate);
    }
    return PLX_OK;
}

plx_status plx_validation_init(plx_validation *v, const plx_train_job *job, plx_error *err)
{
    const plx_rows *rows = job->validation;
    *v = (plx_validation){.job = job, .has_rows = rows && rows->n > 0};
    const plx_monitored monitored = {.task_names = job->task_names,
                                     .task_kinds = job->task_kinds,
                                     .quantiles = job->quantiles,
                                     .n_tasks = job->graph->n_tasks,
                                     .outputs = job->graph->outputs,
                                     .has_groups = job->train->layout->has_group};
    if (job->choices) {
        v->choices = *job->choices;
        PLX_TRY(plx_metric_choices_check(&v->choices, job->task_kinds, job->graph->outputs, job->graph->n_tasks, err));
    }
    PLX_TRY(plx_monitor_parse(&v->monitor, job->spec->monitor, &monitored, err));
    PLX_TRY(plx_monitor_choose(&v->monitor, &v->choices, err));
    if (!v->has_rows) return PLX_OK;
    PLX_TRY(take_memory(v, err));
    for (int task = 0; task < job->graph->n_tasks; task++)
        plx_rows_labels(rows, task, v->measured.labels + (size_t)task * rows->n);
    return check_meaning(v, err);
}

void plx_validation_release(plx_validation *v)
{
    if (!v->job) return;
    const plx_allocator *a = v->job->machine.allocator;
    plx_free(a, v->losses);
    plx_measured_release(&v->measured);
    plx_groups_release(&v->groups, a);
    plx_gate_uses_release(&v->gates);
    plx_scorer_release(&v->scorer);
}

void plx_validation_run(plx_validation *v)
{
    plx_scorer_run(&v->scorer, v->job->values, v->job->validation, v->measured.scores, v->losses);
    plx_measured_run(&v->measured);
}
