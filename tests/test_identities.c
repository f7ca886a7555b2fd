/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities between models, and within one, that hold for any data: each is checked on random weights and rows. The
 * two sides add in different orders, so numbers of order 1 agree to float32's rounding.
 */
#include "check.h"
#include "model_case_train.h"

enum { ROWS = 50, N_SPARSE = 3, N_DENSE = 2, N_INPUTS = N_SPARSE + N_DENSE, NAME_BYTES = 256 };

static const plx_input_spec inputs[N_INPUTS] = {
    {.name = "city", .vocabulary = 6, .embedding_dim = 3},
    {.name = "device", .vocabulary = 4, .embedding_dim = 2},
    {.name = "hour", .vocabulary = 9, .embedding_dim = 4},
    {.name = "age"},
    {.name = "price"},
};
static const plx_target_spec binary_tasks[] = {{.name = "click"}, {.name = "buy"}, {.name = "return"}};
static const plx_target_spec regression_tasks[] = {{.name = "stay", .kind = PLX_TASK_REGRESSION},
                                                   {.name = "spend", .kind = PLX_TASK_REGRESSION}};
static const double bound = 1e-5;

/* Lists of units, which no model changes. */
static int wide[] = {6, 4}, narrow[] = {3}, single[] = {4}, by_tanh[] = {PLX_ACT_tanh};
static plx_int_list towers[] = {{narrow, 1}, {single, 1}};
static plx_int_list no_towers[2];

/** A spec with towers for two tasks; the tests set the rest. */
static plx_model_spec spec_with(plx_int_list *tower_lists, int n_tasks)
{
    return (plx_model_spec){.bottom_dnn_units = {wide, 2},
                            .expert_dnn_units = {wide, 2},
                            .tower_dnn_units_lists = {.items = tower_lists, .n = n_tasks},
                            .num_experts = 3,
                            .num_experts_specific = 2,
                            .num_experts_shared = 2,
                            .num_levels = 1,
                            .dnn = {.activation = {by_tanh, 1}}};
}

/** A weight of order 1 from the parameter's name: networks with equal names get equal weights. */
static plx_real start_value(const plx_param *param, size_t k)
{
    plx_random random = {1, plx_random_stream(param->spec.name)};
    return (plx_real)(plx_random_normal(&random, k, 0) / sqrt((double)param->spec.rows));
}

static void fill_values(model_case *n)
{
    for (int i = 0; i < n->graph.n_params; i++) {
        const plx_param *param = &n->graph.params[i];
        for (size_t k = 0; k < model_case_param_size(param); k++)
            *model_case_at(param, n->values, k) = start_value(param, k);
    }
}

/** Random ids, dense numbers and labels of 0 and 1; a task's labels do not depend on the number of tasks. */
static void fill_rows(model_case *n)
{
    double ids[ROWS * N_SPARSE], dense[ROWS * N_DENSE], labels[ROWS * 3];
    for (uint32_t r = 0; r < ROWS; r++) {
        for (uint32_t i = 0; i < N_SPARSE; i++) {
            ids[r * N_SPARSE + i] = plx_random_below(&(plx_random){7, i}, r, 0, (uint32_t)inputs[i].vocabulary);
        }
        for (uint32_t i = 0; i < N_DENSE; i++) {
            dense[r * N_DENSE + i] = plx_random_normal(&(plx_random){8, i}, r, 0);
        }
        for (int task = 0; task < n->layout.n_tasks; task++) {
            labels[(int)r * n->layout.n_tasks + task] = plx_random_below(&(plx_random){9, (uint32_t)task}, r, 0, 2);
        }
    }
    model_case_fill_rows(n, ids, dense, labels, NULL);
}

/** A network on the inputs above with random weights and rows; if it cannot be built, a check fails: false. */
static bool setup(model_case *n, const char *model, const plx_model_spec *spec, const plx_target_spec *targets,
                  int n_tasks)
{
    plx_build build = {.spec = spec, .inputs = inputs, .n_inputs = N_INPUTS, .targets = targets, .n_tasks = n_tasks};
    plx_plan_options options = {.tile_rows = 16};
    const plx_model_def *def = plx_model_find(plx_slice_of(model));
    bool is_built = def && model_case_init(n, def, &build, plx_kernels_for(plx_cpu_best()), &options, ROWS, false);
    CHECK(is_built);
    if (!is_built) {
        memset(n, 0, sizeof *n);
        return false;
    }
    fill_values(n);
    fill_rows(n);
    return true;
}

