/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Target attention, and the op for columns of a table node's value. Items after the end of a list are zeros with weight
 * 0, so products over all `length` items ignore them.
 */
#include <math.h>
#include <string.h>

#include "ops/op_defs.h"

static void columns_shape(plx_graph *graph, plx_node *node)
{
    const int *attrs = node->attrs; /* first, width */
    const plx_shape in = plx_node_input_shape(graph, node, 0);
    node->shape = (plx_shape){1, attrs[1]};
    if (in.groups != 1 || attrs[0] < 0 || attrs[1] < 1 || attrs[1] > in.width - attrs[0])
        plx_graph_fail(graph, "columns: %d from %d on of [%d, %d]", attrs[1], attrs[0], in.groups, in.width);
}

static void columns_forward(const plx_tile *tile, const plx_node *node)
{
    const int *attrs = node->attrs;
    tile->run->kernels->copy(tile->rows, attrs[1], plx_columns_from(plx_tile_input(tile, node, 0), attrs[0]),
                             plx_tile_value(tile, node), false);
}

static void columns_backward(const plx_tile *tile, const plx_node *node)
{
    const int *attrs = node->attrs;
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    const size_t width = (size_t)plx_run_input_node(tile->run, node, 0)->shape.width;
    for (int row = 0; row < tile->rows && !adds; row++)
        memset(dx.at + row * dx.stride, 0, width * sizeof *dx.at);
    tile->run->kernels->copy(tile->rows, attrs[1], plx_tile_gradient(tile, node), plx_columns_from(dx, attrs[0]), true);
}

const plx_op plx_op_columns = {
    .name = "columns", .shape = columns_shape, .forward = columns_forward, .backward = columns_backward};

int plx_columns_first(const plx_node *node)
{
    return *(const int *)node->attrs;
}

plx_ref plx_slice_columns(plx_graph *graph, plx_ref x, int first, int width)
{
    const int attrs[] = {first, width};
    return plx_graph_node(graph, &plx_op_columns, &x, 1, attrs, sizeof attrs);
}

/* -- Attention
 * ----------------------------------------------------------------------------------------------------------- */

typedef struct attention_attrs {
    int feature, length;
} attention_attrs;

enum { QUERY, ITEMS };

int plx_attention_list(const plx_node *node)
{
    return ((const attention_attrs *)node->attrs)->feature;
}

static void attention_shape(plx_graph *graph, plx_node *node)
{
    const attention_attrs *attrs = node->attrs;
    const plx_shape q = plx_node_input_shape(graph, node, QUERY), items = plx_node_input_shape(graph, node, ITEMS);
    node->shape = (plx_shape){1, q.width};
    node->row_numbers = 2 * attrs->length; /* the weights, and the gradients of the scores */
    if (q.groups != 1 || items.groups != 1 || (int64_t)q.width * attrs->length != items.width) {
        plx_graph_fail(graph,
                       "attention: the items are %d of %d numbers, the query is [%d, %d]; take the same "
                       "embedding_dim for both features",
                       attrs->length, attrs->length > 0 ? items.width / attrs->length : 0, q.groups, q.width);
    }
}

/* One row of the batch. */
typedef struct row {
    int n;                        /* items */
    plx_view q, items, out;       /* q and out as columns [d, 1]; items [n, d] */
    plx_real *weights, *d_scores; /* [length] */
} row;

/* `out`: the value, or its gradient. */
static row row_at(const plx_tile *tile, const plx_node *node, int r, plx_view out)
{
    const attention_attrs *attrs = node->attrs;
    const plx_layout *layout = tile->run->layout;
    const plx_view q = plx_tile_input(tile, node, QUERY), items = plx_tile_input(tile, node, ITEMS);
    const uint8_t *record = tile->records + (size_t)r * layout->record_bytes;
    plx_real *scratch = plx_tile_rows(tile, node) + (ptrdiff_t)r * node->row_numbers;
    return (row){
        .n = plx_record_list_length(record, &layout->lists[attrs->feature]),
        .q = {q.at + r * q.stride, 1},
        .items = {items.at + r * items.stride, node->shape.width},
        .out = {out.at + r * out.stride, 1},
        .weights = scratch,
        .d_scores = scratch + attrs->length,
    };
}

