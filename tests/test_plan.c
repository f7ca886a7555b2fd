/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's decisions change speed, never results: tiles, shared memory, threads and batch sizes, on every model. */
#include "graph/plan.h"
#include "network.h"
#include "networks/blocks.h"
#include "ops/ops.h"

enum { N_ROWS = 333, N_SPARSE = 3, N_DENSE = 4 };

static const plx_input_spec inputs[] = {{.name = "city", .vocabulary = 300, .embedding_dim = 4},
                                        {.name = "job", .vocabulary = 300, .embedding_dim = 4},
                                        {.name = "sex", .vocabulary = 300, .embedding_dim = 5},
                                        {.name = "age"},
                                        {.name = "hours"},
                                        {.name = "capital"},
                                        {.name = "year"}};
static const plx_target_spec targets[] = {{.name = "click"}, {.name = "buy"}};

/* The sizes of a model; with `everything` also batch normalisation, dropout and hidden gates. */
typedef struct sizes {
    int wide[2], narrow[1];
    int activation, use_bn;
    double dropout;
    plx_int_list towers[2];
    plx_model_spec spec;
} sizes;

static void sizes_init(sizes *s, bool everything)
{
    *s = (sizes){.wide = {20, 9}, .narrow = {7}, .activation = PLX_ACT_relu, .dropout = 0.3, .use_bn = true};
    for (int task = 0; task < 2; task++)
        s->towers[task] = (plx_int_list){s->narrow, 1};
    s->spec = (plx_model_spec){.bottom_dnn_units = {s->wide, 2},
                               .expert_dnn_units = {s->wide, 2},
                               .gate_dnn_units = {s->narrow, everything ? 1 : 0},
                               .tower_dnn_units_lists = {.items = s->towers, .n = 2},
                               .num_experts = 4,
                               .num_experts_specific = 2,
                               .num_experts_shared = 3,
                               .num_levels = 2,
                               .dnn = {.activation = {&s->activation, 1},
                                       .dropout = {&s->dropout, everything ? 1 : 0},
                                       .use_bn = {&s->use_bn, everything ? 1 : 0}}};
}

static bool open_shape(network *net, const plx_model_def *def, const sizes *s, bool has_gaps)
{
    const network_model model = {
        def, {.spec = &s->spec, .inputs = inputs, .n_inputs = N_SPARSE + N_DENSE, .targets = targets, .n_tasks = 2}};
    const network_shape shape = {N_SPARSE, N_DENSE, 2, N_ROWS, 300, true, has_gaps, false};
    return network_init(net, &shape, network_build_model, &model, 77);
}

static bool open_network(network *net, const plx_model_def *def, const sizes *s)
{
    return open_shape(net, def, s, false);
}

/* The gradient of one step with a plan; states are restored. */
static double step_with(network *net, const plx_plan_options *options, plx_pool *pool, plx_real *gradient)
{
    const size_t bytes = net->graph.n_values * sizeof(plx_real);
    plx_real *before = malloc(bytes);
    if (!before) abort();
    memcpy(before, net->values, bytes);
    network_plan(net, options, pool, plx_kernels_for(PLX_CPU_AVX512));
    const double loss = network_step(net);
    memcpy(gradient, net->run->gradient, bytes);
    memcpy(net->values, before, bytes);
    free(before);
    return loss;
}

/*
 * Equal within float's rounding: relative to the tensor's own largest number, and to the largest of all where the true
 * gradient is 0 and what remains are the rounded terms of its sum (a bias before batch normalisation).
 */
static void check_close_gradients(const network *net, const plx_real *a, const plx_real *b)
{
    double overall = 0;
    for (size_t i = 0; i < net->graph.n_values; i++)
        overall = fmax(overall, fabs((double)a[i]));
    for (int p = 0; p < net->graph.n_params; p++) {
        const plx_param *param = &net->graph.params[p];
        double largest = 0, difference = 0;
        const int n = param->spec.groups * param->spec.rows * param->spec.cols;
        float *dense_a = calloc((size_t)n, sizeof *dense_a), *dense_b = calloc((size_t)n, sizeof *dense_b);
        if (!dense_a || !dense_b) abort();
        plx_param_read(param, a, dense_a);
        plx_param_read(param, b, dense_b);
        for (int i = 0; i < n; i++) {
            largest = fmax(largest, fabs((double)dense_a[i]));
            difference = fmax(difference, fabs((double)dense_a[i] - (double)dense_b[i]));
        }
        if (!(difference <= 1e-5 * largest + 1e-6 * overall)) check_report(__FILE__, __LINE__, param->spec.name);
        free(dense_a);
        free(dense_b);
    }
}

