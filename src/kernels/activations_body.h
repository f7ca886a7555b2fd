/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, elementwise, with the loops of pointwise_body.h and the functions of math_body.h. */
#ifndef PLX_ACTIVATIONS_BODY_H
#define PLX_ACTIVATIONS_BODY_H

/* -- By the value: the sign of x is that of y -------------------------------------------------------------------- */

INLINE vf relu_of(vf x)
{
    return vf_max((vf){0}, x);
}

/** Select, do not multiply: infinity times 0 is NaN. An inactive unit's y is 0, or a NaN that must propagate. */
INLINE vf relu_gradient(vf y, vf dy)
{
    return vf_if_less((vf){0}, y, dy, y);
}

INLINE vf sigmoid_of(vf x)
{
    return vf_sigmoid(x);
}

INLINE vf sigmoid_gradient(vf y, vf dy)
{
    return dy * (y * (1.0f - y));
}

INLINE vf tanh_of(vf x)
{
    return vf_tanh(x);
}

INLINE vf tanh_gradient(vf y, vf dy)
{
    return dy * ((1.0f - y) * (1.0f + y));
}

INLINE vf leaky_relu_of(vf x)
{
    return vf_if_less(x, (vf){0}, x * PLX_LEAKY_SLOPE, x);
}

INLINE vf leaky_relu_gradient(vf y, vf dy)
{
    return vf_if_less((vf){0}, y, dy, y * 0.0f + dy * PLX_LEAKY_SLOPE);
}

INLINE vf elu_of(vf x)
{
    return vf_if_less(x, (vf){0}, vf_expm1(-vf_abs(x)), x);
}

INLINE vf elu_gradient(vf y, vf dy)
{
    return dy * vf_if_less((vf){0}, y, vf_all(1.0f), y + 1.0f);
}

INLINE vf selu_of(vf x)
{
    return vf_if_less(x, (vf){0}, vf_expm1(-vf_abs(x)) * (PLX_SELU_SCALE * PLX_SELU_ALPHA), x * PLX_SELU_SCALE);
}

INLINE vf selu_gradient(vf y, vf dy)
{
    return dy * vf_if_less((vf){0}, y, vf_all(PLX_SELU_SCALE), y + PLX_SELU_SCALE * PLX_SELU_ALPHA);
}

INLINE vf softplus_of(vf x)
{
    return vf_max((vf){0}, x) + vf_log1p(vf_exp(-vf_abs(x)));
}

/** 1 - e^-y is sigmoid(x). */
INLINE vf softplus_gradient(vf y, vf dy)
{
    return dy * -vf_expm1(-y);
}

/* -- By the input ------------------------------------------------------------------------------------------------ */

INLINE vf swish_of(vf x)
{
    return x * vf_sigmoid(x);
}

INLINE vf swish_gradient(vf x, vf dy)
{
    vf s = vf_sigmoid(x);
    return dy * vf_fma(s * x, 1.0f - s, s);
}

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

/* -- With a learned slope a column ------------------------------------------------------------------------------- */

static void kernel_prelu(int rows, int n, plx_view x, const float *slope, plx_view y)
{
    part all = part_of(LANES);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i += LANES) {
            const bool whole = i + LANES <= n;
            const part p = whole ? all : part_of(n - i);
            vf v = vf_load_lanes(x.at + r * x.stride + i, whole, p);
            vf low = v * vf_load_lanes(slope + i, whole, p);
            vf_store_lanes(y.at + r * y.stride + i, whole, p, vf_if_less(v, (vf){0}, low, v));
        }
    }
}

static void kernel_prelu_back(int rows, int n, plx_view x, const float *slope, plx_view dy, plx_view dx,
                              bool accumulate)
{
    part all = part_of(LANES);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i += LANES) {
            const bool whole = i + LANES <= n;
            const part p = whole ? all : part_of(n - i);
            float *to = dx.at + r * dx.stride + i;
            vf v = vf_load_lanes(x.at + r * x.stride + i, whole, p);
            vf d = vf_load_lanes(dy.at + r * dy.stride + i, whole, p);
            d = vf_if_less((vf){0}, v, d, d * vf_load_lanes(slope + i, whole, p));
            vf_store_lanes(to, whole, p, accumulate ? vf_load_lanes(to, whole, p) + d : d);
        }
    }
}

static void kernel_prelu_sums(int rows, int n, plx_view x, plx_view dy, float *d_slope, bool accumulate)
{
    part all = part_of(LANES);
    for (int i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of(n - i);
        vf sum = accumulate ? vf_load_lanes(d_slope + i, whole, p) : (vf){0};
        for (int r = 0; r < rows; r++) {
            vf v = vf_load_lanes(x.at + r * x.stride + i, whole, p);
            sum = vf_fma(vf_load_lanes(dy.at + r * dy.stride + i, whole, p), -vf_max((vf){0}, -v), sum);
        }
        vf_store_lanes(d_slope + i, whole, p, sum);
    }
}

/** y = x (slope + (1 - slope) sigmoid(z)). */
static void kernel_dice(int rows, int n, plx_view x, plx_view z, const float *slope, plx_view y)
{
    part all = part_of(LANES);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i += LANES) {
            const bool whole = i + LANES <= n;
            const part p = whole ? all : part_of(n - i);
            vf share = vf_sigmoid(vf_load_lanes(z.at + r * z.stride + i, whole, p));
            vf a = vf_load_lanes(slope + i, whole, p);
            vf factor = vf_fma(1.0f - a, share, a);
            vf_store_lanes(y.at + r * y.stride + i, whole, p,
                           vf_load_lanes(x.at + r * x.stride + i, whole, p) * factor);
        }
    }
}

static void kernel_dice_back(int rows, int n, plx_view x, plx_view z, const float *slope, plx_view dy, plx_view dx,
                             bool accumulate, plx_view dz, bool accumulate_z)
{
    part all = part_of(LANES);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i += LANES) {
            const bool whole = i + LANES <= n;
            const part p = whole ? all : part_of(n - i);
            float *to = dx.at + r * dx.stride + i, *to_z = dz.at + r * dz.stride + i;
            vf share = vf_sigmoid(vf_load_lanes(z.at + r * z.stride + i, whole, p));
            vf a = vf_load_lanes(slope + i, whole, p), d = vf_load_lanes(dy.at + r * dy.stride + i, whole, p);
            vf v = vf_load_lanes(x.at + r * x.stride + i, whole, p);
            vf d_x = d * vf_fma(1.0f - a, share, a), d_z = d * v * (1.0f - a) * (share * (1.0f - share));
            vf_store_lanes(to, whole, p, accumulate ? vf_load_lanes(to, whole, p) + d_x : d_x);
            vf_store_lanes(to_z, whole, p, accumulate_z ? vf_load_lanes(to_z, whole, p) + d_z : d_z);
        }
    }
}

static void kernel_dice_sums(int rows, int n, plx_view x, plx_view z, plx_view dy, float *d_slope, bool accumulate)
{
    part all = part_of(LANES);
    for (int i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of(n - i);
        vf sum = accumulate ? vf_load_lanes(d_slope + i, whole, p) : (vf){0};
        for (int r = 0; r < rows; r++) {
            vf rest = 1.0f - vf_sigmoid(vf_load_lanes(z.at + r * z.stride + i, whole, p));
            vf v = vf_load_lanes(x.at + r * x.stride + i, whole, p);
            sum = vf_fma(vf_load_lanes(dy.at + r * dy.stride + i, whole, p) * v, rest, sum);
        }
        vf_store_lanes(d_slope + i, whole, p, sum);
    }
}

#endif
