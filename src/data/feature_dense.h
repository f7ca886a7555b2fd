/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of numbers that the network reads as such: of a dense feature's, and of what other kinds make. */
#ifndef PLX_FEATURE_DENSE_H
#define PLX_FEATURE_DENSE_H

#include "data/encoder_def.h"

/** Steps between the knots of scaling by quantiles. */
enum { PLX_QUANTILE_STEPS = 1000, PLX_KNOTS = PLX_QUANTILE_STEPS + 1 };

/** Each of a cell's numbers is filled, clipped, transformed and scaled. */
typedef struct plx_dense_encoder {
    const plx_feature_spec *spec;
    int size;        /* numbers in a cell */
    int first;       /* its first of the record's numbers; indicators of missing numbers come after the cell's */
    double *fill;    /* [size]: what missing numbers become; NaN: none may be missing */
    double *scaling; /* [size][2]: encoded = (number - first) * second */
    double *knots;   /* [size][PLX_KNOTS], instead, where scaling is by quantiles; else NULL */
    double *line;    /* [size][PLX_KNOTS]: what the transform makes of the knots */
    /* Knots are numbers as they are before the transform, whose logarithms are rounded in other ways elsewhere: equal
       numbers are found by themselves. Not in files of before. */
    bool by_number;
} plx_dense_encoder;

/** How many numbers of a record `size` numbers of a cell become. */
static inline int plx_dense_numbers(const plx_feature_spec *spec, int size)
{
    return spec->missing_indicator ? 2 * size : size;
}

/** Checks the options of the steps. */
void plx_dense_check(const plx_feature_checker *checker, const plx_feature_spec *spec);
/** `first`: the place of its first number. */
plx_status plx_dense_init(plx_dense_encoder *dense, const plx_feature_spec *spec, int size, int first, plx_arena *arena,
                          plx_error *err);

/** Takes all that is fitted from rows order[0..n-1] of `numbers` [rows][size], NaN where they are missing. */
plx_status plx_dense_fit(const plx_dense_encoder *dense, const double *numbers, const uint32_t *order, size_t n,
                         const plx_allocator *allocator, plx_error *err);

/** Number `at` of a cell into the record; NaN where it is missing and may be. */
void plx_dense_put(const plx_dense_encoder *dense, int at, double number, uint8_t *record);

/** What it was fitted to, as two tensors at most at `next`, and back. PLX_ERR_FORMAT. */
plx_tensor *plx_dense_store(const plx_dense_encoder *dense, plx_arena *arena, plx_tensor *next);
plx_status plx_dense_load(plx_dense_encoder *dense, plx_loader *loader, plx_error *err);
/** Whether rows of numbers rise, or at least do not fall. PLX_ERR_FORMAT. */
plx_status plx_check_rising(const double *numbers, int rows, int columns, bool may_stay, const char *name,
                            plx_error *err);

#endif
