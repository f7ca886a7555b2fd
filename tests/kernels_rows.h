/* SPDX-License-Identifier: Apache-2.0 */
/* For checks of kernels that take rows of numbers: a loop over sizes that calls a check. */
#ifndef KERNELS_ROWS_H
#define KERNELS_ROWS_H

#include "kernels_check.h"

/** A check's data: inputs `x`, `y`, `d` [rows,n], `u`, `v`, `w` [n]; `out` [rows,n], and `before`, a copy of it. */
typedef struct rows_case {
    const plx_kernels *k;
    matrix x, y, d, u, v, w, out, before;
    int rows, n;
    bool accumulate;
} rows_case;

typedef void rows_check(rows_case *c);

static inline void each_size(const plx_kernels *k, const char *name, int least_rows, int least_n, rows_check *check)
{
    for (int ir = 0; ir < COUNT(row_counts); ir++) {
        for (int in = 0; in < COUNT(lengths); in++) {
            for (int variant = 0; variant < 4; variant++) {
                int rows = row_counts[ir], n = lengths[in], gap = variant & 2 ? 3 : 0;
                if (rows < least_rows || n < least_n) continue;
                describe(k, name, rows, n, 0, variant);
                rows_case c = {.k = k, .rows = rows, .n = n, .accumulate = variant & 1};
                c.x = matrix_make(rows, n, gap), c.y = matrix_make(rows, n, 2 * gap), c.d = matrix_make(rows, n, gap);
                c.u = matrix_make(1, n, 0), c.v = matrix_make(1, n, 0), c.w = matrix_make(1, n, 0);
                c.out = matrix_make(rows, n, gap), c.before = matrix_copy(&c.out, 0);
                check(&c);
                matrix_done(&c.x), matrix_done(&c.y), matrix_done(&c.d), matrix_done(&c.u), matrix_done(&c.v);
                matrix_done(&c.w), matrix_done(&c.out), matrix_done(&c.before);
            }
        }
    }
}

/** Numbers of every size, including special cases. */
static inline void fill_wide(matrix *x)
{
    static const float special[] = {0.0f,  -0.0f,   1e-40f, -1e-40f, 1e4f,   -1e4f, 100.0f, -100.0f, 87.0f,  -87.5f,
                                    88.8f, -103.9f, 0.625f, -0.625f, 1e-20f, 3e38f, -3e38f, 16.6f,   -16.7f, 1.0f};
    for (int r = 0; r < x->rows; r++)
        for (int i = 0; i < x->n; i++) {
            float a = any_number();
            *matrix_at(x, r, i) = a < -0.8f ? special[(r * x->n + i) % COUNT(special)]
                                  : a < 0   ? 20.0f * any_number()
                                            : any_number() * expf(6 * any_number());
        }
}

#define SMALLEST 1.7e-38 /* results below may be 0 */

#define EACH(c, r, i)                                                                                                  \
    for (int r = 0; r < (c)->rows; r++)                                                                                \
        for (int i = 0; i < (c)->n; i++)
#define AT(m, r, i) ((double)*matrix_at(&c->m, r, i))
#define OLD(r, i)   (c->accumulate ? AT(before, r, i) : 0.0)

#define ROWS_CHECK(kernel, least_rows, least_n)                                                                        \
    static void check_##kernel(const plx_kernels *k)                                                                   \
    {                                                                                                                  \
        each_size(k, #kernel, least_rows, least_n, rows_##kernel);                                                     \
    }

#endif
