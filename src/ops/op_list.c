/* SPDX-License-Identifier: Apache-2.0 */
/* The list of ops, from op_defs.h. */
#include <stddef.h>

#include "ops/op_defs.h"

#define ROW(name)           &plx_op_##name,
#define LOSS_ROW(name, doc) &plx_op_##name##_loss,

const plx_op *const plx_op_list[] = {PLX_OP_LIST(ROW) PLX_LOSS_LIST(LOSS_ROW) NULL};
