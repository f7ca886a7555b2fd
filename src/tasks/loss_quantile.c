/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pinball loss: q (y - z) where y is above z, else (1 - q) (z - y). Its expectation is least where z is the
 * quantile q of the labels (Koenker and Bassett, Regression Quantiles, Econometrica 46, 1978). Slope 0 where z is y, as
 * of the absolute loss, which is twice that of q = 1/2.
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
