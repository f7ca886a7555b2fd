/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations. */
#include "model/configuration.h"
#include "plexus.h"

plx_status plx_config_read(plx_context *context, const char *path, plx_config **out, plx_error *err)
{
    if (!context || !path || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context, path and out must not be NULL");
    *out = NULL;
    return plx_config_from_file(context, path, out, err);
}

plx_status plx_config_parse(plx_context *context, const char *text, size_t length, const char *name, plx_config **out,
                            plx_error *err)
{
    if (!context || !text || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context, text and out must not be NULL");
    *out = NULL;
    return plx_config_from_text(context, text, length, name, false, out, err);
}

plx_status plx_config_set(plx_config *config, const char *assignment, plx_error *err)
{
    if (!config || !assignment) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config and assignment must not be NULL");
    return plx_config_assign(config, assignment, err);
}

void plx_config_free(plx_config *config)
{
    plx_config_destroy(config);
}

const char *plx_config_text(const plx_config *config)
{
    return config ? config->resolved.text : NULL;
}

plx_status plx_config_get(const plx_config *config, const char *key, char **out, plx_error *err)
{
    if (!config || !key || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, key and out must not be NULL");
    *out = NULL;
    return plx_config_value(config, key, out, err);
}

const plx_task_info *plx_config_task(const plx_config *config, int index)
{
    return config && index >= 0 && index < config->spec.table.n_tasks ? &config->tasks[index] : NULL;
}

const plx_input_column *plx_config_column(const plx_config *config, int index)
{
    return config && index >= 0 && index < config->n_columns ? &config->columns[index] : NULL;
}

plx_status plx_config_default(plx_context *context, const char *key, char **out, plx_error *err)
{
    if (!context || !key || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context, key and out must not be NULL");
    *out = NULL;
    return plx_default(context, key, out, err);
}

plx_status plx_config_reference(plx_context *context, char **out, plx_error *err)
{
    if (!context || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context and out must not be NULL");
    *out = NULL;
    return plx_reference(context, out, err);
}

const char *plx_nearest_name(const char *wrong, const char *const *names, size_t n)
{
    return wrong && names ? plx_nearest(plx_slice_of(wrong), names, n) : NULL;
}
