/* SPDX-License-Identifier: Apache-2.0 */
/* Short initialisers, for one call, of structs of plexus.h that begin with their size. */
#ifndef API_STRUCTS_H
#define API_STRUCTS_H

#include "plexus.h"

#define FOLDERS_FOR(of_model, list, n)                                                                                 \
    (&(plx_data_options){.size = sizeof(plx_data_options), .folders = (list), .n_folders = (n), .model = (of_model)})
#define FOLDERS(list, n) FOLDERS_FOR(NULL, list, n)
#define FILES(list, n)   (&(plx_source){.size = sizeof(plx_source), .paths = (list), .n_paths = (n)})
#define STREAM(pointer)  (&(plx_source){.size = sizeof(plx_source), .stream = (pointer)})
#define COLUMNS(list, n, cells)                                                                                        \
    (&(plx_source){.size = sizeof(plx_source), .columns = (list), .n_columns = (n), .rows = (cells)})
#define INTO(encoded, array)                                                                                           \
    (&(plx_prediction){.size = sizeof(plx_prediction), .dataset = (encoded), .scores = (array)})
#define BY(from, taker, argument)                                                                                      \
    (&(plx_prediction){.size = sizeof(plx_prediction), .source = (from), .take = (taker), .user = (argument)})
#define KEEPING(from, list, n, taker, argument)                                                                        \
    (&(plx_prediction){.size = sizeof(plx_prediction),                                                                 \
                       .source = (from),                                                                               \
                       .take = (taker),                                                                                \
                       .user = (argument),                                                                             \
                       .all_rows = true,                                                                               \
                       .columns = (list),                                                                              \
                       .n_columns = (n)})
#define PART(of, which)  (&(plx_evaluation){.size = sizeof(plx_evaluation), .data = (of), .part = (which)})
#define DATASET(encoded) (&(plx_evaluation){.size = sizeof(plx_evaluation), .dataset = (encoded)})
#define SOURCE(from)     (&(plx_evaluation){.size = sizeof(plx_evaluation), .source = (from)})
#define WEIGHTED(...)    (&(plx_evaluation){.size = sizeof(plx_evaluation), .loss_weights = true, __VA_ARGS__})
#define BY_WEIGHTS(encoded, numbers)                                                                                   \
    (&(plx_evaluation){.size = sizeof(plx_evaluation), .dataset = (encoded), .weights = (numbers)})

#endif
