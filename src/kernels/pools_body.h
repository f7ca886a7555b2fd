/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of embedding rows made one row, and their gradients. A vector of columns passes over a whole list. */
#ifndef PLX_POOLS_BODY_H
#define PLX_POOLS_BODY_H

INLINE void pool_sum_columns(const float *table, ptrdiff_t stride, const uint32_t *ids, const float *scale, int length,
                             float *y, const bool whole, part p)
{
    vf sum = {0};
    for (int k = 0; k < length && ids[k] != PLX_NO_ID; k++)
        sum = vf_fma(vf_all(scale[k]), vf_load_lanes(table + (ptrdiff_t)ids[k] * stride, whole, p), sum);
    vf_store_lanes(y, whole, p, sum);
}

static void kernel_pool_sum(int rows, int n, plx_view table, const uint32_t *ids, const float *scale, int length,
                            plx_view y)
{
    NARROW_TO_AVX2(n, pool_sum(rows, n, table, ids, scale, length, y))
    for (int r = 0; r < rows; r++, ids += length, scale += length) {
        float *to = y.at + r * y.stride;
        int i = 0;
        for (; i + LANES <= n; i += LANES)
            pool_sum_columns(table.at + i, table.stride, ids, scale, length, to + i, true, part_of(LANES));
        if (i < n) pool_sum_columns(table.at + i, table.stride, ids, scale, length, to + i, false, part_of(n - i));
    }
}

/** A NaN of either stays: vf_max keeps one of its second argument. */
INLINE vf larger_of(vf most, vf next)
{
    vi is_nan = (vi)(most != most);
    return (vf)((is_nan & (vi)most) | (~is_nan & (vi)vf_max(most, next)));
}

INLINE void pool_max_columns(const float *table, ptrdiff_t stride, const uint32_t *ids, int length, float *y,
                             const bool whole, part p)
{
    vf most = {0};
    if (length > 0 && ids[0] != PLX_NO_ID) {
        most = vf_load_lanes(table + (ptrdiff_t)ids[0] * stride, whole, p);
        for (int k = 1; k < length && ids[k] != PLX_NO_ID; k++)
            most = larger_of(most, vf_load_lanes(table + (ptrdiff_t)ids[k] * stride, whole, p));
    }
    vf_store_lanes(y, whole, p, most);
}

static void kernel_pool_max(int rows, int n, plx_view table, const uint32_t *ids, int length, plx_view y)
{
    NARROW_TO_AVX2(n, pool_max(rows, n, table, ids, length, y))
    for (int r = 0; r < rows; r++, ids += length) {
        float *to = y.at + r * y.stride;
        int i = 0;
        for (; i + LANES <= n; i += LANES)
            pool_max_columns(table.at + i, table.stride, ids, length, to + i, true, part_of(LANES));
        if (i < n) pool_max_columns(table.at + i, table.stride, ids, length, to + i, false, part_of(n - i));
    }
}

static void kernel_scatter_scaled(int count, int n, const float *dy, const size_t *from, const float *scale,
                                  const uint32_t *to, plx_view table)
{
    NARROW_TO_AVX2(n, scatter_scaled(count, n, dy, from, scale, to, table))
    for (int j = 0; j < count; j++) {
        const float *x = dy + from[j];
        float *into = table.at + (ptrdiff_t)to[j] * table.stride;
        vf factor = vf_all(scale[j]);
        int i = 0;
        for (; i + LANES <= n; i += LANES)
            vf_store(into + i, vf_fma(factor, vf_load(x + i), vf_load(into + i)));
        if (i < n) {
            part p = part_of(n - i);
            vf_store_part(into + i, p, vf_fma(factor, vf_load_part(x + i, p), vf_load_part(into + i, p)));
        }
    }
}

#endif
