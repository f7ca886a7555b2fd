/* SPDX-License-Identifier: Apache-2.0 */
/* The list of losses. */
#include "tasks/loss.h"

#define ROW(name, doc) &plx_loss_##name,

const plx_loss *const plx_loss_list[] = {PLX_LOSS_LIST(ROW) NULL};
