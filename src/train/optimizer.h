/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimizers: one constant each. To add one, write its constant and list it. `step` updates any span of numbers with
 * the same span of each slot, so a single row of a table can be updated.
 */
#ifndef PLX_OPTIMIZER_H
#define PLX_OPTIMIZER_H

#include "base/text.h"
#include "kernels/kernels.h"
#include "train/train.h"

enum { PLX_OPTIMIZER_SLOTS_MAX = 4 };

typedef struct plx_optimizer {
    const char *name, *doc;
    int n_slots; /* arrays of state with the layout of the parameters */
    /** Subtracts weight_decay * learning rate * weight before each step (plx_param_spec: is_bias). */
    bool decays;
    /** The variant that the options select; NULL: this one. */
    const struct plx_optimizer *(*variant)(const plx_train_spec *spec);
    /** The start value of slot `slot`; NULL: 0. */
    double (*start)(const plx_train_spec *spec, int slot);
    /** The factor of the learning rate at step `step`, from 1; NULL: 1. */
    double (*rate)(const plx_train_spec *spec, double learning_rate, int64_t step);
    /** Updates `n` numbers; a weight with a gradient of 0 so far does not change. */
    void (*step)(const plx_kernels *kernels, const plx_train_spec *spec, plx_real rate, size_t n, plx_real *weights,
                 const plx_real *gradient, plx_real *const *slots);
} plx_optimizer;

/** All optimizers, ended by NULL. */
extern const plx_optimizer *const plx_optimizer_list[];
/** NULL: unknown name. */
const plx_optimizer *plx_optimizer_find(plx_slice name);
/** The optimizer named in `spec`, in the variant that its options select. */
const plx_optimizer *plx_optimizer_for(const plx_train_spec *spec);
/** The effective rate of `step`, from the learning rate of that step. */
plx_real plx_optimizer_rate(const plx_optimizer *optimizer, const plx_train_spec *spec, double learning_rate,
                            int64_t step);
/** Fills slot `slot` [n] with its start value. */
void plx_optimizer_start(const plx_optimizer *optimizer, const plx_train_spec *spec, int slot, size_t n,
                         plx_real *numbers);

/** The index of the first number that is not finite; `n` if all are finite. */
size_t plx_find_not_finite(const plx_real *numbers, size_t n);

/* The rows: optimizer_sgd.c, optimizer_adagrad.c, optimizer_adam.c, optimizer_ftrl.c. */
extern const plx_optimizer plx_optimizer_sgd, plx_optimizer_adagrad, plx_optimizer_rmsprop, plx_optimizer_adam,
    plx_optimizer_adamw, plx_optimizer_ftrl;

#endif
