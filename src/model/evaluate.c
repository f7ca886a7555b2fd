/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and metrics of many rows in one call. */
#include <math.h>

#include "model/datasets.h"
#include "model/model.h"
#include "model/scoring.h"
#include "model/training.h"
#include "train/group.h"
#include "train/score.h"

static plx_status score_rows(const plx_model *model, const plx_rows *rows, float *scores, plx_error *err)
{
    plx_machine machine = model->context->machine;
    PLX_TRY(plx_model_check_weights(model, err));
    if (rows->n == 0) return PLX_OK;
    PLX_TRY(plx_context_pool(model->context, rows->n, PLX_SCORE_ROWS, 0, &machine.pool, err));
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
        if (row % PLX_BLOCK_ROWS == 0) plx_rows_drop_pages(rows, 0, row);
    }
    *out = weights;
    return PLX_OK;
}

static plx_status measure_task(const plx_model *model, const plx_rows *rows, const plx_groups *groups,
                               const float *scores, const double *weights, const plx_metric_choices *choices, int task,
                               plx_metrics *metrics, plx_error *err)
{
    const plx_graph *graph = &model->graph;
    const float *labels = (const float *)(const void *)(rows->records + rows->layout->label_offset);
    const plx_scored scored = {
        .form = plx_task_forms[model->task_kinds[task]],
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
        .choices = choices,
    };
    PLX_TRY(plx_score_task(&model->context->allocator, &scored, metrics, err));
    metrics->task = model->task_names[task];
    const bool has_one_class = metrics->positives == 0 || metrics->positives == metrics->rows;
    if (metrics->labels == PLX_LABELS_ARE_TRUTHS && metrics->rows > 0 && has_one_class &&
        isnan(metrics->values[PLX_METRIC_auc])) {
        plx_context_warn(model->context, "task '%s': all %lld labels are %s; AUC is undefined with one class",
                         metrics->task, (long long)metrics->rows, metrics->positives == 0 ? "negative" : "positive");
    }
    return PLX_OK;
}

plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             const plx_metric_choices *choices, plx_metrics *metrics, plx_error *err)
{
    int64_t n_labels = 0;
    plx_groups groups = {0};
    const int n_tasks = model->graph.n_tasks;
    PLX_TRY(check_weights(model, weights, rows->n, err));
    plx_status status = plx_groups_init(&groups, &model->context->allocator, rows, err);
    for (int task = 0; status == PLX_OK && task < n_tasks; task++) {
        status = measure_task(model, rows, &groups, scores, weights, choices, task, &metrics[task], err);
        if (status == PLX_OK) n_labels += metrics[task].rows;
    }
    plx_groups_release(&groups, &model->context->allocator);
    plx_rows_drop_pages(rows, 0, rows->n);
    if (status == PLX_OK && n_labels == 0) {
        status = plx_error_set(err, PLX_ERR_SCHEMA, "the rows have no labels: read them with labels to evaluate");
    }
    return status;
}

plx_status plx_model_choose(const plx_model *model, const plx_evaluation *how, plx_metric_choices *out, plx_error *err)
{
    PLX_TRY(plx_metric_choices_parse(out, how->metrics, how->n_metrics, err));
    return plx_metric_choices_check(out, model->task_kinds, model->graph.outputs, model->graph.n_tasks, err);
}

static plx_status evaluate_rows(const plx_model *model, const plx_encoders *encoders, const plx_rows *rows,
                                const plx_evaluation *how, plx_metrics *metrics, plx_error *err)
{
    double *own = NULL;
    plx_metric_choices choices;
    const plx_allocator *allocator = &model->context->allocator;
    PLX_TRY(plx_model_choose(model, how, &choices, err));
    if (rows->n == 0) PLX_FAIL(err, PLX_ERR_SCHEMA, "there are no rows to evaluate");
    PLX_TRY(plx_model_check_encoders(model, encoders, err));
    float *scores = plx_alloc(allocator, rows->n * (size_t)model->graph.n_outputs, sizeof *scores);
    plx_status status = scores ? PLX_OK : plx_error_memory(err);
    if (status == PLX_OK && how->loss_weights) status = plx_model_row_weights(model, rows, &own, err);
    if (status == PLX_OK) status = score_rows(model, rows, scores, err);
    if (status == PLX_OK)
        status = plx_model_measure(model, rows, scores, how->weights ? how->weights : own, &choices, metrics, err);
    plx_free(allocator, own);
    plx_free(allocator, scores);
    return status;
}

static plx_status evaluate_columns(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                                   plx_read_report *report, plx_error *err)
{
    plx_dataset *dataset = NULL;
    PLX_TRY(plx_dataset_open(model, how->source, true, &dataset, err));
    plx_status status = evaluate_rows(model, dataset->encoders, &dataset->rows, how, metrics, err);
    report->rows = dataset->report.rows;
    plx_dataset_destroy(dataset);
    return status;
}

plx_status plx_evaluate(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                        plx_read_report *report, plx_error *err)
{
    static const char *const names[PLX_PARTS] = {"train", "validation", "test"};
    if (how->source && !how->source->columns) return plx_evaluate_source(model, how, metrics, report, err);
    if (how->source) return evaluate_columns(model, how, metrics, report, err);
    const plx_rows *rows = how->data ? &how->data->parts[how->part] : &how->dataset->rows;
    const plx_encoders *encoders = how->data ? how->data->encoders : how->dataset->encoders;
    if (how->data && rows->n == 0)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "part '%s' has no rows: name files or a share for it in section 'data'",
                 names[how->part]);
    report->rows = (int64_t)rows->n;
    return evaluate_rows(model, encoders, rows, how, metrics, err);
}

static plx_status predict_rows(const plx_model *model, const plx_dataset *dataset, const plx_prediction *what,
                               plx_error *err)
{
    const plx_rows *rows = &dataset->rows;
    PLX_TRY(plx_model_check_encoders(model, dataset->encoders, err));
    if (what->scores) return score_rows(model, rows, what->scores, err);
    const plx_allocator *allocator = &model->context->allocator;
    float *scores = plx_alloc(allocator, rows->n * (size_t)model->graph.n_outputs, sizeof *scores);
    const plx_scored_rows scored = {.rows = (int64_t)rows->n, .scores = scores};
    plx_status status = scores ? score_rows(model, rows, scores, err) : plx_error_memory(err);
    if (!status && !what->take(what->user, &scored))
        status = plx_error_set(err, PLX_ERR_ARGUMENT, "stopped by the callback");
    plx_free(allocator, scores);
    return status;
}

plx_status plx_predict(const plx_model *model, const plx_prediction *what, plx_read_report *report, plx_error *err)
{
    plx_dataset *dataset = NULL;
    if (what->source && !what->source->columns) return plx_predict_source(model, what, report, err);
    if (what->source) PLX_TRY(plx_dataset_open(model, what->source, false, &dataset, err));
    const plx_dataset *rows = dataset ? dataset : what->dataset;
    plx_status status = predict_rows(model, rows, what, err);
    report->rows = rows->report.rows;
    plx_dataset_destroy(dataset);
    return status;
}
