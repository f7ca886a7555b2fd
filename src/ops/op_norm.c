/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch normalisation over the whole batch, which is split into tiles: two nodes, each with a join.
 *
 *   moments    forward: mean and squares of each tile; join: of the batch (Chan, Golub, LeVeque 1983), moving averages
 *   normalise  forward: y = (x - mean) * inverse * scale + shift
 *   normalise  backward: dx = dy * scale * inverse, sums of dy and dy * xhat of each tile; join: their totals
 *   moments    backward: dx -= scale * inverse / n * (sum dy + xhat * sum dy xhat), as x * factor + constant
 */
#include <assert.h>
#include <math.h>

#include "ops/op_defs.h"

static const double momentum = 0.99;

/** Attributes of both nodes. */
typedef struct norm_attrs {
    double epsilon; /* added to the variance */
    bool is_scaled; /* with learned scale and shift; else 1 and 0 */
} norm_attrs;

enum { MEAN = PLX_MOMENTS_MEAN, VARIANCE = PLX_MOMENTS_VARIANCE };
enum { MEANS, INVERSES, FACTORS, CONSTANTS }; /* of `channels` numbers each, run scratch of moments */
enum { TILE_MEANS, TILE_SQUARES };            /* likewise, tile scratch of moments */
enum { SCALE = PLX_NORMALISE_SCALE, SHIFT = PLX_NORMALISE_SHIFT };
enum { TILE_SCALES, TILE_SHIFTS }; /* tile scratch of normalise: y = x * scale + shift, then their sums */

double plx_norm_epsilon(const plx_node *node)
{
    return ((const norm_attrs *)node->attrs)->epsilon;
}

static void moments_shape(plx_graph *graph, plx_node *node)
{
    const plx_shape in = plx_node_input_shape(graph, node, 0);
    const int channels = plx_shape_numbers(in);
    node->tile_numbers = 2 * channels;
    node->batch_numbers = 4 * (size_t)channels;
    plx_param_spec state = {
        .name = "mean", .groups = in.groups, .rows = 1, .cols = in.width, .init = PLX_INIT_ZERO, .is_state = true};
    plx_node_param(graph, node, &state);
    state.name = "variance";
    state.init = PLX_INIT_ONE;
    plx_node_param(graph, node, &state);
}

static int moments_channels(const plx_run *run, const plx_node *node)
{
    return plx_shape_numbers(plx_run_input_node(run, node, 0)->shape);
}

static plx_real inverse_deviation(const plx_node *node, double variance)
{
    return (plx_real)(1.0 / sqrt(variance + ((const norm_attrs *)node->attrs)->epsilon));
}

static void moments_prepare(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    if (run->training) return;
    const int channels = moments_channels(run, node);
    plx_real *numbers = plx_run_batch_numbers(run, node);
    const plx_real *mean = plx_run_param(run, node, MEAN, 0).at, *variance = plx_run_param(run, node, VARIANCE, 0).at;
    for (int c = 0; c < channels; c++) {
        numbers[MEANS * channels + c] = mean[c];
        numbers[INVERSES * channels + c] = inverse_deviation(node, (double)variance[c]);
    }
}

static void moments_forward(const plx_tile *tile, const plx_node *node)
{
    if (!tile->run->training) return;
    const int channels = moments_channels(tile->run, node);
    plx_real *numbers = plx_run_tile_numbers(tile->run, node, tile->index);
    tile->run->kernels->moments(tile->rows, channels, plx_tile_input(tile, node, 0), numbers + TILE_MEANS * channels,
                                numbers + TILE_SQUARES * channels);
}

