/* SPDX-License-Identifier: Apache-2.0 */
/* What several options of a feature, or several features, must agree on. */
#ifndef PLX_FEATURES_H
#define PLX_FEATURES_H

#include "base/error.h"
#include "data/spec.h"

/** Told of each mistake: of which feature, which key of it has the fault, and what that is. */
typedef void plx_feature_problem(void *user, int feature, const char *key, const char *message);

/** Tells `tell` of all mistakes. PLX_ERR_MEMORY alone is returned. */
plx_status plx_features_check(const plx_table_spec *table, const plx_allocator *allocator, plx_feature_problem *tell,
                              void *user, plx_error *err);

/** The name of the table of embeddings that a feature of such a kind reads. */
static inline const char *plx_table_of(const plx_feature_spec *feature)
{
    return feature->embedding_name && *feature->embedding_name ? feature->embedding_name : feature->name;
}

#endif
