/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as ONNX operators. A value [rows, groups, width] is a matrix [rows, groups * width], as in memory, so that
 * elementwise operators need no other shape. A node with rows of several tables (bag) has one value per field; list
 * items for attention are [rows, items, dim].
 */
#include "store/onnx_network.h"

#include <math.h>
#include <string.h>

#include "ops/op_defs.h"

typedef struct network {
    plx_onnx *onnx;
    const plx_graph *graph;
    const plx_onnx_record *record;
    const char **values;  /* [n_nodes] */
    const char ***fields; /* [n_nodes], for bags [n_fields] */
} network;

static const plx_node *input_node(const network *net, const plx_node *node, int i)
{
    return net->graph->nodes[node->inputs[i]];
}

static const char *input(const network *net, const plx_node *node, int i)
{
    return net->values[node->inputs[i]];
}

static const plx_param *param_of(const network *net, const plx_node *node, int p)
{
    return &net->graph->params[node->params[p]];
}

/* A parameter with one number per column of a value. */
static const char *channels(const network *net, const plx_node *node, int p)
{
    const plx_param *param = param_of(net, node, p);
    const int64_t n = (int64_t)param->spec.groups * param->spec.cols;
    return plx_onnx_param(net->onnx, param, PLX_ONNX_GROUPS_FIRST, &n, 1);
}

/*
 * Products are summed in doubles, since each runtime adds floats in its own order: then two scores differ by one
 * rounding.
 */
static const char *doubles(plx_onnx *onnx, const char *x)
{
    return plx_onnx_cast(onnx, x, PLX_ONNX_DOUBLE);
}

static const char *product(plx_onnx *onnx, const char *x, const char *y)
{
    return plx_onnx_two(onnx, "MatMul", doubles(onnx, x), doubles(onnx, y));
}

/* -- Tables ------------------------------------------------------------------------------------------------------- */

static const char *table_of(const network *net, const plx_node *node)
{
    const plx_param *param = param_of(net, node, 0);
    return plx_onnx_param(net->onnx, param, PLX_ONNX_GROUPS_FIRST, (int64_t[]){param->spec.rows, param->spec.cols}, 2);
}

static const char *embedding(network *net, const plx_node *node)
{
    const plx_embedding_attrs *attrs = node->attrs;
    return plx_onnx_two(net->onnx, "Gather", table_of(net, node), net->record->sparse[attrs->feature]);
}

static const char *dense(network *net, const plx_node *node)
{
    (void)node;
    return net->record->dense;
}

/* Sums [rows, 1] over the columns. */
static const char *row_sums(plx_onnx *onnx, const char *x)
{
    return plx_onnx_axis(onnx, "ReduceSum", x, 1);
}

/* sum_i w_i row_i; rows [rows, items, dim], weights [rows, items] */
static const char *weighted_sum(plx_onnx *onnx, const char *weights, const char *rows)
{
    const char *sums = product(onnx, plx_onnx_axis(onnx, "Unsqueeze", weights, 1), rows);
    return plx_onnx_cast(onnx, plx_onnx_axis(onnx, "Squeeze", sums, 1), PLX_ONNX_FLOAT);
}

/* Weights divided by their sum, 0 if the sum is 0. */
static const char *mean_weights(plx_onnx *onnx, const char *weights)
{
    const char *zero = plx_onnx_float(onnx, 0), *one = plx_onnx_float(onnx, 1), *sum = row_sums(onnx, weights);
    const char *is_zero = plx_onnx_two(onnx, "Equal", sum, zero);
    const char *share = plx_onnx_two(onnx, "Div", weights, plx_onnx_three(onnx, "Where", is_zero, one, sum));
    return plx_onnx_three(onnx, "Where", is_zero, zero, share);
}

static const char *largest(plx_onnx *onnx, const char *taken, const char *rows)
{
    const char *half = plx_onnx_float(onnx, 0.5F), *low = plx_onnx_float(onnx, -INFINITY);
    const char *is_item = plx_onnx_two(onnx, "Greater", plx_onnx_axis(onnx, "Unsqueeze", taken, 2), half);
    const char *items = plx_onnx_three(onnx, "Where", is_item, rows, low);
    const char *most = plx_onnx_axis(onnx, "Squeeze", plx_onnx_axis(onnx, "ReduceMax", items, 1), 1);
    const char *is_any = plx_onnx_two(onnx, "Greater", row_sums(onnx, taken), half);
    return plx_onnx_three(onnx, "Where", is_any, most, plx_onnx_float(onnx, 0));
}

