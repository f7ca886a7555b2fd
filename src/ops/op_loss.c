/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Losses: forward leaves the sum over the tile's labelled rows in tile numbers 0 and 1 (sum, rows) and each row's
 * slopes in its scratch; backward scales the slopes by task weight / the rows of the whole batch with a label of the
 * task, which are known before the first tile. A row without a label (NaN) counts nowhere; a batch without any sends no
 * gradient. Where rows have weights, loss and slopes of a row are multiplied by its own; the divisor stays the number
 * of rows. A row of weight 0 has loss and slopes of 0, whatever its label and prediction are: their product could be 0
 * * infinity.
 */
#include <math.h>

#include "ops/op_defs.h"

typedef struct loss_attrs {
    int task;
    double delta; /* huber */
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

/* What a tile's rows have of the task. */
typedef struct labelled {
    plx_real labels[PLX_TILE_ROWS_MAX]; /* 0 where there is none */
    bool has[PLX_TILE_ROWS_MAX];
    float weights[PLX_TILE_ROWS_MAX]; /* where the records have any */
    int count;
} labelled;

static void read_labels(const plx_tile *tile, const plx_node *node, labelled *out)
{
    float raw[PLX_TILE_ROWS_MAX];
    const loss_attrs *attrs = node->attrs;
    const plx_layout *layout = tile->run->layout;
    plx_records_labels(layout, tile->records, (size_t)tile->rows, attrs->task, raw);
    out->count = 0;
    for (int row = 0; row < tile->rows; row++) {
        out->has[row] = !isnan(raw[row]);
        out->labels[row] = out->has[row] ? (plx_real)raw[row] : 0;
        out->count += out->has[row];
    }
    if (layout->has_weights) plx_records_weights(layout, tile->records, (size_t)tile->rows, attrs->task, out->weights);
}

static void gather_input(const plx_tile *tile, const plx_node *node, int i, plx_real *out)
{
    const plx_view input = plx_tile_input(tile, node, i);
    for (int row = 0; row < tile->rows; row++)
        out[row] = input.at[row * input.stride];
}

/*
 * Sums the losses of rows that have a label and count, and clears the slopes of the others. The slopes of a row are n
 * numbers: those of row r begin at r * stride, and lie `gap` apart.
 */
static void sum_losses(const plx_tile *tile, const plx_node *node, const labelled *rows, const plx_real *losses,
                       int stride, int gap)
{
    const bool has_weights = tile->run->layout->has_weights;
    const int n = node->row_numbers;
    plx_real *slopes = plx_tile_rows(tile, node), *numbers = plx_run_tile_numbers(tile->run, node, tile->index);
    plx_real sum = 0;
    for (int row = 0; row < tile->rows; row++) {
        plx_real *own = slopes + (ptrdiff_t)row * stride;
        if (!rows->has[row] || (has_weights && !(rows->weights[row] > 0))) {
            for (int i = 0; i < n; i++)
                own[i * gap] = 0;
        } else if (has_weights) {
            const plx_real weight = (plx_real)rows->weights[row];
            sum += weight * losses[row];
            for (int i = 0; i < n; i++)
                own[i * gap] *= weight;
        } else {
            sum += losses[row];
        }
    }
    numbers[0] = sum;
    numbers[1] = (plx_real)rows->count;
}

/* For slopes [n_inputs][tile's rows]. */
static void finish_forward(const plx_tile *tile, const plx_node *node, const labelled *rows, const plx_real *losses)
{
    sum_losses(tile, node, rows, losses, 1, tile->rows);
}

/* What a slope is multiplied by. */
static plx_real slope_factor(const plx_tile *tile, const plx_node *node)
{
    const loss_attrs *attrs = node->attrs;
    const int64_t rows = tile->run->loss_rows[attrs->task];
    return (plx_real)(rows ? tile->run->task_weights[attrs->task] / (double)rows : 0);
}

static void loss_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_real *slopes = plx_tile_rows(tile, node);
    const plx_real factor = slope_factor(tile, node);
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

/* -- Binary tasks -------------------------------------------------------------------------------------------------- */

static void binary_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real logits[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    read_labels(tile, node, &rows);
    gather_input(tile, node, 0, logits);
    tile->run->kernels->log_loss(tile->rows, logits, rows.labels, losses, plx_tile_rows(tile, node));
    finish_forward(tile, node, &rows, losses);
}

static void pair_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real a[PLX_TILE_ROWS_MAX], b[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    plx_real *slopes = plx_tile_rows(tile, node);
    read_labels(tile, node, &rows);
    gather_input(tile, node, 0, a);
    gather_input(tile, node, 1, b);
    tile->run->kernels->pair_log_loss(tile->rows, a, b, rows.labels, losses, slopes, slopes + tile->rows);
    finish_forward(tile, node, &rows, losses);
}

/* -- Regressions --------------------------------------------------------------------------------------------------- */

/* The loss of each of `n` predictions, and its derivative. */
typedef void regression_loss(int n, const plx_real *values, const plx_real *labels, plx_real delta, plx_real *losses,
                             plx_real *slopes);

static void regression_forward(const plx_tile *tile, const plx_node *node, regression_loss *loss)
{
    plx_real values[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    read_labels(tile, node, &rows);
    gather_input(tile, node, 0, values);
    loss(tile->rows, values, rows.labels, (plx_real)((const loss_attrs *)node->attrs)->delta, losses,
         plx_tile_rows(tile, node));
    finish_forward(tile, node, &rows, losses);
}

static void squared_loss(int n, const plx_real *values, const plx_real *labels, plx_real delta, plx_real *losses,
                         plx_real *slopes)
{
    (void)delta;
    for (int i = 0; i < n; i++) {
        const plx_real difference = values[i] - labels[i];
        losses[i] = difference * difference;
        slopes[i] = 2 * difference;
    }
}

static void absolute_loss(int n, const plx_real *values, const plx_real *labels, plx_real delta, plx_real *losses,
                          plx_real *slopes)
{
    (void)delta;
    for (int i = 0; i < n; i++) {
        const plx_real difference = values[i] - labels[i];
        losses[i] = difference < 0 ? -difference : difference;
        slopes[i] = (plx_real)((difference > 0) - (difference < 0));
    }
}

static void huber_loss(int n, const plx_real *values, const plx_real *labels, plx_real delta, plx_real *losses,
                       plx_real *slopes)
{
    for (int i = 0; i < n; i++) {
        const plx_real difference = values[i] - labels[i], size = difference < 0 ? -difference : difference;
        const plx_real inner = size < delta ? size : delta;
        losses[i] = inner * (size - inner / 2);
        slopes[i] = difference < 0 ? -inner : inner;
    }
}

static void poisson_loss(int n, const plx_real *values, const plx_real *labels, plx_real delta, plx_real *losses,
                         plx_real *slopes)
{
    (void)delta;
    for (int i = 0; i < n; i++) {
        const double rate = exp((double)values[i]);
        losses[i] = (plx_real)(rate - (double)labels[i] * (double)values[i]);
        slopes[i] = (plx_real)(rate - (double)labels[i]);
    }
}

static void squared_forward(const plx_tile *tile, const plx_node *node)
{
    regression_forward(tile, node, squared_loss);
}

static void absolute_forward(const plx_tile *tile, const plx_node *node)
{
    regression_forward(tile, node, absolute_loss);
}

static void huber_forward(const plx_tile *tile, const plx_node *node)
{
    regression_forward(tile, node, huber_loss);
}

static void poisson_forward(const plx_tile *tile, const plx_node *node)
{
    regression_forward(tile, node, poisson_loss);
}

/* -- Classes
 * ----------------------------------------------------------------------------------------------------------- */

static void class_shape(plx_graph *graph, plx_node *node)
{
    const plx_shape in = plx_node_input_shape(graph, node, 0);
    if (in.groups != 1 || in.width < 2)
        plx_graph_fail(graph, "%s: input is [%d, %d], not two logits or more", node->op->name, in.groups, in.width);
    node->row_numbers = in.width; /* slopes: [tile's rows][classes] */
    node->tile_numbers = 2;
}

/* With m the largest logit and p its probability, log sum_c e^z_c is m - log p, and p is never small. */
static void class_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    const int n = node->row_numbers;
    const plx_view logits = plx_tile_input(tile, node, 0), slopes = {plx_tile_rows(tile, node), n};
    read_labels(tile, node, &rows);
    tile->run->kernels->softmax(tile->rows, n, logits, slopes);
    for (int row = 0; row < tile->rows; row++) {
        const plx_real *z = logits.at + row * logits.stride;
        plx_real *p = slopes.at + row * slopes.stride;
        const int class = rows.labels[row] >= 0 && rows.labels[row] < (plx_real)n ? (int)rows.labels[row] : 0;
        int top = 0;
        for (int i = 1; i < n; i++)
            top = z[i] > z[top] ? i : top;
        losses[row] = (z[top] - z[class]) - (plx_real)log((double)p[top]);
        p[class] -= 1;
    }
    sum_losses(tile, node, &rows, losses, n, 1);
}

static void class_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds;
    const int n = node->row_numbers;
    const plx_real *slopes = plx_tile_rows(tile, node), factor = slope_factor(tile, node);
    const plx_view d_input = plx_tile_input_gradient(tile, node, 0, &adds);
    for (int row = 0; d_input.at && row < tile->rows; row++) {
        plx_real *to = d_input.at + row * d_input.stride;
        for (int i = 0; i < n; i++) {
            const plx_real slope = factor * slopes[row * n + i];
            to[i] = adds ? to[i] + slope : slope;
        }
    }
}

