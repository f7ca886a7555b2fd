/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of a row's sums is a list in `aside`, the latest first. */
#include "ops/id_sums.h"

#include <string.h>

_Static_assert(PLX_LEAVES_MAX < UINT8_MAX, "plx_id_sums.leaf is a byte");

static plx_view row_of(const plx_id_sums *s, uint32_t row)
{
    return (plx_view){s->sums.at + (ptrdiff_t)row * s->sums.stride, s->sums.stride};
}

static plx_real *numbers_of(const plx_id_sums *s, uint32_t number)
{
    return s->numbers_end - (size_t)(number + 1) * (size_t)s->width;
}

/* Adds the latest sum set aside to the row. */
static void take_back(plx_id_sums *s, uint32_t row)
{
    const uint32_t number = s->last[row] - 1;
    s->kernels->copy(1, s->width, (plx_view){numbers_of(s, number), s->width}, row_of(s, row), true);
    s->last[row] = s->aside[number].before;
}

void plx_id_sums_set_aside(plx_id_sums *s, uint32_t row, int leaf)
{
    const int own = s->leaf[row] - 1;
    while (s->last[row] && plx_tree_adds(s->aside[s->last[row] - 1].leaf, own, leaf))
        take_back(s, row);
    const uint32_t number = s->n_aside++;
    const size_t bytes = (size_t)s->width * sizeof(plx_real);
    plx_real *sum = row_of(s, row).at;
    s->aside[number] = (plx_set_aside){row, s->last[row], own};
    memcpy(numbers_of(s, number), sum, bytes);
    memset(sum, 0, bytes);
    s->last[row] = number + 1;
}

void plx_id_sums_close(plx_id_sums *s)
{
    for (uint32_t number = s->n_aside; number > 0; number--) {
        const uint32_t row = s->aside[number - 1].row;
        if (s->last[row] == number) take_back(s, row);
    }
}
