/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters' steps (regularisers and optimizers over spans) compared with plain code in double, without spans, bands
 * or kernels.
 */
#include "train/update.h"

#include "base/random.h"
#include "check.h"
#include "train_check.h"

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
                 .is_side_by_side = side_by_side,                                                                      \
                 .is_bias = (init_) == PLX_INIT_ZERO},                                                                 \
        .offset = offset_, .group_stride = group, .row_stride = row, .lazy = -1                                        \
    }

/** A block like those of graphs: tables, a bank of adjacent kernels with biases and gates, states, padding. */
static const plx_param params[] = {
    /* Tables; the first two are adjacent, the third is padded. */
    PARAM("table0", 1, 100, 4, PLX_INIT_NORMAL, PLX_L2_EMBEDDING, false, true, false, 0, 400, 4),
    PARAM("table1", 1, 28, 4, PLX_INIT_NORMAL, PLX_L2_EMBEDDING, false, true, false, 400, 112, 4),
    PARAM("table2", 1, 40, 3, PLX_INIT_NORMAL, PLX_L2_EMBEDDING, false, true, false, 512, 160, 4),
    /* Three experts of 16 and a gate of 5 in one matrix with rows of 64, across three spans' ends. */
    PARAM("bank", 3, 200, 16, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, true, 672, 16, 64),
    PARAM("gate", 1, 200, 5, PLX_INIT_GLOROT_UNIFORM, PLX_L2_NONE, false, false, true, 672 + 48, 5, 64),
    /* Adjacent groups, followed by a kernel of the same regulariser. */
    PARAM("second", 2, 16, 32, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 13472, 512, 32),
    PARAM("third", 1, 32, 16, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 14496, 512, 16),
    PARAM("bias", 1, 1, 100, PLX_INIT_ZERO, PLX_L2_NONE, false, false, false, 15008, 112, 112),
    PARAM("moving_mean", 1, 1, 16, PLX_INIT_ZERO, PLX_L2_DNN, true, false, false, 15120, 16, 16),
    PARAM("last", 1, 75, 17, PLX_INIT_GLOROT_NORMAL, PLX_L2_DNN, false, false, false, 15136, 1275, 17),
};
enum { N_PARAMS = sizeof params / sizeof *params };

/** The kind of a number in the block. */
typedef enum number_kind { PADDING, PLAIN, REGULARISED, STATE } number_kind;

