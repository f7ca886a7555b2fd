/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixtures of experts (Ma et al., KDD 2018, equation 6). Those that read one bank become one node, so that a row's
 * experts are read once for all gates, and their gradient is written once. If relu made the bank, the node computes it
 * and its gradient, too, as it reads the bank.
 */
#include "ops/op_defs.h"

/* Input 0 is the gate, the others are the banks. */
static void mixture_shape(plx_graph *graph, plx_node *node)
{
    const plx_shape gate = plx_node_input_shape(graph, node, 0);
    int experts = 0;
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_node_input_shape(graph, node, i);
        if (i > 1 && bank.width != node->shape.width) {
            plx_graph_fail(graph, "mixture: experts of width %d and %d", node->shape.width, bank.width);
            return;
        }
        node->shape = (plx_shape){1, bank.width};
        experts += bank.groups;
    }
    if (gate.groups != 1 || gate.width != experts) {
        plx_graph_fail(graph, "mixture: the gate is [%d, %d], the experts are %d", gate.groups, gate.width, experts);
    }
    node->tile_numbers = gate.width;
}

/** The gate's columns, summed over the tile's rows. */
static void count_gate(const plx_tile *tile, plx_view gate, int experts, plx_real *sums)
{
    for (int expert = 0; expert < experts; expert++)
        sums[expert] = 0;
    for (int row = 0; row < tile->rows; row++)
        for (int expert = 0; expert < experts; expert++)
            sums[expert] += gate.at[row * gate.stride + expert];
}

static void mixture_forward(const plx_tile *tile, const plx_node *node)
{
    plx_mix_gate own = {.gate = plx_tile_input(tile, node, 0), .out = plx_tile_value(tile, node)};
    if (tile->run->counts_gates)
        count_gate(tile, own.gate, node->tile_numbers, plx_run_tile_numbers(tile->run, node, tile->index));
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_run_input_node(tile->run, node, i)->shape;
        own.accumulate = i > 1;
        tile->run->kernels->mix(tile->rows, bank.groups, bank.width, plx_tile_input(tile, node, i), false, &own, 1);
        own.gate.at += bank.groups;
    }
}

static void mixture_backward(const plx_tile *tile, const plx_node *node)
{
    bool adds;
    plx_mix_gate own = {.gate = plx_tile_input(tile, node, 0), .out = plx_tile_gradient(tile, node)};
    own.d_gate = plx_tile_input_gradient(tile, node, 0, &own.accumulate);
    for (int i = 1; i < node->n_inputs; i++) {
        const plx_shape bank = plx_run_input_node(tile->run, node, i)->shape;
        const plx_view d_bank = plx_tile_input_gradient(tile, node, i, &adds);
        tile->run->kernels->mix_back(tile->rows, bank.groups, bank.width, plx_tile_input(tile, node, i), false, &own, 1,
                                     d_bank, adds);
        own.gate.at += bank.groups;
        own.d_gate.at += bank.groups;
    }
}

/* -- Several mixtures as one node -----------------------------------------------------------------------------------
 */

/* A gate's use of a bank. */
typedef struct bank_use {
    int gate;     /* the input */
    int column;   /* of the gate: the bank's first expert */
    int value;    /* first column of the mixture in the node's value */
    bool is_next; /* the mixture has a bank before it */
} bank_use;

/*
 * The inputs are the gates, the last mixture's first, and then the banks. In this order the gradients of a bank are
 * added without the rewrite, too.
 */
typedef struct mixtures_attrs {
    const plx_node *const *mixtures; /* [n_gates] */
    int n_gates, n_banks;
    const int *first_use; /* [n_banks + 1] */
    const bank_use *uses; /* by bank, then by gate */
    const int *counts;    /* [n_gates + 1]: a mixture's first tile number */
    const bool *relus;    /* [n_banks]: the bank is relu of the input */
} mixtures_attrs;

static void mixtures_shape(plx_graph *graph, plx_node *node)
{
    (void)graph;
    const mixtures_attrs *attrs = node->attrs;
    node->shape = (plx_shape){1, attrs->n_gates * attrs->mixtures[0]->shape.width};
    node->tile_numbers = attrs->counts[attrs->n_gates];
}

enum { GATES_OF_CALL = 8 };

/* The next gates that use bank `bank`, from use `first` on; returns their number. */
static int gates_of(const plx_tile *tile, const plx_node *node, int bank, int first, plx_mix_gate *out)
{
    const mixtures_attrs *attrs = node->attrs;
    int n = 0;
    for (; n < GATES_OF_CALL && first + n < attrs->first_use[bank + 1]; n++) {
        const bank_use *use = &attrs->uses[first + n];
        out[n] = (plx_mix_gate){.gate = plx_columns_from(plx_tile_input(tile, node, use->gate), use->column)};
    }
    return n;
}

