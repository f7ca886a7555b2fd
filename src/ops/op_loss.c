/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Losses: forward leaves the sum over the tile's labelled rows in tile numbers 0 and 1 (sum, rows) and each row's
 * slope in its scratch; backward scales the slopes by task weight / the batch's rows with a label of the task, which
 * are counted before the first tile. A row without a label (NaN) counts nowhere; a batch without any sends no gradient.
 */
#include <math.h>

#include "ops/op_defs.h"

typedef struct loss_attrs {
    int task;
} loss_attrs;

static void loss_shape(plx_graph *graph, plx_node *node)
{
    for (int i = 0; i < node->n_inputs; i++) {
        const plx_shape in = plx_node_input_shape(graph, node, i);
        if (in.groups != 1 || in.width != 1) {
            plx_graph_fail(graph, "%s: input is [%d, %d], not one number", node->op->name, in.groups, in.width);
        }
    }
    node->row_numbers = node->n_inputs; /* slopes by each input: [n_inputs][tile's rows] */
    node->tile_numbers = 2;
}

/* The tile's labels, 0 where there is none; `has` tells which. Returns how many there are. */
static int read_labels(const plx_tile *tile, const plx_node *node, plx_real *labels, bool *has)
{
    float raw[PLX_TILE_ROWS_MAX];
    const loss_attrs *attrs = node->attrs;
    int count = 0;
    plx_records_labels(tile->run->layout, tile->records, (size_t)tile->rows, attrs->task, raw);
    for (int row = 0; row < tile->rows; row++) {
        has[row] = !isnan(raw[row]);
        labels[row] = has[row] ? (plx_real)raw[row] : 0;
        count += has[row];
    }
    return count;
}

static void gather_input(const plx_tile *tile, const plx_node *node, int i, plx_real *out)
{
    const plx_view input = plx_tile_input(tile, node, i);
    for (int row = 0; row < tile->rows; row++)
        out[row] = input.at[row * input.stride];
}

/* Sums the losses of rows with a label and clears the slopes of the others. */
static void finish_forward(const plx_tile *tile, const plx_node *node, const plx_real *losses, const bool *has,
                           int labelled)
{
    plx_real *slopes = plx_tile_rows(tile, node), *numbers = plx_run_tile_numbers(tile->run, node, tile->index);
    plx_real sum = 0;
    for (int row = 0; row < tile->rows; row++) {
        if (has[row]) {
            sum += losses[row];
        } else {
            for (int i = 0; i < node->n_inputs; i++)
                slopes[i * tile->rows + row] = 0;
        }
    }
    numbers[0] = sum;
    numbers[1] = (plx_real)labelled;
}

static void loss_backward(const plx_tile *tile, const plx_node *node)
{
    const loss_attrs *attrs = node->attrs;
    const plx_real *slopes = plx_tile_rows(tile, node);
    const int64_t labelled = tile->run->task_rows[attrs->task];
    const plx_real factor = (plx_real)(labelled ? tile->run->task_weights[attrs->task] / (double)labelled : 0);
    for (int i = 0; i < node->n_inputs; i++) {
        bool adds;
        const plx_view d_input = plx_tile_input_gradient(tile, node, i, &adds);
        if (!d_input.at) continue;
        for (int row = 0; row < tile->rows; row++) {
            plx_real *place = &d_input.at[row * d_input.stride];
            const plx_real slope = factor * slopes[i * tile->rows + row];
            *place = adds ? *place + slope : slope;
        }
    }
}

static void binary_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real logits[PLX_TILE_ROWS_MAX], labels[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    bool has[PLX_TILE_ROWS_MAX];
    const int labelled = read_labels(tile, node, labels, has);
    gather_input(tile, node, 0, logits);
    tile->run->kernels->log_loss(tile->rows, logits, labels, losses, plx_tile_rows(tile, node));
    finish_forward(tile, node, losses, has, labelled);
}

static void squared_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real values[PLX_TILE_ROWS_MAX], labels[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    bool has[PLX_TILE_ROWS_MAX];
    plx_real *slopes = plx_tile_rows(tile, node);
    const int labelled = read_labels(tile, node, labels, has);
    gather_input(tile, node, 0, values);
    for (int row = 0; row < tile->rows; row++) {
        const plx_real difference = values[row] - labels[row];
        losses[row] = difference * difference;
        slopes[row] = 2 * difference;
    }
    finish_forward(tile, node, losses, has, labelled);
}

static void pair_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real a[PLX_TILE_ROWS_MAX], b[PLX_TILE_ROWS_MAX], labels[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    bool has[PLX_TILE_ROWS_MAX];
    plx_real *slopes = plx_tile_rows(tile, node);
    const int labelled = read_labels(tile, node, labels, has);
    gather_input(tile, node, 0, a);
    gather_input(tile, node, 1, b);
    tile->run->kernels->pair_log_loss(tile->rows, a, b, labels, losses, slopes, slopes + tile->rows);
    finish_forward(tile, node, losses, has, labelled);
}

const plx_op plx_op_binary_loss = {
    .name = "binary_loss", .is_loss = true, .shape = loss_shape, .forward = binary_forward, .backward = loss_backward};
const plx_op plx_op_squared_loss = {.name = "squared_loss",
                                    .is_loss = true,
                                    .shape = loss_shape,
                                    .forward = squared_forward,
                                    .backward = loss_backward};
const plx_op plx_op_pair_loss = {
    .name = "pair_loss", .is_loss = true, .shape = loss_shape, .forward = pair_forward, .backward = loss_backward};

plx_ref plx_binary_loss(plx_graph *graph, int task, plx_ref logit)
{
    const loss_attrs attrs = {task};
    return plx_graph_node(graph, &plx_op_binary_loss, &logit, 1, &attrs, sizeof attrs);
}

plx_ref plx_squared_loss(plx_graph *graph, int task, plx_ref value)
{
    const loss_attrs attrs = {task};
    return plx_graph_node(graph, &plx_op_squared_loss, &value, 1, &attrs, sizeof attrs);
}

plx_ref plx_pair_loss(plx_graph *graph, int task, plx_ref a, plx_ref b)
{
    const loss_attrs attrs = {task};
    return plx_graph_node(graph, &plx_op_pair_loss, (plx_ref[]){a, b}, 2, &attrs, sizeof attrs);
}
