/* SPDX-License-Identifier: Apache-2.0 */
/* With d = |z - y|: d^2 / 2 up to delta, from there on delta (d - delta / 2) (Huber 1964). */
#include "tasks/loss.h"

static void huber(const plx_loss_rows *rows)
{
    const plx_real delta = rows->parameter;
    for (int i = 0; i < rows->n; i++) {
        const plx_real difference = rows->values.at[i] - rows->labels[i];
        const plx_real size = difference < 0 ? -difference : difference;
        const plx_real inner = size < delta ? size : delta;
        rows->losses[i] = inner * (size - inner / 2);
        rows->slopes[i] = difference < 0 ? -inner : inner;
    }
}

const plx_loss plx_loss_huber = {.name = "huber", .parameter = PLX_LOSS_huber_delta, .each = huber};
