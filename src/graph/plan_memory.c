/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of values, gradients and scratch, and how the leaves' gradients are summed. */
#include "graph/plan.h"

enum { LINE_NUMBERS = 16 }; /* numbers of a cache line (of float) */

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* A value read only by one concatenation is computed directly in that concatenation's memory. */
static void share_concatenation(plx_plan *plan, const plx_node *node, const int *readers)
{
    int column = 0;
    for (int k = 0; k < node->n_inputs; k++) {
        plx_node_plan *input = &plan->nodes[node->inputs[k]];
        if (readers[node->inputs[k]] == 1 && input->inside < 0 && !plan->all[node->inputs[k]]->op->concatenates) {
            input->inside = node->index;
            input->column = column;
        }
        column += plan->all[node->inputs[k]]->shape.width;
    }
}

/* The node that holds the value of node `index`: in scoring, some nodes only pass their input on. */
static int passed_on(const plx_plan *plan, int index)
{
    while (!plan->options.training && !plan->options.is_plain && plan->all[index]->op->passes_in_scoring)
        index = plan->all[index]->inputs[0];
    return index;
}

/* An elementwise node reuses its input's memory if nothing else reads it, the backward of its maker included. */
static void share_input(plx_plan *plan, const plx_node *node, const int *readers)
{
    plx_node_plan *own = &plan->nodes[node->index];
    const int input = node->inputs[0];
    const int made_by = plan->nodes[input].made_by;
    const plx_op *maker = plan->all[made_by >= 0 ? made_by : input]->op;
    if (readers[passed_on(plan, input)] != 1 || own->inside >= 0 ||
        (plan->options.training && maker->backward_reads_value))
        return;
    own->inside = input;
    own->column = 0;
}

/* Predictions are read at the end. */
static plx_status share_memory(plx_plan *plan, plx_error *err)
{
    int *readers = plx_arena_take(&plan->arena, (size_t)plan->n_all, sizeof *readers);
    if (!readers) return plx_error_memory(err);
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        for (int k = 0; k < node->n_inputs && plan->nodes[node->index].runs; k++)
            readers[passed_on(plan, node->inputs[k])]++;
    }
    for (int task = 0; task < plan->graph->n_tasks; task++)
        readers[passed_on(plan, plan->graph->predictions[task])]++;
    for (int i = 0; i < plan->n_order && !plan->options.is_plain; i++) {
        const plx_node *node = plan->order[i];
        if (!plan->nodes[node->index].runs) continue;
        if (node->op->concatenates) share_concatenation(plan, node, readers);
        if (node->op->is_in_place) share_input(plan, node, readers);
    }
    return PLX_OK;
}

/* Narrow rows are packed, so that a column of one number is an array; wide rows start at cache lines. */
static int stride_of(int numbers)
{
    return numbers < LINE_NUMBERS ? numbers : (int)round_up((size_t)numbers, LINE_NUMBERS);
}

static plx_slot reserve(plx_plan *plan, int numbers, int stride, bool is_of_batch)
{
    plx_slot slot = {.exists = numbers > 0, .is_of_batch = is_of_batch, .stride = stride};
    size_t *end = is_of_batch ? &plan->batch_memory : &plan->tile_memory;
    const size_t rows = (size_t)(is_of_batch ? plan->tiles_max * plan->tile_rows : plan->tile_rows);
    slot.offset = *end;
    *end += round_up(rows * (size_t)slot.stride, LINE_NUMBERS);
    return slot;
}

/* Whether id_sums read the gradient of this node or of a value stored inside its own. */
static bool gradient_is_kept(const plx_plan *plan, const plx_node *node)
{
    if (node->op->sums_read_gradient) return true;
    for (int k = 0; k < node->n_inputs; k++) {
        const int input = node->inputs[k];
        if (plan->nodes[input].inside == node->index && plan->all[input]->op->sums_read_gradient) return true;
    }
    return false;
}

static void lay_out_node(plx_plan *plan, const plx_node *node)
{
    plx_node_plan *own = &plan->nodes[node->index];
    const bool all_of_batch = plan->n_phases > 1;
    const int numbers = node->shape.groups * node->shape.width, stride = stride_of(numbers);
    if (!own->runs) return;
    if (own->inside < 0) {
        own->value = reserve(plan, numbers, stride, all_of_batch);
        if (own->runs_backward) {
            own->gradient = reserve(plan, numbers, stride, all_of_batch || gradient_is_kept(plan, node));
        }
    }
    own->scratch = reserve(plan, node->row_numbers, node->row_numbers,
                           all_of_batch || (plan->options.training && node->op->sums_read_rows));
    own->tile_offset = plan->tile_numbers;
    plan->tile_numbers += round_up((size_t)node->tile_numbers, LINE_NUMBERS);
    own->leaf_offset = plan->leaf_numbers;
    plan->leaf_numbers += round_up(node->leaf_numbers, LINE_NUMBERS);
    own->id_sum_offset = plan->id_sum_numbers;
    own->id_offset = plan->id_scratch;
    if (own->runs_backward) {
        plan->id_sum_numbers += round_up(node->id_sum_numbers, LINE_NUMBERS);
        plan->id_scratch += round_up(node->id_scratch, LINE_NUMBERS);
    }
    own->batch_offset = plan->batch_numbers;
    plan->batch_numbers += round_up(node->batch_numbers, LINE_NUMBERS);
}

