/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most important rewrite: all linear nodes that read one value become one product. If that value is a row of
 * features, small embedding tables are multiplied by the first layer once per batch instead of row by row.
 *
 *   x W = sum over features f of E_f[id_f] W_f + rest W_rest, so with P_f = E_f W_f a row is a sum of table rows, and
 * from dP_f = sum of dY over the rows of each category follow dW_f = E_f' dP_f and dE_f = dP_f W_f'.
 *
 * Most rows have the most frequent category of most features. Its P_f row is part of a base that all rows start from,
 * and the other rows of P_f hold the difference to it, so a row of the batch adds only the categories that differ: its
 * entries. Backward, the entries are sorted by category and each category's rows of dY are summed; the most frequent
 * category's dP_f row is the sum over all rows minus that over the other categories.
 *
 * The nodes' weights are packed once per batch, concatenated: first the rows for the rest of x, then the tables'.
 */
#include <string.h>

#include "ops/op_joined.h"

/* -- Scratch of the run
 * ------------------------------------------------------------------------------------------------ */

/* Matrices in batch_numbers, in this order. */
typedef struct scratch {
    plx_view kernel;         /* [all_width, width] */
    plx_real *transposed;    /* [width, rest_width], then each table's rows [width, dim]: see transposed_of */
    plx_view d_kernel;       /* [all_width, width], the tables' rows alone */
    plx_view products;       /* [n_table_rows, width]: P minus its most frequent row */
    plx_view common;         /* [n_tables, width]: the most frequent rows, negated; later sums of other rows' d_P */
    plx_real *bias;          /* [width] */
    plx_real *base;          /* [width], in scoring: bias plus most frequent rows, the start of every row */
    plx_real *scale, *shift; /* [width], of the members' affine maps, if any */
    struct {
        uint32_t *offset, *bytes, *run, *first_row, *common; /* [n_tables]: see plx_id_tables */
    } ids;
    sorted_entries sorted;
    size_t numbers;
} scratch;

static plx_view take(plx_real **at, size_t *numbers, int rows, int stride)
{
    const plx_view view = {*at, stride};
    if (*at) *at += (size_t)rows * (size_t)stride;
    *numbers += (size_t)rows * (size_t)stride;
    return view;
}

static uint32_t *take_numbers(plx_real **at, size_t *numbers, int rows, int n)
{
    const int per_real = (int)(sizeof(plx_real) / sizeof(uint32_t));
    return (uint32_t *)(void *)take(at, numbers, rows, (n + per_real - 1) / per_real).at;
}

static scratch scratch_at(const joined_attrs *attrs, plx_real *at)
{
    scratch s = {0};
    s.kernel = take(&at, &s.numbers, attrs->all_width, attrs->stride);
    s.products = take(&at, &s.numbers, attrs->n_table_rows, attrs->stride);
    s.common = take(&at, &s.numbers, attrs->n_tables, attrs->stride);
    s.bias = take(&at, &s.numbers, 1, attrs->stride).at;
    if (attrs->training) {
        s.transposed =
            take(&at, &s.numbers, attrs->width, attrs->rest_stride + attrs->all_width - attrs->rest_width).at;
        s.d_kernel = take(&at, &s.numbers, attrs->all_width, attrs->stride);
        s.sorted.starts = take_numbers(&at, &s.numbers, attrs->n_leaves, plx_joined_starts(attrs));
        s.sorted.rows = take_numbers(&at, &s.numbers, attrs->n_tables > 0 ? attrs->batch_rows : 0, attrs->n_tables);
    } else {
        s.base = take(&at, &s.numbers, 1, attrs->stride).at;
        s.scale = take(&at, &s.numbers, attrs->has_affines, attrs->stride).at;
        s.shift = take(&at, &s.numbers, attrs->has_affines, attrs->stride).at;
    }
    s.ids.offset = take_numbers(&at, &s.numbers, 1, attrs->n_tables);
    s.ids.bytes = take_numbers(&at, &s.numbers, 1, attrs->n_tables);
    s.ids.run = take_numbers(&at, &s.numbers, 1, attrs->n_tables);
    s.ids.first_row = take_numbers(&at, &s.numbers, 1, attrs->n_tables);
    s.ids.common = take_numbers(&at, &s.numbers, 1, attrs->n_tables);
    return s;
}

static scratch scratch_of(const plx_run *run, const plx_node *node)
{
    return scratch_at(node->attrs, plx_run_batch_numbers(run, node));
}

