/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels of the activations, from their formulae. Of numbers, if PLX_PLAIN_KERNELS is defined, otherwise of
 * vectors; the including file has the loops map_rows and back_rows.
 */
#ifndef PLX_ACTIVATION_KERNELS_H
#define PLX_ACTIVATION_KERNELS_H

#define PLX_ACTIVATION_FORMULAE
#include "kernels/activation_list.h"

#define ACTIVATION(name, by)                                                                                           \
    static void kernel_##name(int rows, int n, plx_view x, plx_view y)                                                 \
    {                                                                                                                  \
        map_rows(rows, n, x, y, name##_of);                                                                            \
    }                                                                                                                  \
    static void kernel_##name##_back(int rows, int n, plx_view x, plx_view y, plx_view dy, plx_view dx,                \
                                     bool accumulate)                                                                  \
    {                                                                                                                  \
        (void)x, (void)y;                                                                                              \
        back_rows(rows, n, by, dy, dx, accumulate, name##_gradient);                                                   \
    }
PLX_POINTWISE_LIST(ACTIVATION)
#undef ACTIVATION

#endif
