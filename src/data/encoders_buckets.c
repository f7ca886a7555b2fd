/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets: ranges of numbers as categories, by given borders or by borders taken from the rows. */
#include "data/encoders_dense.h"

void plx_buckets_add(plx_encoders *e, const plx_feature_spec *spec, int input)
{
    e->buckets[e->n_buckets++] = (plx_bucket_encoder){
        .spec = spec, .input = input, .borders = spec->borders.items, .n_borders = spec->borders.n};
}

static plx_status fit_quantiles(const plx_encoders *e, plx_bucket_encoder *buckets, const double *sorted, size_t n,
                                double *borders, plx_error *err)
{
    const int n_buckets = (int)buckets->spec->quantiles;
    plx_number_run *room = plx_alloc(&e->allocator, (size_t)n_buckets, sizeof *room);
    if (!room) return plx_error_memory(err);
    buckets->n_borders = plx_quantile_borders(sorted, n, n_buckets, borders, room);
    plx_free(&e->allocator, room);
    return PLX_OK;
}

/* Takes borders from sorted numbers; they go to the arena. */
static plx_status fit_borders(plx_encoders *e, plx_bucket_encoder *buckets, const double *sorted, size_t n,
                              plx_error *err)
{
    const plx_feature_spec *spec = buckets->spec;
    const int room =
        spec->exact ? plx_exact_borders(sorted, n, spec->exact, NULL, PLX_BORDERS_MAX) : (int)spec->quantiles - 1;
    double *borders = plx_arena_take(&e->arena, (size_t)room, sizeof *borders);
    if (!borders) return plx_error_memory(err);
    buckets->borders = borders;
    if (!spec->exact) return fit_quantiles(e, buckets, sorted, n, borders, err);
    buckets->n_borders = plx_exact_borders(sorted, n, spec->exact, borders, room);
    return PLX_OK;
}

/* The id of most rows, the smaller of equals. `numbers` are those that are given. */
static plx_status fit_common(plx_bucket_encoder *buckets, const double *numbers, size_t n_given, size_t n,
                             const plx_allocator *allocator, plx_error *err)
{
    const size_t n_ids = (size_t)buckets->n_borders + 2;
    uint32_t *counts = plx_alloc_zero(allocator, n_ids, sizeof *counts);
    if (!counts) return plx_error_memory(err);
    counts[0] = (uint32_t)(n - n_given);
    for (size_t i = 0; i < n_given; i++)
        counts[plx_buckets_id(buckets, numbers[i])]++;
    for (size_t id = 0; id < n_ids; id++)
        if (counts[id] > counts[buckets->common]) buckets->common = (int64_t)id;
    plx_free(allocator, counts);
    return PLX_OK;
}

plx_status plx_buckets_fit(plx_encoders *e, plx_bucket_encoder *buckets, const double *numbers, const uint32_t *order,
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
