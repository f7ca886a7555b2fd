/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear layers, and banks of them. A value [rows, groups, width] is row-major, so a bank that reads one shared input
 * is one wide product, and a bank on a bank is one product per group on strided views.
 */
#include "ops/op_defs.h"

enum { KERNEL = PLX_LINEAR_KERNEL, BIAS = PLX_LINEAR_BIAS };

static void linear_shape(plx_graph *graph, plx_node *node)
{
    const plx_linear_spec *spec = node->attrs;
    const plx_shape in = plx_node_input_shape(graph, node, 0);
    if (in.groups != 1 && in.groups != spec->groups) {
        plx_graph_fail(graph, "linear: the input has %d groups, the result %d", in.groups, spec->groups);
        return;
    }
    node->shape = (plx_shape){spec->groups, spec->width};
    node->batch_numbers = (size_t)spec->groups * (size_t)spec->width * (size_t)in.width;
    plx_node_param(graph, node,
                   &(plx_param_spec){.name = "kernel",
                                     .groups = spec->groups,
                                     .rows = in.width,
                                     .cols = spec->width,
                                     .init = spec->init,
                                     .regulariser = spec->regulariser,
                                     .is_side_by_side = in.groups == 1});
    if (spec->has_bias) {
        plx_node_param(graph, node,
                       &(plx_param_spec){.name = "bias",
                                         .groups = spec->groups,
                                         .rows = 1,
                                         .cols = spec->width,
                                         .init = PLX_INIT_ZERO,
                                         .is_bias = true});
    }
}

/* A bank as products: one wide product if the groups share their input, else one per group. */
typedef struct products {
    int n, width_in, width; /* of one product */
} products;

static products products_of(const plx_run *run, const plx_node *node)
{
    const plx_shape in = plx_run_input_node(run, node, 0)->shape;
    if (in.groups == 1) return (products){1, in.width, plx_shape_numbers(node->shape)};
    return (products){node->shape.groups, in.width, node->shape.width};
}

/* Product p's transposed kernel [width, width_in] in the run's scratch. */
static plx_view transposed(const plx_run *run, const plx_node *node, products product, int p)
{
    plx_real *numbers = plx_run_batch_numbers(run, node);
    return (plx_view){numbers + (size_t)p * (size_t)product.width * (size_t)product.width_in, product.width_in};
}

static void linear_prepare(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    if (!run->training || !plx_run_wants_gradient(run, node, 0)) return;
    const products product = products_of(run, node);
    for (int p = 0; p < product.n; p++) {
        run->kernels->transpose(product.width_in, product.width, plx_run_param(run, node, KERNEL, p),
                                transposed(run, node, product, p));
    }
}

static void multiply(const plx_tile *tile, const plx_node *node, products product, int p, plx_view kernel,
                     const plx_real *bias)
{
    tile->run->kernels->gemm_nn(tile->rows, product.width, product.width_in,
                                plx_columns_from(plx_tile_input(tile, node, 0), p * product.width_in), kernel,
                                plx_columns_from(plx_tile_value(tile, node), p * product.width), bias, false);
}

static void linear_forward(const plx_tile *tile, const plx_node *node)
{
    const products product = products_of(tile->run, node);
    for (int p = 0; p < product.n; p++) {
        const plx_real *bias = node->n_params > BIAS ? plx_run_param(tile->run, node, BIAS, p).at : NULL;
        multiply(tile, node, product, p, plx_run_param(tile->run, node, KERNEL, p), bias);
    }
}

/* dW = x' dy,  db = sum of dy,  dx = dy W'. */
static void linear_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_kernels *kernels = tile->run->kernels;
    const products product = products_of(tile->run, node);
    const plx_view x = plx_tile_input(tile, node, 0), dy = plx_tile_gradient(tile, node);
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    for (int p = 0; p < product.n; p++) {
        const plx_view dy_p = plx_columns_from(dy, p * product.width);
        kernels->gemm_tn(tile->rows, product.width, product.width_in, plx_columns_from(x, p * product.width_in), dy_p,
                         plx_tile_param_gradient(tile, node, KERNEL, p), tile->adds_gradient);
        if (node->n_params > BIAS) {
            kernels->column_sum(tile->rows, product.width, dy_p, plx_tile_param_gradient(tile, node, BIAS, p).at,
                                tile->adds_gradient);
        }
        if (dx.at) {
            kernels->gemm_nn(tile->rows, product.width_in, product.width, dy_p, transposed(tile->run, node, product, p),
                             plx_columns_from(dx, p * product.width_in), NULL, adds);
        }
    }
}

