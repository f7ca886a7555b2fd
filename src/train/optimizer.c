/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' list. */
#include "train/optimizer.h"

#include <math.h>

static double constant_rate(const plx_train_spec *spec, int64_t step)
{
    (void)step;
    return spec->learning_rate;
}

static void sgd_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n, plx_real *weights,
                     const plx_real *gradient, plx_real *const *slots)
{
    (void)spec, (void)slots;
    kernels->sgd(n, weights, gradient, rate);
}

static const plx_optimizer sgd = {
    .name = "sgd",
    .doc = "gradient descent: w -= learning_rate * g",
    .n_slots = 0,
    .rate = constant_rate,
    .step = sgd_step,
};

/** Both corrections for the moments' start at 0, as Keras folds them into the rate. */
static double adam_rate(const plx_train_spec *spec, int64_t step)
{
    double t = (double)step;
    return spec->learning_rate * sqrt(1.0 - pow(spec->beta2, t)) / (1.0 - pow(spec->beta1, t));
}

static void adam_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n,
                      plx_real *weights, const plx_real *gradient, plx_real *const *slots)
{
    const plx_adam_numbers numbers = {.rate = rate,
                                      .one_minus_beta1 = (plx_real)(1.0 - spec->beta1),
                                      .one_minus_beta2 = (plx_real)(1.0 - spec->beta2),
                                      .epsilon = (plx_real)spec->epsilon};
    kernels->adam(n, weights, gradient, slots[0], slots[1], &numbers);
}

static const plx_optimizer adam = {
    .name = "adam",
    .doc = "Adam as Keras has it, on whole tables: w -= rate_t * m / (sqrt(v) + epsilon)",
    .n_slots = 2,
    .rate = adam_rate,
    .step = adam_step,
};

const plx_optimizer *const plx_optimizer_list[] = {&sgd, &adam, NULL};

const plx_optimizer *plx_optimizer_find(plx_slice name)
{
    for (const plx_optimizer *const *row = plx_optimizer_list; *row; row++) {
        if (plx_slice_equal(plx_slice_of((*row)->name), name)) return *row;
    }
    return NULL;
}
