/* SPDX-License-Identifier: Apache-2.0 */
/* The activations of kernels_plain.c with a learned slope a column. */
#ifndef PLX_PLAIN_SLOPES_H
#define PLX_PLAIN_SLOPES_H

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