static plx_real score_scale(const plx_node *node)
{
    return (plx_real)(1 / sqrt((double)node->shape.width));
}

/* The matrix [rows, length] of the weights or of the scores' gradients. */
static plx_view scratch_of(const plx_tile *tile, const plx_node *node, bool is_gradient)
{
    const attention_attrs *attrs = node->attrs;
    return (plx_view){plx_tile_rows(tile, node) + (is_gradient ? attrs->length : 0), node->row_numbers};
}

static void attention_forward(const plx_tile *tile, const plx_node *node)
{
    const attention_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const plx_view out = plx_tile_value(tile, node);
    for (int r = 0; r < tile->rows; r++) {
        const row x = row_at(tile, node, r, out);
        const plx_view scores = {x.weights, 1}, weights = {x.weights, attrs->length};
        kernels->gemm_nn(x.n, 1, node->shape.width, x.items, x.q, scores, NULL, false);
        for (int i = 0; i < x.n; i++)
            x.weights[i] *= score_scale(node);
        if (x.n > 0) kernels->softmax(1, x.n, weights, weights);
        memset(x.weights + x.n, 0, (size_t)(attrs->length - x.n) * sizeof *x.weights);
    }
    const plx_mix_gate weights = {.gate = scratch_of(tile, node, false), .out = out};
    kernels->mix(tile->rows, attrs->length, node->shape.width, plx_tile_input(tile, node, ITEMS), false, &weights, 1);
}

/* d_scores = softmax's backward of d_weights = items . d_out, with the scale. */
static void score_gradients(const plx_tile *tile, const plx_node *node)
{
    const attention_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const plx_view d_out = plx_tile_gradient(tile, node);
    for (int r = 0; r < tile->rows; r++) {
        const row x = row_at(tile, node, r, d_out);
        const plx_view as_column = {x.d_scores, 1}, d_scores = {x.d_scores, attrs->length};
        kernels->gemm_nn(x.n, 1, node->shape.width, x.items, x.out, as_column, NULL, false);
        kernels->softmax_back(1, x.n, (plx_view){x.weights, attrs->length}, d_scores, d_scores, false);
        for (int i = 0; i < x.n; i++)
            x.d_scores[i] *= score_scale(node);
        memset(x.d_scores + x.n, 0, (size_t)(attrs->length - x.n) * sizeof *x.d_scores);
    }
}

static void attention_backward(const plx_tile *tile, const plx_node *node)
{
    const attention_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const int width = node->shape.width;
    const plx_view d_out = plx_tile_gradient(tile, node);
    bool adds_q, adds_items;
    const plx_view dq = plx_tile_input_gradient(tile, node, QUERY, &adds_q),
                   d_items = plx_tile_input_gradient(tile, node, ITEMS, &adds_items);
    score_gradients(tile, node);
    if (dq.at) {
        const plx_mix_gate d_scores = {.gate = scratch_of(tile, node, true), .out = dq, .accumulate = adds_q};
        kernels->mix(tile->rows, attrs->length, width, plx_tile_input(tile, node, ITEMS), false, &d_scores, 1);
    }
    for (int r = 0; r < tile->rows && d_items.at; r++) {
        const row x = row_at(tile, node, r, d_out);
        const plx_view to = {d_items.at + r * d_items.stride, width};
        kernels->gemm_tn(1, width, attrs->length, (plx_view){x.weights, attrs->length}, (plx_view){x.out.at, width}, to,
                         adds_items);
        kernels->gemm_tn(1, width, attrs->length, (plx_view){x.d_scores, attrs->length}, (plx_view){x.q.at, width}, to,
                         true);
    }
}

const plx_op plx_op_attention = {
    .name = "attention", .shape = attention_shape, .forward = attention_forward, .backward = attention_backward};

plx_ref plx_attention(plx_graph *graph, plx_ref q, plx_ref items, int feature, int length)
{
    const attention_attrs attrs = {feature, length};
    const plx_ref inputs[] = {q, items};
    return plx_graph_node(graph, &plx_op_attention, inputs, 2, &attrs, sizeof attrs);
}
