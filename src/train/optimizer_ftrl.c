/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follow the regularised leader, proximal, by coordinate (McMahan et al., KDD 2013), with Keras' names: its l2 counts
 * twice (the paper's lambda2 is 2 * ftrl_l2), and the accumulator starts above 0. A weight with a gradient of 0 does
 * not change, as in the paper for features that are missing in a row; Keras sets a weight that never had a gradient to
 * 0.
 */
#include "train/optimizer.h"

enum { SQUARES, PULLS };

static double ftrl_start(const plx_train_spec *spec, int slot)
{
    return slot == SQUARES ? spec->initial_accumulator : 0;
}

static void ftrl_step(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n,
                      plx_real *weights, const plx_real *gradient, plx_real *const *slots)
{
    const plx_ftrl_numbers numbers = {.rate = rate,
                                      .beta = (plx_real)spec->ftrl_beta,
                                      .l1 = (plx_real)spec->ftrl_l1,
                                      .twice_l2 = (plx_real)(2.0 * spec->ftrl_l2)};
    if (rate > 0) kernels->ftrl(n, weights, gradient, slots[SQUARES], slots[PULLS], &numbers);
}

const plx_optimizer plx_optimizer_ftrl = {
    .name = "ftrl",
    .doc = "FTRL-proximal: z += g - (sqrt(a + g^2) - sqrt(a)) / learning_rate * w, a += g^2, w = 0 where |z| <= "
           "ftrl_l1, else (sign(z) * ftrl_l1 - z) / ((ftrl_beta + sqrt(a)) / learning_rate + 2 * ftrl_l2); a starts at "
           "initial_accumulator, which should be small for hidden layers, such as 1e-6",
    .n_slots = 2,
    .start = ftrl_start,
    .step = ftrl_step,
};
