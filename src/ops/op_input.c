/* SPDX-License-Identifier: Apache-2.0 */
/* From records to values: embedding tables, dense numbers, and their concatenation. */
#include <string.h>

#include "ops/id_sums.h"
#include "ops/op_defs.h"

/* In id_scratch: last [vocabulary], then leaf [vocabulary]. In the row scratch, for each row of the batch: numbers
   [dim], then a plx_set_aside. */
static size_t reals_of(size_t bytes)
{
    return (bytes + sizeof(plx_real) - 1) / sizeof(plx_real);
}

static size_t row_numbers(const plx_embedding_attrs *attrs)
{
    return (size_t)attrs->dim + reals_of(sizeof(plx_set_aside));
}

static void embedding_shape(plx_graph *graph, plx_node *node)
{
    const plx_embedding_attrs *attrs = node->attrs;
    node->shape = (plx_shape){1, attrs->dim};
    node->row_numbers = (int)row_numbers(attrs);
    node->id_scratch = reals_of((size_t)attrs->vocabulary * (sizeof(uint32_t) + sizeof(uint8_t)));
    plx_node_param(graph, node,
                   &(plx_param_spec){.name = "table",
                                     .groups = 1,
                                     .rows = attrs->vocabulary,
                                     .cols = attrs->dim,
                                     .init = attrs->init,
                                     .init_scale = attrs->init_scale,
                                     .regulariser = PLX_L2_EMBEDDING,
                                     .is_joined = true});
}

static void embedding_forward(const plx_tile *tile, const plx_node *node)
{
    const plx_embedding_attrs *attrs = node->attrs;
    uint32_t ids[PLX_TILE_ROWS_MAX];
    plx_records_ids(tile->run->layout, tile->records, (size_t)tile->rows, attrs->feature, ids);
    tile->run->kernels->gather(tile->rows, attrs->dim, plx_run_param(tile->run, node, 0, 0), ids,
                               plx_tile_value(tile, node));
}

static plx_id_sums open_sums(const plx_run *run, const plx_node *node)
{
    const plx_embedding_attrs *attrs = node->attrs;
    const size_t vocabulary = (size_t)attrs->vocabulary, dim = (size_t)attrs->dim;
    plx_real *rows = plx_run_rows(run, node);
    plx_id_sums s = {.kernels = run->kernels,
                     .width = attrs->dim,
                     .sums = plx_run_param_gradient(run, node, 0, 0),
                     .last = (uint32_t *)(void *)plx_run_id_scratch(run, node),
                     .numbers_end = rows + (size_t)run->n_rows * dim,
                     .aside = (plx_set_aside *)(void *)(rows + (size_t)run->n_rows * dim)};
    s.leaf = (uint8_t *)(s.last + vocabulary);
    memset(s.leaf, 0, vocabulary);
    memset(s.sums.at, 0, vocabulary * dim * sizeof(plx_real));
    return s;
}

static void add_rows(plx_id_sums *s, const plx_run *run, const plx_node *node, int leaf, int first, int rows)
{
    const plx_embedding_attrs *attrs = node->attrs;
    const plx_view d_value = plx_run_gradient(run, node);
    uint32_t ids[PLX_TILE_ROWS_MAX];
    plx_records_ids(run->layout, run->records + (size_t)first * run->layout->record_bytes, (size_t)rows, attrs->feature,
                    ids);
    for (int row = 0; row < rows; row++)
        plx_id_sums_open(s, ids[row], leaf);
    run->kernels->scatter_add(rows, attrs->dim, (plx_view){d_value.at + first * d_value.stride, d_value.stride}, ids,
                              s->sums);
}