static void count_gates(const plx_tile *tile, const plx_node *node)
{
    const mixtures_attrs *attrs = node->attrs;
    plx_real *numbers = plx_run_tile_numbers(tile->run, node, tile->index);
    for (int m = 0; m < attrs->n_gates; m++) {
        count_gate(tile, plx_tile_input(tile, node, attrs->n_gates - 1 - m), attrs->mixtures[m]->tile_numbers,
                   numbers + attrs->counts[m]);
    }
}

static void mixtures_forward(const plx_tile *tile, const plx_node *node)
{
    const mixtures_attrs *attrs = node->attrs;
    const plx_view value = plx_tile_value(tile, node);
    plx_mix_gate gates[GATES_OF_CALL];
    if (tile->run->counts_gates) count_gates(tile, node);
    for (int b = 0; b < attrs->n_banks; b++) {
        const int input = attrs->n_gates + b;
        const plx_shape bank = plx_run_input_node(tile->run, node, input)->shape;
        for (int u = attrs->first_use[b], n; u < attrs->first_use[b + 1]; u += n) {
            n = gates_of(tile, node, b, u, gates);
            for (int g = 0; g < n; g++) {
                gates[g].out = plx_columns_from(value, attrs->uses[u + g].value);
                gates[g].accumulate = attrs->uses[u + g].is_next;
            }
            tile->run->kernels->mix(tile->rows, bank.groups, bank.width, plx_tile_input(tile, node, input),
                                    attrs->relus[b], gates, n);
        }
    }
}

static void mixtures_backward(const plx_tile *tile, const plx_node *node)
{
    const mixtures_attrs *attrs = node->attrs;
    const plx_view d_value = plx_tile_gradient(tile, node);
    plx_mix_gate gates[GATES_OF_CALL];
    for (int b = 0; b < attrs->n_banks; b++) {
        const int input = attrs->n_gates + b;
        const plx_shape bank = plx_run_input_node(tile->run, node, input)->shape;
        bool adds;
        const plx_view d_bank = plx_tile_input_gradient(tile, node, input, &adds);
        for (int u = attrs->first_use[b], n; u < attrs->first_use[b + 1]; u += n) {
            n = gates_of(tile, node, b, u, gates);
            for (int g = 0; g < n; g++) {
                const bank_use *use = &attrs->uses[u + g];
                gates[g].out = plx_columns_from(d_value, use->value);
                gates[g].d_gate =
                    plx_columns_from(plx_tile_input_gradient(tile, node, use->gate, &gates[g].accumulate), use->column);
            }
            tile->run->kernels->mix_back(tile->rows, bank.groups, bank.width, plx_tile_input(tile, node, input),
                                         attrs->relus[b], gates, n, d_bank, adds || u > attrs->first_use[b]);
        }
    }
}

static void mixtures_describe(const plx_node *node, plx_string *out)
{
    const mixtures_attrs *attrs = node->attrs;
    int n_relus = 0;
    for (int b = 0; b < attrs->n_banks; b++)
        n_relus += attrs->relus[b];
    plx_string_format(out, "one pass over %d banks, %d of them with relu, for", attrs->n_banks, n_relus);
    for (int m = 0; m < attrs->n_gates; m++)
        plx_string_format(out, "%s %s", m > 0 ? "," : "", attrs->mixtures[m]->shown);
}

static const plx_op op_mixtures = {
    .name = "mixtures",
    .shape = mixtures_shape,
    .forward = mixtures_forward,
    .backward = mixtures_backward,
    .describe = mixtures_describe,
};

/* Whether its gate has no other reader, and its banks are in the order of the graph, each once. */
static bool can_fuse(const plx_fuse_request *request, int r)
{
    const plx_node *mixture = request->readers[r];
    const int gate = mixture->inputs[0];
    for (int i = 2; i < mixture->n_inputs; i++) {
        if (mixture->inputs[i] <= mixture->inputs[i - 1]) return false;
    }
    return !request->affines[r] && request->first_reader[gate + 1] - request->first_reader[gate] == 1;
}

/* Counts the uses of each node from `lowest` to the source, then lists them by node, and by gate in the inputs' order.
 */
