/* SPDX-License-Identifier: Apache-2.0 */
/* x sigmoid(x). */
#ifndef PLX_ACTIVATION_SWISH_H
#define PLX_ACTIVATION_SWISH_H

#ifdef PLX_PLAIN_KERNELS

static plx_real swish_of(plx_real x)
{
    return x * sigmoid_of(x);
}

static plx_real swish_gradient(plx_real x, plx_real dy)
{
    const plx_real s = sigmoid_of(x);
    return dy * (s + s * x * (ONE - s));
}

#elif defined LANES

INLINE vf swish_of(vf x)
{
    return x * vf_sigmoid(x);
}

INLINE vf swish_gradient(vf x, vf dy)
{
    vf s = vf_sigmoid(x);
    return dy * vf_fma(s * x, 1.0f - s, s);
}

#endif

#endif
