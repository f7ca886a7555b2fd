/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of rows: the hashes of data.group as indices from 0, for metrics within groups. */
#ifndef PLX_GROUP_H
#define PLX_GROUP_H

#include "rows/records.h"
#include "train/metric.h"

typedef struct plx_groups {
    uint32_t *of_row; /* [n] below `n_groups`, or PLX_NO_GROUP; NULL where rows have no groups */
    uint32_t n_groups;
} plx_groups;

/** Groups are numbered by first occurrence. PLX_ERR_MEMORY, PLX_ERR_UNSUPPORTED: more than PLX_GROUPS_MAX. */
plx_status plx_groups_init(plx_groups *groups, const plx_allocator *allocator, const plx_rows *rows, plx_error *err);
void plx_groups_release(plx_groups *groups, const plx_allocator *allocator);

#endif
