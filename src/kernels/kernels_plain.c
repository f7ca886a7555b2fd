/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels as plain loops: the reference, the fallback, and with PLX_DOUBLE the kernels of the build that checks
 * gradients. They use the C library's functions, and formulae that stay finite rather than fast ones.
 */
#include <math.h>
#include <string.h>

#include "kernels/kernels_levels.h"

#ifdef PLX_DOUBLE
#define REAL(function) function
#else
#define REAL(function) function##f
#endif

#define ZERO ((plx_real)0)
#define ONE  ((plx_real)1)

/** The start of a sum or an output: the old value, or 0. */
static plx_real old(plx_real value, bool accumulate)
{
    return accumulate ? value : ZERO;
}

/* -- products ---------------------------------------------------------------------------------------------------- */

static void kernel_gemm_nn(int m, int n, int k, plx_view a, plx_view b, plx_view c, const plx_real *bias,
                           bool accumulate)
{
    for (int r = 0; r < m; r++) {
        plx_real *to = c.at + r * c.stride;
        for (int j = 0; j < n; j++)
            to[j] = old(to[j], accumulate) + (bias ? bias[j] : ZERO);
        for (int i = 0; i < k; i++) {
            plx_real factor = a.at[r * a.stride + i];
            const plx_real *from = b.at + i * b.stride;
            for (int j = 0; j < n; j++)
                to[j] += factor * from[j];
        }
    }
}

static void kernel_gemm_tn(int m, int n, int k, plx_view a, plx_view b, plx_view c, bool accumulate)
{
    for (int i = 0; i < k; i++) {
        plx_real *to = c.at + i * c.stride;
        for (int j = 0; j < n; j++)
            to[j] = old(to[j], accumulate);
        for (int r = 0; r < m; r++) {
            plx_real factor = a.at[r * a.stride + i];
            const plx_real *from = b.at + r * b.stride;
            for (int j = 0; j < n; j++)
                to[j] += factor * from[j];
        }
    }
}

static void kernel_transpose(int rows, int cols, plx_view a, plx_view b)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < cols; i++)
            b.at[i * b.stride + r] = a.at[r * a.stride + i];
}

static void kernel_column_sum(int rows, int n, plx_view x, plx_real *out, bool accumulate)
{
    for (int i = 0; i < n; i++)
        out[i] = old(out[i], accumulate);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            out[i] += x.at[r * x.stride + i];
}

/* -- element by element ------------------------------------------------------------------------------------------ */

static void map_rows(int rows, int n, plx_view x, plx_view y, plx_real f(plx_real))
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            y.at[r * y.stride + i] = f(x.at[r * x.stride + i]);
}

static void back_rows(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate,
                      plx_real gradient(plx_real, plx_real))
{
    for (int r = 0; r < rows; r++) {
        plx_real *to = dx.at + r * dx.stride;
        for (int i = 0; i < n; i++)
            to[i] = old(to[i], accumulate) + gradient(y.at[r * y.stride + i], dy.at[r * dy.stride + i]);
    }
}

#define PLX_PLAIN_KERNELS
#include "kernels/activation_kernels.h"

#include "kernels/plain_slopes.h"

static void kernel_copy(int rows, int n, plx_view x, plx_view y, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        if (!accumulate) {
            memcpy(y.at + r * y.stride, x.at + r * x.stride, (size_t)n * sizeof(plx_real));
            continue;
        }
        for (int i = 0; i < n; i++)
            y.at[r * y.stride + i] += x.at[r * x.stride + i];
    }
}

static void kernel_affine(int rows, int n, plx_view x, const plx_real *scale, const plx_real *shift, plx_view y)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            y.at[r * y.stride + i] = x.at[r * x.stride + i] * scale[i] + shift[i];
}

static void kernel_scale_columns(int rows, int n, plx_view dy, const plx_real *scale, plx_view dx, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        plx_real *to = dx.at + r * dx.stride;
        for (int i = 0; i < n; i++)
            to[i] = old(to[i], accumulate) + dy.at[r * dy.stride + i] * scale[i];
    }
}

