/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of every op and of every model, each number of each parameter, compared with central differences in double.
 * Linear layers before an op check its input gradients.
 */
#include "network.h"
#include "ops/op_defs.h"

/* The ops with a checked gradient, by their place in plx_op_list. */
static bool seen[64];

static void note_ops(const network *net)
{
    for (int i = 0; i < net->graph.n_nodes; i++) {
        for (int k = 0; plx_op_list[k]; k++)
            seen[k] = seen[k] || net->graph.nodes[i]->op == plx_op_list[k];
    }
}

static void check_gradients(network *net, const char *name)
{
    network_step(net);
    const size_t bytes = net->graph.n_values * sizeof(plx_real);
    plx_real *gradient = malloc(bytes), *start = malloc(bytes);
    if (!gradient || !start) abort();
    memcpy(gradient, net->run->gradient, bytes);
    memcpy(start, net->values, bytes);
    double largest = 0;
    for (size_t i = 0; i < net->graph.n_values; i++)
        largest = fmax(largest, fabs(gradient[i]));
    CHECK(largest > 1e-6);
    for (int p = 0; p < net->graph.n_params; p++) {
        const plx_param *param = &net->graph.params[p];
        if (param->spec.is_state) continue;
        const int n = param->spec.groups * param->spec.rows * param->spec.cols;
        for (int i = 0; i < n; i++) {
            const int g = i / (param->spec.rows * param->spec.cols), r = i / param->spec.cols % param->spec.rows,
                      c = i % param->spec.cols;
            const size_t at =
                param->offset + (size_t)g * param->group_stride + (size_t)r * param->row_stride + (size_t)c;
            const double h = 1e-5;
            memcpy(net->values, start, bytes);
            net->values[at] = start[at] + h;
            const double up = network_step(net);
            memcpy(net->values, start, bytes);
            net->values[at] = start[at] - h;
            const double down = network_step(net), slope = (up - down) / (2 * h);
            if (fabs(slope - gradient[at]) > 1e-6 * fmax(fabs(slope), 1e-3 * largest) + 1e-10) {
                char text[300];
                snprintf(text, sizeof text, "%s: %s[%d]: %.12g, by differences %.12g", name, param->spec.name, i,
                         gradient[at], slope);
                check_report(__FILE__, __LINE__, text);
            }
        }
    }
    memcpy(net->values, start, bytes);
    free(gradient);
    free(start);
}

/* -- Ops --------------------------------------------------------------------------------------------------------- */

static plx_ref bank_of(plx_graph *graph, plx_ref x, const char *name, int groups, int width)
{
    const int outside = plx_scope(graph, "%s", name);
    plx_ref bank = plx_linear(graph, x, &(plx_linear_spec){.groups = groups, .width = width, .has_bias = true});
    plx_scope_leave(graph, outside);
    return bank;
}

/* From any value to one number for the loss: a gated mixture if there are groups, then a linear layer. */
static plx_ref to_number(plx_graph *graph, plx_ref x, plx_ref value)
{
    const plx_shape shape = plx_ref_shape(graph, value);
    if (shape.groups > 1) {
        plx_ref gate = bank_of(graph, x, "gate", 1, shape.groups);
        value = plx_mixture(graph, gate, &value, 1);
    }
    return bank_of(graph, value, "out", 1, 1);
}

static const plx_embedding_table small_table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};

static plx_ref inputs_of(plx_graph *graph)
{
    plx_ref parts[3];
    for (int feature = 0; feature < 2; feature++) {
        const int outside = plx_scope(graph, "feature%d", feature);
        parts[feature] = plx_embedding(graph, feature, &small_table);
        plx_scope_leave(graph, outside);
    }
    parts[2] = plx_dense_input(graph, 2);
    return plx_concat(graph, parts, 3);
}

static void squared_tasks(plx_graph *graph, plx_ref x, plx_ref value)
{
    plx_ref number = to_number(graph, x, value);
    plx_graph_task(graph, 0, number, LOSS(squared, graph, 0, number));
}

