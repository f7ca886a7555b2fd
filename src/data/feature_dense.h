/* SPDX-License-Identifier: Apache-2.0 */
/* Preprocessing of numbers that the network reads as numbers: of dense features and of other kinds' outputs. */
#ifndef PLX_FEATURE_DENSE_H
#define PLX_FEATURE_DENSE_H

#include "data/encoder_def.h"

/** Steps between the knots of scaling by quantiles. */
enum { PLX_QUANTILE_STEPS = 1000, PLX_KNOTS = PLX_QUANTILE_STEPS + 1 };

/** Each number of a cell is filled if missing, clipped, transformed and scaled. */
typedef struct plx_dense_encoder {
    const plx_feature_spec *spec;
    int size;     /* numbers per cell */
    int first;    /* first index among the record's numbers; indicators of missing numbers follow the cell's numbers */
    double *fill; /* [size]: replacements of missing numbers; NaN: a missing number is an error */
    double *scaling; /* [size][2]: encoded = (number - first) * second */
    double *knots;   /* [size][PLX_KNOTS], instead of this for scaling by quantiles; else NULL */
    double *line;    /* [size][PLX_KNOTS]: the transformed knots */
    /* Knots are numbers before the transform: platforms round logarithms differently, so equal numbers must be found
       before it. False in older files. */
    bool by_number;
} plx_dense_encoder;

/** The numbers in a record for `size` numbers of a cell. */
static inline int plx_dense_numbers(const plx_feature_spec *spec, int size)
{
    return spec->missing_indicator ? 2 * size : size;
}

/** Checks the options of the steps. */
void plx_dense_check(const plx_feature_checker *checker, const plx_feature_spec *spec);
/** `first`: the index of its first number. */
plx_status plx_dense_init(plx_dense_encoder *dense, const plx_feature_spec *spec, int size, int first, plx_arena *arena,
                          plx_error *err);

/** Fits on rows order[0..n-1] of `numbers` [rows][size], NaN if missing. */
plx_status plx_dense_fit(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                         const plx_allocator *allocator, plx_error *err);

/** Encodes number `at` of a cell into the record; NaN: missing, if that is allowed. */
void plx_dense_put(const plx_dense_encoder *dense, int at, double number, uint8_t *record);

/** Writes the fitted state as at most two tensors at `next`; reads it. PLX_ERR_FORMAT. */
plx_tensor *plx_dense_store(const plx_dense_encoder *dense, plx_arena *arena, plx_tensor *next);
plx_status plx_dense_load(plx_dense_encoder *dense, plx_loader *loader, plx_error *err);
/** Checks that rows of numbers ascend, strictly or not. PLX_ERR_FORMAT. */
plx_status plx_check_rising(const double *numbers, int rows, int columns, bool may_stay, const char *name,
                            plx_error *err);

#endif
