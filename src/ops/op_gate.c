/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: softmax, and the mixture of experts (Ma et al., KDD 2018, equation 6). */
#include "ops/op_defs.h"

static void softmax_shape(plx_graph *graph, plx_node *node)
{
    node->shape = plx_node_input_shape(graph, node, 0);
}

static plx_view group_of(plx_view view, int group, int width)
{
    return (plx_view){view.at + group * width, view.stride};
}

static void softmax_forward(const plx_tile *tile, const plx_node *node)
{
    const int width = node->shape.width;
    for (int g = 0; g < node->shape.groups; g++) {
        tile->run->kernels->softmax(tile->rows, width, group_of(plx_tile_input(tile, node, 0), g, width),
                                    group_of(plx_tile_value(tile, node), g, width));
    }
}

static void softmax_backward(const plx_tile *tile, const plx_node *node)
{
    const int width = node->shape.width;
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    for (int g = 0; g < node->shape.groups; g++) {
        tile->run->kernels->softmax_back(tile->rows, width, group_of(plx_tile_value(tile, node), g, width),
                                         group_of(plx_tile_gradient(tile, node), g, width), group_of(dx, g, width),
                                         adds);
    }
}

const plx_op plx_op_softmax = {.name = "softmax",
                               .backward_reads_value = true,
                               .shape = softmax_shape,
                               .forward = softmax_forward,
                               .backward = softmax_backward};

plx_ref plx_softmax(plx_graph *graph, plx_ref x)
{
    return plx_graph_node(graph, &plx_op_softmax, &x, 1, NULL, 0);
}

/* Input 0 is the gate, the others are the banks. */
static void mixture_shape(plx_graph *graph, plx_node *node)
{
    const plx_shape gate = plx_node_input_shape(graph, node, 0);
    int experts = 0;
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_node_input_shape(graph, node, i);
        if (i > 1 && bank.width != node->shape.width) {
            plx_graph_fail(graph, "mixture: experts of width %d and %d", node->shape.width, bank.width);
            return;
        }
        node->shape = (plx_shape){1, bank.width};
        experts += bank.groups;
    }
    if (gate.groups != 1 || gate.width != experts) {
        plx_graph_fail(graph, "mixture: the gate is [%d, %d], the experts are %d", gate.groups, gate.width, experts);
    }
    node->tile_numbers = gate.width;
}

/** The gate's columns, summed over the tile's rows. */
static void count_gate(const plx_tile *tile, const plx_node *node, plx_view gate)
{
    plx_real *sums = plx_run_tile_numbers(tile->run, node, tile->index);
    for (int expert = 0; expert < node->tile_numbers; expert++)
        sums[expert] = 0;
    for (int row = 0; row < tile->rows; row++)
        for (int expert = 0; expert < node->tile_numbers; expert++)
            sums[expert] += gate.at[row * gate.stride + expert];
}

static void mixture_forward(const plx_tile *tile, const plx_node *node)
{
    plx_view gate = plx_tile_input(tile, node, 0);
    if (tile->run->counts_gates) count_gate(tile, node, gate);
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_run_input_node(tile->run, node, i)->shape;
        tile->run->kernels->mix(tile->rows, bank.groups, bank.width, gate, plx_tile_input(tile, node, i),
                                plx_tile_value(tile, node), i > 1);
        gate.at += bank.groups;
    }
}

static void mixture_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds_gate, adds_bank;
    plx_view gate = plx_tile_input(tile, node, 0), d_gate = plx_tile_input_gradient(tile, node, 0, &adds_gate);
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_run_input_node(tile->run, node, i)->shape;
        const plx_view d_bank = plx_tile_input_gradient(tile, node, i, &adds_bank);
        tile->run->kernels->mix_back(tile->rows, bank.groups, bank.width, gate, plx_tile_input(tile, node, i),
                                     plx_tile_gradient(tile, node), d_gate, d_bank, adds_gate, adds_bank);
        gate.at += bank.groups;
        d_gate.at += bank.groups;
    }
}

const plx_op plx_op_mixture = {
    .name = "mixture", .shape = mixture_shape, .forward = mixture_forward, .backward = mixture_backward};

plx_ref plx_mixture(plx_graph *graph, plx_ref gate, const plx_ref *banks, int n_banks)
{
    plx_ref *inputs = plx_arena_take(graph->arena, (size_t)n_banks + 1, sizeof *inputs);
    if (!inputs) return (plx_ref){-1};
    inputs[0] = gate;
    for (int i = 0; i < n_banks; i++)
        inputs[i + 1] = banks[i];
    return plx_graph_node(graph, &plx_op_mixture, inputs, n_banks + 1, NULL, 0);
}

bool plx_is_mixture(const plx_node *node)
{
    return node->op == &plx_op_mixture;
}

void plx_mixture_add_gate(const plx_run *run, const plx_node *node, double *sums)
{
    for (int tile = 0; tile < run->n_tiles; tile++) {
        const plx_real *numbers = plx_run_tile_numbers(run, node, tile);
        for (int expert = 0; expert < node->tile_numbers; expert++)
            sums[expert] += (double)numbers[expert];
    }
}
