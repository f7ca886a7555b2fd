/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as objects: data to train a configuration on, and rows for a model to score. */
#ifndef PLX_DATASETS_H
#define PLX_DATASETS_H

#include "model/handles.h"

/** Like plx_data_load: each source is NULL, or has paths, a stream or columns. */
plx_status plx_data_open(const plx_config *config, const plx_data_options *options, plx_data **out, plx_error *err);
/** NULL is valid. */
void plx_data_destroy(plx_data *data);

/** Reads rows to score with the model's encoders. Counts unknown cells and warns of them. */
plx_status plx_dataset_open(const plx_model *model, const plx_source *source, bool with_labels, plx_dataset **out,
                            plx_error *err);
/** NULL is valid. */
void plx_dataset_destroy(plx_dataset *dataset);

/** Like plx_files_find. */
plx_status plx_find_paths(const plx_context *context, const char *name, const char *const *folders, int n_folders,
                          char **out, int *n, plx_error *err);

#endif
