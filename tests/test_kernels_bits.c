/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guarantees about bits: a row, element or column gets the same bits at any place and next to any numbers; a NaN
 * reaches everything that depends on it, and nothing else.
 */
#include "kernels_check.h"

/** Compares `got` [rows,n] with the part of `whole` that begins at (row, column). */
static void same_part(const matrix *got, const matrix *whole, int row, int column)
{
    for (int r = 0; r < got->rows; r++)
        for (int i = 0; i < got->n; i++)
            if (!same_bits(*matrix_at(got, r, i), *matrix_at(whole, row + r, column + i))) {
                check_here("bits differ");
                return;
            }
}

static plx_view part_of(const matrix *x, int row, int column)
{
    return (plx_view){matrix_at(x, row, column), x->view.stride};
}

/** Parts of one large product, computed separately, with other strides. */
static void check_product_parts(const plx_kernels *k, bool turned)
{
    enum { ROWS = 141, COLUMNS = 139, STEPS = 300 };
    static const int sizes[] = {1, 2, 3, 5, 8, 9, 16, 17, 31, 64, 130};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    matrix a = turned ? matrix_make(STEPS, ROWS, 0) : matrix_make(ROWS, STEPS, 0);
    matrix b = matrix_make(STEPS, COLUMNS, 2), c = matrix_make(ROWS, COLUMNS, 0), bias = matrix_make(1, COLUMNS, 0);
    matrix before = matrix_copy(&c, 0);
    if (turned)
        k->gemm_tn(STEPS, COLUMNS, ROWS, a.view, b.view, c.view, true);
    else
        k->gemm_nn(ROWS, COLUMNS, STEPS, a.view, b.view, c.view, bias.view.at, true);
    for (int is = 0; is < SIZES * SIZES; is++) {
        int rows = sizes[is / SIZES], columns = sizes[is % SIZES];
        int row = (is * 7) % (ROWS - rows + 1), column = (is * 11) % (COLUMNS - columns + 1);
        matrix part = matrix_make(rows, columns, is % 4);
        for (int i = 0; i < rows * columns; i++)
            *matrix_at(&part, i / columns, i % columns) = *matrix_at(&before, row + i / columns, column + i % columns);
        plx_view b_part = part_of(&b, 0, column);
        if (turned)
            k->gemm_tn(STEPS, columns, rows, part_of(&a, 0, row), b_part, part.view, true);
        else
            k->gemm_nn(rows, columns, STEPS, part_of(&a, row, 0), b_part, part.view, bias.view.at + column, true);
        same_part(&part, &c, row, column);
        matrix_done(&part);
    }
    matrix_done(&a), matrix_done(&b), matrix_done(&c), matrix_done(&bias), matrix_done(&before);
}

static void check_gemm_nn_parts(const plx_kernels *k)
{
    check_product_parts(k, false);
}

static void check_gemm_tn_parts(const plx_kernels *k)
{
    check_product_parts(k, true);
}

static void test_product_parts(void)
{
    each_level("gemm_nn", check_gemm_nn_parts);
    each_level("gemm_tn", check_gemm_tn_parts);
}

/** Accumulating two parts of the sum gives the whole sum. */
static void check_two_halves(const plx_kernels *k)
{
    for (int cut = 0; cut <= 270; cut += 45) {
        matrix a = matrix_make(9, 270, 1), b = matrix_make(270, 35, 0), bias = matrix_make(1, 35, 0);
        matrix whole = matrix_make(9, 35, 0), halves = matrix_make(9, 35, 3);
        k->gemm_nn(9, 35, 270, a.view, b.view, whole.view, bias.view.at, false);
        k->gemm_nn(9, 35, cut, a.view, b.view, halves.view, bias.view.at, false);
        k->gemm_nn(9, 35, 270 - cut, part_of(&a, 0, cut), part_of(&b, cut, 0), halves.view, NULL, true);
        same_part(&halves, &whole, 0, 0);
        matrix_done(&a), matrix_done(&b), matrix_done(&bias), matrix_done(&whole), matrix_done(&halves);
    }
}

static void test_two_halves(void)
{
    each_level("gemm_nn in two halves", check_two_halves);
}

/* -- elementwise kernels: a part of the row, at another place, gets the same bits --------------------------------- */

enum { ROWS = 5, LENGTH = 53 };

typedef struct operands {
    matrix x, y, d, u, v; /* [ROWS,LENGTH]; u and v are used as one row */
} operands;

typedef void pointwise(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out);

