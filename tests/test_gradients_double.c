/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of every op and of every model, each number of each parameter, compared with central differences in double.
 * Linear layers before an op check its input gradients.
 */
#include "op_cases.h"

/* The ops with a checked gradient, by their place in plx_op_list. */
static bool seen[64];

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

static void check_shape(const char *name, network_builder *build, const void *user, const network_shape *shape)
{
    network net;
    REQUIRE(network_init(&net, shape, build, user, 21));
    note_ops(&net.graph, seen);
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

static void test_ops(void)
{
    visit_ops(check_shape);
}

static void test_losses(void)
{
    visit_losses(check_shape);
}

static void test_every_op_has_a_case(void)
{
    check_all_seen(seen);
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
