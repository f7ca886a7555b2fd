/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates: hour, weekday and month are ids, the number of days up to a reference is a number. The raw column holds whole
 * seconds since 1970-01-01, in UTC if the cell has a zone. The age never counts from today: scores would change from
 * day to day.
 */
#include "data/feature_datetime.h"

#include "data/encoder_def.h"

enum { SECONDS_A_DAY = 86400, SECONDS_AN_HOUR = 3600, DAYS_A_WEEK = 7, FIRST_WEEKDAY = 3 /* 1970-01-01: Thursday */ };

/* -- Options ------------------------------------------------------------------------------------------------------ */

static const char *const names[] = {
    [PLX_DATE_HOUR] = "hour", [PLX_DATE_WEEKDAY] = "weekday", [PLX_DATE_MONTH] = "month", [PLX_DATE_AGE] = "age"};

/* The number of values of each part. */
static const uint32_t values[] = {[PLX_DATE_HOUR] = 24, [PLX_DATE_WEEKDAY] = 7, [PLX_DATE_MONTH] = 12};

static int columns(const plx_feature_spec *spec, plx_input_column *out)
{
    return plx_feature_one_column(spec, PLX_READS_CATEGORY, out);
}

static int outputs(const plx_feature_spec *spec, plx_feature_output *out)
{
    int n = 0;
    for (; n < spec->parts.n && n < PLX_DATE_PARTS; n++) {
        const int part = spec->parts.items[n];
        out[n] = (plx_feature_output){.kind = PLX_MAKES_ID, .name = names[part]};
        if (part != PLX_DATE_AGE) continue;
        out[n].kind = PLX_MAKES_NUMBERS;
        out[n].n = plx_dense_numbers(spec, 1);
    }
    return n;
}

/* Whether the feature reads numbers from the column. */
static bool reads_numbers(const plx_feature_spec *spec, const char *column)
{
    plx_input_column read[PLX_FEATURE_COLUMNS];
    const int n = plx_feature_defs[spec->kind]->columns(spec, read);
    for (int i = 0; i < n; i++)
        if (read[i].reading == PLX_READS_NUMBER && strcmp(read[i].column, column) == 0) return true;
    return false;
}

static void check(plx_feature_checker *c, const plx_feature_spec *f)
{
    int64_t seconds;
    bool is_there[PLX_DATE_PARTS] = {false};
    if (f->parts.n == 0) plx_feature_problem_of(c, "parts", "'parts' must list at least one");
    for (int i = 0; i < f->parts.n; i++) {
        bool *is_this_there = &is_there[f->parts.items[i]];
        if (*is_this_there) plx_feature_problem_of(c, "parts", "'parts' lists %s twice", names[f->parts.items[i]]);
        *is_this_there = true;
    }
    if (plx_is_given(f->reference) && !plx_value_is_date(plx_slice_of(f->reference), &seconds))
        plx_feature_problem_of(c, "reference",
                               "'reference' is a date such as 2024-01-31 or 2024-01-31 12:00:00, not '%.60s'",
                               f->reference);
    plx_dense_check(c, f);
    if (!plx_feature_reads_number(c, plx_column_of(f->column, f->name))) return;
    for (int i = 0; i < c->table->n_features; i++) {
        const plx_feature_spec *other = &c->table->features[i];
        if (reads_numbers(other, plx_column_of(f->column, f->name)))
            plx_feature_problem_of(c, "kind", "'%.100s' reads numbers from the same column, which contains dates here",
                                   other->name);
    }
}

static plx_status link_column(plx_encoders *e, plx_encoder *feature, plx_error *err)
{
    const plx_feature_spec *spec = feature->spec;
    plx_input *input = &e->inputs[feature->input];
    plx_datetime_encoder *own = plx_arena_take(&e->arena, 1, sizeof *own);
    if (!own) return plx_error_memory(err);
    feature->own = own;
    plx_encoders_link_size(e, feature->input, 1, NULL);
    input->dates = true;
    if (plx_is_given(spec->reference)) plx_value_is_date(plx_slice_of(spec->reference), &own->reference);
    for (int i = 0; i < feature->n_outputs; i++) {
        if (feature->outputs[i].kind != PLX_MAKES_NUMBERS) continue;
        own->has_age = true;
        input->never_missing |= isnan(spec->missing) != 0;
        PLX_TRY(plx_dense_init(&own->age, spec, 1, feature->outputs[i].place, &e->arena, err));
    }
    return PLX_OK;
}

