/* SPDX-License-Identifier: Apache-2.0 */
/* x, or e^x - 1 where x < 0. */
#ifndef PLX_ACTIVATION_ELU_H
#define PLX_ACTIVATION_ELU_H

#ifdef PLX_PLAIN_KERNELS

static plx_real elu_of(plx_real x)
{
    return x < ZERO ? REAL(expm1)(x) : x;
}

static plx_real elu_gradient(plx_real y, plx_real dy)
{
    return dy * (y > ZERO ? ONE : y + ONE);
}

#elif defined LANES

INLINE vf elu_of(vf x)
{
    return vf_if_less(x, (vf){0}, vf_expm1(-vf_abs(x)), x);
}

INLINE vf elu_gradient(vf y, vf dy)
{
    return dy * vf_if_less((vf){0}, y, vf_all(1.0f), y + 1.0f);
}

#endif

#endif
