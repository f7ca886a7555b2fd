/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that move data: transpose, and embedding rows to and from their table. */
#ifndef PLX_REARRANGE_BODY_H
#define PLX_REARRANGE_BODY_H

#if LANES == 16
static void kernel_transpose(int rows, int cols, plx_view a, plx_view b)
{
    plx_kernels_avx2.transpose(rows, cols, a, b);
}
#else
/** Four numbers of row 0 of `at`; with 8 lanes, four of row 4 after them. */
INLINE vf load_fours(const float *at, ptrdiff_t stride)
{
#if LANES == 8
    vf4 low = *(const vf4_unaligned *)at, high = *(const vf4_unaligned *)(at + 4 * stride);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
    (void)stride;
    return vf_load(at);
#endif
}

/* Lanes 0 and 1 (or 2 and 3) of a and b interleaved in each group of four lanes; then their halves combined. */
#if LANES == 8
#define FOURS(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4)
#else
#define FOURS(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#endif

/** LANES rows of 4 numbers to 4 rows of LANES. */
INLINE void transpose_block(const float *a, ptrdiff_t a_stride, float *b, ptrdiff_t b_stride)
{
    vf r0 = load_fours(a, a_stride), r1 = load_fours(a + a_stride, a_stride);
    vf r2 = load_fours(a + 2 * a_stride, a_stride), r3 = load_fours(a + 3 * a_stride, a_stride);
    vf low01 = FOURS(r0, r1, 0, LANES, 1, LANES + 1), high01 = FOURS(r0, r1, 2, LANES + 2, 3, LANES + 3);
    vf low23 = FOURS(r2, r3, 0, LANES, 1, LANES + 1), high23 = FOURS(r2, r3, 2, LANES + 2, 3, LANES + 3);
    vf_store(b, FOURS(low01, low23, 0, 1, LANES, LANES + 1));
    vf_store(b + b_stride, FOURS(low01, low23, 2, 3, LANES + 2, LANES + 3));
    vf_store(b + 2 * b_stride, FOURS(high01, high23, 0, 1, LANES, LANES + 1));
    vf_store(b + 3 * b_stride, FOURS(high01, high23, 2, 3, LANES + 2, LANES + 3));
}

static void kernel_transpose(int rows, int cols, plx_view a, plx_view b)
{
    int row = 0;
    for (; row + LANES <= rows; row += LANES) {
        int col = 0;
        for (; col + 4 <= cols; col += 4)
            transpose_block(a.at + row * a.stride + col, a.stride, b.at + col * b.stride + row, b.stride);
        for (; col < cols; col++)
            for (int r = row; r < row + LANES; r++)
                b.at[col * b.stride + r] = a.at[r * a.stride + col];
    }
    for (; row < rows; row++)
        for (int col = 0; col < cols; col++)
            b.at[col * b.stride + row] = a.at[row * a.stride + col];
}
#endif

/* Rows of a constant length are one or two loads and stores. */

INLINE void gather_rows(int rows, size_t n, plx_view table, const uint32_t *ids, plx_view y)
{
    for (int r = 0; r < rows; r++)
        memcpy(y.at + r * y.stride, table.at + (ptrdiff_t)ids[r] * table.stride, n * sizeof(float));
}

static void kernel_gather(int rows, int n, plx_view table, const uint32_t *ids, plx_view y)
{
    switch (n) {
    case 4:
        gather_rows(rows, 4, table, ids, y);
        break;
    case 8:
        gather_rows(rows, 8, table, ids, y);
        break;
    case 16:
        gather_rows(rows, 16, table, ids, y);
        break;
    default:
        gather_rows(rows, (size_t)n, table, ids, y);
    }
}

INLINE void scatter_row(int n, const float *dy, float *into)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(into + i, vf_load(into + i) + vf_load(dy + i));
#if LANES > 4
    for (; i + 4 <= n; i += 4)
        *(vf4_unaligned *)(into + i) += *(const vf4_unaligned *)(dy + i);
#endif
    for (; i < n; i++)
        into[i] += dy[i];
}

INLINE void scatter_rows(int rows, int n, plx_view dy, const uint32_t *ids, plx_view table)
{
    for (int r = 0; r < rows; r++)
        scatter_row(n, dy.at + r * dy.stride, table.at + (ptrdiff_t)ids[r] * table.stride);
}

static void kernel_scatter_add(int rows, int n, plx_view dy, const uint32_t *ids, plx_view table)
{
    switch (n) {
    case 4:
        scatter_rows(rows, 4, dy, ids, table);
        break;
    case 8:
        scatter_rows(rows, 8, dy, ids, table);
        break;
    case 16:
        scatter_rows(rows, 16, dy, ids, table);
        break;
    default:
        scatter_rows(rows, n, dy, ids, table);
    }
}

#endif