static void check_model(const plx_model_def *def, bool everything, int activation)
{
    sizes s;
    network net;
    sizes_init(&s, everything);
    s.activation = activation;
    REQUIRE(open_network(&net, def, &s));
    const size_t bytes = net.graph.n_values * sizeof(plx_real);
    plx_real *plain = malloc(bytes), *fast = malloc(bytes), *threaded = malloc(bytes);
    if (!plain || !fast || !threaded) abort();
    const double loss = step_with(
        &net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .tile_rows = N_ROWS, .is_plain = true}, NULL,
        plain);
    const int tiles[] = {0, 1, 16, 64, 100, 256};
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        const plx_plan_options options = {
            .batch_rows = N_ROWS, .training = true, .tile_rows = tiles[i], .collapse = (plx_collapse)(i % 3)};
        CHECK_CLOSE(step_with(&net, &options, NULL, fast), loss, 1e-5 * loss);
        check_close_gradients(&net, plain, fast);
        for (int threads = 2; threads <= 8; threads += 3) {
            plx_pool *pool = NULL;
            REQUIRE(plx_pool_create(&plx_allocator_default, threads, &pool, NULL) == PLX_OK);
            step_with(&net, &options, pool, threaded);
            CHECK(memcmp(fast, threaded, bytes) == 0);
            plx_run_free(net.run);
            net.run = NULL;
            plx_pool_free(pool);
        }
    }
    free(plain);
    free(fast);
    free(threaded);
    network_release(&net);
}

static void test_plans_agree(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        check_model(plx_model_list[i], false, PLX_ACT_relu);
        check_model(plx_model_list[i], true, PLX_ACT_relu);
    }
}

static void test_plans_agree_with_every_activation(void)
{
    const plx_model_def *mmoe = plx_model_find(plx_slice_of("mmoe"));
    for (int activation = 0; plx_activation_names[activation]; activation++) {
        check_model(mmoe, false, activation);
        check_model(mmoe, true, activation);
    }
}

enum { PART_ROWS = 48, N_PARTS = 2 };

/* Runs part `part` of the batch net->rows in `order`, with the facts that a part gets about the whole batch. */
static void run_part(network *net, const uint32_t *order, int part, size_t rows_before, const int64_t *task_rows)
{
    plx_run_step(net->run, net->values,
                 &(plx_batch){.rows = &net->rows,
                              .order = order,
                              .first = (size_t)part * PART_ROWS,
                              .n = PART_ROWS,
                              .rows_before = rows_before,
                              .task_rows = task_rows});
}

/*
 * A batch of two tiles, each run as a part: scores and losses have the bits of the whole batch. Gradients that are
 * summed tile by tile add up to the bits of the whole gradient; tables' gradients are summed row by row, in another
 * order.
 */
