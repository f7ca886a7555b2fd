/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saves and loads models (docs/format.md). A file holds the resolved configuration as text and two kinds of tensors:
 * the network's parameters and the encoders' state; no other tensor is allowed, and none may be missing.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/value_text.h"
#include "model/configuration.h"
#include "model/model.h"
#include "model/store.h"
#include "model/training.h"
#include "store/model_file.h"

/** The shape in a file: groups and rows are omitted if 1. */
static void describe_param(const plx_param *param, plx_tensor *tensor)
{
    *tensor = (plx_tensor){.name = param->spec.name, .dtype = PLX_DTYPE_F32};
    if (param->spec.groups != 1) tensor->dims[tensor->n_dims++] = param->spec.groups;
    if (param->spec.rows != 1) tensor->dims[tensor->n_dims++] = param->spec.rows;
    tensor->dims[tensor->n_dims++] = param->spec.cols;
}

static bool are_finite(const float *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

static plx_status list_tensors(const plx_model *model, plx_arena *arena, const plx_tensor **out, int *n, plx_error *err)
{
    const plx_tensor *encoded = NULL;
    int n_encoded = 0, n_params = model->graph.n_params;
    PLX_TRY(plx_encoders_tensors(model->encoders, arena, &encoded, &n_encoded, err));
    plx_tensor *tensors = plx_arena_take(arena, (size_t)(n_params + n_encoded) + 1, sizeof *tensors);
    for (int i = 0; tensors && i < n_params; i++) {
        const plx_param *param = &model->graph.params[i];
        float *numbers = plx_arena_take(arena, plx_param_numbers(param), sizeof *numbers);
        if (!numbers) break;
        plx_param_read(param, model->values, numbers);
        if (!are_finite(numbers, plx_param_numbers(param)))
            PLX_FAIL(err, PLX_ERR_NUMERIC,
                     "parameter '%s' holds a number that is not finite, and such a file could not be loaded: set "
                     "finite weights, or train again with a lower train.learning_rate",
                     param->spec.name);
        describe_param(param, &tensors[i]);
        tensors[i].data = numbers;
    }
    if (!tensors || plx_arena_failed(arena)) return plx_error_memory(err);
    for (int i = 0; i < n_encoded; i++)
        tensors[n_params + i] = encoded[i];
    *out = tensors;
    *n = n_params + n_encoded;
    return PLX_OK;
}

plx_status plx_model_write(const plx_model *model, const char *path, plx_error *err)
{
    const plx_tensor *tensors = NULL;
    int n_tensors = 0;
    plx_arena arena;
    PLX_TRY(plx_model_check_weights(model, err));
    char rule[32];
    snprintf(rule, sizeof rule, "%d", plx_encoders_value_rule(model->encoders));
    const plx_meta meta[] = {
        {"config", model->config->resolved.text}, {"plexus_version", PLX_VERSION}, {"value_rule", rule}};
    plx_arena_init(&arena, &model->context->allocator);
    plx_status status = list_tensors(model, &arena, &tensors, &n_tensors, err);
    if (status == PLX_OK) {
        status = plx_model_file_write(path, &model->context->allocator, tensors, n_tensors, meta,
                                      sizeof meta / sizeof *meta, err);
    }
    plx_arena_release(&arena);
    return status;
}

static const plx_tensor *find_tensor(const void *user, const char *name)
{
    return plx_model_file_tensor(user, name);
}

static plx_status find_param(const plx_param *param, const plx_model_file *file, const plx_tensor **out, plx_error *err)
{
    plx_tensor wanted;
    describe_param(param, &wanted);
    const plx_tensor *found = plx_model_file_tensor(file, wanted.name);
    if (!found) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s', which its configuration requires, is missing", wanted.name);
    bool is_alike = found->dtype == wanted.dtype && found->n_dims == wanted.n_dims;
    for (int i = 0; is_alike && i < wanted.n_dims; i++)
        is_alike = found->dims[i] == wanted.dims[i];
    if (!is_alike) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' does not have the shape or dtype that its configuration requires",
                 wanted.name);
    }
    *out = found;
    return PLX_OK;
}

