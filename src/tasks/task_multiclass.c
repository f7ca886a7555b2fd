/* SPDX-License-Identifier: Apache-2.0 */
/* Multiclass classification: the model learns a probability for each class. */
#include <stddef.h>

#include "tasks/task.h"

#define LOSS(name, doc) &plx_loss_##name,

static const plx_loss *const losses[] = {PLX_MULTICLASS_LOSSES(LOSS) NULL};

const plx_task_def plx_task_multiclass = {
    .name = "multiclass",
    .noun = "multiclass task",
    .prediction = "probabilities of the classes",
    .has_output_per_class = true,
    .losses = losses,
    .score = "accuracy",
    .monitored = "logloss",
    .degenerate = "of one class",
};
