/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adam (Kingma and Ba, arXiv 1412.6980) and AdamW (Loshchilov and Hutter, arXiv 1711.05101). As in Keras, epsilon is
 * added to the root of the uncorrected mean. PyTorch adds it after bias correction, where it weighs less in the first
 * steps.
 */
#include "train/optimizer.h"

#include <math.h>

/** Both bias corrections, folded into the rate as in Keras. */
static double adam_rate(const plx_train_spec *spec, double learning_rate, int64_t step)
{
    double t = (double)step;
    return learning_rate * sqrt(1.0 - pow(spec->beta2, t)) / (1.0 - pow(spec->beta1, t));
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

const plx_optimizer plx_optimizer_adam = {
    .name = "adam",
    .doc = "Adam as in Keras, on whole tables: w -= rate_t * m / (sqrt(v) + epsilon)",
    .n_slots = 2,
    .rate = adam_rate,
    .step = adam_step,
};

const plx_optimizer plx_optimizer_adamw = {
    .name = "adamw",
    .doc = "Adam with decoupled decay: before each step w -= learning_rate * weight_decay * w, for kernels and tables "
           "but not for biases, nor for batch normalisation's scale and shift",
    .n_slots = 2,
    .decays = true,
    .rate = adam_rate,
    .step = adam_step,
};
