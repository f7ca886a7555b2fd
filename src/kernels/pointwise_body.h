/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels. Functions passed as arguments are constants and are inlined. */
#ifndef PLX_POINTWISE_BODY_H
#define PLX_POINTWISE_BODY_H

typedef vf map_function(vf x);
typedef vf gradient_function(vf y, vf dy);

INLINE void map_row(ptrdiff_t n, const float *x, float *y, map_function *f)
{
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(y + i, f(vf_load(x + i)));
    if (i < n) {
        part p = part_of(n - i);
        vf_store_part(y + i, p, f(vf_load_part(x + i, p)));
    }
}

INLINE void map_rows(int rows, int n, plx_view x, plx_view y, map_function *f)
{
    if (x.stride == n && y.stride == n) { /* contiguous: one long row */
        map_row((ptrdiff_t)rows * n, x.at, y.at, f);
        return;
    }
    for (int r = 0; r < rows; r++)
        map_row(n, x.at + r * x.stride, y.at + r * y.stride, f);
}

/** dx (+)= gradient(y, dy). */
INLINE void back_row(ptrdiff_t n, const float *y, const float *dy, float *dx, bool add, gradient_function *gradient)
{
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf d = gradient(vf_load(y + i), vf_load(dy + i));
        vf_store(dx + i, add ? vf_load(dx + i) + d : d);
    }
    if (i < n) {
        part p = part_of(n - i);
        vf d = gradient(vf_load_part(y + i, p), vf_load_part(dy + i, p));
        vf_store_part(dx + i, p, add ? vf_load_part(dx + i, p) + d : d);
    }
}

INLINE void back_rows(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool add, gradient_function *gradient)
{
    if (y.stride == n && dy.stride == n && dx.stride == n) {
        back_row((ptrdiff_t)rows * n, y.at, dy.at, dx.at, add, gradient);
        return;
    }
    for (int r = 0; r < rows; r++)
        back_row(n, y.at + r * y.stride, dy.at + r * dy.stride, dx.at + r * dx.stride, add, gradient);
}

INLINE void add_row(ptrdiff_t n, const float *x, float *y)
{
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(y + i, vf_load(y + i) + vf_load(x + i));
    if (i < n) {
        part p = part_of(n - i);
        vf_store_part(y + i, p, vf_load_part(y + i, p) + vf_load_part(x + i, p));
    }
}

static void kernel_copy(int rows, int n, plx_view x, plx_view y, bool accumulate)
{
    ptrdiff_t length = n;
    if (x.stride == n && y.stride == n) {
        length = (ptrdiff_t)rows * n;
        rows = length > 0;
    }
    for (int r = 0; r < rows; r++) {
        if (accumulate)
            add_row(length, x.at + r * x.stride, y.at + r * y.stride);
        else
            memcpy(y.at + r * y.stride, x.at + r * x.stride, (size_t)length * sizeof(float));
    }
}

/** y = x * scale + shift, or added to y. */
INLINE void affine_rows(int rows, int n, plx_view x, const float *scale, const float *shift, plx_view y, bool add)
{
    for (int r = 0; r < rows; r++) {
        const float *from = x.at + r * x.stride;
        float *to = y.at + r * y.stride;
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            vf v = vf_fma(vf_load(from + i), vf_load(scale + i), vf_load(shift + i));
            vf_store(to + i, add ? vf_load(to + i) + v : v);
        }
        if (i < n) {
            part p = part_of(n - i);
            vf v = vf_fma(vf_load_part(from + i, p), vf_load_part(scale + i, p), vf_load_part(shift + i, p));
            vf_store_part(to + i, p, add ? vf_load_part(to + i, p) + v : v);
        }
    }
}

static void kernel_affine(int rows, int n, plx_view x, const float *scale, const float *shift, plx_view y)
{
    NARROW_TO_AVX2(n, affine(rows, n, x, scale, shift, y))
    affine_rows(rows, n, x, scale, shift, y, false);
}

static void kernel_add_affine(int rows, int n, plx_view x, const float *scale, const float *shift, plx_view y)
{
    NARROW_TO_AVX2(n, add_affine(rows, n, x, scale, shift, y))
    affine_rows(rows, n, x, scale, shift, y, true);
}

static void kernel_scale_columns(int rows, int n, plx_view dy, const float *scale, plx_view dx, bool accumulate)
{
    NARROW_TO_AVX2(n, scale_columns(rows, n, dy, scale, dx, accumulate))
    for (int r = 0; r < rows; r++) {
        const float *from = dy.at + r * dy.stride;
        float *to = dx.at + r * dx.stride;
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            vf d = vf_load(from + i), s = vf_load(scale + i);
            vf_store(to + i, accumulate ? vf_fma(d, s, vf_load(to + i)) : d * s);
        }
        if (i < n) {
            part p = part_of(n - i);
            vf d = vf_load_part(from + i, p), s = vf_load_part(scale + i, p);
            vf_store_part(to + i, p, accumulate ? vf_fma(d, s, vf_load_part(to + i, p)) : d * s);
        }
    }
}

#endif
