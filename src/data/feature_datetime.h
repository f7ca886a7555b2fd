/* SPDX-License-Identifier: Apache-2.0 */
/* The fitted state of a datetime feature. */
#ifndef PLX_FEATURE_DATETIME_H
#define PLX_FEATURE_DATETIME_H

#include "data/feature_dense.h"

typedef struct plx_datetime_encoder {
    plx_dense_encoder age; /* of days; if `parts` contains it */
    bool has_age;
    int64_t reference;              /* seconds since 1970-01-01 UTC at which the age is 0 */
    int64_t common[PLX_DATE_PARTS]; /* of the outputs that are ids: the most frequent id, the smallest of ties */
} plx_datetime_encoder;

#endif