/** A name that begins with `from` in one network begins with `to` in the other. */
typedef struct renaming {
    const char *from, *to;
} renaming;

/** The parameter of `other` that corresponds to `name`, by the first matching renaming, else by the same name. */
static const plx_param *counterpart(const model_case *other, const char *name, const renaming *names, size_t n_names)
{
    char renamed[NAME_BYTES];
    for (size_t i = 0; i < n_names; i++) {
        size_t length = strlen(names[i].from);
        if (strncmp(name, names[i].from, length) != 0) continue;
        snprintf(renamed, sizeof renamed, "%s%s", names[i].to, name + length);
        return model_case_param(other, renamed);
    }
    return model_case_param(other, name);
}

/** Copies the weights of `from` to `to`; false if a parameter has no counterpart of its size. */
static bool copy_values(model_case *to, const model_case *from, const renaming *names, size_t n_names)
{
    for (int i = 0; i < to->graph.n_params; i++) {
        const plx_param *param = &to->graph.params[i];
        const plx_param *source = counterpart(from, param->spec.name, names, n_names);
        if (!source || model_case_param_size(source) != model_case_param_size(param)) {
            printf("  %s has no counterpart\n", param->spec.name);
            return false;
        }
        for (size_t k = 0; k < model_case_param_size(param); k++) {
            *model_case_at(param, to->values, k) = *model_case_at(source, from->values, k);
        }
    }
    return true;
}

/** Compares gradients of a's parameters whose names begin with `scope` with their counterparts. */
static void check_gradients(const model_case *a, const model_case *b, const char *scope, const renaming *names,
                            size_t n_names)
{
    for (int i = 0; i < a->graph.n_params; i++) {
        const plx_param *param = &a->graph.params[i];
        if (strncmp(param->spec.name, scope, strlen(scope)) != 0) continue;
        const plx_param *other = counterpart(b, param->spec.name, names, n_names);
        REQUIRE(other && model_case_param_size(other) == model_case_param_size(param));
        for (size_t k = 0; k < model_case_param_size(param); k++) {
            CHECK_CLOSE(*model_case_at(param, a->run->gradient, k), *model_case_at(other, b->run->gradient, k), bound);
        }
    }
}

/** Compares scores and losses of all tasks, and the gradients of counterparts. */
static void check_same_step(const model_case *a, const model_case *b, const renaming *names, size_t n_names)
{
    for (int i = 0; i < ROWS * a->layout.n_tasks; i++)
        CHECK_CLOSE(a->score_run->scores[i], b->score_run->scores[i], bound);
    for (int task = 0; task < a->layout.n_tasks; task++) {
        CHECK_CLOSE(a->run->task_losses[task], b->run->task_losses[task], bound * ROWS);
    }
    check_gradients(a, b, "", names, n_names);
}

static const double even_weights[] = {1.0, 0.75, 0.5};

/** Builds both, copies the weights of `b` to `a`, runs a step of each and compares. */
static void check_same_models(const char *model_a, const plx_model_spec *spec_a, const char *model_b,
                              const plx_model_spec *spec_b, const renaming *names, size_t n_names)
{
    model_case a = {0}, b = {0};
    if (setup(&a, model_a, spec_a, binary_tasks, 2) && setup(&b, model_b, spec_b, binary_tasks, 2)) {
        bool is_copied = copy_values(&a, &b, names, n_names);
        CHECK(is_copied);
        model_case_step(&a, even_weights);
        model_case_step(&b, even_weights);
        if (is_copied) check_same_step(&a, &b, names, n_names);
    }
    model_case_release(&a);
    model_case_release(&b);
}

static void test_one_expert_mmoe_is_shared_bottom(void)
{
    static const renaming names[] = {{"bottom/", "experts/"}};
    plx_model_spec spec = spec_with(towers, 2);
    spec.num_experts = 1;
    check_same_models("shared_bottom", &spec, "mmoe", &spec, names, 1);
}

static void test_cgc_without_own_experts_is_mmoe(void)
{
    static const renaming names[] = {{"level0/shared/experts/", "experts/"}, {"level0/", ""}};
    plx_model_spec cgc = spec_with(towers, 2), mmoe = cgc;
    cgc.num_experts_specific = 0;
    cgc.num_experts_shared = 3;
    cgc.gate_dnn_units = mmoe.gate_dnn_units = (plx_int_list){narrow, 1};
    check_same_models("cgc", &cgc, "mmoe", &mmoe, names, 2);
}

