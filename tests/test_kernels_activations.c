/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for activations: values and gradients compared with doubles, over numbers of every size. */
#include "kernels/activation_leaky_relu.h"
#include "kernels/activation_selu.h"
#include "kernels_rows.h"

/* -- With slopes from the value ----------------------------------------------------------------------------------- */

static void rows_relu(rows_case *c)
{
    fill_wide(&c->x);
    c->k->relu(c->rows, c->n, c->x.view, c->out.view);
    EACH(c, r, i) near_to("relu", AT(out, r, i), fmax(AT(x, r, i), 0), 0);
}

static void rows_sigmoid(rows_case *c)
{
    fill_wide(&c->x);
    c->k->sigmoid(c->rows, c->n, c->x.view, c->out.view);
    EACH(c, r, i)
    {
        double want = 1 / (1 + exp(-AT(x, r, i)));
        near_to("sigmoid", AT(out, r, i), want, 4 * 2 * UNIT * want + SMALLEST);
    }
}

static void rows_tanh(rows_case *c)
{
    fill_wide(&c->x);
    c->k->tanh(c->rows, c->n, c->x.view, c->out.view);
    EACH(c, r, i)
    {
        double want = tanh(AT(x, r, i));
        near_to("tanh", AT(out, r, i), want, 4 * 2 * UNIT * fabs(want) + 1e-44);
    }
}

static void check_back(rows_case *c, plx_activate_back_fn *back, double slope(double), double low)
{
    EACH(c, r, i) * matrix_at(&c->y, r, i) = fmaxf((float)low, *matrix_at(&c->y, r, i));
    back(c->rows, c->n, c->x.view, c->y.view, c->d.view, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        double term = AT(d, r, i) * slope(AT(y, r, i));
        near_to("dx", AT(out, r, i), OLD(r, i) + term, 5 * UNIT * (fabs(OLD(r, i)) + fabs(term)));
    }
}

static double relu_slope(double y)
{
    return y > 0;
}

static double sigmoid_slope(double y)
{
    return y * (1 - y);
}

static double tanh_slope(double y)
{
    return 1 - y * y;
}

static void rows_relu_back(rows_case *c)
{
    check_back(c, c->k->relu_back, relu_slope, 0);
}

static void rows_sigmoid_back(rows_case *c)
{
    check_back(c, c->k->sigmoid_back, sigmoid_slope, 0);
}

static void rows_tanh_back(rows_case *c)
{
    check_back(c, c->k->tanh_back, tanh_slope, -1);
}

ROWS_CHECK(relu, 0, 0)
ROWS_CHECK(sigmoid, 0, 0)
ROWS_CHECK(tanh, 0, 0)
ROWS_CHECK(relu_back, 0, 0)
ROWS_CHECK(sigmoid_back, 0, 0)
ROWS_CHECK(tanh_back, 0, 0)

/* -- With slopes from the number ---------------------------------------------------------------------------------- */

/** Numbers of every size, including special cases. */
static void fill_sizes(matrix *x)
{
    static const float special[] = {0.0f,   -0.0f, 1e-40f, -1e-40f, 1e4f,   -1e4f,  20.0f, -20.0f, 87.0f,
                                    -87.5f, 13.4f, -13.2f, 0.34f,   -0.35f, 1e-20f, 3e18f, -3e18f, -5.5f};
    for (int i = 0; i < x->rows * x->n; i++) {
        float a = any_number();
        *matrix_at(x, i / x->n, i % x->n) = a < -0.7f ? special[i % COUNT(special)]
                                            : a < 0   ? 10.0f * any_number()
                                                      : any_number() * expf(6 * any_number());
    }
}

static double sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

/** f(x), f'(x), and a size: the error may be 4 units in the last place of it, since a polynomial's terms cancel. */
typedef struct shape_of {
    double value, slope, size;
} shape_of;

static shape_of leaky_relu_shape(double x)
{
    const double slope = (double)PLX_LEAKY_SLOPE;
    return (shape_of){x < 0 ? slope * x : x, x > 0 ? 1 : slope, 0};
}

static shape_of elu_shape(double x)
{
    return (shape_of){x < 0 ? expm1(x) : x, x > 0 ? 1 : exp(x), 0};
}

