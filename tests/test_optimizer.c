/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters' steps (regularisers and optimizers over spans) against a plain rendering in double that knows nothing of
 * spans, bands or kernels.
 */
#include "train/update.h"

#include "base/random.h"
#include "check.h"

enum { SPAN = 4096, N_VALUES = 4 * SPAN + 160, N_STEPS = 12 };

#define PARAM(name_, groups_, rows_, cols_, init_, l2, state, joined, side_by_side, offset_, group, row)               \
    {                                                                                                                  \
        .spec = {.name = name_,                                                                                        \
                 .groups = groups_,                                                                                    \
                 .rows = rows_,                                                                                        \
                 .cols = cols_,                                                                                        \
                 .init = init_,                                                                                        \
                 .regulariser = l2,                                                                                    \
                 .is_state = state,                                                                                    \
                 .is_joined = joined,                                                                                  \
                 .is_side_by_side = side_by_side},                                                                     \
        .offset = offset_, .group_stride = group, .row_stride = row, .lazy = -1                                        \
    }

/** A block such as graphs have: tables, a bank of kernels side by side beside biases and gates, states, padding. */
static const plx_param params[] = {
    /* Tables; the first two lie one behind the other, the third is padded. */
    PARAM("table0", 1, 100, 4, PLX_INIT_EMBEDDING, PLX_L2_EMBEDDING, false, true, false, 0, 400, 4),
    PARAM("table1", 1, 28, 4, PLX_INIT_EMBEDDING, PLX_L2_EMBEDDING, false, true, false, 400, 112, 4),
    PARAM("table2", 1, 40, 3, PLX_INIT_EMBEDDING, PLX_L2_EMBEDDING, false, true, false, 512, 160, 4),
    /* Three experts of 16 and a gate of 5 in one matrix of rows 64 long, past three spans' ends. */
    PARAM("bank", 3, 200, 16, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, true, 672, 16, 64),
    PARAM("gate", 1, 200, 5, PLX_INIT_GLOROT_UNIFORM, PLX_L2_NONE, false, false, true, 672 + 48, 5, 64),
    /* Groups one behind the other, and a kernel of the same regulariser right behind them. */
    PARAM("second", 2, 16, 32, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 13472, 512, 32),
    PARAM("third", 1, 32, 16, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 14496, 512, 16),
    PARAM("bias", 1, 1, 100, PLX_INIT_ZERO, PLX_L2_NONE, false, false, false, 15008, 112, 112),
    PARAM("moving_mean", 1, 1, 16, PLX_INIT_ZERO, PLX_L2_DNN, true, false, false, 15120, 16, 16),
    PARAM("last", 1, 75, 17, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 15136, 1275, 17),
};
enum { N_PARAMS = sizeof params / sizeof *params };

/** What a number of the block is. */
typedef enum number_kind { PADDING, PLAIN, REGULARISED, STATE } number_kind;

typedef struct block {
    plx_graph graph;
    plx_param params[N_PARAMS];
    number_kind kind[N_VALUES];
    double l2[N_VALUES];
    plx_real values[N_VALUES], gradient[N_VALUES];
    double expected[N_VALUES], slots[2][N_VALUES];
} block;

static void block_init(block *b, const double l2[PLX_L2_KINDS])
{
    const plx_random random = {5, PLX_STREAM_NAMED};
    *b = (block){0};
    memcpy(b->params, params, sizeof params);
    b->graph.params = b->params;
    b->graph.n_params = N_PARAMS;
    b->graph.n_values = b->graph.n_gradient = N_VALUES;
    for (int p = 0; p < N_PARAMS; p++) {
        const plx_param_spec *spec = &params[p].spec;
        for (int i = 0; i < spec->groups * spec->rows * spec->cols; i++) {
            int group = i / (spec->rows * spec->cols), row = i / spec->cols % spec->rows, col = i % spec->cols;
            size_t at = params[p].offset + (size_t)group * params[p].group_stride + (size_t)row * params[p].row_stride +
                        (size_t)col;
            if (at >= N_VALUES || b->kind[at] != PADDING) check_report(__FILE__, __LINE__, "the block is wrong");
            b->l2[at] = spec->is_state ? 0 : l2[spec->regulariser];
            b->kind[at] = spec->is_state ? STATE : b->l2[at] > 0 ? REGULARISED : PLAIN;
            b->values[at] = (plx_real)plx_random_normal(&random, at, 0);
            b->expected[at] = (double)b->values[at];
        }
    }
}

