/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense features: each number of a cell is filled where it is missing, clipped, transformed and scaled, in doubles, and
 * rounded to a float at the end. Scalings are fitted on what the steps before make of the numbers.
 */
#include "data/encoders_dense.h"

#include "data/cells.h"

plx_status plx_dense_add(plx_encoders *e, const plx_feature_spec *spec, int input, plx_error *err)
{
    const int size = spec->size > 1 ? (int)spec->size : 1;
    plx_dense_encoder *dense = &e->dense[e->n_dense++];
    *dense = (plx_dense_encoder){.spec = spec, .input = input, .size = size, .first = e->layout.n_dense};
    dense->fill = plx_arena_take(&e->arena, (size_t)size, sizeof *dense->fill);
    dense->scaling = plx_arena_take(&e->arena, 2 * (size_t)size, sizeof *dense->scaling);
    if (spec->scaling == PLX_SCALE_QUANTILE) {
        dense->knots = plx_arena_take(&e->arena, (size_t)size * PLX_KNOTS, sizeof *dense->knots);
        dense->line = plx_arena_take(&e->arena, (size_t)size * PLX_KNOTS, sizeof *dense->line);
        dense->by_number = spec->transform == PLX_TRANSFORM_LOG1P;
    }
    if (plx_arena_failed(&e->arena)) return plx_error_memory(err);
    for (int i = 0; i < size; i++) {
        dense->fill[i] = isinf(spec->missing) ? 0 : spec->missing;
        dense->scaling[2 * i + 1] = 1;
    }
    e->layout.n_dense += plx_feature_numbers(spec);
    return PLX_OK;
}

static double clipped(const plx_feature_spec *spec, double number)
{
    if (spec->clip.n == 0) return number;
    return number < spec->clip.items[0]   ? spec->clip.items[0]
           : number > spec->clip.items[1] ? spec->clip.items[1]
                                          : number;
}

static double given(const plx_dense_encoder *dense, int at, double number)
{
    return clipped(dense->spec, isnan(number) ? dense->fill[at] : number);
}

static double transformed(plx_transform transform, double given)
{
    switch (transform) {
    case PLX_TRANSFORM_NONE:
        break;
    case PLX_TRANSFORM_LOG1P:
        return copysign(log1p(fabs(given)), given);
    case PLX_TRANSFORM_IS_ZERO:
        return given == 0;
    }
    return given;
}

/* What is scaled. */
static double prepared(const plx_dense_encoder *dense, int at, double number)
{
    return transformed((plx_transform)dense->spec->transform, given(dense, at, number));
}

/* One number of each of some rows' cells. */
typedef struct series {
    const plx_dense_encoder *dense;
    const double *numbers; /* [rows][dense->size] */
    const uint32_t *order; /* [n] */
    size_t n;
    int at;
} series;

static double number_of(const series *s, size_t i)
{
    return s->numbers[(size_t)s->order[i] * (size_t)s->dense->size + (size_t)s->at];
}

static double item(const series *s, size_t i)
{
    return prepared(s->dense, s->at, number_of(s, i));
}

static void fit_fill(const series *s)
{
    double sum = 0;
    size_t n_given = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double number = number_of(s, i);
        if (isnan(number)) continue;
        sum += clipped(s->dense->spec, number);
        n_given++;
    }
    s->dense->fill[s->at] = n_given ? sum / (double)n_given : 0;
}

/* A column of one value alone scales to 0, and so does one whose range is too small or too large to divide by. */
static void fit_line(const series *s)
{
    double least = INFINITY, most = -INFINITY, sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double number = item(s, i);
        least = number < least ? number : least;
        most = number > most ? number : most;
        sum += number;
    }
    double first = least, spread = most - least;
    if (s->dense->spec->scaling == PLX_SCALE_STANDARD && spread > 0) {
        first = sum / (double)s->n;
        for (size_t i = 0; i < s->n; i++) {
            const double off = item(s, i) - first;
            squares += off * off;
        }
        spread = sqrt(squares / (double)s->n);
    }
    const double factor = spread > 0 ? 1 / spread : 0;
    s->dense->scaling[2 * (size_t)s->at] = first;
    s->dense->scaling[2 * (size_t)s->at + 1] = isfinite(factor) ? factor : 0;
}

