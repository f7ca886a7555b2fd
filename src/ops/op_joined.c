/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rewrite that speed comes from: all linear nodes that read one value, as one product; and where that value is
 * a row of features, small embedding tables multiplied with the first layer once a batch instead of row by row.
 *
 *   x W = sum over features f of E_f[id_f] W_f + rest W_rest, so with P_f = E_f W_f a row is a sum of table rows, and
 * from dP_f = sum of dY over the rows of each category follow dW_f = E_f' dP_f and dE_f = dP_f W_f'.
 *
 * Most categories of most rows are the feature's commonest one. Its P_f row goes into a base that all rows start from,
 * and the other rows hold the difference to it, so that a row of the batch adds only where it differs: its list.
 * Backward, the commonest category's dP_f row is the sum over all rows less that over the other categories.
 *
 * Weights of the nodes are packed side by side once a batch: first the rows for the rest of x, then the tables'.
 */
#include <string.h>

#include "ops/op_defs.h"

enum {
    BLOCK = 16, /* columns that one job of the backward join takes: a cache line, so that no two jobs share one */
    TABLE_ROWS_MAX = 65535 /* of all tables: numbers in lists are 16 bits */
};

/* A linear node and its place among the columns. */
typedef struct member {
    const plx_node *node;
    const plx_node *affine; /* a map of its value that is taken into its kernel and bias; NULL: none */
    int column, width;
} member;

/* Part of the source: rows of the kernels as they are, and as they are packed. */
typedef struct piece {
    int source_row, packed_row, width;
} piece;

typedef struct table {
    const plx_node *embedding;
    int feature, vocabulary;
    int first_row; /* in the products of all tables */
    piece rows;
} table;

typedef struct joined_attrs {
    member *members;
    int n_members;
    piece *rest; /* what is read as a value; NULL and 0: nothing */
    int n_rest;
    table *tables;
    int n_tables;
    int n_table_rows;
    int rest_width, all_width; /* rows of the packed kernel: for the rest, and all */
    int width, stride;         /* of the result, and of matrices that have its columns */
    int rest_stride;           /* of the rest's rows of the packed kernel, transposed */
    int list_stride;           /* 16-bit numbers from a row's list to the next */
    bool training;
    bool has_affines;
} joined_attrs;

/* -- Scratch of the run
 * ------------------------------------------------------------------------------------------------ */

/* Matrices in batch_numbers, in this order. */
typedef struct scratch {
    plx_view kernel;         /* [all_width, width] */
    plx_real *transposed;    /* [width, rest_width], then each table's rows [width, dim]: see transposed_of */
    plx_view d_kernel;       /* [all_width, width], the tables' rows alone */
    plx_view products;       /* [n_table_rows, width]: P less its commonest row */
    plx_view d_products;     /* [n_table_rows, width] */
    plx_view common;         /* [n_tables, width]: the commonest rows, sign turned */
    plx_real *bias;          /* [width] */
    plx_real *d_bias;        /* [width], where there are tables */
    plx_real *base;          /* [width], of scoring: bias and commonest rows, what a row starts from */
    plx_real *scale, *shift; /* [width], of the members' affine maps, where there are any */
    struct {
        uint32_t *offset, *bytes, *run, *first_row, *common; /* [n_tables]: see plx_id_tables */
    } ids;
    size_t numbers;
} scratch;

static plx_view take(plx_real **at, size_t *numbers, int rows, int stride)
{
    const plx_view view = {*at, stride};
    if (*at) *at += (size_t)rows * (size_t)stride;
    *numbers += (size_t)rows * (size_t)stride;
    return view;
}

static uint32_t *take_numbers(plx_real **at, size_t *numbers, int n)
{
    const int per_real = (int)(sizeof(plx_real) / sizeof(uint32_t));
    return (uint32_t *)(void *)take(at, numbers, 1, (n + per_real - 1) / per_real).at;
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
        s.d_products = take(&at, &s.numbers, attrs->n_table_rows, attrs->stride);
        s.d_bias = take(&at, &s.numbers, 1, attrs->stride).at;
    } else {
        s.base = take(&at, &s.numbers, 1, attrs->stride).at;
        s.scale = take(&at, &s.numbers, attrs->has_affines, attrs->stride).at;
        s.shift = take(&at, &s.numbers, attrs->has_affines, attrs->stride).at;
    }
    s.ids.offset = take_numbers(&at, &s.numbers, attrs->n_tables);
    s.ids.bytes = take_numbers(&at, &s.numbers, attrs->n_tables);
    s.ids.run = take_numbers(&at, &s.numbers, attrs->n_tables);
    s.ids.first_row = take_numbers(&at, &s.numbers, attrs->n_tables);
    s.ids.common = take_numbers(&at, &s.numbers, attrs->n_tables);
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

