/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantiles of sorted numbers, and borders that split them into buckets. Bucket b contains numbers from border b - 1 on
 * and below border b. A fitted border is the midpoint of two numbers of the fit, so that each bucket contains some of
 * them.
 */
#ifndef PLX_QUANTILES_H
#define PLX_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

/** Sorts numbers without NaN. */
void plx_numbers_sort(double *numbers, size_t n);

/** The position of quantile `share` among n sorted numbers: an index, and the fraction of the way to the next number, 0
 * at the last. n > 0 */
size_t plx_quantile_place(size_t n, double share, double *part);

/**
 * The share of numbers below `number`, from 0 to 1, by ascending knots [n] at equal shares: 0 up to the first knot, 1
 * from the last on, and the middle of its knots if several equal it. Between two knots it is linear on another scale,
 * with positions `line` [n] of the knots and `place` of the number; it may be the same scale.
 */
double plx_quantile_share(const double *knots, const double *line, int n, double number, double place);

/** Sorted numbers from `first` to `end` - 1. */
typedef struct plx_number_run {
    size_t first, end;
} plx_number_run;

/**
 * Computes borders of at most `n_buckets` buckets with equally many of the sorted numbers: `borders` [n_buckets - 1]. A
 * number that fills a bucket, with n / n_buckets occurrences or more, gets a bucket of its own; if there are too few
 * buckets for all of these and the ranges between them, the most frequent ones get one. `scratch` [n_buckets] is for
 * the function's use. Returns the number of borders.
 */
int plx_quantile_borders(const double *sorted, size_t n, int n_buckets, double *borders, plx_number_run *scratch);

/**
 * Computes borders that give each number with at least `min_count` occurrences a bucket of its own, and one to the
 * numbers between two of these. `borders` [capacity], NULL to count them. Returns their number, at most `capacity`.
 */
int plx_exact_borders(const double *sorted, size_t n, int64_t min_count, double *borders, int capacity);

/** The bucket of a number: the number of borders at or below it. */
static inline uint32_t plx_bucket_of(const double *borders, int n, double number)
{
    const double *at = borders;
    for (int rest = n; rest > 0;) { /* all before `at` are at or below it, all from at + rest on are above */
        const int half = rest / 2;
        const int is_right = at[half] <= number;
        at += is_right ? half + 1 : 0;
        rest = is_right ? rest - half - 1 : half;
    }
    return (uint32_t)(at - borders);
}

#endif