static plx_view rows_from(plx_view view, int row)
{
    return (plx_view){view.at + row * view.stride, view.stride};
}

/* -- Packing
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Copies a piece's rows between the members' kernels (or their gradients) and the packed kernel. A kernel with groups
 * that share their input stores them interleaved, so its rows are as wide as the member.
 */
static void copy_rows(const plx_run *run, const joined_attrs *attrs, const piece *rows, plx_view packed,
                      bool is_unpacking)
{
    for (int m = 0; m < attrs->n_members; m++) {
        const member *to = &attrs->members[m];
        const plx_view kernel = is_unpacking ? plx_run_param_gradient(run, to->node, PLX_LINEAR_KERNEL, 0)
                                             : plx_run_param(run, to->node, PLX_LINEAR_KERNEL, 0);
        const plx_view own = rows_from(kernel, rows->source_row);
        const plx_view there = plx_columns_from(rows_from(packed, rows->packed_row), to->column);
        run->kernels->copy(rows->width, to->width, is_unpacking ? there : own, is_unpacking ? own : there, false);
    }
}

/* A piece of the packed kernel, transposed. Each table has its own block, so that no two jobs write to one cache
   line. */
static plx_view transposed_of(const joined_attrs *attrs, const scratch *s, const piece *rows)
{
    if (rows->packed_row < attrs->rest_width) return (plx_view){s->transposed + rows->packed_row, attrs->rest_stride};
    const ptrdiff_t before = attrs->rest_stride + rows->packed_row - attrs->rest_width;
    return (plx_view){s->transposed + attrs->width * before, rows->width};
}

static void pack_rows(const plx_run *run, const joined_attrs *attrs, const piece *rows, const scratch *s)
{
    copy_rows(run, attrs, rows, s->kernel, false);
    for (int row = 0; row < rows->width && attrs->has_affines; row++) {
        plx_real *packed = rows_from(s->kernel, rows->packed_row + row).at;
        for (int c = 0; c < attrs->width; c++)
            packed[c] *= s->scale[c];
    }
    if (!run->training) return;
    run->kernels->transpose(rows->width, attrs->width, rows_from(s->kernel, rows->packed_row),
                            transposed_of(attrs, s, rows));
}

static void pack_biases(const plx_run *run, const joined_attrs *attrs, plx_real *bias)
{
    memset(bias, 0, (size_t)attrs->width * sizeof *bias);
    for (int m = 0; m < attrs->n_members; m++) {
        const member *from = &attrs->members[m];
        if (from->node->n_params <= PLX_LINEAR_BIAS) continue;
        memcpy(bias + from->column, plx_run_param(run, from->node, PLX_LINEAR_BIAS, 0).at,
               (size_t)from->width * sizeof *bias);
    }
}

/* Runs before rows are packed; members without an affine map get scale 1 and shift 0. */
static void take_in_affines(const plx_run *run, const joined_attrs *attrs, const scratch *s)
{
    for (int m = 0; m < attrs->n_members && attrs->has_affines; m++) {
        const member *own = &attrs->members[m];
        for (int c = own->column; c < own->column + own->width; c++) {
            s->scale[c] = 1;
            s->shift[c] = 0;
        }
        if (own->affine) own->affine->op->affine(run, own->affine, s->scale + own->column, s->shift + own->column);
    }
    for (int c = 0; c < attrs->width && attrs->has_affines; c++)
        s->bias[c] = s->bias[c] * s->scale[c] + s->shift[c];
}

static void unpack_biases(const plx_run *run, const joined_attrs *attrs, const plx_real *d_bias)
{
    for (int m = 0; m < attrs->n_members; m++) {
        const member *to = &attrs->members[m];
        if (to->node->n_params <= PLX_LINEAR_BIAS) continue;
        memcpy(plx_run_param_gradient(run, to->node, PLX_LINEAR_BIAS, 0).at, d_bias + to->column,
               (size_t)to->width * sizeof *d_bias);
    }
}

