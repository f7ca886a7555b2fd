/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: the text as read, later assignments, and the resulting spec. */
#include <string.h>

#include "base/file.h"
#include "model/configuration.h"

static plx_status create(plx_context *context, const char *name, plx_config **out, plx_error *err)
{
    plx_config *config = plx_alloc_zero(&context->allocator, 1, sizeof *config);
    if (!config) return plx_error_memory(err);
    config->context = context;
    plx_string_init(&config->text, &context->allocator);
    plx_string_init(&config->name, &context->allocator);
    plx_string_init(&config->resolved, &context->allocator);
    if (name) plx_string_add(&config->name, name, strlen(name));
    if (config->name.failed) {
        plx_config_destroy(config);
        return plx_error_memory(err);
    }
    *out = config;
    return PLX_OK;
}

/** Reads the source; replaces spec and resolved text on success. */
static plx_status resolve(plx_config *config, plx_error *err)
{
    plx_spec_source source = {
        .text = config->text.text ? config->text.text : "",
        .length = config->text.length,
        .name = config->name.text,
        .assignments = (const char *const *)config->assignments,
        .n_assignments = (int)config->n_assignments,
        .is_rule_0 = config->spec.table.is_rule_0,
    };
    plx_config next = *config;
    PLX_TRY(plx_spec_parse(&next.spec, &config->context->allocator, &source, err));
    plx_string_init(&next.resolved, &config->context->allocator);
    plx_spec_write(&next.spec, &next.resolved);
    plx_status status = next.resolved.failed ? plx_error_memory(err) : plx_config_list(&next, err);
    plx_config *dropped = status ? &next : config;
    plx_spec_release(&dropped->spec);
    plx_string_release(&dropped->resolved);
    if (!status) *config = next;
    return status;
}

static plx_status finish(plx_config *config, plx_status status, plx_config **out, plx_error *err)
{
    if (status == PLX_OK) status = resolve(config, err);
    if (status == PLX_OK) {
        *out = config;
    } else {
        plx_config_destroy(config);
    }
    return status;
}

plx_status plx_config_from_file(plx_context *context, const char *path, plx_config **out, plx_error *err)
{
    plx_config *config = NULL;
    PLX_TRY(create(context, path, &config, err));
    return finish(config, plx_file_read(path, PLX_CONFIG_MAX, &config->text, err), out, err);
}

plx_status plx_config_from_text(plx_context *context, const char *text, size_t length, const char *name, bool is_rule_0,
                                plx_config **out, plx_error *err)
{
    plx_config *config = NULL;
    PLX_TRY(create(context, name, &config, err));
    config->spec.table.is_rule_0 = is_rule_0;
    plx_string_add(&config->text, text, length);
    return finish(config, config->text.failed ? plx_error_memory(err) : PLX_OK, out, err);
}

plx_status plx_config_clone(const plx_config *config, plx_config **out, plx_error *err)
{
    return plx_config_from_text(config->context, config->resolved.text, config->resolved.length, NULL,
                                config->spec.table.is_rule_0, out, err);
}

plx_status plx_config_assign(plx_config *config, const char *assignment, plx_error *err)
{
    const plx_allocator *allocator = &config->context->allocator;
    if (plx_grow(allocator, &config->assignments, &config->assignments_capacity, config->n_assignments + 1,
                 sizeof *config->assignments) != 0) {
        return plx_error_memory(err);
    }
    char *copy = plx_alloc(allocator, strlen(assignment) + 1, 1);
    if (!copy) return plx_error_memory(err);
    memcpy(copy, assignment, strlen(assignment) + 1);
    config->assignments[config->n_assignments++] = copy;
    plx_status status = resolve(config, err);
    if (status == PLX_OK) return PLX_OK;
    plx_free(allocator, copy);
    config->n_assignments--;
    if (status == PLX_ERR_FORMAT) status = PLX_ERR_ARGUMENT; /* the file itself was valid */
    if (err) err->code = status;
    return status;
}

void plx_config_destroy(plx_config *config)
{
    if (!config) return;
    const plx_allocator *allocator = &config->context->allocator;
    for (size_t i = 0; i < config->n_assignments; i++)
        plx_free(allocator, config->assignments[i]);
    plx_free(allocator, config->assignments);
    plx_spec_release(&config->spec);
    plx_string_release(&config->text);
    plx_string_release(&config->name);
    plx_string_release(&config->resolved);
    plx_free(allocator, config);
}

plx_status plx_config_value(const plx_config *config, const char *key, char **out, plx_error *err)
{
    plx_string text;
    plx_string_init(&text, &config->context->allocator);
    return plx_string_give(&text, plx_spec_write_value(&config->spec, key, &text, err), out, err);
}

plx_status plx_default(const plx_context *context, const char *key, char **out, plx_error *err)
{
    plx_string text;
    plx_string_init(&text, &context->allocator);
    return plx_string_give(&text, plx_spec_write_default(&context->allocator, key, &text, err), out, err);
}

plx_status plx_reference(const plx_context *context, char **out, plx_error *err)
{
    plx_string text;
    plx_string_init(&text, &context->allocator);
    plx_spec_reference(&text);
    return plx_string_give(&text, PLX_OK, out, err);
}