static plx_status read_param(plx_model *model, const plx_param *param, const plx_model_file *file, plx_error *err)
{
    const plx_tensor *found = NULL;
    PLX_TRY(find_param(param, file, &found, err));
    const float *numbers = found->data;
    if (!are_finite(numbers, plx_param_numbers(param)))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' holds a number that is not finite", found->name);
    plx_param_write(param, model->values, numbers);
    return PLX_OK;
}

/** Allocates no more numbers than the file has: a table of hashed ids may have any size. */
static plx_status read_params(plx_model *model, const plx_model_file *file, plx_error *err)
{
    const plx_graph *graph = &model->graph;
    const plx_tensor *found = NULL;
    for (int i = 0; i < graph->n_params; i++)
        PLX_TRY(find_param(&graph->params[i], file, &found, err));
    PLX_TRY(plx_model_allocate(model, err));
    for (int i = 0; i < graph->n_params; i++)
        PLX_TRY(read_param(model, &graph->params[i], file, err));
    return PLX_OK;
}

/** Every tensor of the file must be a parameter or belong to the encoders. */
static plx_status check_nothing_else(const plx_model *model, const plx_model_file *file, plx_error *err)
{
    plx_arena arena;
    const plx_tensor *encoded = NULL;
    int n_encoded = 0;
    plx_arena_init(&arena, &model->context->allocator);
    plx_status status = plx_encoders_tensors(model->encoders, &arena, &encoded, &n_encoded, err);
    plx_arena_release(&arena);
    if (status != PLX_OK || file->n_tensors == model->graph.n_params + n_encoded) return status;
    PLX_FAIL(err, PLX_ERR_FORMAT, "has %d tensors but its configuration requires %d", file->n_tensors,
             model->graph.n_params + n_encoded);
}

/** An error in a file's configuration or network is an error of the file, whatever the layer that found it reported. */
static plx_status as_format(plx_status status)
{
    bool is_kept = status == PLX_OK || status == PLX_ERR_MEMORY || status == PLX_ERR_UNSUPPORTED;
    return is_kept ? status : PLX_ERR_FORMAT;
}

/** Files without a number are older than the rule. */
static plx_status read_value_rule(const plx_model_file *file, int64_t *rule, plx_error *err)
{
    const char *text = plx_model_file_meta(file, "value_rule");
    *rule = 0;
    if (text && (!plx_parse_int64(plx_slice_of(text), rule) || *rule < 0))
        PLX_FAIL(err, PLX_ERR_FORMAT, "its value_rule is not a number");
    if (*rule > PLX_VALUE_RULE)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "its value_rule is %lld; this plexus knows rules up to %d: update plexus",
                 (long long)*rule, (int)PLX_VALUE_RULE);
    return PLX_OK;
}

static plx_status load(plx_context *context, const plx_model_file *file, plx_model **out, plx_error *err)
{
    plx_config *config = NULL;
    plx_encoders *encoders = NULL;
    const char *text = plx_model_file_meta(file, "config");
    if (!text && plx_model_file_meta(file, "training_config")) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "is a checkpoint of a training that has not ended, not a model: resume it");
    }
    if (!text) PLX_FAIL(err, PLX_ERR_FORMAT, "__metadata__ has no 'config'");
    int64_t rule;
    PLX_TRY(read_value_rule(file, &rule, err));
    PLX_TRY(plx_config_from_text(context, text, strlen(text), "config", rule == 0, &config, err));
    plx_status status =
        plx_encoders_from_tensors(&context->allocator, &config->spec.table, find_tensor, file, &encoders, err);
    if (status != PLX_OK) {
        plx_config_destroy(config);
        return status;
    }
    plx_model *model = NULL;
    status = plx_model_build_take(config, encoders, &model, err);
    plx_encoders_release(encoders);
    if (status == PLX_OK) status = read_params(model, file, err);
    if (status == PLX_OK) status = check_nothing_else(model, file, err);
    if (status == PLX_OK) {
        *out = model;
    } else {
        plx_model_destroy(model);
    }
    return status;
}

plx_status plx_model_read(plx_context *context, const char *path, plx_model **out, plx_error *err)
{
    plx_model_file file;
    PLX_TRY(plx_model_file_read(&file, path, &context->allocator, err));
    plx_status status = as_format(load(context, &file, out, err));
    plx_model_file_release(&file);
    if (status != PLX_OK && status != PLX_ERR_MEMORY) {
        plx_error_prefix(err, "%s", path);
        if (err) err->code = status;
    }
    return status;
}