/* P of one table minus its most frequent row, which is stored separately, negated. */
static void multiply_table(const plx_run *run, const joined_attrs *attrs, int t, const scratch *s)
{
    const table *own = &attrs->tables[t];
    const plx_view embeddings = plx_run_param(run, own->embedding, 0, 0);
    const plx_view kernel = rows_from(s->kernel, own->rows.packed_row), common = rows_from(s->common, t);
    run->kernels->gemm_nn(1, attrs->width, own->rows.width,
                          rows_from(embeddings, (int)run->layout->sparse[own->feature].common), kernel, common, NULL,
                          false);
    for (int c = 0; c < attrs->width; c++)
        common.at[c] = -common.at[c];
    run->kernels->gemm_nn(own->vocabulary, attrs->width, own->rows.width, embeddings, kernel,
                          rows_from(s->products, own->first_row), common.at, false);
}

static void fill_id_tables(const plx_run *run, const joined_attrs *attrs, const scratch *s)
{
    for (int t = attrs->n_tables - 1; t >= 0; t--) {
        const plx_id_field *field = &run->layout->sparse[attrs->tables[t].feature];
        const bool follows =
            t + 1 < attrs->n_tables && s->ids.run[t + 1] > 0 && s->ids.offset[t + 1] == field->offset + 1;
        s->ids.offset[t] = field->offset;
        s->ids.bytes[t] = field->id_bytes;
        s->ids.run[t] = field->id_bytes != 1 ? 0 : follows ? s->ids.run[t + 1] + 1 : 1;
        s->ids.first_row[t] = (uint32_t)attrs->tables[t].first_row;
        s->ids.common[t] = field->common;
    }
}

/* Part 0 is the rest, part t + 1 is table t. In scoring, which prepares once for many batches, one part does all. */
static int table_parts(const plx_run *run, const plx_node *node)
{
    (void)run;
    const joined_attrs *attrs = node->attrs;
    return attrs->training ? 1 + attrs->n_tables : 1;
}

static void make_base(const plx_run *run, const joined_attrs *attrs, const scratch *s, plx_real *base)
{
    run->kernels->column_sum(attrs->n_tables, attrs->width, s->common, base, false);
    for (int c = 0; c < attrs->width; c++)
        base[c] = s->bias[c] - base[c];
}

static void prepare_table(const plx_run *run, const joined_attrs *attrs, int t, const scratch *s)
{
    pack_rows(run, attrs, &attrs->tables[t].rows, s);
    multiply_table(run, attrs, t, s);
}

static void joined_prepare(const plx_run *run, const plx_node *node, int part)
{
    const joined_attrs *attrs = node->attrs;
    const scratch s = scratch_of(run, node);
    if (part > 0) {
        prepare_table(run, attrs, part - 1, &s);
        return;
    }
    pack_biases(run, attrs, s.bias);
    take_in_affines(run, attrs, &s);
    for (int i = 0; i < attrs->n_rest; i++)
        pack_rows(run, attrs, &attrs->rest[i], &s);
    fill_id_tables(run, attrs, &s);
    if (attrs->training) return;
    for (int t = 0; t < attrs->n_tables; t++)
        prepare_table(run, attrs, t, &s);
    make_base(run, attrs, &s, s.base);
}

/* -- Forward
 * ------------------------------------------------------------------------------------------------------------- */

static void collapsed_forward(const plx_tile *tile, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const scratch s = scratch_of(tile->run, node);
    const plx_view y = plx_tile_value(tile, node);
    const plx_id_tables ids = {attrs->n_tables, s.ids.offset, s.ids.bytes, s.ids.run, s.ids.first_row, s.ids.common};
    const tile_entries list =
        plx_joined_tile_entries(tile->run, node, tile->index, tile->rows, plx_tile_rows(tile, node));
    plx_real *base = attrs->training ? plx_run_tile_numbers(tile->run, node, tile->index) : s.base;
    if (attrs->training) make_base(tile->run, attrs, &s, base);
    *list.n = (uint32_t)kernels->list_ids(tile->rows, tile->records, tile->run->layout->record_bytes, &ids,
                                          list.entries, list.counts);
    kernels->sum_listed(tile->rows, attrs->width, s.products, list.entries, list.counts, base, y);
    if (attrs->rest_width > 0) {
        kernels->gemm_nn(tile->rows, attrs->width, attrs->rest_width, plx_tile_input(tile, node, 0), s.kernel, y, NULL,
                         true);
    }
}

static void siblings_forward(const plx_tile *tile, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const scratch s = scratch_of(tile->run, node);
    tile->run->kernels->gemm_nn(tile->rows, attrs->width, attrs->rest_width, plx_tile_input(tile, node, 0), s.kernel,
                                plx_tile_value(tile, node), s.bias, false);
}

/* -- Backward
 * ------------------------------------------------------------------------------------------------------------ */

