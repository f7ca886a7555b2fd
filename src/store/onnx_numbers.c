/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as ONNX operators, in doubles until they are scaled: data/feature_dense.c as column operations. */
#include "store/onnx_numbers.h"

#include <float.h>
#include <math.h>

/* Binary search. The padding of the table is NaN: no number is below it, not even infinity. */
const char *plx_onnx_count_below(plx_onnx *onnx, const double *sorted, int n, const char *x)
{
    int64_t size = 1;
    while (size < (int64_t)n + 1)
        size *= 2;
    double *table = plx_arena_take(onnx->arena, (size_t)size, sizeof *table);
    for (int64_t i = 0; table && i < size; i++)
        table[i] = i == 0 ? -INFINITY : i <= n ? sorted[i - 1] : NAN;
    onnx->failed |= !table;
    if (!table) return NULL;
    const char *numbers = plx_onnx_doubles(onnx, table, size), *zero = plx_onnx_int(onnx, 0);
    const char *found = plx_onnx_three(onnx, "Where", plx_onnx_one(onnx, "IsNaN", x), zero, zero);
    for (int64_t step = size / 2; step > 0; step /= 2) {
        const char *next = plx_onnx_two(onnx, "Add", found, plx_onnx_int(onnx, step));
        const char *is_below = plx_onnx_two(onnx, "GreaterOrEqual", x, plx_onnx_two(onnx, "Gather", numbers, next));
        found = plx_onnx_three(onnx, "Where", is_below, next, found);
    }
    return found;
}

/* Operations on the columns of a matrix, with a number for each column. */
typedef struct columns {
    double *fill, *least, *most, *first, *factor; /* [n] */
    int64_t n;
    bool fills, clips, scales;
} columns;

static plx_status columns_of(const plx_dense_encoder *const *dense, int n_dense, plx_arena *arena, columns *c,
                             plx_error *err)
{
    *c = (columns){0};
    for (int d = 0; d < n_dense; d++)
        c->n += dense[d]->size;
    double *numbers = plx_arena_take(arena, 5 * (size_t)c->n, sizeof *numbers);
    if (!numbers) return plx_error_memory(err);
    c->fill = numbers;
    c->least = c->fill + c->n;
    c->most = c->least + c->n;
    c->first = c->most + c->n;
    c->factor = c->first + c->n;
    int64_t i = 0;
    for (int d = 0; d < n_dense; d++) {
        const plx_real_list *clip = &dense[d]->spec->clip;
        c->clips |= clip->n > 0;
        for (int at = 0; at < dense[d]->size; at++, i++) {
            c->fill[i] = dense[d]->fill[at];
            c->least[i] = clip->n ? clip->items[0] : -INFINITY;
            c->most[i] = clip->n ? clip->items[1] : INFINITY;
            c->first[i] = dense[d]->scaling[2 * (size_t)at];
            c->factor[i] = dense[d]->scaling[2 * (size_t)at + 1];
            c->fills |= !isnan(c->fill[i]);
            c->scales |= c->first[i] < 0 || c->first[i] > 0 || c->factor[i] < 1 || c->factor[i] > 1;
        }
    }
    return PLX_OK;
}

static const char *between(plx_onnx *onnx, const char *x, const double *least, const double *most, int64_t n)
{
    x = plx_onnx_two(onnx, "Max", x, plx_onnx_doubles(onnx, least, n));
    return plx_onnx_two(onnx, "Min", x, plx_onnx_doubles(onnx, most, n));
}

static const char *transformed(plx_onnx *onnx, plx_transform transform, const char *x)
{
    const char *sum;
    switch (transform) {
    case PLX_TRANSFORM_LOG1P:
        sum = plx_onnx_two(onnx, "Add", plx_onnx_one(onnx, "Abs", x), plx_onnx_double(onnx, 1));
        return plx_onnx_two(onnx, "Mul", plx_onnx_one(onnx, "Sign", x), plx_onnx_one(onnx, "Log", sum));
    case PLX_TRANSFORM_IS_ZERO:
        return plx_onnx_cast(onnx, plx_onnx_two(onnx, "Equal", x, plx_onnx_double(onnx, 0)), PLX_ONNX_DOUBLE);
    case PLX_TRANSFORM_NONE:
        break;
    }
    return x;
}

/* Distinct knots, indexed by the number of knots at or below a number. */
typedef struct share_tables {
    double knot[PLX_KNOTS + 1], line[PLX_KNOTS + 1], at_knot[PLX_KNOTS + 1], base[PLX_KNOTS + 1], slope[PLX_KNOTS + 1];
    int n; /* knots */
} share_tables;

