/* SPDX-License-Identifier: Apache-2.0 */
/* A network for every op, for tests of all of them. */
#ifndef OP_CASES_H
#define OP_CASES_H

#include "network.h"
#include "ops/op_defs.h"

static inline plx_ref bank_of(plx_graph *graph, plx_ref x, const char *name, int groups, int width)
{
    const int outside = plx_scope(graph, "%s", name);
    plx_ref bank = plx_linear(graph, x, &(plx_linear_spec){.groups = groups, .width = width, .has_bias = true});
    plx_scope_leave(graph, outside);
    return bank;
}

/* From any value to one number for the loss: a gated mixture if there are groups, then a linear layer. */
static inline plx_ref to_number(plx_graph *graph, plx_ref x, plx_ref value)
{
    const plx_shape shape = plx_ref_shape(graph, value);
    if (shape.groups > 1) {
        plx_ref gate = bank_of(graph, x, "gate", 1, shape.groups);
        value = plx_mixture(graph, gate, &value, 1);
    }
    return bank_of(graph, value, "out", 1, 1);
}

static const plx_embedding_table small_table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};

static inline plx_ref inputs_of(plx_graph *graph)
{
    plx_ref parts[3];
    for (int feature = 0; feature < 2; feature++) {
        const int outside = plx_scope(graph, "feature%d", feature);
        parts[feature] = plx_embedding(graph, feature, &small_table);
        plx_scope_leave(graph, outside);
    }
    parts[2] = plx_dense_input(graph, 2);
    return plx_concat(graph, parts, 3);
}

static inline void squared_tasks(plx_graph *graph, plx_ref x, plx_ref value)
{
    plx_ref number = to_number(graph, x, value);
    plx_graph_task(graph, 0, number, LOSS(squared, graph, 0, number));
}

static inline void build_linear(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref shared = bank_of(graph, x, "shared", 3, 5);
    squared_tasks(graph, x, bank_of(graph, shared, "bank", 3, 4));
}

static inline void build_activation(plx_graph *graph, const void *user)
{
    plx_ref (*activation)(plx_graph *, plx_ref) = *(plx_ref(*const *)(plx_graph *, plx_ref))user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, activation(graph, bank_of(graph, x, "in", 2, 5)));
}

static inline void build_multiply(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, plx_multiply(graph, bank_of(graph, x, "left", 2, 3), bank_of(graph, x, "right", 2, 3)));
}

static inline void build_dropout(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    squared_tasks(graph, x, plx_dropout(graph, bank_of(graph, x, "in", 1, 9), 0.3));
}

/* Two layers of it, so that one phase follows another. */
static inline void build_norm(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref first = plx_tanh(graph, plx_batch_norm(graph, bank_of(graph, x, "in", 2, 3)));
    const int outside = plx_scope(graph, "second");
    plx_ref second = plx_batch_norm(graph, bank_of(graph, first, "dense", 2, 4));
    plx_scope_leave(graph, outside);
    squared_tasks(graph, x, plx_sigmoid(graph, second));
}

static inline void build_gates(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref banks[] = {bank_of(graph, x, "own", 2, 4), bank_of(graph, x, "shared", 3, 4)};
    plx_ref gate = plx_softmax(graph, bank_of(graph, x, "weights", 1, 5));
    squared_tasks(graph, x, plx_mixture(graph, gate, banks, 2));
}

/* All kinds of fields on one table. */
static inline void build_bag(plx_graph *graph, const void *user)
{
    static const plx_bag_field fields[] = {{PLX_BAG_ROW, 1, 0},
                                           {PLX_BAG_SUM, 0, NETWORK_LENGTH},
                                           {PLX_BAG_SUM, 1, NETWORK_LENGTH},
                                           {PLX_BAG_MEAN, 0, NETWORK_LENGTH},
                                           {PLX_BAG_MEAN, 1, NETWORK_LENGTH},
                                           {PLX_BAG_MAX, 1, NETWORK_LENGTH},
                                           {PLX_BAG_ITEMS, 0, NETWORK_LENGTH}};
    const plx_embedding_table table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};
    (void)user;
    plx_ref parts[] = {inputs_of(graph), plx_bag(graph, &table, fields, 7)};
    plx_ref x = plx_concat(graph, parts, 2);
    squared_tasks(graph, x, plx_tanh(graph, bank_of(graph, x, "in", 1, 4)));
}

