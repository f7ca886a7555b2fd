/* SPDX-License-Identifier: Apache-2.0 */
/* What a datetime feature is fitted to. */
#ifndef PLX_FEATURE_DATETIME_H
#define PLX_FEATURE_DATETIME_H

#include "data/feature_dense.h"

typedef struct plx_datetime_encoder {
    plx_dense_encoder age; /* of days; where `parts` has it */
    bool has_age;
    int64_t reference;              /* seconds since 1970-01-01 UTC at which the age is 0 */
    int64_t common[PLX_DATE_PARTS]; /* of the outputs that are ids: that of most rows, the smaller of equals */
} plx_datetime_encoder;

#endif
