/* SPDX-License-Identifier: Apache-2.0 */
/* How gradients move parameters: one constant row an optimizer. To add one, write its row and list it. */
#ifndef PLX_OPTIMIZER_H
#define PLX_OPTIMIZER_H

#include "base/text.h"
#include "kernels/kernels.h"
#include "train/train.h"

enum { PLX_OPTIMIZER_SLOTS_MAX = 4 };

typedef struct plx_optimizer {
    const char *name, *doc;
    int n_slots; /* blocks of numbers that it keeps, laid out as the parameters, 0 at the start */
    /** The rate of step `step`, which counts from 1. */
    double (*rate)(const plx_train_spec *spec, int64_t step);
    /** Moves `n` numbers; where the gradient has always been 0 the weight stays as it is. */
    void (*step)(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n, plx_real *weights,
                 const plx_real *gradient, plx_real *const *slots);
} plx_optimizer;

/** All optimizers, ended by NULL. */
extern const plx_optimizer *const plx_optimizer_list[];
/** NULL where there is none of that name. */
const plx_optimizer *plx_optimizer_find(plx_slice name);

#endif