static const char *bag_field(const network *net, const plx_bag_field *field, const char *table)
{
    if (field->kind == PLX_BAG_ROW)
        return plx_onnx_two(net->onnx, "Gather", table, net->record->sparse[field->feature]);
    const plx_onnx_list *list = &net->record->lists[field->feature];
    const char *rows = plx_onnx_two(net->onnx, "Gather", table, list->ids);
    switch (field->kind) {
    case PLX_BAG_SUM:
        return weighted_sum(net->onnx, list->weights, rows);
    case PLX_BAG_MEAN:
        return weighted_sum(net->onnx, mean_weights(net->onnx, list->weights), rows);
    case PLX_BAG_MAX:
        return largest(net->onnx, list->taken, rows);
    case PLX_BAG_ITEMS:
    case PLX_BAG_ROW:
        break;
    }
    return rows;
}

static const char *bag(network *net, const plx_node *node)
{
    const int n = plx_bag_n_fields(node);
    const char *table = table_of(net, node), **fields = plx_arena_take(net->onnx->arena, (size_t)n, sizeof *fields);
    net->fields[node->index] = fields;
    for (int i = 0, column; fields && i < n; i++) {
        const plx_bag_field field = plx_bag_field_at(node, i, &column);
        fields[i] = bag_field(net, &field, table);
    }
    return fields ? fields[0] : NULL; /* readers of a bag with several fields read it by columns */
}

/* A field of a bag: models read only bags by columns. */
static const char *columns(network *net, const plx_node *node)
{
    const plx_node *from = input_node(net, node, 0);
    const char **fields = net->fields[from->index];
    for (int i = 0, column; fields && i < plx_bag_n_fields(from); i++) {
        (void)plx_bag_field_at(from, i, &column);
        if (column == plx_columns_first(node)) return fields[i];
    }
    return NULL;
}

/* Positions without an item get a score so low that softmax makes it 0; in a row without items, `taken` does. */
static const char *attention(network *net, const plx_node *node)
{
    plx_onnx *onnx = net->onnx;
    const char *taken = net->record->lists[plx_attention_list(node)].taken;
    const char *q = plx_onnx_axis(onnx, "Unsqueeze", input(net, node, 0), 2), *items = input(net, node, 1);
    const char *scores =
        plx_onnx_cast(onnx, plx_onnx_axis(onnx, "Squeeze", product(onnx, items, q), 2), PLX_ONNX_FLOAT);
    const char *scale = plx_onnx_float(onnx, (float)(1 / sqrt((double)node->shape.width)));
    const char *is_item = plx_onnx_two(onnx, "Greater", taken, plx_onnx_float(onnx, 0.5F));
    scores =
        plx_onnx_three(onnx, "Where", is_item, plx_onnx_two(onnx, "Mul", scores, scale), plx_onnx_float(onnx, -1e30F));
    const char *weights = plx_onnx_along(onnx, "Softmax", &scores, 1, "axis", -1);
    return weighted_sum(onnx, plx_onnx_two(onnx, "Mul", weights, taken), items);
}

/* -- Layers ------------------------------------------------------------------------------------------------------- */

static const char *concat(network *net, const plx_node *node)
{
    const char **parts = plx_arena_take(net->onnx->arena, (size_t)node->n_inputs, sizeof *parts);
    for (int i = 0; parts && i < node->n_inputs; i++)
        parts[i] = input(net, node, i);
    return parts ? plx_onnx_along(net->onnx, "Concat", parts, node->n_inputs, "axis", 1) : NULL;
}

/* Each group has its own input: one product per group, [groups, rows, width in] by [groups, width in, width]. */
static const char *grouped(const network *net, const plx_node *node)
{
    const plx_param *kernel = param_of(net, node, PLX_LINEAR_KERNEL);
    const plx_param_spec *spec = &kernel->spec;
    const int64_t inside[] = {0, spec->groups, spec->rows}, outside[] = {0, (int64_t)spec->groups * spec->cols};
    const char *w =
        plx_onnx_param(net->onnx, kernel, PLX_ONNX_GROUPS_FIRST, (int64_t[]){spec->groups, spec->rows, spec->cols}, 3);
    /* [rows, groups, 1, width in] by [groups, width in, width]: rows stay first */
    const char *x =
        plx_onnx_axis(net->onnx, "Unsqueeze", plx_onnx_reshape(net->onnx, input(net, node, 0), inside, 3), 2);
    return plx_onnx_reshape(net->onnx, product(net->onnx, x, w), outside, 2);
}

