/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of the models. Names given here are names in model files: they are never changed. */
#include "models/blocks.h"

const char *const plx_activation_names[] = {"relu", "sigmoid", "tanh", "linear", NULL};
const char *const plx_gate_input_names[] = {"level", "features", NULL};

plx_ref plx_features(plx_graph *graph, const plx_build *build)
{
    plx_ref *parts = plx_arena_take(graph->arena, (size_t)build->n_inputs + 1, sizeof *parts);
    if (!parts) return (plx_ref){-1};
    int n = 0, n_dense = 0;
    for (int i = 0; i < build->n_inputs; i++) {
        const plx_input_spec *input = &build->inputs[i];
        if (input->vocabulary == 0) {
            n_dense++;
            continue;
        }
        const int outside = plx_scope(graph, "embedding/%s", input->name);
        parts[n] = plx_embedding(graph, n, input->vocabulary, input->embedding_dim);
        plx_scope_leave(graph, outside);
        n++;
    }
    if (n_dense > 0) parts[n++] = plx_dense_input(graph, n_dense);
    return plx_concat(graph, parts, n);
}

static plx_ref activation(plx_graph *graph, int kind, plx_ref x)
{
    switch ((plx_activation)kind) {
    case PLX_ACT_RELU:
        return plx_relu(graph, x);
    case PLX_ACT_SIGMOID:
        return plx_sigmoid(graph, x);
    case PLX_ACT_TANH:
        return plx_tanh(graph, x);
    case PLX_ACT_LINEAR:
        break;
    }
    return x;
}

plx_ref plx_dnn(plx_graph *graph, const plx_build *build, plx_ref x, int groups, const plx_int_list *units)
{
    const plx_model_spec *spec = build->spec;
    for (int layer = 0; layer < units->n; layer++) {
        const int outside = plx_scope(graph, "dense%d", layer);
        x = plx_linear(graph, x,
                       &(plx_linear_spec){.groups = groups,
                                          .width = units->items[layer],
                                          .has_bias = true,
                                          .init = PLX_INIT_GLOROT_NORMAL,
                                          .regulariser = PLX_L2_DNN});
        if (spec->dnn_use_bn) x = plx_batch_norm(graph, x);
        x = activation(graph, spec->dnn_activation, x);
        if (spec->dnn_dropout > 0) x = plx_dropout(graph, x, spec->dnn_dropout);
        plx_scope_leave(graph, outside);
    }
    return x;
}

plx_ref plx_experts(plx_graph *graph, const plx_build *build, plx_ref x, int n)
{
    const int outside = plx_scope(graph, "experts");
    plx_ref experts = plx_dnn(graph, build, x, n, &build->spec->expert_dnn_units);
    plx_scope_leave(graph, outside);
    return experts;
}

plx_ref plx_gated(plx_graph *graph, const plx_build *build, plx_ref x, const plx_ref *banks, int n_banks)
{
    const int outside = plx_scope(graph, "gate");
    int experts = 0;
    for (int i = 0; i < n_banks; i++)
        experts += plx_ref_shape(graph, banks[i]).groups;
    plx_ref gate = plx_dnn(graph, build, x, 1, &build->spec->gate_dnn_units);
    gate = plx_linear(graph, gate, &(plx_linear_spec){.groups = 1, .width = experts, .init = PLX_INIT_GLOROT_UNIFORM});
    plx_ref mixed = plx_mixture(graph, plx_softmax(graph, gate), banks, n_banks);
    plx_scope_leave(graph, outside);
    return mixed;
}

plx_ref plx_tower(plx_graph *graph, const plx_build *build, int task, plx_ref x)
{
    int default_units[] = {64};
    const plx_int_list default_tower = {default_units, 1};
    const plx_int_lists *lists = &build->spec->tower_dnn_units_lists;
    const int outside = plx_scope(graph, "tower");
    plx_ref tower = plx_dnn(graph, build, x, 1, lists->n > 0 ? &lists->items[task] : &default_tower);
    plx_scope_leave(graph, outside);
    return tower;
}

plx_ref plx_logit(plx_graph *graph, plx_ref x)
{
    const int outside = plx_scope(graph, "logit");
    plx_ref logit = plx_linear(
        graph, x, &(plx_linear_spec){.groups = 1, .width = 1, .has_bias = true, .init = PLX_INIT_GLOROT_UNIFORM});
    plx_scope_leave(graph, outside);
    return logit;
}

void plx_head(plx_graph *graph, const plx_build *build, int task, plx_ref x)
{
    plx_ref logit = plx_logit(graph, x);
    if (build->targets[task].kind == PLX_TASK_BINARY) {
        plx_graph_task(graph, task, plx_sigmoid(graph, logit), plx_binary_loss(graph, task, logit));
    } else {
        plx_graph_task(graph, task, logit, plx_squared_loss(graph, task, logit));
    }
}

int plx_task_scope(plx_graph *graph, int task)
{
    return plx_scope(graph, "task%d", task);
}