/* The knot at a share of the sorted numbers: on the line, where the transform puts them, it lies straight between its
 * neighbours. A number that is there is taken as it is, so that equal numbers equal it. */
static double find_knot(const plx_dense_encoder *dense, const double *sorted, size_t n, double share)
{
    double part;
    const size_t before = plx_quantile_place(n, share, &part);
    const double low = sorted[before];
    if (!(part > 0) || sorted[before + 1] == low) return low;
    const double high = sorted[before + 1];
    if (!dense->by_number) return low + part * (high - low);
    const double from = transformed(PLX_TRANSFORM_LOG1P, low), to = transformed(PLX_TRANSFORM_LOG1P, high);
    const double place = from + part * (to - from), number = copysign(expm1(fabs(place)), place);
    return number > low && number < high ? number : low;
}

/* `room` [n] */
static void fit_knots(const series *s, double *room)
{
    for (size_t i = 0; i < s->n; i++)
        room[i] = s->dense->by_number ? given(s->dense, s->at, number_of(s, i)) : item(s, i);
    plx_numbers_sort(room, s->n);
    for (int i = 0; i < PLX_KNOTS; i++)
        s->dense->knots[s->at * PLX_KNOTS + i] = find_knot(s->dense, room, s->n, (double)i / PLX_QUANTILE_STEPS);
}

plx_status plx_dense_fit(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                         const plx_allocator *allocator, plx_error *err)
{
    double *room = NULL;
    if (n == 0) return PLX_OK;
    if (dense->knots) {
        room = plx_alloc(allocator, n, sizeof *room);
        if (!room) return plx_error_memory(err);
    }
    for (int at = 0; at < dense->size; at++) {
        const series s = {dense, numbers, order, n, at};
        if (isinf(dense->spec->missing)) fit_fill(&s);
        if (dense->knots)
            fit_knots(&s, room);
        else if (dense->spec->scaling != PLX_SCALE_NONE)
            fit_line(&s);
    }
    if (dense->knots) plx_dense_place_knots(dense);
    plx_free(allocator, room);
    return PLX_OK;
}

void plx_dense_place_knots(const plx_dense_encoder *dense)
{
    for (int i = 0; i < dense->size * PLX_KNOTS; i++)
        dense->line[i] =
            dense->by_number ? transformed((plx_transform)dense->spec->transform, dense->knots[i]) : dense->knots[i];
}

void plx_dense_put(const plx_dense_encoder *dense, int at, double number, uint8_t *record)
{
    static const double as_it_is[2] = {0, 1};
    const size_t place = (size_t)(dense->first + at) * sizeof(float);
    const double value = prepared(dense, at, number);
    if (dense->knots) {
        const size_t first = (size_t)at * PLX_KNOTS;
        const double own = dense->by_number ? given(dense, at, number) : value;
        const double share = plx_quantile_share(dense->knots + first, dense->line + first, PLX_KNOTS, own, value);
        plx_put_float(record, place, plx_encode_number(share, as_it_is));
    } else {
        plx_put_float(record, place, plx_encode_number(value, &dense->scaling[2 * (size_t)at]));
    }
    if (dense->spec->missing_indicator)
        plx_put_float(record, place + (size_t)dense->size * sizeof(float), isnan(number) ? 1.0f : 0.0f);
}

void plx_dense_put_rows(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                        uint8_t *records, size_t stride)
{
    const plx_feature_spec *spec = dense->spec;
    const double fill = dense->fill[0], scaling[2] = {dense->scaling[0], dense->scaling[1]};
    const size_t place = (size_t)dense->first * sizeof(float), size = (size_t)dense->size;
    if (size == 1 && !spec->clip.n && !spec->transform && !dense->knots && !spec->missing_indicator) {
        for (size_t i = 0; i < n; i++) {
            const double number = numbers[order[i]];
            plx_put_float(records + i * stride, place, plx_encode_number(isnan(number) ? fill : number, scaling));
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t at = 0; at < size; at++)
            plx_dense_put(dense, (int)at, numbers[order[i] * size + at], records + i * stride);
}