/*
 * One list is weighted by a feature of the same table, which others read too. One is weighted by a feature with its own
 * table, which cannot be collapsed while its neighbours can. One is weighted by another value.
 */
static inline void build_attention(plx_graph *graph, const void *user)
{
    static const plx_bag_field fields[] = {{PLX_BAG_ITEMS, 1, NETWORK_LENGTH}, {PLX_BAG_ROW, 0, 0}},
                               others[] = {{PLX_BAG_ITEMS, 0, NETWORK_LENGTH}};
    const plx_embedding_table table = {.vocabulary = 4, .dim = 3, .init = PLX_INIT_NORMAL};
    (void)user;
    plx_ref x = inputs_of(graph), all = plx_bag(graph, &table, fields, 2);
    plx_ref q = plx_slice_columns(graph, all, 3 * NETWORK_LENGTH, 3);
    const int outside = plx_scope(graph, "other");
    plx_ref other = plx_bag(graph, &table, others, 1);
    plx_scope_leave(graph, outside);
    plx_ref own[2];
    for (int feature = 0; feature < 2; feature++) {
        const int before = plx_scope(graph, "own%d", feature);
        own[feature] = plx_embedding(graph, feature, &small_table);
        plx_scope_leave(graph, before);
    }
    plx_ref parts[] = {q,
                       plx_attention(graph, q, plx_slice_columns(graph, all, 0, 3 * NETWORK_LENGTH), 1, NETWORK_LENGTH),
                       own[0],
                       own[1],
                       plx_attention(graph, own[0], other, 0, NETWORK_LENGTH),
                       plx_attention(graph, bank_of(graph, x, "query", 1, 3), other, 0, NETWORK_LENGTH)};
    squared_tasks(graph, x, plx_tanh(graph, bank_of(graph, plx_concat(graph, parts, 6), "in", 1, 4)));
}

/* A concatenation of values that others also read, so that the plan cannot make it in place. */
static inline void build_concat(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref parts[] = {bank_of(graph, x, "a", 1, 2), bank_of(graph, x, "b", 1, 3)};
    plx_ref both = plx_concat(graph, parts, 2);
    squared_tasks(graph, x, plx_multiply(graph, bank_of(graph, both, "c", 1, 3), plx_tanh(graph, parts[1])));
}

static inline void build_losses(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 1), b = bank_of(graph, x, "b", 1, 1), c = bank_of(graph, x, "c", 1, 1);
    plx_graph_task(graph, 0, plx_sigmoid(graph, a), LOSS(binary, graph, 0, a));
    plx_graph_task(graph, 1, plx_multiply(graph, plx_sigmoid(graph, a), plx_sigmoid(graph, b)),
                   plx_pair_loss(graph, 1, a, b));
    plx_graph_task(graph, 2, c, LOSS(squared, graph, 2, c));
}

/* A loss of one number, twice with the same value: the second adds to the gradient of the first. */
static inline void build_regression(plx_graph *graph, const void *user)
{
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 1), b = bank_of(graph, x, "b", 1, 1);
    plx_graph_task(graph, 0, a, plx_loss_node(graph, 0, a, user, 0.7));
    plx_graph_task(graph, 1, b, plx_loss_node(graph, 1, b, user, 0.7));
    plx_graph_task(graph, 2, b, plx_loss_node(graph, 2, b, user, 0.3));
}

/* Two losses of the same logits: the second adds to the gradient of the first. */
static inline void build_classes(plx_graph *graph, const void *user)
{
    (void)user;
    plx_ref x = inputs_of(graph);
    plx_ref a = bank_of(graph, x, "a", 1, 5), both = bank_of(graph, x, "b", 1, 3);
    plx_graph_task(graph, 0, plx_softmax(graph, a), LOSS(class, graph, 0, a));
    plx_graph_task(graph, 1, plx_softmax(graph, both), LOSS(class, graph, 1, both));
    plx_graph_task(graph, 2, plx_softmax(graph, both), LOSS(class, graph, 2, both));
}

