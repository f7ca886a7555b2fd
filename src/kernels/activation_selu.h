/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCALE x, or SCALE ALPHA (e^x - 1) where x < 0, with the constants that keep mean 0 and variance 1 (Klambauer et al.,
 * arXiv 1706.02515).
 */
#ifndef PLX_ACTIVATION_SELU_H
#define PLX_ACTIVATION_SELU_H

#define PLX_SELU_SCALE 1.05070098735548049342f
#define PLX_SELU_ALPHA 1.67326324235437728482f

#ifdef PLX_PLAIN_KERNELS

#define SELU_SCALE ((plx_real)PLX_SELU_SCALE)
#define SELU_ALPHA ((plx_real)PLX_SELU_ALPHA)

static plx_real selu_of(plx_real x)
{
    return x < ZERO ? SELU_SCALE * SELU_ALPHA * REAL(expm1)(x) : SELU_SCALE * x;
}

static plx_real selu_gradient(plx_real y, plx_real dy)
{
    return dy * (y > ZERO ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA);
}

#elif defined LANES

INLINE vf selu_of(vf x)
{
    return vf_if_less(x, (vf){0}, vf_expm1(-vf_abs(x)) * (PLX_SELU_SCALE * PLX_SELU_ALPHA), x * PLX_SELU_SCALE);
}

INLINE vf selu_gradient(vf y, vf dy)
{
    return dy * vf_if_less((vf){0}, y, vf_all(PLX_SELU_SCALE), y + PLX_SELU_SCALE * PLX_SELU_ALPHA);
}

#endif

#endif
