/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared, lazy and frozen tables: their gradients compared with those of whole tables, their steps with plain code in
 * double, and the numbers that must not change.
 */
#include "network.h"
#include "networks/features.h"
#include "ops/ops.h"
#include "train/table_update.h"
#include "train_check.h"

enum { N_ROWS = 333, VOCABULARY = 300, DIM = 5, STEPS = 9, N_NUMBERS = VOCABULARY * DIM };

/* One table that two sparse features and all combiners read, and a separate table for another feature. */
static const plx_input_spec inputs[] = {
    {.name = "item", .vocabulary = VOCABULARY, .embedding_dim = DIM, .table = "shared"},
    {.name = "other", .vocabulary = VOCABULARY, .embedding_dim = 3},
    {.name = "seller", .vocabulary = VOCABULARY, .embedding_dim = DIM, .table = "shared"},
    {.name = "clicks",
     .vocabulary = VOCABULARY,
     .embedding_dim = DIM,
     .length = NETWORK_LENGTH,
     .combiner = PLX_BAG_ITEMS,
     .attention_on = 0,
     .table = "shared"},
    {.name = "buys",
     .vocabulary = VOCABULARY,
     .embedding_dim = DIM,
     .length = NETWORK_LENGTH,
     .combiner = PLX_BAG_MAX,
     .table = "shared"},
    {.name = "age"},
    {.name = "hours"},
};
enum { N_INPUTS = sizeof inputs / sizeof *inputs };
static const plx_target_spec targets[] = {{.name = "click"}, {.name = "buy"}};

typedef struct choice {
    const char *model;
    int lazy_rows;
    bool is_frozen;
    plx_bag_kind first; /* of the first list */
} choice;

static bool open_network(network *net, const choice *chosen)
{
    static int units[] = {8};
    static plx_int_list towers[] = {{units, 1}, {units, 1}};
    static const plx_model_spec spec = {.bottom_dnn_units = {units, 1},
                                        .expert_dnn_units = {units, 1},
                                        .tower_dnn_units_lists = {.items = towers, .n = 2},
                                        .num_experts = 3,
                                        .num_experts_specific = 2,
                                        .num_experts_shared = 1,
                                        .num_levels = 2};
    plx_input_spec own[N_INPUTS];
    memcpy(own, inputs, sizeof inputs);
    own[3].combiner = (int)chosen->first;
    for (int i = 0; i < N_INPUTS; i++)
        own[i].is_frozen = chosen->is_frozen && own[i].table;
    const network_model model = {plx_model_find(plx_slice_of(chosen->model)),
                                 {.spec = &spec,
                                  .inputs = own,
                                  .n_inputs = N_INPUTS,
                                  .targets = targets,
                                  .n_tasks = 2,
                                  .lazy_rows = chosen->lazy_rows}};
    const network_shape shape = {3, 2, 2, N_ROWS, VOCABULARY, true, false, false};
    return network_init(net, &shape, network_build_model, &model, 77);
}

static const plx_param *param_named(const network *net, const char *name)
{
    for (int i = 0; i < net->graph.n_params; i++) {
        if (strcmp(net->graph.params[i].spec.name, name) == 0) return &net->graph.params[i];
    }
    return NULL;
}

static void plan(network *net, bool training, plx_pool *pool)
{
    network_plan(net, &(plx_plan_options){.batch_rows = N_ROWS, .training = training}, pool,
                 plx_kernels_for(plx_cpu_best()));
}

/* -- Gradients --------------------------------------------------------------------------------------------------- */