/* -- A bank on a bank, with the affine map that follows: its kernels and biases are scaled once ------------------- */

typedef struct folded_attrs {
    const plx_node *linear, *affine;
    int width_in; /* of a group */
} folded_attrs;

/* In batch_numbers: the kernels [groups, width_in, width], then scale and bias [groups, width]. */
static plx_view folded_kernel(const plx_run *run, const plx_node *node, products product, int p)
{
    plx_real *numbers = plx_run_batch_numbers(run, node);
    return (plx_view){numbers + (size_t)p * (size_t)product.width * (size_t)product.width_in, product.width};
}

static void folded_shape(plx_graph *graph, plx_node *node)
{
    (void)graph;
    const folded_attrs *attrs = node->attrs;
    node->shape = attrs->linear->shape;
    node->batch_numbers = (size_t)plx_shape_numbers(node->shape) * (size_t)(attrs->width_in + 2);
}

static void folded_prepare(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    const folded_attrs *attrs = node->attrs;
    const products product = products_of(run, node);
    plx_real *scale = folded_kernel(run, node, product, product.n).at, *bias = scale + plx_shape_numbers(node->shape);
    attrs->affine->op->affine(run, attrs->affine, scale, bias);
    for (int p = 0; p < product.n; p++, scale += product.width, bias += product.width) {
        const plx_view from = plx_run_param(run, attrs->linear, KERNEL, p), to = folded_kernel(run, node, product, p);
        for (int c = 0; c < product.width; c++) {
            if (attrs->linear->n_params > BIAS) bias[c] += plx_run_param(run, attrs->linear, BIAS, p).at[c] * scale[c];
            for (int row = 0; row < product.width_in; row++)
                to.at[row * to.stride + c] = from.at[row * from.stride + c] * scale[c];
        }
    }
}

static void folded_forward(const plx_tile *tile, const plx_node *node)
{
    const products product = products_of(tile->run, node);
    const plx_real *bias = folded_kernel(tile->run, node, product, product.n).at + plx_shape_numbers(node->shape);
    for (int p = 0; p < product.n; p++) {
        multiply(tile, node, product, p, folded_kernel(tile->run, node, product, p), bias + p * product.width);
    }
}

static void folded_describe(const plx_node *node, plx_string *out)
{
    const folded_attrs *attrs = node->attrs;
    plx_string_format(out, "%s with %s", attrs->linear->name, attrs->affine->name);
}

static const plx_op op_folded = {
    .name = "folded",
    .shape = folded_shape,
    .prepare = {.run = folded_prepare},
    .forward = folded_forward,
    .describe = folded_describe,
};

plx_fusion plx_folded_fuse(const plx_fuse_request *request)
{
    plx_fusion fusion = {0};
    if (request->n_readers != 1 || !request->affines[0]) return fusion;
    const folded_attrs attrs = {request->readers[0], request->affines[0], request->source->shape.width};
    fusion.attrs = plx_arena_copy(request->arena, &attrs, sizeof attrs);
    fusion.op = &op_folded;
    return fusion;
}

const plx_op plx_op_linear = {
    .name = "linear",
    .is_layer = true,
    .shape = linear_shape,
    .fuse = plx_joined_fuse,
    .prepare = {.run = linear_prepare},
    .forward = linear_forward,
    .backward = linear_backward,
};

plx_ref plx_linear(plx_graph *graph, plx_ref x, const plx_linear_spec *spec)
{
    return plx_graph_node(graph, &plx_op_linear, &x, 1, spec, sizeof *spec);
}
