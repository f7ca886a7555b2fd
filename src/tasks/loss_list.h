/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The losses by kind of task, and their parameters. These rows define the choices of a task's `loss`, the keys of
 * parameters, help, ops and the gradient tests. "How to add a loss": CONTRIBUTING.md.
 */
#ifndef PLX_LOSS_LIST_H
#define PLX_LOSS_LIST_H

/* X(name, doc): `const plx_loss plx_loss_NAME`. The first of a kind is its default. A kind whose losses are those of
 * others needs no list. `d` is prediction - label. */
/* clang-format off */
#define PLX_BINARY_LOSSES(X)                                                                                           \
    X(binary, "cross-entropy")
#define PLX_REGRESSION_LOSSES(X)                                                                                       \
    X(squared, "d^2")                                                                                                  \
    X(absolute, "|d|")                                                                                                 \
    X(huber, "a mixture of both, see huber_delta")                                                                     \
    X(quantile, "the pinball loss, which is lowest for a quantile of the labels, see quantile")                        \
    X(poisson, "labels are counts, and the network predicts the logarithm of their rate")
#define PLX_MULTICLASS_LOSSES(X)                                                                                       \
    X(class, "cross-entropy")

/* The kinds with several losses, whose tasks have the key `loss`. C(KIND, first) */
#define PLX_LOSS_CHOICE_LIST(C)                                                                                        \
    C(REGRESSION, "squared")

/* P(key, KIND, loss, most, open, fallback, doc): a number above 0 that the loss reads, at most or, if open, below
 * `most`. */
#define PLX_LOSS_PARAMETER_LIST(P)                                                                                     \
    P(huber_delta, REGRESSION, huber, 1e6, false, "1",                                                                 \
      "d^2 / 2 up to this |d|, above it delta * (|d| - delta / 2)")                                                    \
    P(quantile, REGRESSION, quantile, 1, true, "0.5",                                                                  \
      "fraction of labels to be below the prediction: the loss is -d * quantile for d < 0, else d * (1 - quantile)")
/* clang-format on */

#define PLX_LOSS_LIST(X) PLX_BINARY_LOSSES(X) PLX_REGRESSION_LOSSES(X) PLX_MULTICLASS_LOSSES(X)

#endif
