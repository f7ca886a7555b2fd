/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of kernels_plain.c for blocks of parameters: sums, regularisers, clipping, and the optimizers' steps. */
#ifndef PLX_PLAIN_PARAMETERS_H
#define PLX_PLAIN_PARAMETERS_H

static plx_real tree_of(const plx_real *const *parts, int n_parts, size_t i)
{
    int left = 1;
    if (n_parts == 1) return parts[0][i];
    while (2 * left < n_parts)
        left *= 2;
    return tree_of(parts, left, i) + tree_of(parts + left, n_parts - left, i);
}

static void kernel_sum_tree(size_t n, const plx_real *const *parts, int n_parts, plx_real *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tree_of(parts, n_parts, i);
}

static double kernel_add_l2(size_t n, const plx_real *w, plx_real l2, plx_real *g)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        g[i] += 2 * l2 * w[i];
        sum += (double)w[i] * (double)w[i];
    }
    return sum;
}

static double kernel_sum_squares(size_t n, const plx_real *x)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static void kernel_limit(size_t n, plx_real *x, plx_real factor, plx_real most)
{
    for (size_t i = 0; i < n; i++) {
        plx_real y = factor * x[i];
        x[i] = most > 0 && y > most ? most : most > 0 && y < -most ? -most : y;
    }
}

static void kernel_sgd(size_t n, plx_real *w, const plx_real *g, plx_real rate)
{
    for (size_t i = 0; i < n; i++)
        w[i] -= rate * g[i];
}

static void kernel_adam(size_t n, plx_real *w, const plx_real *g, plx_real *m, plx_real *v,
                        const plx_adam_numbers *numbers)
{
    const plx_adam_numbers k = *numbers;
    for (size_t i = 0; i < n; i++) {
        m[i] += k.one_minus_beta1 * (g[i] - m[i]);
        v[i] += k.one_minus_beta2 * (g[i] * g[i] - v[i]);
        w[i] -= k.rate * m[i] / (REAL(sqrt)(v[i]) + k.epsilon);
    }
}

static void kernel_momentum(size_t n, plx_real *w, const plx_real *g, plx_real *m, plx_real rate, plx_real momentum,
                            bool nesterov)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] - rate * g[i];
        w[i] += nesterov ? momentum * m[i] - rate * g[i] : m[i];
    }
}

static void kernel_adagrad(size_t n, plx_real *w, const plx_real *g, plx_real *a, plx_real rate, plx_real epsilon)
{
    for (size_t i = 0; i < n; i++) {
        a[i] += g[i] * g[i];
        w[i] -= rate * g[i] / REAL(sqrt)(a[i] + epsilon);
    }
}

static void kernel_rmsprop(size_t n, plx_real *w, const plx_real *g, plx_real *v, plx_real *m, plx_real *u,
                           const plx_rmsprop_numbers *numbers)
{
    const plx_rmsprop_numbers k = *numbers;
    for (size_t i = 0; i < n; i++) {
        v[i] += k.one_minus_rho * (g[i] * g[i] - v[i]);
        plx_real spread = v[i];
        if (m) {
            m[i] += k.one_minus_rho * (g[i] - m[i]);
            spread = relu_of(v[i] - m[i] * m[i]);
        }
        plx_real step = k.rate * g[i] / REAL(sqrt)(spread + k.epsilon);
        if (u) step = u[i] = k.momentum * u[i] + step;
        w[i] -= step;
    }
}

static void kernel_ftrl(size_t n, plx_real *w, const plx_real *g, plx_real *a, plx_real *z,
                        const plx_ftrl_numbers *numbers)
{
    const plx_ftrl_numbers k = *numbers;
    for (size_t i = 0; i < n; i++) {
        if (g[i] == ZERO) continue;
        plx_real root = REAL(sqrt)(a[i]);
        a[i] += g[i] * g[i];
        plx_real new_root = REAL(sqrt)(a[i]);
        z[i] += g[i] - (new_root - root) / k.rate * w[i];
        plx_real cut = z[i] < -k.l1 ? -k.l1 : z[i] > k.l1 ? k.l1 : z[i];
        w[i] = (cut - z[i]) / ((k.beta + new_root) / k.rate + k.twice_l2);
    }
}

#endif
