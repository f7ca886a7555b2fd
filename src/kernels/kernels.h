/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numeric kernels: one table of functions per CPU level. A matrix is a view: row r of n numbers starts at
 * at + r * stride; numbers beyond n in a row are neither read nor written. Views of one call may overlap only if a
 * comment says so. `accumulate` adds to the output, else the whole output is overwritten. Equal levels and arguments
 * give equal bits. Sizes may be 0.
 *
 * More than that: at one level, what a kernel makes of one row (element, column, where it works by those) depends on
 * that row's numbers and its length alone, never on the other rows, their count, the strides, or where in memory or in
 * a vector it falls. So a row scored by itself gets the bits that it gets among thousands. A NaN in what a number is
 * computed from makes that number NaN.
 */
#ifndef PLX_KERNELS_H
#define PLX_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/real.h"
#include "kernels/activation_list.h"

/** A borrowed matrix of plx_real. */
typedef struct plx_view {
    plx_real *at;
    ptrdiff_t stride; /* in numbers, from row to row */
} plx_view;

/** In ascending order; a level requires everything that lower levels require. */
typedef enum plx_cpu_level {
    PLX_CPU_PLAIN,   /* scalar loops: the reference */
    PLX_CPU_SIMD128, /* SSE2 or NEON: the baseline of the architecture */
    PLX_CPU_AVX2,    /* AVX2 and FMA */
    PLX_CPU_AVX512,  /* AVX-512 F, DQ, BW, VL */
    PLX_CPU_LEVELS
} plx_cpu_level;

typedef struct plx_adam_numbers {
    plx_real rate;                             /* lr * sqrt(1 - beta2^t) / (1 - beta1^t) */
    plx_real one_minus_beta1, one_minus_beta2; /* formed in double: 1 - 0.999f is wrong in its fifth digit */
    plx_real epsilon;
} plx_adam_numbers;

typedef struct plx_rmsprop_numbers {
    plx_real rate, one_minus_rho, epsilon;
    plx_real momentum;
} plx_rmsprop_numbers;

typedef struct plx_ftrl_numbers {
    plx_real rate, beta, l1;
    plx_real twice_l2;
} plx_ftrl_numbers;

/** Ids in records, as rows of tables that are stacked; arrays of n. */
typedef struct plx_id_tables {
    int n;
    const uint32_t *offset; /* of the id in a record */
    const uint32_t *bytes;  /* of the id: 1, 2 or 4 */
    const uint32_t *run;    /* number of tables from this one on with adjacent 1-byte ids; 0: its id has more bytes */
    const uint32_t *first_row; /* of the table */
    const uint32_t *common;    /* the most frequent id, which is not listed */
} plx_id_tables;

/** One of the gates that mix a bank of experts [rows,experts*width]. */
typedef struct plx_mix_gate {
    plx_view gate, out; /* [rows,experts], [rows,width] */
    bool accumulate;    /* to out, or backward to d_gate */
    plx_view d_gate;    /* [rows,experts]; backward alone */
} plx_mix_gate;

/** Lists of row numbers: list i is rows[starts[i]] to rows[starts[i + 1] - 1]. */
typedef struct plx_row_lists {
    const uint32_t *starts, *rows;
} plx_row_lists;

/** Most leaves that are added by a tree (graph/leaves.h), and most sums that wait for their right neighbours then. */
enum { PLX_LEAVES_MAX = 64, PLX_LEAF_LEVELS = 7 };

/** Ends a list of ids that is shorter than its array. */
#define PLX_NO_ID UINT32_MAX

typedef void plx_activate_fn(int rows, int n, plx_view x, plx_view y);
/** dx (+)= dy * f'(x), from x or y = f(x), as the row in activation_list.h says. */
typedef void plx_activate_back_fn(int rows, int n, plx_view x, plx_view y, plx_view dy, plx_view dx, bool accumulate);

