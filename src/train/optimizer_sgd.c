/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradient descent, with momentum as in Keras: the learning rate is inside the moving sum, so a new rate applies from
 * its step on and does not rescale earlier gradients.
 */
#include "train/optimizer.h"

static void sgd_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n, plx_real *weights,
                     const plx_real *gradient, plx_real *const *slots)
{
    (void)spec, (void)slots;
    kernels->sgd(n, weights, gradient, rate);
}

static void momentum_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n,
                          plx_real *weights, const plx_real *gradient, plx_real *const *slots)
{
    kernels->momentum(n, weights, gradient, slots[0], rate, (plx_real)spec->momentum, spec->nesterov);
}

static const plx_optimizer with_momentum = {.name = "sgd", .n_slots = 1, .step = momentum_step};

static const plx_optimizer *sgd_variant(const plx_train_spec *spec)
{
    return spec->momentum > 0 ? &with_momentum : &plx_optimizer_sgd;
}

const plx_optimizer plx_optimizer_sgd = {
    .name = "sgd",
    .doc = "gradient descent: w -= learning_rate * g; with momentum m = momentum * m - learning_rate * g, w += m, and "
           "with nesterov w += momentum * m - learning_rate * g",
    .variant = sgd_variant,
    .step = sgd_step,
};
