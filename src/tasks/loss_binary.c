/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of sigmoid(z) against y, 0 or 1 or a probability. */
#include "tasks/loss.h"

static void binary(const plx_loss_rows *rows)
{
    rows->kernels->log_loss(rows->n, rows->values.at, rows->labels, rows->losses, rows->slopes);
}

const plx_loss plx_loss_binary = {
    .name = "binary",
    .link = PLX_LINK_SIGMOID,
    .labels_from_0 = true,
    .labels_to_1 = true,
    .reader = "holds soft labels, numbers from 0 to 1; cells for no label belong to the task's `missing`",
    .each = binary,
};
