/* SPDX-License-Identifier: Apache-2.0 */
/* (z - y)^2. */
#include "tasks/loss.h"

static void squared(const plx_loss_rows *rows)
{
    for (int i = 0; i < rows->n; i++) {
        const plx_real difference = rows->values.at[i] - rows->labels[i];
        rows->losses[i] = difference * difference;
        rows->slopes[i] = 2 * difference;
    }
}

const plx_loss plx_loss_squared = {.name = "squared", .each = squared};