enum { TABLES_VOCABULARY = 90, TABLES_DIM = 5, TABLES_FIELDS = 4 };
static const plx_bag_field tables_fields[TABLES_FIELDS] = {{PLX_BAG_ROW, 1, 0},
                                                           {PLX_BAG_SUM, 0, NETWORK_LENGTH},
                                                           {PLX_BAG_ITEMS, 0, NETWORK_LENGTH},
                                                           {PLX_BAG_MAX, 0, NETWORK_LENGTH}};

/* A table of its own for feature 0, and one table for a feature and a list in three ways. `user`: whether it is lazy.
 */
static inline void build_tables(plx_graph *graph, const void *user)
{
    plx_embedding_table shared = {.vocabulary = TABLES_VOCABULARY, .dim = TABLES_DIM, .init = PLX_INIT_NORMAL};
    plx_ref parts[3] = {plx_embedding(graph, 0, &shared), {0}, plx_dense_input(graph, 2)};
    shared.is_lazy = *(const bool *)user;
    const int outside = plx_scope(graph, "shared");
    parts[1] = plx_bag(graph, &shared, tables_fields, TABLES_FIELDS);
    plx_scope_leave(graph, outside);
    plx_ref x = plx_tanh(graph, bank_of(graph, plx_concat(graph, parts, 3), "dense", 1, 6));
    plx_ref y = bank_of(graph, x, "y", 1, 1);
    plx_graph_task(graph, 0, y, LOSS(squared, graph, 0, y));
}

/* -- The cases -------------------------------------------------------------------------------------------------- */

/* The visitor may change the shape's number of rows. */
typedef void op_case_visitor(const char *name, network_builder *build, const void *user, const network_shape *shape);

static inline void visit_ops(op_case_visitor *visit)
{
#define FUNCTION(name) plx_##name,
    static plx_ref (*const activations[])(plx_graph *, plx_ref) = {PLX_ACTIVATION_OPS(FUNCTION) plx_softmax, plx_exp};
#undef FUNCTION
    static const struct {
        const char *name;
        network_builder *build;
    } cases[] = {{"linear", build_linear}, {"multiply", build_multiply},  {"dropout", build_dropout},
                 {"norm", build_norm},     {"gates", build_gates},        {"concat", build_concat},
                 {"bag", build_bag},       {"attention", build_attention}};
    const network_shape shape = {2, 2, 1, 13, 4, false, false, false};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        visit("activation", build_activation, &activations[i], &shape);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        visit(cases[i].name, cases[i].build, NULL, &shape);
}

static inline void visit_losses(op_case_visitor *visit)
{
    for (int has_gaps = 0; has_gaps < 2; has_gaps++) {
        const network_shape numbers = {2, 2, 3, 13, 4, false, has_gaps, false};
        const network_shape classes = {2, 2, 3, 13, 4, true, has_gaps, false};
        const network_shape shares = {2, 2, 3, 13, 4, false, has_gaps, true};
        visit("losses", build_losses, NULL, &classes);
        visit("soft losses", build_losses, NULL, &shares);
        for (int i = 0; plx_task_regression.losses[i]; i++)
            visit(plx_task_regression.losses[i]->name, build_regression, plx_task_regression.losses[i], &numbers);
        visit("classes", build_classes, NULL, &classes);
    }
}

/* Notes the ops of a graph, by their place in plx_op_list. */
static inline void note_ops(const plx_graph *graph, bool *seen)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        for (int k = 0; plx_op_list[k]; k++)
            seen[k] = seen[k] || graph->nodes[i]->op == plx_op_list[k];
    }
}

static inline void check_all_seen(const bool *seen)
{
    for (int k = 0; plx_op_list[k]; k++) {
        if (!seen[k]) check_report(__FILE__, __LINE__, plx_op_list[k]->name);
    }
}

#endif
