/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets: ranges of numbers as categories, with borders that are given or fitted to the rows. */
#include "data/feature_buckets.h"

#include "data/encoder_def.h"
#include "data/feature_dense.h"
#include "data/quantiles.h"

/* The most borders, so that an int can count the ids. */
enum { BORDERS_MAX = 0x7ffffff0 };

static int columns(const plx_feature_spec *spec, plx_input_column *out)
{
    return plx_feature_one_column(spec, PLX_READS_NUMBER, out);
}

static int outputs(const plx_feature_spec *spec, plx_feature_output *out)
{
    (void)spec;
    out[0] = (plx_feature_output){.kind = PLX_MAKES_ID};
    return 1;
}

static void check(plx_feature_checker *c, const plx_feature_spec *f)
{
    const int n_ways = (f->borders.n > 0) + (f->quantiles > 0) + (f->exact > 0);
    if (n_ways == 0) plx_feature_problem_of(c, "kind", "buckets need one of 'borders', 'quantiles' and 'exact'");
    if (n_ways > 1)
        plx_feature_problem_of(c, f->exact ? "exact" : "quantiles",
                               "buckets take only one of 'borders', 'quantiles' and 'exact'");
    if (!plx_is_rising(&f->borders)) plx_feature_problem_of(c, "borders", "'borders' must rise");
}

static plx_status link_column(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    const plx_feature_spec *spec = feature->spec;
    plx_bucket_encoder *buckets = plx_arena_take(&e->arena, 1, sizeof *buckets);
    if (!buckets) return plx_error_memory(err);
    *buckets = (plx_bucket_encoder){.spec = spec, .borders = spec->borders.items, .n_borders = spec->borders.n};
    feature->own = buckets;
    plx_encoders_link_size(e, feature->input, 1, NULL);
    e->inputs[feature->input].numbers = true;
    return PLX_OK;
}

static const char *number_reader(const plx_feature_spec *spec, plx_number kind)
{
    (void)spec;
    return kind == PLX_NUMBER_MISSING ? NULL : "is divided into buckets";
}

