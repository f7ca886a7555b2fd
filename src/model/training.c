/* SPDX-License-Identifier: Apache-2.0 */
/* The process id shows whether the process was forked: no global state has to follow a fork. */
#include "model/training.h"

#include <unistd.h>

#include "model/configuration.h"
#include "model/model.h"

bool plx_training_is_here(const plx_model *model)
{
    return model->training.process == getpid();
}

static plx_status fail_in_child(plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "this process was forked while the model was in training, which continues only in the parent: make or "
             "load another model here, or fork when training is done");
}

plx_status plx_model_check_weights(const plx_model *model, plx_error *err)
{
    const plx_training *training = &model->training;
    if (training->process == 0 || training->is_in_hook || plx_training_is_here(model)) return PLX_OK;
    return fail_in_child(err);
}

plx_status plx_training_begin(plx_model *model, plx_error *err)
{
    if (model->training.process == 0) {
        model->training = (plx_training){.process = getpid()};
        return PLX_OK;
    }
    if (!plx_training_is_here(model)) return fail_in_child(err);
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "the model is in training: its hooks cannot train it again; wait until training has ended, or train "
             "another model");
}

/** Swaps the contents, so that the handle that callers may hold stays the model's. */
static void replace_config(plx_model *model, plx_config *later)
{
    const plx_config before = *model->config;
    *model->config = *later;
    *later = before;
    plx_config_destroy(later);
    plx_model_name_tasks(model);
}

void plx_training_end(plx_model *model)
{
    plx_config *later = model->training.later;
    model->training = (plx_training){0};
    if (later) replace_config(model, later);
}

plx_status plx_training_config(plx_model *model, plx_config **out, plx_error *err)
{
    *out = model->config;
    if (model->training.process == 0) return PLX_OK;
    if (!plx_training_is_here(model)) return fail_in_child(err);
    if (!model->training.later) PLX_TRY(plx_config_clone(model->config, &model->training.later, err));
    *out = model->training.later;
    return PLX_OK;
}
