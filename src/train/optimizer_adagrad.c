/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps by the size of a weight's own gradients: Adagrad (Duchi, Hazan, Singer, JMLR 12, 2011) by the sum of their
 * squares, RMSprop (Hinton, 2012) by a moving mean. As in Keras, epsilon is inside the root; in PyTorch it is outside.
 */
#include "train/optimizer.h"

static double adagrad_start(const plx_train_spec *spec, int slot)
{
    (void)slot;
    return spec->initial_accumulator;
}

static void adagrad_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n,
                         plx_real *weights, const plx_real *gradient, plx_real *const *slots)
{
    kernels->adagrad(n, weights, gradient, slots[0], rate, (plx_real)spec->epsilon);
}

const plx_optimizer plx_optimizer_adagrad = {
    .name = "adagrad",
    .doc = "Adagrad: a += g^2, w -= learning_rate * g / sqrt(a + epsilon); a starts at initial_accumulator",
    .n_slots = 1,
    .start = adagrad_start,
    .step = adagrad_step,
};

/** Slots: the mean of squares, then if centered the mean of gradients, then with momentum its sum. */
static void rmsprop_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n,
                         plx_real *weights, const plx_real *gradient, plx_real *const *slots)
{
    const plx_rmsprop_numbers numbers = {.rate = rate,
                                         .one_minus_rho = (plx_real)(1.0 - spec->rho),
                                         .epsilon = (plx_real)spec->epsilon,
                                         .momentum = (plx_real)spec->momentum};
    plx_real *mean = spec->centered ? slots[1] : NULL;
    plx_real *velocity = spec->momentum > 0 ? slots[spec->centered ? 2 : 1] : NULL;
    kernels->rmsprop(n, weights, gradient, slots[0], mean, velocity, &numbers);
}

static const plx_optimizer with_two_slots = {.name = "rmsprop", .n_slots = 2, .step = rmsprop_step};
static const plx_optimizer with_three_slots = {.name = "rmsprop", .n_slots = 3, .step = rmsprop_step};

static const plx_optimizer *rmsprop_variant(const plx_train_spec *spec)
{
    if (spec->centered && spec->momentum > 0) return &with_three_slots;
    return spec->centered || spec->momentum > 0 ? &with_two_slots : &plx_optimizer_rmsprop;
}

const plx_optimizer plx_optimizer_rmsprop = {
    .name = "rmsprop",
    .doc = "RMSprop: v = rho * v + (1 - rho) * g^2, s = learning_rate * g / sqrt(v + epsilon), w -= s; centered: v "
           "minus the square of g's mean instead of v; with momentum m = momentum * m + s, w -= m",
    .n_slots = 1,
    .variant = rmsprop_variant,
    .step = rmsprop_step,
};
