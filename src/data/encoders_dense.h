/* SPDX-License-Identifier: Apache-2.0 */
/* Features that read numbers: dense ones and buckets. */
#ifndef PLX_ENCODERS_DENSE_H
#define PLX_ENCODERS_DENSE_H

#include <math.h>

#include "data/encoders.h"
#include "data/quantiles.h"

/** Steps between the knots of scaling by quantiles; borders at most, so that ids are counted by an int. */
enum { PLX_QUANTILE_STEPS = 1000, PLX_KNOTS = PLX_QUANTILE_STEPS + 1, PLX_BORDERS_MAX = 0x7ffffff0 };

/** Fills `line` from `knots`. */
void plx_dense_place_knots(const plx_dense_encoder *dense);

/** Adds the encoder of feature `spec`, which is checked, to `encoders`. */
plx_status plx_dense_add(plx_encoders *encoders, const plx_feature_spec *spec, int input, plx_error *err);
void plx_buckets_add(plx_encoders *encoders, const plx_feature_spec *spec, int input);

/** Takes all that is fitted from rows order[0..n-1] of `numbers` [rows][size], NaN where they are missing. */
plx_status plx_dense_fit(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                         const plx_allocator *allocator, plx_error *err);
plx_status plx_buckets_fit(plx_encoders *encoders, plx_bucket_encoder *buckets, const double *numbers,
                           const uint32_t *order, size_t n, plx_error *err);

/** What one such feature was fitted to, as tensors at `next`, at most PLX_NUMBER_TENSORS; returns what follows them. */
enum { PLX_NUMBER_TENSORS = 2 };
plx_tensor *plx_dense_tensors(const plx_dense_encoder *dense, plx_arena *arena, plx_tensor *next);
plx_tensor *plx_buckets_tensors(const plx_bucket_encoder *buckets, plx_arena *arena, plx_tensor *next);

/** How such tensors are found, and an arena for their names. */
typedef struct plx_number_loader {
    plx_encoders *encoders;
    plx_arena *arena;
    plx_tensor_find *find;
    const void *user;
} plx_number_loader;

/** PLX_ERR_FORMAT where a tensor lacks or does not fit. */
plx_status plx_dense_load(plx_dense_encoder *dense, const plx_number_loader *loader, plx_error *err);
plx_status plx_buckets_load(plx_bucket_encoder *buckets, const plx_number_loader *loader, plx_error *err);

/** Number `at` of a cell into the record; NaN where it is missing and may be. */
void plx_dense_put(const plx_dense_encoder *dense, int at, double number, uint8_t *record);
/** Rows order[0..n-1] of `numbers` [rows][size] into records `stride` bytes apart. */
void plx_dense_put_rows(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                        uint8_t *records, size_t stride);

/** The id of a number; 0 where it is missing. */
static inline uint32_t plx_buckets_id(const plx_bucket_encoder *buckets, double number)
{
    return isnan(number) ? 0 : 1 + plx_bucket_of(buckets->borders, buckets->n_borders, number);
}

#endif