static void build_linear(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref shared = bank_of(graph, x, "shared", 3, 5);
    squared_tasks(graph, x, bank_of(graph, shared, "bank", 3, 4));
}

static void build_activation(plx_graph *graph, const void *user)
{
    plx_ref (*activation)(plx_graph *, plx_ref) = *(plx_ref(*const *)(plx_graph *, plx_ref))user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, activation(graph, bank_of(graph, x, "in", 2, 5)));
}

static void build_multiply(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, plx_multiply(graph, bank_of(graph, x, "left", 2, 3), bank_of(graph, x, "right", 2, 3)));
}

static void build_dropout(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, plx_dropout(graph, bank_of(graph, x, "in", 1, 9), 0.3));
}

/* Two layers of it, so that one phase follows another. */
static void build_norm(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref first = plx_tanh(graph, plx_batch_norm(graph, bank_of(graph, x, "in", 2, 3)));
    const int outside = plx_scope(graph, "second");
    plx_ref second = plx_batch_norm(graph, bank_of(graph, first, "dense", 2, 4));
    plx_scope_leave(graph, outside);
    squared_tasks(graph, x, plx_sigmoid(graph, second));
}

static void build_gates(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref banks[] = {bank_of(graph, x, "own", 2, 4), bank_of(graph, x, "shared", 3, 4)};
    plx_ref gate = plx_softmax(graph, bank_of(graph, x, "weights", 1, 5));
    squared_tasks(graph, x, plx_mixture(graph, gate, banks, 2));
}

/* All kinds of fields on one table. */
static void build_bag(plx_graph *graph, const void *user)
{
    static const plx_bag_field fields[] = {{PLX_BAG_ROW, 1, 0},
                                           {PLX_BAG_SUM, 0, NETWORK_LENGTH},
                                           {PLX_BAG_SUM, 1, NETWORK_LENGTH},
                                           {PLX_BAG_MEAN, 0, NETWORK_LENGTH},
                                           {PLX_BAG_MEAN, 1, NETWORK_LENGTH},
                                           {PLX_BAG_MAX, 1, NETWORK_LENGTH},
                                           {PLX_BAG_ITEMS, 0, NETWORK_LENGTH}};
    const plx_embedding_table table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};
    (void)user;
    plx_ref parts[] = {inputs_of(graph), plx_bag(graph, &table, fields, 7)};
    plx_ref x = plx_concat(graph, parts, 2);
    squared_tasks(graph, x, plx_tanh(graph, bank_of(graph, x, "in", 1, 4)));
}

/*
 * One list is weighted by a feature of the same table, which others read too. One is weighted by a feature with its own
 * table, which cannot be collapsed while its neighbours can. One is weighted by another value.
 */
static void build_attention(plx_graph *graph, const void *user)
{
    static const plx_bag_field fields[] = {{PLX_BAG_ITEMS, 1, NETWORK_LENGTH}, {PLX_BAG_ROW, 0, 0}},
                               others[] = {{PLX_BAG_ITEMS, 0, NETWORK_LENGTH}};
    const plx_embedding_table table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};
    (void)user;
    plx_ref x = inputs_of(graph), all = plx_bag(graph, &table, fields, 2);
    plx_ref q = plx_slice_columns(graph, all, 3 * NETWORK_LENGTH, 3);
    const int outside = plx_scope(graph, "other");
    plx_ref other = plx_bag(graph, &table, others, 1);
    plx_scope_leave(graph, outside);
    plx_ref own[2];
    for (int feature = 0; feature < 2; feature++) {
        const int before = plx_scope(graph, "own%d", feature);
        own[feature] = plx_embedding(graph, feature, &small_table);
        plx_scope_leave(graph, before);
    }
    plx_ref parts[] = {q,
                       plx_attention(graph, q, plx_slice_columns(graph, all, 0, 3 * NETWORK_LENGTH), 1, NETWORK_LENGTH),
                       own[0],
                       own[1],
                       plx_attention(graph, own[0], other, 0, NETWORK_LENGTH),
                       plx_attention(graph, bank_of(graph, x, "query", 1, 3), other, 0, NETWORK_LENGTH)};
    squared_tasks(graph, x, plx_tanh(graph, bank_of(graph, plx_concat(graph, parts, 6), "in", 1, 4)));
}

