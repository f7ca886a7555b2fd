/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and figures of many rows at once. */
#include <math.h>

#include "model/model.h"
#include "model/scoring.h"
#include "model/training.h"
#include "train/group.h"

plx_status plx_model_score(const plx_model *model, const plx_rows *rows, float *scores, plx_error *err)
{
    plx_machine machine = model->context->machine;
    PLX_TRY(plx_model_check_weights(model, err));
    if (rows->n == 0) return PLX_OK;
    PLX_TRY(plx_context_pool(model->context, rows->n, 0, &machine.pool, err));
    plx_status status = plx_score_rows(&machine, &model->graph, model->values, rows, scores, NULL, err);
    plx_pool_free(machine.pool);
    return status;
}

static plx_status check_weights(const plx_model *model, const double *weights, size_t n, plx_error *err)
{
    const size_t n_tasks = (size_t)model->graph.n_tasks;
    for (size_t i = 0; weights && i < n * n_tasks; i++) {
        if (isfinite(weights[i]) && weights[i] >= 0) continue;
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "row %zu: the weight for task '%s' is %g; give numbers from 0", i / n_tasks + 1,
                 model->task_names[i % n_tasks], weights[i]);
    }
    return PLX_OK;
}

plx_status plx_model_row_weights(const plx_model *model, const plx_rows *rows, double **out, plx_error *err)
{
    const size_t n_tasks = (size_t)model->graph.n_tasks, bytes = rows->layout->record_bytes;
    *out = NULL;
    if (!rows->layout->has_weights || rows->n == 0) return PLX_OK;
    double *weights = plx_alloc(&model->context->allocator, rows->n * n_tasks, sizeof *weights);
    if (!weights) return plx_error_memory(err);
    for (size_t row = 0; row < rows->n; row++) {
        for (size_t task = 0; task < n_tasks; task++) {
            float weight;
            plx_records_weights(rows->layout, rows->records + row * bytes, 1, (int)task, &weight);
            weights[row * n_tasks + task] = (double)weight;
        }
        if (row % PLX_BLOCK_ROWS == 0) plx_rows_forget(rows, 0, row);
    }
    *out = weights;
    return PLX_OK;
}

static plx_status measure_task(const plx_model *model, const plx_rows *rows, const plx_groups *groups,
                               const float *scores, const double *weights, int task, plx_metrics *metrics,
                               plx_error *err)
{
    const plx_graph *graph = &model->graph;
    const float *labels = (const float *)(const void *)(rows->records + rows->layout->label_offset);
    const plx_scored scored = {
        .kind = model->task_kinds[task],
        .is_soft = model->soft_tasks[task],
        .quantile = model->quantiles[task],
        .n_outputs = graph->outputs[task + 1] - graph->outputs[task],
        .predictions = scores + graph->outputs[task],
        .prediction_stride = (size_t)graph->n_outputs,
        .labels = labels + task,
        .label_stride = rows->layout->record_bytes / sizeof(float),
        .n = rows->n,
        .groups = groups->of_row,
        .n_groups = groups->n_groups,
        .weights = weights ? weights + task : NULL,
        .weight_stride = (size_t)graph->n_tasks,
    };
    PLX_TRY(plx_score_task(&model->context->allocator, &scored, metrics, err));
    metrics->task = model->task_names[task];
    const bool has_one_class = metrics->positives == 0 || metrics->positives == metrics->rows;
    if (plx_task_kind_has_positives(metrics->kind) && metrics->rows > 0 && has_one_class &&
        isnan(metrics->values[PLX_METRIC_auc])) {
        plx_context_warn(model->context, "task '%s': all %lld labels are %s; AUC has no meaning with one class",
                         metrics->task, (long long)metrics->rows, metrics->positives == 0 ? "negative" : "positive");
    }
    return PLX_OK;
}

plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             plx_metrics *metrics, plx_error *err)
{
    int64_t n_labels = 0;
    plx_groups groups = {0};
    const int n_tasks = model->graph.n_tasks;
    PLX_TRY(check_weights(model, weights, rows->n, err));
    plx_status status = plx_groups_init(&groups, &model->context->allocator, rows, err);
    for (int task = 0; status == PLX_OK && task < n_tasks; task++) {
        status = measure_task(model, rows, &groups, scores, weights, task, &metrics[task], err);
        if (status == PLX_OK) n_labels += metrics[task].rows;
    }
    plx_groups_release(&groups, &model->context->allocator);
    plx_rows_forget(rows, 0, rows->n);
    if (status == PLX_OK && n_labels == 0) {
        status = plx_error_set(err, PLX_ERR_SCHEMA, "the rows have no labels: read them with labels to evaluate");
    }
    return status;
}

plx_status plx_model_evaluate_rows(const plx_model *model, const plx_rows *rows, plx_weighting weighting,
                                   const double *given, plx_metrics *metrics, plx_error *err)
{
    double *own = NULL;
    const plx_allocator *allocator = &model->context->allocator;
    float *scores = plx_alloc(allocator, rows->n * (size_t)model->graph.n_outputs, sizeof *scores);
    plx_status status = scores ? PLX_OK : plx_error_memory(err);
    if (status == PLX_OK && weighting == PLX_WEIGHTED_AS_LOSS) status = plx_model_row_weights(model, rows, &own, err);
    if (status == PLX_OK) status = plx_model_score(model, rows, scores, err);
    if (status == PLX_OK)
        status = plx_model_measure(model, rows, scores, weighting == PLX_WEIGHTED_GIVEN ? given : own, metrics, err);
    plx_free(allocator, own);
    plx_free(allocator, scores);
    return status;
}
