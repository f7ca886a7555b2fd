/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kernel at every CPU level compared with its formula in double, with bounds from counted roundings (UNIT each),
 * at odd sizes, with gaps and canaries between rows. Each program of kernels_check.h makes its tests from its list of
 * kernels. The lists together must be PLX_KERNEL_LIST: a kernel without a check does not compile.
 */
#include "kernels_rows.h"

/* -- products ---------------------------------------------------------------------------------------------------- */

/** One product; bit 0 of `variant` accumulates, bit 1 has a bias, bit 2 has gaps. `turned`: A is [k,m]. */
static void check_product(const plx_kernels *kernels, int m, int n, int k, int variant, bool turned)
{
    describe(kernels, turned ? "gemm_tn" : "gemm_nn", m, n, k, variant);
    bool accumulate = variant & 1, with_bias = (variant & 2) && !turned;
    int gap = variant & 4 ? 3 : 0;
    matrix a = turned ? matrix_make(k, m, gap) : matrix_make(m, k, gap), b = matrix_make(k, n, gap + gap);
    matrix c = matrix_make(m, n, gap), bias = matrix_make(1, n, 0), before = matrix_copy(&c, 0);
    if (!accumulate) /* numbers to overwrite must not be read */
        for (int i = 0; i < m * n; i++)
            *matrix_at(&c, i / n, i % n) = NAN;
    if (turned)
        kernels->gemm_tn(k, n, m, a.view, b.view, c.view, accumulate);
    else
        kernels->gemm_nn(m, n, k, a.view, b.view, c.view, with_bias ? bias.view.at : NULL, accumulate);
    for (int r = 0; r < m; r++) {
        for (int j = 0; j < n; j++) {
            double old = accumulate ? (double)*matrix_at(&before, r, j) : 0,
                   add = with_bias ? (double)bias.view.at[j] : 0;
            double sum = old + add, size = fabs(old) + fabs(add);
            for (int i = 0; i < k; i++) {
                double term =
                    (double)*(turned ? matrix_at(&a, i, r) : matrix_at(&a, r, i)) * (double)*matrix_at(&b, i, j);
                sum += term;
                size += fabs(term);
            }
            near_to("c", (double)*matrix_at(&c, r, j), sum, (k + 3) * UNIT * 1.001 * size);
        }
    }
    matrix_done(&a), matrix_done(&b), matrix_done(&c), matrix_done(&bias), matrix_done(&before);
}

static void check_products(const plx_kernels *kernels, bool turned)
{
    static const int ms[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 64}, ks[] = {0, 1, 3, 8, 16, 33, 127, 300};
    for (int im = 0; im < COUNT(ms); im++)
        for (int in = 0; in < COUNT(lengths); in++)
            for (int ik = 0; ik < COUNT(ks); ik++) /* every n and k gets all variants, as m changes */
                check_product(kernels, ms[im], lengths[in], ks[ik], (im + in + ik) % 8, turned);
    for (int in = 0; in < COUNT(lengths); in++) { /* more than two blocks of steps and more than one of rows */
        check_product(kernels, 9, lengths[in], 513, in % 8, turned);
        check_product(kernels, 131, lengths[in], 33, (in + 3) % 8, turned);
    }
    for (int variant = 0; variant < 8; variant++) {
        check_product(kernels, 67, 127, 128, variant, turned);
        check_product(kernels, 130, 1, 130, variant, turned);
    }
}

static void check_gemm_nn(const plx_kernels *k)
{
    check_products(k, false);
}

static void check_gemm_tn(const plx_kernels *k)
{
    check_products(k, true);
}

static void check_transpose(const plx_kernels *k)
{
    for (int ir = 0; ir < COUNT(lengths); ir++) {
        for (int in = 0; in < COUNT(lengths); in++) {
            int rows = lengths[ir], n = lengths[in];
            describe(k, "transpose", rows, n, 0, 0);
            matrix a = matrix_make(rows, n, in % 3), b = matrix_make(n, rows, in % 2);
            k->transpose(rows, n, a.view, b.view);
            for (int i = 0; i < rows * n; i++)
                if (!same_bits(*matrix_at(&a, i / n, i % n), *matrix_at(&b, i % n, i / n))) check_here("b is not a'");
            matrix_done(&a), matrix_done(&b);
        }
    }
}

