/* SPDX-License-Identifier: Apache-2.0 */
/* Activations with a learned slope a column. */
#ifndef PLX_SLOPES_BODY_H
#define PLX_SLOPES_BODY_H

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
