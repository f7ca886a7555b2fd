/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels over flat arrays of parameters and their gradients. */
#ifndef PLX_PARAMETERS_BODY_H
#define PLX_PARAMETERS_BODY_H

/** `vectors` vectors from number `i`: each part is added to as many waiting sums as its number ends in ones. */
INLINE void sum_tree_at(size_t i, const int vectors, const bool whole, part p, const float *const *parts, int n_parts,
                        float *out)
{
    vf sums[PLX_LEAF_LEVELS][4];
    int n = 0;
    for (int j = 0; j < n_parts; j++) {
        for (int v = 0; v < vectors; v++)
            sums[n][v] = vf_load_lanes(parts[j] + i + (size_t)v * LANES, whole, p);
        n++;
        for (int ones = j + 1 < n_parts ? j : -1; ones & 1 && n > 1; ones >>= 1, n--)
            for (int v = 0; v < vectors; v++)
                sums[n - 2][v] += sums[n - 1][v];
    }
    for (int v = 0; v < vectors; v++)
        vf_store_lanes(out + i + (size_t)v * LANES, whole, p, sums[0][v]);
}

/** With a constant number of parts the waiting sums are in registers. */
INLINE void sum_tree_of(size_t n, const float *const *parts, const int n_parts, float *out)
{
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        sum_tree_at(i, 4, true, part_of(LANES), parts, n_parts, out);
    for (; i + LANES <= n; i += LANES)
        sum_tree_at(i, 1, true, part_of(LANES), parts, n_parts, out);
    if (i < n) sum_tree_at(i, 1, false, part_of((ptrdiff_t)(n - i)), parts, n_parts, out);
}

static void kernel_sum_tree(size_t n, const float *const *parts, int n_parts, float *out)
{
    if (n_parts == 2)
        sum_tree_of(n, parts, 2, out);
    else if (n_parts == 4)
        sum_tree_of(n, parts, 4, out);
    else if (n_parts > 1 || parts[0] != out)
        sum_tree_of(n, parts, n_parts, out);
}

typedef double vd4 __attribute__((vector_size(32)));

/** Adds the squares, in double, lane by lane. */
INLINE void add_squares(vf w, vd4 sums[LANES / 4])
{
    for (int i = 0; i < LANES; i++)
        sums[i / 4][i % 4] += (double)w[i] * (double)w[i];
}

static double kernel_add_l2(size_t n, const float *w, float l2, float *g)
{
    vf twice = vf_all(2.0f * l2);
    vd4 sums[LANES / 4] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf v = vf_load(w + i);
        vf_store(g + i, vf_fma(twice, v, vf_load(g + i)));
        add_squares(v, sums);
    }
    if (i < n) {
        part p = part_of((ptrdiff_t)(n - i));
        vf v = vf_load_part(w + i, p);
        vf_store_part(g + i, p, vf_fma(twice, v, vf_load_part(g + i, p)));
        add_squares(v, sums);
    }
    for (int j = 1; j < LANES / 4; j++)
        sums[0] += sums[j];
    return (sums[0][0] + sums[0][1]) + (sums[0][2] + sums[0][3]);
}

static double kernel_sum_squares(size_t n, const float *x)
{
    vd4 sums[LANES / 4] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        add_squares(vf_load(x + i), sums);
    if (i < n) add_squares(vf_load_part(x + i, part_of((ptrdiff_t)(n - i))), sums);
    for (int j = 1; j < LANES / 4; j++)
        sums[0] += sums[j];
    return (sums[0][0] + sums[0][1]) + (sums[0][2] + sums[0][3]);
}

static void kernel_limit(size_t n, float *x, float factor, float most)
{
    const vf low = vf_all(most > 0 ? -most : -INFINITY);
    part all = part_of(LANES);
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of((ptrdiff_t)(n - i));
        vf y = vf_load_lanes(x + i, whole, p) * factor;
        vf_store_lanes(x + i, whole, p, vf_max(low, -vf_max(low, -y)));
    }
}

static void kernel_sgd(size_t n, float *w, const float *g, float rate)
{
    vf minus = vf_all(-rate);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(w + i, vf_fma(minus, vf_load(g + i), vf_load(w + i)));
    if (i < n) {
        part p = part_of((ptrdiff_t)(n - i));
        vf_store_part(w + i, p, vf_fma(minus, vf_load_part(g + i, p), vf_load_part(w + i, p)));
    }
}

/** The step that is subtracted from w; updates `m` and `v`. */
INLINE vf adam_step(vf g, vf *m, vf *v, const plx_adam_numbers *numbers)
{
    *m = vf_fma(vf_all(numbers->one_minus_beta1), g - *m, *m);
    *v = vf_fma(vf_all(numbers->one_minus_beta2), vf_fma(g, g, -*v), *v);
    return *m * numbers->rate / (vf_sqrt(*v) + numbers->epsilon);
}