static plx_view columns_from(plx_view view, int column)
{
    return (plx_view){view.at + column, view.stride};
}

/* -- Packing
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Copies a piece's rows between the members' kernels (or their gradients) and the packed kernel. A kernel whose groups
 * share their input holds them side by side, so its rows are as wide as the member.
 */
static void copy_rows(const plx_run *run, const joined_attrs *attrs, const piece *rows, plx_view packed,
                      bool is_unpacking)
{
    for (int m = 0; m < attrs->n_members; m++) {
        const member *to = &attrs->members[m];
        const plx_view kernel = is_unpacking ? plx_run_param_gradient(run, to->node, PLX_LINEAR_KERNEL, 0)
                                             : plx_run_param(run, to->node, PLX_LINEAR_KERNEL, 0);
        const plx_view own = rows_from(kernel, rows->source_row);
        const plx_view there = columns_from(rows_from(packed, rows->packed_row), to->column);
        run->kernels->copy(rows->width, to->width, is_unpacking ? there : own, is_unpacking ? own : there, false);
    }
}

/* A piece of the packed kernel, transposed. Tables have a block each, so that no two jobs write to one cache line. */
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

/* Before rows are packed; what has no affine map is scaled by 1 and shifted by 0. */
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

/* P of one table less its commonest row, which is put aside with its sign turned. */
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

/* Part 0 is the rest, part t + 1 table t. In scoring, where it is done once for many batches, one part does all. */
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

/* How many rows of a tile list each table, behind the base, which in training each tile makes for itself. */
static uint32_t *listed_in(const plx_run *run, const plx_node *node, int tile)
{
    return (uint32_t *)(void *)(plx_run_tile_numbers(run, node, tile) + ((const joined_attrs *)node->attrs)->stride);
}

