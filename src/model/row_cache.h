/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of encoded rows. Folder data.cache/KEY holds the parts' files of data/row_store.h and a file `index`, a
 * model file with the fitted encoders and the text that the cache depends on: the configuration of the encoding, and
 * for each source its path, size, modification time and a hash of its head and tail. The index is written last and
 * removed first, and has the id of the parts' files, so that an incomplete cache is never read. KEY is a hash of the
 * configuration and the paths: the cache of a changed source replaces the old one.
 */
#ifndef PLX_ROW_CACHE_H
#define PLX_ROW_CACHE_H

#include "model/handles.h"

/** Loads the data of `config` with `options`, through the cache if the configuration has one. */
plx_status plx_row_cache_load(const plx_config *config, plx_load_options *options, plx_data *data, plx_error *err);

#endif