/** Rows 0 and 1 of activations in the usual form: the value, then the gradient added to it. */
#define RUN_ACTIVATION(kernel, by)                                                                                     \
    static void run_##kernel(const plx_kernels *k, int rows, int n, const operands *o, int row, int column,            \
                             matrix *out)                                                                              \
    {                                                                                                                  \
        const plx_view x = part_of(&o->x, row, column);                                                                \
        k->kernel(rows, n, x, out->view);                                                                              \
        k->kernel##_back(rows, n, x, part_of(&o->y, row, column), part_of(&o->d, row, column), out->view, true);       \
    }
PLX_POINTWISE_LIST(RUN_ACTIVATION)

static void run_prelu(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    const plx_view x = part_of(&o->x, row, column);
    k->prelu(rows, n, x, matrix_at(&o->u, 0, column), out->view);
    k->prelu_back(rows, n, x, matrix_at(&o->u, 0, column), part_of(&o->d, row, column), out->view, true);
}

static void run_dice(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    const plx_view x = part_of(&o->x, row, column), z = part_of(&o->y, row, column);
    const float *slope = matrix_at(&o->u, 0, column);
    matrix dz = matrix_make(rows, n, 1);
    k->dice(rows, n, x, z, slope, out->view);
    k->dice_back(rows, n, x, z, slope, part_of(&o->d, row, column), out->view, true, dz.view, false);
    k->copy(rows, n, dz.view, out->view, true);
    matrix_done(&dz);
}

static void run_affine(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    k->affine(rows, n, part_of(&o->x, row, column), matrix_at(&o->u, 0, column), matrix_at(&o->v, 0, column),
              out->view);
}

static void run_add_affine(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    k->add_affine(rows, n, part_of(&o->x, row, column), matrix_at(&o->u, 0, column), matrix_at(&o->v, 0, column),
                  out->view);
}

static void run_scale_columns(const plx_kernels *k, int rows, int n, const operands *o, int row, int column,
                              matrix *out)
{
    k->scale_columns(rows, n, part_of(&o->d, row, column), matrix_at(&o->u, 0, column), out->view, true);
}

/** Columns separately, with all rows. Two results: rows 0 and 1 of `out`. */
static void run_moments(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    (void)row;
    if (rows > 1) k->moments(ROWS, n, part_of(&o->x, 0, column), matrix_at(out, 0, 0), matrix_at(out, 1, 0));
}

static void run_normalise_sums(const plx_kernels *k, int rows, int n, const operands *o, int row, int column,
                               matrix *out)
{
    (void)row;
    if (rows > 1)
        k->normalise_sums(ROWS, n, part_of(&o->x, 0, column), part_of(&o->d, 0, column), matrix_at(&o->u, 0, column),
                          matrix_at(&o->v, 0, column), matrix_at(out, 0, 0), matrix_at(out, 1, 0));
}

static void run_log_loss(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    if (rows > 1)
        k->log_loss(n, matrix_at(&o->x, 0, column), matrix_at(&o->y, 0, column), matrix_at(out, 0, 0),
                    matrix_at(out, 1, 0));
    (void)row;
}

static void run_pair_log_loss(const plx_kernels *k, int rows, int n, const operands *o, int row, int column,
                              matrix *out)
{
    (void)row;
    if (rows > 2)
        k->pair_log_loss(n, matrix_at(&o->x, 0, column), matrix_at(&o->d, 0, column), matrix_at(&o->y, 0, column),
                         matrix_at(out, 0, 0), matrix_at(out, 1, 0), matrix_at(out, 2, 0));
}

static void run_adam(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    const plx_adam_numbers numbers = {0.01f, 0.1f, 0.001f, 1e-7f};
    matrix m = matrix_copy(&o->u, 0), v = matrix_copy(&o->y, 0);
    for (int r = 0; r < rows; r++)
        k->adam((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), matrix_at(&m, row + r, column),
                matrix_at(&v, row + r, column), &numbers);
    matrix_done(&m), matrix_done(&v);
}

static void run_sgd(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    for (int r = 0; r < rows; r++)
        k->sgd((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), 0.3f);
}

static void run_momentum(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    matrix m = matrix_copy(&o->u, 0);
    for (int r = 0; r < rows; r++)
        k->momentum((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), matrix_at(&m, row + r, column),
                    0.01f, 0.9f, true);
    matrix_done(&m);
}

static void run_adagrad(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    matrix a = matrix_copy(&o->y, 0);
    for (int r = 0; r < rows; r++)
        k->adagrad((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), matrix_at(&a, row + r, column),
                   0.01f, 1e-7f);
    matrix_done(&a);
}

static void run_rmsprop(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    const plx_rmsprop_numbers numbers = {0.01f, 0.1f, 1e-7f, 0.9f};
    matrix v = matrix_copy(&o->y, 0), m = matrix_copy(&o->u, 0), u = matrix_copy(&o->v, 0);
    for (int r = 0; r < rows; r++)
        k->rmsprop((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), matrix_at(&v, row + r, column),
                   matrix_at(&m, row + r, column), matrix_at(&u, row + r, column), &numbers);
    matrix_done(&v), matrix_done(&m), matrix_done(&u);
}