static shape_of selu_shape(double x)
{
    const double scale = (double)PLX_SELU_SCALE, alpha = (double)PLX_SELU_ALPHA;
    return (shape_of){scale * (x < 0 ? alpha * expm1(x) : x), scale * (x > 0 ? 1 : alpha * exp(x)), 0};
}

static shape_of softplus_shape(double x)
{
    return (shape_of){fmax(x, 0) + log1p(exp(-fabs(x))), sigmoid_of(x), 0};
}

static shape_of swish_shape(double x)
{
    const double s = sigmoid_of(x);
    return (shape_of){x * s, s + x * s * (1 - s), s * (1 + fabs(x) * (1 - s))};
}

/** The slope's second term has an error of twice the rounding of e^-x. */
static shape_of mish_shape(double x)
{
    const double t = tanh(fmax(x, 0) + log1p(exp(-fabs(x)))), bend = (1 - t) * (1 + t) * sigmoid_of(x);
    return (shape_of){x * t, t + x * bend, t + 2 * fabs(x) * bend};
}

/** e^(-x^2/2) of a rounded square has an error of a half of x^2 roundings. */
static shape_of gelu_shape(double x)
{
    const double share = 0.5 * erfc(-x * sqrt(0.5)), density = exp(-x * x / 2) / sqrt(2 * acos(-1.0));
    const double tail = fmin(x * x, 200) * (share < 0.5 ? share : 1 - share);
    return (shape_of){x * share, share + x * density,
                      share + fabs(x) * density * (1 + fmin(x * x, 200)) + tail + 0.5 * (x > 0)};
}

static void check_activation(rows_case *c, plx_activate_fn *f, shape_of shape(double))
{
    fill_sizes(&c->x);
    f(c->rows, c->n, c->x.view, c->out.view);
    EACH(c, r, i)
    {
        const shape_of want = shape(AT(x, r, i));
        const double size = fabs(want.value) + fabs(AT(x, r, i)) * want.size;
        near_to("y", AT(out, r, i), want.value, 16 * UNIT * size + 1.7e-38 * (1 + fabs(AT(x, r, i))));
    }
    f(c->rows, c->n, c->x.view, c->x.view); /* in place, the same bits */
    EACH(c, r, i)
    {
        if (!same_bits(*matrix_at(&c->x, r, i), *matrix_at(&c->out, r, i))) check_here("in place is not the same");
    }
}

/** The slope reads y as `forward` makes it: y's rounding, at most 16 units, enters the slope. */
static void check_slope(rows_case *c, plx_activate_back_fn *back, shape_of shape(double))
{
    fill_sizes(&c->x);
    EACH(c, r, i) * matrix_at(&c->y, r, i) = (float)shape(AT(x, r, i)).value;
    back(c->rows, c->n, c->x.view, c->y.view, c->d.view, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        const shape_of want = shape(AT(x, r, i));
        const double term = AT(d, r, i) * want.slope, size = fabs(want.slope) + want.size + fmin(fabs(want.value), 2);
        near_to("dx", AT(out, r, i), OLD(r, i) + term,
                16 * UNIT * (fabs(OLD(r, i)) + fabs(AT(d, r, i)) * size) + 1.7e-38 * (1 + fabs(AT(x, r, i))));
    }
}