static void block_gradient(block *b, uint32_t step)
{
    const plx_random random = {6, PLX_STREAM_NAMED};
    for (size_t i = 0; i < N_VALUES; i++) {
        bool moves = b->kind[i] == PLAIN || b->kind[i] == REGULARISED;
        b->gradient[i] = moves ? (plx_real)plx_random_normal(&random, i, step) : 0;
    }
}

/** The formulae of the models' page, number by number. Returns the regularisers' loss. */
static double expected_step(block *b, const plx_train_spec *spec, int t, bool is_adam)
{
    double penalty = 0;
    double rate = spec->learning_rate;
    if (is_adam) rate *= sqrt(1 - pow(spec->beta2, t)) / (1 - pow(spec->beta1, t));
    for (size_t i = 0; i < N_VALUES; i++) {
        double g = (double)b->gradient[i] + 2 * b->l2[i] * b->expected[i];
        penalty += b->l2[i] * b->expected[i] * b->expected[i];
        double *m = &b->slots[0][i], *v = &b->slots[1][i];
        *m = spec->beta1 * *m + (1 - spec->beta1) * g;
        *v = spec->beta2 * *v + (1 - spec->beta2) * g * g;
        if (b->kind[i] == PLAIN || b->kind[i] == REGULARISED)
            b->expected[i] -= is_adam ? rate * *m / (sqrt(*v) + spec->epsilon) : rate * g;
    }
    return penalty;
}

static void check_against_plain_rendering(const char *optimizer, plx_cpu_level level, const double l2[PLX_L2_KINDS])
{
    static block b;
    char name[8];
    snprintf(name, sizeof name, "%s", optimizer);
    plx_train_spec spec = {.optimizer = name, .learning_rate = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
    plx_update update;
    plx_error err = {0};
    block_init(&b, l2);
    CHECK_STATUS(
        plx_update_init(&update, &plx_allocator_default, &b.graph, plx_kernels_for(level), NULL, &spec, l2, &err),
        PLX_OK);
    for (int t = 1; t <= N_STEPS; t++) {
        block_gradient(&b, (uint32_t)t);
        double expected = expected_step(&b, &spec, t, strcmp(optimizer, "adam") == 0);
        double got = plx_update_step(&update, b.values, b.gradient);
        CHECK_CLOSE(got, expected, 1e-5 * expected);
    }
    double worst = 0;
    for (size_t i = 0; i < N_VALUES; i++) {
        worst = fmax(worst, fabs((double)b.values[i] - b.expected[i]));
        if (b.kind[i] == PADDING) CHECK(b.values[i] == 0);
    }
    CHECK_CLOSE(worst, 0, 3e-6);
    double squares = 0;
    for (size_t i = 0; i < N_VALUES; i++)
        squares += b.l2[i] * b.expected[i] * b.expected[i];
    CHECK_CLOSE(plx_update_penalty(&update, b.values, b.gradient), squares, 1e-5 * squares);
    plx_update_release(&update);
}

static void test_steps_equal_plain_rendering(void)
{
    static const char *const optimizers[] = {"adam", "sgd"};
    static const double factors[][PLX_L2_KINDS] = {
        {0, 0, 0}, {0, 1e-3, 1e-2}, {0, 1e-2, 0}, {0, 1e-2, 1e-2}, /* the same factor: tables and kernels join */
    };
    for (size_t o = 0; o < 2; o++) {
        for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
            check_against_plain_rendering(optimizers[o], PLX_CPU_PLAIN, factors[f]);
            check_against_plain_rendering(optimizers[o], plx_cpu_best(), factors[f]);
        }
    }
}

static void test_same_bits_with_any_threads(void)
{
    static const double l2[PLX_L2_KINDS] = {0, 1e-3, 1e-2};
    static const int threads[] = {1, 2, 3, 8};
    static block b, first;
    char name[] = "adam";
    plx_train_spec spec = {.optimizer = name, .learning_rate = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
    double penalty = 0;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        plx_pool *pool = NULL;
        plx_update update;
        REQUIRE(plx_pool_create(&plx_allocator_default, threads[i], &pool, NULL) == PLX_OK);
        block_init(&b, l2);
        CHECK_STATUS(plx_update_init(&update, &plx_allocator_default, &b.graph, plx_kernels_for(plx_cpu_best()), pool,
                                     &spec, l2, NULL),
                     PLX_OK);
        for (uint32_t t = 1; t <= 5; t++) {
            block_gradient(&b, t);
            double got = plx_update_step(&update, b.values, b.gradient);
            if (t < 5) continue;
            CHECK(i == 0 || memcmp(&got, &penalty, sizeof got) == 0);
            penalty = got;
        }
        plx_update_release(&update);
        plx_pool_free(pool);
        if (i == 0) first = b;
        CHECK(memcmp(b.values, first.values, sizeof b.values) == 0);
    }
}