typedef struct plx_kernels {
    const char *name; /* "plain", "simd128", "avx2", "avx512" */
    plx_cpu_level level;

    /* -- products; m, n, k as BLAS has them ------------------------------------------------------------ */
    /*
     * An element of C is one chain of multiply-adds for any sizes: it starts at its old value if `accumulate`, else at
     * 0; the bias is added, then the products in ascending order of the index of summation. So c[r,j] depends on row r
     * of A, column j of B and bias[j] alone, and two calls that accumulate over halves of k give the bits of one call
     * over k.
     */
    /** C[m,n] (+)= A[m,k] B[k,n] + bias[n]; `bias` may be NULL. */
    void (*gemm_nn)(int m, int n, int k, plx_view a, plx_view b, plx_view c, const plx_real *bias, bool accumulate);
    /** C[k,n] (+)= A[m,k]' B[m,n]: a weight gradient, the sum over m rows. */
    void (*gemm_tn)(int m, int n, int k, plx_view a, plx_view b, plx_view c, bool accumulate);
    /** B[cols,rows] = A[rows,cols]'. */
    void (*transpose)(int rows, int cols, plx_view a, plx_view b);
    /** out[n] (+)= sum over rows of x[rows,n]. */
    void (*column_sum)(int rows, int n, plx_view x, plx_real *out, bool accumulate);

    /* -- element by element, x and y [rows,n] ------------------------------------------------------------ */
    /* activation_list.h has the formulae: relu and relu_back, ...; y may be x. */
#define PLX_ACTIVATION_KERNELS(name, by)                                                                               \
    plx_activate_fn *name;                                                                                             \
    plx_activate_back_fn *name##_back;
    PLX_POINTWISE_LIST(PLX_ACTIVATION_KERNELS)
#undef PLX_ACTIVATION_KERNELS
    /** y[r,i] = x[r,i], or slope[i] * x[r,i] if x[r,i] < 0; y may be x. */
    void (*prelu)(int rows, int n, plx_view x, const plx_real *slope, plx_view y);
    void (*prelu_back)(int rows, int n, plx_view x, const plx_real *slope, plx_view dy, plx_view dx, bool accumulate);
    /** d_slope[i] (+)= sum over rows of dy[r,i] * min(0, x[r,i]). */
    void (*prelu_sums)(int rows, int n, plx_view x, plx_view dy, plx_real *d_slope, bool accumulate);
    /** y = x (slope + (1 - slope) sigmoid(z)); dx and dz its gradients, each (+)=. */
    void (*dice)(int rows, int n, plx_view x, plx_view z, const plx_real *slope, plx_view y);
    void (*dice_back)(int rows, int n, plx_view x, plx_view z, const plx_real *slope, plx_view dy, plx_view dx,
                      bool accumulate, plx_view dz, bool accumulate_z);
    /** d_slope[i] (+)= sum over rows of dy[r,i] * x[r,i] * (1 - sigmoid(z[r,i])). */
    void (*dice_sums)(int rows, int n, plx_view x, plx_view z, plx_view dy, plx_real *d_slope, bool accumulate);
    /** y (+)= x. */
    void (*copy)(int rows, int n, plx_view x, plx_view y, bool accumulate);
    /** y[r,i] = x[r,i] * scale[i] + shift[i]. */
    void (*affine)(int rows, int n, plx_view x, const plx_real *scale, const plx_real *shift, plx_view y);
    /** dx[r,i] (+)= dy[r,i] * scale[i]. */
    void (*scale_columns)(int rows, int n, plx_view dy, const plx_real *scale, plx_view dx, bool accumulate);
    /** y[r,i] += x[r,i] * scale[i] + shift[i]. */
    void (*add_affine)(int rows, int n, plx_view x, const plx_real *scale, const plx_real *shift, plx_view y);
    /**
     * y (+)= x * keep / (1 - rate), keep = 0 or 1: 1 if number (first_row + r) * 4 * ceil(n / 4) + i of `random` at
     * `step`, by plx_random_uniform, is >= rate. The same call with dy and dx is the backward pass.
     */
    void (*dropout)(int rows, int n, plx_view x, plx_view y, const plx_random *random, uint64_t first_row,
                    uint32_t step, plx_real rate, bool accumulate);

    /* -- batch normalisation ----------------------------------------------------------------------------- */
    /** mean[n] of the rows, squares[n] = sum of squared differences from it (two passes). rows >= 1. */
    void (*moments)(int rows, int n, plx_view x, plx_real *mean, plx_real *squares);
    /** d_shift[n] = sum of dy, d_scale[n] = sum of dy * (x - mean) * inverse_deviation. Overwrites both. */
    void (*normalise_sums)(int rows, int n, plx_view x, plx_view dy, const plx_real *mean,
                           const plx_real *inverse_deviation, plx_real *d_scale, plx_real *d_shift);

    /* -- gates --------------------------------------------------------------------------------------------- */
    /** y[r,:] = softmax(x[r,:]), with the row's maximum subtracted first. n >= 1; y may be x. */
    void (*softmax)(int rows, int n, plx_view x, plx_view y);
    /** dx[r,i] (+)= y[r,i] * (dy[r,i] - sum_j dy[r,j] y[r,j]); dx may be dy. */
    void (*softmax_back)(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate);
    /* Several gates give the bits of one call for each in turn. With `relu` the experts are max(0, bank), and d_bank is
     * the gradient before it. */
    /** Of each gate: out[r,w] (+)= sum_e gate[r,e] * bank[r, e * width + w]. */
    void (*mix)(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates, int n_gates);
    /**
     * Of each gate: d_gate[r,e] (+)= sum_w out[r,w] * bank[r,e,w], with its value's gradient in `out`, and
     * d_bank[r,e,w] (+)= the sum of gate[r,e] * out[r,w] over the gates, in their order.
     */
    void (*mix_back)(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates, int n_gates,
                     plx_view d_bank, bool accumulate);

    /* -- embeddings ---------------------------------------------------------------------------------------- */
    /** y[r,:] = table[ids[r],:]; table [any,n]. */
    void (*gather)(int rows, int n, plx_view table, const uint32_t *ids, plx_view y);
    /** table[ids[r],:] += dy[r,:], r ascending: duplicates add in row order. */
    void (*scatter_add)(int rows, int n, plx_view dy, const uint32_t *ids, plx_view table);

    /**
     * y[r,:] = sum over k of scale[r * length + k] * table[ids[r * length + k],:], k from 0 up to `length` or an id of
     * PLX_NO_ID; an empty list gives 0.
     */
    void (*pool_sum)(int rows, int n, plx_view table, const uint32_t *ids, const plx_real *scale, int length,
                     plx_view y);
    /**
     * The maximum of these rows by column, without scale; an empty list gives 0. `winners` [rows,n], which may be NULL,
     * receives the id of the first row with the maximum; for an empty list PLX_NO_ID.
     */
    void (*pool_max)(int rows, int n, plx_view table, const uint32_t *ids, int length, plx_view y, uint32_t *winners);
    /** table[to[j],:] += scale[j] * dy[from[j] .. from[j] + n - 1], j ascending: duplicates add in this order. */
    void (*scatter_scaled)(int count, int n, const plx_real *dy, const size_t *from, const plx_real *scale,
                           const uint32_t *to, plx_view table);

    /**
     * Lists the table rows of records: for each record r in order and each table t in order, unless its id is
     * common[t], the entry r << 16 | first_row[t] + id. counts[r]: how many of record r. At most 65,536 records and
     * table rows. Returns the number of entries, at most rows * tables->n.
     */
    int (*list_ids)(int rows, const uint8_t *records, size_t record_bytes, const plx_id_tables *tables,
                    uint32_t *entries, uint16_t *counts);
    /** y[r,:] = base + table[entry & 0xffff,:] for each of row r's entries, added in this order. base [n]. */
    void (*sum_listed)(int rows, int n, plx_view table, const uint32_t *entries, const uint16_t *counts,
                       const plx_real *base, plx_view y);
    /**
     * y[i,:] = the sum of the rows of x in list i of all leaves [lists,n]: those of a leaf in order, from 0, and then
     * the leaves by the tree: ((0 + 1) + (2 + 3)) + .... 1 <= n_leaves <= PLX_LEAVES_MAX.
     */
    void (*sum_lists)(int lists, int n, plx_view x, const plx_row_lists *leaves, int n_leaves, plx_view y);

    /* -- losses, all arrays [n] ------------------------------------------------------------------------------ */
    /** loss = log(1 + e^z) - y z,  dz = sigmoid(z) - y; y in [0,1], finite for every finite z. */
    void (*log_loss)(int n, const plx_real *z, const plx_real *y, plx_real *loss, plx_real *dz);
    /**
     * Cross-entropy of p = sigmoid(a) sigmoid(b) against y, in log space (ESMM's click and conversion):
     * log p = -s(-a) - s(-b), log(1-p) = log(e^-a + e^-b + e^(-a-b)) - s(-a) - s(-b), s(t) = log(1 + e^t);
     * da = -y sigmoid(-a) + (1-y) / ((1 + e^-a)(1 + e^(a-b) + e^-b)), db likewise. Finite for every finite a, b.
     */
    void (*pair_log_loss)(int n, const plx_real *a, const plx_real *b, const plx_real *y, plx_real *loss, plx_real *da,
                          plx_real *db);

    /* -- parameters, flat arrays [n] --------------------------------------------------------------------------- */
    /** out = parts[0] + ... by the tree: ((0 + 1) + (2 + 3)) + .... 1 <= n_parts <= PLX_LEAVES_MAX; out may be
     * parts[0].
     */
    void (*sum_tree)(size_t n, const plx_real *const *parts, int n_parts, plx_real *out);
    /** g += 2 * l2 * w; returns the sum of w * w (before any step), added in a fixed order, in double. */
    double (*add_l2)(size_t n, const plx_real *w, plx_real l2, plx_real *g);
    /** The sum of x * x, added in a fixed order, in double. */
    double (*sum_squares)(size_t n, const plx_real *x);
    /** x = max(-most, min(most, factor * x)); most 0: factor * x. */
    void (*limit)(size_t n, plx_real *x, plx_real factor, plx_real most);
    /** w -= rate * g; g may be w. */
    void (*sgd)(size_t n, plx_real *w, const plx_real *g, plx_real rate);
    /** m += (1-b1) (g - m),  v += (1-b2) (g^2 - v),  w -= rate * m / (sqrt(v) + epsilon). */
    void (*adam)(size_t n, plx_real *w, const plx_real *g, plx_real *m, plx_real *v, const plx_adam_numbers *numbers);
    /** m = momentum * m - rate * g,  w += m, or w += momentum * m - rate * g where `nesterov`. */
    void (*momentum)(size_t n, plx_real *w, const plx_real *g, plx_real *m, plx_real rate, plx_real momentum,
                     bool nesterov);
    /** a += g^2,  w -= rate * g / sqrt(a + epsilon). */
    void (*adagrad)(size_t n, plx_real *w, const plx_real *g, plx_real *a, plx_real rate, plx_real epsilon);
    /**
     * v += (1-rho) (g^2 - v),  m += (1-rho) (g - m),  s = rate * g / sqrt(max(0, v - m^2) + epsilon), or with m NULL
     * sqrt(v + epsilon);  u = momentum * u + s,  w -= u, or with u NULL w -= s.
     */
    void (*rmsprop)(size_t n, plx_real *w, const plx_real *g, plx_real *v, plx_real *m, plx_real *u,
                    const plx_rmsprop_numbers *numbers);
    /**
     * Where g is not 0:  z += g - (sqrt(a + g^2) - sqrt(a)) / rate * w,  a += g^2,
     * w = (max(-l1, min(l1, z)) - z) / ((beta + sqrt(a)) / rate + twice_l2).
     */
    void (*ftrl)(size_t n, plx_real *w, const plx_real *g, plx_real *a, plx_real *z, const plx_ftrl_numbers *numbers);
} plx_kernels;

