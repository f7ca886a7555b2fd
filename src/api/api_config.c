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
    return config->resolved.text;
}

plx_status plx_config_get(const plx_config *config, const char *key, char **out, plx_error *err)
{
    if (!config || !key || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "config, key and out must not be NULL");
    *out = NULL;
    return plx_config_value(config, key, out, err);
}

int plx_config_n_tasks(const plx_config *config)
{
    return config->spec.table.n_tasks;
}

const char *plx_config_task_name(const plx_config *config, int task)
{
    bool is_there = task >= 0 && task < config->spec.table.n_tasks;
    return is_there ? config->spec.table.tasks[task].name : NULL;
}

const char *plx_config_model_name(const plx_config *config)
{
    return config->spec.def->name;
}

bool plx_config_reader(const plx_config *config, int index, plx_column_reader *out)
{
    return plx_config_column(config, index, out);
}

plx_status plx_config_reference(plx_context *context, char **out, plx_error *err)
{
    if (!context || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context and out must not be NULL");
    *out = NULL;
    return plx_reference(context, out, err);
}
