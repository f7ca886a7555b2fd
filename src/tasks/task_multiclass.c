/* SPDX-License-Identifier: Apache-2.0 */
/* Multiclass classification: the model learns a probability for each class. */
#include <stddef.h>

#include "tasks/task.h"

#define LOSS(name, doc) &plx_loss_##name,
#define NAME(name, doc) #name,

static const plx_loss *const losses[] = {PLX_MULTICLASS_LOSSES(LOSS) NULL};
static const char *const loss_names[] = {PLX_MULTICLASS_LOSSES(NAME) NULL};

const plx_task_def plx_task_multiclass = {
    .name = "multiclass",
    .noun = "multiclass task",
    .prediction = "probabilities of the classes",
    .labels = PLX_LABELS_ARE_CLASSES,
    .has_output_per_class = true,
    .losses = losses,
    .loss_names = loss_names,
    .score = "accuracy",
    .monitored = "logloss",
    .degenerate = "of one class",
};
