/* SPDX-License-Identifier: Apache-2.0 */
/* |z - y|, of slope 0 at 0. */
#include "tasks/loss.h"

static void absolute(const plx_loss_rows *rows)
{
    for (int i = 0; i < rows->n; i++) {
        const plx_real difference = rows->values.at[i] - rows->labels[i];
        rows->losses[i] = difference < 0 ? -difference : difference;
        rows->slopes[i] = (plx_real)((difference > 0) - (difference < 0));
    }
}

const plx_loss plx_loss_absolute = {.name = "absolute", .each = absolute};