static void test_one_level_ple_is_cgc(void)
{
    plx_model_spec spec = spec_with(towers, 2);
    for (int gate_input = PLX_GATE_LEVEL; gate_input <= PLX_GATE_FEATURES; gate_input++) {
        spec.gate_input = gate_input;
        check_same_models("ple", &spec, "cgc", &spec, NULL, 0);
    }
}

/* -- Gates --------------------------------------------------------------------------------------------------- */

static bool has_part(const plx_param *param, const char *part)
{
    return strstr(param->spec.name, part);
}

static bool is_gate_kernel(const plx_param *param)
{
    const char *end = strstr(param->spec.name, "gate/kernel");
    return end && !strcmp(end, "gate/kernel");
}

/**
 * All experts give the constant 2. A gate whose rows sum to 1 passes it on; without a tower the prediction is twice the
 * sum of the logit's kernel, plus its bias, for every row.
 */
static void check_constant_experts(const char *model, int64_t num_levels)
{
    model_case n = {0};
    plx_model_spec spec = spec_with(no_towers, 2);
    spec.num_levels = num_levels;
    spec.dnn = (plx_layer_choices){0};
    if (!setup(&n, model, &spec, regression_tasks, 2)) return;
    double want[2] = {0, 0};
    for (int i = 0; i < n.graph.n_params; i++) {
        const plx_param *param = &n.graph.params[i];
        for (size_t k = 0; k < model_case_param_size(param); k++) {
            plx_real *number = model_case_at(param, n.values, k);
            if (has_part(param, "experts/")) *number = has_part(param, "/bias") ? 2 : 0;
            for (int task = 0; task < 2; task++) {
                char scope[NAME_BYTES];
                snprintf(scope, sizeof scope, "task%d/logit/", task);
                if (has_part(param, scope)) want[task] += (has_part(param, "/bias") ? 1 : 2) * (double)*number;
            }
        }
    }
    model_case_step(&n, even_weights);
    for (int i = 0; i < ROWS * 2; i++)
        CHECK_CLOSE(n.score_run->scores[i], want[i % 2], bound);
    model_case_release(&n);
}

static void test_gate_rows_sum_to_one(void)
{
    check_constant_experts("mmoe", 1);
    check_constant_experts("cgc", 1);
    check_constant_experts("ple", 1);
    check_constant_experts("ple", 3);
}

/** Number `k` of a parameter after a shift of the experts by one: groups of experts move, and gates' columns. */
static size_t rotated(const plx_param *param, size_t k)
{
    size_t groups = (size_t)param->spec.groups, cols = (size_t)param->spec.cols;
    size_t group_numbers = (size_t)param->spec.rows * cols;
    if (is_gate_kernel(param)) return k - k % cols + (k % cols + 1) % cols;
    if (has_part(param, "experts/")) return (k / group_numbers + 1) % groups * group_numbers + k % group_numbers;
    return k;
}

static void test_order_of_experts_does_not_matter(void)
{
    model_case a = {0}, b = {0};
    plx_model_spec spec = spec_with(towers, 2);
    spec.num_experts = 5;
    if (setup(&a, "mmoe", &spec, binary_tasks, 2) && setup(&b, "mmoe", &spec, binary_tasks, 2)) {
        for (int i = 0; i < a.graph.n_params; i++) {
            const plx_param *param = &a.graph.params[i];
            for (size_t k = 0; k < model_case_param_size(param); k++) {
                *model_case_at(param, b.values, rotated(param, k)) = *model_case_at(param, a.values, k);
            }
        }
        model_case_step(&a, even_weights);
        model_case_step(&b, even_weights);
        for (int i = 0; i < ROWS * 2; i++)
            CHECK_CLOSE(a.score_run->scores[i], b.score_run->scores[i], bound);
        for (int i = 0; i < a.graph.n_params; i++) {
            const plx_param *param = &a.graph.params[i];
            for (size_t k = 0; k < model_case_param_size(param); k++) {
                CHECK_CLOSE(*model_case_at(param, a.run->gradient, k),
                            *model_case_at(param, b.run->gradient, rotated(param, k)), bound);
            }
        }
    }
    model_case_release(&a);
    model_case_release(&b);
}

/* -- ESMM ---------------------------------------------------------------------------------------------------- */