static void test_adam_rate(void)
{
    const plx_train_spec spec = {.learning_rate = 0.001, .beta1 = 0.9, .beta2 = 0.999};
    const plx_optimizer *adam = plx_optimizer_find(plx_slice_of("adam"));
    REQUIRE(adam != NULL);
    CHECK_CLOSE(adam->rate(&spec, 1), 0.001 * sqrt(0.001) / 0.1, 1e-12);
    CHECK_CLOSE(adam->rate(&spec, 1000000), 0.001, 1e-12);
    CHECK(plx_optimizer_find(plx_slice_of("ada")) == NULL);
}

/** The means of a gradient that is always 1: to float's last digits from the first step to the last. */
static void test_adam_means_are_exact(void)
{
    enum { N = 17, STEPS = 4000 }; /* long enough for 1 - 0.999 to reach 0.98 */
    const plx_train_spec spec = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
    const plx_optimizer *adam = plx_optimizer_find(plx_slice_of("adam"));
    for (int level = 0; level <= (int)plx_cpu_best(); level++) {
        plx_real w[N] = {0}, g[N], m[N] = {0}, v[N] = {0};
        plx_real *const slots[] = {m, v};
        for (int i = 0; i < N; i++)
            g[i] = 1;
        for (int t = 1; t <= STEPS; t++) {
            adam->step(plx_kernels_for((plx_cpu_level)level), &spec, 0, N, w, g, slots);
            if (t != 1 && t != 10 && t != STEPS) continue;
            const double rounding = 0x1p-24 * (t < STEPS ? t : 1000); /* of steps that are not forgotten */
            for (int i = 0; i < N; i++) {
                CHECK_CLOSE(m[i], 1 - pow(0.9, t), 2 * rounding * (1 - pow(0.9, t)));
                CHECK_CLOSE(v[i], 1 - pow(0.999, t), (t < STEPS ? 2 : 0.2) * rounding * (1 - pow(0.999, t)));
            }
        }
    }
}

static void test_unknown_optimizer(void)
{
    char name[] = "adan";
    plx_train_spec spec = {.optimizer = name};
    plx_error err = {0};
    CHECK_STATUS(plx_train_check(&spec, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "'adan'");
    CHECK_TEXT(err.message, "did you mean 'adam'?");
}

static void test_defaults_and_ranges(void)
{
    plx_arena arena;
    plx_train_spec spec;
    plx_error err = {0};
    plx_arena_init(&arena, &plx_allocator_default);
    CHECK_STATUS(plx_fields_default(plx_train_fields, plx_train_n_fields, &spec, &arena, &err), PLX_OK);
    CHECK(spec.epochs == 10 && spec.batch_size == 256 && spec.seed == 1 && spec.patience == 0 && spec.shuffle);
    CHECK_TEXT(spec.optimizer, "adam");
    CHECK(spec.learning_rate == 0.001 && spec.beta1 == 0.9 && spec.beta2 == 0.999 && spec.epsilon == 1e-7);
    CHECK(spec.min_delta == 0);
    CHECK_STATUS(plx_train_check(&spec, &err), PLX_OK);
    const struct {
        const char *field, *value;
    } refused[] = {{"learning_rate", "0"},  {"learning_rate", "nan"}, {"learning_rate", "inf"}, {"learning_rate", "-1"},
                   {"epochs", "0"},         {"batch_size", "-256"},   {"beta1", "1"},           {"epsilon", "0"},
                   {"min_delta", "-0.001"}, {"patience", "-1"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const plx_field *field = plx_field_find(plx_train_fields, plx_train_n_fields, plx_slice_of(refused[i].field));
        plx_raw raw = {.scalar = plx_slice_of(refused[i].value)};
        REQUIRE(field != NULL);
        if (plx_field_set(field, &spec, &raw, &arena, &err) == PLX_OK)
            check_report(__FILE__, __LINE__, refused[i].field);
        CHECK_TEXT(err.message, refused[i].field);
    }
    plx_arena_release(&arena);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_steps_equal_plain_rendering),
        CHECK_TEST(test_same_bits_with_any_threads),
        CHECK_TEST(test_adam_rate),
        CHECK_TEST(test_adam_means_are_exact),
        CHECK_TEST(test_unknown_optimizer),
        CHECK_TEST(test_defaults_and_ranges),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