/* -- rows of numbers ---------------------------------------------------------------------------------------------- */

static void rows_column_sum(rows_case *c)
{
    matrix before = matrix_copy(&c->u, 0);
    c->k->column_sum(c->rows, c->n, c->x.view, c->u.view.at, c->accumulate);
    for (int i = 0; i < c->n; i++) {
        double sum = c->accumulate ? (double)before.view.at[i] : 0, size = fabs(sum);
        for (int r = 0; r < c->rows; r++)
            sum += AT(x, r, i), size += fabs(AT(x, r, i));
        near_to("sum", AT(u, 0, i), sum, c->rows * UNIT * 1.001 * size);
    }
    matrix_done(&before);
}

static void rows_copy(rows_case *c)
{
    c->k->copy(c->rows, c->n, c->x.view, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        float want = *matrix_at(&c->x, r, i);
        if (c->accumulate) want += *matrix_at(&c->before, r, i);
        if (!same_bits(*matrix_at(&c->out, r, i), want)) check_here("not a copy");
    }
}

static void rows_affine(rows_case *c)
{
    c->k->affine(c->rows, c->n, c->x.view, c->u.view.at, c->v.view.at, c->out.view);
    EACH(c, r, i)
    {
        double term = AT(x, r, i) * AT(u, 0, i), shift = AT(v, 0, i);
        near_to("y", AT(out, r, i), term + shift, 2.001 * UNIT * (fabs(term) + fabs(shift)));
    }
}

static void rows_add_affine(rows_case *c)
{
    c->k->add_affine(c->rows, c->n, c->x.view, c->u.view.at, c->v.view.at, c->out.view);
    EACH(c, r, i)
    {
        double term = AT(x, r, i) * AT(u, 0, i), shift = AT(v, 0, i), old = AT(before, r, i);
        near_to("y", AT(out, r, i), old + term + shift, 3.001 * UNIT * (fabs(old) + fabs(term) + fabs(shift)));
    }
}

static void rows_scale_columns(rows_case *c)
{
    c->k->scale_columns(c->rows, c->n, c->d.view, c->u.view.at, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        double term = AT(d, r, i) * AT(u, 0, i);
        near_to("dx", AT(out, r, i), OLD(r, i) + term, 2.001 * UNIT * (fabs(OLD(r, i)) + fabs(term)));
    }
}

static void rows_dropout(rows_case *c)
{
    const plx_random random = {.seed = 11, .stream = 3};
    const float rates[] = {0.0f, 0.5f, 0.9f};
    uint64_t first_row = c->rows % 2 ? (uint64_t)1 << 40 : 7;
    float rate = rates[c->n % 3];
    c->k->dropout(c->rows, c->n, c->x.view, c->out.view, &random, first_row, 5, rate, c->accumulate);
    uint64_t numbers = ((uint64_t)c->n + 3) / 4 * 4;
    EACH(c, r, i)
    {
        bool kept = plx_random_uniform(&random, (first_row + (uint64_t)r) * numbers + (uint64_t)i, 5) >= rate;
        double term = kept ? AT(x, r, i) / (1 - (double)rate) : 0;
        near_to("y", AT(out, r, i), OLD(r, i) + term, 5 * UNIT * (fabs(OLD(r, i)) + fabs(term)));
    }
}

static void rows_moments(rows_case *c)
{
    EACH(c, r, i) * matrix_at(&c->x, r, i) += 100.0f; /* far from 0: a single pass would lose all digits */
    c->k->moments(c->rows, c->n, c->x.view, c->u.view.at, c->v.view.at);
    for (int i = 0; i < c->n; i++) {
        double sum = 0, size = 0, squares = 0, mean = AT(u, 0, i);
        for (int r = 0; r < c->rows; r++) {
            sum += AT(x, r, i), size += fabs(AT(x, r, i));
            squares += (AT(x, r, i) - mean) * (AT(x, r, i) - mean);
        }
        near_to("mean", mean, sum / c->rows, (c->rows + 1) * UNIT * size / c->rows);
        near_to("squares", AT(v, 0, i), squares, (c->rows + 4) * UNIT * squares);
    }
}

