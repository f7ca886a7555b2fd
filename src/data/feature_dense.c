/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense features: a missing number of a cell is filled; then each number is clipped, transformed and scaled as a double
 * and rounded to a float at the end. Scalings are fitted to the results of the steps before.
 */
#include "data/feature_dense.h"

#include "data/quantiles.h"

/* -- Options ------------------------------------------------------------------------------------------------------ */

static int size_of(const plx_feature_spec *spec)
{
    return spec->size > 1 ? (int)spec->size : 1;
}

static int columns(const plx_feature_spec *spec, plx_input_column *out)
{
    const int n = plx_feature_one_column(spec, PLX_READS_NUMBER, out);
    if (spec->size > 1) {
        out[0].size = (int)spec->size;
        out[0].separator = plx_separator_of(spec->separator).text;
    }
    out[0].may_be_missing = !isnan(spec->missing);
    return n;
}

static int outputs(const plx_feature_spec *spec, plx_feature_output *out)
{
    out[0] = (plx_feature_output){.kind = PLX_MAKES_NUMBERS, .n = plx_dense_numbers(spec, size_of(spec))};
    return 1;
}

void plx_dense_check(const plx_feature_checker *c, const plx_feature_spec *f)
{
    if (f->clip.n > 0 && (f->clip.n != 2 || !plx_is_rising(&f->clip)))
        plx_feature_problem_of(c, "clip", "'clip' takes two numbers, the lower one first");
}

static void check(plx_feature_checker *c, const plx_feature_spec *f)
{
    const char *separator = f->separator ? f->separator : "", *decimal = c->table->data.decimal;
    plx_dense_check(c, f);
    if (f->size <= 1) return;
    plx_feature_check_separator(c, f);
    if (decimal && strcmp(separator, decimal) == 0)
        plx_feature_problem_of(c, "separator", "'separator' is data.decimal, '%s'; choose another", decimal);
}

plx_status plx_dense_init(plx_dense_encoder *dense, const plx_feature_spec *spec, int size, int first, plx_arena *arena,
                          plx_error *err)
{
    *dense = (plx_dense_encoder){.spec = spec, .size = size, .first = first};
    dense->fill = plx_arena_take(arena, (size_t)size, sizeof *dense->fill);
    dense->scaling = plx_arena_take(arena, 2 * (size_t)size, sizeof *dense->scaling);
    if (spec->scaling == PLX_SCALE_QUANTILE) {
        dense->knots = plx_arena_take(arena, (size_t)size * PLX_KNOTS, sizeof *dense->knots);
        dense->line = plx_arena_take(arena, (size_t)size * PLX_KNOTS, sizeof *dense->line);
        dense->by_number = spec->transform == PLX_TRANSFORM_LOG1P;
    }
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    for (int i = 0; i < size; i++) {
        dense->fill[i] = isinf(spec->missing) ? 0 : spec->missing;
        dense->scaling[2 * i + 1] = 1;
    }
    return PLX_OK;
}

static plx_status link_column(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    const plx_feature_spec *spec = feature->spec;
    plx_input *input = &e->inputs[feature->input];
    feature->own = plx_arena_take(&e->arena, 1, sizeof(plx_dense_encoder));
    if (!feature->own) return plx_error_memory(err);
    plx_encoders_link_size(e, feature->input, spec->size, spec->separator);
    input->numbers = true;
    input->never_missing |= isnan(spec->missing) != 0;
    return plx_dense_init(feature->own, spec, size_of(spec), feature->outputs[0].place, &e->arena, err);
}