/* A concatenation of values that others also read, so that the plan cannot make it in place. */
static void build_concat(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref parts[] = {bank_of(graph, x, "a", 1, 2), bank_of(graph, x, "b", 1, 3)};
    plx_ref both = plx_concat(graph, parts, 2);
    squared_tasks(graph, x, plx_multiply(graph, bank_of(graph, both, "c", 1, 3), plx_tanh(graph, parts[1])));
}

static void build_losses(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 1), b = bank_of(graph, x, "b", 1, 1), c = bank_of(graph, x, "c", 1, 1);
    plx_graph_task(graph, 0, plx_sigmoid(graph, a), LOSS(binary, graph, 0, a));
    plx_graph_task(graph, 1, plx_multiply(graph, plx_sigmoid(graph, a), plx_sigmoid(graph, b)),
                   plx_pair_loss(graph, 1, a, b));
    plx_graph_task(graph, 2, c, LOSS(squared, graph, 2, c));
}

/* A loss of one number, twice with the same value: the second adds to the gradient of the first. */
static void build_regression(plx_graph *graph, const void *user)
{
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 1), b = bank_of(graph, x, "b", 1, 1);
    plx_graph_task(graph, 0, a, plx_loss_node(graph, 0, a, user, 0.7));
    plx_graph_task(graph, 1, b, plx_loss_node(graph, 1, b, user, 0.7));
    plx_graph_task(graph, 2, b, plx_loss_node(graph, 2, b, user, 0.3));
}

/* Two losses of the same logits: the second adds to the gradient of the first. */
static void build_classes(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 5), both = bank_of(graph, x, "b", 1, 3);
    plx_graph_task(graph, 0, plx_softmax(graph, a), LOSS(class, graph, 0, a));
    plx_graph_task(graph, 1, plx_softmax(graph, both), LOSS(class, graph, 1, both));
    plx_graph_task(graph, 2, plx_softmax(graph, both), LOSS(class, graph, 2, both));
}

static void check_shape(const char *name, network_builder *build, const void *user, const network_shape *shape)
{
    network net;
    REQUIRE(network_init(&net, shape, build, user, 21));
    note_ops(&net);
    const plx_plan_options plans[] = {
        {.is_plain = true}, {.collapse = PLX_COLLAPSE_NEVER}, {.collapse = PLX_COLLAPSE_ALWAYS}};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        plx_plan_options options = plans[i];
        options.batch_rows = 13;
        options.training = true;
        options.tile_rows = 5;
        network_plan(&net, &options, NULL, plx_kernels_for(PLX_CPU_PLAIN));
        check_gradients(&net, name);
    }
    network_release(&net);
}

static void check_case(const char *name, network_builder *build, const void *user, int n_tasks)
{
    const network_shape shape = {2, 2, n_tasks, 13, 4, n_tasks > 1, false, false};
    check_shape(name, build, user, &shape);
}

static void test_ops(void)
{
#define FUNCTION(name) plx_##name,
    plx_ref (*activations[])(plx_graph *, plx_ref) = {PLX_ACTIVATION_OPS(FUNCTION) plx_softmax, plx_exp};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        check_case("activation", build_activation, &activations[i], 1);
    }
    check_case("linear", build_linear, NULL, 1);
    check_case("multiply", build_multiply, NULL, 1);
    check_case("dropout", build_dropout, NULL, 1);
    check_case("norm", build_norm, NULL, 1);
    check_case("gates", build_gates, NULL, 1);
    check_case("concat", build_concat, NULL, 1);
    check_case("bag", build_bag, NULL, 1);
    check_case("attention", build_attention, NULL, 1);
}

