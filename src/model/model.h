/* SPDX-License-Identifier: Apache-2.0 */
/* The model as an object: a configuration, encoders, their network and its numbers. */
#ifndef PLX_MODEL_OBJECT_H
#define PLX_MODEL_OBJECT_H

#include "model/handles.h"

/** A network with start values from the configuration's seed, for the data's encoders. PLX_ERR_SCHEMA: the data was
 * loaded with another configuration. */
plx_status plx_model_make(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
/** The same without data: its features declare their vocabularies. PLX_ERR_ARGUMENT: one does not. */
plx_status plx_model_declare(const plx_config *config, plx_model **out, plx_error *err);
/** A model without memory for its parameters. Takes `config`, also on failure; retains the encoders. */
plx_status plx_model_build_take(plx_config *config, const plx_encoders *encoders, plx_model **out, plx_error *err);
/** All parameters are 0. */
plx_status plx_model_allocate(plx_model *model, plx_error *err);
/** A copy that shares nothing that changes. */
plx_status plx_model_clone(const plx_model *model, plx_model **out, plx_error *err);
/** NULL is valid. */
void plx_model_destroy(plx_model *model);

/** The `*n` inputs of its network, in its arena: ids, then lists, then numbers. NULL, or the arena fails: out of
 * memory. */
plx_input_spec *plx_model_inputs(plx_model *model, int *n);
/** Copies the rows of each `embedding_file` into its table; the files are searched in the data's folders. */
plx_status plx_model_fill_tables(const plx_model *model, const plx_data *data, plx_error *err);

/** Changes a key of section `train`: model/training.h defines when. PLX_ERR_ARGUMENT. */
plx_status plx_model_assign(plx_model *model, const char *assignment, plx_error *err);
/** Updates the pointers to the tasks' names after the configuration's text was rebuilt. */
void plx_model_name_tasks(plx_model *model);
/** PLX_ERR_SCHEMA if rows encoded by `encoders` are not valid for this model. */
plx_status plx_model_check_encoders(const plx_model *model, const plx_encoders *encoders, plx_error *err);
/** Counters of unknown cells in rows to score, NULL without a listener; plx_model_warn_unknown warns of them and frees
 * them. */
plx_status plx_model_count_unknown(const plx_model *model, plx_unknown **out, plx_error *err);
void plx_model_warn_unknown(const plx_model *model, plx_unknown *unknown);

/** Numbers of a parameter. */
size_t plx_param_numbers(const plx_param *param);

/** Text for people; free it with the context's allocator. PLX_ERR_ARGUMENT: no such form. */
plx_status plx_model_describe_as(const plx_model *model, plx_description form, char **out, plx_error *err);
/** The output of layer `node` for each row: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED: scoring does not compute
 * it. */
plx_status plx_layer_output(const plx_model *model, const plx_dataset *dataset, const plx_node *node, float *out,
                            plx_error *err);

#endif
