/* SPDX-License-Identifier: Apache-2.0 */
/* data.group: the column whose text tells which rows belong together, as a hash in each record. */
#ifndef PLX_GROUP_COLUMN_H
#define PLX_GROUP_COLUMN_H

#include "base/arena.h"
#include "data/encoders.h"

/** The hash of a cell's text, by plx_encoders_value: plx_hash of its bytes, which is the same everywhere and always; 0:
 * an empty cell. */
uint64_t plx_group_hash(plx_slice cell);

/** Links e->spec.data.group with its input. */
plx_status plx_group_link(plx_encoders *e, plx_error *err);

/** The hash of each code of the group's raw column, in the arena; NULL without a group. */
plx_status plx_group_map(const plx_encoders *e, const plx_columns *columns, plx_arena *arena, const uint64_t **out,
                         plx_error *err);
/** Writes the groups of rows order[0..n-1] into their records; without `hashes`, nothing: there are no groups then. */
void plx_group_encode(const plx_encoders *e, const plx_columns *columns, const uint64_t *hashes, const uint32_t *order,
                      size_t n, uint8_t *records);

#endif
