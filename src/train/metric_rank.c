/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Areas under curves from sorted scores. Positives and negatives are sorted separately and merged; rows of groups are
 * sorted once for all groups, and each group counts its pairs in one pass.
 */
#include "train/metric_rank.h"

#include <math.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

typedef struct digit_counts {
    uint32_t at[PASSES][DIGITS];
} digit_counts;

static uint32_t digit_of(uint32_t key, int pass)
{
    return (key >> (pass * DIGIT_BITS)) & (DIGITS - 1);
}

static void count_digits(digit_counts *counts, uint32_t key)
{
    for (int pass = 0; pass < PASSES; pass++)
        counts->at[pass][digit_of(key, pass)]++;
}

/** Turns the counts of a pass into each digit's start; false if all keys have the same digit. */
static bool place_digits(uint32_t counts[DIGITS], uint32_t some_digit, size_t n)
{
    uint32_t at = 0;
    if (counts[some_digit] == n) return false;
    for (int digit = 0; digit < DIGITS; digit++) {
        uint32_t count = counts[digit];
        counts[digit] = at;
        at += count;
    }
    return true;
}

/** Radix sort, lowest digit first; returns which of the two arrays holds the result. */
static const uint32_t *sort_keys(uint32_t *keys, uint32_t *spare, size_t n)
{
    digit_counts counts = {0};
    if (n < 2) return keys;
    for (size_t i = 0; i < n; i++)
        count_digits(&counts, keys[i]);
    for (int pass = 0; pass < PASSES; pass++) {
        uint32_t *at = counts.at[pass], *other = keys;
        if (!place_digits(at, digit_of(keys[0], pass), n)) continue;
        for (size_t i = 0; i < n; i++)
            spare[at[digit_of(keys[i], pass)]++] = keys[i];
        keys = spare;
        spare = other;
    }
    return keys;
}

static uint32_t key_of(uint64_t row)
{
    return (uint32_t)(row >> 32);
}

/** The same for packed rows, by key only. */
const uint64_t *plx_rank_sort_rows(uint64_t *rows, uint64_t *spare, size_t n)
{
    digit_counts counts = {0};
    if (n < 2) return rows;
    for (size_t i = 0; i < n; i++)
        count_digits(&counts, key_of(rows[i]));
    for (int pass = 0; pass < PASSES; pass++) {
        uint32_t *at = counts.at[pass];
        uint64_t *other = rows;
        if (!place_digits(at, digit_of(key_of(rows[0]), pass), n)) continue;
        for (size_t i = 0; i < n; i++)
            spare[at[digit_of(key_of(rows[i]), pass)]++] = rows[i];
        rows = spare;
        spare = other;
    }
    return rows;
}

plx_rank_areas plx_rank_measure(uint32_t *positives, uint32_t *positives_spare, size_t n_positives, uint32_t *negatives,
                                uint32_t *negatives_spare, size_t n_negatives)
{
    uint64_t twice_won = 0; /* at most 2 * (2^31)^2 */
    size_t below = 0, not_above = 0;
    double precision = 0;
    if (n_positives == 0 || n_negatives == 0) return (plx_rank_areas){NAN, NAN};
    const uint32_t *high = sort_keys(positives, positives_spare, n_positives);
    const uint32_t *low = sort_keys(negatives, negatives_spare, n_negatives);
    for (size_t first = 0, end; first < n_positives; first = end) {
        const uint32_t key = high[first];
        for (end = first + 1; end < n_positives && high[end] == key;)
            end++;
        while (below < n_negatives && low[below] < key)
            below++;
        if (not_above < below) not_above = below;
        while (not_above < n_negatives && low[not_above] == key)
            not_above++;
        const double found = (double)(n_positives - first), wrong = (double)(n_negatives - below);
        twice_won += (end - first) * (below + not_above);
        precision += (double)(end - first) * (found / (found + wrong));
    }
    return (plx_rank_areas){
        .roc = (double)twice_won / 2.0 / ((double)n_positives * (double)n_negatives),
        .precision = precision / (double)n_positives,
    };
}

static void add_row(plx_rank_group *group, uint32_t key, bool is_positive)
{
    if (key != group->key) group->equal_positives = group->equal_negatives = 0;
    group->key = key;
    if (is_positive) {
        group->twice_won += 2 * (uint64_t)(group->negatives - group->equal_negatives) + group->equal_negatives;
        group->positives++;
        group->equal_positives++;
    } else {
        group->twice_won += group->equal_positives;
        group->negatives++;
        group->equal_negatives++;
    }
}