static const char *number_reader(const plx_feature_spec *spec, plx_number kind)
{
    return kind != PLX_NUMBER_MISSING || isnan(spec->missing) ? plx_dense_reader(kind) : NULL;
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

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

/* The number before scaling. */
static double prepared(const plx_dense_encoder *dense, int at, double number)
{
    return transformed((plx_transform)dense->spec->transform, given(dense, at, number));
}

/* One position of the cells of some rows. */
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

/* A constant column scales to 0, and so does one with a range too small or too large to divide by. */
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

/* The knot at a share of the sorted numbers: interpolated linearly after the transform. A number at the exact place is
 * taken as it is, so that equal numbers stay equal. */
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

/* `scratch` [n] */
static void fit_knots(const series *s, double *scratch)
{
    for (size_t i = 0; i < s->n; i++)
        scratch[i] = s->dense->by_number ? given(s->dense, s->at, number_of(s, i)) : item(s, i);
    plx_numbers_sort(scratch, s->n);
    for (int i = 0; i < PLX_KNOTS; i++)
        s->dense->knots[s->at * PLX_KNOTS + i] = find_knot(s->dense, scratch, s->n, (double)i / PLX_QUANTILE_STEPS);
}

static void place_knots(const plx_dense_encoder *dense)
{
    for (int i = 0; i < dense->size * PLX_KNOTS; i++)
        dense->line[i] =
            dense->by_number ? transformed((plx_transform)dense->spec->transform, dense->knots[i]) : dense->knots[i];
}

plx_status plx_dense_fit(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                         const plx_allocator *allocator, plx_error *err)
{
    double *scratch = NULL;
    if (n == 0) return PLX_OK;
    if (dense->knots) {
        scratch = plx_alloc(allocator, n, sizeof *scratch);
        if (!scratch) return plx_error_memory(err);
    }
    for (int at = 0; at < dense->size; at++) {
        const series s = {dense, numbers, order, n, at};
        if (isinf(dense->spec->missing)) fit_fill(&s);
        if (dense->knots)
            fit_knots(&s, scratch);
        else if (dense->spec->scaling != PLX_SCALE_NONE)
            fit_line(&s);
    }
    if (dense->knots) place_knots(dense);
    plx_free(allocator, scratch);
    return PLX_OK;
}

static plx_status fit(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err)
{
    PLX_TRY(plx_dense_fit(feature->own, columns->items[feature->input].numbers, order, n, &e->allocator, err));
    plx_column_drop_pages(columns, feature->input);
    return PLX_OK;
}

/* -- Encoding ----------------------------------------------------------------------------------------------------- */

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

static void put_rows(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
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

static plx_status encode_rows(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    (void)prepared;
    (void)err;
    put_rows(feature->own, rows->columns->items[feature->input].numbers, rows->order, rows->n, rows->records,
             rows->encoders->layout.record_bytes);
    return PLX_OK;
}

static plx_status encode_numbers(const plx_request *r, const plx_encoder *feature, const plx_column *cells, size_t row,
                                 plx_error *err)
{
    const plx_dense_encoder *dense = feature->own;
    char buffer[PLX_VALUE_SIZE];
    for (int i = 0; i < dense->size; i++) {
        const double number = plx_request_number_at(cells, row * (size_t)dense->size + (size_t)i);
        const plx_number kind = plx_check_number(number);
        if (kind == PLX_NUMBER_TOO_LARGE || (kind == PLX_NUMBER_MISSING && isnan(dense->spec->missing)))
            return plx_fail_number(kind, (plx_slice){buffer, plx_format_double(number, buffer)},
                                   r->encoders->inputs[feature->input].column, plx_dense_reader(kind), err);
        plx_dense_put(dense, i, number, plx_request_record(r, row));
    }
    return PLX_OK;
}

static plx_status encode_vector(const plx_request *r, const plx_encoder *feature, const plx_column *cells, size_t row,
                                plx_error *err)
{
    const plx_dense_encoder *dense = feature->own;
    const plx_input *input = &r->encoders->inputs[feature->input];
    char buffer[PLX_VALUE_SIZE];
    double number;
    if (!cells->texts) return encode_numbers(r, feature, cells, row, err);
    plx_vector vector = plx_vector_of(&r->encoders->spec.data, plx_request_text(r, cells, row, buffer), input->column,
                                      input->separator, dense->size);
    for (int i = 0; i < dense->size; i++) {
        PLX_TRY(plx_vector_next(&vector, isnan(dense->spec->missing), &number, err));
        plx_dense_put(dense, i, number, plx_request_record(r, row));
    }
    return plx_vector_end(&vector, err);
}

static plx_status encode_number(const plx_request *r, const plx_encoder *feature, const plx_column *cells, size_t row,
                                plx_error *err)
{
    const plx_dense_encoder *dense = feature->own;
    double number;
    PLX_TRY(plx_request_read_number(r, feature->input, cells, row, isnan(dense->spec->missing), plx_dense_reader,
                                    &number, err));
    plx_dense_put(dense, 0, number, plx_request_record(r, row));
    return PLX_OK;
}

static plx_status encode_column(const plx_encoder *feature, plx_request *r, plx_error *err)
{
    const plx_dense_encoder *dense = feature->own;
    const plx_column *cells = NULL;
    PLX_TRY(plx_request_column(r, feature->input, &cells, err));
    for (size_t row = 0; row < r->n; row++)
        if ((dense->size > 1 ? encode_vector : encode_number)(r, feature, cells, row, err))
            return plx_request_fail_row(row, err);
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *features, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(features, n, r, encode_column, err);
}

/* -- Storing ------------------------------------------------------------------------------------------------------ */

/* The name states the form of the knots. */
static const char *knots_name(plx_arena *arena, const char *feature, bool by_number)
{
    return plx_arena_format(arena, by_number ? "quantile_numbers/%s" : "quantiles/%s", feature);
}

plx_tensor *plx_dense_store(const plx_dense_encoder *dense, plx_arena *arena, plx_tensor *next)
{
    const char *name = dense->spec->name;
    if (dense->knots)
        next = plx_tensor_add_numbers(next, knots_name(arena, name, dense->by_number), dense->size, PLX_KNOTS,
                                      dense->knots);
    else
        next =
            plx_tensor_add_numbers(next, plx_arena_format(arena, "scaling/%s", name), dense->size, 2, dense->scaling);
    if (isinf(dense->spec->missing))
        next = plx_tensor_add_numbers(next, plx_arena_format(arena, "missing/%s", name), dense->size, 1, dense->fill);
    return next;
}

static plx_tensor *store(const plx_encoder *feature, plx_arena *arena, plx_tensor *next)
{
    return plx_dense_store(feature->own, arena, next);
}

plx_status plx_check_rising(const double *numbers, int rows, int columns, bool may_stay, const char *name,
                            plx_error *err)
{
    for (int i = 0; i < rows * columns; i++) {
        if (i % columns == 0 || numbers[i] > numbers[i - 1] || (may_stay && numbers[i] == numbers[i - 1])) continue;
        PLX_FAIL(err, PLX_ERR_FORMAT, "the quantiles or borders of '%s' are not ascending", name);
    }
    return PLX_OK;
}

/* Loads the knots of a feature in the form that the file has. */
static plx_status load_knots(plx_dense_encoder *dense, plx_loader *l, plx_error *err)
{
    const plx_tensor *tensor = NULL;
    const char *name = dense->spec->name, *old = knots_name(&l->arena, name, false);
    if (!old) return plx_error_memory(err);
    if (dense->by_number && l->find(l->user, old)) dense->by_number = false;
    PLX_TRY(plx_loader_numbers(l, knots_name(&l->arena, name, dense->by_number), dense->size, PLX_KNOTS, &tensor, err));
    memcpy(dense->knots, tensor->data, (size_t)dense->size * PLX_KNOTS * sizeof *dense->knots);
    place_knots(dense);
    return plx_check_rising(dense->knots, dense->size, PLX_KNOTS, true, name, err);
}

plx_status plx_dense_load(plx_dense_encoder *dense, plx_loader *l, plx_error *err)
{
    const char *name = dense->spec->name;
    const size_t size = (size_t)dense->size;
    const plx_tensor *tensor = NULL;
    if (isinf(dense->spec->missing)) {
        PLX_TRY(plx_loader_numbers(l, plx_arena_format(&l->arena, "missing/%s", name), dense->size, 1, &tensor, err));
        memcpy(dense->fill, tensor->data, size * sizeof *dense->fill);
    }
    if (!dense->knots) {
        PLX_TRY(plx_loader_numbers(l, plx_arena_format(&l->arena, "scaling/%s", name), dense->size, 2, &tensor, err));
        memcpy(dense->scaling, tensor->data, 2 * size * sizeof *dense->scaling);
        return PLX_OK;
    }
    return load_knots(dense, l, err);
}

static plx_status load(plx_encoders *e, plx_encoder *feature, plx_loader *loader, plx_error *err)
{
    (void)e;
    return plx_dense_load(feature->own, loader, err);
}

const plx_encoder_def plx_feature_dense = {.name = "dense",
                                           .shown = "dense",
                                           .is_always_shown = true,
                                           .columns = columns,
                                           .outputs = outputs,
                                           .check = check,
                                           .link = link_column,
                                           .fit = fit,
                                           .number_reader = number_reader,
                                           .encode_rows = encode_rows,
                                           .encode_cells = encode_cells,
                                           .store = store,
                                           .load = load};
