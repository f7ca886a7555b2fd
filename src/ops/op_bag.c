/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table for any number of sparse features and lists. This node computes the table's whole gradient, so features may
 * share a table and no two jobs write to one row.
 *
 * An item is a slot for an id in a record: one for a sparse feature, `length` for a list. Forward records each item's
 * id and factor; the sums by id add factor * dy to the row of the id, leaf by leaf, in the order of a leaf's items.
 * Each part owns a range of ids and selects its items. The gradient of a lazy table is sparse: a part numbers its ids
 * with a hash table sized by the number of items, and adds to rows by these numbers.
 */
#include <string.h>

#include "ops/id_sums.h"
#include "ops/op_defs.h"

enum {
    PARTS_MAX = PLX_TOUCHED_PARTS,
    PART_NUMBERS = 1 << 16, /* minimum gradient per part */
    HASH_PLACES = 4,        /* an item */
    CHUNK = 128,
    BYTES_PER_ID = sizeof(uint32_t) + sizeof(uint8_t) /* of a whole table: last and leaf of plx_id_sums */
};

typedef struct field {
    plx_bag_kind kind;
    int feature, length;
    int column, width; /* of the node's value */
    int first_item;
    int first_winner; /* of a maximum */
} field;

typedef struct bag_attrs {
    plx_embedding_table table;
    const field *fields;
    int n_fields, n_items, n_winners;
} bag_attrs;

int plx_bag_n_fields(const plx_node *node)
{
    return ((const bag_attrs *)node->attrs)->n_fields;
}

plx_bag_field plx_bag_field_at(const plx_node *node, int index, int *column)
{
    const field *own = &((const bag_attrs *)node->attrs)->fields[index];
    *column = own->column;
    return (plx_bag_field){own->kind, own->feature, own->length};
}

/* -- Scratch
 * ------------------------------------------------------------------------------------------------------------- */

/* Arrays in the row scratch, of the tile's rows in scoring, of the batch's in training. */
typedef struct scratch {
    plx_real *scale;   /* [n_fields][rows, length] */
    uint32_t *ids;     /* [n_fields][rows, length]; PLX_NO_ID after a list's end */
    uint32_t *winners; /* [maxima][rows, width]: ids of the maxima */
    /* For the sums, all [rows * n_items]: a part starts where its first item would be if items were sorted by part. */
    size_t *from;         /* of an item's dy */
    plx_real *factor;     /* of an item */
    uint32_t *to;         /* rows of the gradient */
    plx_set_aside *aside; /* see plx_id_sums */
    plx_real *gradient;   /* [.., dim] of a lazy table's touched rows from the start, of sums set aside from the end */
    uint32_t *touched;    /* ids of the touched rows */
    uint32_t *hash;       /* [.., HASH_PLACES]: their numbers + 1; 0: empty */
    uint32_t *last;       /* see plx_id_sums, of touched rows; a whole table's, by id, are in id_scratch */
    uint8_t *leaf;
    size_t numbers;
} scratch;

static void *take(char **at, size_t *numbers, size_t items, size_t bytes)
{
    const size_t taken = items * bytes;
    char *here = *at;
    if (here) *at += taken;
    *numbers += (taken + sizeof(plx_real) - 1) / sizeof(plx_real);
    return here;
}

/* The widest type first, so that all are aligned. */
static scratch scratch_at(const bag_attrs *attrs, plx_real *base, size_t rows)
{
    scratch s = {0};
    char *at = (char *)base;
    const size_t n = rows * (size_t)attrs->n_items;
    s.from = take(&at, &s.numbers, n, sizeof *s.from);
    s.scale = take(&at, &s.numbers, n, sizeof *s.scale);
    s.factor = take(&at, &s.numbers, n, sizeof *s.factor);
    s.gradient = take(&at, &s.numbers, n * (size_t)attrs->table.dim, sizeof *s.gradient);
    s.aside = take(&at, &s.numbers, n, sizeof *s.aside);
    s.ids = take(&at, &s.numbers, n, sizeof *s.ids);
    s.winners = take(&at, &s.numbers, rows * (size_t)attrs->n_winners, sizeof *s.winners);
    s.to = take(&at, &s.numbers, n, sizeof *s.to);
    if (attrs->table.is_lazy) {
        s.touched = take(&at, &s.numbers, n, sizeof *s.touched);
        s.hash = take(&at, &s.numbers, n * HASH_PLACES, sizeof *s.hash);
        s.last = take(&at, &s.numbers, n, sizeof *s.last);
        s.leaf = take(&at, &s.numbers, n, sizeof *s.leaf);
    }
    return s;
}