static void check_parts(const plx_model_def *def)
{
    sizes s;
    network net;
    uint32_t order[N_PARTS * PART_ROWS];
    plx_real scores[N_PARTS * PART_ROWS * 2];
    int64_t rows[2];
    double losses[2], sums[2] = {0, 0};
    sizes_init(&s, true);
    s.spec.dnn.use_bn.n = 0; /* it sees only the rows of its own part */
    REQUIRE(open_shape(&net, def, &s, true));
    const size_t n = net.graph.n_gradient, bytes = n * sizeof(plx_real);
    plx_real *whole = malloc(bytes), *sum = calloc(n, sizeof *sum), *other = malloc(bytes);
    if (!whole || !sum || !other) abort();
    for (uint32_t i = 0; i < N_PARTS * PART_ROWS; i++)
        order[i] = i * 5 % (N_PARTS * PART_ROWS);
    plx_plan_options options = {.batch_rows = N_PARTS * PART_ROWS,
                                .tile_rows = PART_ROWS,
                                .training = true,
                                .with_scores = true,
                                .collapse = PLX_COLLAPSE_NEVER};
    network_plan(&net, &options, NULL, plx_kernels_for(PLX_CPU_AVX512));
    plx_run_step(net.run, net.values,
                 &(plx_batch){.rows = &net.rows, .order = order, .n = N_PARTS * PART_ROWS, .first = 0});
    memcpy(whole, net.run->gradient, bytes);
    memcpy(scores, net.run->scores, sizeof scores);
    memcpy(losses, net.run->task_losses, sizeof losses);
    memcpy(rows, net.run->task_rows, sizeof rows);
    CHECK(rows[0] > PART_ROWS && rows[0] < N_PARTS * PART_ROWS);
    options.batch_rows = PART_ROWS;
    network_plan(&net, &options, NULL, plx_kernels_for(PLX_CPU_AVX512));
    for (int part = 0; part < N_PARTS; part++) {
        run_part(&net, order, part, (size_t)part * PART_ROWS, rows);
        CHECK(memcmp(net.run->scores, scores + (size_t)part * PART_ROWS * 2, sizeof scores / N_PARTS) == 0);
        for (int task = 0; task < 2; task++)
            sums[task] += net.run->task_losses[task];
        for (size_t i = 0; i < n; i++)
            sum[i] += net.run->gradient[i];
        memcpy(other, net.run->gradient, bytes);
    }
    CHECK(memcmp(sums, losses, sizeof sums) == 0);
    CHECK(memcmp(sum, whole, net.graph.n_tilewise * sizeof *sum) == 0);
    check_close_gradients(&net, whole, sum);
    run_part(&net, order, N_PARTS - 1, 0, rows);
    CHECK(memcmp(other, net.run->gradient, bytes) != 0); /* dropout of other rows */
    run_part(&net, order, N_PARTS - 1, PART_ROWS, NULL);
    CHECK(memcmp(other, net.run->gradient, bytes) != 0); /* means over its own rows */
    free(whole);
    free(sum);
    free(other);
    network_release(&net);
}

static void test_parts_of_a_batch_add_up(void)
{
    for (int i = 0; plx_model_list[i]; i++)
        check_parts(plx_model_list[i]);
}

static bool plan_has(const plx_plan *plan, const char *op)
{
    for (int i = 0; i < plan->n_order; i++) {
        if (plan->nodes[plan->order[i]->index].runs && strcmp(plan->order[i]->op->name, op) == 0) return true;
    }
    return false;
}

static void score_with(network *net, const plx_plan_options *options, bool is_frozen, plx_real *scores)
{
    network_plan(net, options, NULL, plx_kernels_for(PLX_CPU_AVX512));
    if (is_frozen) plx_run_freeze(net->run, net->values);
    plx_run_score(net->run, net->values, &(plx_batch){.rows = &net->rows, .n = N_ROWS}, !is_frozen);
    memcpy(scores, net->run->scores, N_ROWS * 2 * sizeof *scores);
}

/* Scores and losses of plans with rewrites equal those of the plain plan. */
static void check_scoring(network *net)
{
    static plx_real plain[N_ROWS * 2], fast[N_ROWS * 2], frozen[N_ROWS * 2];
    score_with(net, &(plx_plan_options){.batch_rows = N_ROWS, .tile_rows = N_ROWS, .is_plain = true}, false, plain);
    const double losses[] = {net->run->task_losses[0], net->run->task_losses[1]};
    for (int i = 0; i < 6; i++) {
        const plx_plan_options options = {
            .batch_rows = N_ROWS, .tile_rows = i < 3 ? 0 : 50, .collapse = (plx_collapse)(i % 3)};
        score_with(net, &options, false, fast);
        for (int k = 0; k < N_ROWS * 2; k++)
            CHECK_CLOSE((double)fast[k], (double)plain[k], 1e-5 * (1 + fabs((double)plain[k])));
        for (int task = 0; task < 2; task++)
            CHECK_CLOSE(net->run->task_losses[task], losses[task], 1e-5 * (1 + fabs(losses[task])));
        score_with(net, &options, true, frozen);
        CHECK(memcmp(fast, frozen, sizeof fast) == 0);
    }
}

