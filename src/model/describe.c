/* SPDX-License-Identifier: Apache-2.0 */
/* A model as text for people: a table of its layers, or a diagram in Graphviz's language. */
#include <inttypes.h>
#include <string.h>

#include "data/encoder_def.h"
#include "graph/run.h"
#include "model/model.h"
#include "train/score.h"

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

/** "[8, 16]", "[16]", or "-" if a node has no value per row. */
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

/* The number of features of a kind, with the total of their categories and numbers. */
static void add_kind(plx_string *out, const plx_encoders *e, int kind)
{
    const plx_encoder_def *def = plx_feature_defs[kind];
    size_t categories = 0;
    int n = 0, numbers = 0;
    for (int i = 0; i < e->n_features; i++) {
        const plx_encoder *feature = &e->features[i];
        if (feature->def != def) continue;
        n++;
        for (int k = 0; k < feature->n_outputs; k++) {
            const plx_feature_output *output = &feature->outputs[k];
            if (output->kind == PLX_MAKES_ID) categories += e->layout.sparse[output->place].vocabulary;
            if (output->kind == PLX_MAKES_LIST) categories += e->layout.lists[output->place].vocabulary;
            if (output->kind == PLX_MAKES_NUMBERS) numbers += output->n;
        }
    }
    if (n == 0 && !def->is_always_shown) return;
    plx_string_format(out, "%s%d %s", kind > 0 ? ", " : "features: ", n, def->shown);
    if (kind == 0) plx_string_format(out, " with %zu categories", categories);
    if (kind > 0 && categories) plx_string_format(out, " with %zu", categories);
    if (numbers && (categories || numbers != n))
        plx_string_format(out, " %s %d numbers", categories ? "and" : "with", numbers);
}

static void add_inputs(plx_string *out, const plx_model *model)
{
    const plx_table_spec *table = &model->config->spec.table;
    for (int kind = 0; plx_feature_kinds[kind]; kind++)
        add_kind(out, model->encoders, kind);
    plx_string_format(out, "\ntasks:");
    for (int i = 0; i < table->n_tasks; i++) {
        plx_string_format(out, "%s %s (%s)", i > 0 ? "," : "", table->tasks[i].name,
                          plx_task_kinds[table->tasks[i].kind]);
    }
    plx_string_add(out, "\n", 1);
}

static void describe_as_text(const plx_model *model, plx_string *out)
{
    const plx_graph *graph = &model->graph;
    size_t widest = strlen("layer"), n_state = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        size_t length = strlen(graph->nodes[i]->shown);
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
        plx_string_add(out, node->shown, strlen(node->shown));
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
    plx_string_format(out, "\n%" PRId64 " parameters", model->info.n_parameters);
    if (n_state > 0) plx_string_format(out, ", and %zu numbers of moving averages", n_state);
    plx_string_add(out, "\n", 1);
}

/** The part of a node's name before the first slash; empty if there is none. */
static plx_slice scope_of(const plx_node *node)
{
    const char *slash = strchr(node->shown, '/');
    return (plx_slice){node->shown, slash ? (size_t)(slash - node->shown) : 0};
}

/** A quoted text in Graphviz's language, which has other escapes than JSON. */
static void add_dot_text(plx_string *out, plx_slice text)
{
    plx_string_add(out, "\"", 1);
    for (size_t i = 0; i < text.length; i++) {
        const char c = text.text[i];
        if (c == '\n') {
            plx_string_add(out, "\\n", 2);
            continue;
        }
        if (c == '"' || c == '\\') plx_string_add(out, "\\", 1);
        plx_string_add(out, &c, 1);
    }
    plx_string_add(out, "\"", 1);
}

static void add_dot_node(plx_string *out, const plx_graph *graph, const plx_node *node)
{
    plx_string label;
    size_t skipped = scope_of(node).length, numbers = numbers_of(graph, node);
    plx_string_init(&label, out->allocator);
    plx_string_format(&label, "%s\n", node->shown + skipped + (skipped > 0));
    add_shape(&label, node->shape);
    if (numbers > 0) plx_string_format(&label, "\n%zu parameters", numbers);
    plx_string_format(out, "    n%d [label=", node->index);
    if (label.failed) {
        out->failed = true;
    } else {
        add_dot_text(out, (plx_slice){label.text, label.length});
    }
    plx_string_format(out, "];\n");
    plx_string_release(&label);
}

/** All nodes of the scope of node `first`, unless an earlier node has the same scope. */
static void add_dot_scope(plx_string *out, const plx_graph *graph, int first)
{
    plx_slice scope = scope_of(graph->nodes[first]);
    for (int i = 0; i < first; i++) {
        if (plx_slice_equal(scope_of(graph->nodes[i]), scope)) return;
    }
    if (scope.length > 0) {
        plx_string_format(out, "  subgraph cluster_%d {\n    label=", first);
        add_dot_text(out, scope);
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

static plx_status describe_plan(const plx_model *model, bool training, plx_string *out, plx_error *err)
{
    plx_plan *plan = NULL;
    const plx_train_spec *train = &model->config->spec.train;
    const plx_plan_options options = {.batch_rows = training ? (int)train->batch_size : PLX_SCORE_ROWS,
                                      .training = training};
    PLX_TRY(plx_plan_create(&model->context->machine, &model->graph, &options, &plan, err));
    plx_plan_describe(plan, out);
    plx_plan_free(plan);
    return PLX_OK;
}

static plx_status describe_plans(const plx_model *model, plx_string *out, plx_error *err)
{
    PLX_TRY(describe_plan(model, true, out, err));
    plx_string_add(out, "\n", 1);
    return describe_plan(model, false, out, err);
}

plx_status plx_model_describe_as(const plx_model *model, plx_description form, char **out, plx_error *err)
{
    plx_string text;
    plx_status status = PLX_OK;
    plx_string_init(&text, &model->context->allocator);
    switch (form) {
    case PLX_DESCRIPTION_LAYERS:
        describe_as_text(model, &text);
        break;
    case PLX_DESCRIPTION_DOT:
        describe_as_dot(model, &text);
        break;
    case PLX_DESCRIPTION_PLAN:
        status = describe_plans(model, &text, err);
        break;
    default:
        status = plx_error_set(err, PLX_ERR_ARGUMENT, "%d is not a form of description", (int)form);
    }
    return plx_string_give(&text, status, out, err);
}