/* A lazy table's rows have the bits of the whole table's gradient, and everything else is equal. */
static void check_lazy_gradient(const char *model, const char *name, plx_bag_kind first)
{
    network whole, lazy;
    plx_real spread[N_NUMBERS];
    REQUIRE(open_network(&whole, &(choice){.model = model, .first = first}));
    REQUIRE(open_network(&lazy, &(choice){.model = model, .lazy_rows = VOCABULARY, .first = first}));
    network_plan(&whole, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .collapse = PLX_COLLAPSE_NEVER},
                 NULL, plx_kernels_for(plx_cpu_best()));
    plan(&lazy, true, NULL);
    const double loss = network_step(&whole), lazy_loss = network_step(&lazy);
    CHECK(memcmp(&loss, &lazy_loss, sizeof loss) == 0);
    const plx_param *table = param_named(&lazy, name), *dense = param_named(&whole, name);
    REQUIRE(table && dense && table->lazy >= 0 && dense->lazy < 0);
    CHECK(table->offset >= lazy.graph.n_gradient);
    network_spread_touched(lazy.run, table, spread);
    double size = 0;
    for (int i = 0; i < VOCABULARY * table->spec.cols; i++) {
        const double want = (double)whole.run->gradient[dense->offset + (size_t)i];
        size += fabs(want);
        CHECK_CLOSE((double)spread[i], want, 1e-6 * (fabs(want) + 1e-3));
    }
    CHECK(size > 0.01);
    network_release(&whole);
    network_release(&lazy);
}

static void test_lazy_gradients_are_whole_ones(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        const bool is_single = strcmp(plx_model_list[i]->name, "single_task") == 0;
        check_lazy_gradient(plx_model_list[i]->name,
                            is_single ? "task1/embedding/shared/table" : "embedding/shared/table",
                            (plx_bag_kind)(i % 4));
        check_lazy_gradient(plx_model_list[i]->name,
                            is_single ? "task1/embedding/other/table" : "embedding/other/table", PLX_BAG_MEAN);
    }
}

static void test_same_bits_with_any_threads(void)
{
    static plx_real first[N_NUMBERS], spread[N_NUMBERS];
    for (int threads = 1; threads <= 8; threads++) {
        network net;
        plx_pool *pool = NULL;
        REQUIRE(open_network(&net, &(choice){.model = "mmoe", .lazy_rows = 1}));
        REQUIRE(plx_pool_create(&plx_allocator_default, threads, &pool, NULL) == PLX_OK);
        plan(&net, true, pool);
        network_step(&net);
        network_spread_touched(net.run, param_named(&net, "embedding/shared/table"), threads == 1 ? first : spread);
        CHECK(threads == 1 || memcmp(first, spread, sizeof first) == 0);
        network_release(&net);
        plx_pool_free(pool);
    }
}

/* A frozen table has no gradient and no place in the block of gradients; the rest of the network has both. */
static void test_frozen_tables_stay(void)
{
    for (int lazy_rows = 0; lazy_rows < 2; lazy_rows++) {
        network net;
        REQUIRE(open_network(&net, &(choice){.model = "mmoe", .is_frozen = true, .lazy_rows = lazy_rows}));
        plan(&net, true, NULL);
        network_step(&net);
        const plx_param *frozen = param_named(&net, "embedding/shared/table");
        REQUIRE(frozen != NULL);
        CHECK(frozen->offset >= net.graph.n_gradient && frozen->lazy < 0);
        CHECK(frozen->spec.regulariser == PLX_L2_NONE);
        double size = 0;
        for (size_t i = 0; i < net.graph.n_gradient; i++)
            size += fabs((double)net.run->gradient[i]);
        CHECK(size > 0.01);
        network_release(&net);
    }
}

