/* SPDX-License-Identifier: Apache-2.0 */
/* A model for people: a table of its layers, or a diagram in Graphviz's language. */
#include <inttypes.h>
#include <string.h>

#include "api/handles.h"

static const plx_param *param_of(const plx_graph *graph, const plx_node *node, int i)
{
    return &graph->params[node->params[i]];
}

static size_t numbers_of(const plx_graph *graph, const plx_node *node)
{
    size_t n = 0;
    for (int i = 0; i < node->n_params; i++)
        n += plx_param_numbers(param_of(graph, node, i));
    return n;
}

/** "[8, 16]", "[16]", or "-" where a node gives no value of rows. */
static void add_shape(plx_string *out, plx_shape shape)
{
    if (shape.width == 0) {
        plx_string_add(out, "-", 1);
    } else if (shape.groups == 1) {
        plx_string_format(out, "[%d]", shape.width);
    } else {
        plx_string_format(out, "[%d, %d]", shape.groups, shape.width);
    }
}

static void pad_to(plx_string *out, size_t line_start, size_t column)
{
    while (!out->failed && out->length - line_start < column)
        plx_string_add(out, " ", 1);
}

static void add_inputs(plx_string *out, const plx_model *model)
{
    const plx_table_spec *table = &model->config->spec.table;
    int n_sparse = 0;
    size_t categories = 0;
    for (int i = 0; i < table->n_features; i++) {
        if (table->features[i].kind != PLX_FEATURE_SPARSE) continue;
        categories += (size_t)plx_encoders_vocabulary(model->encoders, n_sparse++);
    }
    plx_string_format(out, "features: %d sparse with %zu categories, %d dense\ntasks:", n_sparse, categories,
                      table->n_features - n_sparse);
    for (int i = 0; i < table->n_tasks; i++) {
        plx_string_format(out, "%s %s (%s)", i > 0 ? "," : "", table->tasks[i].name,
                          table->tasks[i].kind == PLX_TASK_BINARY ? "binary" : "regression");
    }
    plx_string_add(out, "\n", 1);
}

static void describe_as_text(const plx_model *model, plx_string *out)
{
    const plx_graph *graph = &model->graph;
    size_t widest = strlen("layer"), n_state = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        size_t length = strlen(graph->nodes[i]->name);
        if (length > widest) widest = length;
    }
    const plx_model_def *def = model->config->spec.def;
    plx_string_format(out, "%s: %s\n", def->title, def->summary);
    add_inputs(out, model);
    size_t start = out->length + 1;
    plx_string_format(out, "\nlayer");
    pad_to(out, start, widest + 2);
    plx_string_format(out, "%-14s%s\n", "shape", "parameters");
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        size_t numbers = numbers_of(graph, node);
        start = out->length;
        plx_string_add(out, node->name, strlen(node->name));
        pad_to(out, start, widest + 2);
        add_shape(out, node->shape);
        if (numbers > 0) {
            pad_to(out, start, widest + 16);
            plx_string_format(out, "%zu", numbers);
        }
        plx_string_add(out, "\n", 1);
    }
    for (int i = 0; i < graph->n_params; i++) {
        if (graph->params[i].spec.is_state) n_state += plx_param_numbers(&graph->params[i]);
    }
    plx_string_format(out, "\n%" PRId64 " parameters", plx_model_n_parameters(model));
    if (n_state > 0) plx_string_format(out, ", and %zu numbers of moving averages", n_state);
    plx_string_add(out, "\n", 1);
}

/** The part of a node's name before its first slash; empty where there is none. */
static plx_slice scope_of(const plx_node *node)
{
    const char *slash = strchr(node->name, '/');
    return (plx_slice){node->name, slash ? (size_t)(slash - node->name) : 0};
}

static void add_dot_node(plx_string *out, const plx_graph *graph, const plx_node *node)
{
    plx_string label;
    size_t skipped = scope_of(node).length, numbers = numbers_of(graph, node);
    plx_string_init(&label, out->allocator);
    plx_string_format(&label, "%s\n", node->name + skipped + (skipped > 0));
    add_shape(&label, node->shape);
    if (numbers > 0) plx_string_format(&label, "\n%zu parameters", numbers);
    plx_string_format(out, "    n%d [label=", node->index);
    if (label.failed) {
        out->failed = true;
    } else {
        plx_string_json(out, (plx_slice){label.text, label.length});
    }
    plx_string_format(out, "];\n");
    plx_string_release(&label);
}

/** All nodes of the scope that begins with node `first`, unless an earlier node had it. */
static void add_dot_scope(plx_string *out, const plx_graph *graph, int first)
{
    plx_slice scope = scope_of(graph->nodes[first]);
    for (int i = 0; i < first; i++) {
        if (plx_slice_equal(scope_of(graph->nodes[i]), scope)) return;
    }
    if (scope.length > 0) {
        plx_string_format(out, "  subgraph cluster_%d {\n    label=", first);
        plx_string_json(out, scope);
        plx_string_format(out, ";\n");
    }
    for (int i = first; i < graph->n_nodes; i++) {
        if (plx_slice_equal(scope_of(graph->nodes[i]), scope)) add_dot_node(out, graph, graph->nodes[i]);
    }
    if (scope.length > 0) plx_string_format(out, "  }\n");
}

static void describe_as_dot(const plx_model *model, plx_string *out)
{
    const plx_graph *graph = &model->graph;
    plx_string_format(out, "digraph plexus {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (int i = 0; i < graph->n_nodes; i++)
        add_dot_scope(out, graph, i);
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        for (int input = 0; input < node->n_inputs; input++) {
            plx_string_format(out, "  n%d -> n%d;\n", node->inputs[input], node->index);
        }
    }
    plx_string_format(out, "}\n");
}

plx_status plx_model_describe(const plx_model *model, bool as_dot, char **out, plx_error *err)
{
    plx_string text;
    if (!model || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and out must not be NULL");
    *out = NULL;
    plx_string_init(&text, &model->context->allocator);
    if (as_dot) {
        describe_as_dot(model, &text);
    } else {
        describe_as_text(model, &text);
    }
    if (text.failed) {
        plx_string_release(&text);
        return plx_error_memory(err);
    }
    *out = text.text;
    return PLX_OK;
}
