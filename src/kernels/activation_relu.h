/* SPDX-License-Identifier: Apache-2.0 */
/* max(0, x); for x <= 0 dx is 0, or unchanged, for every dy. */
#ifndef PLX_ACTIVATION_RELU_H
#define PLX_ACTIVATION_RELU_H

#ifdef PLX_PLAIN_KERNELS

static plx_real relu_of(plx_real x)
{
    return x < ZERO ? ZERO : x;
}

/** Select, do not multiply: infinity times 0 is NaN. An inactive unit's y is 0, or a NaN that must propagate. */
static plx_real relu_gradient(plx_real y, plx_real dy)
{
    return y > ZERO ? dy : y;
}

#elif defined LANES

INLINE vf relu_of(vf x)
{
    return vf_max((vf){0}, x);
}

/** Select, do not multiply: infinity times 0 is NaN. An inactive unit's y is 0, or a NaN that must propagate. */
INLINE vf relu_gradient(vf y, vf dy)
{
    return vf_if_less((vf){0}, y, dy, y);
}

#endif

#endif