static size_t rest_numbers(const joined_attrs *attrs)
{
    return (size_t)attrs->rest_width * (size_t)attrs->stride;
}

/* The leaf's numbers: the gradients of the rest's rows of the packed kernel, then of the biases. */
static void joined_backward(const plx_tile *tile, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const plx_view dy = plx_tile_gradient(tile, node);
    plx_real *numbers = plx_tile_leaf_numbers(tile, node);
    kernels->column_sum(tile->rows, attrs->width, dy, numbers + rest_numbers(attrs), tile->adds_gradient);
    if (attrs->rest_width == 0) return;
    kernels->gemm_tn(tile->rows, attrs->width, attrs->rest_width, plx_tile_input(tile, node, 0), dy,
                     (plx_view){numbers, attrs->stride}, tile->adds_gradient);
    bool adds;
    const plx_view dx = plx_tile_input_gradient(tile, node, 0, &adds);
    if (dx.at) {
        kernels->gemm_nn(tile->rows, attrs->rest_width, attrs->width, dy,
                         (plx_view){scratch_of(tile->run, node).transposed, attrs->rest_stride}, dx, NULL, adds);
    }
}

static int leaf_parts(const plx_run *run, const plx_node *node)
{
    (void)node;
    const plx_leaves leaves = plx_run_id_leaves(run);
    return leaves.end - leaves.first;
}

static void collapsed_id_sort(const plx_run *run, const plx_node *node, int part)
{
    const scratch s = scratch_of(run, node);
    plx_joined_sort(run, node, &s.sorted, part);
}

/* The sums by id of a subtree: dP, then in how many rows each table is listed, which float counts exactly. */
static plx_view subtree_products(const plx_run *run, const plx_node *node, int subtree)
{
    return (plx_view){plx_run_id_sums(run, node, subtree), ((const joined_attrs *)node->attrs)->stride};
}

/* The first of these counts. */
static size_t listed_place(const joined_attrs *attrs)
{
    return (size_t)attrs->n_table_rows * (size_t)attrs->stride;
}

/* The parts of the first subtree of leaves, then of the second, ... */
static int collapsed_parts(const plx_run *run, const plx_node *node)
{
    const plx_leaves leaves = plx_run_id_leaves(run);
    return (leaves.end - leaves.first + leaves.subtree - 1) / leaves.subtree * plx_joined_sum_parts(run, node);
}

/* A subtree's dP but for the most frequent categories, which no row lists. */
static void collapsed_id_sums(const plx_run *run, const plx_node *node, int number)
{
    const joined_attrs *attrs = node->attrs;
    plx_row_lists lists[PLX_LEAVES_MAX];
    const scratch s = scratch_of(run, node);
    const plx_leaves leaves = plx_run_id_leaves(run);
    const int parts = plx_joined_sum_parts(run, node), part = number % parts;
    const int subtree = number / parts, first_leaf = leaves.first + subtree * leaves.subtree;
    const int n_leaves = plx_joined_leaves(run, node, &s.sorted, first_leaf, lists);
    const int first = plx_joined_part_row(attrs, lists, n_leaves, part, parts);
    const int end = plx_joined_part_row(attrs, lists, n_leaves, part + 1, parts);
    const plx_view d_products = subtree_products(run, node, subtree);
    for (int t = 0; t < attrs->n_tables && part == 0; t++) {
        const int row = attrs->tables[t].first_row;
        d_products.at[listed_place(attrs) + (size_t)t] =
            (plx_real)(plx_joined_entries_before(lists, n_leaves, row + attrs->tables[t].vocabulary) -
                       plx_joined_entries_before(lists, n_leaves, row));
    }
    for (int leaf = 0; leaf < n_leaves; leaf++)
        lists[leaf].starts += first;
    run->kernels->sum_lists(end - first, attrs->width, plx_run_gradient(run, node), lists, n_leaves,
                            rows_from(d_products, first));
}

/*
 * dP of the most frequent category: the sum over all rows, which is the biases' gradient, minus those of the others.
 * It is exactly 0 if no row of the batch has it; the difference would leave a rounding error, which Adam would turn
 * into a full step.
 */
