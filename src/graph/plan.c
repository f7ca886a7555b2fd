/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler. From a finished graph it decides which nodes run, in which phase, where their values and gradients
 * lie, and who writes a gradient first (and may overwrite) and who adds.
 *
 * Levels make the phases: a node's level is that of its inputs, one more behind an input whose forward_join must see
 * all tiles first; backward goes on from the losses' levels in the same way over consumers and backward_join.
 */
#include "graph/plan.h"

#include <string.h>

enum {
    TILE_ROWS = 64,   /* what fits the second-level cache with some hundred numbers a row, forward and backward */
    LINE_NUMBERS = 16 /* numbers of a cache line (of float) */
};

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* -- What runs ------------------------------------------------------------------------------------------------------
 */

static void mark_running(plx_plan *plan)
{
    const plx_graph *graph = plan->graph;
    for (int task = 0; task < graph->n_tasks; task++) {
        plan->nodes[graph->losses[task]].runs = true;
        if (!plan->options.training) plan->nodes[graph->predictions[task]].runs = true;
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        if (!plan->nodes[i].runs) continue;
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++)
            plan->nodes[graph->nodes[i]->inputs[k]].runs = true;
    }
}

static bool has_trained_param(const plx_graph *graph, const plx_node *node)
{
    for (int p = 0; p < node->n_params; p++) {
        if (!graph->params[node->params[p]].spec.is_state) return true;
    }
    return false;
}

/* Backward runs where a gradient arrives and something at the node or before it can use one. */
static void mark_backward(plx_plan *plan, bool *needs, bool *receives)
{
    const plx_graph *graph = plan->graph;
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        needs[i] = has_trained_param(graph, node);
        for (int k = 0; k < node->n_inputs; k++)
            needs[i] = needs[i] || needs[node->inputs[k]];
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        const plx_node *node = graph->nodes[i];
        plx_node_plan *own = &plan->nodes[i];
        own->runs_backward = own->runs && needs[i] && (receives[i] || node->op->is_loss) &&
                             (node->op->backward || node->op->backward_join);
        if (!own->runs_backward || !node->op->backward) continue;
        for (int k = 0; k < node->n_inputs; k++) {
            own->wants[k] = needs[node->inputs[k]];
            receives[node->inputs[k]] = receives[node->inputs[k]] || own->wants[k];
        }
    }
}

static plx_status mark(plx_plan *plan, plx_error *err)
{
    const size_t n = (size_t)plan->graph->n_nodes;
    for (size_t i = 0; i < n; i++) {
        const size_t n_inputs = (size_t)plan->graph->nodes[i]->n_inputs + 1;
        plan->nodes[i].adds = plx_arena_take(&plan->arena, n_inputs, sizeof(bool));
        plan->nodes[i].wants = plx_arena_take(&plan->arena, n_inputs, sizeof(bool));
        plan->nodes[i].writes_into = -1;
    }
    bool *needs = plx_arena_take(&plan->arena, n, sizeof *needs);
    bool *receives = plx_arena_take(&plan->arena, n, sizeof *receives);
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    mark_running(plan);
    if (plan->options.training) mark_backward(plan, needs, receives);
    return PLX_OK;
}

/* -- Phases -----------------------------------------------------------------------------------------------------------
 */

static void assign_levels(plx_plan *plan)
{
    const plx_graph *graph = plan->graph;
    const bool training = plan->options.training;
    plan->n_phases = 1;
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        plx_node_plan *own = &plan->nodes[i];
        for (int k = 0; k < node->n_inputs; k++) {
            const int input = node->inputs[k];
            const int behind = training && graph->nodes[input]->op->forward_join ? 1 : 0;
            own->level = larger(own->level, plan->nodes[input].level + behind);
        }
        own->level_backward = own->level;
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        const plx_node *node = graph->nodes[i];
        const plx_node_plan *own = &plan->nodes[i];
        if (own->runs) plan->n_phases = larger(plan->n_phases, own->level + 1);
        if (!own->runs_backward) continue;
        plan->n_phases = larger(plan->n_phases, own->level_backward + 1);
        for (int k = 0; k < node->n_inputs; k++) {
            plx_node_plan *input = &plan->nodes[node->inputs[k]];
            input->level_backward =
                larger(input->level_backward, own->level_backward + (node->op->backward_join ? 1 : 0));
        }
    }
}

