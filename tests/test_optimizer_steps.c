/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimizers and schedules compared step by step with Keras and PyTorch on the same gradients; the fields' table sets
 * the options. The libraries used float64, we use float32: a weight may differ by the roundings of the steps so far.
 */
#include "optimizer_steps.h"

#include "check.h"
#include "train/update.h"
#include "train_check.h"

static void set_option(plx_train_spec *spec, plx_slice pair, plx_arena *arena)
{
    const char *equals = memchr(pair.text, '=', pair.length);
    REQUIRE(equals != NULL);
    const plx_slice key = {pair.text, (size_t)(equals - pair.text)};
    const plx_raw value = {.scalar = {equals + 1, pair.length - key.length - 1}};
    const plx_field *field = plx_field_find(plx_train_fields, plx_train_n_fields, key);
    REQUIRE(field != NULL);
    CHECK_STATUS(plx_field_set(field, spec, &value, arena, NULL), PLX_OK);
}

/** Keras' defaults are ours; then "key=value, key=value". */
static void make_spec(plx_train_spec *spec, const char *options, plx_arena *arena)
{
    CHECK_STATUS(plx_fields_default(plx_train_fields, plx_train_n_fields, spec, arena, NULL), PLX_OK);
    for (const char *at = options; *at;) {
        const size_t length = strcspn(at, ",");
        set_option(spec, (plx_slice){at, length}, arena);
        at += length;
        at += strspn(at, ", ");
    }
}

static void check_steps(const optimizer_case *c, plx_cpu_level level)
{
    static const double no_l2[PLX_L2_KINDS] = {0};
    plx_arena arena;
    plx_train_spec spec;
    plx_update update;
    plx_real values[N_WEIGHTS], gradient[N_WEIGHTS];
    plx_param param = {.spec = {.name = "kernel", .groups = 1, .rows = 1, .cols = N_WEIGHTS},
                       .group_stride = N_WEIGHTS,
                       .row_stride = N_WEIGHTS};
    const plx_graph graph = {.params = &param, .n_params = 1, .n_values = N_WEIGHTS, .n_gradient = N_WEIGHTS};
    plx_arena_init(&arena, &plx_allocator_default);
    make_spec(&spec, c->options, &arena);
    spec.optimizer = plx_arena_text(&arena, c->optimizer, strlen(c->optimizer));
    CHECK_STATUS(plx_update_init(&update, &(plx_machine){&plx_allocator_default, plx_kernels_for(level), NULL}, &graph,
                                 &spec, no_l2, 1, NULL),
                 PLX_OK);
    for (int i = 0; i < N_WEIGHTS; i++)
        values[i] = (plx_real)start_weights[i];
    for (int step = 0; step < N_STEPS; step++) {
        for (int i = 0; i < N_WEIGHTS; i++)
            gradient[i] = (plx_real)step_gradients[step][i];
        plx_update_step(&update, values, gradient);
        for (int i = 0; i < N_WEIGHTS; i++) {
            const double want = c->weights[step][i], bound = 0x1p-23 * (step + 2);
            if (fabs((double)values[i] - want) <= bound) continue;
            char text[200];
            snprintf(text, sizeof text, "%s (%s), level %d, step %d, weight %d: %.9g, not %.9g", c->reference,
                     c->options, (int)level, step, i, (double)values[i], want);
            check_report(__FILE__, __LINE__, text);
            break;
        }
    }
    plx_update_release(&update);
    plx_arena_release(&arena);
}

static void check_cases(const optimizer_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int level = 0; level <= (int)plx_cpu_best(); level++)
            check_steps(&cases[i], (plx_cpu_level)level);
}

static void test_keras(void)
{
    check_cases(keras_cases, sizeof keras_cases / sizeof *keras_cases);
}

static void test_torch(void)
{
    check_cases(torch_cases, sizeof torch_cases / sizeof *torch_cases);
}

static void check_schedules(const schedule_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const schedule_case *c = &cases[i];
        plx_arena arena;
        plx_train_spec spec;
        plx_schedule schedule;
        plx_arena_init(&arena, &plx_allocator_default);
        make_spec(&spec, c->options, &arena);
        spec.learning_rate = 0.2, spec.epochs = 4;
        CHECK_STATUS(train_check(&spec, NULL), PLX_OK);
        plx_schedule_init(&schedule, &spec, 10);
        for (int t = 0; t < N_RATES; t++) {
            const double got = plx_schedule_rate(&schedule, t + 1);
            if (fabs(got - c->rates[t]) > 5e-7 * c->rates[t]) { /* Keras computes rates in float32 */
                char text[200];
                snprintf(text, sizeof text, "%s (%s), step %d: %.9g, not %.9g", c->reference, c->options, t, got,
                         c->rates[t]);
                check_report(__FILE__, __LINE__, text);
            }
            plx_schedule_epoch(&schedule, schedule_losses[t]);
        }
        plx_arena_release(&arena);
    }
}

static void test_schedules(void)
{
    check_schedules(keras_schedules, sizeof keras_schedules / sizeof *keras_schedules);
    check_schedules(torch_schedules, sizeof torch_schedules / sizeof *torch_schedules);
}

/** A constant rate is exactly the number in the configuration. */
static void test_constant_rate(void)
{
    const plx_train_spec spec = {.learning_rate = 0.0123};
    plx_schedule schedule;
    plx_schedule_init(&schedule, &spec, 7);
    for (int64_t step = 1; step < 100; step++)
        CHECK(plx_schedule_rate(&schedule, step) == 0.0123);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_keras), CHECK_TEST(test_torch), CHECK_TEST(test_schedules),
                                       CHECK_TEST(test_constant_rate)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