static void test_losses(void)
{
    for (int has_gaps = 0; has_gaps < 2; has_gaps++) {
        const network_shape numbers = {2, 2, 3, 13, 4, false, has_gaps, false};
        const network_shape classes = {2, 2, 3, 13, 4, true, has_gaps, false};
        const network_shape shares = {2, 2, 3, 13, 4, false, has_gaps, true};
        check_shape("losses", build_losses, NULL, &classes);
        check_shape("soft losses", build_losses, NULL, &shares);
        for (int i = 0; plx_task_regression.losses[i]; i++)
            check_shape(plx_task_regression.losses[i]->name, build_regression, plx_task_regression.losses[i], &numbers);
        check_shape("classes", build_classes, NULL, &classes);
    }
}

static void test_every_op_has_a_case(void)
{
    for (int k = 0; plx_op_list[k]; k++) {
        if (!seen[k]) check_report(__FILE__, __LINE__, plx_op_list[k]->name);
    }
}

/* -- Models ------------------------------------------------------------------------------------------------------ */

static void check_model(const plx_model_def *def, const plx_model_spec *spec, bool binary)
{
    static const plx_input_spec inputs[] = {{.name = "city", .vocabulary = 4, .embedding_dim = 3},
                                            {.name = "job", .vocabulary = 4, .embedding_dim = 2},
                                            {.name = "age"},
                                            {.name = "hours"}};
    const plx_target_spec targets[] = {{.name = "click"},
                                       {.name = "watch", .kind = binary ? PLX_TASK_BINARY : PLX_TASK_REGRESSION}};
    const network_model model = {def,
                                 {.spec = spec, .inputs = inputs, .n_inputs = 4, .targets = targets, .n_tasks = 2}};
    const network_shape shape = {2, 2, 2, 11, 4, binary, false, false};
    network net;
    REQUIRE(network_init(&net, &shape, network_build_model, &model, 5));
    for (int collapse = PLX_COLLAPSE_AUTO; collapse <= PLX_COLLAPSE_ALWAYS; collapse++) {
        const plx_plan_options options = {
            .batch_rows = 11, .training = true, .tile_rows = 4, .collapse = (plx_collapse)collapse};
        network_plan(&net, &options, NULL, plx_kernels_for(PLX_CPU_PLAIN));
        check_gradients(&net, def->name);
    }
    network_release(&net);
}

static void test_models(void)
{
    int two[] = {4, 3}, one[] = {3};
    plx_int_list towers[] = {{one, 1}, {two, 2}};
    int activations[] = {PLX_ACT_tanh, PLX_ACT_relu, PLX_ACT_gelu, PLX_ACT_prelu, PLX_ACT_swish};
    int tower_activation[] = {PLX_ACT_tanh}, use_bn[] = {true, false};
    double dropout[] = {0.2, 0};
    for (int variant = 0; variant < 4; variant++) {
        const plx_model_spec spec = {
            .bottom_dnn_units = {two, 2},
            .expert_dnn_units = {two, variant == 1 ? 1 : 2},
            .gate_dnn_units = {one, variant % 2},
            .tower_dnn_units_lists = {.items = towers, .n = 2},
            .num_experts = 3,
            .num_experts_specific = variant == 2 ? 0 : 2,
            .num_experts_shared = variant == 3 ? 0 : 2,
            .num_levels = 2,
            .gate_input = variant == 2 ? PLX_GATE_FEATURES : PLX_GATE_LEVEL,
            .dnn = {.activation = {activations + variant, 2},
                    .dropout = {dropout, variant == 1 ? 2 : 0},
                    .use_bn = {use_bn, variant == 3 ? 1 : 0}},
            .tower = {.activation = {tower_activation, variant % 2}, .use_bn = {use_bn, variant == 2 ? 2 : 0}},
        };
        for (int i = 0; plx_model_list[i]; i++)
            check_model(plx_model_list[i], &spec, variant % 2 || plx_model_list[i]->needs_binary);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_ops), CHECK_TEST(test_losses),
                                       CHECK_TEST(test_every_op_has_a_case), CHECK_TEST(test_models)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