/* The id of a number; 0 if missing. */
static uint32_t id_of(const plx_bucket_encoder *buckets, double number)
{
    return isnan(number) ? 0 : 1 + plx_bucket_of(buckets->borders, buckets->n_borders, number);
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

static plx_status fit_quantiles(const plx_encoders *e, plx_bucket_encoder *buckets, const double *sorted, size_t n,
                                double *borders, plx_error *err)
{
    const int n_buckets = (int)buckets->spec->quantiles;
    plx_number_run *scratch = plx_alloc(&e->allocator, (size_t)n_buckets, sizeof *scratch);
    if (!scratch) return plx_error_memory(err);
    buckets->n_borders = plx_quantile_borders(sorted, n, n_buckets, borders, scratch);
    plx_free(&e->allocator, scratch);
    return PLX_OK;
}

/* Fits borders to sorted numbers; the arena owns them. */
static plx_status fit_borders(plx_encoders *e, plx_bucket_encoder *buckets, const double *sorted, size_t n,
                              plx_error *err)
{
    const plx_feature_spec *spec = buckets->spec;
    const int capacity =
        spec->exact ? plx_exact_borders(sorted, n, spec->exact, NULL, BORDERS_MAX) : (int)spec->quantiles - 1;
    double *borders = plx_encoders_take(e, (size_t)capacity, sizeof *borders);
    if (!borders) return plx_error_memory(err);
    buckets->borders = borders;
    if (!spec->exact) return fit_quantiles(e, buckets, sorted, n, borders, err);
    buckets->n_borders = plx_exact_borders(sorted, n, spec->exact, borders, capacity);
    return PLX_OK;
}

/* The most frequent id, the smaller one of a tie. `numbers` holds those that are not missing. */
static plx_status fit_common(plx_bucket_encoder *buckets, const double *numbers, size_t n_given, size_t n,
                             const plx_allocator *allocator, plx_error *err)
{
    const size_t n_ids = (size_t)buckets->n_borders + 2;
    uint32_t *counts = plx_alloc_zero(allocator, n_ids, sizeof *counts);
    if (!counts) return plx_error_memory(err);
    counts[0] = (uint32_t)(n - n_given);
    for (size_t i = 0; i < n_given; i++)
        counts[id_of(buckets, numbers[i])]++;
    for (size_t id = 0; id < n_ids; id++)
        if (counts[id] > counts[buckets->common]) buckets->common = (int64_t)id;
    plx_free(allocator, counts);
    return PLX_OK;
}

static plx_status fit_given(plx_encoders *e, plx_bucket_encoder *buckets, const double *numbers, const uint32_t *order,
                            size_t n, plx_error *err)
{
    size_t n_given = 0;
    plx_status status = PLX_OK;
    double *given = plx_alloc(&e->allocator, n, sizeof *given);
    if (!given) return plx_error_memory(err);
    for (size_t i = 0; i < n; i++) {
        given[n_given] = numbers[order[i]];
        if (!isnan(given[n_given])) n_given++;
    }
    if (!buckets->spec->borders.n) {
        plx_numbers_sort(given, n_given);
        status = fit_borders(e, buckets, given, n_given, err);
    }
    if (!status) status = fit_common(buckets, given, n_given, n, &e->allocator, err);
    plx_free(&e->allocator, given);
    return status;
}

static plx_status fit(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err)
{
    PLX_TRY(fit_given(e, feature->own, columns->items[feature->input].numbers, order, n, err));
    plx_column_drop_pages(columns, feature->input);
    return PLX_OK;
}

static void seal_id(const plx_encoder *feature, int output, plx_id_field *field)
{
    const plx_bucket_encoder *buckets = feature->own;
    (void)output;
    field->vocabulary = (uint32_t)buckets->n_borders + 2;
    field->common = (uint32_t)buckets->common;
}

/* -- Encoding ----------------------------------------------------------------------------------------------------- */

static plx_status encode_rows(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const plx_id_field field = *plx_encoder_id(rows->encoders, feature, 0);
    const double *numbers = rows->columns->items[feature->input].numbers;
    const plx_bucket_encoder *buckets = feature->own;
    const uint32_t *order = rows->order;
    const size_t n = rows->n, stride = plx_encoded_stride(rows);
    uint8_t *records = rows->records;
    (void)prepared;
    (void)err;
    for (size_t i = 0; i < n; i++)
        plx_put_id(records + i * stride, &field, id_of(buckets, numbers[order[i]]));
    return PLX_OK;
}

static const char *reader(plx_number kind)
{
    (void)kind;
    return "is divided into buckets";
}

static plx_status encode_column(const plx_encoder *feature, plx_request *r, plx_error *err)
{
    const plx_id_field *field = plx_encoder_id(r->encoders, feature, 0);
    const plx_column *cells = NULL;
    double number = NAN;
    PLX_TRY(plx_request_column(r, feature->input, &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        if (plx_request_read_number(r, feature->input, cells, row, false, reader, &number, err))
            return plx_request_fail_row(row, err);
        plx_put_id(plx_request_record(r, row), field, id_of(feature->own, number));
    }
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *features, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(features, n, r, encode_column, err);
}

/* -- Storing ------------------------------------------------------------------------------------------------------ */

static plx_tensor *store(const plx_encoder *feature, plx_arena *arena, plx_tensor *next)
{
    const plx_bucket_encoder *buckets = feature->own;
    const char *name = feature->spec->name;
    next = plx_tensor_add_numbers(next, plx_arena_format(arena, "buckets/%s/borders", name), 1, buckets->n_borders,
                                  buckets->borders);
    return plx_tensor_add(next, plx_arena_format(arena, "buckets/%s/common", name), PLX_DTYPE_I64, 1, &buckets->common);
}

static plx_status load(plx_encoders *e, plx_encoder *feature, plx_loader *l, plx_error *err)
{
    plx_bucket_encoder *buckets = feature->own;
    const char *name = feature->spec->name;
    const plx_tensor *borders = NULL, *common = NULL;
    const int64_t given = buckets->spec->borders.n ? buckets->n_borders : -1;
    PLX_TRY(plx_loader_numbers(l, plx_arena_format(&l->arena, "buckets/%s/borders", name), 1, given, &borders, err));
    PLX_TRY(plx_loader_find(l, plx_arena_format(&l->arena, "buckets/%s/common", name), PLX_DTYPE_I64, 1, &common, err));
    if (borders->dims[0] > BORDERS_MAX) PLX_FAIL(err, PLX_ERR_FORMAT, "'%s' has too many borders", name);
    const int n = (int)borders->dims[0];
    PLX_TRY(plx_check_rising(borders->data, 1, n, false, name, err));
    if (given >= 0 && memcmp(borders->data, buckets->borders, (size_t)n * sizeof(double)) != 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the borders of '%s' are not those of the configuration", name);
    buckets->borders = plx_arena_copy(&e->arena, borders->data, (size_t)n * sizeof(double));
    buckets->n_borders = n;
    if (!buckets->borders) return plx_error_memory(err);
    buckets->common = *(const int64_t *)common->data;
    if (buckets->common < 0 || buckets->common > (int64_t)n + 1)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the most frequent bucket of '%s' is not one of its buckets", name);
    return PLX_OK;
}

const plx_encoder_def plx_feature_buckets = {.name = "buckets",
                                             .shown = "in buckets",
                                             .columns = columns,
                                             .outputs = outputs,
                                             .check = check,
                                             .link = link_column,
                                             .fit = fit,
                                             .seal_id = seal_id,
                                             .number_reader = number_reader,
                                             .encode_rows = encode_rows,
                                             .encode_cells = encode_cells,
                                             .store = store,
                                             .load = load};
