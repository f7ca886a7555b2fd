/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for the optimizers' steps, number by number, with the slots as the kernel left them. */
#include "kernels_rows.h"

static void rows_sgd(rows_case *c)
{
    if (c->rows != 1) return;
    c->k->sgd((size_t)c->n, c->out.view.at, c->x.view.at, 0.3f);
    for (int i = 0; i < c->n; i++) {
        double term = (double)0.3f * AT(x, 0, i), old = AT(before, 0, i);
        near_to("w", AT(out, 0, i), old - term, 2.001 * UNIT * (fabs(old) + fabs(term)));
    }
}

static void rows_adam(rows_case *c)
{
    if (c->rows != 1) return;
    const plx_adam_numbers numbers = {
        .rate = 0.01f, .one_minus_beta1 = 0.1f, .one_minus_beta2 = 0.001f, .epsilon = 1e-7f};
    const double rest1 = (double)numbers.one_minus_beta1, rest2 = (double)numbers.one_minus_beta2;
    matrix m = matrix_copy(&c->u, 0), v = matrix_copy(&c->v, 0);
    for (int i = 0; i < c->n; i++) {
        v.view.at[i] = i % 5 ? fabsf(v.view.at[i]) : 0;
        c->v.view.at[i] = v.view.at[i];
        if (i % 7 == 0) *matrix_at(&c->x, 0, i) = 0; /* with i % 5 == 0 as well: 0 / (0 + epsilon) */
    }
    c->k->adam((size_t)c->n, c->out.view.at, c->x.view.at, m.view.at, v.view.at, &numbers);
    for (int i = 0; i < c->n; i++) {
        double g = AT(x, 0, i), first = AT(u, 0, i), second = AT(v, 0, i);
        double got_m = (double)m.view.at[i], got_v = (double)v.view.at[i];
        near_to("m", got_m, first + rest1 * (g - first), 3.001 * UNIT * (fabs(first) + fabs(rest1 * g)));
        near_to("v", got_v, second + rest2 * (g * g - second), 4.001 * UNIT * (second + rest2 * g * g));
        if (!(got_v >= 0)) check_here("v is not a mean of squares");
        double step = (double)numbers.rate * got_m / (sqrt(got_v) + (double)numbers.epsilon);
        near_to("w", AT(out, 0, i), AT(before, 0, i) - step, UNIT * (fabs(AT(before, 0, i)) + 6 * fabs(step)));
    }
    matrix_done(&m), matrix_done(&v);
}

/** Gradients, some of them 0; `v` holds values that cannot be negative: sums and means of squares. */
static void make_squares(rows_case *c)
{
    for (int i = 0; i < c->n; i++) {
        c->v.view.at[i] = 0.1f + fabsf(c->v.view.at[i]);
        if (i % 7 == 0) *matrix_at(&c->x, 0, i) = 0;
    }
}

static void rows_momentum(rows_case *c)
{
    if (c->rows != 1) return;
    const double rate = (double)0.03f, momentum = (double)0.9f;
    matrix m = matrix_copy(&c->u, 0);
    c->k->momentum((size_t)c->n, c->out.view.at, c->x.view.at, m.view.at, 0.03f, 0.9f, c->accumulate);
    for (int i = 0; i < c->n; i++) {
        double length = rate * AT(x, 0, i), first = momentum * AT(u, 0, i), got_m = (double)m.view.at[i];
        double step = c->accumulate ? momentum * got_m - length : got_m;
        near_to("m", got_m, first - length, 3 * UNIT * (fabs(first) + fabs(length)));
        near_to("w", AT(out, 0, i), AT(before, 0, i) + step,
                UNIT * (fabs(AT(before, 0, i)) + 4 * (fabs(got_m) + fabs(length))));
    }
    matrix_done(&m);
}

static void rows_adagrad(rows_case *c)
{
    if (c->rows != 1) return;
    make_squares(c);
    matrix a = matrix_copy(&c->v, 0);
    c->k->adagrad((size_t)c->n, c->out.view.at, c->x.view.at, a.view.at, 0.01f, 1e-7f);
    for (int i = 0; i < c->n; i++) {
        double g = AT(x, 0, i), sum = (double)a.view.at[i];
        double step = (double)0.01f * g / sqrt(sum + (double)1e-7f);
        near_to("a", sum, AT(v, 0, i) + g * g, 2.001 * UNIT * sum);
        near_to("w", AT(out, 0, i), AT(before, 0, i) - step, UNIT * (fabs(AT(before, 0, i)) + 6 * fabs(step)));
    }
    matrix_done(&a);
}

