/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and figures of many rows at once, and of sources of any size. */
#ifndef PLX_SCORING_H
#define PLX_SCORING_H

#include "model/handles.h"

/** Figures of all tasks on rows with their scores [rows->n, n_outputs] and what they count, [rows->n, n_tasks] (NULL:
 * 1). PLX_ERR_SCHEMA: no row has a label. PLX_ERR_ARGUMENT: a weight is negative or not finite. */
plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             plx_metrics *metrics, plx_error *err);
/** What rows count in the losses, [rows->n, n_tasks]; NULL where all count 1. To be given back to the allocator. */
plx_status plx_model_row_weights(const plx_model *model, const plx_rows *rows, double **out, plx_error *err);

/** As plx_model_predict and plx_model_evaluate, whose arguments have been checked. `report` is added to, also on
 * failure. */
plx_status plx_predict(const plx_model *model, const plx_prediction *what, plx_read_report *report, plx_error *err);
plx_status plx_evaluate(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                        plx_read_report *report, plx_error *err);
/** The same of files and streams, some rows at a time. */
plx_status plx_predict_source(const plx_model *model, const plx_prediction *what, plx_read_report *report,
                              plx_error *err);
plx_status plx_evaluate_source(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                               plx_read_report *report, plx_error *err);

#endif
