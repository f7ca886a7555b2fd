/* SPDX-License-Identifier: Apache-2.0 */
/* Binary classification: the model learns a probability. */
#include <stddef.h>

#include "tasks/task.h"

#define LOSS(name, doc) &plx_loss_##name,

static const plx_loss *const losses[] = {PLX_BINARY_LOSSES(LOSS) NULL};

const plx_task_def plx_task_binary = {
    .name = "binary",
    .noun = "binary task",
    .prediction = "probability",
    .losses = losses,
    .score = "auc",
    .monitored = "logloss",
    .degenerate = "of one class",
};