/* The whole table's gradient. */
static void embedding_id_sums(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    const plx_leaves leaves = plx_run_id_leaves(run);
    plx_id_sums s = open_sums(run, node);
    for (int leaf = leaves.first; leaf < leaves.end; leaf++) {
        const int end = plx_run_leaf_row(run, &leaves, leaf + 1);
        for (int first = plx_run_leaf_row(run, &leaves, leaf); first < end; first += PLX_TILE_ROWS_MAX)
            add_rows(&s, run, node, leaf, first, end - first < PLX_TILE_ROWS_MAX ? end - first : PLX_TILE_ROWS_MAX);
    }
    plx_id_sums_close(&s);
}

const plx_op plx_op_embedding = {
    .name = "embedding",
    .sums_read_gradient = true,
    .sums_read_rows = true,
    .shape = embedding_shape,
    .forward = embedding_forward,
    .id_sums = {.run = embedding_id_sums},
};

plx_ref plx_embedding(plx_graph *graph, int feature, const plx_embedding_table *table)
{
    const plx_embedding_attrs attrs = {feature, table->vocabulary, table->dim, table->init, table->init_scale};
    return plx_graph_node(graph, &plx_op_embedding, NULL, 0, &attrs, sizeof attrs);
}

static void dense_shape(plx_graph *graph, plx_node *node)
{
    (void)graph;
    node->shape = (plx_shape){1, *(const int *)node->attrs};
}

static void dense_forward(const plx_tile *tile, const plx_node *node)
{
    const plx_view value = plx_tile_value(tile, node);
    const size_t record_bytes = tile->run->layout->record_bytes;
    for (int row = 0; row < tile->rows; row++) {
        const float *dense = plx_record_dense(tile->records + (size_t)row * record_bytes);
        for (int i = 0; i < node->shape.width; i++)
            value.at[row * value.stride + i] = (plx_real)dense[i];
    }
}

const plx_op plx_op_dense = {.name = "dense", .shape = dense_shape, .forward = dense_forward};

plx_ref plx_dense_input(plx_graph *graph, int n_dense)
{
    return plx_graph_node(graph, &plx_op_dense, NULL, 0, &n_dense, sizeof n_dense);
}

static void concat_shape(plx_graph *graph, plx_node *node)
{
    node->shape = (plx_shape){1, 0};
    for (int i = 0; i < node->n_inputs; i++) {
        const plx_shape shape = plx_node_input_shape(graph, node, i);
        if (shape.groups != 1) plx_graph_fail(graph, "concat: input %d has %d groups, not 1", i, shape.groups);
        if (node->shape.width > PLX_ROW_NUMBERS_MAX) return; /* described by its consumer */
        node->shape.width += shape.width;
    }
}

/* Inputs that the plan has placed inside the value need no copy. */
static void concat_forward(const plx_tile *tile, const plx_node *node)
{
    plx_view piece = plx_tile_value(tile, node);
    for (int i = 0; i < node->n_inputs; i++) {
        const plx_view input = plx_tile_input(tile, node, i);
        const int width = plx_run_input_node(tile->run, node, i)->shape.width;
        if (input.at != piece.at) tile->run->kernels->copy(tile->rows, width, input, piece, false);
        piece.at += width;
    }
}

static void concat_backward(const plx_tile *tile, const plx_node *node)
{
    plx_view piece = plx_tile_gradient(tile, node);
    for (int i = 0; i < node->n_inputs; i++) {
        bool adds;
        const plx_view d_input = plx_tile_input_gradient(tile, node, i, &adds);
        const int width = plx_run_input_node(tile->run, node, i)->shape.width;
        if (d_input.at && d_input.at != piece.at) {
            tile->run->kernels->copy(tile->rows, width, piece, d_input, adds);
        }
        piece.at += width;
    }
}

const plx_op plx_op_concat = {
    .name = "concat",
    .concatenates = true,
    .shape = concat_shape,
    .forward = concat_forward,
    .backward = concat_backward,
};

plx_ref plx_concat(plx_graph *graph, const plx_ref *values, int n)
{
    return plx_graph_node(graph, &plx_op_concat, values, n, NULL, 0);
}
