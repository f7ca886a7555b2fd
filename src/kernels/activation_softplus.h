/* SPDX-License-Identifier: Apache-2.0 */
/* log(1 + e^x). */
#ifndef PLX_ACTIVATION_SOFTPLUS_H
#define PLX_ACTIVATION_SOFTPLUS_H

#ifdef PLX_PLAIN_KERNELS

/** log(1 + e^x). */
static plx_real softplus_of(plx_real x)
{
    return relu_of(x) + REAL(log1p)(REAL(exp)(-REAL(fabs)(x)));
}

static plx_real softplus_gradient(plx_real y, plx_real dy)
{
    return dy * -REAL(expm1)(-y);
}

#elif defined LANES

INLINE vf softplus_of(vf x)
{
    return vf_max((vf){0}, x) + vf_log1p(vf_exp(-vf_abs(x)));
}

/** 1 - e^-y is sigmoid(x). */
INLINE vf softplus_gradient(vf y, vf dy)
{
    return dy * -vf_expm1(-y);
}

#endif

#endif
