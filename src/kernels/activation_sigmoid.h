/* SPDX-License-Identifier: Apache-2.0 */
/* 1 / (1 + e^-x). */
#ifndef PLX_ACTIVATION_SIGMOID_H
#define PLX_ACTIVATION_SIGMOID_H

#ifdef PLX_PLAIN_KERNELS

static plx_real sigmoid_of(plx_real x)
{
    plx_real e = REAL(exp)(-REAL(fabs)(x));
    return (x < ZERO ? e : ONE) / (ONE + e);
}

static plx_real sigmoid_gradient(plx_real y, plx_real dy)
{
    return dy * (y * (ONE - y));
}

#elif defined LANES

INLINE vf sigmoid_of(vf x)
{
    return vf_sigmoid(x);
}

INLINE vf sigmoid_gradient(vf y, vf dy)
{
    return dy * (y * (1.0f - y));
}

#endif

#endif
