/* SPDX-License-Identifier: Apache-2.0 */
/* data.group: the column of groups, as a hash in each record. */
#ifndef PLX_TARGET_GROUP_H
#define PLX_TARGET_GROUP_H

#include <stdint.h>

#include "base/text.h"

/** The hash of a cell's text from plx_encoders_value: plx_hash of its bytes, which is the same on all platforms and in
 * all versions; 0: an empty cell. */
uint64_t plx_group_hash(plx_slice cell);

#endif
