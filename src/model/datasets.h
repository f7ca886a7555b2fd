/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as objects: those that a configuration trains on, and those that a model scores. */
#ifndef PLX_DATASETS_H
#define PLX_DATASETS_H

#include "model/handles.h"

/** The rows of `config`, as plx_table_load reads them by `options` (folders, streams, fitted encoders), or from a cache
 * of rows. */
plx_status plx_data_open(const plx_config *config, plx_load_options *options, plx_data **out, plx_error *err);
/** NULL is valid. */
void plx_data_destroy(plx_data *data);

/** Rows to score by the model's encoders. Cells that the model does not know are counted, and warned of. */
plx_status plx_dataset_from_files(const plx_model *model, const char *const *paths, int n_paths, bool with_labels,
                                  plx_dataset **out, plx_error *err);
plx_status plx_dataset_from_stream(const plx_model *model, struct ArrowArrayStream *stream, bool with_labels,
                                   plx_dataset **out, plx_error *err);
plx_status plx_dataset_of_columns(const plx_model *model, const plx_column *columns, int n_columns, size_t rows,
                                  bool with_labels, plx_dataset **out, plx_error *err);
/** NULL is valid. */
void plx_dataset_destroy(plx_dataset *dataset);

#endif
