/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Losses: forward stores the sum over the tile's labelled rows and their number in tile numbers 0 and 1, and each row's
 * slopes in its scratch. Backward scales the slopes by task weight / labelled rows of the whole batch, which are known
 * before the first tile. A row without a label (NaN) is skipped; a batch without any label sends no gradient. With row
 * weights, a row's loss and slopes are multiplied by its weight; the divisor stays the number of rows. A row of weight
 * 0 has loss and slopes of exactly 0 for any label and prediction: a product could be 0 * infinity.
 */
#include <math.h>

#include "ops/op_defs.h"

typedef struct loss_attrs {
    int task;
    const plx_loss *loss; /* NULL: a pair's */
    double parameter;
} loss_attrs;

static void loss_shape(plx_graph *graph, plx_node *node)
{
    const loss_attrs *attrs = node->attrs;
    const bool by_class = attrs->loss && attrs->loss->link == PLX_LINK_SOFTMAX;
    for (int i = 0; i < node->n_inputs; i++) {
        const plx_shape in = plx_node_input_shape(graph, node, i);
        if (in.groups != 1 || (by_class ? in.width < 2 : in.width != 1))
            plx_graph_fail(graph, "%s: input is [%d, %d], not %s", node->op->name, in.groups, in.width,
                           by_class ? "two logits or more" : "one number");
    }
    node->row_numbers = by_class ? plx_node_input_shape(graph, node, 0).width : node->n_inputs;
    node->tile_numbers = 2;
}

/* The task's data of a tile's rows. */
typedef struct labelled {
    plx_real labels[PLX_TILE_ROWS_MAX]; /* 0 if missing */
    bool has[PLX_TILE_ROWS_MAX];
    float weights[PLX_TILE_ROWS_MAX]; /* NULL without weights */
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
 * Sums the losses of rows with a label and a weight, and clears the slopes of the others. A row has n slopes: those of
 * row r start at r * stride and are `gap` apart.
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

/* The factor of a slope. */
static plx_real slope_factor(const plx_tile *tile, const plx_node *node)
{
    const loss_attrs *attrs = node->attrs;
    const int64_t rows = tile->run->loss_rows[attrs->task];
    return (plx_real)(rows ? tile->run->task_weights[attrs->task] / (double)rows : 0);
}

/* Sends slopes [tile's rows][n] to an input. */
static void send_slopes(const plx_tile *tile, const plx_node *node, int input, const plx_real *slopes, int n)
{
    bool adds;
    const plx_real factor = slope_factor(tile, node);
    const plx_view d_input = plx_tile_input_gradient(tile, node, input, &adds);
    for (int row = 0; d_input.at && row < tile->rows; row++) {
        plx_real *to = d_input.at + row * d_input.stride;
        for (int i = 0; i < n; i++) {
            const plx_real slope = factor * slopes[row * n + i];
            to[i] = adds ? to[i] + slope : slope;
        }
    }
}

/* -- Of one value: slopes [tile's rows][its width] ----------------------------------------------------------------- */

static void value_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real numbers[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    const loss_attrs *attrs = node->attrs;
    const int width = node->row_numbers;
    plx_view values = plx_tile_input(tile, node, 0);
    read_labels(tile, node, &rows);
    if (width == 1) {
        gather_input(tile, node, 0, numbers);
        values = (plx_view){numbers, 1};
    }
    attrs->loss->each(&(plx_loss_rows){.kernels = tile->run->kernels,
                                       .n = tile->rows,
                                       .width = width,
                                       .values = values,
                                       .labels = rows.labels,
                                       .parameter = (plx_real)attrs->parameter,
                                       .losses = losses,
                                       .slopes = plx_tile_rows(tile, node)});
    sum_losses(tile, node, &rows, losses, width, 1);
}

static void value_backward(const plx_tile *tile, const plx_node *node)
{
    send_slopes(tile, node, 0, plx_tile_rows(tile, node), node->row_numbers);
}

#define VALUE_LOSS(loss, doc)                                                                                          \
    const plx_op plx_op_##loss##_loss = {.name = #loss "_loss",                                                        \
                                         .is_loss = true,                                                              \
                                         .shape = loss_shape,                                                          \
                                         .forward = value_forward,                                                     \
                                         .backward = value_backward};
PLX_LOSS_LIST(VALUE_LOSS)

plx_ref plx_loss_node(plx_graph *graph, int task, plx_ref value, const plx_loss *loss, double parameter)
{
#define OP(loss, doc) &plx_op_##loss##_loss,
    static const plx_op *const ops[] = {PLX_LOSS_LIST(OP)};
    const loss_attrs attrs = {.task = task, .loss = loss, .parameter = parameter};
    int i = 0;
    while (plx_loss_list[i] != loss)
        i++;
    return plx_graph_node(graph, ops[i], &value, 1, &attrs, sizeof attrs);
}

/* -- Of two values: slopes [2][tile's rows] ------------------------------------------------------------------------ */

static void pair_forward(const plx_tile *tile, const plx_node *node)
{
    plx_real a[PLX_TILE_ROWS_MAX], b[PLX_TILE_ROWS_MAX], losses[PLX_TILE_ROWS_MAX];
    labelled rows;
    plx_real *slopes = plx_tile_rows(tile, node);
    read_labels(tile, node, &rows);
    gather_input(tile, node, 0, a);
    gather_input(tile, node, 1, b);
    tile->run->kernels->pair_log_loss(tile->rows, a, b, rows.labels, losses, slopes, slopes + tile->rows);
    sum_losses(tile, node, &rows, losses, 1, tile->rows);
}

static void pair_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_real *slopes = plx_tile_rows(tile, node);
    for (int i = 0; i < node->n_inputs; i++)
        send_slopes(tile, node, i, slopes + (ptrdiff_t)i * tile->rows, 1);
}

const plx_op plx_op_pair_loss = {
    .name = "pair_loss", .is_loss = true, .shape = loss_shape, .forward = pair_forward, .backward = pair_backward};

plx_ref plx_pair_loss(plx_graph *graph, int task, plx_ref a, plx_ref b)
{
    const loss_attrs attrs = {.task = task};
    return plx_graph_node(graph, &plx_op_pair_loss, (plx_ref[]){a, b}, 2, &attrs, sizeof attrs);
}