static void rows_normalise_sums(rows_case *c)
{
    matrix inverse = matrix_copy(&c->w, 0);
    c->k->normalise_sums(c->rows, c->n, c->x.view, c->d.view, c->before.view.at, inverse.view.at, c->u.view.at,
                         c->v.view.at);
    for (int i = 0; i < c->n; i++) {
        double sum = 0, size = 0, product = 0, product_size = 0, mean = AT(before, 0, i), factor = AT(w, 0, i);
        for (int r = 0; r < c->rows; r++) {
            double term = AT(d, r, i) * (AT(x, r, i) - mean) * factor;
            sum += AT(d, r, i), size += fabs(AT(d, r, i));
            product += term, product_size += fabs(term);
        }
        near_to("d_shift", AT(v, 0, i), sum, c->rows * UNIT * 1.001 * size);
        near_to("d_scale", AT(u, 0, i), product, (c->rows + 4) * UNIT * product_size);
    }
    matrix_done(&inverse);
}

static void rows_softmax(rows_case *c)
{
    if (c->accumulate) fill_wide(&c->x); /* half of the cases: logits to 3e38 */
    c->k->softmax(c->rows, c->n, c->x.view, c->out.view);
    for (int r = 0; r < c->rows; r++) {
        double largest = -INFINITY, sum = 0, total = 0;
        for (int i = 0; i < c->n; i++)
            largest = fmax(largest, AT(x, r, i));
        for (int i = 0; i < c->n; i++)
            sum += exp(AT(x, r, i) - largest);
        for (int i = 0; i < c->n; i++) {
            double below = fmin(largest - AT(x, r, i), 90), want = exp(AT(x, r, i) - largest) / sum;
            near_to("y", AT(out, r, i), want, (below + c->n + 16) * UNIT * want + SMALLEST);
            total += AT(out, r, i);
        }
        near_to("sum of a row", total, 1, (c->n + 16) * UNIT);
    }
}

static void rows_softmax_back(rows_case *c)
{
    c->k->softmax_back(c->rows, c->n, c->y.view, c->d.view, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        double mean = 0, size = 0;
        for (int j = 0; j < c->n; j++)
            mean += AT(y, r, j) * AT(d, r, j), size += fabs(AT(y, r, j) * AT(d, r, j));
        double term = AT(y, r, i) * (AT(d, r, i) - mean);
        size = fabs(AT(y, r, i)) * (fabs(AT(d, r, i)) + size) + fabs(OLD(r, i));
        near_to("dx", AT(out, r, i), OLD(r, i) + term, (c->n + 5) * UNIT * size);
    }
}

ROWS_CHECK(column_sum, 0, 0)
ROWS_CHECK(copy, 0, 0)
ROWS_CHECK(affine, 0, 0)
ROWS_CHECK(add_affine, 0, 0)
ROWS_CHECK(scale_columns, 0, 0)
ROWS_CHECK(dropout, 0, 0)
ROWS_CHECK(moments, 1, 0)
ROWS_CHECK(normalise_sums, 1, 0)
ROWS_CHECK(softmax, 0, 1)
ROWS_CHECK(softmax_back, 0, 1)

