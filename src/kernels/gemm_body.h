/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix products. A block of C, up to BLOCK_ROWS x 2 vectors, is in registers while `steps` products are added to it:
 * elements of A are broadcast, rows of B are loaded without packing (a tile's B fits the second-level cache, so packing
 * would cost more than it saves). A has two strides, from row to row of C and from step to step, so that one body
 * computes A B and A' B.
 *
 * Every element of C is a chain of vf_fma over ascending steps, from its start value. Where a chain is split
 * (STEP_BLOCK), it continues from C, without rounding. So blocks, tails and the transposed forms all give equal bits.
 */
#ifndef PLX_GEMM_BODY_H
#define PLX_GEMM_BODY_H

/* 16 registers hold 6 x 2 sums, two of B and one of A; AVX-512 has 32, and 64-bit ARM too. */
#if LANES == 16 || defined __aarch64__
#define BLOCK_ROWS 8
#else
#define BLOCK_ROWS 6
#endif
enum {
    STEP_BLOCK = 256, /* steps whose B, two vectors wide, stays in the first-level cache */
    ROW_BLOCK = 128,  /* rows of A whose STEP_BLOCK stays in the second-level cache */
    TURN_SIDE = 64,   /* rows of C transposed at a time */
    TURN_COLUMNS = 2  /* up to this many columns, C is computed transposed */
};

typedef struct product {
    const float *a, *b;
    float *c;
    const float *bias; /* added at the start; or NULL */
    ptrdiff_t a_row, a_step, b_step, c_row;
    int steps;
    bool add; /* start from the old C, else from 0 */
} product;

/** Start values: the old C or 0, plus the bias. */
INLINE void start_block(const int rows, const int vectors, const bool whole, const product *x, part last,
                        vf sums[BLOCK_ROWS][4])
{
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            sums[r][v] = (vf){0};
    if (x->add)
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < vectors; v++)
                sums[r][v] = vf_load_lanes(x->c + r * x->c_row + v * LANES, whole || v + 1 < vectors, last);
    if (!x->bias) return;
    for (int v = 0; v < vectors; v++) {
        vf bias = vf_load_lanes(x->bias + v * LANES, whole || v + 1 < vectors, last);
        for (int r = 0; r < rows; r++)
            sums[r][v] += bias;
    }
}

