/* SPDX-License-Identifier: Apache-2.0 */
/* x tanh(softplus(x)) (Misra, arXiv 1908.08681). */
#ifndef PLX_ACTIVATION_MISH_H
#define PLX_ACTIVATION_MISH_H

#ifdef PLX_PLAIN_KERNELS

static plx_real mish_of(plx_real x)
{
    return x * REAL(tanh)(softplus_of(x));
}

static plx_real mish_gradient(plx_real x, plx_real dy)
{
    const plx_real t = REAL(tanh)(softplus_of(x));
    return dy * (t + x * (ONE - t) * (ONE + t) * sigmoid_of(x));
}

#elif defined LANES

/**
 * tanh(softplus(x)) as a fraction of polynomials in e = exp(-|x|), in which nothing cancels: with (1 + e^x)^2 =
 * 1 + e^2x + 2 e^x, it is (e^2x + 2 e^x) / (e^2x + 2 e^x + 2); for x above 0 both are divided by e^2x.
 */
typedef struct mish_parts {
    vf above, below; /* the fraction */
    vf e, power;     /* e; e for x < 0, else e^2 */
} mish_parts;

INLINE mish_parts mish_parts_of(vf x)
{
    mish_parts m = {.e = vf_exp(-vf_abs(x))};
    m.power = vf_if_less(x, (vf){0}, m.e, m.e * m.e);
    m.above = vf_if_less(x, (vf){0}, m.e * (m.e + 2.0f), vf_fma(m.e, vf_all(2.0f), vf_all(1.0f)));
    m.below = vf_if_less(x, (vf){0}, m.above + 2.0f, vf_fma(m.power, vf_all(2.0f), m.above));
    return m;
}

INLINE vf mish_of(vf x)
{
    mish_parts m = mish_parts_of(x);
    return x * (m.above / m.below);
}

/** t + x (1 - t^2) sigmoid(x), where (1 - t^2) sigmoid(x) is 4 power (1 + e) / below^2. */
INLINE vf mish_gradient(vf x, vf dy)
{
    mish_parts m = mish_parts_of(x);
    vf inverse = 1.0f / m.below;
    return dy * vf_fma(x * (m.power * 4.0f) * inverse, (m.e + 1.0f) * inverse, m.above * inverse);
}

#endif

#endif