/* A row's score does not depend on other rows. */
static void test_scores_are_row_by_row(void)
{
    for (int first = PLX_BAG_MEAN; first <= PLX_BAG_ITEMS; first++) {
        network net;
        static plx_real scores[N_ROWS * 2];
        REQUIRE(open_network(&net, &(choice){.model = "ple", .first = (plx_bag_kind)first}));
        plan(&net, false, NULL);
        plx_run_score(net.run, net.values, &(plx_batch){.rows = &net.rows, .n = N_ROWS}, false);
        memcpy(scores, net.run->scores, sizeof scores);
        network_plan(&net, &(plx_plan_options){.batch_rows = 7}, NULL, plx_kernels_for(plx_cpu_best()));
        for (int row = 0; row + 7 <= N_ROWS; row += 7) {
            plx_run_score(net.run, net.values, &(plx_batch){.rows = &net.rows, .first = (size_t)row, .n = 7}, false);
            CHECK(memcmp(net.run->scores, scores + (ptrdiff_t)2 * row, 7 * 2 * sizeof *scores) == 0);
        }
        network_release(&net);
    }
}

/* -- Steps ------------------------------------------------------------------------------------------------------- */

/* The formulae applied to a table's numbers, in double; slots of a row without a change stay. */
typedef struct rendering {
    double w[N_NUMBERS], m[N_NUMBERS], v[N_NUMBERS], a[VOCABULARY];
} rendering;

/* The factor that limits the norm of all touched rows of a table, regularised, to clip_variable_norm. */
static double norm_factor(const rendering *r, const plx_train_spec *spec, const plx_touched_rows *rows, double l2)
{
    double squares = 0;
    for (int part = 0; part < PLX_TOUCHED_PARTS; part++, rows++) {
        for (int i = 0; i < rows->n * DIM; i++) {
            const uint32_t id = rows->ids[i / DIM];
            const double g = (double)rows->gradient[i] + 2 * l2 * r->w[id * DIM + (uint32_t)(i % DIM)];
            squares += g * g;
        }
    }
    return spec->clip_variable_norm > 0 && sqrt(squares) > spec->clip_variable_norm
               ? spec->clip_variable_norm / sqrt(squares)
               : 1;
}

static double render_row(rendering *r, const char *name, const plx_train_spec *spec, int t, uint32_t id,
                         const plx_real *gradient, double l2, double factor)
{
    double squares = 0, penalty = 0, g[DIM];
    const double rate = spec->learning_rate * sqrt(1 - pow(spec->beta2, t)) / (1 - pow(spec->beta1, t));
    for (size_t c = 0; c < DIM; c++) {
        const double w = r->w[id * DIM + c];
        g[c] = factor * ((double)gradient[c] + 2 * l2 * w);
        if (spec->clip_value > 0) g[c] = fmax(-spec->clip_value, fmin(spec->clip_value, g[c]));
        squares += g[c] * g[c];
        penalty += l2 * w * w;
    }
    r->a[id] += squares / DIM;
    for (size_t c = 0; c < DIM; c++) {
        double *w = &r->w[id * DIM + c], *m = &r->m[id * DIM + c], *v = &r->v[id * DIM + c];
        *m = spec->beta1 * *m + (1 - spec->beta1) * g[c];
        *v = spec->beta2 * *v + (1 - spec->beta2) * g[c] * g[c];
        if (strcmp(name, "lazy_adam") == 0) *w -= rate * *m / (sqrt(*v) + spec->epsilon);
        if (strcmp(name, "lazy_sgd") == 0) *w -= spec->learning_rate * g[c];
        if (strcmp(name, "rowwise_adagrad") == 0) *w -= spec->learning_rate * g[c] / (sqrt(r->a[id]) + spec->epsilon);
    }
    return penalty;
}