static void kernel_add_affine(int rows, int n, plx_view x, const plx_real *scale, const plx_real *shift, plx_view y)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            y.at[r * y.stride + i] += x.at[r * x.stride + i] * scale[i] + shift[i];
}

void plx_kernel_dropout(int rows, int n, plx_view x, plx_view y, const plx_random *random, uint64_t first_row,
                        uint32_t step, plx_real rate, bool accumulate)
{
    plx_real scale = ONE / (ONE - rate);
    uint64_t blocks = ((uint64_t)n + 3) / 4;
    for (int r = 0; r < rows; r++) {
        const plx_real *from = x.at + r * x.stride;
        plx_real *to = y.at + r * y.stride;
        uint32_t bits[4] = {0};
        for (int i = 0; i < n; i++) {
            if (i % 4 == 0) plx_random_block(random, (first_row + (uint64_t)r) * blocks + (uint64_t)i / 4, step, bits);
            plx_real uniform = (plx_real)(bits[i % 4] >> 8) * (plx_real)0x1p-24;
            to[i] = old(to[i], accumulate) + (uniform >= rate ? from[i] * scale : ZERO);
        }
    }
}

/* -- batch normalisation ----------------------------------------------------------------------------------------- */

static void kernel_moments(int rows, int n, plx_view x, plx_real *mean, plx_real *squares)
{
    kernel_column_sum(rows, n, x, mean, false);
    for (int i = 0; i < n; i++) {
        mean[i] /= (plx_real)rows;
        squares[i] = ZERO;
    }
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            plx_real difference = x.at[r * x.stride + i] - mean[i];
            squares[i] += difference * difference;
        }
    }
}

static void kernel_normalise_sums(int rows, int n, plx_view x, plx_view dy, const plx_real *mean,
                                  const plx_real *inverse_deviation, plx_real *d_scale, plx_real *d_shift)
{
    kernel_column_sum(rows, n, dy, d_shift, false);
    for (int i = 0; i < n; i++)
        d_scale[i] = ZERO;
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            d_scale[i] += dy.at[r * dy.stride + i] * (x.at[r * x.stride + i] - mean[i]);
    for (int i = 0; i < n; i++)
        d_scale[i] *= inverse_deviation[i];
}

/* -- gates ------------------------------------------------------------------------------------------------------- */

static void kernel_softmax(int rows, int n, plx_view x, plx_view y)
{
    for (int r = 0; r < rows; r++) {
        const plx_real *from = x.at + r * x.stride;
        plx_real *to = y.at + r * y.stride, largest = from[0], sum = ZERO;
        for (int i = 1; i < n; i++)
            largest = from[i] > largest ? from[i] : largest;
        for (int i = 0; i < n; i++) {
            to[i] = REAL(exp)(from[i] - largest);
            sum += to[i];
        }
        for (int i = 0; i < n; i++)
            to[i] /= sum;
    }
}

static void kernel_softmax_back(int rows, int n, plx_view y, plx_view dy, plx_view dx, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        const plx_real *out = y.at + r * y.stride, *d_out = dy.at + r * dy.stride;
        plx_real *to = dx.at + r * dx.stride, mean = ZERO;
        for (int i = 0; i < n; i++)
            mean += out[i] * d_out[i];
        for (int i = 0; i < n; i++)
            to[i] = old(to[i], accumulate) + out[i] * (d_out[i] - mean);
    }
}

static void kernel_mix(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates,
                       int n_gates)
{
    for (int r = 0; r < rows; r++) {
        for (const plx_mix_gate *x = gates; x < gates + n_gates; x++) {
            plx_real *to = x->out.at + r * x->out.stride;
            for (int w = 0; w < width; w++)
                to[w] = old(to[w], x->accumulate);
            for (int e = 0; e < experts; e++) {
                plx_real factor = x->gate.at[r * x->gate.stride + e];
                const plx_real *from = bank.at + r * bank.stride + (ptrdiff_t)e * width;
                for (int w = 0; w < width; w++)
                    to[w] += factor * (relu ? relu_of(from[w]) : from[w]);
            }
        }
    }
}