/* In scoring, batch normalisation is merged into the layer before it, and dropout is gone. */
static void test_scoring_plans_agree(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        for (int everything = 0; everything < 2; everything++) {
            sizes s;
            network net;
            sizes_init(&s, everything);
            REQUIRE(open_network(&net, plx_model_list[i], &s));
            check_scoring(&net);
            CHECK(!plan_has(net.plan, "moments"));
            CHECK(!plan_has(net.plan, "normalise"));
            CHECK(!plan_has(net.plan, "dropout"));
            network_release(&net);
        }
    }
}

static plx_ref linear(plx_graph *graph, const char *name, plx_ref x, int groups, int width)
{
    const plx_linear_spec spec = {.groups = groups, .width = width, .has_bias = true};
    const int outside = plx_scope(graph, "%s", name);
    plx_ref y = plx_linear(graph, x, &spec);
    plx_scope_leave(graph, outside);
    return y;
}

static plx_ref batch_norm(plx_graph *graph, const char *name, plx_ref x)
{
    const int outside = plx_scope(graph, "%s", name);
    plx_ref y = plx_batch_norm(graph, x);
    plx_scope_leave(graph, outside);
    return y;
}

/* Values that others also read, which rewrites must leave alone, next to values that they may take. */
static void build_shared_values(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = plx_dense_input(graph, N_DENSE);
    plx_ref a = linear(graph, "a", x, 1, 5), b = linear(graph, "b", x, 1, 3);
    plx_ref t = plx_tanh(graph, plx_dropout(graph, a, 0.5)), after = plx_relu(graph, plx_dropout(graph, t, 0.5));
    plx_ref both[] = {after, t, plx_relu(graph, batch_norm(graph, "a", a)),
                      plx_dropout(graph, plx_dropout(graph, plx_relu(graph, batch_norm(graph, "b", b)), 0.1), 0.2)};
    plx_ref c = plx_dropout(graph, plx_concat(graph, both, 4), 0.4);
    plx_ref bank = plx_relu(graph, batch_norm(graph, "bank", linear(graph, "bank", plx_relu(graph, c), 2, 6)));
    plx_ref second = batch_norm(graph, "second", linear(graph, "second", bank, 2, 4));
    plx_ref mixed = plx_mixture(graph, plx_softmax(graph, linear(graph, "gate", c, 1, 2)), &second, 1);
    mixed = plx_elu(graph, plx_dropout(graph, plx_gelu(graph, plx_dropout(graph, mixed, 0.3)), 0.3));
    plx_ref y = linear(graph, "y", mixed, 1, 1), z = linear(graph, "z", plx_sigmoid(graph, y), 1, 1);
    plx_graph_task(graph, 0, y, LOSS(squared, graph, 0, plx_dropout(graph, linear(graph, "w", c, 1, 1), 0.2)));
    plx_graph_task(graph, 1, z, LOSS(squared, graph, 1, batch_norm(graph, "z", z)));
}

static void test_shared_values_stay(void)
{
    network net;
    const network_shape shape = {N_SPARSE, N_DENSE, 2, N_ROWS, 300, false, false, false};
    REQUIRE(network_init(&net, &shape, build_shared_values, NULL, 5));
    check_scoring(&net);
    CHECK(plan_has(net.plan, "normalise")); /* of a, which tanh reads too */
    CHECK(plan_has(net.plan, "folded"));
    CHECK(!plan_has(net.plan, "dropout"));
    network_release(&net);
}

/* Two mixtures that may be one node, and those that may not. */
typedef enum pair_of_mixtures {
    AS_ONE,
    NEXT_READS_FIRST,
    OTHER_ORDER,
    SAME_BANK_TWICE,
    ONE_GATE,
    PAIRS
} pair_of_mixtures;

