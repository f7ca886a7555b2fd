/* SPDX-License-Identifier: Apache-2.0 */
/* Models: making, training, asking and changing them. */
#include "model/configuration.h"
#include "model/fit.h"
#include "model/model.h"
#include "model/training.h"
#include "plexus.h"

plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err)
{
    if (!config || !data || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, data and out must not be NULL");
    *out = NULL;
    return plx_model_make(config, data, out, err);
}

void plx_model_free(plx_model *model)
{
    plx_model_destroy(model);
}

plx_status plx_model_train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks,
                           plx_train_report *report, plx_error *err)
{
    if (!model || !data) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and data must not be NULL");
    return plx_model_fit(model, data, hooks, report, err);
}

plx_status plx_model_set(plx_model *model, const char *assignment, plx_error *err)
{
    if (!model || !assignment) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and assignment must not be NULL");
    return plx_model_assign(model, assignment, err);
}

const plx_config *plx_model_config(const plx_model *model)
{
    return model->config;
}

int plx_model_n_tasks(const plx_model *model)
{
    return plx_config_n_tasks(model->config);
}

const char *plx_model_task_name(const plx_model *model, int task)
{
    return plx_config_task_name(model->config, task);
}

int plx_model_value_rule(const plx_model *model)
{
    return plx_encoders_value_rule(model->encoders);
}

int plx_model_n_outputs(const plx_model *model)
{
    return model->graph.n_outputs;
}

int plx_model_task_outputs(const plx_model *model, int task, int *first)
{
    if (task < 0 || task >= model->graph.n_tasks) return 0;
    if (first) *first = model->graph.outputs[task];
    return model->graph.outputs[task + 1] - model->graph.outputs[task];
}

plx_task_kind plx_model_task_kind(const plx_model *model, int task)
{
    return task >= 0 && task < model->graph.n_tasks ? model->task_kinds[task] : PLX_TASK_BINARY;
}

const char *plx_model_class_name(const plx_model *model, int task, int class_number)
{
    if (task < 0 || task >= model->graph.n_tasks || class_number < 0) return NULL;
    return class_number < plx_encoders_n_classes(model->encoders, task) ? model->class_names[task][class_number] : NULL;
}

int64_t plx_model_n_parameters(const plx_model *model)
{
    return plx_model_count_parameters(model);
}

plx_status plx_model_parameter(const plx_model *model, int index, const char **name, int64_t shape[3], float *values,
                               plx_error *err)
{
    if (!model || index < 0 || index >= model->graph.n_params) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no parameter number %d", index);
    }
    const plx_param *param = &model->graph.params[index];
    if (name) *name = param->spec.name;
    if (shape) {
        shape[0] = param->spec.groups;
        shape[1] = param->spec.rows;
        shape[2] = param->spec.cols;
    }
    if (!values) return PLX_OK;
    PLX_TRY(plx_model_check_weights(model, err));
    plx_param_read(param, model->values, values);
    return PLX_OK;
}

plx_status plx_model_parameter_values(const plx_model *model, int index, const float **values, int64_t strides[2],
                                      plx_error *err)
{
    if (!model || !values || !strides || index < 0 || index >= model->graph.n_params) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no parameter number %d, or values or strides is NULL", index);
    }
    const plx_param *param = &model->graph.params[index];
    PLX_TRY(plx_model_check_weights(model, err));
    *values = model->values + param->offset;
    strides[0] = (int64_t)param->group_stride;
    strides[1] = (int64_t)param->row_stride;
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

static const plx_node *find_layer(const plx_model *model, int index)
{
    return model && index >= 0 && index < model->graph.n_nodes ? model->graph.nodes[index] : NULL;
}

plx_status plx_model_layer(const plx_model *model, int index, const char **name, int *groups, int *width,
                           plx_error *err)
{
    const plx_node *node = find_layer(model, index);
    if (!node) PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no layer number %d", index);
    if (name) *name = node->shown;
    if (groups) *groups = node->shape.groups;
    if (width) *width = node->shape.width;
    return PLX_OK;
}

plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                  plx_error *err)
{
    const plx_node *node = find_layer(model, index);
    if (!dataset || !out || !node)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no layer %d, or dataset or out is NULL", index);
    return plx_layer_output(model, dataset, node, out, err);
}
