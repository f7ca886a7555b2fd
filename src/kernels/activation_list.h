/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The activations, in the order of the configuration's choices. These rows define kernels, ops and choices. Other
 * steps: "How to add an activation" in CONTRIBUTING.md.
 */
#ifndef PLX_ACTIVATION_LIST_H
#define PLX_ACTIVATION_LIST_H

/** Keras' leaky_relu; selu's constants, which keep mean 0 and variance 1. */
#define PLX_LEAKY_SLOPE 0.2f
#define PLX_SELU_SCALE  1.05070098735548049342f
#define PLX_SELU_ALPHA  1.67326324235437728482f

/*
 * KERNEL(name, by, X): y = f(x), elementwise, a pair of kernels. The backward kernel reads `by`: y if y determines the
 * slope (then y may overwrite x), else x.
 * OWN(name, X): an op with parameters of its own. NONE(name, X): y = x.
 * X is passed to each row.
 */
/* clang-format off */
#define PLX_ACTIVATION_LIST(KERNEL, OWN, NONE, X)                                                                      \
    KERNEL(relu, y, X)        /* max(0, x); for x <= 0 dx is 0, or unchanged, for every dy */                          \
    KERNEL(sigmoid, y, X)     /* 1 / (1 + e^-x) */                                                                     \
    KERNEL(tanh, y, X)                                                                                                 \
    NONE(linear, X)                                                                                                    \
    KERNEL(leaky_relu, y, X)  /* x, or PLX_LEAKY_SLOPE x where x < 0 */                                                \
    OWN(prelu, X)             /* see ops.h, as for dice */                                                             \
    OWN(dice, X)                                                                                                       \
    KERNEL(elu, y, X)         /* x, or e^x - 1 where x < 0 */                                                          \
    KERNEL(gelu, x, X)        /* x Phi(x), Phi the normal distribution's share below x: the exact form (Hendrycks and  \
                                 Gimpel, arXiv 1606.08415) */                                                          \
    KERNEL(swish, x, X)       /* x sigmoid(x) */                                                                       \
    KERNEL(selu, y, X)        /* SCALE x, or SCALE ALPHA (e^x - 1) where x < 0 (Klambauer et al., arXiv 1706.02515) */ \
    KERNEL(softplus, y, X)    /* log(1 + e^x) */                                                                       \
    KERNEL(mish, x, X)        /* x tanh(softplus(x)) (Misra, arXiv 1908.08681) */
/* clang-format on */

#define PLX_NO_ROW(name, X)
#define PLX_ROW(name, by, X)     X(name, by)
#define PLX_KERNELS(name, by, X) X(name) X(name##_back)
#define PLX_NAME(name, X)        X(name)
#define PLX_NAME_BY(name, by, X) X(name)
/** All: X(name). */
#define PLX_ACTIVATION_NAMES(X) PLX_ACTIVATION_LIST(PLX_NAME_BY, PLX_NAME, PLX_NAME, X)
/** All that are nodes of a graph: X(name). */
#define PLX_ACTIVATION_OPS(X) PLX_ACTIVATION_LIST(PLX_NAME_BY, PLX_NAME, PLX_NO_ROW, X)
/** Those with kernels: X(name, by). */
#define PLX_POINTWISE_LIST(X) PLX_ACTIVATION_LIST(PLX_ROW, PLX_NO_ROW, PLX_NO_ROW, X)
/** Their kernels: X(name) X(name_back). */
#define PLX_POINTWISE_KERNELS(X) PLX_ACTIVATION_LIST(PLX_KERNELS, PLX_NO_ROW, PLX_NO_ROW, X)

#endif
