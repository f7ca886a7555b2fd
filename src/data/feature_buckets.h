/* SPDX-License-Identifier: Apache-2.0 */
/* What a feature of buckets is fitted to. */
#ifndef PLX_FEATURE_BUCKETS_H
#define PLX_FEATURE_BUCKETS_H

#include "data/spec.h"

typedef struct plx_bucket_encoder {
    const plx_feature_spec *spec;
    const double *borders; /* [n_borders], rising: bucket b has id b + 1, and numbers from border b - 1 on */
    int n_borders;
    int64_t common; /* the id of most rows of the fit, the smaller of equals; 0 without rows */
} plx_bucket_encoder;

#endif