static void collapsed_forward(const plx_tile *tile, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const scratch s = scratch_of(tile->run, node);
    const plx_view y = plx_tile_value(tile, node);
    const plx_id_tables ids = {attrs->n_tables, s.ids.offset, s.ids.bytes, s.ids.run, s.ids.first_row, s.ids.common};
    uint16_t *lists = (uint16_t *)(void *)plx_tile_rows(tile, node);
    plx_real *base = attrs->training ? plx_run_tile_numbers(tile->run, node, tile->index) : s.base;
    if (attrs->training) make_base(tile->run, attrs, &s, base);
    kernels->list_ids(tile->rows, tile->records, tile->run->layout->record_bytes, &ids, lists, attrs->list_stride,
                      listed_in(tile->run, node, tile->index));
    kernels->sum_listed(tile->rows, attrs->width, s.products, lists, attrs->list_stride, base, y);
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

/* The chunk's numbers: the gradient of the rest's rows of the packed kernel, then, without tables, of the biases. */
static void joined_backward(const plx_tile *tile, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const plx_kernels *kernels = tile->run->kernels;
    const plx_view dy = plx_tile_gradient(tile, node);
    plx_real *numbers = plx_tile_chunk_numbers(tile, node);
    if (attrs->n_tables == 0) {
        kernels->column_sum(tile->rows, attrs->width, dy, numbers + rest_numbers(attrs), tile->adds_gradient);
    }
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

static int column_parts(const plx_run *run, const plx_node *node)
{
    (void)run;
    return (((const joined_attrs *)node->attrs)->width + BLOCK - 1) / BLOCK;
}

/* dP, and the biases' gradients, for some columns: no job sees another's, and rows are added in the batch's order. */
static void collapsed_backward_join(const plx_run *run, const plx_node *node, int part)
{
    const joined_attrs *attrs = node->attrs;
    const int column = part * BLOCK, width = attrs->width - column < BLOCK ? attrs->width - column : BLOCK;
    const plx_view dy = columns_from(plx_run_gradient(run, node), column);
    const scratch s = scratch_of(run, node);
    const plx_view d_products = columns_from(s.d_products, column);
    const uint16_t *lists = (const uint16_t *)(const void *)plx_run_rows(run, node);
    for (int row = 0; row < attrs->n_table_rows; row++) {
        memset(d_products.at + row * d_products.stride, 0, (size_t)width * sizeof(plx_real));
    }
    run->kernels->scatter_listed(run->n_rows, width, dy, lists, attrs->list_stride, d_products);
    plx_real *all = s.d_bias + column;
    run->kernels->column_sum(run->n_rows, width, dy, all, false);
    for (int t = 0; t < attrs->n_tables; t++) {
        const table *own = &attrs->tables[t];
        plx_real others[BLOCK];
        run->kernels->column_sum(own->vocabulary, width, rows_from(d_products, own->first_row), others, false);
        const int commonest = own->first_row + (int)run->layout->sparse[own->feature].common;
        plx_real *common = rows_from(d_products, commonest).at;
        for (int c = 0; c < width; c++)
            common[c] = all[c] - others[c];
    }
}

/*
 * Whether no row of the batch is at the table's commonest category, whose gradient then is 0: the difference of sums
 * would leave a rounding that Adam makes a step of.
 */
static bool all_rows_list(const plx_run *run, const plx_node *node, int t)
{
    uint32_t listed = 0;
    for (int tile = 0; tile < run->n_tiles; tile++)
        listed += listed_in(run, node, tile)[t];
    return listed == (uint32_t)run->n_rows;
}

/* Part 0 is the rest and the biases, part t + 1 table t. */
static void joined_finish(const plx_run *run, const plx_node *node, int part)
{
    const joined_attrs *attrs = node->attrs;
    if (part == 0) {
        plx_real *summed = plx_run_summed_numbers(run, node);
        for (int i = 0; i < attrs->n_rest; i++) {
            copy_rows(run, attrs, &attrs->rest[i], (plx_view){summed, attrs->stride}, true);
        }
        unpack_biases(run, attrs, attrs->n_tables > 0 ? scratch_of(run, node).d_bias : summed + rest_numbers(attrs));
        return;
    }
    const table *own = &attrs->tables[part - 1];
    const scratch s = scratch_of(run, node);
    const plx_view d_products = rows_from(s.d_products, own->first_row);
    if (all_rows_list(run, node, part - 1)) {
        const int commonest = (int)run->layout->sparse[own->feature].common;
        memset(rows_from(d_products, commonest).at, 0, (size_t)attrs->width * sizeof(plx_real));
    }
    run->kernels->gemm_nn(own->vocabulary, own->rows.width, attrs->width, d_products,
                          transposed_of(attrs, &s, &own->rows), plx_run_param_gradient(run, own->embedding, 0, 0), NULL,
                          false);
    run->kernels->gemm_tn(own->vocabulary, attrs->width, own->rows.width, plx_run_param(run, own->embedding, 0, 0),
                          d_products, rows_from(s.d_kernel, own->rows.packed_row), false);
    copy_rows(run, attrs, &own->rows, s.d_kernel, true);
}

/* -- The rewrite
 * --------------------------------------------------------------------------------------------------------- */

static void joined_shape(plx_graph *graph, plx_node *node)
{
    (void)graph;
    const joined_attrs *attrs = node->attrs;
    node->shape = (plx_shape){1, attrs->width};
    node->batch_numbers = scratch_at(attrs, NULL).numbers;
    node->chunk_numbers = rest_numbers(attrs) + (attrs->n_tables == 0 ? (size_t)attrs->stride : 0);
    if (attrs->n_tables > 0) {
        node->row_numbers = attrs->list_stride * (int)sizeof(uint16_t) / (int)sizeof(plx_real);
        node->tile_numbers = attrs->stride + attrs->n_tables;
    }
}

static void joined_tell(const plx_node *node, plx_string *out)
{
    const joined_attrs *attrs = node->attrs;
    plx_string_format(out, "one product, [%d] to [%d], for", attrs->rest_width, attrs->width);
    for (int m = 0; m < attrs->n_members; m++) {
        plx_string_format(out, "%s %s", m > 0 ? "," : "", attrs->members[m].node->name);
        if (attrs->members[m].affine) plx_string_format(out, " with %s", attrs->members[m].affine->name);
    }
    if (attrs->n_tables > 0) {
        plx_string_format(out, "; %d tables of %d rows in all multiplied once a batch", attrs->n_tables,
                          attrs->n_table_rows);
    }
}

static const plx_op op_siblings = {
    .name = "siblings",
    .shape = joined_shape,
    .prepare = {table_parts, joined_prepare},
    .forward = siblings_forward,
    .backward = joined_backward,
    .finish = {table_parts, joined_finish},
    .tell = joined_tell,
};

static const plx_op op_collapsed = {
    .name = "collapsed",
    .join_reads_gradient = true,
    .join_reads_rows = true,
    .shape = joined_shape,
    .prepare = {table_parts, joined_prepare},
    .forward = collapsed_forward,
    .backward = joined_backward,
    .backward_join = {column_parts, collapsed_backward_join},
    .finish = {table_parts, joined_finish},
    .tell = joined_tell,
};

static int count_readers(const plx_graph *graph, int index)
{
    int readers = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        for (int k = 0; k < graph->nodes[i]->n_inputs; k++)
            readers += graph->nodes[i]->inputs[k] == index;
    }
    return readers;
}

/* Scoring must not depend on how many rows a call has: it reckons with this number of them. */
enum { SCORED_ROWS = 1024 };

/*
 * In multiply-adds of a wide product. Gathering costs rows * dim in each of three products (one in scoring), collapsing
 * vocabulary * dim in as many, and additions of table rows: forward one and backward two for each row that is not at
 * the commonest category. An addition costs as much as a handful of multiply-adds while the products of all tables lie
 * in the second-level cache, and more the further they outgrow it (docs/performance.md has the measurements).
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

/* Of the products of all tables that the source reads, collapsed or not. */
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
    const plx_node *source = request->source;
    if (!source->op->concatenates || !request->is_only_reader || request->collapse == PLX_COLLAPSE_NEVER) return false;
    for (int k = 0; k < source->n_inputs; k++) {
        const plx_node *input = request->graph->nodes[source->inputs[k]];
        if (input->op == &plx_op_embedding && count_readers(request->graph, input->index) > 1) return false;
    }
    return true;
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
    /* An odd number of cache lines, so that a block of columns of many rows is spread over all sets of a cache. */
    attrs->stride = ((attrs->width + 15) / 16 | 1) * 16;
}

