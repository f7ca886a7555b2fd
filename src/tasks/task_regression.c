/* SPDX-License-Identifier: Apache-2.0 */
/* Regression: the model learns a number. */
#include <stddef.h>

#include "tasks/task.h"

#define LOSS(name, doc) &plx_loss_##name,

static const plx_loss *const losses[] = {PLX_REGRESSION_LOSSES(LOSS) NULL};

const plx_task_def plx_task_regression = {
    .name = "regression",
    .noun = "regression",
    .prediction = "value",
    .losses = losses,
    .score = "mse",
    .monitored = "rmse",
    .degenerate = "all equal",
};
