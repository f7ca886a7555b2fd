/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles and borders. Equal numbers are one run, so that no border can separate them. */
#include "data/quantiles.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void plx_numbers_sort(double *numbers, size_t n)
{
    if (n > 1) qsort(numbers, n, sizeof *numbers, compare_numbers);
}

size_t plx_quantile_place(size_t n, double share, double *part)
{
    const double place = share * (double)(n - 1), whole = floor(place);
    const size_t before = (size_t)whole;
    *part = before + 1 < n ? place - whole : 0;
    return before + 1 < n ? before : n - 1;
}

double plx_quantile_share(const double *knots, const double *line, int n, double number, double place)
{
    if (number <= knots[0]) return 0;
    if (number >= knots[n - 1]) return 1;
    const int after = (int)plx_bucket_of(knots, n, number); /* the first knot above the number */
    int first = after;
    while (first > 0 && knots[first - 1] == number)
        first--;
    if (first < after) return 0.5 * (double)(first + after - 1) / (n - 1);
    const double length = line[after] - line[after - 1]; /* 0 if the scale cannot separate them */
    const double part = length > 0 ? (place - line[after - 1]) / length : 0;
    return (after - 1 + part) / (n - 1);
}

/* The end of the run of equal numbers that starts at `first`. */
static size_t end_of_run(const double *sorted, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && sorted[end] == sorted[first])
        end++;
    return end;
}

/* Above `low`, and at most `high`, which is the next number. */
static double middle(double low, double high)
{
    const double between = low + 0.5 * (high - low);
    return between > low ? between : high;
}

/* -- Buckets of equal counts ----------------------------------------------------------------------------------- */

/* Frequent numbers: a number that occurs `least` times or more has its own bucket. */
typedef struct full_numbers {
    const plx_number_run *runs; /* [n_runs] */
    int n_runs, n_buckets;
    size_t n, least; /* sorted numbers */
} full_numbers;

/* Numbers between which at least one border is needed: a frequent number, or all numbers between two frequent ones. */
typedef struct block {
    size_t first, end;
    bool is_full;
} block;

/* At most n_buckets of them. */
static int find_full(const double *sorted, size_t n, int n_buckets, plx_number_run *runs)
{
    int n_runs = 0;
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(sorted, n, first);
        if ((double)(end - first) * n_buckets >= (double)n) runs[n_runs++] = (plx_number_run){first, end};
    }
    return n_runs;
}

/* The block that starts at `from`; `*run` starts at 0. False at the end. */
static bool next_block(const full_numbers *full, int *run, size_t from, block *next)
{
    while (*run < full->n_runs && full->runs[*run].end - full->runs[*run].first < full->least)
        ++*run;
    const bool is_last = *run == full->n_runs;
    const size_t begin = is_last ? full->n : full->runs[*run].first;
    const bool is_full = !is_last && begin == from;
    *next = (block){from, is_full ? full->runs[*run].end : begin, is_full};
    *run += is_full ? 1 : 0;
    return from < full->n;
}

/* The buckets of a block if all numbers had `share` of them. */
static int buckets_of(const full_numbers *full, const block *one, double share)
{
    const double wanted = floor((double)(one->end - one->first) * share / (double)full->n + 0.5);
    return one->is_full || wanted < 1 ? 1 : (int)wanted;
}

static bool are_enough(const full_numbers *full, double share)
{
    int64_t needed = 0;
    int run = 0;
    block one;
    for (size_t from = 0; next_block(full, &run, from, &one); from = one.end)
        needed += buckets_of(full, &one, share);
    return needed <= full->n_buckets;
}

/* Finds the smallest count that leaves enough buckets for all blocks: a larger count never makes more blocks. */
static void choose_least(full_numbers *full)
{
    size_t low = 1, high = full->n + 1; /* more often than any number occurs */
    full->least = low;
    if (are_enough(full, 0)) return;
    while (high - low > 1) {
        full->least = low + (high - low) / 2;
        *(are_enough(full, 0) ? &high : &low) = full->least;
    }
    full->least = high;
}

/* The number of buckets to distribute over the blocks: all, or fewer if blocks with one bucket use more than their
 * share. */
static double choose_share(const full_numbers *full)
{
    double low = 0, high = full->n_buckets;
    if (are_enough(full, high)) return high;
    for (int i = 0; i < 60; i++) {
        const double share = 0.5 * (low + high);
        *(are_enough(full, share) ? &low : &high) = share;
    }
    return low;
}

/* Cuts into `n_buckets`: cut c falls on place c * n / n_buckets of the n numbers, and moves to the start of its run. */
static int cut(const double *sorted, size_t n, int n_buckets, double *borders)
{
    int n_borders = 0, next = 0;
    bool begins = false;
    for (size_t first = 0, end; first < n; first = end) {
        int cuts = 0;
        end = end_of_run(sorted, n, first);
        for (; next < n_buckets && (size_t)((double)next * (double)n / n_buckets) < end; next++)
            cuts++;
        if (first > 0 && (begins || cuts > 0)) borders[n_borders++] = middle(sorted[first - 1], sorted[first]);
        begins = cuts > 1; /* the run fills its own bucket */
    }
    return n_borders;
}

int plx_quantile_borders(const double *sorted, size_t n, int n_buckets, double *borders, plx_number_run *scratch)
{
    full_numbers full = {
        .runs = scratch, .n_runs = find_full(sorted, n, n_buckets, scratch), .n_buckets = n_buckets, .n = n};
    int n_borders = 0, run = 0;
    block one;
    choose_least(&full);
    const double share = choose_share(&full);
    for (size_t from = 0; next_block(&full, &run, from, &one); from = one.end) {
        if (from > 0) borders[n_borders++] = middle(sorted[from - 1], sorted[from]);
        n_borders += cut(sorted + from, one.end - from, buckets_of(&full, &one, share), borders + n_borders);
    }
    return n_borders;
}

int plx_exact_borders(const double *sorted, size_t n, int64_t min_count, double *borders, int capacity)
{
    int n_borders = 0;
    bool was_kept = false;
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(sorted, n, first);
        const bool is_kept = end - first >= (uint64_t)min_count;
        if (first > 0 && (is_kept || was_kept) && n_borders < capacity) {
            if (borders) borders[n_borders] = middle(sorted[first - 1], sorted[first]);
            n_borders++;
        }
        was_kept = is_kept;
    }
    return n_borders;
}
