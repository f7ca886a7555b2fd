/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise ops: exponentials, products, dropout. */
#include <math.h>

#include "ops/op_defs.h"

static void same_shape(plx_graph *graph, plx_node *node)
{
    node->shape = plx_node_input_shape(graph, node, 0);
}

static void multiply_shape(plx_graph *graph, plx_node *node)
{
    const plx_shape x = plx_node_input_shape(graph, node, 0), y = plx_node_input_shape(graph, node, 1);
    if (x.groups != y.groups || x.width != y.width) {
        plx_graph_fail(graph, "multiply: [%d, %d] and [%d, %d] differ", x.groups, x.width, y.groups, y.width);
    }
    node->shape = x;
}

/* out (+)= x y. Only predictions of a few numbers per row are multiplied, so a plain loop is enough. */
static void multiply_rows(int rows, int n, plx_view x, plx_view y, plx_view out, bool adds)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < n; i++) {
            const plx_real product = x.at[row * x.stride + i] * y.at[row * y.stride + i];
            plx_real *place = &out.at[row * out.stride + i];
            *place = adds ? *place + product : product;
        }
    }
}

static void multiply_forward(const plx_tile *tile, const plx_node *node)
{
    multiply_rows(tile->rows, plx_shape_numbers(node->shape), plx_tile_input(tile, node, 0),
                  plx_tile_input(tile, node, 1), plx_tile_value(tile, node), false);
}

static void multiply_backward(const plx_tile *tile, const plx_node *node)
{
    for (int i = 0; i < 2; i++) {
        bool adds;
        const plx_view d_input = plx_tile_input_gradient(tile, node, i, &adds);
        if (!d_input.at) continue;
        multiply_rows(tile->rows, plx_shape_numbers(node->shape), plx_tile_gradient(tile, node),
                      plx_tile_input(tile, node, 1 - i), d_input, adds);
    }
}

const plx_op plx_op_multiply = {
    .name = "multiply", .shape = multiply_shape, .forward = multiply_forward, .backward = multiply_backward};

/* Rates are few, too. */
static void exp_forward(const plx_tile *tile, const plx_node *node)
{
    const plx_view x = plx_tile_input(tile, node, 0), y = plx_tile_value(tile, node);
    const int n = plx_shape_numbers(node->shape);
    for (int row = 0; row < tile->rows; row++) {
        for (int i = 0; i < n; i++)
            y.at[row * y.stride + i] = (plx_real)exp((double)x.at[row * x.stride + i]);
    }
}

static void exp_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    multiply_rows(tile->rows, plx_shape_numbers(node->shape), plx_tile_value(tile, node), plx_tile_gradient(tile, node),
                  dx, adds);
}

const plx_op plx_op_exp = {
    .name = "exp",
    .is_in_place = true,
    .backward_reads_value = true,
    .shape = same_shape,
    .forward = exp_forward,
    .backward = exp_backward,
};

plx_ref plx_exp(plx_graph *graph, plx_ref x)
{
    return plx_graph_node(graph, &plx_op_exp, &x, 1, NULL, 0);
}

plx_ref plx_multiply(plx_graph *graph, plx_ref x, plx_ref y)
{
    return plx_graph_node(graph, &plx_op_multiply, (plx_ref[]){x, y}, 2, NULL, 0);
}

static void dropout_shape(plx_graph *graph, plx_node *node)
{
    const double rate = *(const double *)node->attrs;
    if (!(rate >= 0.0 && rate < 1.0)) plx_graph_fail(graph, "dropout: the rate %g is not in [0, 1)", rate);
    same_shape(graph, node);
}

/* The backward pass draws the mask again: the random numbers are counter-based, so they are the same. */
static void drop(const plx_tile *tile, const plx_node *node, plx_view from, plx_view to, bool adds)
{
    const plx_run *run = tile->run;
    const plx_random random = {run->seed, node->stream};
    const int n = plx_shape_numbers(node->shape);
    if (run->training) {
        const uint64_t first_row = run->rows_before + (uint64_t)tile->first_row;
        run->kernels->dropout(tile->rows, n, from, to, &random, first_row, run->step,
                              (plx_real) * (const double *)node->attrs, adds);
    } else if (from.at != to.at) {
        run->kernels->copy(tile->rows, n, from, to, adds);
    }
}

static void dropout_forward(const plx_tile *tile, const plx_node *node)
{
    drop(tile, node, plx_tile_input(tile, node, 0), plx_tile_value(tile, node), false);
}

static void dropout_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (dx.at) drop(tile, node, plx_tile_gradient(tile, node), dx, adds);
}

const plx_op plx_op_dropout = {.name = "dropout",
                               .is_in_place = true,
                               .passes_in_scoring = true,
                               .shape = dropout_shape,
                               .forward = dropout_forward,
                               .backward = dropout_backward};

plx_ref plx_dropout(plx_graph *graph, plx_ref x, double rate)
{
    return plx_graph_node(graph, &plx_op_dropout, &x, 1, &rate, sizeof rate);
}
