/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which linear nodes are joined, and which embedding tables are multiplied by them once per batch. */
#include "ops/op_joined.h"

enum { TABLE_ROWS_MAX = 65535 /* of all tables: numbers in lists are 16 bits */ };

/* Scoring must not depend on the number of rows of a call: the cost model assumes this number. */
enum { SCORED_ROWS = 1024 };

/*
 * In multiply-adds of a wide product. Gathering costs rows * dim in each of three products (one in scoring). Collapsing
 * costs vocabulary * dim in as many, plus additions of table rows: one forward and two backward for each row without
 * the most frequent category. An addition costs a few multiply-adds while the products of all tables fit in the
 * second-level cache, and more the larger they are (measurements: docs/performance.md).
 */
static bool is_worth_collapsing(const plx_fuse_request *request, const plx_embedding_attrs *embedding,
                                double product_mebibytes)
{
    static const double addition = 8, addition_per_mebibyte = 1 / 0.75, scoring_share = 1.0 / 3;
    if (request->collapse != PLX_COLLAPSE_AUTO) return request->collapse == PLX_COLLAPSE_ALWAYS;
    const double products = request->training ? 3 : 1, rows = request->training ? request->batch_rows : SCORED_ROWS;
    const double additions =
        (request->training ? 1 : scoring_share) * (addition + addition_per_mebibyte * product_mebibytes);
    return products * embedding->vocabulary * embedding->dim + additions * rows < products * rows * embedding->dim;
}

/* Size of the products of all tables that the source reads, collapsed or not. */
static double product_mebibytes(const joined_attrs *attrs, const plx_fuse_request *request)
{
    double rows = 0;
    for (int k = 0; k < request->source->n_inputs; k++) {
        const plx_node *input = request->graph->nodes[request->source->inputs[k]];
        if (input->op == &plx_op_embedding) rows += ((const plx_embedding_attrs *)input->attrs)->vocabulary;
    }
    return rows * attrs->stride * (double)sizeof(float) / (1024 * 1024);
}

static bool can_collapse(const plx_fuse_request *request)
{
    return request->source->op->concatenates && request->is_only_reader && request->collapse != PLX_COLLAPSE_NEVER;
}

/* The attributes of an embedding that nothing else reads, so its rows need not be gathered; else NULL. */
static const plx_embedding_attrs *find_embedding(const plx_fuse_request *request, const plx_node *input)
{
    const int readers = request->first_reader[input->index + 1] - request->first_reader[input->index];
    return input->op == &plx_op_embedding && readers == 1 ? input->attrs : NULL;
}

static void add_members(joined_attrs *attrs, const plx_fuse_request *request)
{
    for (int m = 0; m < request->n_readers; m++) {
        const plx_node *node = request->readers[m];
        const int width = plx_shape_numbers(node->shape);
        attrs->members[attrs->n_members++] = (member){node, request->affines[m], attrs->width, width};
        attrs->width += width;
        attrs->has_affines = attrs->has_affines || request->affines[m];
    }
    /* An odd number of cache lines, so that a block of columns of many rows uses all sets of a cache. */
    attrs->stride = ((attrs->width + 15) / 16 | 1) * 16;
}

/* Splits the source's inputs into tables and rest; the rest's rows of the packed kernel come first. */
static void sort_pieces(joined_attrs *attrs, const plx_fuse_request *request, plx_fusion *fusion)
{
    const plx_node *source = request->source;
    const double mebibytes = product_mebibytes(attrs, request);
    int row = 0;
    for (int k = 0; k < source->n_inputs; k++) {
        const plx_node *input = request->graph->nodes[source->inputs[k]];
        const plx_embedding_attrs *embedding = find_embedding(request, input);
        const piece rows = {row, 0, input->shape.width};
        if (embedding && embedding->vocabulary <= TABLE_ROWS_MAX - attrs->n_table_rows &&
            is_worth_collapsing(request, embedding, mebibytes)) {
            attrs->tables[attrs->n_tables++] =
                (table){input, embedding->feature, embedding->vocabulary, attrs->n_table_rows, rows};
            attrs->n_table_rows += embedding->vocabulary;
        } else {
            attrs->rest[attrs->n_rest] = rows;
            attrs->rest[attrs->n_rest++].packed_row = attrs->rest_width;
            attrs->rest_width += rows.width;
            fusion->inputs[fusion->n_inputs++] = input;
        }
        row += input->shape.width;
    }
    int packed_row = attrs->rest_width;
    for (int t = 0; t < attrs->n_tables; t++) {
        attrs->tables[t].rows.packed_row = packed_row;
        packed_row += attrs->tables[t].rows.width;
    }
    attrs->n_leaves = plx_id_leaves_most(request->batch_rows, attrs->n_table_rows);
}

plx_fusion plx_joined_fuse(const plx_fuse_request *request)
{
    plx_fusion fusion = {0};
    const size_t n_inputs = (size_t)request->source->n_inputs + 1;
    joined_attrs *attrs = plx_arena_take(request->arena, 1, sizeof *attrs);
    member *members = plx_arena_take(request->arena, (size_t)request->n_readers, sizeof *members);
    piece *rest = plx_arena_take(request->arena, n_inputs, sizeof *rest);
    table *tables = plx_arena_take(request->arena, n_inputs, sizeof *tables);
    fusion.inputs = plx_arena_take(request->arena, n_inputs, sizeof *fusion.inputs);
    if (plx_arena_failed(request->arena)) return fusion;
    if (request->source->shape.groups != 1) return plx_folded_fuse(request);
    *attrs = (joined_attrs){.members = members,
                            .rest = rest,
                            .tables = tables,
                            .batch_rows = request->batch_rows,
                            .training = request->training};
    add_members(attrs, request);
    attrs->all_width = request->source->shape.width;
    if (can_collapse(request)) sort_pieces(attrs, request, &fusion);
    if (attrs->n_tables > 0) {
        fusion.op = &plx_op_collapsed;
        fusion.concat = &plx_op_concat;
    } else if (request->n_readers > 1 || attrs->has_affines) {
        *rest = (piece){0, 0, attrs->all_width};
        attrs->n_rest = 1;
        attrs->rest_width = attrs->all_width;
        fusion.op = &plx_op_siblings;
        fusion.inputs = NULL;
    }
    attrs->rest_stride = (attrs->rest_width + 15) / 16 * 16;
    fusion.attrs = attrs;
    return fusion;
}