typedef struct block {
    plx_graph graph;
    plx_param params[N_PARAMS];
    number_kind kind[N_VALUES];
    double l2[N_VALUES];
    plx_real values[N_VALUES], gradient[N_VALUES];
    bool decays[N_VALUES];
    double expected[N_VALUES], slots[PLX_OPTIMIZER_SLOTS_MAX][N_VALUES];
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
            b->decays[at] = !spec->is_state && !spec->is_bias;
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

/** One number's step by the formulae of the configuration's page. */
static double moved(const plx_train_spec *spec, int t, double w, double g, double *s0, double *s1, double *s2)
{
    const char *name = spec->optimizer;
    const double rate = spec->learning_rate, power = spec->momentum;
    if (strcmp(name, "sgd") == 0) {
        *s0 = power * *s0 - rate * g;
        return w + (spec->nesterov ? power * *s0 - rate * g : *s0);
    }
    if (strcmp(name, "adagrad") == 0) {
        *s0 += g * g;
        return w - rate * g / sqrt(spec->initial_accumulator + *s0 + spec->epsilon);
    }
    if (strcmp(name, "rmsprop") == 0) {
        *s0 = spec->rho * *s0 + (1 - spec->rho) * g * g;
        *s1 = spec->rho * *s1 + (1 - spec->rho) * g;
        *s2 = power * *s2 + rate * g / sqrt(*s0 - (spec->centered ? *s1 * *s1 : 0) + spec->epsilon);
        return w - *s2;
    }
    if (strcmp(name, "ftrl") == 0) {
        double before = sqrt(spec->initial_accumulator + *s0), after = sqrt(spec->initial_accumulator + *s0 + g * g);
        *s0 += g * g;
        *s1 += g - (after - before) / rate * w;
        double cut = fmax(-spec->ftrl_l1, fmin(spec->ftrl_l1, *s1));
        return (cut - *s1) / ((spec->ftrl_beta + after) / rate + 2 * spec->ftrl_l2);
    }
    *s0 = spec->beta1 * *s0 + (1 - spec->beta1) * g;
    *s1 = spec->beta2 * *s1 + (1 - spec->beta2) * g * g;
    return w - rate * sqrt(1 - pow(spec->beta2, t)) / (1 - pow(spec->beta1, t)) * *s0 / (sqrt(*s1) + spec->epsilon);
}

/** Number by number. Returns the regularisers' loss. */
static double expected_step(block *b, const plx_train_spec *spec, int t)
{
    double penalty = 0;
    const bool decays = strcmp(spec->optimizer, "adamw") == 0;
    for (size_t i = 0; i < N_VALUES; i++) {
        double w = b->expected[i], g = (double)b->gradient[i] + 2 * b->l2[i] * w;
        penalty += b->l2[i] * w * w;
        if (b->kind[i] != PLAIN && b->kind[i] != REGULARISED) continue;
        if (decays && b->decays[i]) w -= spec->learning_rate * spec->weight_decay * w;
        b->expected[i] = moved(spec, t, w, g, &b->slots[0][i], &b->slots[1][i], &b->slots[2][i]);
    }
    return penalty;
}

/** `variant`: bit 0 has momentum if possible, bit 1 nesterov or centered. */
static plx_train_spec step_spec(char *name, int variant)
{
    const bool is_sgd = strcmp(name, "sgd") == 0, is_rmsprop = strcmp(name, "rmsprop") == 0;
    return (plx_train_spec){.optimizer = name,
                            .learning_rate = 0.01,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .epsilon = 1e-7,
                            .momentum = (variant & 1) && (is_sgd || is_rmsprop) ? 0.8 : 0,
                            .nesterov = variant == 3 && is_sgd,
                            .rho = 0.9,
                            .centered = (variant & 2) && is_rmsprop,
                            .initial_accumulator = 0.1,
                            .weight_decay = 0.5,
                            .ftrl_l1 = variant & 1 ? 0.2 : 0,
                            .ftrl_l2 = variant & 2 ? 0.3 : 0,
                            .ftrl_beta = variant & 2 ? 1 : 0};
}

static void check_against_plain_rendering(const char *optimizer, int variant, plx_cpu_level level,
                                          const double l2[PLX_L2_KINDS])
{
    static block b;
    char name[16];
    snprintf(name, sizeof name, "%s", optimizer);
    plx_train_spec spec = step_spec(name, variant);
    plx_update update;
    plx_error err = {0};
    block_init(&b, l2);
    CHECK_STATUS(plx_update_init(&update, &(plx_machine){&plx_allocator_default, plx_kernels_for(level), NULL},
                                 &b.graph, &spec, l2, 1, &err),
                 PLX_OK);
    for (int t = 1; t <= N_STEPS; t++) {
        block_gradient(&b, (uint32_t)t);
        double expected = expected_step(&b, &spec, t);
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
    static const double factors[][PLX_L2_KINDS] = {
        {0, 0, 0}, {0, 1e-3, 1e-2}, {0, 1e-2, 0}, {0, 1e-2, 1e-2}, /* the same factor: tables and kernels merge */
    };
    for (size_t o = 0; plx_optimizer_list[o]; o++) {
        for (int f = 0; f < 4; f++) {
            check_against_plain_rendering(plx_optimizer_list[o]->name, f, PLX_CPU_PLAIN, factors[f]);
            check_against_plain_rendering(plx_optimizer_list[o]->name, 3 - f, plx_cpu_best(), factors[f]);
        }
    }
}

static void test_same_bits_with_any_threads(void)
{
    static const double l2[PLX_L2_KINDS] = {0, 1e-3, 1e-2};
    static const int threads[] = {1, 2, 3, 8};
    static block b, first;
    char name[] = "adamw";
    plx_train_spec spec = step_spec(name, 0);
    double penalty = 0;
    spec.clip_norm = 3;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        plx_pool *pool = NULL;
        plx_update update;
        REQUIRE(plx_pool_create(&plx_allocator_default, threads[i], &pool, NULL) == PLX_OK);
        block_init(&b, l2);
        CHECK_STATUS(plx_update_init(&update,
                                     &(plx_machine){&plx_allocator_default, plx_kernels_for(plx_cpu_best()), pool},
                                     &b.graph, &spec, l2, 1, NULL),
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

/* One step of SGD with rate 1 and regularisers, which shows the gradient. */
typedef struct one_step {
    block b;
    plx_pool *pool;
    plx_update update;
    char optimizer[8];
} one_step;

/* `spec` has the clipping; false after a reported failure. */
static bool one_step_init(one_step *s, plx_train_spec *spec, plx_cpu_level level, int threads)
{
    static const double l2[PLX_L2_KINDS] = {0, 1e-3, 1e-2};
    strcpy(s->optimizer, "sgd");
    spec->optimizer = s->optimizer;
    spec->learning_rate = 1;
    s->pool = NULL;
    CHECK_STATUS(plx_pool_create(&plx_allocator_default, threads, &s->pool, NULL), PLX_OK);
    block_init(&s->b, l2);
    const plx_machine machine = {&plx_allocator_default, plx_kernels_for(level), s->pool};
    const plx_status status = plx_update_init(&s->update, &machine, &s->b.graph, spec, l2, 1, NULL);
    CHECK_STATUS(status, PLX_OK);
    block_gradient(&s->b, 1);
    return s->pool && status == PLX_OK;
}

/* The step ends at the expected values; returns its penalty. */
static double one_step_take(one_step *s)
{
    const double penalty = plx_update_step(&s->update, s->b.values, s->b.gradient);
    double worst = 0;
    for (size_t i = 0; i < N_VALUES; i++)
        worst = fmax(worst, fabs((double)s->b.values[i] - s->b.expected[i]));
    CHECK_CLOSE(worst, 0, 1e-6);
    plx_update_release(&s->update);
    plx_pool_free(s->pool);
    return penalty;
}

/** The gradient compared with one clipped by hand. */
static void check_clipping(double clip_value, double clip_norm, plx_cpu_level level, int threads)
{
    static one_step s;
    plx_train_spec spec = {.clip_value = clip_value, .clip_norm = clip_norm};
    if (!one_step_init(&s, &spec, level, threads)) return;
    block *b = &s.b;
    double squares = 0, penalty = 0;
    for (size_t i = 0; i < N_VALUES; i++) {
        double g = (double)b->gradient[i] + 2 * b->l2[i] * b->expected[i];
        squares += g * g;
        penalty += b->l2[i] * b->expected[i] * b->expected[i];
    }
    double factor = clip_norm > 0 && sqrt(squares) > clip_norm ? clip_norm / sqrt(squares) : 1;
    for (size_t i = 0; i < N_VALUES; i++) {
        double g = factor * ((double)b->gradient[i] + 2 * b->l2[i] * b->expected[i]);
        b->expected[i] -= clip_value > 0 ? fmax(-clip_value, fmin(clip_value, g)) : g;
    }
    CHECK_CLOSE(one_step_take(&s), penalty, 1e-5 * penalty);
}

/** Each group of each parameter by its own norm; parameters without a gradient, or with a short one, stay. */
static void check_variable_clipping(double clip, plx_cpu_level level, int threads)
{
    static one_step s;
    static double gradient[N_VALUES];
    plx_train_spec spec = {.clip_variable_norm = clip};
    if (!one_step_init(&s, &spec, level, threads)) return;
    block *b = &s.b;
    int n_clipped = 0;
    for (size_t i = 0; i < N_VALUES; i++)
        gradient[i] = (double)b->gradient[i] + 2 * b->l2[i] * b->expected[i];
    for (int p = 0; p < b->graph.n_params; p++) {
        const plx_param *param = &b->graph.params[p];
        for (int g = 0; g < param->spec.groups && !param->spec.is_state; g++) {
            double squares = 0;
            for (int pass = 0; pass < 2; pass++) {
                const double norm = sqrt(squares), factor = norm > clip ? clip / norm : 1;
                if (pass == 1) n_clipped += norm > clip;
                for (int row = 0; row < param->spec.rows; row++) {
                    for (int col = 0; col < param->spec.cols; col++) {
                        const size_t i = param->offset + (size_t)g * param->group_stride +
                                         (size_t)row * param->row_stride + (size_t)col;
                        if (pass == 0) squares += gradient[i] * gradient[i];
                        if (pass == 1) b->expected[i] -= factor * gradient[i];
                    }
                }
            }
        }
    }
    CHECK((n_clipped > 0) == (clip < 100));
    one_step_take(&s);
}

static void test_clipping(void)
{
    for (int level = 0; level <= (int)plx_cpu_best(); level++) {
        check_variable_clipping(0.5, (plx_cpu_level)level, 1 + level);
        check_variable_clipping(1e6, (plx_cpu_level)level, 2);
    }
    for (int level = 0; level <= (int)plx_cpu_best(); level++) {
        check_clipping(0.3, 0, (plx_cpu_level)level, 1);
        check_clipping(0, 2, (plx_cpu_level)level, 3);
        check_clipping(0, 1e6, (plx_cpu_level)level, 2);
    }
}

static void test_adam_rate(void)
{
    const plx_train_spec spec = {.beta1 = 0.9, .beta2 = 0.999};
    const plx_optimizer *adam = plx_optimizer_find(plx_slice_of("adam"));
    REQUIRE(adam != NULL);
    CHECK_CLOSE(plx_optimizer_rate(adam, &spec, 0.001, 1), 0.001 * sqrt(0.001) / 0.1, 1e-10);
    CHECK_CLOSE(plx_optimizer_rate(adam, &spec, 0.001, 1000000), 0.001, 1e-9);
    CHECK(plx_optimizer_find(plx_slice_of("ada")) == NULL);
}

/** The means of a gradient that is always 1: exact to float's last digits from the first step to the last. */
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
            const double rounding = 0x1p-24 * (t < STEPS ? t : 1000); /* over steps that still have weight */
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
    CHECK_STATUS(train_check(&spec, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "'adan'");
    CHECK_TEXT(err.message, "did you mean 'adam'?");
}

static void test_options_of_other_optimizers(void)
{
    static const struct {
        const char *optimizer, *key;
        double momentum, initial_accumulator;
        bool nesterov, centered;
    } wrong[] = {{"adam", "'momentum'", .momentum = 0.9},
                 {"sgd", "'nesterov'", .nesterov = true},
                 {"rmsprop", "'nesterov'", .momentum = 0.9, .nesterov = true},
                 {"sgd", "'centered'", .centered = true},
                 {"ftrl", "'initial_accumulator'", .initial_accumulator = 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char name[16];
        plx_error err = {0};
        snprintf(name, sizeof name, "%s", wrong[i].optimizer);
        plx_train_spec spec = step_spec(name, 0);
        CHECK_STATUS(train_check(&spec, &err), PLX_OK);
        spec.momentum = wrong[i].momentum, spec.initial_accumulator = wrong[i].initial_accumulator;
        spec.nesterov = wrong[i].nesterov, spec.centered = wrong[i].centered;
        CHECK_STATUS(train_check(&spec, &err), PLX_ERR_ARGUMENT);
        CHECK_TEXT(err.message, wrong[i].key);
    }
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
    CHECK(spec.momentum == 0 && !spec.nesterov && spec.rho == 0.9 && !spec.centered);
    CHECK(spec.initial_accumulator == 0.1 && spec.weight_decay == 0.004);
    CHECK(spec.ftrl_l1 == 0 && spec.ftrl_l2 == 0 && spec.ftrl_beta == 0);
    CHECK_STATUS(train_check(&spec, &err), PLX_OK);
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
        CHECK_TEST(test_clipping),
        CHECK_TEST(test_adam_rate),
        CHECK_TEST(test_adam_means_are_exact),
        CHECK_TEST(test_unknown_optimizer),
        CHECK_TEST(test_options_of_other_optimizers),
        CHECK_TEST(test_defaults_and_ranges),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