static void check_steps(const char *optimizer, double l2, double clip_variable_norm, double clip_value, plx_pool *pool)
{
    network net;
    char name[24], adam[] = "adam";
    static rendering r;
    static plx_real start[N_NUMBERS];
    bool is_moved[VOCABULARY] = {false};
    snprintf(name, sizeof name, "%s", optimizer);
    const plx_train_spec spec = {.optimizer = adam,
                                 .table_optimizer = name,
                                 .learning_rate = 0.01,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-7,
                                 .clip_variable_norm = clip_variable_norm,
                                 .clip_value = clip_value};
    int n_clipped = 0;
    REQUIRE(open_network(&net, &(choice){.model = "mmoe", .lazy_rows = VOCABULARY}));
    const plx_param *table = param_named(&net, "embedding/shared/table");
    plx_real *numbers = net.values + table->offset;
    plx_table_update update;
    REQUIRE(plx_table_update_init(&update,
                                  &(plx_machine){&plx_allocator_default, plx_kernels_for(plx_cpu_best()), pool},
                                  &net.graph, &spec, l2, NULL) == PLX_OK);
    r = (rendering){0};
    memcpy(start, numbers, sizeof start);
    for (int i = 0; i < N_NUMBERS; i++)
        r.w[i] = (double)numbers[i];
    network_plan(&net, &(plx_plan_options){.batch_rows = 10, .training = true}, pool, plx_kernels_for(plx_cpu_best()));
    for (int t = 1; t <= STEPS; t++) {
        double penalty = 0;
        plx_run_step(net.run, net.values, &(plx_batch){.rows = &net.rows, .first = (size_t)(t % 4 * 10), .n = 10});
        const plx_touched_rows *rows = &net.run->touched[table->lazy * PLX_TOUCHED_PARTS];
        const double factor = norm_factor(&r, &spec, rows, l2);
        n_clipped += factor < 1;
        for (int part = 0; part < PLX_TOUCHED_PARTS; part++, rows++) {
            for (int i = 0; i < rows->n; i++) {
                penalty += render_row(&r, name, &spec, t, rows->ids[i], rows->gradient + (size_t)i * DIM, l2, factor);
                is_moved[rows->ids[i]] = true;
            }
        }
        const double got = plx_table_update_step(&update, net.values, net.run->touched, spec.learning_rate, t);
        CHECK(l2 > 0 ? got > penalty : got == 0); /* it includes the other table's */
    }
    int n_still = 0;
    for (int id = 0; id < VOCABULARY; id++) {
        for (int i = id * DIM; i < id * DIM + DIM; i++) {
            CHECK_CLOSE((double)numbers[i], r.w[i], 2e-6 * (1 + fabs(r.w[i])));
            CHECK(is_moved[id] || memcmp(&numbers[i], &start[i], sizeof start[i]) == 0);
        }
        n_still += !is_moved[id];
    }
    CHECK(n_still > 5);
    CHECK((n_clipped > 0) == (clip_variable_norm > 0 && clip_variable_norm < 100));
    plx_table_update_release(&update);
    network_release(&net);
}

static void test_steps_equal_plain_rendering(void)
{
    static const char *const names[] = {"lazy_adam", "lazy_sgd", "rowwise_adagrad"};
    plx_pool *pool = NULL;
    REQUIRE(plx_pool_create(&plx_allocator_default, 3, &pool, NULL) == PLX_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_steps(names[i], 0, 0, 0, NULL);
        check_steps(names[i], 1e-3, 0, 0, NULL);
        check_steps(names[i], 1e-3, 0, 0, pool);
        check_steps(names[i], 1e-3, 1e-3, 0, pool);
        check_steps(names[i], 1e-3, 1e6, 0, NULL);
        check_steps(names[i], 0, 0, 1e-4, NULL);
    }
    plx_pool_free(pool);
}

static void test_names(void)
{
    char adam[] = "adam", name[24];
    plx_train_spec spec = {.optimizer = adam, .table_optimizer = name};
    static const char *const known[] = {"", "lazy_adam", "lazy_sgd", "rowwise_adagrad"};
    static const char *const unknown[] = {"adam", "lazy_", "lazy_adan", "lazy_lazy_adam", "rowwise"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        snprintf(name, sizeof name, "%s", known[i]);
        CHECK_STATUS(train_check(&spec, NULL), PLX_OK);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        plx_error err = {0};
        snprintf(name, sizeof name, "%s", unknown[i]);
        CHECK_STATUS(train_check(&spec, &err), PLX_ERR_ARGUMENT);
        CHECK_TEXT(err.message, "lazy_adam");
    }
}