/** Bit 0 of `variant`: with the variance; bit 1: with a moving sum of steps. */
static void check_rmsprop_variant(rows_case *c, int variant)
{
    const plx_rmsprop_numbers numbers = {.rate = 0.01f, .one_minus_rho = 0.1f, .epsilon = 1e-3f, .momentum = 0.9f};
    const double rest = (double)numbers.one_minus_rho;
    const bool centered = variant & 1, has_momentum = variant & 2;
    matrix v = matrix_copy(&c->v, 0), m = matrix_copy(&c->u, 0), u = matrix_copy(&c->w, 0);
    matrix w = matrix_copy(&c->before, 0);
    c->k->rmsprop((size_t)c->n, w.view.at, c->x.view.at, v.view.at, centered ? m.view.at : NULL,
                  has_momentum ? u.view.at : NULL, &numbers);
    for (int i = 0; i < c->n; i++) {
        double g = AT(x, 0, i), square = AT(v, 0, i), mean = AT(u, 0, i), got_v = (double)v.view.at[i];
        double got_m = (double)m.view.at[i], got_u = (double)u.view.at[i], spread = got_v;
        near_to("v", got_v, square + rest * (g * g - square), 4.001 * UNIT * (square + rest * g * g));
        if (centered) near_to("m", got_m, mean + rest * (g - mean), 3.001 * UNIT * (fabs(mean) + fabs(rest * g)));
        if (centered) spread = fmax(0, got_v - got_m * got_m);
        double divisor = spread + (double)numbers.epsilon, step = (double)numbers.rate * g / sqrt(divisor);
        double error = UNIT * fabs(step) * (6 + (centered ? 2 * (got_v + got_m * got_m) / divisor : 0));
        if (has_momentum) {
            double kept = (double)numbers.momentum * AT(w, 0, i);
            near_to("u", got_u, kept + step, 2 * UNIT * (fabs(kept) + fabs(step)) + error);
            step = got_u, error = 0;
        }
        double before = AT(before, 0, i);
        near_to("w", (double)w.view.at[i], before - step, UNIT * (fabs(before) + fabs(step)) + error);
    }
    matrix_done(&v), matrix_done(&m), matrix_done(&u), matrix_done(&w);
}

static void rows_rmsprop(rows_case *c)
{
    if (c->rows != 1) return;
    make_squares(c);
    for (int variant = 0; variant < 4; variant++)
        check_rmsprop_variant(c, variant);
}

static void rows_ftrl(rows_case *c)
{
    if (c->rows != 1) return;
    const plx_ftrl_numbers numbers = {.rate = 0.2f, .beta = 0.5f, .l1 = 0.3f, .twice_l2 = 0.25f};
    const double rate = (double)numbers.rate, l1 = (double)numbers.l1;
    make_squares(c);
    matrix a = matrix_copy(&c->v, 0), z = matrix_copy(&c->u, 0);
    c->k->ftrl((size_t)c->n, c->out.view.at, c->x.view.at, a.view.at, z.view.at, &numbers);
    for (int i = 0; i < c->n; i++) {
        double g = AT(x, 0, i), w = AT(before, 0, i), before = AT(v, 0, i), sum = (double)a.view.at[i];
        double pull = (double)z.view.at[i], root = sqrt(sum);
        near_to("a", sum, before + g * g, 2.001 * UNIT * sum);
        if (g == 0) {
            near_to("z", pull, AT(u, 0, i), 0), near_to("w", AT(out, 0, i), w, 0);
            continue;
        }
        near_to("z", pull, AT(u, 0, i) + g - (root - sqrt(before)) / rate * w,
                UNIT * (2 * fabs(AT(u, 0, i)) + 2 * fabs(g) + 8 * root / rate * fabs(w)));
        double want = (fmax(-l1, fmin(l1, pull)) - pull) / (((double)numbers.beta + root) / rate + 0.25);
        near_to("w", AT(out, 0, i), want, 7 * UNIT * fabs(want));
    }
    matrix_done(&a), matrix_done(&z);
}

ROWS_CHECK(sgd, 1, 0)
ROWS_CHECK(adam, 1, 0)
ROWS_CHECK(momentum, 1, 0)
ROWS_CHECK(adagrad, 1, 0)
ROWS_CHECK(rmsprop, 1, 0)
ROWS_CHECK(ftrl, 1, 0)

KERNELS_STEPS(KERNEL_TEST)

int main(int argc, char **argv)
{
    static const check_test tests[] = {KERNELS_STEPS(KERNEL_ROW)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