static void build_mixtures(plx_graph *graph, const void *user)
{
    const pair_of_mixtures pair = *(const pair_of_mixtures *)user;
    plx_ref x = plx_dense_input(graph, N_DENSE);
    plx_ref a = plx_relu(graph, linear(graph, "a", x, 2, 6)), b = plx_tanh(graph, linear(graph, "b", x, 3, 6));
    const plx_ref banks[] = {pair == OTHER_ORDER ? b : a, pair == SAME_BANK_TWICE || pair == OTHER_ORDER ? a : b};
    const int experts = pair == SAME_BANK_TWICE ? 4 : 5;
    plx_ref gate = plx_softmax(graph, linear(graph, "gate", x, 1, experts));
    plx_ref first = plx_mixture(graph, gate, banks, 2);
    plx_ref source = pair == NEXT_READS_FIRST ? first : x;
    plx_ref other = pair == ONE_GATE ? gate : plx_softmax(graph, linear(graph, "other", source, 1, experts));
    plx_ref next = plx_mixture(graph, other, banks, 2);
    plx_ref y = linear(graph, "y", first, 1, 1), z = linear(graph, "z", next, 1, 1);
    plx_graph_task(graph, 0, y, LOSS(squared, graph, 0, y));
    plx_graph_task(graph, 1, z, LOSS(squared, graph, 1, z));
}

static void check_mixtures(pair_of_mixtures pair)
{
    network net;
    const network_shape shape = {N_SPARSE, N_DENSE, 2, N_ROWS, 300, false, false, false};
    plx_plan_options options = {.batch_rows = N_ROWS, .training = true, .is_plain = true};
    REQUIRE(network_init(&net, &shape, build_mixtures, &pair, 5));
    const size_t bytes = net.graph.n_values * sizeof(plx_real);
    plx_real *plain = malloc(bytes), *fast = malloc(bytes);
    if (!plain || !fast) abort();
    check_scoring(&net);
    CHECK(plan_has(net.plan, "mixtures") == (pair == AS_ONE));
    const double loss = step_with(&net, &options, NULL, plain);
    options.is_plain = false;
    CHECK_CLOSE(step_with(&net, &options, NULL, fast), loss, 1e-5 * loss);
    CHECK(plan_has(net.plan, "mixtures") == (pair == AS_ONE));
    check_close_gradients(&net, plain, fast);
    free(plain);
    free(fast);
    network_release(&net);
}

static void test_mixtures_of_one_bank(void)
{
    static const char *const models[] = {"mmoe", "cgc", "ple"};
    for (int pair = 0; pair < PAIRS; pair++)
        check_mixtures((pair_of_mixtures)pair);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        sizes s;
        network net;
        sizes_init(&s, true);
        REQUIRE(open_network(&net, plx_model_find(plx_slice_of(models[i])), &s));
        network_plan(&net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true}, NULL,
                     plx_kernels_for(PLX_CPU_AVX512));
        CHECK(plan_has(net.plan, "mixtures"));
        CHECK(!plan_has(net.plan, "mixture"));
        network_release(&net);
    }
}

/* A row's score does not depend on other rows, nor on the batch. */
static void test_scores_are_row_by_row(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        sizes s;
        network net;
        sizes_init(&s, true);
        REQUIRE(open_network(&net, plx_model_list[i], &s));
        static plx_real scores[N_ROWS * 2];
        network_plan(&net, &(plx_plan_options){.batch_rows = N_ROWS}, NULL, plx_kernels_for(PLX_CPU_AVX512));
        CHECK(plan_has(net.plan, "collapsed"));
        plx_run_score(net.run, net.values, &(plx_batch){.rows = &net.rows, .n = N_ROWS}, false);
        memcpy(scores, net.run->scores, sizeof scores);
        const int sizes_tried[] = {1, 7, 64, 200};
        for (size_t k = 0; k < sizeof sizes_tried / sizeof *sizes_tried; k++) {
            const int n = sizes_tried[k];
            network_plan(&net, &(plx_plan_options){.batch_rows = n}, NULL, plx_kernels_for(PLX_CPU_AVX512));
            for (int first = 0; first < N_ROWS; first += n) {
                const int rows = N_ROWS - first < n ? N_ROWS - first : n;
                plx_run_score(net.run, net.values, &(plx_batch){.rows = &net.rows, .first = (size_t)first, .n = rows},
                              false);
                CHECK(memcmp(net.run->scores, scores + 2 * first, (size_t)rows * 2 * sizeof *scores) == 0);
            }
        }
        network_release(&net);
    }
}

