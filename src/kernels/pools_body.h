/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling of lists of embedding rows, and its gradients. A vector of columns passes over a whole list. */
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

INLINE vf either(vi which, vf a, vf b)
{
    return (vf)((which & (vi)a) | (~which & (vi)b));
}

/** NaN of either operand propagates; `winners` may be NULL. */
INLINE void pool_max_columns(const float *table, ptrdiff_t stride, const uint32_t *ids, int length, float *y,
                             uint32_t *winners, const bool whole, part p)
{
    vf most = {0};
    vi winner = (vi){0} - 1;
    if (length > 0 && ids[0] != PLX_NO_ID) {
        most = vf_load_lanes(table + (ptrdiff_t)ids[0] * stride, whole, p);
        winner = (vi){0} + (int32_t)ids[0];
        for (int k = 1; k < length && ids[k] != PLX_NO_ID; k++) {
            vf next = vf_load_lanes(table + (ptrdiff_t)ids[k] * stride, whole, p);
            vi stays = (vi)(most >= next) | (vi)(most != most);
            most = either(stays, most, next);
            winner = (stays & winner) | (~stays & ((vi){0} + (int32_t)ids[k]));
        }
    }
    vf_store_lanes(y, whole, p, most);
    if (winners) vf_store_lanes((float *)(void *)winners, whole, p, (vf)winner); /* bits: nothing is computed */
}

static void kernel_pool_max(int rows, int n, plx_view table, const uint32_t *ids, int length, plx_view y,
                            uint32_t *winners)
{
    NARROW_TO_AVX2(n, pool_max(rows, n, table, ids, length, y, winners))
    for (int r = 0; r < rows; r++, ids += length) {
        float *to = y.at + r * y.stride;
        uint32_t *names = winners ? winners + (ptrdiff_t)r * n : NULL;
        int i = 0;
        for (; i + LANES <= n; i += LANES)
            pool_max_columns(table.at + i, table.stride, ids, length, to + i, names ? names + i : NULL, true,
                             part_of(LANES));
        if (i < n)
            pool_max_columns(table.at + i, table.stride, ids, length, to + i, names ? names + i : NULL, false,
                             part_of(n - i));
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
