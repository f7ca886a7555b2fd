/* SPDX-License-Identifier: Apache-2.0 */
/* Exact figures of one task's predictions. */
#ifndef PLX_METRIC_H
#define PLX_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

/** Those that do not belong to the task's kind or have no meaning for the rows are NaN. */
typedef struct plx_score {
    int64_t rows, positives; /* rows with a label */
    double auc, logloss, accuracy;
    double mae, mse, rmse;
} plx_score;

/** A task's predictions and labels, each in a column of somebody's matrix. */
typedef struct plx_scored {
    plx_task_kind kind;
    int n_outputs;            /* numbers of one prediction: of a multiclass task its classes, else 1 */
    const float *predictions; /* [n][n_outputs], rows prediction_stride apart */
    size_t prediction_stride;
    const float *labels; /* [n], label_stride apart; NaN: left out */
    size_t label_stride;
    size_t n; /* below 2^32 */
} plx_scored;

/**
 * Binary: auc (ranks with ties
 * averaged; NaN where one class is missing), logloss of probabilities cut to [1e-7, 1 - 1e-7] as Keras does, accuracy
 * at 0.5; binary and regression: mae, mse, rmse; multiclass: rows alone. A prediction that is NaN makes every figure
 * NaN. PLX_ERR_MEMORY.
 */
plx_status plx_score_task(const plx_allocator *allocator, const plx_scored *scored, plx_score *out, plx_error *err);
/** The same without allocation, in `scratch` [2 * n]. */
void plx_score_with_scratch(const plx_scored *scored, uint32_t *scratch, plx_score *out);

#endif
