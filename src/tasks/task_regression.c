/* SPDX-License-Identifier: Apache-2.0 */
/* Regression: the model learns a number. */
#include <stddef.h>

#include "tasks/task.h"

#define LOSS(name, doc) &plx_loss_##name,
#define NAME(name, doc) #name,

static const plx_loss *const losses[] = {PLX_REGRESSION_LOSSES(LOSS) NULL};
static const char *const loss_names[] = {PLX_REGRESSION_LOSSES(NAME) NULL};

const plx_task_def plx_task_regression = {
    .name = "regression",
    .noun = "regression",
    .prediction = "value",
    .labels = PLX_LABELS_ARE_NUMBERS,
    .losses = losses,
    .loss_names = loss_names,
    .score = "mse",
    .monitored = "rmse",
    .degenerate = "all equal",
};
