/* SPDX-License-Identifier: Apache-2.0 */
/* The text that a cache of encoded rows depends on. */
#ifndef PLX_ROW_CACHE_KEY_H
#define PLX_ROW_CACHE_KEY_H

#include "model/handles.h"

typedef struct plx_row_cache_key {
    plx_string text;
    uint64_t hash;   /* of the text without the state of the sources */
    bool is_lasting; /* false: a source is no regular file, so that a change cannot be detected */
} plx_row_cache_key;

/** PLX_ERR_IO: a source is missing. Release it after a failure too. */
plx_status plx_row_cache_key_init(plx_row_cache_key *key, const plx_config *config, const plx_load_options *options,
                                  plx_error *err);
void plx_row_cache_key_release(plx_row_cache_key *key);

#endif
