/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations. If the value determines the slope, backward reads only the value, which may then overwrite the input.
 * gelu and swish are not monotonic and the slopes of prelu and dice are learned, so these read their input.
 */
#include "ops/op_defs.h"

static void same_shape(plx_graph *graph, plx_node *node)
{
    node->shape = plx_node_input_shape(graph, node, 0);
}

static void activate(const plx_tile *tile, const plx_node *node, plx_activate_fn *kernel)
{
    kernel(tile->rows, plx_shape_numbers(node->shape), plx_tile_input(tile, node, 0), plx_tile_value(tile, node));
}

/** `x` and `y`: the kernel reads one of them; the other may be any view. */
static void activate_back(const plx_tile *tile, const plx_node *node, plx_activate_back_fn *kernel)
{
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    kernel(tile->rows, plx_shape_numbers(node->shape), plx_tile_input(tile, node, 0), plx_tile_value(tile, node),
           plx_tile_gradient(tile, node), dx, adds);
}

#define READS_VALUE_y true
#define READS_VALUE_x false
#define ACTIVATION(kernel, by)                                                                                         \
    static void kernel##_forward(const plx_tile *tile, const plx_node *node)                                           \
    {                                                                                                                  \
        activate(tile, node, tile->run->kernels->kernel);                                                              \
    }                                                                                                                  \
    static void kernel##_backward(const plx_tile *tile, const plx_node *node)                                          \
    {                                                                                                                  \
        activate_back(tile, node, tile->run->kernels->kernel##_back);                                                  \
    }                                                                                                                  \
    const plx_op plx_op_##kernel = {.name = #kernel,                                                                   \
                                    .is_in_place = READS_VALUE_##by,                                                   \
                                    .backward_reads_value = READS_VALUE_##by,                                          \
                                    .shape = same_shape,                                                               \
                                    .forward = kernel##_forward,                                                       \
                                    .backward = kernel##_backward};                                                    \
    plx_ref plx_##kernel(plx_graph *graph, plx_ref x)                                                                  \
    {                                                                                                                  \
        return plx_graph_node(graph, &plx_op_##kernel, &x, 1, NULL, 0);                                                \
    }

PLX_POINTWISE_LIST(ACTIVATION)

/* -- Learned slopes ---------------------------------------------------------------------------------------------- */

enum { SLOPE }; /* parameter of prelu and dice, without gaps between groups */

static void slope_shape(plx_graph *graph, plx_node *node)
{
    same_shape(graph, node);
    plx_node_param(graph, node,
                   &(plx_param_spec){.name = "alpha",
                                     .groups = node->shape.groups,
                                     .rows = 1,
                                     .cols = node->shape.width,
                                     .init = PLX_INIT_ZERO,
                                     .is_bias = true});
}

static void prelu_forward(const plx_tile *tile, const plx_node *node)
{
    tile->run->kernels->prelu(tile->rows, plx_shape_numbers(node->shape), plx_tile_input(tile, node, 0),
                              plx_run_param(tile->run, node, SLOPE, 0).at, plx_tile_value(tile, node));
}

static void prelu_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_kernels *kernels = tile->run->kernels;
    const int numbers = plx_shape_numbers(node->shape);
    const plx_view x = plx_tile_input(tile, node, 0), dy = plx_tile_gradient(tile, node);
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    kernels->prelu_sums(tile->rows, numbers, x, dy, plx_tile_param_gradient(tile, node, SLOPE, 0).at,
                        tile->adds_gradient);
    if (!dx.at) return;
    kernels->prelu_back(tile->rows, numbers, x, plx_run_param(tile->run, node, SLOPE, 0).at, dy, dx, adds);
}

const plx_op plx_op_prelu = {
    .name = "prelu", .shape = slope_shape, .forward = prelu_forward, .backward = prelu_backward};

plx_ref plx_prelu(plx_graph *graph, plx_ref x)
{
    return plx_graph_node(graph, &plx_op_prelu, &x, 1, NULL, 0);
}

static void dice_forward(const plx_tile *tile, const plx_node *node)
{
    tile->run->kernels->dice(tile->rows, plx_shape_numbers(node->shape), plx_tile_input(tile, node, 0),
                             plx_tile_input(tile, node, 1), plx_run_param(tile->run, node, SLOPE, 0).at,
                             plx_tile_value(tile, node));
}

static void dice_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_kernels *kernels = tile->run->kernels;
    const int numbers = plx_shape_numbers(node->shape);
    const plx_view x = plx_tile_input(tile, node, 0), z = plx_tile_input(tile, node, 1);
    const plx_view dy = plx_tile_gradient(tile, node);
    bool adds, adds_z;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    const plx_view dz = plx_tile_input_gradient(tile, node, 1, &adds_z);
    kernels->dice_sums(tile->rows, numbers, x, z, dy, plx_tile_param_gradient(tile, node, SLOPE, 0).at,
                       tile->adds_gradient);
    if (!dx.at || !dz.at) return; /* z is computed from x, so both are needed or neither */
    kernels->dice_back(tile->rows, numbers, x, z, plx_run_param(tile->run, node, SLOPE, 0).at, dy, dx, adds, dz,
                       adds_z);
}

/** Inputs: x, and x normalised. */
const plx_op plx_op_dice = {.name = "dice", .shape = slope_shape, .forward = dice_forward, .backward = dice_backward};

plx_ref plx_dice(plx_graph *graph, plx_ref x)
{
    const int outside = plx_scope(graph, "dice");
    const plx_ref z = plx_standardise(graph, x, 1e-8);
    const plx_ref y = plx_graph_node(graph, &plx_op_dice, (plx_ref[]){x, z}, 2, NULL, 0);
    plx_scope_leave(graph, outside);
    return y;
}
