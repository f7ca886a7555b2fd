/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sorted numbers say about where others lie: quantiles, and borders that cut them into buckets. Bucket b takes
 * numbers from border b - 1 on and below border b; a fitted border lies in the middle between two numbers of the fit,
 * so that each bucket has some of them.
 */
#ifndef PLX_QUANTILES_H
#define PLX_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

/** Sorts; no NaN among them. */
void plx_numbers_sort(double *numbers, size_t n);

/** The place among n sorted numbers that has the share `share` of them below it: that of a number, and the part of the
 * way from there to the next, 0 where there is none. n > 0 */
size_t plx_quantile_place(size_t n, double share, double *part);

/**
 * The share of numbers that lie below `number`, from 0 to 1, by rising knots [n] at equal shares: 0 up to the first and
 * 1 from the last on, else in the middle of its knots where several hold it. Between two knots it runs along a straight
 * line in another scale, on which `line` [n] are the knots' places and `place` is the number's; it may be their own.
 */
double plx_quantile_share(const double *knots, const double *line, int n, double number, double place);

/** Sorted numbers from `first` to `end` - 1. */
typedef struct plx_number_run {
    size_t first, end;
} plx_number_run;

/**
 * Borders of at most `n_buckets` buckets of equally many of the sorted numbers to `borders` [n_buckets - 1]. A number
 * that fills a bucket, as one that occurs n / n_buckets times or more, has one for itself; where there are too few
 * buckets for all of these and what lies between them, those that occur most often have. `room` [n_buckets] is scratch.
 * Returns how many borders there are.
 */
int plx_quantile_borders(const double *sorted, size_t n, int n_buckets, double *borders, plx_number_run *room);

/**
 * Borders that give each number that is there at least `min_count` times a bucket of its own, and the others between
 * two such one. `borders` [room], NULL to count them. Returns how many there are, `room` at most.
 */
int plx_exact_borders(const double *sorted, size_t n, int64_t min_count, double *borders, int room);

/** The bucket of a number: how many borders lie at or below it. */
static inline uint32_t plx_bucket_of(const double *borders, int n, double number)
{
    const double *at = borders;
    for (int rest = n; rest > 0;) { /* all before `at` lie at or below it, all from at + rest on above */
        const int half = rest / 2;
        const int is_right = at[half] <= number;
        at += is_right ? half + 1 : 0;
        rest = is_right ? rest - half - 1 : half;
    }
    return (uint32_t)(at - borders);
}

#endif
