/* SPDX-License-Identifier: Apache-2.0 */
/* Caches with rows encoded by another rule for the texts of values (base/value_text.h). */
#ifndef PLX_ROW_CACHE_RULE_H
#define PLX_ROW_CACHE_RULE_H

#include "model/row_cache_key.h"
#include "store/model_file.h"

/** Whether the rows of the cache with this index were encoded by PLX_VALUE_RULE. */
bool plx_row_cache_has_own_rule(const plx_model_file *index);

/**
 * Looks for caches of other rules in folder `base`. PLX_ERR_UNSUPPORTED, if `is_asked_for`: a run with `key` would use
 * one of them if its rule were the same. Otherwise warns of caches with older rules, which no run of this version uses.
 * Caches with newer rules belong to another version that shares the folder.
 */
plx_status plx_row_cache_check_rules(plx_context *context, const plx_row_cache_key *key, const char *base,
                                     bool is_asked_for, plx_error *err);

#endif
