/* SPDX-License-Identifier: Apache-2.0 */
/* tanh(x). */
#ifndef PLX_ACTIVATION_TANH_H
#define PLX_ACTIVATION_TANH_H

#ifdef PLX_PLAIN_KERNELS

static plx_real tanh_of(plx_real x)
{
    return REAL(tanh)(x);
}

static plx_real tanh_gradient(plx_real y, plx_real dy)
{
    return dy * ((ONE - y) * (ONE + y));
}

#elif defined LANES

INLINE vf tanh_of(vf x)
{
    return vf_tanh(x);
}

INLINE vf tanh_gradient(vf y, vf dy)
{
    return dy * ((1.0f - y) * (1.0f + y));
}

#endif

#endif