/* -- Mistakes ---------------------------------------------------------------------------------------------------- */

static void check_mistake(const plx_input_spec *wrong, int n, const char *message)
{
    plx_arena arena;
    plx_graph graph;
    plx_error err = {0};
    static const plx_model_spec spec = {0};
    const plx_build build = {.spec = &spec, .inputs = wrong, .n_inputs = n, .targets = targets, .n_tasks = 2};
    plx_arena_init(&arena, &plx_allocator_default);
    plx_graph_init(&graph, &arena, 2);
    plx_network_build(&graph, plx_model_find(plx_slice_of("single_task")), &build);
    CHECK_STATUS(plx_graph_finish(&graph, &err), PLX_ERR_SHAPE);
    CHECK_TEXT(err.message, message);
    plx_arena_release(&arena);
}

static void test_mistakes_are_reported(void)
{
    const plx_input_spec dims[] = {{.name = "a", .vocabulary = 5, .embedding_dim = 3, .table = "t"},
                                   {.name = "b", .vocabulary = 5, .embedding_dim = 4, .table = "t"}};
    const plx_input_spec query[] = {
        {.name = "a", .vocabulary = 5, .embedding_dim = 3},
        {.name = "b", .vocabulary = 5, .embedding_dim = 4, .length = 3, .combiner = PLX_BAG_ITEMS}};
    const plx_input_spec wide[] = {
        {.name = "b", .vocabulary = 5, .embedding_dim = 4096, .length = 1 << 20, .combiner = PLX_BAG_ITEMS}};
    check_mistake(dims, 2, "[5, 3] for one feature and [5, 4] for another");
    check_mistake(query, 2, "the query is [1, 3]; take the same embedding_dim");
    check_mistake(wide, 1, "take shorter lists");
}

/* -- Many tables -------------------------------------------------------------------------------------------------- */

static void *counted_resize(void *user, void *memory, size_t bytes)
{
    *(size_t *)user += bytes; /* over all requests */
    if (bytes) return realloc(memory, bytes);
    free(memory);
    return NULL;
}

/* Bytes for a graph of `n` features, each with its own table. */
static size_t bytes_of_tables(int n)
{
    size_t bytes = 0;
    const plx_allocator allocator = {counted_resize, &bytes};
    const plx_model_spec spec = {.num_experts = 0};
    plx_input_spec *many = calloc((size_t)n, sizeof *many);
    char(*names)[16] = calloc((size_t)n, sizeof *names);
    if (!many || !names) abort();
    for (int i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        many[i] = (plx_input_spec){.name = names[i], .vocabulary = 10, .embedding_dim = 2};
    }
    const plx_build build = {.spec = &spec, .inputs = many, .n_inputs = n, .targets = targets, .n_tasks = 1};
    plx_arena arena;
    plx_graph graph;
    plx_arena_init(&arena, &allocator);
    plx_graph_init(&graph, &arena, 1);
    CHECK(plx_features(&graph, &build).index >= 0 && graph.n_params == n);
    plx_arena_release(&arena);
    free(names);
    free(many);
    return bytes;
}

/* Four times the tables need about four times the memory, not sixteen times. */
static void test_many_tables(void)
{
    const size_t few = bytes_of_tables(2000), many = bytes_of_tables(8000);
    CHECK(many < 6 * few);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_lazy_gradients_are_whole_ones),
        CHECK_TEST(test_same_bits_with_any_threads),
        CHECK_TEST(test_frozen_tables_stay),
        CHECK_TEST(test_scores_are_row_by_row),
        CHECK_TEST(test_steps_equal_plain_rendering),
        CHECK_TEST(test_names),
        CHECK_TEST(test_mistakes_are_reported),
        CHECK_TEST(test_many_tables),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