static void moments_forward_join(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    const int channels = moments_channels(run, node);
    plx_real *numbers = plx_run_batch_numbers(run, node);
    plx_real *moving_mean = plx_run_param(run, node, MEAN, 0).at,
             *moving_variance = plx_run_param(run, node, VARIANCE, 0).at;
    for (int c = 0; c < channels; c++) {
        double mean = 0.0, squares = 0.0;
        for (int tile = 0; tile < run->n_tiles; tile++) {
            const plx_real *own = plx_run_tile_numbers(run, node, tile);
            const double before = plx_run_tile_first(run, tile), rows = plx_run_tile_first(run, tile + 1) - before;
            const double difference = (double)own[TILE_MEANS * channels + c] - mean;
            mean += difference * rows / (before + rows);
            squares +=
                (double)own[TILE_SQUARES * channels + c] + difference * difference * before * rows / (before + rows);
        }
        const double variance = squares / run->n_rows;
        numbers[MEANS * channels + c] = (plx_real)mean;
        numbers[INVERSES * channels + c] = inverse_deviation(node, variance);
        moving_mean[c] = (plx_real)((double)moving_mean[c] * momentum + mean * (1.0 - momentum));
        moving_variance[c] = (plx_real)((double)moving_variance[c] * momentum + variance * (1.0 - momentum));
    }
}

static void moments_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (!dx.at) return;
    assert(adds); /* normalise, which reads the same x, has run one phase earlier */
    const int channels = moments_channels(tile->run, node);
    const plx_real *numbers = plx_run_batch_numbers(tile->run, node);
    tile->run->kernels->add_affine(tile->rows, channels, plx_tile_input(tile, node, 0), numbers + FACTORS * channels,
                                   numbers + CONSTANTS * channels, dx);
}

const plx_op plx_op_moments = {
    .name = "moments",
    .shape = moments_shape,
    .prepare = {.run = moments_prepare},
    .forward = moments_forward,
    .forward_join = {.run = moments_forward_join},
    .backward = moments_backward,
};

static void normalise_shape(plx_graph *graph, plx_node *node)
{
    node->shape = plx_node_input_shape(graph, node, 0);
    node->tile_numbers = 2 * plx_shape_numbers(node->shape);
    if (!((const norm_attrs *)node->attrs)->is_scaled) return;
    plx_param_spec spec = {.name = "scale",
                           .groups = node->shape.groups,
                           .rows = 1,
                           .cols = node->shape.width,
                           .init = PLX_INIT_ONE,
                           .is_joined = true,
                           .is_bias = true};
    plx_node_param(graph, node, &spec);
    spec.name = "shift";
    spec.init = PLX_INIT_ZERO;
    plx_node_param(graph, node, &spec);
}

static plx_real *moments_of(const plx_run *run, const plx_node *node)
{
    return plx_run_batch_numbers(run, plx_run_input_node(run, node, 1));
}

/** The scales or shifts; NULL: none. */
static const plx_real *own_numbers(const plx_run *run, const plx_node *node, int param)
{
    return node->n_params > 0 ? plx_run_param(run, node, param, 0).at : NULL;
}

static void normalise_affine(const plx_run *run, const plx_node *node, plx_real *scale, plx_real *shift)
{
    const plx_node *moments = plx_run_input_node(run, node, 1);
    const plx_real *mean = plx_run_param(run, moments, MEAN, 0).at, *own = own_numbers(run, node, SCALE);
    const plx_real *own_shift = own_numbers(run, node, SHIFT);
    const plx_real *variance = plx_run_param(run, moments, VARIANCE, 0).at;
    for (int c = 0; c < plx_shape_numbers(node->shape); c++) {
        scale[c] = (own ? own[c] : 1) * inverse_deviation(node, (double)variance[c]);
        shift[c] = (own_shift ? own_shift[c] : 0) - mean[c] * scale[c];
    }
}