static void list_uses(const plx_fuse_request *request, int lowest, bank_use *uses, int *first_use)
{
    const int n = request->n_readers, width = request->source->shape.width;
    int *next = first_use + 1; /* while they are listed: where the next one goes */
    for (int m = 0; m < n; m++) {
        for (int i = 1; i < request->readers[m]->n_inputs; i++)
            next[request->readers[m]->inputs[i] - lowest + 1]++;
    }
    for (int b = lowest; b <= request->source->index; b++)
        next[b - lowest + 1] += next[b - lowest];
    for (int m = n - 1; m >= 0; m--) {
        const plx_node *mixture = request->readers[m];
        for (int i = 1, column = 0; i < mixture->n_inputs; i++) {
            const int bank = mixture->inputs[i];
            uses[next[bank - lowest]++] = (bank_use){n - 1 - m, column, m * width, i > 1};
            column += request->graph->nodes[bank]->shape.groups;
        }
    }
}

/* Whether a bank is relu of a value and has no other readers than `uses`, so that it need not be computed. */
static bool is_own_relu(const plx_fuse_request *request, const plx_node *bank, int uses)
{
    const int readers = request->first_reader[bank->index + 1] - request->first_reader[bank->index];
    return bank->op == &plx_op_relu && readers == uses;
}

static plx_fusion mixtures_fuse(const plx_fuse_request *request)
{
    plx_fusion fusion = {0};
    const int n = request->n_readers;
    int lowest = request->source->index, n_uses = 0;
    for (int m = 0; m < n; m++) {
        if (n < 2 || !can_fuse(request, m)) return fusion;
        if (request->readers[m]->inputs[1] < lowest) lowest = request->readers[m]->inputs[1];
        n_uses += request->readers[m]->n_inputs - 1;
    }
    const size_t size = (size_t)n;
    mixtures_attrs *attrs = plx_arena_take(request->arena, 1, sizeof *attrs);
    int *counts = plx_arena_take(request->arena, size + 1, sizeof *counts);
    bank_use *uses = plx_arena_take(request->arena, (size_t)n_uses, sizeof *uses);
    int *first_use = plx_arena_take(request->arena, (size_t)(request->source->index - lowest + 3), sizeof *first_use);
    const plx_node **inputs = plx_arena_take(request->arena, size + (size_t)n_uses, sizeof *inputs);
    bool *relus = plx_arena_take(request->arena, (size_t)n_uses, sizeof *relus);
    const void *mixtures = plx_arena_copy(request->arena, request->readers, size * sizeof *request->readers);
    if (plx_arena_failed(request->arena)) return fusion;
    list_uses(request, lowest, uses, first_use);
    *attrs = (mixtures_attrs){mixtures, n, 0, first_use, uses, counts, relus};
    for (int m = 0; m < n; m++) {
        inputs[n - 1 - m] = request->graph->nodes[request->readers[m]->inputs[0]];
        counts[m + 1] = counts[m] + request->readers[m]->tile_numbers;
    }
    for (int b = 0; b <= request->source->index - lowest; b++) { /* nodes without uses are no banks */
        if (first_use[b] == first_use[b + 1]) continue;
        const plx_node *bank = request->graph->nodes[lowest + b];
        const bool relu = is_own_relu(request, bank, first_use[b + 1] - first_use[b]);
        inputs[n + attrs->n_banks] = relu ? request->graph->nodes[bank->inputs[0]] : bank;
        relus[attrs->n_banks] = relu;
        first_use[attrs->n_banks++] = first_use[b];
    }
    first_use[attrs->n_banks] = n_uses;
    return (plx_fusion){.op = &op_mixtures, .attrs = attrs, .inputs = inputs, .n_inputs = n + attrs->n_banks};
}

const plx_op plx_op_mixture = {
    .name = "mixture",
    .shape = mixture_shape,
    .fuse = mixtures_fuse,
    .forward = mixture_forward,
    .backward = mixture_backward,
};

plx_ref plx_mixture(plx_graph *graph, plx_ref gate, const plx_ref *banks, int n_banks)
{
    plx_ref *inputs = plx_arena_take(graph->arena, (size_t)n_banks + 1, sizeof *inputs);
    if (!inputs) return (plx_ref){-1};
    inputs[0] = gate;
    for (int i = 0; i < n_banks; i++)
        inputs[i + 1] = banks[i];
    return plx_graph_node(graph, &plx_op_mixture, inputs, n_banks + 1, NULL, 0);
}

bool plx_is_mixture(const plx_node *node)
{
    return node->op == &plx_op_mixture;
}

void plx_mixture_add_gate(const plx_run *run, const plx_node *node, double *sums)
{
    int column;
    const plx_node *maker = plx_run_maker(run, node, &column);
    const mixtures_attrs *attrs = maker->attrs;
    const int first = maker == node ? 0 : attrs->counts[column / node->shape.width];
    for (int tile = 0; tile < run->n_tiles; tile++) {
        const plx_real *numbers = plx_run_tile_numbers(run, maker, tile) + first;
        for (int expert = 0; expert < node->tile_numbers; expert++)
            sums[expert] += (double)numbers[expert];
    }
}