/** Sets task 0's logit to `logit` for every row. */
static void fix_click_logit(model_case *n, plx_real logit)
{
    const plx_param *kernel = model_case_param(n, "task0/logit/kernel"),
                    *bias = model_case_param(n, "task0/logit/bias");
    REQUIRE(kernel && bias);
    for (size_t k = 0; k < model_case_param_size(kernel); k++)
        *model_case_at(kernel, n->values, k) = 0;
    *model_case_at(bias, n->values, 0) = logit;
}

/**
 * If a click is certain, click-and-conversion is conversion: a separate network for task 1, with the same weights. Only
 * that task is trained, so that the shared tables' gradients come from it alone.
 */
static void test_esmm_with_sure_click_is_conversion(void)
{
    static const double weights[] = {0, 1};
    static const renaming names[] = {{"task0/embedding/", "embedding/"}, {"task1/embedding/", "embedding/"}};
    model_case esmm = {0}, plain = {0};
    plx_model_spec spec = spec_with(towers, 2);
    if (setup(&esmm, "esmm", &spec, binary_tasks, 2) && setup(&plain, "single_task", &spec, binary_tasks, 2)) {
        fix_click_logit(&esmm, 60);
        CHECK(copy_values(&plain, &esmm, names, 2));
        model_case_step(&esmm, weights);
        model_case_step(&plain, weights);
        for (int r = 0; r < ROWS; r++) {
            CHECK_CLOSE(esmm.score_run->scores[2 * r], 1, 0);
            CHECK_CLOSE(esmm.score_run->scores[2 * r + 1], plain.score_run->scores[2 * r + 1], bound);
        }
        CHECK_CLOSE(esmm.run->task_losses[1], plain.run->task_losses[1], bound * ROWS);
        check_gradients(&plain, &esmm, "task1/", names, 2);
    }
    model_case_release(&esmm);
    model_case_release(&plain);
}

/* -- Task weights ---------------------------------------------------------------------------------------------- */

/** Two tasks, the second with weight 0, and the first alone: the same training, if they share nothing. */
static void test_task_of_weight_zero_leaves_the_other_alone(void)
{
    static const double weights[] = {0.75, 0};
    model_case both = {0}, alone = {0};
    char optimizer[8];
    plx_train_spec train = model_case_adam(optimizer, sizeof optimizer);
    train.epochs = 5;
    train.batch_size = 16;
    train.shuffle = true;
    plx_model_spec spec_both = spec_with(towers, 2), spec_alone = spec_with(towers, 1);
    spec_both.l2_reg_embedding = spec_alone.l2_reg_embedding = 1e-3;
    spec_both.l2_reg_dnn = spec_alone.l2_reg_dnn = 1e-3;
    const plx_kernels *kernels = plx_kernels_for(plx_cpu_best());
    if (setup(&both, "single_task", &spec_both, binary_tasks, 2) &&
        setup(&alone, "single_task", &spec_alone, binary_tasks, 1)) {
        CHECK(model_case_train(&both, kernels, &train, &spec_both, binary_tasks, weights, NULL, NULL) == PLX_OK);
        CHECK(model_case_train(&alone, kernels, &train, &spec_alone, binary_tasks, weights, NULL, NULL) == PLX_OK);
        for (int i = 0; i < alone.graph.n_params; i++) {
            const plx_param *param = &alone.graph.params[i], *other = model_case_param(&both, param->spec.name);
            double moved = 0;
            REQUIRE(other && model_case_param_size(other) == model_case_param_size(param));
            for (size_t k = 0; k < model_case_param_size(param); k++) {
                CHECK_CLOSE(*model_case_at(other, both.values, k), *model_case_at(param, alone.values, k), bound);
                moved += fabs((double)*model_case_at(param, alone.values, k) - (double)start_value(param, k));
            }
            CHECK(moved > 0.01);
        }
    }
    model_case_release(&both);
    model_case_release(&alone);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_one_expert_mmoe_is_shared_bottom),
        CHECK_TEST(test_cgc_without_own_experts_is_mmoe),
        CHECK_TEST(test_one_level_ple_is_cgc),
        CHECK_TEST(test_gate_rows_sum_to_one),
        CHECK_TEST(test_order_of_experts_does_not_matter),
        CHECK_TEST(test_esmm_with_sure_click_is_conversion),
        CHECK_TEST(test_task_of_weight_zero_leaves_the_other_alone),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