/* -- losses ------------------------------------------------------------------------------------------------------ */

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static void rows_log_loss(rows_case *c)
{
    if (c->rows != 1) return;
    fill_wide(&c->x);
    for (int i = 0; i < c->n; i++)
        *matrix_at(&c->u, 0, i) = i % 3 == 2 ? 0.5f + 0.5f * any_number() : (float)(i % 3);
    c->k->log_loss(c->n, c->x.view.at, c->u.view.at, c->v.view.at, c->w.view.at);
    for (int i = 0; i < c->n; i++) {
        double z = AT(x, 0, i), y = AT(u, 0, i);
        double want = (1 - y) * softplus(z) + y * softplus(-z), s = sigmoid(z);
        double fraction = i % 3 == 2 ? 2 * fabs(z) : 0; /* y z is exact for y of 0 and 1 */
        near_to("loss", AT(v, 0, i), want, 10 * UNIT * want + fraction * UNIT + SMALLEST);
        near_to("dz", AT(w, 0, i), s - y, 10 * UNIT * s + UNIT * fabs(s - y) + SMALLEST);
        if (!isfinite(AT(v, 0, i))) check_here("loss is not finite");
    }
}

ROWS_CHECK(log_loss, 1, 0)

/** log(e^-a + e^-b + e^(-a-b)). */
static double pair_log_sum(double a, double b)
{
    double top = fmax(-a - b, fmax(-a, -b));
    return top + log(exp(-a - top) + exp(-b - top) + exp(-a - b - top));
}

static void rows_pair_log_loss(rows_case *c)
{
    if (c->rows != 1) return;
    fill_wide(&c->x), fill_wide(&c->d);
    for (int i = 0; i < c->n; i++)
        *matrix_at(&c->u, 0, i) = i % 3 == 2 ? 0.5f + 0.5f * any_number() : (float)(i % 3);
    c->k->pair_log_loss(c->n, c->x.view.at, c->d.view.at, c->u.view.at, c->v.view.at, c->w.view.at, c->out.view.at);
    for (int i = 0; i < c->n; i++) {
        if (!isfinite(AT(v, 0, i)) || !isfinite(AT(w, 0, i)) || !isfinite(AT(out, 0, i))) check_here("not finite");
        double a = AT(x, 0, i), b = AT(d, 0, i), y = AT(u, 0, i);
        if (fabs(a) > 1e5 || fabs(b) > 1e5) continue; /* where they are clamped, only finiteness is guaranteed */
        double z = -pair_log_sum(a, b), size = fabs(a) + fabs(b) + 4;
        double want = (1 - y) * softplus(z) + y * softplus(-z);
        double fraction = i % 3 == 2 ? 2 * fabs(z) : 0;
        near_to("loss", AT(v, 0, i), want, 6 * UNIT * size * want + fraction * UNIT + SMALLEST);
        double ra = (1 - y) * sigmoid(a) * exp(-a + z), rb = (1 - y) * sigmoid(b) * exp(-b + z);
        double ya = y * sigmoid(-a), yb = y * sigmoid(-b);
        near_to("da", AT(w, 0, i), ra - ya, 6 * UNIT * size * ra + 12 * UNIT * ya + SMALLEST);
        near_to("db", AT(out, 0, i), rb - yb, 6 * UNIT * size * rb + 12 * UNIT * yb + SMALLEST);
    }
}

ROWS_CHECK(pair_log_loss, 1, 0)

/* -- parameters -------------------------------------------------------------------------------------------------- */

/* The sum of the parts first to first + size - 1, a subtree, of which those below n_parts exist: the definition. */
static float subtree(const float *const *parts, int n_parts, int first, int size, int i)
{
    if (size == 1) return parts[first][i];
    const float left = subtree(parts, n_parts, first, size / 2, i);
    if (first + size / 2 >= n_parts) return left;
    return left + subtree(parts, n_parts, first + size / 2, size / 2, i);
}

static void rows_sum_tree(rows_case *c)
{
    if (c->rows != 1) return;
    const float *const sources[] = {c->u.view.at, c->x.view.at, c->y.view.at, c->d.view.at};
    const float *parts[64] = {NULL};
    const int n_parts = 1 + c->n * 5 % 64;
    matrix first = matrix_copy(&c->u, 0);
    for (int part = 0; part < n_parts; part++)
        parts[part] = sources[part * 7 % 4];
    c->k->sum_tree((size_t)c->n, parts, n_parts, c->accumulate ? c->u.view.at : c->out.view.at);
    for (int part = 0; part < n_parts; part++)
        if (parts[part] == c->u.view.at) parts[part] = first.view.at;
    for (int i = 0; i < c->n; i++) {
        const float want = subtree(parts, n_parts, 0, 64, i);
        if (!same_bits(c->accumulate ? c->u.view.at[i] : c->out.view.at[i], want))
            check_here("not the sum by the tree");
    }
    matrix_done(&first);
}

