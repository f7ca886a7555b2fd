/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of softmax(z) against the class with the label's index. */
#include <math.h>

#include "tasks/loss.h"

/* With m the largest logit and p its probability, log sum_c e^z_c is m - log p, and p is never small. */
static void classes(const plx_loss_rows *rows)
{
    const int n = rows->width;
    const plx_view slopes = {rows->slopes, n};
    rows->kernels->softmax(rows->n, n, rows->values, slopes);
    for (int row = 0; row < rows->n; row++) {
        const plx_real *z = rows->values.at + row * rows->values.stride;
        plx_real *p = slopes.at + row * slopes.stride;
        const plx_real label = rows->labels[row];
        const int class = label >= 0 && label < (plx_real)n ? (int)label : 0;
        int top = 0;
        for (int i = 1; i < n; i++)
            top = z[i] > z[top] ? i : top;
        rows->losses[row] = (z[top] - z[class]) - (plx_real)log((double)p[top]);
        p[class] -= 1;
    }
}

const plx_loss plx_loss_class = {.name = "class", .link = PLX_LINK_SOFTMAX, .each = classes};
