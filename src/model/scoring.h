/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and metrics of many rows in one call, and of sources of any size. */
#ifndef PLX_SCORING_H
#define PLX_SCORING_H

#include "model/handles.h"

/** Metrics of all tasks for rows with scores [rows->n, n_outputs] and weights [rows->n, n_tasks] (NULL: 1).
 * PLX_ERR_SCHEMA: no row has a label. PLX_ERR_ARGUMENT: a weight is negative or not finite. */
plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             const plx_metric_choices *choices, plx_metrics *metrics, plx_error *err);
/** The metrics with a parameter of an evaluation. PLX_ERR_ARGUMENT: one is unknown, or no task has it. */
plx_status plx_model_choose(const plx_model *model, const plx_evaluation *how, plx_metric_choices *out, plx_error *err);
/** The weights of rows in the losses, [rows->n, n_tasks]; NULL if all are 1. Free it with the allocator. */
plx_status plx_model_row_weights(const plx_model *model, const plx_rows *rows, double **out, plx_error *err);

/** Like plx_model_predict and plx_model_evaluate, with checked arguments. Adds to `report`, also on failure. */
plx_status plx_predict(const plx_model *model, const plx_prediction *what, plx_read_report *report, plx_error *err);
plx_status plx_evaluate(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                        plx_read_report *report, plx_error *err);
/** The same for files and streams, some rows at a time. */
plx_status plx_predict_source(const plx_model *model, const plx_prediction *what, plx_read_report *report,
                              plx_error *err);
plx_status plx_evaluate_source(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                               plx_read_report *report, plx_error *err);

#endif