static const char *linear(network *net, const plx_node *node)
{
    const plx_param *kernel = param_of(net, node, PLX_LINEAR_KERNEL);
    const plx_param_spec *spec = &kernel->spec;
    const char *y;
    if (input_node(net, node, 0)->shape.groups > 1) {
        y = grouped(net, node);
    } else {
        const int64_t dims[] = {spec->rows, (int64_t)spec->groups * spec->cols};
        y = product(net->onnx, input(net, node, 0), plx_onnx_param(net->onnx, kernel, PLX_ONNX_ROWS_FIRST, dims, 2));
    }
    if (node->n_params > PLX_LINEAR_BIAS)
        y = plx_onnx_two(net->onnx, "Add", y, doubles(net->onnx, channels(net, node, PLX_LINEAR_BIAS)));
    return plx_onnx_cast(net->onnx, y, PLX_ONNX_FLOAT);
}

static const char *normalise(network *net, const plx_node *node)
{
    plx_onnx *onnx = net->onnx;
    const plx_node *moments = input_node(net, node, 1);
    const int64_t n = plx_shape_numbers(node->shape);
    float *plain = plx_arena_take(onnx->arena, 2 * (size_t)n, sizeof *plain);
    for (int64_t i = 0; plain && i < n; i++)
        plain[i] = 1;
    if (!plain) return NULL;
    const bool is_scaled = node->n_params > 0;
    const char *inputs[] = {
        input(net, node, 0),
        is_scaled ? channels(net, node, PLX_NORMALISE_SCALE) : plx_onnx_floats(onnx, plain, n),
        is_scaled ? channels(net, node, PLX_NORMALISE_SHIFT) : plx_onnx_floats(onnx, plain + n, n),
        channels(net, moments, PLX_MOMENTS_MEAN),
        channels(net, moments, PLX_MOMENTS_VARIANCE),
    };
    const plx_onnx_attribute epsilon = {
        .name = "epsilon", .kind = PLX_ONNX_REAL, .real = (float)plx_norm_epsilon(node)};
    return plx_onnx_call_of(onnx, &(plx_onnx_call){.op = "BatchNormalization",
                                                   .inputs = inputs,
                                                   .n_inputs = sizeof inputs / sizeof *inputs,
                                                   .attributes = &epsilon,
                                                   .n_attributes = 1});
}

static const char *softmax(network *net, const plx_node *node)
{
    const plx_shape shape = node->shape;
    const char *x = input(net, node, 0);
    if (shape.groups > 1) x = plx_onnx_reshape(net->onnx, x, (int64_t[]){0, shape.groups, shape.width}, 3);
    const char *y = plx_onnx_along(net->onnx, "Softmax", &x, 1, "axis", -1);
    return shape.groups > 1 ? plx_onnx_reshape(net->onnx, y, (int64_t[]){0, plx_shape_numbers(shape)}, 2) : y;
}

static const char *mixture(network *net, const plx_node *node)
{
    const int n_banks = node->n_inputs - 1;
    const char **banks = plx_arena_take(net->onnx->arena, (size_t)n_banks, sizeof *banks);
    for (int i = 0; banks && i < n_banks; i++)
        banks[i] = input(net, node, i + 1);
    if (!banks) return NULL;
    const char *experts = n_banks > 1 ? plx_onnx_along(net->onnx, "Concat", banks, n_banks, "axis", 1) : banks[0];
    const int64_t dims[] = {0, input_node(net, node, 0)->shape.width, node->shape.width};
    return weighted_sum(net->onnx, input(net, node, 0), plx_onnx_reshape(net->onnx, experts, dims, 3));
}

/* -- Elementwise operators ---------------------------------------------------------------------------------------- */

static const char *leaky_relu(network *net, const plx_node *node)
{
    const char *x = input(net, node, 0);
    const plx_onnx_attribute slope = {.name = "alpha", .kind = PLX_ONNX_REAL, .real = 0.2F};
    return plx_onnx_call_of(
        net->onnx,
        &(plx_onnx_call){.op = "LeakyRelu", .inputs = &x, .n_inputs = 1, .attributes = &slope, .n_attributes = 1});
}

static const char *swish(network *net, const plx_node *node)
{
    const char *x = input(net, node, 0);
    return plx_onnx_two(net->onnx, "Mul", x, plx_onnx_one(net->onnx, "Sigmoid", x));
}

static const char *prelu(network *net, const plx_node *node)
{
    return plx_onnx_two(net->onnx, "PRelu", input(net, node, 0), channels(net, node, 0));
}

