/* SPDX-License-Identifier: Apache-2.0 */
/* The activations of kernels_plain.c, with its loops. */
#ifndef PLX_PLAIN_ACTIVATIONS_H
#define PLX_PLAIN_ACTIVATIONS_H

#define LEAKY_SLOPE ((plx_real)PLX_LEAKY_SLOPE)
#define SELU_SCALE  ((plx_real)PLX_SELU_SCALE)
#define SELU_ALPHA  ((plx_real)PLX_SELU_ALPHA)

static plx_real leaky_relu_of(plx_real x)
{
    return x < ZERO ? LEAKY_SLOPE * x : x;
}

static plx_real leaky_relu_gradient(plx_real y, plx_real dy)
{
    return y > ZERO ? dy : y * ZERO + LEAKY_SLOPE * dy;
}

static plx_real elu_of(plx_real x)
{
    return x < ZERO ? REAL(expm1)(x) : x;
}

static plx_real elu_gradient(plx_real y, plx_real dy)
{
    return dy * (y > ZERO ? ONE : y + ONE);
}

static plx_real selu_of(plx_real x)
{
    return x < ZERO ? SELU_SCALE * SELU_ALPHA * REAL(expm1)(x) : SELU_SCALE * x;
}

static plx_real selu_gradient(plx_real y, plx_real dy)
{
    return dy * (y > ZERO ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA);
}

static plx_real softplus_gradient(plx_real y, plx_real dy)
{
    return dy * -REAL(expm1)(-y);
}

static plx_real swish_of(plx_real x)
{
    return x * sigmoid_of(x);
}

static plx_real swish_gradient(plx_real x, plx_real dy)
{
    const plx_real s = sigmoid_of(x);
    return dy * (s + s * x * (ONE - s));
}

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

static plx_real mish_of(plx_real x)
{
    return x * REAL(tanh)(softplus_of(x));
}

static plx_real mish_gradient(plx_real x, plx_real dy)
{
    const plx_real t = REAL(tanh)(softplus_of(x));
    return dy * (t + x * (ONE - t) * (ONE + t) * sigmoid_of(x));
}

#define ACTIVATION(name, by)                                                                                           \
    static void kernel_##name(int rows, int n, plx_view x, plx_view y)                                                 \
    {                                                                                                                  \
        map_rows(rows, n, x, y, name##_of);                                                                            \
    }                                                                                                                  \
    static void kernel_##name##_back(int rows, int n, plx_view x, plx_view y, plx_view dy, plx_view dx,                \
                                     bool accumulate)                                                                  \
    {                                                                                                                  \
        (void)x, (void)y;                                                                                              \
        back_rows(rows, n, by, dy, dx, accumulate, name##_gradient);                                                   \
    }

PLX_POINTWISE_LIST(ACTIVATION)

static void kernel_prelu(int rows, int n, plx_view x, const plx_real *slope, plx_view y)
{
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real v = x.at[r * x.stride + i];
            y.at[r * y.stride + i] = v < ZERO ? slope[i] * v : v;
        }
    }
}

static void kernel_prelu_back(int rows, int n, plx_view x, const plx_real *slope, plx_view dy, plx_view dx,
                              bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real d = dy.at[r * dy.stride + i];
            plx_real *to = &dx.at[r * dx.stride + i];
            *to = old(*to, accumulate) + (x.at[r * x.stride + i] > ZERO ? d : slope[i] * d);
        }
    }
}

static void kernel_prelu_sums(int rows, int n, plx_view x, plx_view dy, plx_real *d_slope, bool accumulate)
{
    for (int i = 0; i < n; i++)
        d_slope[i] = old(d_slope[i], accumulate);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real v = x.at[r * x.stride + i];
            d_slope[i] += dy.at[r * dy.stride + i] * (v > ZERO ? ZERO : v);
        }
    }
}

static void kernel_dice(int rows, int n, plx_view x, plx_view z, const plx_real *slope, plx_view y)
{
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real share = sigmoid_of(z.at[r * z.stride + i]);
            y.at[r * y.stride + i] = x.at[r * x.stride + i] * (slope[i] + (ONE - slope[i]) * share);
        }
    }
}

static void kernel_dice_back(int rows, int n, plx_view x, plx_view z, const plx_real *slope, plx_view dy, plx_view dx,
                             bool accumulate, plx_view dz, bool accumulate_z)
{
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real share = sigmoid_of(z.at[r * z.stride + i]), d = dy.at[r * dy.stride + i];
            plx_real *to = &dx.at[r * dx.stride + i], *to_z = &dz.at[r * dz.stride + i];
            *to = old(*to, accumulate) + d * (slope[i] + (ONE - slope[i]) * share);
            *to_z = old(*to_z, accumulate_z) + d * x.at[r * x.stride + i] * (ONE - slope[i]) * (share * (ONE - share));
        }
    }
}

static void kernel_dice_sums(int rows, int n, plx_view x, plx_view z, plx_view dy, plx_real *d_slope, bool accumulate)
{
    for (int i = 0; i < n; i++)
        d_slope[i] = old(d_slope[i], accumulate);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            const plx_real rest = ONE - sigmoid_of(z.at[r * z.stride + i]);
            d_slope[i] += dy.at[r * dy.stride + i] * x.at[r * x.stride + i] * rest;
        }
    }
}

#endif
