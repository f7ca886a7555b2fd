/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph: nodes and parameters are stored in the order of the calls, which is a topological order. */
#include "graph/graph.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

enum { BLOCK_ALIGNMENT = 16 }; /* numbers: a tensor begins at a cache line */

void plx_graph_init(plx_graph *graph, plx_arena *arena, int n_tasks)
{
    *graph = (plx_graph){.arena = arena, .n_tasks = n_tasks, .task = -1};
    graph->predictions = plx_arena_take(arena, (size_t)n_tasks, sizeof *graph->predictions);
    graph->losses = plx_arena_take(arena, (size_t)n_tasks, sizeof *graph->losses);
    graph->outputs = plx_arena_take(arena, (size_t)n_tasks + 1, sizeof *graph->outputs);
    if (plx_arena_failed(arena)) {
        plx_error_memory(&graph->failure);
        return;
    }
    for (int task = 0; task < n_tasks; task++) {
        graph->predictions[task] = graph->losses[task] = -1;
    }
}

void plx_graph_fail(plx_graph *graph, const char *format, ...)
{
    if (graph->failure.code != PLX_OK) return;
    if (plx_arena_failed(graph->arena)) { /* memory ran out: the shapes are not at fault */
        plx_error_memory(&graph->failure);
        return;
    }
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const char *scope = graph->scope[0] ? graph->scope : "model";
    const char *name = graph->task >= 0 && graph->task_names ? graph->task_names[graph->task] : NULL;
    if (name && !*name) name = NULL;
    const char *rest = name ? scope + graph->task_at + strcspn(scope + graph->task_at, "/") : scope;
    plx_error_set(&graph->failure, PLX_ERR_SHAPE, "%.*s%.100s%s: %s", name ? graph->task_at : 0, scope,
                  name ? name : "", rest, message);
}

int plx_scope(plx_graph *graph, const char *format, ...)
{
    size_t before = strlen(graph->scope), capacity = sizeof graph->scope - before;
    va_list arguments;
    va_start(arguments, format);
    size_t separator = before > 0 && capacity > 1;
    if (separator) graph->scope[before] = '/';
    int length = vsnprintf(graph->scope + before + separator, capacity - separator, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= capacity - separator) plx_graph_fail(graph, "the scope's name is too long");
    return (int)before;
}

int plx_task_scope(plx_graph *graph, int task)
{
    const int before = plx_scope(graph, "task%d", task);
    graph->task = task;
    graph->task_at = before + (before > 0);
    return before;
}

void plx_scope_leave(plx_graph *graph, int before)
{
    graph->scope[before] = '\0';
    if (graph->task_at >= before) graph->task = -1;
}