static const char *dice(network *net, const plx_node *node)
{
    plx_onnx *onnx = net->onnx;
    const char *x = input(net, node, 0), *alpha = channels(net, node, 0);
    const char *p = plx_onnx_one(onnx, "Sigmoid", input(net, node, 1));
    const char *rest = plx_onnx_two(onnx, "Sub", plx_onnx_float(onnx, 1), p);
    const char *slope = plx_onnx_two(onnx, "Add", p, plx_onnx_two(onnx, "Mul", rest, alpha));
    return plx_onnx_two(onnx, "Mul", x, slope);
}

static const char *multiply(network *net, const plx_node *node)
{
    return plx_onnx_two(net->onnx, "Mul", input(net, node, 0), input(net, node, 1));
}

static const char *passes(network *net, const plx_node *node)
{
    return input(net, node, 0);
}

/* The ONNX op for an op with one input, or a function that writes it; neither: it is for training only. */
typedef struct writer {
    const plx_op *op;
    const char *same;
    const char *(*write)(network *net, const plx_node *node);
} writer;

static const writer writers[] = {
    {&plx_op_embedding, NULL, embedding},
    {&plx_op_dense, NULL, dense},
    {&plx_op_concat, NULL, concat},
    {&plx_op_bag, NULL, bag},
    {&plx_op_columns, NULL, columns},
    {&plx_op_attention, NULL, attention},
    {&plx_op_linear, NULL, linear},
    {&plx_op_relu, "Relu", NULL},
    {&plx_op_sigmoid, "Sigmoid", NULL},
    {&plx_op_tanh, "Tanh", NULL},
    {&plx_op_leaky_relu, NULL, leaky_relu},
    {&plx_op_elu, "Elu", NULL},
    {&plx_op_selu, "Selu", NULL},
    {&plx_op_softplus, "Softplus", NULL},
    {&plx_op_mish, "Mish", NULL},
    {&plx_op_swish, NULL, swish},
    {&plx_op_gelu, "Gelu", NULL},
    {&plx_op_prelu, NULL, prelu},
    {&plx_op_dice, NULL, dice},
    {&plx_op_multiply, NULL, multiply},
    {&plx_op_exp, "Exp", NULL},
    {&plx_op_dropout, NULL, passes},
    {&plx_op_moments, NULL, NULL},
    {&plx_op_normalise, NULL, normalise},
    {&plx_op_softmax, NULL, softmax},
    {&plx_op_mixture, NULL, mixture},
};

static const writer *writer_of(const plx_op *op)
{
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (writers[i].op == op) return &writers[i];
    return NULL;
}

bool plx_onnx_knows(const plx_op *op)
{
    return op->is_loss || writer_of(op) != NULL;
}

/* Marks the nodes that the predictions need; inputs come before their readers. */
static void mark_needed(const plx_graph *graph, bool *is_needed)
{
    for (int task = 0; task < graph->n_tasks; task++)
        if (graph->predictions[task] >= 0) is_needed[graph->predictions[task]] = true;
    for (int i = graph->n_nodes - 1; i >= 0; i--)
        for (int k = 0; is_needed[i] && k < graph->nodes[i]->n_inputs; k++)
            is_needed[graph->nodes[i]->inputs[k]] = true;
}

static plx_status write_node(network *net, const plx_node *node, plx_error *err)
{
    const writer *how = writer_of(node->op);
    if (!how) PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%s: op '%s' has no form in ONNX", node->name, node->op->name);
    net->onnx->scope = node->name;
    if (how->same)
        net->values[node->index] = plx_onnx_one(net->onnx, how->same, input(net, node, 0));
    else if (how->write)
        net->values[node->index] = how->write(net, node);
    return net->onnx->failed ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_onnx_network(plx_onnx *onnx, const plx_graph *graph, const plx_onnx_record *record,
                            const char **predictions, plx_error *err)
{
    const size_t n = (size_t)graph->n_nodes;
    network net = {.onnx = onnx, .graph = graph, .record = record};
    bool *is_needed = plx_arena_take(onnx->arena, n, sizeof *is_needed);
    net.values = plx_arena_take(onnx->arena, n, sizeof *net.values);
    net.fields = plx_arena_take(onnx->arena, n, sizeof *net.fields);
    if (plx_arena_failed(onnx->arena)) return plx_error_memory(err);
    mark_needed(graph, is_needed);
    for (int i = 0; i < graph->n_nodes; i++)
        if (is_needed[i]) PLX_TRY(write_node(&net, graph->nodes[i], err));
    onnx->scope = "scores";
    for (int task = 0; task < graph->n_tasks; task++)
        predictions[task] = net.values[graph->predictions[task]];
    return PLX_OK;
}
