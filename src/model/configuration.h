/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations as objects: a text, later assignments, and the resulting spec. */
#ifndef PLX_CONFIGURATION_H
#define PLX_CONFIGURATION_H

#include "model/handles.h"

/** Reads a YAML (or JSON) file. PLX_ERR_IO, PLX_ERR_FORMAT. */
plx_status plx_config_from_file(plx_context *context, const char *path, plx_config **out, plx_error *err);
/** The same from memory; `name` and `is_rule_0` as in plx_spec_source. */
plx_status plx_config_from_text(plx_context *context, const char *text, size_t length, const char *name, bool is_rule_0,
                                plx_config **out, plx_error *err);
/** A configuration with the same spec; its source is the resolved text. */
plx_status plx_config_clone(const plx_config *config, plx_config **out, plx_error *err);
/** NULL is valid. */
void plx_config_destroy(plx_config *config);
/** "section.key=value". PLX_ERR_ARGUMENT: the configuration is unchanged. */
plx_status plx_config_assign(plx_config *config, const char *assignment, plx_error *err);
/** The value of a key as JSON; free it with the context's allocator. */
plx_status plx_config_value(const plx_config *config, const char *key, char **out, plx_error *err);
/** Rebuilds the lists of tasks and columns, in the spec's arena. */
plx_status plx_config_list(plx_config *config, plx_error *err);
/** The default of a key as JSON; free it with the context's allocator. */
plx_status plx_default(const plx_context *context, const char *key, char **out, plx_error *err);
/** Every section and key as Markdown; free it with the context's allocator. */
plx_status plx_reference(const plx_context *context, char **out, plx_error *err);

#endif
