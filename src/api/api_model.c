/* SPDX-License-Identifier: Apache-2.0 */
/* Models: creating, training, inspecting and changing them. */
#include "api/structs.h"
#include "model/configuration.h"
#include "model/fit.h"
#include "model/model.h"
#include "model/training.h"
#include "plexus.h"

plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err)
{
    if (!config || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config and out must not be NULL");
    *out = NULL;
    return data ? plx_model_make(config, data, out, err) : plx_model_declare(config, out, err);
}

void plx_model_free(plx_model *model)
{
    plx_model_destroy(model);
}

plx_status plx_model_train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks,
                           plx_train_report *report, plx_error *err)
{
    plx_train_hooks given;
    plx_train_report own;
    if (!model || !data) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and data must not be NULL");
    PLX_TRY(plx_struct_read(&given, sizeof given, hooks, "plx_train_hooks", err));
    PLX_TRY(plx_struct_begin(&own, sizeof own, report, "plx_train_report", err));
    plx_status status = plx_model_fit(model, data, &given, &own, err);
    plx_struct_write(report, &own, sizeof own);
    return status;
}

plx_status plx_model_set(plx_model *model, const char *assignment, plx_error *err)
{
    if (!model || !assignment) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and assignment must not be NULL");
    return plx_model_assign(model, assignment, err);
}

const plx_config *plx_model_config(const plx_model *model)
{
    return model ? model->config : NULL;
}

const plx_model_info *plx_model_inspect(const plx_model *model)
{
    return model ? &model->info : NULL;
}

const plx_task_info *plx_model_task(const plx_model *model, int index)
{
    return model && index >= 0 && index < model->info.n_tasks ? &model->tasks[index] : NULL;
}

const plx_parameter *plx_model_parameter(const plx_model *model, int index)
{
    return model && index >= 0 && index < model->graph.n_params ? &model->parameters[index] : NULL;
}

plx_status plx_model_parameter_values(const plx_model *model, int index, const float **values, plx_error *err)
{
    if (!model || !values || index < 0 || index >= model->graph.n_params) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no parameter number %d, or values is NULL", index);
    }
    PLX_TRY(plx_model_check_weights(model, err));
    *values = model->values + model->graph.params[index].offset;
    return PLX_OK;
}

plx_status plx_model_set_parameter(plx_model *model, int index, const float *values, int64_t n, plx_error *err)
{
    if (!model || !values || index < 0 || index >= model->graph.n_params) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no parameter number %d, or values is NULL", index);
    }
    const plx_param *param = &model->graph.params[index];
    if (n < 0 || (size_t)n != plx_param_numbers(param)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "parameter '%s' has %zu numbers, not %lld", param->spec.name,
                 plx_param_numbers(param), (long long)n);
    }
    PLX_TRY(plx_model_check_weights(model, err));
    plx_param_write(param, model->values, values);
    return PLX_OK;
}

plx_status plx_model_describe(const plx_model *model, plx_description form, char **out, plx_error *err)
{
    if (!model || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and out must not be NULL");
    *out = NULL;
    return plx_model_describe_as(model, form, out, err);
}

const plx_layer *plx_model_layer(const plx_model *model, int index)
{
    return model && index >= 0 && index < model->graph.n_nodes ? &model->layers[index] : NULL;
}

plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                  plx_error *err)
{
    if (!model || !dataset || !out || !plx_model_layer(model, index))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no layer %d, or dataset or out is NULL", index);
    return plx_layer_output(model, dataset, model->graph.nodes[index], out, err);
}