static plx_status fill_phases(plx_plan *plan, plx_error *err)
{
    const plx_graph *graph = plan->graph;
    const size_t n = (size_t)graph->n_nodes;
    plan->phases = plx_arena_take(&plan->arena, (size_t)plan->n_phases, sizeof *plan->phases);
    if (!plan->phases) return plx_error_memory(err);
    for (int p = 0; p < plan->n_phases; p++) {
        plx_phase *phase = &plan->phases[p];
        phase->steps = plx_arena_take(&plan->arena, 2 * n, sizeof *phase->steps);
        phase->joins = plx_arena_take(&plan->arena, 2 * n, sizeof *phase->joins);
        if (!phase->steps || !phase->joins) return plx_error_memory(err);
        for (int i = 0; i < graph->n_nodes; i++) {
            const plx_node *node = graph->nodes[i];
            if (!plan->nodes[i].runs || plan->nodes[i].level != p) continue;
            phase->steps[phase->n_steps++] = (plx_step){node, false};
            if (plan->options.training && node->op->forward_join)
                phase->joins[phase->n_joins++] = (plx_step){node, false};
        }
        for (int i = graph->n_nodes - 1; i >= 0; i--) {
            const plx_node *node = graph->nodes[i];
            if (!plan->nodes[i].runs_backward || plan->nodes[i].level_backward != p) continue;
            if (node->op->backward) phase->steps[phase->n_steps++] = (plx_step){node, true};
            if (node->op->backward_join) phase->joins[phase->n_joins++] = (plx_step){node, true};
        }
    }
    return PLX_OK;
}

/* In the order of execution, the first to send a gradient to a value writes it, later ones add. */
static plx_status order_writers(plx_plan *plan, plx_error *err)
{
    bool *is_written = plx_arena_take(&plan->arena, (size_t)plan->graph->n_nodes, sizeof *is_written);
    if (!is_written) return plx_error_memory(err);
    for (int p = 0; p < plan->n_phases; p++) {
        for (int s = 0; s < plan->phases[p].n_steps; s++) {
            const plx_step step = plan->phases[p].steps[s];
            if (!step.is_backward) continue;
            for (int k = 0; k < step.node->n_inputs; k++) {
                const int input = step.node->inputs[k];
                if (!plan->nodes[step.node->index].wants[k]) continue;
                plan->nodes[step.node->index].adds[k] = is_written[input];
                is_written[input] = true;
            }
        }
    }
    return PLX_OK;
}

/* -- Memory
 * ------------------------------------------------------------------------------------------------------------- */

/* A value that only one concatenation reads is made in its place. */
static plx_status share_concatenations(plx_plan *plan, plx_error *err)
{
    const plx_graph *graph = plan->graph;
    int *readers = plx_arena_take(&plan->arena, (size_t)graph->n_nodes, sizeof *readers);
    if (!readers) return plx_error_memory(err);
    for (int i = 0; i < graph->n_nodes; i++) {
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++)
            readers[graph->nodes[i]->inputs[k]]++;
    }
    for (int i = 0; i < graph->n_nodes && !plan->options.is_plain; i++) {
        if (!graph->nodes[i]->op->concatenates) continue;
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++) {
            const int input = graph->nodes[i]->inputs[k];
            if (readers[input] == 1 && !graph->nodes[input]->op->concatenates) plan->nodes[input].writes_into = i;
        }
    }
    return PLX_OK;
}

/* Narrow rows lie close together, so that a column of one number is an array; wide ones begin at cache lines. */
static int stride_of(int numbers)
{
    return numbers < LINE_NUMBERS ? numbers : (int)round_up((size_t)numbers, LINE_NUMBERS);
}

static plx_slot reserve(plx_plan *plan, int numbers, bool is_of_batch)
{
    plx_slot slot = {.exists = numbers > 0, .is_of_batch = is_of_batch, .stride = stride_of(numbers)};
    size_t *end = is_of_batch ? &plan->batch_memory : &plan->tile_memory;
    const size_t rows = (size_t)(is_of_batch ? plan->tiles_max * plan->tile_rows : plan->tile_rows);
    slot.offset = *end;
    *end += round_up(rows * (size_t)slot.stride, LINE_NUMBERS);
    return slot;
}