static void rows_sum_squares(rows_case *c)
{
    if (c->rows != 1) return;
    double got = c->k->sum_squares((size_t)c->n, c->x.view.at), sum = 0;
    for (int i = 0; i < c->n; i++)
        sum += AT(x, 0, i) * AT(x, 0, i);
    near_to("sum of squares", got, sum, (c->n + 1) * 0x1p-52 * sum);
}

static void rows_limit(rows_case *c)
{
    if (c->rows != 1) return;
    const float factor = 0.7f, most = c->accumulate ? 0.25f : 0.0f;
    c->k->limit((size_t)c->n, c->out.view.at, factor, most);
    for (int i = 0; i < c->n; i++) {
        float want = factor * *matrix_at(&c->before, 0, i);
        if (most > 0) want = fminf(most, fmaxf(-most, want));
        if (!same_bits(*matrix_at(&c->out, 0, i), want)) check_here("not cut to size");
    }
}

static void rows_add_l2(rows_case *c)
{
    if (c->rows != 1) return;
    const float l2 = 0.37f;
    double got = c->k->add_l2((size_t)c->n, c->x.view.at, l2, c->out.view.at), sum = 0;
    for (int i = 0; i < c->n; i++) {
        double term = 2 * (double)l2 * AT(x, 0, i), old = AT(before, 0, i);
        sum += AT(x, 0, i) * AT(x, 0, i);
        near_to("g", AT(out, 0, i), old + term, 3 * UNIT * (fabs(old) + fabs(term)));
    }
    near_to("sum of squares", got, sum, (c->n + 1) * 0x1p-52 * sum);
}

ROWS_CHECK(sum_tree, 1, 0)
ROWS_CHECK(add_l2, 1, 0)
ROWS_CHECK(sum_squares, 1, 0)
ROWS_CHECK(limit, 1, 0)

/* -- the list ---------------------------------------------------------------------------------------------------- */

KERNELS_OTHERS(KERNEL_TEST)

#define KERNEL_SIZE(kernel) +sizeof(((plx_kernels *)0)->kernel)
_Static_assert(sizeof(plx_kernels) == offsetof(plx_kernels, gemm_nn) + (0 PLX_KERNEL_LIST(KERNEL_SIZE)),
               "PLX_KERNEL_LIST must name every kernel");
_Static_assert((0 KERNELS_OTHERS(KERNEL_SIZE) KERNELS_ACTIVATIONS(KERNEL_SIZE) KERNELS_POOLS(KERNEL_SIZE)
                    KERNELS_STEPS(KERNEL_SIZE) KERNELS_TABLES(KERNEL_SIZE)) == (0 PLX_KERNEL_LIST(KERNEL_SIZE)),
               "the programs of kernels_check.h must test every kernel");

static void test_levels(void)
{
    static const char *const names[PLX_CPU_LEVELS] = {"plain", "simd128", "avx2", "avx512"};
    for (int level = 0; level < PLX_CPU_LEVELS; level++) {
        plx_cpu_level found = PLX_CPU_LEVELS;
        CHECK(plx_cpu_level_named(names[level], &found) && (int)found == level);
        const plx_kernels *k = plx_kernels_for((plx_cpu_level)level);
        REQUIRE(k);
        int expected = level < (int)plx_cpu_best() ? level : (int)plx_cpu_best();
        CHECK((int)k->level == expected);
        CHECK(strcmp(k->name, names[expected]) == 0);
    }
    plx_cpu_level untouched = PLX_CPU_AVX2;
    CHECK(!plx_cpu_level_named("avx1024", &untouched) && untouched == PLX_CPU_AVX2);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {KERNELS_OTHERS(KERNEL_ROW) CHECK_TEST(test_levels)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
