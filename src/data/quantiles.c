/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles and borders. Equal numbers are looked at as one run, so that no border can part them. */
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

double plx_quantile(const double *sorted, size_t n, double share)
{
    const double place = share * (double)(n - 1), whole = floor(place);
    const size_t before = (size_t)whole;
    if (before + 1 >= n) return sorted[n - 1];
    return sorted[before] + (place - whole) * (sorted[before + 1] - sorted[before]);
}

double plx_quantile_share(const double *knots, int n, double number)
{
    if (number <= knots[0]) return 0;
    if (number >= knots[n - 1]) return 1;
    const int behind = (int)plx_bucket_of(knots, n, number); /* the first knot above it */
    int first = behind;
    while (first > 0 && knots[first - 1] == number)
        first--;
    if (first < behind) return 0.5 * (double)(first + behind - 1) / (n - 1);
    const double part = (number - knots[behind - 1]) / (knots[behind] - knots[behind - 1]);
    return (behind - 1 + part) / (n - 1);
}

/* The first place behind the run of equal numbers that begins at `first`. */
static size_t end_of_run(const double *sorted, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && sorted[end] == sorted[first])
        end++;
    return end;
}

/* Above `low`, and at most `high`, the next number. */
static double middle(double low, double high)
{
    const double between = low + 0.5 * (high - low);
    return between > low ? between : high;
}

int plx_quantile_borders(const double *sorted, size_t n, int n_buckets, double *borders)
{
    int n_borders = 0, next = 0; /* cut `next` falls on place next * n / n_buckets, 0 included */
    bool begins = false;
    for (size_t first = 0, end; first < n; first = end) {
        int cuts = 0;
        end = end_of_run(sorted, n, first);
        for (; next < n_buckets && (size_t)((double)next * (double)n / n_buckets) < end; next++)
            cuts++;
        if (first > 0 && (begins || cuts > 0)) borders[n_borders++] = middle(sorted[first - 1], sorted[first]);
        begins = cuts > 1; /* the run fills a bucket alone */
    }
    return n_borders;
}

int plx_exact_borders(const double *sorted, size_t n, int64_t min_count, double *borders, int room)
{
    int n_borders = 0;
    bool was_kept = false;
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(sorted, n, first);
        const bool is_kept = end - first >= (uint64_t)min_count;
        if (first > 0 && (is_kept || was_kept) && n_borders < room) {
            if (borders) borders[n_borders] = middle(sorted[first - 1], sorted[first]);
            n_borders++;
        }
        was_kept = is_kept;
    }
    return n_borders;
}