static void run_ftrl(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    const plx_ftrl_numbers numbers = {0.1f, 1.0f, 0.1f, 0.1f};
    matrix a = matrix_copy(&o->y, 0), z = matrix_copy(&o->u, 0);
    for (int r = 0; r < rows; r++)
        k->ftrl((size_t)n, matrix_at(out, r, 0), matrix_at(&o->x, row + r, column), matrix_at(&a, row + r, column),
                matrix_at(&z, row + r, column), &numbers);
    matrix_done(&a), matrix_done(&z);
}

/** Whole rows separately: the length must stay. */
static void run_softmax(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    if (column == 0 && n == LENGTH) k->softmax(rows, n, part_of(&o->x, row, 0), out->view);
}

static void run_softmax_back(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    if (column == 0 && n == LENGTH)
        k->softmax_back(rows, n, part_of(&o->y, row, 0), part_of(&o->d, row, 0), out->view, true);
}

/** x holds 5 gates, of which 3 are used; d is a bank of 3 x 17. */
static void run_mix_back(const plx_kernels *k, int rows, int n, const operands *o, int row, int column, matrix *out)
{
    if (column != 0 || n != LENGTH) return;
    matrix d_gate = matrix_make(rows, 3, 1);
    const plx_mix_gate gate = {.gate = part_of(&o->x, row, 0), .out = part_of(&o->y, row, 0), .d_gate = d_gate.view};
    k->mix_back(rows, 3, 17, part_of(&o->d, row, 0), false, &gate, 1, out->view, true);
    for (int r = 0; r < rows; r++) /* 2 of the 53 numbers of a row are free */
        *matrix_at(out, r, 51) = *matrix_at(&d_gate, r, 0), *matrix_at(out, r, 52) = *matrix_at(&d_gate, r, 2);
    matrix_done(&d_gate);
}

static void check_parts(const plx_kernels *k, const char *name, pointwise *run)
{
    snprintf(check_context, sizeof check_context, "%s %s", k->name, name);
    operands o = {matrix_make(ROWS, LENGTH, 2), matrix_make(ROWS, LENGTH, 0), matrix_make(ROWS, LENGTH, 1),
                  matrix_make(ROWS, LENGTH, 0), matrix_make(ROWS, LENGTH, 0)};
    for (int i = 0; i < ROWS * LENGTH; i++) {
        *matrix_at(&o.x, i / LENGTH, i % LENGTH) *= i % 3 ? 8.0f : 0.5f;
        *matrix_at(&o.y, i / LENGTH, i % LENGTH) = 0.5f + 0.5f * *matrix_at(&o.y, i / LENGTH, i % LENGTH);
    }
    matrix before = matrix_make(ROWS, LENGTH, 0), whole = matrix_copy(&before, 0);
    run(k, ROWS, LENGTH, &o, 0, 0, &whole);
    for (int n = 1; n <= LENGTH; n++) {
        for (int row = 0; row < ROWS; row++) {
            int rows = ROWS - row, column = (n * 5 + row) % (LENGTH - n + 1);
            matrix part = matrix_make(rows, n, n % 3);
            for (int i = 0; i < rows * n; i++)
                *matrix_at(&part, i / n, i % n) = *matrix_at(&before, row + i / n, column + i % n);
            run(k, rows, n, &o, row, column, &part);
            bool by_column =
                run == run_moments || run == run_normalise_sums || run == run_log_loss || run == run_pair_log_loss;
            bool by_row = run == run_softmax || run == run_softmax_back || run == run_mix_back;
            if ((!by_column || row == 0) && (!by_row || n == LENGTH)) same_part(&part, &whole, row, column);
            matrix_done(&part);
        }
    }
    matrix_done(&o.x), matrix_done(&o.y), matrix_done(&o.d), matrix_done(&o.u), matrix_done(&o.v);
    matrix_done(&before), matrix_done(&whole);
}

#define PARTS(kernel, ...) {#kernel, run_##kernel},