static void bag_shape(plx_graph *graph, plx_node *node)
{
    const bag_attrs *attrs = node->attrs;
    const plx_embedding_table *table = &attrs->table;
    const field *last = &attrs->fields[attrs->n_fields - 1];
    const size_t numbers = scratch_at(attrs, NULL, 1).numbers;
    if (numbers > PLX_ROW_NUMBERS_MAX) {
        plx_graph_fail(graph, "bag: %d items need more than %d numbers a row; take shorter lists", attrs->n_items,
                       PLX_ROW_NUMBERS_MAX);
        return;
    }
    node->shape = (plx_shape){1, last->column + last->width};
    node->row_numbers = (int)numbers;
    if (!table->is_lazy)
        node->id_scratch = ((size_t)table->vocabulary * BYTES_PER_ID + sizeof(plx_real) - 1) / sizeof(plx_real);
    plx_node_param(graph, node,
                   &(plx_param_spec){.name = "table",
                                     .groups = 1,
                                     .rows = table->vocabulary,
                                     .cols = table->dim,
                                     .init = table->init,
                                     .init_scale = table->init_scale,
                                     .regulariser = table->is_frozen ? PLX_L2_NONE : PLX_L2_EMBEDDING,
                                     .is_joined = true,
                                     .is_frozen = table->is_frozen,
                                     .is_lazy = table->is_lazy});
}

/* -- Forward
 * ------------------------------------------------------------------------------------------------------------- */

/* The items' factors of one list: their weights, divided by their sum for a mean. */
static void fill_scale(const field *own, const plx_list_field *list, const uint8_t *record, int n, plx_real *scale)
{
    const float *weights = (const float *)(const void *)(record + list->weights_offset);
    const bool is_weighted = list->has_weights && (own->kind == PLX_BAG_SUM || own->kind == PLX_BAG_MEAN);
    plx_real sum = 0;
    for (int i = 0; i < n; i++) {
        scale[i] = is_weighted ? (plx_real)weights[i] : 1;
        sum += scale[i];
    }
    for (int i = 0; i < n && own->kind == PLX_BAG_MEAN; i++)
        scale[i] = sum < 0 || sum > 0 ? scale[i] / sum : 0;
    for (int i = n; i < own->length; i++)
        scale[i] = 0;
}

/* Ids and factors of one field for the tile's rows; rows of the table are prefetched. */
static void read_items(const plx_tile *tile, const field *own, plx_view table, uint32_t *ids, plx_real *scale)
{
    const plx_layout *layout = tile->run->layout;
    for (int row = 0; row < tile->rows; row++, ids += own->length, scale += own->length) {
        const uint8_t *record = tile->records + (size_t)row * layout->record_bytes;
        int n = 1;
        if (own->kind == PLX_BAG_ROW) {
            *ids = plx_record_id(record, &layout->sparse[own->feature]);
            *scale = 1;
        } else {
            n = plx_record_list(record, &layout->lists[own->feature], ids);
            fill_scale(own, &layout->lists[own->feature], record, n, scale);
        }
        for (int i = 0; i < n; i++)
            __builtin_prefetch(table.at + (ptrdiff_t)ids[i] * table.stride);
        for (int i = n; i < own->length; i++)
            ids[i] = PLX_NO_ID;
    }
}

static void copy_items(const plx_tile *tile, const field *own, plx_view table, const uint32_t *ids, plx_view y)
{
    const size_t dim = (size_t)(own->width / own->length);
    for (int row = 0; row < tile->rows; row++, ids += own->length) {
        plx_real *to = y.at + row * y.stride;
        for (int i = 0; i < own->length; i++, to += dim) {
            if (ids[i] == PLX_NO_ID) {
                memset(to, 0, dim * sizeof *to);
            } else {
                memcpy(to, table.at + (ptrdiff_t)ids[i] * table.stride, dim * sizeof *to);
            }
        }
    }
}

