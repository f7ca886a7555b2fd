/* SPDX-License-Identifier: Apache-2.0 */
/* The model as an object: a configuration, encoders, the network that both make, and its numbers. */
#ifndef PLX_MODEL_OBJECT_H
#define PLX_MODEL_OBJECT_H

#include "model/handles.h"

/** A network with start values from the configuration's seed, over the data's encoders. PLX_ERR_SCHEMA: the data was
 * loaded by another configuration. */
plx_status plx_model_make(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
/** The same without data: its features declare their vocabularies. PLX_ERR_ARGUMENT: one does not. */
plx_status plx_model_declare(const plx_config *config, plx_model **out, plx_error *err);
/** A model without room for its parameters. Takes `config`, also on failure; retains the encoders. */
plx_status plx_model_build_take(plx_config *config, const plx_encoders *encoders, plx_model **out, plx_error *err);
/** Parameters of 0. */
plx_status plx_model_allocate(plx_model *model, plx_error *err);
/** The same network with the same numbers, sharing nothing that changes. */
plx_status plx_model_clone(const plx_model *model, plx_model **out, plx_error *err);
/** NULL is valid. */
void plx_model_destroy(plx_model *model);

/** What the `*n` inputs of its network are, in its arena: ids, then lists, then numbers that its features make. NULL,
 * or the arena fails: out of memory. */
plx_input_spec *plx_model_inputs(plx_model *model, int *n);
/** Puts the rows of `embedding_file`s in place; they are looked for as the data's files are. */
plx_status plx_model_fill_tables(const plx_model *model, const plx_data *data, plx_error *err);

/** Changes a key of section `train`: model/training.h says when. PLX_ERR_ARGUMENT. */
plx_status plx_model_assign(plx_model *model, const char *assignment, plx_error *err);
/** Takes the tasks' names from the configuration's text, which has been made again. */
void plx_model_name_tasks(plx_model *model);
/** PLX_ERR_SCHEMA where rows by `encoders` are not rows for this model. */
plx_status plx_model_check_encoders(const plx_model *model, const plx_encoders *encoders, plx_error *err);
/** Room to count unknown cells of rows to score, NULL where nobody listens; given back by plx_model_tell_unknown, which
 * warns of them. */
plx_status plx_model_count_unknown(const plx_model *model, plx_unknown **out, plx_error *err);
void plx_model_tell_unknown(const plx_model *model, plx_unknown *unknown);

/** Numbers of a parameter. */
size_t plx_param_numbers(const plx_param *param);

/** Text for people, to be freed by the context's allocator. PLX_ERR_ARGUMENT: no such form. */
plx_status plx_model_describe_as(const plx_model *model, plx_description form, char **out, plx_error *err);
/** The output of layer `node` for each row: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED: scoring does not make it.
 */
plx_status plx_layer_output(const plx_model *model, const plx_dataset *dataset, const plx_node *node, float *out,
                            plx_error *err);

#endif
