/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The activations, in the order of the configuration's choices. A row and, below, the file with its formulae define
 * kernels, op and choice. Other steps: "How to add an activation" in CONTRIBUTING.md.
 */
#ifndef PLX_ACTIVATION_LIST_H
#define PLX_ACTIVATION_LIST_H

/*
 * KERNEL(name, by, X): y = f(x), elementwise, a pair of kernels. The backward kernel reads `by`: y if y determines the
 * slope (then y may overwrite x), else x.
 * OWN(name, X): an op with parameters of its own, see ops.h. NONE(name, X): y = x.
 * X is passed to each row.
 */
/* clang-format off */
#define PLX_ACTIVATION_LIST(KERNEL, OWN, NONE, X)                                                                      \
    KERNEL(relu, y, X)                                                                                                 \
    KERNEL(sigmoid, y, X)                                                                                              \
    KERNEL(tanh, y, X)                                                                                                 \
    NONE(linear, X)                                                                                                    \
    KERNEL(leaky_relu, y, X)                                                                                           \
    OWN(prelu, X)                                                                                                      \
    OWN(dice, X)                                                                                                       \
    KERNEL(elu, y, X)                                                                                                  \
    KERNEL(gelu, x, X)                                                                                                 \
    KERNEL(swish, x, X)                                                                                                \
    KERNEL(selu, y, X)                                                                                                 \
    KERNEL(softplus, y, X)                                                                                             \
    KERNEL(mish, x, X)
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

/* For activation_kernels.h: the formulae; one may use those before it. */
#ifdef PLX_ACTIVATION_FORMULAE
/* clang-format off */
#include "kernels/activation_relu.h"
#include "kernels/activation_sigmoid.h"
#include "kernels/activation_tanh.h"
#include "kernels/activation_leaky_relu.h"
#include "kernels/activation_elu.h"
#include "kernels/activation_gelu.h"
#include "kernels/activation_swish.h"
#include "kernels/activation_selu.h"
#include "kernels/activation_softplus.h"
#include "kernels/activation_mish.h"
/* clang-format on */
#endif