static void kernel_mix_back(int rows, int experts, int width, plx_view bank, bool relu, const plx_mix_gate *gates,
                            int n_gates, plx_view d_bank, bool accumulate)
{
    for (int r = 0; r < rows; r++) {
        for (const plx_mix_gate *x = gates; x < gates + n_gates; x++) {
            const plx_real *d = x->out.at + r * x->out.stride;
            for (int e = 0; e < experts; e++) {
                ptrdiff_t place = (ptrdiff_t)e * width;
                const plx_real *from = bank.at + r * bank.stride + place;
                plx_real *to = d_bank.at + r * d_bank.stride + place, *to_gate = x->d_gate.at + r * x->d_gate.stride;
                plx_real factor = x->gate.at[r * x->gate.stride + e], sum = ZERO;
                for (int w = 0; w < width; w++) {
                    plx_real y = relu ? relu_of(from[w]) : from[w], change = factor * d[w];
                    to[w] = old(to[w], accumulate || x > gates) + (relu ? relu_gradient(y, change) : change);
                    sum += d[w] * y;
                }
                to_gate[e] = old(to_gate[e], x->accumulate) + sum;
            }
        }
    }
}

/* -- losses ------------------------------------------------------------------------------------------------------ */

/** For y = 1 and a large z this form gives log(1 + e^-z), not the difference of two large numbers. */
static plx_real log_loss_of(plx_real z, plx_real y)
{
    return (relu_of(z) - y * z) + REAL(log1p)(REAL(exp)(-REAL(fabs)(z)));
}

static void kernel_log_loss(int n, const plx_real *z, const plx_real *y, plx_real *loss, plx_real *dz)
{
    for (int i = 0; i < n; i++) {
        plx_real logit = z[i], label = y[i];
        loss[i] = log_loss_of(logit, label);
        dz[i] = sigmoid_of(logit) - label;
    }
}

/** Sums of two such numbers are finite. */
static plx_real clamp(plx_real x)
{
    const plx_real most = (plx_real)1e38;
    return x > most ? most : x < -most ? -most : x;
}

static void kernel_pair_log_loss(int n, const plx_real *a, const plx_real *b, const plx_real *y, plx_real *loss,
                                 plx_real *da, plx_real *db)
{
    for (int i = 0; i < n; i++) {
        plx_real p = clamp(a[i]), q = clamp(b[i]), label = y[i];
        /* With S = e^-p + e^-q + e^(-p-q) the pair's odds are 1 / S; log S = top + log(sum). */
        plx_real top = -p > -q ? -p : -q;
        top = -p - q > top ? -p - q : top;
        plx_real ep = REAL(exp)(-p - top), eq = REAL(exp)(-q - top), sum = ep + eq + REAL(exp)(-p - q - top);
        plx_real log_sum = top + REAL(log)(sum);
        loss[i] = label * softplus_of(log_sum) + (ONE - label) * softplus_of(-log_sum);
        da[i] = -label * sigmoid_of(-p) + (ONE - label) * sigmoid_of(p) * (ep / sum);
        db[i] = -label * sigmoid_of(-q) + (ONE - label) * sigmoid_of(q) * (eq / sum);
    }
}

#include "kernels/plain_parameters.h"
#include "kernels/plain_tables.h"

#define kernel_dropout       plx_kernel_dropout
#define kernel_list_ids      plx_kernel_list_ids
#define KERNEL_FIELD(kernel) .kernel = kernel_##kernel,

const plx_kernels plx_kernels_plain = {.name = "plain", .level = PLX_CPU_PLAIN, PLX_KERNEL_LIST(KERNEL_FIELD)};