static void finish_common(const plx_run *run, const plx_node *node, int t, plx_view d_products, const plx_real *all)
{
    const joined_attrs *attrs = node->attrs;
    const table *own = &attrs->tables[t];
    plx_real *common = rows_from(d_products, (int)run->layout->sparse[own->feature].common).at, listed;
    plx_run_id_sum(run, node, listed_place(attrs) + (size_t)t, 1, &listed);
    if (listed >= (plx_real)run->n_rows) return; /* 0, the sum of an empty list */
    plx_real *others = rows_from(scratch_of(run, node).common, t).at;
    run->kernels->column_sum(own->vocabulary, attrs->width, d_products, others, false);
    for (int c = 0; c < attrs->width; c++)
        common[c] = all[c] - others[c];
}

/* Part 0 is the rest and the biases, part t + 1 is table t. */
static void joined_finish(const plx_run *run, const plx_node *node, int part)
{
    const joined_attrs *attrs = node->attrs;
    plx_real *summed = plx_run_summed_numbers(run, node);
    if (part == 0) {
        for (int i = 0; i < attrs->n_rest; i++) {
            copy_rows(run, attrs, &attrs->rest[i], (plx_view){summed, attrs->stride}, true);
        }
        unpack_biases(run, attrs, summed + rest_numbers(attrs));
        return;
    }
    const table *own = &attrs->tables[part - 1];
    const scratch s = scratch_of(run, node);
    const size_t stride = (size_t)attrs->stride;
    const plx_view d_products = rows_from(subtree_products(run, node, 0), own->first_row);
    plx_run_id_sum(run, node, (size_t)own->first_row * stride, (size_t)own->vocabulary * stride, d_products.at);
    finish_common(run, node, part - 1, d_products, summed + rest_numbers(attrs));
    run->kernels->gemm_nn(own->vocabulary, own->rows.width, attrs->width, d_products,
                          transposed_of(attrs, &s, &own->rows), plx_run_param_gradient(run, own->embedding, 0, 0), NULL,
                          false);
    run->kernels->gemm_tn(own->vocabulary, attrs->width, own->rows.width, plx_run_param(run, own->embedding, 0, 0),
                          d_products, rows_from(s.d_kernel, own->rows.packed_row), false);
    copy_rows(run, attrs, &own->rows, s.d_kernel, true);
}

/* -- The ops
 * --------------------------------------------------------------------------------------------------------- */

static void joined_shape(plx_graph *graph, plx_node *node)
{
    (void)graph;
    const joined_attrs *attrs = node->attrs;
    node->shape = (plx_shape){1, attrs->width};
    node->batch_numbers = scratch_at(attrs, NULL).numbers;
    node->leaf_numbers = rest_numbers(attrs) + (size_t)attrs->stride;
    if (attrs->n_tables > 0) {
        const int per_real = (int)(sizeof(plx_real) / sizeof(uint32_t));
        node->row_numbers = (attrs->n_tables + 1 + per_real - 1) / per_real;
        node->tile_numbers = attrs->stride + 1;
        node->id_sum_rows = attrs->n_table_rows;
        node->id_sum_numbers = listed_place(attrs) + (size_t)attrs->n_tables;
    }
}

static void joined_describe(const plx_node *node, plx_string *out)
{
    const joined_attrs *attrs = node->attrs;
    plx_string_format(out, "one product, [%d] to [%d], for", attrs->rest_width, attrs->width);
    for (int m = 0; m < attrs->n_members; m++) {
        plx_string_format(out, "%s %s", m > 0 ? "," : "", attrs->members[m].node->shown);
        if (attrs->members[m].affine) plx_string_format(out, " with %s", attrs->members[m].affine->name);
    }
    if (attrs->n_tables > 0) {
        plx_string_format(out, "; %d tables of %d rows in all multiplied once a batch", attrs->n_tables,
                          attrs->n_table_rows);
    }
}

const plx_op plx_op_siblings = {
    .name = "siblings",
    .shape = joined_shape,
    .prepare = {table_parts, joined_prepare},
    .forward = siblings_forward,
    .backward = joined_backward,
    .finish = {table_parts, joined_finish},
    .describe = joined_describe,
};

const plx_op plx_op_collapsed = {
    .name = "collapsed",
    .sums_read_gradient = true,
    .sums_read_rows = true,
    .shape = joined_shape,
    .prepare = {table_parts, joined_prepare},
    .forward = collapsed_forward,
    .backward = joined_backward,
    .id_sort = {leaf_parts, collapsed_id_sort},
    .id_sums = {collapsed_parts, collapsed_id_sums},
    .finish = {table_parts, joined_finish},
    .describe = joined_describe,
};