/* A category without a row in the batch gets a gradient of exactly 0, even the most frequent one. */
static void test_absent_categories_get_no_gradient(void)
{
    sizes s;
    network net;
    bool is_present[300] = {false};
    uint32_t ids[N_ROWS];
    sizes_init(&s, false);
    REQUIRE(open_network(&net, plx_model_find(plx_slice_of("mmoe")), &s));
    plx_records_ids(&net.layout, net.rows.records, N_ROWS, 0, ids);
    for (int row = 0; row < N_ROWS; row++)
        is_present[ids[row]] = true;
    uint32_t absent = 0;
    while (is_present[absent])
        absent++;
    net.fields[0].common = absent;
    network_plan(&net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .collapse = PLX_COLLAPSE_ALWAYS},
                 NULL, plx_kernels_for(PLX_CPU_AVX512));
    CHECK(plan_has(net.plan, "collapsed"));
    network_step(&net);
    const plx_param *table = &net.graph.params[0];
    REQUIRE(strcmp(table->spec.name, "embedding/city/table") == 0);
    for (int id = 0; id < 300; id++) {
        double size = 0;
        for (int c = 0; c < table->spec.cols; c++) {
            size += fabs((double)net.run->gradient[table->offset + (size_t)id * table->row_stride + (size_t)c]);
        }
        CHECK(is_present[id] ? size > 0 : size == 0);
    }
    network_release(&net);
}

static void test_start_values(void)
{
    sizes s;
    network net;
    sizes_init(&s, false);
    REQUIRE(open_network(&net, plx_model_find(plx_slice_of("mmoe")), &s));
    plx_graph_init_values(&net.graph, 1, net.values);
    for (int p = 0; p < net.graph.n_params; p++) {
        const plx_param *param = &net.graph.params[p];
        const int n = param->spec.groups * param->spec.rows * param->spec.cols;
        float *numbers = calloc((size_t)n, sizeof *numbers);
        if (!numbers) abort();
        plx_param_read(param, net.values, numbers);
        double squares = 0;
        for (int i = 0; i < n; i++)
            squares += (double)numbers[i] * (double)numbers[i];
        const double deviation = sqrt(squares / n);
        /* A deviation over n numbers is within 4 / sqrt(2 n) of its expectation. */
        const double tolerance = 4 / sqrt(2.0 * n);
        if (strcmp(param->spec.name, "embedding/city/table") == 0) CHECK_CLOSE(deviation / 1e-4, 1, tolerance);
        if (strcmp(param->spec.name, "experts/dense0/kernel") == 0) {
            CHECK_CLOSE(deviation / sqrt(2.0 / (17 + 20)), 1, tolerance);
            /* Experts have different start values: no two groups are equal. */
            CHECK(memcmp(numbers, numbers + 17 * 20, 17 * 20 * sizeof *numbers) != 0);
        }
        free(numbers);
    }
    network_release(&net);
}

static void build_mistake(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = plx_dense_input(graph, 2);
    plx_scope(graph, "tower");
    const plx_linear_spec spec = {.groups = 3, .width = 4};
    plx_ref bank = plx_linear(graph, x, &spec);
    plx_ref wrong = plx_mixture(graph, x, &bank, 1);
    plx_graph_task(graph, 0, plx_relu(graph, wrong), LOSS(binary, graph, 0, wrong));
}

/* The first mistake is reported with its scope; later calls do nothing. */
static void test_mistakes_are_reported(void)
{
    plx_arena arena;
    plx_graph graph;
    plx_error err = {0};
    plx_arena_init(&arena, &plx_allocator_default);
    plx_graph_init(&graph, &arena, 1);
    build_mistake(&graph, NULL);
    CHECK_STATUS(plx_graph_finish(&graph, &err), PLX_ERR_SHAPE);
    CHECK_TEXT(err.message, "tower: mixture: the gate is [1, 2], the experts are 3");
    plx_arena_release(&arena);
}