static void bag_forward(const plx_tile *tile, const plx_node *node)
{
    const bag_attrs *attrs = node->attrs;
    const plx_run *run = tile->run;
    const plx_view table = plx_run_param(run, node, 0, 0);
    const size_t rows = (size_t)(run->training ? run->n_rows : tile->rows),
                 first_row = (size_t)(run->training ? tile->first_row : 0);
    const scratch s = scratch_at(attrs, run->training ? plx_run_rows(run, node) : plx_tile_rows(tile, node), rows);
    for (int f = 0; f < attrs->n_fields; f++) {
        const field *own = &attrs->fields[f];
        const size_t at = rows * (size_t)own->first_item + first_row * (size_t)own->length;
        plx_view y = plx_tile_value(tile, node);
        y.at += own->column;
        read_items(tile, own, table, s.ids + at, s.scale + at);
        switch (own->kind) {
        case PLX_BAG_ROW:
            run->kernels->gather(tile->rows, own->width, table, s.ids + at, y);
            break;
        case PLX_BAG_SUM:
        case PLX_BAG_MEAN:
            run->kernels->pool_sum(tile->rows, own->width, table, s.ids + at, s.scale + at, own->length, y);
            break;
        case PLX_BAG_MAX:
            run->kernels->pool_max(
                tile->rows, own->width, table, s.ids + at, own->length, y,
                run->training ? s.winners + rows * (size_t)own->first_winner + first_row * (size_t)own->width : NULL);
            break;
        case PLX_BAG_ITEMS:
            copy_items(tile, own, table, s.ids + at, y);
        }
    }
}

/* -- Backward
 * ------------------------------------------------------------------------------------------------------------ */

/* The state of a part. */
typedef struct part {
    const plx_run *run;
    const bag_attrs *attrs;
    plx_view dy;
    plx_id_sums sums; /* by id, or by number in `touched` */
    uint32_t first_id, end_id;
    uint32_t n_hash; /* slots, a power of two; 0: no lazy table */
    int n_touched, n_items;
    scratch s; /* the sums' arrays from this part's position on */
} part;

static int bag_parts(const plx_run *run, const plx_node *node)
{
    const bag_attrs *attrs = node->attrs;
    const int64_t items = (int64_t)run->n_rows * attrs->n_items;
    const int64_t rows = items + (attrs->table.is_lazy ? 0 : attrs->table.vocabulary);
    const int64_t parts = 1 + rows * attrs->table.dim / PART_NUMBERS;
    return parts < PARTS_MAX ? (int)parts : PARTS_MAX;
}

static bool is_own(const part *p, uint32_t id)
{
    return id >= p->first_id && id < p->end_id;
}

/* The gradient row of an id of the part; numbers new ids. */
static uint32_t gradient_row(part *p, uint32_t id)
{
    if (p->n_hash == 0) return id;
    for (uint32_t place = id * 0x9e3779b1u >> 7;; place++) {
        uint32_t *number = &p->s.hash[place & (p->n_hash - 1)];
        if (*number == 0) {
            p->s.touched[p->n_touched] = id;
            p->s.leaf[p->n_touched] = 0;
            memset(p->s.gradient + (size_t)p->n_touched * (size_t)p->attrs->table.dim, 0,
                   (size_t)p->attrs->table.dim * sizeof(plx_real));
            *number = (uint32_t)++p->n_touched;
        }
        if (p->s.touched[*number - 1] == id) return *number - 1;
    }
}

/* Clears what is kept for each id of a whole table. */
static void open_whole(part *p, const plx_node *node)
{
    const size_t first = p->first_id, n = p->end_id - p->first_id;
    plx_view table = plx_run_param_gradient(p->run, node, 0, 0);
    p->sums.sums = table;
    p->sums.last = (uint32_t *)(void *)plx_run_id_scratch(p->run, node);
    p->sums.leaf = (uint8_t *)(p->sums.last + p->attrs->table.vocabulary);
    memset(p->sums.leaf + first, 0, n);
    memset(table.at + (ptrdiff_t)first * table.stride, 0, n * (size_t)table.stride * sizeof(plx_real));
}

