/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exp, log, sigmoid and tanh of a vector, in the ranges that kernels need. The polynomials are interpolated at
 * Chebyshev nodes, relative error of each below 2e-8 (a third of an ulp); with the roundings the functions stay below 4
 * ulp. NaN propagates: training must see it.
 */
#ifndef PLX_MATH_BODY_H
#define PLX_MATH_BODY_H

/** e^x for x <= 0; 0 where the result would be below 1.7e-38 (x < -87), so that no denormal comes out. */
INLINE vf vf_exp(vf x)
{
    const vf lowest = vf_all(-87.0f), magic = vf_all(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    vf clamped = vf_max(lowest, x);
    vf shifted = vf_fma(clamped, vf_all(1.44269504f), magic);
    vf n = shifted - magic;
    vf r = vf_fma(n, vf_all(-0.693145751953125f), clamped); /* ln 2 in two parts; the first times n is exact */
    r = vf_fma(n, vf_all(-1.42860682e-6f), r);
    vf q = vf_fma(vf_all(0.00139261775f), r, vf_all(0.00836317418f));
    q = vf_fma(q, r, vf_all(0.0416665547f));
    q = vf_fma(q, r, vf_all(0.16666577f));
    q = vf_fma(q, r, vf_all(0.5f));
    vf p = vf_fma(q, r * r, r) + 1.0f;
    vf power = (vf)(((vi)shifted - (0x4b400000 - 127)) << 23);
    return vf_if_less(x, lowest, (vf){0}, p * power);
}

/** e^x - 1 for x <= 0, to few units in the last place of the result near 0 too. */
INLINE vf vf_expm1(vf x)
{
    const vf lowest = vf_all(-87.0f), magic = vf_all(12582912.0f);
    vf clamped = vf_max(lowest, x);
    vf shifted = vf_fma(clamped, vf_all(1.44269504f), magic);
    vf n = shifted - magic;
    vf r = vf_fma(n, vf_all(-0.693145751953125f), clamped);
    r = vf_fma(n, vf_all(-1.42860682e-6f), r);
    vf q = vf_fma(vf_all(0.00139261775f), r, vf_all(0.00836317418f));
    q = vf_fma(q, r, vf_all(0.0416665547f));
    q = vf_fma(q, r, vf_all(0.16666577f));
    q = vf_fma(q, r, vf_all(0.5f));
    vf power = (vf)(((vi)shifted - (0x4b400000 - 127)) << 23);
    return vf_fma(power, vf_fma(q, r * r, r), power - 1.0f);
}

/** e^(z^2) erfc(z) for z >= 0; a polynomial of 1 / (1 + 0.35 z), relative error below 5e-8 up to 9.4, where e^(-z^2) is
 * 0. */
INLINE vf vf_scaled_erfc(vf z)
{
    vf t = 1.0f / vf_fma(vf_all(0.35f), z, vf_all(1.0f));
    vf p = vf_fma(vf_all(0.035505254f), t, vf_all(-0.14301106f));
    p = vf_fma(p, t, vf_all(0.14350584f));
    p = vf_fma(p, t, vf_all(0.023742398f));
    p = vf_fma(p, t, vf_all(0.043403544f));
    p = vf_fma(p, t, vf_all(0.1699859f));
    p = vf_fma(p, t, vf_all(0.14268632f));
    p = vf_fma(p, t, vf_all(0.1897817f));
    p = vf_fma(p, t, vf_all(0.19690372f));
    return vf_fma(p, t, vf_all(0.19749637f)) * t;
}

/** log(1 + q) for q in [0, 2], as 2 atanh(q / (2 + q)). */
INLINE vf vf_log1p(vf q)
{
    vf s = q / (q + 2.0f), t = s * s;
    vf p = vf_fma(vf_all(0.157517803f), t, vf_all(0.0649348957f));
    p = vf_fma(p, t, vf_all(0.114698752f));
    p = vf_fma(p, t, vf_all(0.142639799f));
    p = vf_fma(p, t, vf_all(0.200004733f));
    p = vf_fma(p, t, vf_all(0.333333317f));
    vf twice = s + s;
    return vf_fma(twice * t, p, twice);
}

/** sigmoid(x), given e = exp(-|x|). */
INLINE vf vf_sigmoid_given(vf x, vf e)
{
    return vf_if_less(x, (vf){0}, e, vf_all(1.0f)) / (e + 1.0f);
}

INLINE vf vf_sigmoid(vf x)
{
    return vf_sigmoid_given(x, vf_exp(-vf_abs(x)));
}

INLINE vf vf_tanh(vf x)
{
    vf size = vf_abs(x), t = x * x;
    vf e = vf_exp(size * -2.0f);
    vf large = (1.0f - e) / (e + 1.0f);
    large = (vf)((vi)large | ((vi)x & INT32_MIN));
    vf p = vf_fma(vf_all(-0.00609671417f), t, vf_all(0.020997179f));
    p = vf_fma(p, t, vf_all(-0.0538509096f));
    p = vf_fma(p, t, vf_all(0.133327697f));
    p = vf_fma(p, t, vf_all(-0.333333289f));
    vf small = vf_fma(x * t, p, x);
    return vf_if_less(size, vf_all(0.625f), small, large);
}

#endif