plx_rank_groups plx_rank_measure_groups(uint64_t *rows, uint64_t *spare, size_t n, plx_rank_group *groups,
                                        uint32_t n_groups)
{
    plx_rank_groups out = {.area = NAN};
    double sum = 0, weight = 0;
    memset(groups, 0, n_groups * sizeof *groups);
    const uint64_t *sorted = plx_rank_sort_rows(rows, spare, n);
    for (size_t i = 0; i < n; i++)
        add_row(&groups[(uint32_t)sorted[i] >> 1], key_of(sorted[i]), sorted[i] & 1);
    for (uint32_t g = 0; g < n_groups; g++) {
        const double positives = groups[g].positives, negatives = groups[g].negatives;
        out.n += positives + negatives > 0;
        if (positives == 0 || negatives == 0) continue;
        out.n_counted++;
        weight += positives + negatives;
        sum += (positives + negatives) * ((double)groups[g].twice_won / 2.0 / (positives * negatives));
    }
    if (weight > 0) out.area = sum / weight;
    return out;
}

/* -- With weights ---------------------------------------------------------------------------------------------- */

/** The positive and the negative part of a row's weight. */
typedef struct parts {
    double positive, negative;
} parts;

static parts parts_of(const plx_rank_weighted *of, uint64_t packed)
{
    const float label = of->labels[(uint32_t)packed * of->label_stride];
    const double weight = of->weights ? of->weights[(uint32_t)packed * of->weight_stride] : 1;
    const double share = of->is_soft ? (double)label : label > 0.5F ? 1 : 0;
    return (parts){weight * share, weight * (1 - share)};
}

plx_rank_areas plx_rank_measure_weighted(const uint64_t *sorted, size_t n, const plx_rank_weighted *of)
{
    double won = 0, precision = 0, above = 0, wrong = 0; /* weights of positives and negatives above the tie */
    for (size_t end = n, first; end > 0; end = first) {
        double positives = 0, negatives = 0;
        for (first = end; first > 0 && key_of(sorted[first - 1]) == key_of(sorted[end - 1]); first--) {
            const parts row = parts_of(of, sorted[first - 1]);
            positives += row.positive;
            negatives += row.negative;
        }
        won += negatives * (above + positives / 2);
        above += positives;
        wrong += negatives;
        if (positives > 0) precision += positives * (above / (above + wrong));
    }
    if (!(above > 0 && wrong > 0)) return (plx_rank_areas){NAN, NAN};
    return (plx_rank_areas){.roc = won / above / wrong, .precision = precision / above};
}

/** The parts of one row are a tie. */
static void add_weighted_row(plx_rank_weighted_group *group, uint32_t key, parts row)
{
    if (key != group->key) {
        group->below += group->equal_negatives;
        group->equal_positives = group->equal_negatives = 0;
    }
    group->key = key;
    group->has_rows = true;
    group->won += row.positive * (group->below + group->equal_negatives / 2);
    group->positives += row.positive;
    group->equal_positives += row.positive;
    group->won += row.negative * (group->equal_positives / 2);
    group->negatives += row.negative;
    group->equal_negatives += row.negative;
}

plx_rank_groups plx_rank_measure_weighted_groups(const uint64_t *sorted, size_t n, const plx_rank_weighted *of,
                                                 const uint32_t *numbers, plx_rank_weighted_group *groups,
                                                 uint32_t n_groups)
{
    plx_rank_groups out = {.area = NAN};
    double sum = 0, weight = 0;
    for (uint32_t g = 0; g < n_groups; g++)
        groups[g] = (plx_rank_weighted_group){0};
    for (size_t i = 0; i < n; i++) {
        const uint32_t number = numbers[(uint32_t)sorted[i]];
        if (number >= n_groups) continue;
        add_weighted_row(&groups[number], key_of(sorted[i]), parts_of(of, sorted[i]));
    }
    for (uint32_t g = 0; g < n_groups; g++) {
        const double positives = groups[g].positives, negatives = groups[g].negatives;
        out.n += groups[g].has_rows;
        if (!(positives > 0 && negatives > 0)) continue;
        out.n_counted++;
        weight += positives + negatives;
        sum += (positives + negatives) * (groups[g].won / positives / negatives);
    }
    if (weight > 0) out.area = sum / weight;
    return out;
}
