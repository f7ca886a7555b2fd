/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewrites. For each value, the nodes of one op that read it are offered to that op, which may return one node that
 * computes all their values, concatenated. The replaced nodes stay in the graph: their values and gradients become
 * columns of the new node's, so their readers do not change. In scoring, a node with an affine map is folded into the
 * node before it, and nodes that only copy are removed.
 */
#include "graph/plan.h"

/*
 * Which nodes are needed: in training by a loss, so that every fused node gets a gradient and none of its columns stay
 * unwritten; in scoring by a prediction or a loss.
 */
static void mark_needed(const plx_graph *graph, const plx_plan_options *options, bool *needed)
{
    for (int task = 0; task < graph->n_tasks; task++) {
        needed[graph->losses[task]] = true;
        needed[graph->predictions[task]] =
            needed[graph->predictions[task]] || !options->training || options->with_scores;
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        for (int k = 0; k < graph->nodes[i]->n_inputs && needed[i]; k++)
            needed[graph->nodes[i]->inputs[k]] = true;
    }
}

/* For each node the nodes that read its value, in order; one that reads it several times is listed as often. */
typedef struct all_readers {
    int *first; /* [n_nodes + 1]: a node's readers are at[first[node]] to at[first[node + 1] - 1] */
    const plx_node **at;
    bool *is_prediction; /* [n_nodes] */
} all_readers;

static plx_status find_all_readers(plx_plan *plan, all_readers *out, plx_error *err)
{
    const plx_graph *graph = plan->graph;
    const size_t n = (size_t)graph->n_nodes;
    size_t n_inputs = 0;
    for (size_t i = 0; i < n; i++)
        n_inputs += (size_t)graph->nodes[i]->n_inputs;
    out->first = plx_arena_take(&plan->arena, n + 2, sizeof *out->first);
    out->at = plx_arena_take(&plan->arena, n_inputs + 1, sizeof *out->at);
    out->is_prediction = plx_arena_take(&plan->arena, n, sizeof *out->is_prediction);
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    int *next = out->first + 1; /* while they are listed: where the next reader goes */
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++)
            next[graph->nodes[i]->inputs[k] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++)
            out->at[next[graph->nodes[i]->inputs[k]]++] = graph->nodes[i];
    }
    for (int task = 0; task < graph->n_tasks; task++)
        out->is_prediction[graph->predictions[task]] = true;
    return PLX_OK;
}

static plx_node *add_node(plx_plan *plan, const plx_op *op, const plx_node *const *inputs, int n_inputs,
                          const void *attrs)
{
    plx_node *node = plx_arena_take(&plan->arena, 1, sizeof *node);
    int *indices = plx_arena_take(&plan->arena, (size_t)n_inputs + 1, sizeof *indices);
    if (!node || !indices) return NULL;
    for (int i = 0; i < n_inputs; i++)
        indices[i] = inputs[i]->index;
    *node = (plx_node){.op = op,
                       .name = op->name,
                       .shown = op->name,
                       .task = -1,
                       .index = plan->n_all,
                       .inputs = indices,
                       .n_inputs = n_inputs,
                       .attrs = attrs};
    plan->all[plan->n_all++] = node;
    return node;
}

/* Node `maker` computes the value of node `index`, as columns of its own value. */
static void put_inside(plx_plan *plan, int index, int maker, int column)
{
    plan->nodes[index].made_by = plan->nodes[index].inside = maker;
    plan->nodes[index].column = column;
}

/*
 * Applies the op's answer. Fused nodes declare no parameters, so their shape functions get an empty graph; a
 * concatenation for them is shaped here, since its inputs belong to the plan.
 */
