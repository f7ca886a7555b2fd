/* SPDX-License-Identifier: Apache-2.0 */
/* data.group: the column whose text says which rows belong together, as a hash in each record. */
#ifndef PLX_TARGET_GROUP_H
#define PLX_TARGET_GROUP_H

#include <stdint.h>

#include "base/text.h"

/** The hash of a cell's text, by plx_encoders_value: plx_hash of its bytes, which is the same everywhere and always; 0:
 * an empty cell. */
uint64_t plx_group_hash(plx_slice cell);

#endif
