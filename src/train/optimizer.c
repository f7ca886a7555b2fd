/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' list, and what all rows share. */
#include "train/optimizer.h"

#include <float.h>
#include <math.h>

const plx_optimizer *const plx_optimizer_list[] = {
    &plx_optimizer_sgd,
    &plx_optimizer_adagrad,
    &plx_optimizer_rmsprop,
    &plx_optimizer_adam,
    &plx_optimizer_adamw,
    &plx_optimizer_ftrl,
    NULL,
};

const plx_optimizer *plx_optimizer_find(plx_slice name)
{
    for (const plx_optimizer *const *row = plx_optimizer_list; *row; row++) {
        if (plx_slice_equal(plx_slice_of((*row)->name), name)) return *row;
    }
    return NULL;
}

const plx_optimizer *plx_optimizer_for(const plx_train_spec *spec)
{
    const plx_optimizer *row = plx_optimizer_find(plx_slice_of(spec->optimizer));
    return row && row->variant ? row->variant(spec) : row;
}

plx_real plx_optimizer_rate(const plx_optimizer *optimizer, const plx_train_spec *spec, double learning_rate,
                            int64_t step)
{
    return (plx_real)(optimizer->rate ? optimizer->rate(spec, learning_rate, step) : learning_rate);
}

void plx_optimizer_start(const plx_optimizer *optimizer, const plx_train_spec *spec, int slot, size_t n,
                         plx_real *numbers)
{
    const plx_real start = (plx_real)(optimizer->start ? optimizer->start(spec, slot) : 0);
    for (size_t i = 0; i < n; i++)
        numbers[i] = start;
}

size_t plx_find_not_finite(const plx_real *numbers, size_t n)
{
    enum { SPAN = 1024 }; /* looked at without a branch */
    for (size_t first = 0; first < n; first += SPAN) {
        const size_t end = n - first < SPAN ? n : first + SPAN;
        bool finite = true;
        for (size_t i = first; i < end; i++)
            finite &= fabs((double)numbers[i]) <= DBL_MAX;
        for (size_t i = first; !finite && i < end; i++) {
            if (!isfinite(numbers[i])) return i;
        }
    }
    return n;
}
