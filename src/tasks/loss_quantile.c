/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pinball loss: q (y - z) if y > z, else (1 - q) (z - y). The quantile q of the labels minimises its expectation
 * (Koenker and Bassett, Regression Quantiles, Econometrica 46, 1978). The slope at z = y is 0, as for the absolute
 * loss, which is twice this loss for q = 1/2.
 */
#include "tasks/loss.h"

static void quantile(const plx_loss_rows *rows)
{
    const plx_real q = rows->parameter;
    for (int i = 0; i < rows->n; i++) {
        const plx_real difference = rows->values.at[i] - rows->labels[i];
        const plx_real slope = difference > 0 ? 1 - q : difference < 0 ? -q : 0;
        rows->losses[i] = slope * difference;
        rows->slopes[i] = slope;
    }
}

const plx_loss plx_loss_quantile = {.name = "quantile", .parameter = PLX_LOSS_quantile, .each = quantile};