/** One block: `rows` x `vectors`; the last vector has the lanes of `last` unless the block is whole. */
INLINE void block(const int rows, const int vectors, const bool whole, product x, part last)
{
    vf sums[BLOCK_ROWS][4];
    start_block(rows, vectors, whole, &x, last, sums);
    for (int step = 0; step < x.steps; step++) {
        vf b[4];
        for (int v = 0; v < vectors; v++)
            b[v] = vf_load_lanes(x.b + v * LANES, whole || v + 1 < vectors, last);
        for (int r = 0; r < rows; r++) {
            vf a = vf_all(x.a[r * x.a_row]);
            for (int v = 0; v < vectors; v++)
                sums[r][v] = vf_fma(a, b[v], sums[r][v]);
        }
        x.a += x.a_step;
        x.b += x.b_step;
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            vf_store_lanes(x.c + r * x.c_row + v * LANES, whole || v + 1 < vectors, last, sums[r][v]);
}

INLINE void down(product *x, int rows)
{
    x->a += rows * x->a_row;
    x->c += rows * x->c_row;
}

/** All rows of one column of blocks. */
INLINE void panel(int rows, const int vectors, const bool whole, product x, part last)
{
    for (; rows >= BLOCK_ROWS; rows -= BLOCK_ROWS, down(&x, BLOCK_ROWS))
        block(BLOCK_ROWS, vectors, whole, x, last);
    if (rows & 4) {
        block(4, vectors, whole, x, last);
        down(&x, 4);
    }
    if (rows & 2) {
        block(2, vectors, whole, x, last);
        down(&x, 2);
    }
    if (rows & 1) block(1, vectors, whole, x, last);
}

/** For one or two rows: wide, or too few sums would wait on each other. */
INLINE void panel_of_few_rows(int rows, product x)
{
    if (rows == 2)
        block(2, 4, true, x, part_of(LANES));
    else
        block(1, 4, true, x, part_of(LANES));
}

/* Separate functions, so that the compiler allocates registers for each loop; `unit` is the stride of A that is 1. */
typedef void panel_function(int rows, const product *x, part last);
#define PANEL(name, unit, call)                                                                                        \
    static __attribute__((noinline)) void name(int rows, const product *x, part last)                                  \
    {                                                                                                                  \
        product y = *x;                                                                                                \
        y.unit = 1;                                                                                                    \
        (void)last;                                                                                                    \
        call;                                                                                                          \
    }
PANEL(few_nn, a_step, panel_of_few_rows(rows, y))
PANEL(two_nn, a_step, panel(rows, 2, true, y, last))
PANEL(two_part_nn, a_step, panel(rows, 2, false, y, last))
PANEL(one_nn, a_step, panel(rows, 1, true, y, last))
PANEL(one_part_nn, a_step, panel(rows, 1, false, y, last))
PANEL(few_tn, a_row, panel_of_few_rows(rows, y))
PANEL(two_tn, a_row, panel(rows, 2, true, y, last))
PANEL(two_part_tn, a_row, panel(rows, 2, false, y, last))
PANEL(one_tn, a_row, panel(rows, 1, true, y, last))
PANEL(one_part_tn, a_row, panel(rows, 1, false, y, last))

typedef struct panel_functions {
    panel_function *few, *two, *two_part, *one, *one_part;
} panel_functions;

static const panel_functions panels_nn = {few_nn, two_nn, two_part_nn, one_nn, one_part_nn};
static const panel_functions panels_tn = {few_tn, two_tn, two_part_tn, one_tn, one_part_tn};

static void right(product *x, int columns)
{
    x->b += columns;
    x->c += columns;
    if (x->bias) x->bias += columns;
}

static void multiply_panels(int rows, int n, product x, const panel_functions *panels)
{
    const part all = part_of(LANES);
    if (rows <= 2)
        for (; n >= 4 * LANES; n -= 4 * LANES, right(&x, 4 * LANES))
            panels->few(rows, &x, all);
    for (; n >= 2 * LANES; n -= 2 * LANES, right(&x, 2 * LANES))
        panels->two(rows, &x, all);
    if (n > LANES)
        panels->two_part(rows, &x, part_of(n - LANES));
    else if (n == LANES)
        panels->one(rows, &x, all);
    else if (n > 0)
        panels->one_part(rows, &x, part_of(n));
}

/** C[rows,n] = start + the sum of `steps` products. */
static void multiply(int rows, int n, product x, const panel_functions *panels)
{
    for (int row = 0; row < rows; row += ROW_BLOCK) {
        int block_rows = rows - row < ROW_BLOCK ? rows - row : ROW_BLOCK;
        int step = 0;
        do { /* runs for 0 steps, too: C gets its start values */
            product y = x;
            y.steps = x.steps - step < STEP_BLOCK ? x.steps - step : STEP_BLOCK;
            y.a += row * x.a_row + step * x.a_step;
            y.b += step * x.b_step;
            y.c += row * x.c_row;
            y.bias = step ? NULL : x.bias;
            y.add = x.add || step;
            multiply_panels(block_rows, n, y, panels);
            step += STEP_BLOCK;
        } while (step < x.steps);
    }
}

#if LANES < 16
/* -- C of one or two columns: computed turned, its rows along the vector ----------------------------------------- */

typedef float turned[TURN_COLUMNS][TURN_SIDE];

static void turn_start(int rows, int n, plx_view c, const float *bias, bool accumulate, turned sums)
{
    for (int j = 0; j < n; j++)
        for (int r = 0; r < rows; r++) {
            float start = accumulate ? c.at[r * c.stride + j] : 0.0f;
            sums[j][r] = bias ? start + bias[j] : start;
        }
}

static void turn_back(int rows, int n, turned sums, plx_view c)
{
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < n; j++)
            c.at[r * c.stride + j] = sums[j][r];
}

