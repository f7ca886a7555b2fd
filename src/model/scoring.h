/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and figures of many rows at once, and of sources of any size. */
#ifndef PLX_SCORING_H
#define PLX_SCORING_H

#include "model/handles.h"

/** What rows count. */
typedef enum plx_weighting { PLX_WEIGHTED_ONE, PLX_WEIGHTED_AS_LOSS, PLX_WEIGHTED_GIVEN } plx_weighting;

/** What is read once, some rows at a time: files, or a stream. */
typedef struct plx_row_source {
    const char *const *paths; /* [n_paths] */
    int n_paths;
    struct ArrowArrayStream *stream; /* NULL: files */
} plx_row_source;

/** `scores` [rows->n, n_outputs]. */
plx_status plx_model_score(const plx_model *model, const plx_rows *rows, float *scores, plx_error *err);
/** Figures of all tasks; `given` [rows->n, n_tasks] for PLX_WEIGHTED_GIVEN. PLX_ERR_SCHEMA: no row has a label.
 * PLX_ERR_ARGUMENT: a weight is negative or not finite. */
plx_status plx_model_evaluate_rows(const plx_model *model, const plx_rows *rows, plx_weighting weighting,
                                   const double *given, plx_metrics *metrics, plx_error *err);
/** The same on rows with their scores [rows->n, n_outputs] and what they count, [rows->n, n_tasks] (NULL: 1). */
plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             plx_metrics *metrics, plx_error *err);
/** What rows count in the losses, [rows->n, n_tasks]; NULL where all count 1. To be given back to the allocator. */
plx_status plx_model_row_weights(const plx_model *model, const plx_rows *rows, double **out, plx_error *err);

/** `report` may be NULL, and is filled after a failure, too. PLX_ERR_ARGUMENT: `take` returned false. */
plx_status plx_model_predict_source(const plx_model *model, const plx_row_source *from, plx_scores_taker *take,
                                    void *user, plx_files_report *report, plx_error *err);
/** The same with the cells of `columns` [n_columns], and with the rows that are skipped. */
plx_status plx_model_predict_kept(const plx_model *model, const plx_row_source *from, const char *const *columns,
                                  int n_columns, plx_rows_taker *take, void *user, plx_files_report *report,
                                  plx_error *err);
plx_status plx_model_evaluate_source(const plx_model *model, const plx_row_source *from, plx_weighting weighting,
                                     plx_metrics *metrics, plx_files_report *report, plx_error *err);

#endif
