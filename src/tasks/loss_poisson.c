/* SPDX-License-Identifier: Apache-2.0 */
/* e^z - y z: the negative logarithm of a Poisson likelihood of rate e^z, without terms that do not depend on z. */
#include <math.h>

#include "tasks/loss.h"

static void poisson(const plx_loss_rows *rows)
{
    for (int i = 0; i < rows->n; i++) {
        const double z = (double)rows->values.at[i], label = (double)rows->labels[i], rate = exp(z);
        rows->losses[i] = (plx_real)(rate - label * z);
        rows->slopes[i] = (plx_real)(rate - label);
    }
}

const plx_loss plx_loss_poisson = {
    .name = "poisson",
    .link = PLX_LINK_EXP,
    .labels_from_0 = true,
    .reader = "holds the labels of a task with loss poisson",
    .each = poisson,
};