/* Two networks of the list in one graph: for each task the product of their predictions, and the first one's loss. */
static void build_both(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    static const char *const members[] = {"mmoe", "esmm"};
    plx_task_output made[2][2];
    for (int i = 0; i < 2; i++) {
        const int outside = plx_scope(graph, "member%d", i);
        plx_model_find(plx_slice_of(members[i]))->build(graph, build, made[i]);
        plx_scope_leave(graph, outside);
    }
    for (int task = 0; task < 2; task++) {
        CHECK(graph->predictions[task] == -1 && graph->losses[task] == -1);
        outputs[task] =
            (plx_task_output){plx_multiply(graph, made[0][task].value, made[1][task].value), made[0][task].loss};
    }
}

/* A network can be a part of another: its outputs become the graph's tasks only when the whole is built. */
static void test_networks_can_be_parts_of_one(void)
{
    static const char *const members[] = {"mmoe", "esmm"};
    static const plx_model_def both = {.name = "both", .build = build_both};
    int n_params[3];
    for (int i = 0; i < 3; i++) {
        sizes s;
        network net;
        sizes_init(&s, false);
        REQUIRE(open_network(&net, i < 2 ? plx_model_find(plx_slice_of(members[i])) : &both, &s));
        n_params[i] = net.graph.n_params;
        network_plan(&net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .tile_rows = 64}, NULL,
                     plx_kernels_for(PLX_CPU_AVX512));
        CHECK(network_step(&net) > 0);
        network_release(&net);
    }
    CHECK(n_params[2] == n_params[0] + n_params[1]);
}

/* The number of experts that a gate covers, with banks of 2, none and 3 experts; `is_there`: for the first and last. */
static plx_status gate_of(const bool *is_there, int *n_experts, plx_error *err)
{
    static const plx_model_spec spec = {.num_experts = 0};
    const plx_build build = {.spec = &spec};
    plx_arena arena;
    plx_graph graph;
    plx_arena_init(&arena, &plx_allocator_default);
    plx_graph_init(&graph, &arena, 1);
    const plx_ref x = plx_dense_input(&graph, 5);
    const plx_ref two = linear(&graph, "two", x, 2, 4), three = linear(&graph, "three", x, 3, 4);
    const plx_ref banks[] = {is_there[0] ? two : PLX_ABSENT, PLX_ABSENT, is_there[1] ? three : PLX_ABSENT};
    const plx_ref mixed = plx_gated(&graph, &build, x, banks, 3);
    plx_graph_task(&graph, 0, mixed, LOSS(squared, &graph, 0, linear(&graph, "out", mixed, 1, 1)));
    const plx_status status = plx_graph_finish(&graph, err);
    for (int i = 0; i < graph.n_params; i++)
        if (strcmp(graph.params[i].spec.name, "gate/kernel") == 0) *n_experts = graph.params[i].spec.cols;
    plx_arena_release(&arena);
    return status;
}