/** Every kernel of the table, so that tables and tests are complete. */
/* clang-format off */
#define PLX_KERNEL_LIST(X)                                                                                             \
    X(gemm_nn) X(gemm_tn) X(transpose) X(column_sum) PLX_POINTWISE_KERNELS(X) X(prelu) X(prelu_back)      \
    X(prelu_sums) X(dice) X(dice_back) X(dice_sums) X(copy) X(affine) X(scale_columns) X(add_affine) X(dropout)        \
    X(moments) X(normalise_sums) X(softmax) X(softmax_back) X(mix) X(mix_back) X(gather) X(scatter_add) X(pool_sum)    \
    X(pool_max) X(scatter_scaled) X(list_ids) X(sum_listed) X(sum_lists) X(log_loss) X(pair_log_loss)             \
    X(sum_tree) X(add_l2) X(sgd) X(sum_squares) X(limit) X(adam) X(momentum) X(adagrad) X(rmsprop) X(ftrl)
/* clang-format on */

/** Detects the highest level that this CPU and this build support. */
plx_cpu_level plx_cpu_best(void);
/** The table of `level`, or of the best lower level that this CPU and build support. Never NULL. */
const plx_kernels *plx_kernels_for(plx_cpu_level level);
/** Parses a level's name, such as "avx2"; false if unknown. */
bool plx_cpu_level_named(const char *name, plx_cpu_level *out);

#endif
