/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model in training. Its callbacks may read the model and set its weights; a call that would free the run's memory or
 * change its sizes is refused or deferred. A process forked during training has no thread that continues the run: its
 * copy of the model may be inconsistent, and is refused unless the run was in a callback, between two steps.
 */
#ifndef PLX_TRAINING_H
#define PLX_TRAINING_H

#include "model/handles.h"

/** Whether the weights may be read or set. PLX_ERR_ARGUMENT: the process was forked during a training step. */
plx_status plx_model_check_weights(const plx_model *model, plx_error *err);

/** PLX_ERR_ARGUMENT: it is in training already, or was when the process was forked. */
plx_status plx_training_begin(plx_model *model, plx_error *err);
/** Applies deferred assignments. */
void plx_training_end(plx_model *model);
/** Whether this process started the training. */
bool plx_training_is_here(const plx_model *model);
/** The configuration to change by an assignment: the model's, or in training a copy that replaces it at the end. */
plx_status plx_training_config(plx_model *model, plx_config **out, plx_error *err);

#endif
