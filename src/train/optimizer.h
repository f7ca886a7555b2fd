/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How gradients move parameters: one constant row an optimizer. To add one, write its row and list it. A row's `step`
 * takes any span of numbers with the same span of each slot, so a row of a table can be moved by itself.
 */
#ifndef PLX_OPTIMIZER_H
#define PLX_OPTIMIZER_H

#include "base/text.h"
#include "kernels/kernels.h"
#include "train/train.h"

enum { PLX_OPTIMIZER_SLOTS_MAX = 4 };

typedef struct plx_optimizer {
    const char *name, *doc;
    int n_slots; /* blocks of numbers that it keeps, laid out as the parameters */
    /** Takes weight_decay * learning rate of the weights away before each step (plx_param_spec: is_bias). */
    bool decays;
    /** The row that does what the options ask for; NULL: this one. */
    const struct plx_optimizer *(*variant)(const plx_train_spec *spec);
    /** What slot `slot` starts with; NULL: 0. */
    double (*start)(const plx_train_spec *spec, int slot);
    /** What is folded into the learning rate at step `step`, which counts from 1; NULL: nothing. */
    double (*rate)(const plx_train_spec *spec, double learning_rate, int64_t step);
    /** Moves `n` numbers; where the gradient has always been 0 the weight stays as it is. */
    void (*step)(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n, plx_real *weights,
                 const plx_real *gradient, plx_real *const *slots);
} plx_optimizer;

/** All optimizers, ended by NULL. */
extern const plx_optimizer *const plx_optimizer_list[];
/** NULL where there is none of that name. */
const plx_optimizer *plx_optimizer_find(plx_slice name);
/** That of the name in `spec`, in the variant that its options ask for: what steps are made with. */
const plx_optimizer *plx_optimizer_for(const plx_train_spec *spec);
/** The rate that `step` gets at the learning rate of that step. */
plx_real plx_optimizer_rate(const plx_optimizer *optimizer, const plx_train_spec *spec, double learning_rate,
                            int64_t step);
/** Fills slot `slot` [n] with what it starts with. */
void plx_optimizer_start(const plx_optimizer *optimizer, const plx_train_spec *spec, int slot, size_t n,
                         plx_real *numbers);

/** The place of the first number that is not finite; `n` where all are. */
size_t plx_find_not_finite(const plx_real *numbers, size_t n);

/* The rows: optimizer_sgd.c, optimizer_adagrad.c, optimizer_adam.c, optimizer_ftrl.c. */
extern const plx_optimizer plx_optimizer_sgd, plx_optimizer_adagrad, plx_optimizer_rmsprop, plx_optimizer_adam,
    plx_optimizer_adamw, plx_optimizer_ftrl;

#endif
