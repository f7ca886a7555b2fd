/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax: gates, and the probabilities of classes. */
#include "ops/op_defs.h"

static void softmax_shape(plx_graph *graph, plx_node *node)
{
    node->shape = plx_node_input_shape(graph, node, 0);
}

static void softmax_forward(const plx_tile *tile, const plx_node *node)
{
    const int width = node->shape.width;
    for (int g = 0; g < node->shape.groups; g++) {
        tile->run->kernels->softmax(tile->rows, width, plx_columns_from(plx_tile_input(tile, node, 0), g * width),
                                    plx_columns_from(plx_tile_value(tile, node), g * width));
    }
}

static void softmax_backward(const plx_tile *tile, const plx_node *node)
{
    const int width = node->shape.width;
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    for (int g = 0; g < node->shape.groups; g++) {
        tile->run->kernels->softmax_back(tile->rows, width, plx_columns_from(plx_tile_value(tile, node), g * width),
                                         plx_columns_from(plx_tile_gradient(tile, node), g * width),
                                         plx_columns_from(dx, g * width), adds);
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