static void fill_tables(const double *knots, const double *line, share_tables *t)
{
    const double steps = PLX_KNOTS - 1;
    *t = (share_tables){.n = 0};
    for (int first = 0, end; first < PLX_KNOTS; first = end) {
        for (end = first + 1; end < PLX_KNOTS && knots[end] <= knots[first];)
            end++;
        t->n++;
        t->knot[t->n] = knots[first];
        t->line[t->n] = line[first];
        t->at_knot[t->n] = 0.5 * (first + end - 1) / steps;
        t->base[t->n] = (end - 1) / steps;
        if (end < PLX_KNOTS && line[end] > line[first]) t->slope[t->n] = 1 / (line[end] - line[first]) / steps;
    }
    t->at_knot[t->n] = 1;
    t->at_knot[1] = 0;
}

/* plx_quantile_share of x [rows, 1], with the places `place`. */
static const char *share_of(plx_onnx *onnx, const double *knots, const double *line, const char *x, const char *place,
                            plx_error *err)
{
    share_tables *t = plx_arena_take(onnx->arena, 1, sizeof *t);
    if (!t) {
        plx_error_memory(err);
        return NULL;
    }
    fill_tables(knots, line, t);
    const int64_t n = t->n + 1;
    const char *below = plx_onnx_count_below(onnx, t->knot + 1, t->n, x);
    const char *knot = plx_onnx_two(onnx, "Gather", plx_onnx_doubles(onnx, t->knot, n), below);
    const char *from = knots == line ? knot : plx_onnx_two(onnx, "Gather", plx_onnx_doubles(onnx, t->line, n), below);
    const char *at_knot = plx_onnx_two(onnx, "Gather", plx_onnx_doubles(onnx, t->at_knot, n), below);
    const char *base = plx_onnx_two(onnx, "Gather", plx_onnx_doubles(onnx, t->base, n), below);
    const char *slope = plx_onnx_two(onnx, "Gather", plx_onnx_doubles(onnx, t->slope, n), below);
    place = between(onnx, place, line, line + PLX_KNOTS - 1, 1); /* infinity times a slope of 0 would be NaN */
    const char *beyond = plx_onnx_two(onnx, "Mul", plx_onnx_two(onnx, "Sub", place, from), slope);
    return plx_onnx_three(onnx, "Where", plx_onnx_two(onnx, "Equal", x, knot), at_knot,
                          plx_onnx_two(onnx, "Add", base, beyond));
}

static const char *column_of(plx_onnx *onnx, const char *x, int at)
{
    const char *inputs[] = {x, plx_onnx_int(onnx, at)};
    return plx_onnx_along(onnx, "Gather", inputs, 2, "axis", 1);
}

/* For all numbers of a cell, `x`, with their transformed values, `places`. */
static const char *shares_of(plx_onnx *onnx, const plx_dense_encoder *dense, const char *x, const char *places,
                             plx_error *err)
{
    const char **shares = plx_arena_take(onnx->arena, (size_t)dense->size, sizeof *shares);
    if (!shares) {
        plx_error_memory(err);
        return NULL;
    }
    for (int at = 0; at < dense->size; at++) {
        const size_t first = (size_t)at * PLX_KNOTS;
        const double *line = dense->by_number ? dense->line : dense->knots;
        const char *place = column_of(onnx, places, at), *number = x == places ? place : column_of(onnx, x, at);
        shares[at] = share_of(onnx, dense->knots + first, line + first, number, place, err);
    }
    return plx_onnx_along(onnx, "Concat", shares, dense->size, "axis", 1);
}

plx_status plx_onnx_numbers(plx_onnx *onnx, const plx_dense_encoder *const *all, int n, const char *raw,
                            const char **out, plx_error *err)
{
    columns c;
    const plx_dense_encoder *dense = all[0];
    PLX_TRY(columns_of(all, n, onnx->arena, &c, err));
    const char *x = raw, *is_missing = plx_onnx_one(onnx, "IsNaN", raw);
    if (c.fills) x = plx_onnx_three(onnx, "Where", is_missing, plx_onnx_doubles(onnx, c.fill, c.n), x);
    if (c.clips) x = between(onnx, x, c.least, c.most, c.n);
    const char *number = x;
    x = transformed(onnx, (plx_transform)dense->spec->transform, x);
    if (dense->knots) {
        x = shares_of(onnx, dense, dense->by_number ? number : x, x, err);
    } else if (c.scales) {
        x = plx_onnx_two(onnx, "Sub", x, plx_onnx_doubles(onnx, c.first, c.n));
        x = plx_onnx_two(onnx, "Mul", x, plx_onnx_doubles(onnx, c.factor, c.n));
    }
    x = between(onnx, x, &(double){-FLT_MAX}, &(double){FLT_MAX}, 1);
    x = plx_onnx_cast(onnx, x, PLX_ONNX_FLOAT);
    if (dense->spec->missing_indicator)
        x = plx_onnx_along(onnx, "Concat", (const char *[]){x, plx_onnx_cast(onnx, is_missing, PLX_ONNX_FLOAT)}, 2,
                           "axis", 1);
    *out = x;
    return onnx->failed ? plx_error_memory(err) : PLX_OK;
}