static void kernel_adam(size_t n, float *w, const float *g, float *m, float *v, const plx_adam_numbers *numbers)
{
    const plx_adam_numbers k = *numbers; /* a local copy: `numbers` could alias the arrays */
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf first = vf_load(m + i), second = vf_load(v + i);
        vf step = adam_step(vf_load(g + i), &first, &second, &k);
        vf_store(w + i, vf_load(w + i) - step);
        vf_store(m + i, first);
        vf_store(v + i, second);
    }
    if (i < n) {
        part p = part_of((ptrdiff_t)(n - i));
        vf first = vf_load_part(m + i, p), second = vf_load_part(v + i, p);
        vf step = adam_step(vf_load_part(g + i, p), &first, &second, &k);
        vf_store_part(w + i, p, vf_load_part(w + i, p) - step);
        vf_store_part(m + i, p, first);
        vf_store_part(v + i, p, second);
    }
}

INLINE vf momentum_step(vf g, vf *m, vf rate, vf momentum, bool nesterov)
{
    vf length = rate * g;
    *m = vf_fma(momentum, *m, -length);
    return nesterov ? vf_fma(momentum, *m, -length) : *m;
}

static void kernel_momentum(size_t n, float *w, const float *g, float *m, float rate, float momentum, bool nesterov)
{
    const vf rates = vf_all(rate), momenta = vf_all(momentum);
    part all = part_of(LANES);
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of((ptrdiff_t)(n - i));
        vf mean = vf_load_lanes(m + i, whole, p);
        vf step = momentum_step(vf_load_lanes(g + i, whole, p), &mean, rates, momenta, nesterov);
        vf_store_lanes(w + i, whole, p, vf_load_lanes(w + i, whole, p) + step);
        vf_store_lanes(m + i, whole, p, mean);
    }
}

static void kernel_adagrad(size_t n, float *w, const float *g, float *a, float rate, float epsilon)
{
    part all = part_of(LANES);
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of((ptrdiff_t)(n - i));
        vf gradient = vf_load_lanes(g + i, whole, p);
        vf sum = vf_fma(gradient, gradient, vf_load_lanes(a + i, whole, p));
        vf step = gradient * rate / vf_sqrt(sum + epsilon);
        vf_store_lanes(w + i, whole, p, vf_load_lanes(w + i, whole, p) - step);
        vf_store_lanes(a + i, whole, p, sum);
    }
}

static void kernel_rmsprop(size_t n, float *w, const float *g, float *v, float *m, float *u,
                           const plx_rmsprop_numbers *numbers)
{
    const plx_rmsprop_numbers k = *numbers;
    part all = part_of(LANES);
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of((ptrdiff_t)(n - i));
        vf gradient = vf_load_lanes(g + i, whole, p), second = vf_load_lanes(v + i, whole, p);
        second = vf_fma(vf_all(k.one_minus_rho), vf_fma(gradient, gradient, -second), second);
        vf_store_lanes(v + i, whole, p, second);
        vf spread = second;
        if (m) {
            vf mean = vf_load_lanes(m + i, whole, p);
            mean = vf_fma(vf_all(k.one_minus_rho), gradient - mean, mean);
            vf_store_lanes(m + i, whole, p, mean);
            spread = vf_max((vf){0}, vf_fma(-mean, mean, second));
        }
        vf step = gradient * k.rate / vf_sqrt(spread + k.epsilon);
        if (u) {
            step = vf_fma(vf_all(k.momentum), vf_load_lanes(u + i, whole, p), step);
            vf_store_lanes(u + i, whole, p, step);
        }
        vf_store_lanes(w + i, whole, p, vf_load_lanes(w + i, whole, p) - step);
    }
}

/** The new w; updates `a` and `z`. Where g is 0 (or denormal) nothing changes; the test is false for a NaN. */
INLINE vf ftrl_step(vf w, vf g, vf *a, vf *z, const plx_ftrl_numbers *numbers)
{
    const vf rate = vf_all(numbers->rate), low = vf_all(-numbers->l1), smallest = vf_all(0x1p-126f);
    vf sum = vf_fma(g, g, *a), root = vf_sqrt(sum);
    vf pull = vf_fma((root - vf_sqrt(*a)) / rate, -w, *z + g);
    pull = vf_if_less(vf_abs(g), smallest, *z, pull);
    vf cut = vf_max(low, -vf_max(low, -pull));
    vf moved = (cut - pull) / ((root + numbers->beta) / rate + numbers->twice_l2);
    *a = sum;
    *z = pull;
    return vf_if_less(vf_abs(g), smallest, w, moved);
}

static void kernel_ftrl(size_t n, float *w, const float *g, float *a, float *z, const plx_ftrl_numbers *numbers)
{
    const plx_ftrl_numbers k = *numbers;
    part all = part_of(LANES);
    for (size_t i = 0; i < n; i += LANES) {
        const bool whole = i + LANES <= n;
        const part p = whole ? all : part_of((ptrdiff_t)(n - i));
        vf sum = vf_load_lanes(a + i, whole, p), pull = vf_load_lanes(z + i, whole, p);
        vf moved = ftrl_step(vf_load_lanes(w + i, whole, p), vf_load_lanes(g + i, whole, p), &sum, &pull, &k);
        vf_store_lanes(w + i, whole, p, moved);
        vf_store_lanes(a + i, whole, p, sum);
        vf_store_lanes(z + i, whole, p, pull);
    }
}

#endif