static plx_status replace(plx_plan *plan, const plx_fuse_request *request, const plx_fusion *fusion, plx_node **fused,
                          plx_error *err)
{
    const plx_node *concatenated, *const *inputs = fusion->inputs ? fusion->inputs : &request->source;
    int n_inputs = fusion->inputs ? fusion->n_inputs : 1;
    if (fusion->concat && n_inputs > 0) {
        plx_node *concat = add_node(plan, fusion->concat, inputs, n_inputs, NULL);
        if (!concat) return plx_error_memory(err);
        for (int i = 0; i < n_inputs; i++) {
            concat->shape = (plx_shape){1, concat->shape.width + inputs[i]->shape.width};
        }
        concatenated = concat;
        inputs = &concatenated;
        n_inputs = 1;
    }
    plx_node *node = add_node(plan, fusion->op, inputs, n_inputs, fusion->attrs);
    if (!node) return plx_error_memory(err);
    plx_graph none = {.arena = &plan->arena};
    node->op->shape(&none, node);
    int column = 0;
    for (int r = 0; r < request->n_readers; r++) {
        const plx_node *reader = request->readers[r], *affine = request->affines[r];
        put_inside(plan, reader->index, node->index, column);
        if (affine) put_inside(plan, affine->index, node->index, column);
        column += reader->shape.groups * reader->shape.width;
    }
    *fused = node;
    return PLX_OK;
}

/* What a pass over all values keeps. */
typedef struct fuser {
    plx_plan *plan;
    const bool *needed; /* [n_nodes] */
    int *depth;         /* [n_nodes]: the nodes before it on the longest path */
    all_readers all;
    const plx_node **readers, **affines; /* [n_nodes] of the value in hand */
} fuser;

static void measure_depths(const fuser *f)
{
    const plx_graph *graph = f->plan->graph;
    for (int i = 0; i < graph->n_nodes; i++) {
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++) {
            const int depth = f->depth[graph->nodes[i]->inputs[k]] + 1;
            if (depth > f->depth[i]) f->depth[i] = depth;
        }
    }
}

/*
 * Whether a reader of `source` can be fused with the first `n`. Nodes of one depth do not depend on each other, and
 * inputs have a smaller depth, so fused nodes form no cycle.
 */
static bool fits(const fuser *f, const plx_node *node, const plx_node *source, int n)
{
    if (!node->op->fuse || node->inputs[node->n_inputs - 1] != source->index) return false;
    return n == 0 || (f->readers[0]->op == node->op && f->depth[f->readers[0]->index] == f->depth[node->index]);
}

/* The readers of `source` that have the same op and depth as the first reader that can be fused. */
static int find_readers(const fuser *f, const plx_node *source, bool *are_only)
{
    int n = 0;
    *are_only = true;
    for (int r = f->all.first[source->index]; r < f->all.first[source->index + 1]; r++) {
        const plx_node *node = f->all.at[r];
        if (!f->needed[node->index]) continue;
        if (fits(f, node, source, n)) {
            f->readers[n++] = node;
        } else {
            *are_only = false;
        }
    }
    return n;
}

static bool reads(const plx_node *node, const plx_node *input)
{
    for (int k = 0; k < node->n_inputs; k++) {
        if (node->inputs[k] == input->index) return true;
    }
    return false;
}

/* Whether the needed readers of `node` are `reader` and nodes that only `reader` reads. */
static bool is_read_through(const fuser *f, const plx_node *node, const plx_node *reader)
{
    for (int r = f->all.first[node->index]; r < f->all.first[node->index + 1]; r++) {
        const plx_node *other = f->all.at[r];
        if (!f->needed[other->index] || other == reader) continue;
        if (!reads(reader, other) || !is_read_through(f, other, reader)) return false;
    }
    return !f->all.is_prediction[node->index];
}

/* The only reader of `node`, if it has an affine map, else NULL. */
static const plx_node *find_affine(const fuser *f, const plx_node *node)
{
    if (f->plan->options.training) return NULL;
    for (int r = f->all.first[node->index]; r < f->all.first[node->index + 1]; r++) {
        const plx_node *reader = f->all.at[r];
        if (!f->needed[reader->index] || !reader->op->affine || reader->inputs[0] != node->index) continue;
        return is_read_through(f, node, reader) ? reader : NULL;
    }
    return NULL;
}

static bool fit_in_a_row(const plx_fuse_request *request)
{
    int64_t numbers = 0;
    for (int r = 0; r < request->n_readers; r++)
        numbers += (int64_t)request->readers[r]->shape.groups * request->readers[r]->shape.width;
    return numbers <= PLX_ROW_NUMBERS_MAX;
}

