/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choices that a configuration makes by name and a graph carries out. X(ENUMERATOR, name), in the order of the
 * configuration; enumerators after them are of networks alone.
 */
#ifndef PLX_CHOICES_H
#define PLX_CHOICES_H

#define PLX_CHOICE_NUMBER(number, name) PLX_##number,
#define PLX_CHOICE_NAME(number, name)   #name,

/* clang-format off */
#define PLX_INIT_CHOICES(X)                                                                                            \
    X(INIT_NORMAL, normal)               /* normal(0, scale), default scale 1e-4 */                                    \
    X(INIT_UNIFORM, uniform)             /* uniform in [-scale, scale), default scale 0.05 */                          \
    X(INIT_ZERO, zeros)                                                                                                \
    X(INIT_GLOROT_NORMAL, glorot_normal) /* normal truncated at two deviations and rescaled, as in Keras */            \
    X(INIT_GLOROT_UNIFORM, glorot_uniform)

#define PLX_BAG_CHOICES(X)                                                                                             \
    X(BAG_MEAN, mean)       /* the sum divided by the sum of w_i; 0 if that is 0 */                                    \
    X(BAG_SUM, sum)         /* sum of w_i row_i [dim]; w_i is the item's weight, or 1 */                               \
    X(BAG_MAX, max)         /* the maximum of each column [dim], without weights */                                    \
    X(BAG_ITEMS, attention) /* the items' rows concatenated, then zeros [length * dim], without weights */
/* clang-format on */

/** How a parameter starts. */
typedef enum plx_init { PLX_INIT_CHOICES(PLX_CHOICE_NUMBER) PLX_INIT_ONE } plx_init;

/** How a field of a record combines its table rows: those of a list's items, or the ROW of a category [dim]. */
typedef enum plx_bag_kind { PLX_BAG_CHOICES(PLX_CHOICE_NUMBER) PLX_BAG_ROW } plx_bag_kind;

#endif