static plx_slot part_of(const plx_slot *whole, int column)
{
    plx_slot part = *whole;
    part.offset += (size_t)column;
    return part;
}

/* In order of nesting depth: a value inside a nested value comes last. */
static void place_inside(plx_plan *plan, int index)
{
    plx_node_plan *own = &plan->nodes[index];
    if (own->inside < 0) return;
    place_inside(plan, own->inside);
    own->value = part_of(&plan->nodes[own->inside].value, own->column);
    own->gradient = part_of(&plan->nodes[own->inside].gradient, own->column);
}

static void add_spans(plx_plan *plan, size_t first, size_t n)
{
    for (size_t done = 0; done < n; done += PLX_SPAN_NUMBERS) {
        const size_t rest = n - done;
        plan->spans[plan->n_spans++] =
            (plx_span){first + done, rest < PLX_SPAN_NUMBERS ? rest : (size_t)PLX_SPAN_NUMBERS};
    }
}

/* Tilewise parameters of nodes that run backward, adjacent ones as one span, then the nodes' leaf numbers. */
static plx_status list_spans(plx_plan *plan, plx_error *err)
{
    const plx_graph *graph = plan->graph;
    const size_t capacity = (graph->n_tilewise + plan->leaf_numbers) / PLX_SPAN_NUMBERS + (size_t)graph->n_params + 2;
    bool *is_summed = plx_arena_take(&plan->arena, (size_t)graph->n_params + 1, sizeof *is_summed);
    plan->spans = plx_arena_take(&plan->arena, capacity, sizeof *plan->spans);
    if (!is_summed || !plan->spans) return plx_error_memory(err);
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        for (int p = 0; p < node->n_params && plan->nodes[node->index].runs_backward; p++) {
            const plx_param_spec *spec = &graph->params[node->params[p]].spec;
            is_summed[node->params[p]] = !spec->is_joined && !spec->is_state && !spec->is_frozen;
        }
    }
    size_t first = 0, end = 0;
    for (int p = 0; p < graph->n_params; p++) {
        if (!is_summed[p]) continue;
        const plx_param *param = &graph->params[p];
        const size_t n =
            round_up((size_t)param->spec.groups * (size_t)param->spec.rows * (size_t)param->spec.cols, LINE_NUMBERS);
        if (param->offset != end) {
            add_spans(plan, first, end - first);
            first = param->offset;
        }
        end = param->offset + n;
    }
    add_spans(plan, first, end - first);
    add_spans(plan, graph->n_tilewise, plan->leaf_numbers);
    return PLX_OK;
}

/* Each leaf has a gradient of its own, so their number follows from its size, too. */
static void choose_leaves(plx_plan *plan)
{
    const size_t numbers = plan->options.training ? plan->graph->n_tilewise + plan->leaf_numbers : 0;
    int sum_rows = 0;
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        if (plan->nodes[node->index].runs_backward && node->id_sum_rows > sum_rows) sum_rows = node->id_sum_rows;
    }
    plan->leaf_tiles = plx_leaf_tiles(plan->tiles_max, numbers);
    plan->leaves_max = (plan->tiles_max + plan->leaf_tiles - 1) / plan->leaf_tiles;
    plan->id_leaf_leaves = plx_id_leaf_leaves(plan->leaf_tiles * plan->tile_rows, plan->options.batch_rows, sum_rows);
    plan->id_leaves_max = (plan->leaves_max + plan->id_leaf_leaves - 1) / plan->id_leaf_leaves;
}

plx_status plx_plan_lay_out(plx_plan *plan, plx_error *err)
{
    PLX_TRY(share_memory(plan, err));
    for (int i = 0; i < plan->n_order; i++)
        lay_out_node(plan, plan->order[i]);
    for (int i = 0; i < plan->n_all; i++)
        place_inside(plan, i);
    choose_leaves(plan);
    return plan->options.training ? list_spans(plan, err) : PLX_OK;
}