static void gemm_nn_turned(int m, int n, int k, plx_view a, plx_view b, plx_view c, const float *bias, bool accumulate)
{
    float a_turned[TURN_SIDE * TURN_SIDE];
    turned sums;
    for (int row = 0; row < m; row += TURN_SIDE) {
        int rows = m - row < TURN_SIDE ? m - row : TURN_SIDE;
        plx_view c_rows = {c.at + row * c.stride, c.stride};
        turn_start(rows, n, c_rows, bias, accumulate, sums);
        for (int step = 0; step < k; step += TURN_SIDE) {
            int steps = k - step < TURN_SIDE ? k - step : TURN_SIDE;
            kernel_transpose(rows, steps, (plx_view){a.at + row * a.stride + step, a.stride},
                             (plx_view){a_turned, TURN_SIDE});
            multiply(n, rows,
                     (product){.a = b.at + step * b.stride,
                               .a_row = 1,
                               .a_step = b.stride,
                               .b = a_turned,
                               .b_step = TURN_SIDE,
                               .c = sums[0],
                               .c_row = TURN_SIDE,
                               .steps = steps,
                               .add = true},
                     &panels_tn);
        }
        turn_back(rows, n, sums, c_rows);
    }
}

static void gemm_tn_turned(int m, int n, int k, plx_view a, plx_view b, plx_view c, bool accumulate)
{
    turned sums;
    for (int row = 0; row < k; row += TURN_SIDE) {
        int rows = k - row < TURN_SIDE ? k - row : TURN_SIDE;
        plx_view c_rows = {c.at + row * c.stride, c.stride};
        turn_start(rows, n, c_rows, NULL, accumulate, sums);
        multiply(n, rows,
                 (product){.a = b.at,
                           .a_row = 1,
                           .a_step = b.stride,
                           .b = a.at + row,
                           .b_step = a.stride,
                           .c = sums[0],
                           .c_row = TURN_SIDE,
                           .steps = m,
                           .add = true},
                 &panels_tn);
        turn_back(rows, n, sums, c_rows);
    }
}

#endif

/* -- the kernels ------------------------------------------------------------------------------------------------- */

static void kernel_gemm_nn(int m, int n, int k, plx_view a, plx_view b, plx_view c, const float *bias, bool accumulate)
{
#if LANES == 16
    int narrow = n % LANES <= LANES / 2 ? n % LANES : 0; /* the last columns, if half a vector is enough */
    n -= narrow;
    if (narrow)
        plx_kernels_avx2.gemm_nn(m, narrow, k, a, (plx_view){b.at + n, b.stride}, (plx_view){c.at + n, c.stride},
                                 bias ? bias + n : NULL, accumulate);
#else
    if (n <= TURN_COLUMNS && m > n) {
        gemm_nn_turned(m, n, k, a, b, c, bias, accumulate);
        return;
    }
#endif
    multiply(m, n,
             (product){.a = a.at,
                       .a_row = a.stride,
                       .a_step = 1,
                       .b = b.at,
                       .b_step = b.stride,
                       .c = c.at,
                       .c_row = c.stride,
                       .bias = bias,
                       .steps = k,
                       .add = accumulate},
             &panels_nn);
}

static void kernel_gemm_tn(int m, int n, int k, plx_view a, plx_view b, plx_view c, bool accumulate)
{
#if LANES == 16
    int narrow = n % LANES <= LANES / 2 ? n % LANES : 0;
    n -= narrow;
    if (narrow)
        plx_kernels_avx2.gemm_tn(m, narrow, k, a, (plx_view){b.at + n, b.stride}, (plx_view){c.at + n, c.stride},
                                 accumulate);
#else
    if (n <= TURN_COLUMNS && k > n) {
        gemm_tn_turned(m, n, k, a, b, c, accumulate);
        return;
    }
#endif
    multiply(k, n,
             (product){.a = a.at,
                       .a_row = 1,
                       .a_step = a.stride,
                       .b = b.at,
                       .b_step = b.stride,
                       .c = c.at,
                       .c_row = c.stride,
                       .steps = m,
                       .add = accumulate},
             &panels_tn);
}

#endif
