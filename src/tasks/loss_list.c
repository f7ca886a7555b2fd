/* SPDX-License-Identifier: Apache-2.0 */
/* The list of losses. */
#include <string.h>

#include "tasks/loss.h"

#define ROW(name, doc) &plx_loss_##name,

const plx_loss *const plx_loss_list[] = {PLX_LOSS_LIST(ROW) NULL};

const plx_loss *plx_loss_find(const char *name)
{
    for (int i = 0; plx_loss_list[i]; i++)
        if (strcmp(plx_loss_list[i]->name, name) == 0) return plx_loss_list[i];
    return NULL;
}