static void normalise_forward(const plx_tile *tile, const plx_node *node)
{
    const plx_run *run = tile->run;
    const int channels = plx_shape_numbers(node->shape);
    const plx_real *moments = moments_of(run, node);
    const plx_real *scale = own_numbers(run, node, SCALE), *shift = own_numbers(run, node, SHIFT);
    plx_real *numbers = plx_run_tile_numbers(run, node, tile->index);
    for (int c = 0; c < channels; c++) {
        const plx_real factor = (scale ? scale[c] : 1) * moments[INVERSES * channels + c];
        numbers[TILE_SCALES * channels + c] = factor;
        numbers[TILE_SHIFTS * channels + c] = (shift ? shift[c] : 0) - moments[MEANS * channels + c] * factor;
    }
    run->kernels->affine(tile->rows, channels, plx_tile_input(tile, node, 0), numbers + TILE_SCALES * channels,
                         numbers + TILE_SHIFTS * channels, plx_tile_value(tile, node));
}

static void normalise_backward(const plx_tile *tile, const plx_node *node)
{
    const plx_run *run = tile->run;
    const int channels = plx_shape_numbers(node->shape);
    const plx_real *moments = moments_of(run, node);
    const plx_view dy = plx_tile_gradient(tile, node);
    plx_real *numbers = plx_run_tile_numbers(run, node, tile->index);
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (dx.at) run->kernels->scale_columns(tile->rows, channels, dy, numbers + TILE_SCALES * channels, dx, adds);
    run->kernels->normalise_sums(tile->rows, channels, plx_tile_input(tile, node, 0), dy, moments + MEANS * channels,
                                 moments + INVERSES * channels, numbers + TILE_SCALES * channels,
                                 numbers + TILE_SHIFTS * channels);
}

static void normalise_backward_join(const plx_run *run, const plx_node *node, int part)
{
    (void)part;
    const int channels = plx_shape_numbers(node->shape);
    const plx_real *scale = own_numbers(run, node, SCALE);
    plx_real *d_scale = scale ? plx_run_param_gradient(run, node, SCALE, 0).at : NULL;
    plx_real *d_shift = scale ? plx_run_param_gradient(run, node, SHIFT, 0).at : NULL, *moments = moments_of(run, node);
    for (int c = 0; c < channels; c++) {
        double sum_scale = 0.0, sum_shift = 0.0;
        for (int tile = 0; tile < run->n_tiles; tile++) {
            const plx_real *own = plx_run_tile_numbers(run, node, tile);
            sum_scale += (double)own[TILE_SCALES * channels + c];
            sum_shift += (double)own[TILE_SHIFTS * channels + c];
        }
        const double mean = (double)moments[MEANS * channels + c], inverse = (double)moments[INVERSES * channels + c];
        const double common = -(scale ? (double)scale[c] : 1.0) * inverse / run->n_rows;
        if (scale) d_scale[c] = (plx_real)sum_scale, d_shift[c] = (plx_real)sum_shift;
        moments[FACTORS * channels + c] = (plx_real)(common * inverse * sum_scale);
        moments[CONSTANTS * channels + c] = (plx_real)(common * (sum_shift - inverse * mean * sum_scale));
    }
}

const plx_op plx_op_normalise = {
    .name = "normalise",
    .shape = normalise_shape,
    .affine = normalise_affine,
    .forward = normalise_forward,
    .backward = normalise_backward,
    .backward_join = {.run = normalise_backward_join},
};

static plx_ref normalised(plx_graph *graph, plx_ref x, const norm_attrs *attrs)
{
    const plx_ref moments = plx_graph_node(graph, &plx_op_moments, &x, 1, attrs, sizeof *attrs);
    return plx_graph_node(graph, &plx_op_normalise, (plx_ref[]){x, moments}, 2, attrs, sizeof *attrs);
}

plx_ref plx_batch_norm(plx_graph *graph, plx_ref x)
{
    return normalised(graph, x, &(norm_attrs){.epsilon = 1e-3, .is_scaled = true});
}

plx_ref plx_standardise(plx_graph *graph, plx_ref x, double epsilon)
{
    return normalised(graph, x, &(norm_attrs){.epsilon = epsilon});
}