static plx_status fuse_readers(const fuser *f, const plx_node *source, plx_error *err)
{
    plx_plan *plan = f->plan;
    plx_fuse_request request = {.graph = plan->graph,
                                .arena = &plan->arena,
                                .source = source,
                                .readers = f->readers,
                                .affines = f->affines,
                                .first_reader = f->all.first,
                                .training = plan->options.training,
                                .batch_rows = plan->options.batch_rows,
                                .collapse = plan->options.collapse};
    request.n_readers = find_readers(f, source, &request.is_only_reader);
    if (request.n_readers == 0 || !fit_in_a_row(&request)) return PLX_OK;
    for (int r = 0; r < request.n_readers; r++)
        f->affines[r] = find_affine(f, f->readers[r]);
    const plx_fusion fusion = f->readers[0]->op->fuse(&request);
    if (plx_arena_failed(&plan->arena)) return plx_error_memory(err);
    plx_node *fused = NULL;
    return fusion.op ? replace(plan, &request, &fusion, &fused, err) : PLX_OK;
}

/* A node that only copies shares its input's memory; its readers wait for the input's maker. */
static void pass_through(plx_plan *plan)
{
    for (int i = 0; i < plan->graph->n_nodes && !plan->options.training; i++) {
        const plx_node *node = plan->graph->nodes[i];
        if (!node->op->passes_in_scoring) continue;
        const int input = node->inputs[0], made_by = plan->nodes[input].made_by;
        put_inside(plan, i, input, 0);
        if (made_by >= 0) plan->nodes[i].made_by = made_by;
    }
}

/* The maker of value `index` after its inputs, unless it is listed. */
static void list_node(plx_plan *plan, int index, bool *is_listed)
{
    const int made_by = plan->nodes[index].made_by;
    const plx_node *node = plan->all[made_by >= 0 ? made_by : index];
    if (is_listed[node->index]) return;
    is_listed[node->index] = true;
    for (int k = 0; k < node->n_inputs; k++)
        list_node(plan, node->inputs[k], is_listed);
    plan->order[plan->n_order++] = node;
}

/* The order of the graph; a fused node takes the place of the first node that it replaces, its inputs before it. */
static void list_order(plx_plan *plan, bool *is_listed)
{
    for (int i = 0; i < plan->graph->n_nodes; i++)
        list_node(plan, i, is_listed);
}

plx_status plx_plan_fuse(plx_plan *plan, plx_error *err)
{
    const plx_graph *graph = plan->graph;
    const size_t n = (size_t)graph->n_nodes, capacity = 3 * n; /* a rewrite adds at most two nodes for one or more */
    plan->all = plx_arena_take(&plan->arena, capacity, sizeof *plan->all);
    plan->order = plx_arena_take(&plan->arena, capacity, sizeof *plan->order);
    plan->nodes = plx_arena_take(&plan->arena, capacity, sizeof *plan->nodes);
    bool *needed = plx_arena_take(&plan->arena, n, sizeof *needed);
    bool *is_listed = plx_arena_take(&plan->arena, capacity, sizeof *is_listed);
    fuser f = {.plan = plan,
               .needed = needed,
               .depth = plx_arena_take(&plan->arena, n, sizeof *f.depth),
               .readers = plx_arena_take(&plan->arena, n, sizeof *f.readers),
               .affines = plx_arena_take(&plan->arena, n, sizeof *f.affines)};
    PLX_TRY(find_all_readers(plan, &f.all, err));
    measure_depths(&f);
    for (size_t i = 0; i < capacity; i++)
        plan->nodes[i].made_by = plan->nodes[i].inside = -1;
    for (size_t i = 0; i < n; i++)
        plan->all[plan->n_all++] = graph->nodes[i];
    mark_needed(graph, &plan->options, needed);
    for (size_t i = 0; i < n && !plan->options.is_plain; i++) {
        if (needed[i]) PLX_TRY(fuse_readers(&f, graph->nodes[i], err));
    }
    if (!plan->options.is_plain) pass_through(plan);
    list_order(plan, is_listed);
    return PLX_OK;
}
