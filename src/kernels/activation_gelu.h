/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x Phi(x), Phi the normal distribution's share below x: the exact form (Hendrycks and Gimpel, arXiv 1606.08415).
 */
#ifndef PLX_ACTIVATION_GELU_H
#define PLX_ACTIVATION_GELU_H

#ifdef PLX_PLAIN_KERNELS

/** The normal distribution function at x. */
static plx_real normal_share(plx_real x)
{
    return REAL(erfc)(-x * (plx_real)0.70710678118654752440) / 2;
}

static plx_real gelu_of(plx_real x)
{
    return x * normal_share(x);
}

static plx_real gelu_gradient(plx_real x, plx_real dy)
{
    const plx_real density = (plx_real)0.39894228040143267794 * REAL(exp)(-x * x / 2);
    return dy * (normal_share(x) + x * density);
}

#elif defined LANES

/** The normal distribution function at x; `density` receives its density. */
INLINE vf normal_share(vf x, vf *density)
{
    const float root_half = 0.707106781f;
    vf e = vf_exp(x * x * -0.5f), tail = e * vf_scaled_erfc(vf_abs(x) * root_half) * 0.5f;
    *density = e * 0.398942280f;
    return vf_if_less(x, (vf){0}, tail, 1.0f - tail);
}

INLINE vf gelu_of(vf x)
{
    vf density;
    return x * normal_share(x, &density);
}

INLINE vf gelu_gradient(vf x, vf dy)
{
    vf density, share = normal_share(x, &density);
    return dy * vf_fma(x, density, share);
}

#endif

#endif
