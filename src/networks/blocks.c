/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of the models. Names set here are stored in model files: never change them. */
#include "networks/blocks.h"

#define NAME(name) #name,
const char *const plx_activation_names[] = {PLX_ACTIVATION_NAMES(NAME) NULL};
const char *const plx_gate_input_names[] = {"level", "features", NULL};

#define FUNCTION(name) [PLX_ACT_##name] = plx_##name,
static plx_ref activation(plx_graph *graph, int kind, plx_ref x)
{
    static plx_ref (*const functions[PLX_ACTIVATIONS])(plx_graph *, plx_ref) = {PLX_ACTIVATION_OPS(FUNCTION)};
    return functions[kind] ? functions[kind](graph, x) : x;
}

/** Item `layer` of the block's own list, or of the model-wide list. */
static int named_of(const plx_int_list *own, const plx_int_list *all, int layer)
{
    const plx_int_list *list = own->n > 0 ? own : all;
    if (list->n == 0) return 0;
    return list->items[layer < list->n ? layer : list->n - 1];
}

static double real_of(const plx_real_list *own, const plx_real_list *all, int layer)
{
    const plx_real_list *list = own->n > 0 ? own : all;
    if (list->n == 0) return 0;
    return list->items[layer < list->n ? layer : list->n - 1];
}

plx_ref plx_dnn(plx_graph *graph, const plx_build *build, plx_ref x, int groups, const plx_int_list *units,
                const plx_layer_choices *own)
{
    const plx_layer_choices *all = &build->spec->dnn;
    for (int layer = 0; layer < units->n; layer++) {
        const int outside = plx_scope(graph, "dense%d", layer);
        x = plx_linear(graph, x,
                       &(plx_linear_spec){.groups = groups,
                                          .width = units->items[layer],
                                          .has_bias = true,
                                          .init = PLX_INIT_GLOROT_NORMAL,
                                          .regulariser = PLX_L2_DNN});
        const double dropout = real_of(&own->dropout, &all->dropout, layer);
        if (named_of(&own->use_bn, &all->use_bn, layer)) x = plx_batch_norm(graph, x);
        x = activation(graph, named_of(&own->activation, &all->activation, layer), x);
        if (dropout > 0) x = plx_dropout(graph, x, dropout);
        plx_scope_leave(graph, outside);
    }
    return x;
}

plx_ref plx_experts(plx_graph *graph, const plx_build *build, plx_ref x, int n)
{
    if (n == 0) return PLX_ABSENT;
    const int outside = plx_scope(graph, "experts");
    plx_ref experts = plx_dnn(graph, build, x, n, &build->spec->expert_dnn_units, &build->spec->expert);
    plx_scope_leave(graph, outside);
    return experts;
}

plx_ref plx_gated(plx_graph *graph, const plx_build *build, plx_ref x, const plx_ref *banks, int n_banks)
{
    const int outside = plx_scope(graph, "gate");
    plx_ref *present = plx_arena_take(graph->arena, (size_t)n_banks, sizeof *present);
    int n = 0, experts = 0;
    for (int i = 0; i < n_banks && present; i++) {
        if (plx_is_absent(banks[i])) continue;
        present[n++] = banks[i];
        experts += plx_ref_shape(graph, banks[i]).groups;
    }
    if (present && n == 0) plx_graph_fail(graph, "it has no experts; give it at least one");
    plx_ref gate = plx_dnn(graph, build, x, 1, &build->spec->gate_dnn_units, &build->spec->gate);
    gate = plx_linear(graph, gate, &(plx_linear_spec){.groups = 1, .width = experts, .init = PLX_INIT_GLOROT_UNIFORM});
    plx_ref mixed = plx_mixture(graph, plx_softmax(graph, gate), present, n);
    plx_scope_leave(graph, outside);
    return mixed;
}

plx_ref plx_tower(plx_graph *graph, const plx_build *build, int task, plx_ref x)
{
    const plx_int_list *units = plx_int_lists_item(&build->spec->tower_dnn_units_lists, task);
    const int outside = plx_scope(graph, "tower");
    plx_ref tower = plx_dnn(graph, build, x, 1, units, &build->spec->tower);
    plx_scope_leave(graph, outside);
    return tower;
}

plx_ref plx_logit(plx_graph *graph, plx_ref x, int width)
{
    const int outside = plx_scope(graph, "logit");
    plx_ref logit = plx_linear(
        graph, x, &(plx_linear_spec){.groups = 1, .width = width, .has_bias = true, .init = PLX_INIT_GLOROT_UNIFORM});
    plx_scope_leave(graph, outside);
    return logit;
}

static plx_ref prediction(plx_graph *graph, plx_link link, plx_ref logit)
{
    static plx_ref (*const functions[PLX_LINKS])(plx_graph *, plx_ref) = {
        [PLX_LINK_SIGMOID] = plx_sigmoid, [PLX_LINK_EXP] = plx_exp, [PLX_LINK_SOFTMAX] = plx_softmax};
    return functions[link] ? functions[link](graph, logit) : logit;
}

plx_task_output plx_head(plx_graph *graph, const plx_build *build, int task, plx_ref x)
{
    const plx_target_spec *target = &build->targets[task];
    const plx_task_def *def = plx_task_list[target->kind];
    const plx_loss *loss = target->loss ? target->loss : def->losses[0];
    const plx_ref logit = plx_logit(graph, x, def->has_output_per_class ? target->n_classes : 1);
    const plx_ref value = prediction(graph, loss->link, logit);
    return (plx_task_output){value, plx_loss_node(graph, task, logit, loss, target->parameter)};
}