/* An array in the arena that grows by doubling; old copies are freed with the arena. */
static void *grown(plx_graph *graph, void *items, size_t *capacity, size_t n, size_t size)
{
    if (n < *capacity) return items;
    size_t doubled = *capacity ? 2 * *capacity : 64;
    void *moved = plx_arena_take(graph->arena, doubled, size);
    if (!moved) {
        if (graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
        return NULL;
    }
    if (n > 0) memcpy(moved, items, n * size);
    *capacity = doubled;
    return moved;
}

static const char *scoped_name(plx_graph *graph, const char *name)
{
    const char *scoped = graph->scope[0] ? plx_arena_format(graph->arena, "%s/%s", graph->scope, name)
                                         : plx_arena_format(graph->arena, "%s", name);
    if (!scoped && graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
    return scoped;
}

static plx_node *new_node(plx_graph *graph, const plx_op *op, const plx_ref *inputs, int n_inputs, const void *attrs,
                          size_t attrs_bytes)
{
    plx_node **nodes = grown(graph, graph->nodes, &graph->nodes_capacity, (size_t)graph->n_nodes, sizeof *nodes);
    if (!nodes) return NULL;
    graph->nodes = nodes;
    plx_node *node = plx_arena_take(graph->arena, 1, sizeof *node);
    int *indices = plx_arena_take(graph->arena, (size_t)n_inputs + 1, sizeof *indices);
    const void *copy = attrs ? plx_arena_copy(graph->arena, attrs, attrs_bytes) : NULL;
    const char *name = scoped_name(graph, op->name);
    if (plx_arena_failed(graph->arena)) {
        if (graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
        return NULL;
    }
    for (int i = 0; i < n_inputs; i++)
        indices[i] = inputs[i].index;
    *node = (plx_node){.op = op,
                       .name = name,
                       .shown = name,
                       .task = graph->task,
                       .task_at = graph->task_at,
                       .index = graph->n_nodes,
                       .inputs = indices,
                       .n_inputs = n_inputs,
                       .attrs = copy,
                       .stream = plx_random_stream(name)};
    return node;
}

/* Adds a layer to the totals. */
static void count_layer(plx_graph *graph, const plx_node *node)
{
    graph->n_layers++;
    graph->layer_groups += node->shape.groups;
    graph->layer_numbers += (int64_t)node->shape.groups * node->shape.width;
    if (graph->n_layers > PLX_LAYERS_MAX) {
        plx_graph_fail(graph, "the network has more than %d layers", PLX_LAYERS_MAX);
    } else if (graph->layer_groups > PLX_LAYER_GROUPS_MAX) {
        plx_graph_fail(graph, "the network's layers have more than %d groups, such as experts", PLX_LAYER_GROUPS_MAX);
    } else if (graph->layer_numbers > PLX_LAYER_NUMBERS_MAX) {
        plx_graph_fail(graph, "the network's layers make more than %d numbers a row", PLX_LAYER_NUMBERS_MAX);
    }
}

/* Reports which limit the network exceeds. */
static void check_size(plx_graph *graph, const plx_node *node)
{
    if (graph->n_nodes >= PLX_NODES_MAX) {
        plx_graph_fail(graph, "the network has more than %d nodes; take fewer levels, layers, tasks or features",
                       PLX_NODES_MAX);
    } else if ((int64_t)node->shape.groups * node->shape.width > PLX_ROW_NUMBERS_MAX) {
        plx_graph_fail(graph, "%s: [%d, %d] is more than %d numbers a row; take fewer or smaller layers",
                       node->op->name, node->shape.groups, node->shape.width, PLX_ROW_NUMBERS_MAX);
    }
}

plx_ref plx_graph_node(plx_graph *graph, const plx_op *op, const plx_ref *inputs, int n_inputs, const void *attrs,
                       size_t attrs_bytes)
{
    if (graph->failure.code != PLX_OK) return (plx_ref){-1};
    for (int i = 0; i < n_inputs; i++) {
        if (inputs[i].index < 0 || inputs[i].index >= graph->n_nodes) {
            plx_graph_fail(graph, "%s: input %d is not a value of this graph", op->name, i);
            return (plx_ref){-1};
        }
    }
    plx_node *node = new_node(graph, op, inputs, n_inputs, attrs, attrs_bytes);
    if (!node) return (plx_ref){-1};
    op->shape(graph, node);
    check_size(graph, node);
    if (op->is_layer && graph->failure.code == PLX_OK) count_layer(graph, node);
    if (graph->failure.code != PLX_OK) return (plx_ref){-1};
    graph->nodes[graph->n_nodes++] = node;
    return (plx_ref){node->index};
}

/* The slot of the parameter with that name, or the free slot for it. */
static int *slot_of(const plx_graph *graph, const char *name)
{
    uint32_t at = plx_random_stream(name) & (graph->n_slots - 1);
    while (graph->params_by_name[at] && strcmp(graph->params[graph->params_by_name[at] - 1].spec.name, name) != 0)
        at = (at + 1) & (graph->n_slots - 1);
    return &graph->params_by_name[at];
}

/* Grows the table for one more name, so that at least half of the slots are free. */
static bool has_slot(plx_graph *graph)
{
    if (2 * ((uint32_t)graph->n_params + 1) <= graph->n_slots) return true;
    graph->n_slots = graph->n_slots ? 2 * graph->n_slots : 128;
    graph->params_by_name = plx_arena_take(graph->arena, graph->n_slots, sizeof *graph->params_by_name);
    if (!graph->params_by_name) {
        plx_error_memory(&graph->failure);
        return false;
    }
    for (int i = 0; i < graph->n_params; i++)
        *slot_of(graph, graph->params[i].spec.name) = i + 1;
    return true;
}

void plx_node_param(plx_graph *graph, plx_node *node, const plx_param_spec *spec)
{
    if (graph->failure.code != PLX_OK) return;
    if (spec->groups < 1 || spec->rows < 1 || spec->cols < 1) {
        plx_graph_fail(graph, "%s: parameter %s would be [%d, %d, %d]", node->op->name, spec->name, spec->groups,
                       spec->rows, spec->cols);
        return;
    }
    if ((int64_t)spec->groups * spec->rows > PLX_PARAM_NUMBERS_MAX / spec->cols) {
        plx_graph_fail(graph, "%s: parameter %s would be [%d, %d, %d], more than %d numbers; take smaller layers",
                       node->op->name, spec->name, spec->groups, spec->rows, spec->cols, PLX_PARAM_NUMBERS_MAX);
        return;
    }
    plx_param *params = grown(graph, graph->params, &graph->params_capacity, (size_t)graph->n_params, sizeof *params);
    const char *name = scoped_name(graph, spec->name);
    if (!params || !name) return;
    graph->params = params;
    if (!has_slot(graph)) return;
    int *slot = slot_of(graph, name);
    if (*slot) {
        plx_graph_fail(graph, "two parameters are named %s", name);
        return;
    }
    params[graph->n_params] = (plx_param){.spec = *spec};
    params[graph->n_params].spec.name = name;
    node->params[node->n_params++] = graph->n_params++;
    *slot = graph->n_params;
}

void plx_graph_task(plx_graph *graph, int task, plx_ref value, plx_ref loss)
{
    if (graph->failure.code != PLX_OK) return;
    const plx_shape shape = plx_ref_shape(graph, value);
    if (shape.groups != 1) {
        plx_graph_fail(graph, "the prediction of task %d is [%d, %d], not one group", task, shape.groups, shape.width);
        return;
    }
    graph->predictions[task] = value.index;
    graph->losses[task] = loss.index;
}

plx_shape plx_ref_shape(const plx_graph *graph, plx_ref ref)
{
    return ref.index < 0 ? (plx_shape){0, 0} : graph->nodes[ref.index]->shape;
}

plx_shape plx_node_input_shape(const plx_graph *graph, const plx_node *node, int i)
{
    return graph->nodes[node->inputs[i]]->shape;
}

/* The section of the block that a tensor belongs to, by its kind of gradient. */
enum { TILEWISE, JOINED, WITHOUT_GRADIENT, PLACES };

static int place_of(const plx_param_spec *spec)
{
    if (spec->is_frozen || spec->is_lazy) return WITHOUT_GRADIENT;
    return spec->is_joined || spec->is_state ? JOINED : TILEWISE;
}

/*
 * Tensors with gradients accumulated per tile come first, so that a leaf's gradient is one short block. Tensors
 * without a dense gradient come last, so that the rest is one block too.
 */
static void lay_out_params(plx_graph *graph)
{
    size_t end = 0;
    graph->n_lazy = 0;
    for (int place = TILEWISE; place < PLACES; place++) {
        for (int i = 0; i < graph->n_params; i++) {
            plx_param *param = &graph->params[i];
            if (place_of(&param->spec) != place) continue;
            param->lazy = param->spec.is_lazy ? graph->n_lazy++ : -1;
            const size_t groups = (size_t)param->spec.groups, rows = (size_t)param->spec.rows,
                         cols = (size_t)param->spec.cols;
            param->offset = end;
            param->group_stride = param->spec.is_side_by_side ? cols : rows * cols;
            param->row_stride = param->spec.is_side_by_side ? groups * cols : cols;
            end += (groups * rows * cols + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
        }
        if (place == TILEWISE) graph->n_tilewise = end;
        if (place == JOINED) graph->n_gradient = end;
    }
    graph->n_values = end;
}

void plx_graph_show_tasks(plx_graph *graph, const char *const *names)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        plx_node *node = graph->nodes[i];
        const char *shown = node->task >= 0 ? names[node->task] : NULL;
        if (!shown) continue;
        const char *rest = strchr(node->name + node->task_at, '/');
        shown = plx_arena_format(graph->arena, "%.*s%s%s", node->task_at, node->name, shown, rest ? rest : "");
        if (shown) node->shown = shown;
    }
    if (plx_arena_failed(graph->arena) && graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
}

plx_status plx_graph_finish(plx_graph *graph, plx_error *err)
{
    for (int task = 0; task < graph->n_tasks && graph->failure.code == PLX_OK; task++) {
        if (graph->predictions[task] < 0 || graph->losses[task] < 0) {
            plx_graph_fail(graph, "task %d has no prediction or no loss", task);
            break;
        }
        graph->outputs[task + 1] = graph->n_outputs += graph->nodes[graph->predictions[task]]->shape.width;
    }
    if (graph->failure.code != PLX_OK) {
        if (err) *err = graph->failure;
        return graph->failure.code;
    }
    lay_out_params(graph);
    return PLX_OK;
}

/* Truncated normal by rejection: attempt `step` for element `index`. */
static double draw_truncated(const plx_random *random, uint64_t index)
{
    for (uint32_t step = 0;; step++) {
        const double number = plx_random_normal(random, index, step);
        if (fabs(number) <= 2.0) return number;
    }
}

static double draw(const plx_param_spec *spec, const plx_random *random, uint64_t index)
{
    /* Standard deviation of a standard normal truncated at +-2, the divisor of Keras' variance scaling. */
    static const double truncated_deviation = 0.87962566103423978;
    const double fans = (double)spec->rows + (double)spec->cols;
    const double factor = spec->init_scale > 0 ? spec->init_scale : 1.0;
    switch (spec->init) {
    case PLX_INIT_ZERO:
        return 0.0;
    case PLX_INIT_ONE:
        return 1.0;
    case PLX_INIT_NORMAL:
        return (spec->init_scale > 0 ? spec->init_scale : 1e-4) * plx_random_normal(random, index, 0);
    case PLX_INIT_UNIFORM:
        return (spec->init_scale > 0 ? spec->init_scale : 0.05) *
               (2.0 * (double)plx_random_uniform(random, index, 0) - 1.0);
    case PLX_INIT_GLOROT_NORMAL:
        return factor * sqrt(2.0 / fans) / truncated_deviation * draw_truncated(random, index);
    case PLX_INIT_GLOROT_UNIFORM:
        return factor * sqrt(6.0 / fans) * (2.0 * (double)plx_random_uniform(random, index, 0) - 1.0);
    }
    return 0.0;
}

/* The index in the block of element (g, r, c) of a parameter. */
static size_t param_at(const plx_param *param, int g, int r, int c)
{
    return param->offset + (size_t)g * param->group_stride + (size_t)r * param->row_stride + (size_t)c;
}

void plx_graph_init_values(const plx_graph *graph, uint64_t seed, plx_real *values)
{
    memset(values, 0, graph->n_values * sizeof *values);
    for (int i = 0; i < graph->n_params; i++) {
        const plx_param *param = &graph->params[i];
        const plx_random random = {seed, plx_random_stream(param->spec.name)};
        uint64_t index = 0;
        for (int g = 0; g < param->spec.groups; g++) {
            for (int r = 0; r < param->spec.rows; r++) {
                for (int c = 0; c < param->spec.cols; c++) {
                    values[param_at(param, g, r, c)] = (plx_real)draw(&param->spec, &random, index++);
                }
            }
        }
    }
}

void plx_param_read(const plx_param *param, const plx_real *values, float *dense)
{
    for (int g = 0; g < param->spec.groups; g++) {
        for (int r = 0; r < param->spec.rows; r++) {
            const plx_real *row = values + param_at(param, g, r, 0);
            for (int c = 0; c < param->spec.cols; c++)
                *dense++ = (float)row[c];
        }
    }
}

void plx_param_write(const plx_param *param, plx_real *values, const float *dense)
{
    for (int g = 0; g < param->spec.groups; g++) {
        for (int r = 0; r < param->spec.rows; r++) {
            plx_real *row = values + param_at(param, g, r, 0);
            for (int c = 0; c < param->spec.cols; c++)
                row[c] = (plx_real)*dense++;
        }
    }
}