/* The same for a lazy table with `own` items in this part. */
static void open_lazy(part *p, size_t own)
{
    p->sums.sums = (plx_view){p->s.gradient, p->attrs->table.dim};
    p->sums.last = p->s.last;
    p->sums.leaf = p->s.leaf;
    for (p->n_hash = 1; p->n_hash * 2 <= own * HASH_PLACES;)
        p->n_hash *= 2;
    memset(p->s.hash, 0, (own > 0 ? p->n_hash : 0) * sizeof *p->s.hash);
}

/* Finds the part's position in the arrays. */
static void open_part(part *p, const plx_node *node, int number, int parts)
{
    const bag_attrs *attrs = p->attrs;
    const size_t n = (size_t)p->run->n_rows * (size_t)attrs->n_items;
    size_t before = 0, own = 0;
    p->first_id = (uint32_t)((int64_t)attrs->table.vocabulary * number / parts);
    p->end_id = (uint32_t)((int64_t)attrs->table.vocabulary * (number + 1) / parts);
    for (size_t i = 0; i < n; i++) {
        before += p->s.ids[i] < p->first_id;
        own += p->s.ids[i] - p->first_id < p->end_id - p->first_id;
    }
    p->s.from += before;
    p->s.factor += before;
    p->s.to += before;
    p->s.aside += before;
    p->s.gradient += before * (size_t)attrs->table.dim;
    p->sums = (plx_id_sums){.kernels = p->run->kernels,
                            .width = attrs->table.dim,
                            .aside = p->s.aside,
                            .numbers_end = p->s.gradient + own * (size_t)attrs->table.dim};
    if (!attrs->table.is_lazy) {
        open_whole(p, node);
        return;
    }
    p->s.touched += before;
    p->s.hash += before * HASH_PLACES;
    p->s.last += before;
    p->s.leaf += before;
    open_lazy(p, own);
}

/* Selects the part's ids among up to CHUNK ids; without branches, which would be unpredictable. */
static int find_own(const part *p, const uint32_t *ids, int n, int *places)
{
    const uint32_t n_ids = p->end_id - p->first_id;
    int found = 0;
    for (int i = 0; i < n; i++) {
        places[found] = i;
        found += ids[i] - p->first_id < n_ids;
    }
    return found;
}

/* Rows of the batch. */
typedef struct row_range {
    int leaf;
    size_t first, end;
} row_range;

/* A field's items with a factor in a leaf, and the numbers of all its ids. */
static void list_items(part *p, const field *own, const row_range *rows)
{
    const size_t length = (size_t)own->length, end = rows->end * length,
                 first = (size_t)p->run->n_rows * (size_t)own->first_item;
    const size_t step = own->kind == PLX_BAG_ITEMS ? (size_t)p->attrs->table.dim : 0;
    for (size_t at = rows->first * length; at < end; at += CHUNK) {
        int places[CHUNK];
        const int found = find_own(p, p->s.ids + first + at, end - at < CHUNK ? (int)(end - at) : CHUNK, places);
        for (int k = 0; k < found; k++) {
            const size_t i = at + (size_t)places[k], row = i / length;
            const uint32_t to = gradient_row(p, p->s.ids[first + i]);
            if (own->kind == PLX_BAG_MAX) continue;
            plx_id_sums_open(&p->sums, to, rows->leaf);
            p->s.from[p->n_items] = row * (size_t)p->dy.stride + (size_t)own->column + (i - row * length) * step;
            p->s.factor[p->n_items] = p->s.scale[first + i];
            p->s.to[p->n_items++] = to;
        }
    }
}

/* The gradient of a maximum goes to the first item that has it. */
static void add_maxima(part *p, const field *own, const row_range *rows)
{
    const uint32_t *winners =
        p->s.winners + (size_t)p->run->n_rows * (size_t)own->first_winner + rows->first * (size_t)own->width;
    uint32_t last = PLX_NO_ID;
    plx_real *to = NULL;
    for (size_t row = rows->first; row < rows->end; row++, winners += own->width) {
        const plx_real *dy = p->dy.at + (ptrdiff_t)row * p->dy.stride + own->column;
        for (int c = 0; c < own->width; c++) {
            if (!is_own(p, winners[c])) continue;
            if (winners[c] != last) {
                const uint32_t number = gradient_row(p, winners[c]);
                plx_id_sums_open(&p->sums, number, rows->leaf);
                to = p->sums.sums.at + (ptrdiff_t)number * p->sums.sums.stride;
            }
            last = winners[c];
            to[c] += dy[c];
        }
    }
}

