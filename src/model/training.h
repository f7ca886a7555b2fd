/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model while it is trained. Its hooks may read it and set its weights; what would take the run's memory away, or
 * change what the run was sized by, is refused or put off. A process that was forked meanwhile has no thread that goes
 * on with the run: its copy of the model may have been caught between two numbers, and is refused unless the run was in
 * a hook, between two steps.
 */
#ifndef PLX_TRAINING_H
#define PLX_TRAINING_H

#include "model/handles.h"

/** Whether the weights may be read or set. PLX_ERR_ARGUMENT: the process was forked in the middle of a training. */
plx_status plx_model_check_weights(const plx_model *model, plx_error *err);

/** PLX_ERR_ARGUMENT: it is in training already, or was as the process was forked. */
plx_status plx_training_begin(plx_model *model, plx_error *err);
/** Assignments that were put off are made. */
void plx_training_end(plx_model *model);
/** Whether this is the process that began it. */
bool plx_training_is_here(const plx_model *model);
/** The configuration that an assignment changes: the model's, or where it is in training one that takes its place at
 * the end. */
plx_status plx_training_config(plx_model *model, plx_config **out, plx_error *err);

#endif