static bool gradient_is_joined(const plx_plan *plan, const plx_node *node)
{
    if (node->op->join_reads_gradient) return true;
    for (int k = 0; k < node->n_inputs; k++) {
        const int input = node->inputs[k];
        if (plan->nodes[input].writes_into == node->index && plan->graph->nodes[input]->op->join_reads_gradient)
            return true;
    }
    return false;
}

static void lay_out_node(plx_plan *plan, const plx_node *node)
{
    plx_node_plan *own = &plan->nodes[node->index];
    const bool all_of_batch = plan->n_phases > 1;
    const int numbers = node->shape.groups * node->shape.width;
    if (!own->runs) return;
    if (own->writes_into < 0) {
        own->value = reserve(plan, numbers, all_of_batch);
        if (own->runs_backward) own->gradient = reserve(plan, numbers, all_of_batch || gradient_is_joined(plan, node));
    }
    own->scratch = reserve(plan, node->row_numbers, all_of_batch);
    own->tile_offset = plan->tile_numbers;
    plan->tile_numbers += (size_t)node->tile_numbers;
    own->batch_offset = plan->batch_numbers;
    plan->batch_numbers += round_up(node->batch_numbers, LINE_NUMBERS);
}

static void lay_out(plx_plan *plan)
{
    const plx_graph *graph = plan->graph;
    for (int i = 0; i < graph->n_nodes; i++)
        lay_out_node(plan, graph->nodes[i]);
    plan->tile_numbers = round_up(plan->tile_numbers, LINE_NUMBERS);
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node_plan *whole = &plan->nodes[i];
        size_t column = 0;
        for (int k = 0; k < graph->nodes[i]->n_inputs && graph->nodes[i]->op->concatenates; k++) {
            const plx_node *input = graph->nodes[graph->nodes[i]->inputs[k]];
            plx_node_plan *piece = &plan->nodes[input->index];
            if (piece->writes_into == i && whole->runs) {
                piece->value = whole->value;
                piece->value.offset += column;
                piece->gradient = whole->gradient;
                piece->gradient.offset += column;
            }
            column += (size_t)input->shape.width;
        }
    }
}

/* -- All together
 * --------------------------------------------------------------------------------------------------------- */

static void choose_tiles(plx_plan *plan)
{
    const plx_plan_options *options = &plan->options;
    plan->tile_rows = options->tile_rows > 0 ? smaller(options->tile_rows, PLX_TILE_ROWS_MAX) : TILE_ROWS;
    plan->tile_rows = smaller(plan->tile_rows, options->batch_rows);
    plan->tiles_max = (options->batch_rows + plan->tile_rows - 1) / plan->tile_rows;
    plan->tiles_per_chunk = (plan->tiles_max + PLX_CHUNKS_MAX - 1) / PLX_CHUNKS_MAX;
    plan->chunks_max = (plan->tiles_max + plan->tiles_per_chunk - 1) / plan->tiles_per_chunk;
}

static plx_status compile(plx_plan *plan, plx_error *err)
{
    plan->nodes = plx_arena_take(&plan->arena, (size_t)plan->graph->n_nodes, sizeof *plan->nodes);
    if (!plan->nodes) return plx_error_memory(err);
    PLX_TRY(mark(plan, err));
    choose_tiles(plan);
    assign_levels(plan);
    PLX_TRY(fill_phases(plan, err));
    PLX_TRY(order_writers(plan, err));
    PLX_TRY(share_concatenations(plan, err));
    lay_out(plan);
    return PLX_OK;
}

plx_status plx_plan_create(const plx_allocator *allocator, const plx_graph *graph, const plx_kernels *kernels,
                           const plx_plan_options *options, plx_plan **out, plx_error *err)
{
    *out = NULL;
    plx_plan *plan = plx_alloc_zero(allocator, 1, sizeof *plan);
    if (!plan) return plx_error_memory(err);
    plan->allocator = allocator;
    plan->graph = graph;
    plan->kernels = kernels;
    plan->options = *options;
    plx_arena_init(&plan->arena, allocator);
    const plx_status status = compile(plan, err);
    if (status != PLX_OK) {
        plx_plan_free(plan);
        return status;
    }
    *out = plan;
    return PLX_OK;
}

void plx_plan_free(plx_plan *plan)
{
    if (!plan) return;
    plx_arena_release(&plan->arena);
    plx_free(plan->allocator, plan);
}
