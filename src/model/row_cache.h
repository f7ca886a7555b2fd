/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of encoded rows: data.cache/KEY holds the parts' files of data/row_store.h and a file `index`, in the form
 * of model files, with the fitted encoders and the text that the cache answers to: the configuration of the encoding,
 * and of each source its path, size, time of change and a hash of its head and tail. The index is written last and
 * removed first, and names the number that the parts' files bear, so that a cache that is not whole is never read. KEY
 * is a hash of the configuration and the paths: a changed source takes the place of what was there.
 */
#ifndef PLX_ROW_CACHE_H
#define PLX_ROW_CACHE_H

#include "model/handles.h"

/** Loads the data of `config` by `options`, through the cache where it asks for one. */
plx_status plx_row_cache_load(const plx_config *config, plx_load_options *options, plx_data *data, plx_error *err);

#endif