#define LOSS_OP(op, forward_)                                                                                          \
    const plx_op plx_op_##op = {                                                                                       \
        .name = #op, .is_loss = true, .shape = loss_shape, .forward = forward_, .backward = loss_backward}
LOSS_OP(binary_loss, binary_forward);
LOSS_OP(pair_loss, pair_forward);
LOSS_OP(squared_loss, squared_forward);
LOSS_OP(absolute_loss, absolute_forward);
LOSS_OP(huber_loss, huber_forward);
LOSS_OP(poisson_loss, poisson_forward);
const plx_op plx_op_class_loss = {
    .name = "class_loss", .is_loss = true, .shape = class_shape, .forward = class_forward, .backward = class_backward};

static plx_ref loss_node(plx_graph *graph, const plx_op *op, const plx_ref *inputs, int n_inputs, loss_attrs attrs)
{
    return plx_graph_node(graph, op, inputs, n_inputs, &attrs, sizeof attrs);
}

plx_ref plx_binary_loss(plx_graph *graph, int task, plx_ref logit)
{
    return loss_node(graph, &plx_op_binary_loss, &logit, 1, (loss_attrs){.task = task});
}

plx_ref plx_pair_loss(plx_graph *graph, int task, plx_ref a, plx_ref b)
{
    return loss_node(graph, &plx_op_pair_loss, (plx_ref[]){a, b}, 2, (loss_attrs){.task = task});
}

plx_ref plx_squared_loss(plx_graph *graph, int task, plx_ref value)
{
    return loss_node(graph, &plx_op_squared_loss, &value, 1, (loss_attrs){.task = task});
}

plx_ref plx_absolute_loss(plx_graph *graph, int task, plx_ref value)
{
    return loss_node(graph, &plx_op_absolute_loss, &value, 1, (loss_attrs){.task = task});
}

plx_ref plx_huber_loss(plx_graph *graph, int task, plx_ref value, double delta)
{
    return loss_node(graph, &plx_op_huber_loss, &value, 1, (loss_attrs){.task = task, .delta = delta});
}

plx_ref plx_poisson_loss(plx_graph *graph, int task, plx_ref value)
{
    return loss_node(graph, &plx_op_poisson_loss, &value, 1, (loss_attrs){.task = task});
}

plx_ref plx_class_loss(plx_graph *graph, int task, plx_ref logits)
{
    return loss_node(graph, &plx_op_class_loss, &logits, 1, (loss_attrs){.task = task});
}
