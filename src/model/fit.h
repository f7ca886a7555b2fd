/* SPDX-License-Identifier: Apache-2.0 */
/* Trains a model: the loop of src/train with the caller's callbacks, logs and checkpoints. */
#ifndef PLX_FIT_H
#define PLX_FIT_H

#include "model/handles.h"

/** Like plx_model_train; `hooks` may be NULL. */
plx_status plx_model_fit(plx_model *model, const plx_data *data, const plx_train_hooks *hooks, plx_train_report *report,
                         plx_error *err);

/** The job that trains `model` on the rows of `data`, without pool, listener and checkpointer. */
void plx_model_train_job(plx_model *model, const plx_data *data, plx_train_job *out);

#endif