/* A gate covers the banks that exist; an absent bank is not a failed one. */
static void test_gates_skip_absent_banks(void)
{
    static const struct {
        bool is_there[2];
        int n_experts;
    } cases[] = {{{true, true}, 5}, {{false, true}, 3}, {{true, false}, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n_experts = 0;
        CHECK_STATUS(gate_of(cases[i].is_there, &n_experts, NULL), PLX_OK);
        CHECK(n_experts == cases[i].n_experts);
    }
    plx_error err = {0};
    int n_experts = 0;
    CHECK_STATUS(gate_of((const bool[2]){false, false}, &n_experts, &err), PLX_ERR_SHAPE);
    CHECK_TEXT(err.message, "gate: it has no experts");
    CHECK(!plx_is_absent((plx_ref){-1}) && !plx_is_absent((plx_ref){0}) && plx_is_absent(PLX_ABSENT));
}

typedef plx_ref too_much(plx_graph *graph, plx_ref x);

static plx_ref too_many_nodes(plx_graph *graph, plx_ref x)
{
    for (int i = 0; i < PLX_NODES_MAX; i++)
        x = plx_relu(graph, x);
    return x;
}

static plx_ref too_wide(plx_graph *graph, plx_ref x)
{
    return linear(graph, "bank", x, 4097, 4096);
}

static plx_ref too_wide_together(plx_graph *graph, plx_ref x)
{
    plx_ref wide = linear(graph, "wide", x, 1, PLX_LAYER_NUMBERS_MAX);
    for (int width = PLX_LAYER_NUMBERS_MAX; width < PLX_ROW_NUMBERS_MAX; width *= 2)
        wide = plx_concat(graph, (plx_ref[]){wide, wide}, 2);
    const plx_ref all[] = {wide, wide, wide};
    return plx_concat(graph, all, 3);
}

static plx_ref too_many_layers(plx_graph *graph, plx_ref x)
{
    for (int i = 0; i <= PLX_LAYERS_MAX; i++) {
        const int outside = plx_scope(graph, "layer%d", i);
        x = linear(graph, "one", x, 1, 1);
        plx_scope_leave(graph, outside);
    }
    return x;
}

static plx_ref too_many_groups(plx_graph *graph, plx_ref x)
{
    linear(graph, "half", x, PLX_LAYER_GROUPS_MAX / 2, 1);
    linear(graph, "other_half", x, PLX_LAYER_GROUPS_MAX / 2, 1);
    return linear(graph, "one", x, 1, 1);
}

static plx_ref layers_too_wide(plx_graph *graph, plx_ref x)
{
    const plx_ref most = linear(graph, "most", x, 4, (PLX_LAYER_NUMBERS_MAX - 8) / 4);
    const plx_ref rest = linear(graph, "rest", most, 4, 2); /* the limit itself is allowed */
    return linear(graph, "one_more", rest, 4, 1);
}

static plx_ref too_large(plx_graph *graph, plx_ref x)
{
    return linear(graph, "second", linear(graph, "first", x, 2, 32768), 2, 32768);
}

static plx_ref just_not_too_large(plx_graph *graph, plx_ref x)
{
    return linear(graph, "second", linear(graph, "first", x, 1, 65535), 1, 32768);
}

/* One of enough names for the table of names to grow. */
static plx_ref same_name(plx_graph *graph, plx_ref x)
{
    char name[24];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "layer%d", i);
        x = linear(graph, name, x, 1, 2);
    }
    return linear(graph, "layer7", x, 1, 2);
}

static void test_sizes_are_bounded(void)
{
    static const struct {
        too_much *build;
        const char *message;
    } cases[] = {
        {too_many_nodes, "the network has more than 262144 nodes"},
        {too_wide, "linear: [4097, 4096] is more than 16777216 numbers a row"},
        {too_wide_together, "concat: [1, 33554432] is more than 16777216 numbers a row"},
        {too_many_layers, "layer4096/one: the network has more than 4096 layers"},
        {too_many_groups, "one: the network's layers have more than 65536 groups"},
        {layers_too_wide, "one_more: the network's layers make more than 1048576 numbers a row"},
        {too_large, "second: linear: parameter kernel would be [2, 32768, 32768], more than 2147483647 numbers"},
        {just_not_too_large, "task 0 has no prediction"},
        {same_name, "layer7: two parameters are named layer7/kernel"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        plx_arena arena;
        plx_graph graph;
        plx_error err = {0};
        plx_arena_init(&arena, &plx_allocator_default);
        plx_graph_init(&graph, &arena, 1);
        cases[i].build(&graph, plx_dense_input(&graph, 1));
        CHECK_STATUS(plx_graph_finish(&graph, &err), PLX_ERR_SHAPE);
        CHECK_TEXT(err.message, cases[i].message);
        plx_arena_release(&arena);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_plans_agree),
                                       CHECK_TEST(test_plans_agree_with_every_activation),
                                       CHECK_TEST(test_parts_of_a_batch_add_up),
                                       CHECK_TEST(test_scoring_plans_agree),
                                       CHECK_TEST(test_shared_values_stay),
                                       CHECK_TEST(test_mixtures_of_one_bank),
                                       CHECK_TEST(test_scores_are_row_by_row),
                                       CHECK_TEST(test_absent_categories_get_no_gradient),
                                       CHECK_TEST(test_start_values),
                                       CHECK_TEST(test_mistakes_are_reported),
                                       CHECK_TEST(test_networks_can_be_parts_of_one),
                                       CHECK_TEST(test_gates_skip_absent_banks),
                                       CHECK_TEST(test_sizes_are_bounded)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