/* -- Parts of a date ---------------------------------------------------------------------------------------------- */

/* The id of a part that has ids; 0 if the date is missing. */
static uint32_t id_of(int part, double seconds)
{
    int64_t in_day, weekday;
    if (isnan(seconds)) return 0;
    const int64_t days = plx_floor_divide((int64_t)seconds, SECONDS_A_DAY, &in_day);
    if (part == PLX_DATE_HOUR) return 1 + (uint32_t)(in_day / SECONDS_AN_HOUR);
    if (part == PLX_DATE_MONTH) return (uint32_t)plx_day_of(days).month;
    plx_floor_divide(days + FIRST_WEEKDAY, DAYS_A_WEEK, &weekday);
    return 1 + (uint32_t)weekday;
}

/* In days; NaN if the date is missing. */
static double age_of(const plx_datetime_encoder *own, double seconds)
{
    return ((double)own->reference - seconds) / SECONDS_A_DAY;
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

static int64_t commonest(int part, const double *seconds, const uint32_t *order, size_t n)
{
    size_t counts[32] = {0};
    int64_t best = 0;
    for (size_t i = 0; i < n; i++)
        counts[id_of(part, seconds[order[i]])]++;
    for (uint32_t id = 0; id <= values[part]; id++)
        if (counts[id] > counts[best]) best = id;
    return best;
}

static plx_status fit_reference(const plx_encoder *feature, const double *seconds, const uint32_t *order, size_t n,
                                const char *column, plx_error *err)
{
    plx_datetime_encoder *own = feature->own;
    double latest = -INFINITY;
    if (n == 0 || plx_is_given(feature->spec->reference)) return PLX_OK;
    for (size_t i = 0; i < n; i++)
        if (seconds[order[i]] > latest) latest = seconds[order[i]];
    if (isinf(latest))
        PLX_FAIL(err, PLX_ERR_SCHEMA,
                 "no row of the fit has a date in column '%s'from which to count the age of '%s': set the feature's "
                 "`reference` to a date",
                 column, feature->spec->name);
    own->reference = (int64_t)latest;
    return PLX_OK;
}

static plx_status fit_age(plx_encoders *e, const plx_encoder *feature, const plx_columns *columns,
                          const uint32_t *order, size_t n, plx_error *err)
{
    const plx_datetime_encoder *own = feature->own;
    const double *seconds = columns->items[feature->input].numbers;
    PLX_TRY(fit_reference(feature, seconds, order, n, e->inputs[feature->input].column, err));
    double *ages = plx_alloc(&e->allocator, columns->n, sizeof *ages);
    if (!ages) return plx_error_memory(err);
    for (size_t i = 0; i < n; i++)
        ages[order[i]] = age_of(own, seconds[order[i]]);
    const plx_status status = plx_dense_fit(&own->age, ages, order, n, &e->allocator, err);
    plx_free(&e->allocator, ages);
    return status;
}

static plx_status fit(plx_encoders *e, plx_encoder *feature, const plx_columns *columns, const uint32_t *order,
                      size_t n, plx_error *err)
{
    plx_datetime_encoder *own = feature->own;
    for (int i = 0; i < feature->n_outputs; i++)
        if (feature->outputs[i].kind == PLX_MAKES_ID)
            own->common[i] = commonest(feature->spec->parts.items[i], columns->items[feature->input].numbers, order, n);
    if (own->has_age) PLX_TRY(fit_age(e, feature, columns, order, n, err));
    plx_column_drop_pages(columns, feature->input);
    return PLX_OK;
}

static void seal_id(const plx_encoder *feature, int output, plx_id_field *field)
{
    const plx_datetime_encoder *own = feature->own;
    field->vocabulary = 1 + values[feature->spec->parts.items[output]];
    field->common = (uint32_t)own->common[output];
}

/* -- Encoding ----------------------------------------------------------------------------------------------------- */

static void put(const plx_encoders *e, const plx_encoder *feature, double seconds, uint8_t *record)
{
    const plx_datetime_encoder *own = feature->own;
    for (int i = 0; i < feature->n_outputs; i++) {
        if (feature->outputs[i].kind == PLX_MAKES_ID)
            plx_put_id(record, plx_encoder_id(e, feature, i), id_of(feature->spec->parts.items[i], seconds));
        else
            plx_dense_put(&own->age, 0, age_of(own, seconds), record);
    }
}

static plx_status encode_rows(const plx_encoder *feature, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const double *seconds = rows->columns->items[feature->input].numbers;
    (void)prepared;
    (void)err;
    for (size_t i = 0; i < rows->n; i++)
        put(rows->encoders, feature, seconds[rows->order[i]], plx_encoded_record(rows, i));
    return PLX_OK;
}

static plx_status encode_column(const plx_encoder *feature, plx_request *r, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_input *input = &e->inputs[feature->input];
    const plx_column *cells = NULL;
    char buffer[PLX_VALUE_SIZE];
    double seconds;
    PLX_TRY(plx_request_column(r, feature->input, &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        const plx_slice text = plx_request_text(r, cells, row, buffer);
        const plx_number kind = plx_cell_date(&e->spec.data.missing, text, &seconds);
        if (kind != PLX_NUMBER_GIVEN && (kind != PLX_NUMBER_MISSING || input->never_missing)) {
            plx_fail_date(kind, text, input->column, err);
            return plx_request_fail_row(row, err);
        }
        put(e, feature, seconds, plx_request_record(r, row));
    }
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *features, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(features, n, r, encode_column, err);
}

/* -- Storing ------------------------------------------------------------------------------------------------------ */

static const char *tensor_name(const plx_encoder *feature, const char *what, plx_arena *arena)
{
    return plx_arena_format(arena, "datetime/%s/%s", feature->spec->name, what);
}

static plx_tensor *store(const plx_encoder *feature, plx_arena *arena, plx_tensor *next)
{
    const plx_datetime_encoder *own = feature->own;
    next = plx_tensor_add(next, tensor_name(feature, "common", arena), PLX_DTYPE_I64, feature->n_outputs, own->common);
    if (!own->has_age) return next;
    next = plx_tensor_add(next, tensor_name(feature, "reference", arena), PLX_DTYPE_I64, 1, &own->reference);
    return plx_dense_store(&own->age, arena, next);
}

static plx_status load_common(const plx_encoder *feature, plx_loader *loader, plx_error *err)
{
    plx_datetime_encoder *own = feature->own;
    const plx_tensor *common = NULL;
    PLX_TRY(plx_loader_find(loader, tensor_name(feature, "common", &loader->arena), PLX_DTYPE_I64, feature->n_outputs,
                            &common, err));
    for (int i = 0; i < feature->n_outputs; i++) {
        const bool is_id = feature->outputs[i].kind == PLX_MAKES_ID;
        own->common[i] = ((const int64_t *)common->data)[i];
        if (own->common[i] < 0 || own->common[i] > (is_id ? (int64_t)values[feature->spec->parts.items[i]] : 0))
            PLX_FAIL(err, PLX_ERR_FORMAT, "the most frequent part of the dates of '%s' is not one of its parts",
                     feature->spec->name);
    }
    return PLX_OK;
}

static plx_status load(plx_encoders *e, plx_encoder *feature, plx_loader *loader, plx_error *err)
{
    plx_datetime_encoder *own = feature->own;
    const int64_t given = own->reference, most = (int64_t)400 * 366 * SECONDS_A_DAY * 100;
    const plx_tensor *reference = NULL;
    (void)e;
    PLX_TRY(load_common(feature, loader, err));
    if (!own->has_age) return PLX_OK;
    PLX_TRY(
        plx_loader_find(loader, tensor_name(feature, "reference", &loader->arena), PLX_DTYPE_I64, 1, &reference, err));
    own->reference = *(const int64_t *)reference->data;
    if (own->reference < -most || own->reference > most)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the reference of '%s' is not a date", feature->spec->name);
    if (plx_is_given(feature->spec->reference) && own->reference != given)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the reference of '%s' is not that of the configuration", feature->spec->name);
    return plx_dense_load(&own->age, loader, err);
}

const plx_encoder_def plx_feature_datetime = {.name = "datetime",
                                              .shown = "dates",
                                              .is_named = true,
                                              .columns = columns,
                                              .outputs = outputs,
                                              .check = check,
                                              .link = link_column,
                                              .fit = fit,
                                              .seal_id = seal_id,
                                              .encode_rows = encode_rows,
                                              .encode_cells = encode_cells,
                                              .store = store,
                                              .load = load};