static void add_leaf(part *p, const row_range *rows)
{
    const bag_attrs *attrs = p->attrs;
    p->n_items = 0;
    for (int f = 0; f < attrs->n_fields; f++)
        list_items(p, &attrs->fields[f], rows);
    p->run->kernels->scatter_scaled(p->n_items, attrs->table.dim, p->dy.at, p->s.from, p->s.factor, p->s.to,
                                    p->sums.sums);
    for (int f = 0; f < attrs->n_fields; f++) {
        if (attrs->fields[f].kind == PLX_BAG_MAX) add_maxima(p, &attrs->fields[f], rows);
    }
}

static void bag_id_sums(const plx_run *run, const plx_node *node, int number)
{
    const bag_attrs *attrs = node->attrs;
    const plx_leaves leaves = plx_run_id_leaves(run);
    part p = {.run = run,
              .attrs = attrs,
              .dy = plx_run_gradient(run, node),
              .s = scratch_at(attrs, plx_run_rows(run, node), (size_t)run->n_rows)};
    open_part(&p, node, number, bag_parts(run, node));
    for (int leaf = leaves.first; leaf < leaves.end; leaf++) {
        add_leaf(&p, &(row_range){leaf, (size_t)plx_run_leaf_row(run, &leaves, leaf),
                                  (size_t)plx_run_leaf_row(run, &leaves, leaf + 1)});
    }
    plx_id_sums_close(&p.sums);
    if (!attrs->table.is_lazy) return;
    *plx_run_touched(run, node, 0, number) =
        (plx_touched_rows){.ids = p.s.touched, .gradient = p.s.gradient, .n = p.n_touched};
    for (int other = bag_parts(run, node); number == 0 && other < PARTS_MAX; other++)
        plx_run_touched(run, node, 0, other)->n = 0;
}

static void bag_describe(const plx_node *node, plx_string *out)
{
    static const char *const kinds[] = {"row", "sum", "mean", "max", "items"};
    const bag_attrs *attrs = node->attrs;
    plx_string_format(out, "table of %d rows%s,", attrs->table.vocabulary,
                      attrs->table.is_frozen ? ", frozen"
                      : attrs->table.is_lazy ? ", lazy"
                                             : "");
    for (int f = 0; f < attrs->n_fields; f++)
        plx_string_format(out, " %s", kinds[attrs->fields[f].kind]);
}

const plx_op plx_op_bag = {
    .name = "bag",
    .sums_read_gradient = true,
    .sums_read_rows = true,
    .shape = bag_shape,
    .forward = bag_forward,
    .id_sums = {bag_parts, bag_id_sums},
    .describe = bag_describe,
};

plx_ref plx_bag(plx_graph *graph, const plx_embedding_table *table, const plx_bag_field *fields, int n_fields)
{
    field *own = plx_arena_take(graph->arena, (size_t)n_fields + 1, sizeof *own);
    if (!own) return (plx_ref){-1};
    bag_attrs attrs = {.table = *table, .fields = own, .n_fields = n_fields};
    int64_t column = 0, item = 0;
    attrs.table.is_lazy = table->is_lazy && !table->is_frozen;
    for (int f = 0; f < n_fields; f++) {
        const int length = fields[f].kind == PLX_BAG_ROW ? 1 : fields[f].length;
        const int64_t width = (int64_t)table->dim * (fields[f].kind == PLX_BAG_ITEMS ? length : 1);
        if (length < 1 || column + width > PLX_ROW_NUMBERS_MAX || item + length > PLX_ROW_NUMBERS_MAX) {
            plx_graph_fail(graph, "bag: field %d of %d items makes more than %d numbers a row; take shorter lists", f,
                           length, PLX_ROW_NUMBERS_MAX);
            return (plx_ref){-1};
        }
        own[f] =
            (field){fields[f].kind, fields[f].feature, length, (int)column, (int)width, (int)item, attrs.n_winners};
        if (fields[f].kind == PLX_BAG_MAX) attrs.n_winners += (int)width;
        column += width;
        item += length;
    }
    attrs.n_items = (int)item;
    return plx_graph_node(graph, &plx_op_bag, NULL, 0, &attrs, sizeof attrs);
}
