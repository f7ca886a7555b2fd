/* SPDX-License-Identifier: Apache-2.0 */
/* From a record's fields to one vector: shared tables, pooled lists, dense numbers. */
#include "networks/features.h"

#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"

static const char *table_name(const plx_input_spec *input)
{
    return input->table ? input->table : input->name;
}

/* An input that reads a table; groups inputs by table in linear time and memory. */
typedef struct reader {
    const char *table;
    int input;
} reader;

static int by_table(const void *a, const void *b)
{
    const reader *x = a, *y = b;
    const int order = strcmp(x->table, y->table);
    return order ? order : x->input - y->input;
}

/* For each input, the next one that reads its table, or -1; `n_readers`: the table's readers, at its first reader, else
   0. */
typedef struct same_table {
    int *next, *n_readers; /* [n_inputs] */
} same_table;

static bool find_same_tables(plx_graph *graph, const plx_build *build, same_table *out)
{
    const size_t capacity = (size_t)build->n_inputs + 1;
    reader *readers = plx_arena_take(graph->arena, capacity, sizeof *readers);
    *out = (same_table){.next = plx_arena_take(graph->arena, capacity, sizeof *out->next),
                        .n_readers = plx_arena_take(graph->arena, capacity, sizeof *out->n_readers)};
    if (!readers || !out->next || !out->n_readers) return false;
    size_t n = 0;
    for (int i = 0; i < build->n_inputs; i++) {
        out->next[i] = -1;
        out->n_readers[i] = 0;
        if (build->inputs[i].vocabulary > 0) readers[n++] = (reader){table_name(&build->inputs[i]), i};
    }
    qsort(readers, n, sizeof *readers, by_table);
    for (size_t first = 0, i = 0; i < n; i++) {
        if (strcmp(readers[first].table, readers[i].table) != 0) first = i;
        if (i > first) out->next[readers[i - 1].input] = readers[i].input;
        out->n_readers[readers[first].input]++;
    }
    return true;
}

static plx_embedding_table table_of(const plx_build *build, const plx_input_spec *input)
{
    return (plx_embedding_table){.vocabulary = input->vocabulary,
                                 .dim = input->embedding_dim,
                                 .init = input->initializer,
                                 .init_scale = input->initializer_scale,
                                 .is_frozen = input->is_frozen,
                                 .is_lazy = build->lazy_rows > 0 && input->vocabulary >= build->lazy_rows};
}

static plx_bag_kind bag_kind(const plx_input_spec *input)
{
    return input->length == 0 ? PLX_BAG_ROW : input->combiner;
}

/* The table of which input `first` is the first reader, for all its readers: their values go to `parts`. */
static void add_table(plx_graph *graph, const plx_build *build, const same_table *same, int first, const int *number,
                      plx_ref *parts)
{
    const plx_input_spec *inputs = build->inputs;
    const plx_embedding_table table = table_of(build, &inputs[first]);
    plx_bag_field *fields = plx_arena_take(graph->arena, (size_t)same->n_readers[first], sizeof *fields);
    int n = 0, column = 0;
    const int outside = plx_scope(graph, "embedding/%s", table_name(&inputs[first]));
    for (int i = first; i >= 0 && fields; i = same->next[i]) {
        fields[n++] = (plx_bag_field){bag_kind(&inputs[i]), number[i], inputs[i].length};
        if (inputs[i].vocabulary != table.vocabulary || inputs[i].embedding_dim != table.dim) {
            plx_graph_fail(graph, "%s would be [%d, %d] for one feature and [%d, %d] for another", inputs[i].name,
                           table.vocabulary, table.dim, inputs[i].vocabulary, inputs[i].embedding_dim);
        }
    }
    const bool is_plain = n == 1 && inputs[first].length == 0 && !table.is_frozen && !table.is_lazy;
    const plx_ref all = is_plain ? plx_embedding(graph, number[first], &table) : plx_bag(graph, &table, fields, n);
    for (int i = first; i >= 0 && all.index >= 0; i = same->next[i]) { /* widths have been checked */
        const int width = table.dim * (bag_kind(&inputs[i]) == PLX_BAG_ITEMS ? inputs[i].length : 1);
        const int inside = n > 1 ? plx_scope(graph, "%s", inputs[i].name) : 0;
        parts[i] = n > 1 ? plx_slice_columns(graph, all, column, width) : all;
        if (n > 1) plx_scope_leave(graph, inside);
        column += width;
    }
    plx_scope_leave(graph, outside);
}

plx_ref plx_features(plx_graph *graph, const plx_build *build)
{
    plx_ref *parts = plx_arena_take(graph->arena, (size_t)build->n_inputs + 1, sizeof *parts);
    int *number = plx_arena_take(graph->arena, (size_t)build->n_inputs + 1, sizeof *number);
    same_table same;
    if (!parts || !number || !find_same_tables(graph, build, &same)) return (plx_ref){-1};
    int n_sparse = 0, n_lists = 0, n_dense = 0, n = 0;
    for (int i = 0; i < build->n_inputs; i++) {
        const plx_input_spec *input = &build->inputs[i];
        if (input->vocabulary == 0) {
            n_dense += input->numbers > 0 ? input->numbers : 1;
        } else {
            number[i] = input->length == 0 ? n_sparse++ : n_lists++;
        }
    }
    for (int i = 0; i < build->n_inputs; i++) {
        if (same.n_readers[i] > 0) add_table(graph, build, &same, i, number, parts);
    }
    for (int i = 0; i < build->n_inputs; i++) {
        const plx_input_spec *input = &build->inputs[i];
        if (input->length == 0 || input->combiner != PLX_BAG_ITEMS) continue;
        const int outside = plx_scope(graph, "attention/%s", input->name);
        parts[i] = plx_attention(graph, parts[input->attention_on], parts[i], number[i], input->length);
        plx_scope_leave(graph, outside);
    }
    while (n < build->n_inputs && build->inputs[n].vocabulary > 0)
        n++;
    if (n_dense > 0) parts[n++] = plx_dense_input(graph, n_dense);
    return plx_concat(graph, parts, n);
}