#define ACTIVATION_CHECKS(name)                                                                                        \
    static void rows_##name(rows_case *c)                                                                              \
    {                                                                                                                  \
        check_activation(c, c->k->name, name##_shape);                                                                 \
    }                                                                                                                  \
    static void rows_##name##_back(rows_case *c)                                                                       \
    {                                                                                                                  \
        check_slope(c, c->k->name##_back, name##_shape);                                                               \
    }                                                                                                                  \
    ROWS_CHECK(name, 0, 0)                                                                                             \
    ROWS_CHECK(name##_back, 0, 0)

ACTIVATION_CHECKS(leaky_relu)
ACTIVATION_CHECKS(elu)
ACTIVATION_CHECKS(selu)
ACTIVATION_CHECKS(softplus)
ACTIVATION_CHECKS(swish)
ACTIVATION_CHECKS(gelu)
ACTIVATION_CHECKS(mish)

/* -- Learned slopes: u[i] for column i ---------------------------------------------------------------------------- */

static void rows_prelu(rows_case *c)
{
    c->k->prelu(c->rows, c->n, c->x.view, c->u.view.at, c->out.view);
    EACH(c, r, i)
    {
        const double x = AT(x, r, i), want = x < 0 ? x * AT(u, 0, i) : x;
        near_to("y", AT(out, r, i), want, UNIT * fabs(want));
    }
}

static void rows_prelu_back(rows_case *c)
{
    c->k->prelu_back(c->rows, c->n, c->x.view, c->u.view.at, c->d.view, c->out.view, c->accumulate);
    EACH(c, r, i)
    {
        const double term = AT(d, r, i) * (AT(x, r, i) > 0 ? 1 : AT(u, 0, i));
        near_to("dx", AT(out, r, i), OLD(r, i) + term, 2 * UNIT * (fabs(OLD(r, i)) + fabs(term)));
    }
}

/** Sums of the rows' terms, added to `u` with `accumulate`. */
static void check_slope_sums(rows_case *c, const matrix *before, double term(const rows_case *c, int r, int i))
{
    for (int i = 0; i < c->n; i++) {
        double sum = c->accumulate ? (double)before->view.at[i] : 0, size = fabs(sum);
        for (int r = 0; r < c->rows; r++)
            sum += term(c, r, i), size += fabs(term(c, r, i));
        near_to("d_slope", AT(u, 0, i), sum, (c->rows + 12) * UNIT * size);
    }
}

static double prelu_term(const rows_case *c, int r, int i)
{
    return AT(d, r, i) * fmin(0, AT(x, r, i));
}

static void rows_prelu_sums(rows_case *c)
{
    matrix before = matrix_copy(&c->u, 0);
    c->k->prelu_sums(c->rows, c->n, c->x.view, c->d.view, c->u.view.at, c->accumulate);
    check_slope_sums(c, &before, prelu_term);
    matrix_done(&before);
}

static void rows_dice(rows_case *c)
{
    c->k->dice(c->rows, c->n, c->x.view, c->y.view, c->u.view.at, c->out.view);
    EACH(c, r, i)
    {
        const double a = AT(u, 0, i), x = AT(x, r, i), p = sigmoid_of(AT(y, r, i));
        near_to("y", AT(out, r, i), x * (a + (1 - a) * p), 16 * UNIT * fabs(x) * (fabs(a) + fabs(1 - a) * p));
    }
}

static void rows_dice_back(rows_case *c)
{
    matrix dz = matrix_copy(&c->before, 1);
    c->k->dice_back(c->rows, c->n, c->x.view, c->y.view, c->u.view.at, c->d.view, c->out.view, c->accumulate, dz.view,
                    !c->accumulate);
    EACH(c, r, i)
    {
        const double a = AT(u, 0, i), x = AT(x, r, i), p = sigmoid_of(AT(y, r, i)), d = AT(d, r, i);
        const double term = d * (a + (1 - a) * p), size = fabs(d) * (fabs(a) + fabs(1 - a) * p);
        const double term_z = d * x * (1 - a) * p * (1 - p), old_z = c->accumulate ? 0 : AT(before, r, i);
        near_to("dx", AT(out, r, i), OLD(r, i) + term, 16 * UNIT * (fabs(OLD(r, i)) + size));
        near_to("dz", (double)*matrix_at(&dz, r, i), old_z + term_z, 24 * UNIT * (fabs(old_z) + fabs(term_z)));
    }
    matrix_done(&dz);
}

static double dice_term(const rows_case *c, int r, int i)
{
    return AT(d, r, i) * AT(x, r, i) * (1 - sigmoid_of(AT(y, r, i)));
}

static void rows_dice_sums(rows_case *c)
{
    matrix before = matrix_copy(&c->u, 0);
    c->k->dice_sums(c->rows, c->n, c->x.view, c->y.view, c->d.view, c->u.view.at, c->accumulate);
    check_slope_sums(c, &before, dice_term);
    matrix_done(&before);
}

ROWS_CHECK(prelu, 0, 0)
ROWS_CHECK(prelu_back, 0, 0)
ROWS_CHECK(prelu_sums, 0, 0)
ROWS_CHECK(dice, 0, 0)
ROWS_CHECK(dice_back, 0, 0)
ROWS_CHECK(dice_sums, 0, 0)

KERNELS_ACTIVATIONS(KERNEL_TEST)

int main(int argc, char **argv)
{
    static const check_test tests[] = {KERNELS_ACTIVATIONS(KERNEL_ROW)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
