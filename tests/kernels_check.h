/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernels' tests share: matrices with canaries. The numbers between the rows, and before the first, are a NaN
 * of known bits: reading them spoils a kernel's result, and matrix_intact finds writes. The memory after the last row
 * is not ours, for the address sanitizer.
 */
#ifndef KERNELS_CHECK_H
#define KERNELS_CHECK_H

#include <stdint.h>

#include "check.h"
#include "kernels/kernels.h"

/* The kernels that each program tests: test_kernels.c, and test_kernels_*.c. */
/* clang-format off */
#define KERNELS_OTHERS(X)                                                                                              \
    X(gemm_nn) X(gemm_tn) X(transpose) X(column_sum) X(copy) X(affine) X(scale_columns) X(add_affine) X(dropout)       \
    X(moments) X(normalise_sums) X(softmax) X(softmax_back) X(log_loss) X(pair_log_loss) X(sum_tree) X(add_l2)        \
    X(sum_squares) X(limit)
#define KERNELS_ACTIVATIONS(X)                                                                                         \
    PLX_POINTWISE_KERNELS(X) X(prelu) X(prelu_back) X(prelu_sums) X(dice) X(dice_back) X(dice_sums)
#define KERNELS_POOLS(X) X(pool_sum) X(pool_max) X(scatter_scaled)
#define KERNELS_STEPS(X) X(sgd) X(adam) X(momentum) X(adagrad) X(rmsprop) X(ftrl)
#define KERNELS_TABLES(X)                                                                                              \
    X(mix) X(mix_back) X(gather) X(scatter_add) X(list_ids) X(sum_listed) X(sum_lists)
/* clang-format on */

#define KERNEL_TEST(kernel)                                                                                            \
    static void test_##kernel(void)                                                                                    \
    {                                                                                                                  \
        each_level(#kernel, check_##kernel);                                                                           \
    }
#define KERNEL_ROW(kernel) CHECK_TEST(test_##kernel),

#define UNIT 0x1p-24 /* half an ulp of 1: the largest relative error of one rounding */

enum { GUARD = 5 }; /* odd, so that rows are not aligned */
static const uint32_t canary_bits = 0x7fc0dead;

typedef struct matrix {
    float *memory;
    plx_view view;
    int rows, n;
} matrix;

static uint32_t check_seed = 1;
static char check_context[160]; /* level, kernel and sizes of the running check */

/** Uniform in [-1, 1). */
static inline float any_number(void)
{
    check_seed = check_seed * 1664525u + 1013904223u;
    return (float)(check_seed >> 8) * 0x1p-23f - 1.0f;
}

static inline float canary(void)
{
    float value;
    memcpy(&value, &canary_bits, sizeof value);
    return value;
}

/** `gap` numbers between the rows. */
static inline matrix matrix_make(int rows, int n, int gap)
{
    matrix x = {.rows = rows, .n = n};
    size_t total = GUARD + (size_t)rows * (size_t)(n + gap);
    x.memory = malloc(total * sizeof *x.memory);
    if (!x.memory) abort();
    for (size_t i = 0; i < total; i++)
        x.memory[i] = canary();
    x.view = (plx_view){x.memory + GUARD, n + gap};
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            x.view.at[r * x.view.stride + i] = any_number();
    return x;
}

static inline float *matrix_at(const matrix *x, int row, int i)
{
    return &x->view.at[row * x->view.stride + i];
}

/** The same numbers with another gap between rows. */
static inline matrix matrix_copy(const matrix *from, int gap)
{
    matrix x = matrix_make(from->rows, from->n, gap);
    for (int r = 0; r < x.rows; r++)
        for (int i = 0; i < x.n; i++)
            *matrix_at(&x, r, i) = *matrix_at(from, r, i);
    return x;
}

static inline bool is_canary(float value)
{
    return memcmp(&value, &canary_bits, sizeof value) == 0;
}

static inline bool matrix_intact(const matrix *x)
{
    for (int i = 0; i < GUARD; i++)
        if (!is_canary(x->memory[i])) return false;
    for (int r = 0; r < x->rows; r++)
        for (int i = x->n; i < x->view.stride; i++)
            if (!is_canary(*matrix_at(x, r, i))) return false;
    return true;
}

static inline void check_here(const char *what)
{
    char text[400];
    snprintf(text, sizeof text, "%s: %s", check_context, what);
    check_report(__FILE__, __LINE__, text);
}

/** Checks the canaries and frees the matrix. */
static inline void matrix_done(matrix *x)
{
    if (!matrix_intact(x)) check_here("numbers outside the rows were written");
    free(x->memory);
}

static inline void near_to(const char *what, double got, double want, double bound)
{
    if (fabs(got - want) <= bound) return;
    char text[160];
    snprintf(text, sizeof text, "%s is %.9g, not within %.3g of %.9g", what, got, bound, want);
    check_here(text);
}

static inline bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static const int row_counts[] = {0, 1, 2, 3, 5, 9, 64};
static const int lengths[] = {0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 130};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static inline void describe(const plx_kernels *k, const char *kernel, int a, int b, int c, int variant)
{
    snprintf(check_context, sizeof check_context, "%s %s of %d x %d x %d, variant %d", k->name, kernel, a, b, c,
             variant);
}

typedef void level_check(const plx_kernels *k);

/** Runs `check` for every level that the machine has. */
static inline void each_level(const char *name, level_check *check)
{
    for (int level = 0; level <= (int)plx_cpu_best(); level++) {
        const plx_kernels *k = plx_kernels_for((plx_cpu_level)level);
        snprintf(check_context, sizeof check_context, "%s %s", k->name, name);
        check(k);
    }
}

#endif