static void check_all_parts(const plx_kernels *k)
{
    /* clang-format off */
    static const struct {
        const char *name;
        pointwise *run;
    } kernels[] = {
        PLX_POINTWISE_LIST(PARTS)
        PARTS(affine, ) PARTS(moments, ) PARTS(scale_columns, ) PARTS(log_loss, ) PARTS(add_affine, )
        PARTS(normalise_sums, ) PARTS(adam, ) PARTS(pair_log_loss, ) PARTS(sgd, ) PARTS(softmax_back, )
        PARTS(softmax, ) PARTS(mix_back, ) PARTS(momentum, ) PARTS(adagrad, ) PARTS(rmsprop, ) PARTS(ftrl, )
        PARTS(prelu, ) PARTS(dice, )
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        check_parts(k, kernels[i].name, kernels[i].run);
}

static void test_parts(void)
{
    each_level("parts", check_all_parts);
}

/* -- NaN --------------------------------------------------------------------------------------------------------- */

/** Row 1 of 3 has a NaN at `place`: only that row's outputs are NaN, at `place` or everywhere. */
static void check_nan_rows(const matrix *out, int place, bool whole_row)
{
    for (int r = 0; r < out->rows; r++)
        for (int i = 0; i < out->n; i++)
            if (!isnan(*matrix_at(out, r, i)) == (r == 1 && (whole_row || i == place))) {
                check_here(r == 1 ? "NaN lost" : "NaN in another row");
                return;
            }
}

static void check_nan(const plx_kernels *k)
{
    for (int n = 1; n <= 35; n++) {
        int place = (n * 5 + 3) % n;
        matrix x = matrix_make(3, n, 0), b = matrix_make(n, 7, 0), out = matrix_make(3, n, 0), c = matrix_make(3, 7, 0);
        *matrix_at(&x, 1, place) = NAN;
#define OF_TABLE(name, by) k->name,
        plx_activate_fn *const activations[] = {PLX_POINTWISE_LIST(OF_TABLE)};
        for (int i = 0; i < COUNT(activations); i++) {
            activations[i](3, n, x.view, out.view);
            check_nan_rows(&out, place, false);
        }
        k->softmax(3, n, x.view, out.view);
        check_nan_rows(&out, place, true);
        k->gemm_nn(3, 7, n, x.view, b.view, c.view, NULL, false);
        check_nan_rows(&c, 0, true);
        matrix y = matrix_make(3, n, 0), da = matrix_make(3, n, 0), db = matrix_make(3, n, 0);
        k->log_loss(3 * n, x.view.at, y.view.at, out.view.at, da.view.at);
        check_nan_rows(&out, place, false), check_nan_rows(&da, place, false);
        k->pair_log_loss(3 * n, x.view.at, y.view.at, y.view.at, out.view.at, da.view.at, db.view.at);
        check_nan_rows(&out, place, false), check_nan_rows(&da, place, false), check_nan_rows(&db, place, false);
        k->pair_log_loss(3 * n, y.view.at, x.view.at, y.view.at, out.view.at, da.view.at, db.view.at);
        check_nan_rows(&out, place, false), check_nan_rows(&da, place, false), check_nan_rows(&db, place, false);
        matrix_done(&x), matrix_done(&b), matrix_done(&out), matrix_done(&c);
        matrix_done(&y), matrix_done(&da), matrix_done(&db);
    }
}

/** Where relu is 0, an infinite dy vanishes; a NaN in y stays, and so does one in dy where relu is not 0. */
static void check_relu_back(const plx_kernels *k)
{
    for (int n = 1; n <= 35; n++) {
        for (int accumulate = 0; accumulate <= 1; accumulate++) {
            matrix y = matrix_make(3, n, 0), dy = matrix_make(3, n, accumulate), dx = matrix_make(3, n, 1);
            matrix before = matrix_copy(&dx, 0);
            for (int i = 0; i < n; i++) {
                *matrix_at(&y, 0, i) = i % 2 ? 0.5f : 0.0f;
                if (i % 2 == 0) *matrix_at(&dy, 0, i) = i % 4 ? -INFINITY : INFINITY;
                *matrix_at(&y, 1, i) = i % 2 ? 0.5f : NAN;
                *matrix_at(&y, 2, i) = i % 2 ? 0.0f : 0.5f;
                *matrix_at(&dy, 2, i) = NAN;
            }
            k->relu_back(3, n, y.view, y.view, dy.view, dx.view, accumulate);
            for (int r = 0; r < 3; r++)
                for (int i = 0; i < n; i++) {
                    float got = *matrix_at(&dx, r, i), old = accumulate ? *matrix_at(&before, r, i) : 0.0f;
                    float closed = old, open = old + *matrix_at(&dy, r, i);
                    bool stays_nan = r > 0 && i % 2 == 0, is_open = r < 2 && i % 2;
                    if (stays_nan ? !isnan(got) : got != (is_open ? open : closed)) check_here("relu_back is wrong");
                }
            matrix_done(&y), matrix_done(&dy), matrix_done(&dx), matrix_done(&before);
        }
    }
}

static void test_relu_back(void)
{
    each_level("relu_back", check_relu_back);
}

static void test_nan(void)
{
    each_level("NaN", check_nan);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_product_parts), CHECK_TEST(test_two_halves),
                                       CHECK_TEST(test_parts), CHECK_TEST(test_relu_back), CHECK_TEST(test_nan)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