/* Sorts the source's inputs into tables and rest; the rest's rows of the packed kernel come first. */
static void sort_pieces(joined_attrs *attrs, const plx_fuse_request *request, plx_fusion *fusion)
{
    const plx_node *source = request->source;
    const double mebibytes = product_mebibytes(attrs, request);
    int row = 0;
    for (int k = 0; k < source->n_inputs; k++) {
        const plx_node *input = request->graph->nodes[source->inputs[k]];
        const plx_embedding_attrs *embedding = input->op == &plx_op_embedding ? input->attrs : NULL;
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
    const int list_unit = (int)(sizeof(plx_real) / sizeof(uint16_t));
    attrs->list_stride = (attrs->n_tables + 1 + list_unit - 1) / list_unit * list_unit;
}

/* Whether the readers' numbers are few enough for one row of a value. */
static bool is_narrow_enough(const plx_fuse_request *request)
{
    int64_t width = 0;
    for (int r = 0; r < request->n_readers; r++)
        width += plx_shape_numbers(request->readers[r]->shape);
    return width <= PLX_ROW_NUMBERS_MAX;
}

plx_fusion plx_joined_fuse(const plx_fuse_request *request)
{
    plx_fusion fusion = {0};
    if (!is_narrow_enough(request)) return fusion;
    const size_t n_inputs = (size_t)request->source->n_inputs + 1;
    joined_attrs *attrs = plx_arena_take(request->arena, 1, sizeof *attrs);
    member *members = plx_arena_take(request->arena, (size_t)request->n_readers, sizeof *members);
    piece *rest = plx_arena_take(request->arena, n_inputs, sizeof *rest);
    table *tables = plx_arena_take(request->arena, n_inputs, sizeof *tables);
    fusion.inputs = plx_arena_take(request->arena, n_inputs, sizeof *fusion.inputs);
    if (plx_arena_failed(request->arena)) return fusion;
    if (request->source->shape.groups != 1) return plx_folded_fuse(request);
    *attrs = (joined_attrs){.members = members, .rest = rest, .tables = tables, .training = request->training};
    add_members(attrs, request);
    attrs->all_width = request->source->shape.width;
    if (can_collapse(request)) sort_pieces(attrs, request, &fusion);
    if (attrs->n_tables > 0) {
        fusion.op = &op_collapsed;
        fusion.concat = &plx_op_concat;
    } else if (request->n_readers > 1 || attrs->has_affines) {
        *rest = (piece){0, 0, attrs->all_width};
        attrs->n_rest = 1;
        attrs->rest_width = attrs->all_width;
        fusion.op = &op_siblings;
        fusion.n_inputs = 0;
    }
    attrs->rest_stride = (attrs->rest_width + 15) / 16 * 16;
    fusion.attrs = attrs;
    return fusion;
}
