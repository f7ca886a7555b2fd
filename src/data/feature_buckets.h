/* SPDX-License-Identifier: Apache-2.0 */
/* The fitted state of a buckets feature. */
#ifndef PLX_FEATURE_BUCKETS_H
#define PLX_FEATURE_BUCKETS_H

#include "data/spec.h"

typedef struct plx_bucket_encoder {
    const plx_feature_spec *spec;
    const double *borders; /* [n_borders], ascending: bucket b has id b + 1 and starts at border b - 1 */
    int n_borders;
    int64_t common; /* the most frequent id of the fit, the smallest of ties; 0 without rows */
} plx_bucket_encoder;

#endif
