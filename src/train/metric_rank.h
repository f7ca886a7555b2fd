/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of the order of scores. Pairs of a positive and a negative row are counted in integers, so that the areas are
 * exact and need no rank numbers.
 */
#ifndef PLX_METRIC_RANK_H
#define PLX_METRIC_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A number that orders as the float does; -0 and 0 are equal. */
static inline uint32_t plx_rank_key(float x)
{
    uint32_t bits;
    x += 0.0F;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) ? 0xFFFFFFFFU : 0x80000000U);
}

typedef struct plx_rank_areas {
    double roc;       /* NaN where a class lacks */
    double precision; /* average precision; NaN where a class lacks */
} plx_rank_areas;

/** Of the keys of both classes; each array has as much room in `spare`, and loses its order. */
plx_rank_areas plx_rank_measure(uint32_t *positives, uint32_t *positives_spare, size_t n_positives, uint32_t *negatives,
                                uint32_t *negatives_spare, size_t n_negatives);

/** A row of a group: key, the group's number, whether it is positive, from high to low bits. */
static inline uint64_t plx_rank_pack(uint32_t key, uint32_t group, int is_positive)
{
    return (uint64_t)key << 32 | (uint64_t)group << 1 | (uint64_t)is_positive;
}

/** What is known of a group while rows pass by rising key. */
typedef struct plx_rank_group {
    uint64_t twice_won; /* pairs, a tie counting 1 */
    uint32_t key, positives, negatives;
    uint32_t equal_positives, equal_negatives; /* with the same key as the row before */
} plx_rank_group;

typedef struct plx_rank_groups {
    double area; /* mean of the groups that have both classes, weighted by their rows; NaN where none has */
    int64_t n, n_counted;
} plx_rank_groups;

/** A row that has a weight: key, and the number by which the rest is found. */
static inline uint64_t plx_rank_pack_row(uint32_t key, size_t row)
{
    return (uint64_t)key << 32 | (uint64_t)row;
}

/** What rows are, by their numbers. */
typedef struct plx_rank_weighted {
    const float *labels; /* label_stride apart; above 0.5: positive */
    size_t label_stride;
    const double *weights; /* weight_stride apart, from 0; NULL: 1 */
    size_t weight_stride;
    bool is_soft; /* a label is how much of a row is positive */
} plx_rank_weighted;

/** Of `n` rows and as much spare room: by rising key. */
const uint64_t *plx_rank_sort_rows(uint64_t *rows, uint64_t *spare, size_t n);
/** The areas where a pair counts the product of its rows' weights; `sorted` [n]. */
plx_rank_areas plx_rank_measure_weighted(const uint64_t *sorted, size_t n, const plx_rank_weighted *of);

/** What is known of a group while such rows pass by rising key: sums of weights. */
typedef struct plx_rank_weighted_group {
    double won, positives, negatives;
    double below, equal_positives, equal_negatives; /* negatives below the key; with the same key as the row before */
    uint32_t key;
    bool has_rows;
} plx_rank_weighted_group;

/** Of rows that are sorted; `numbers` are the groups of rows, those from `n_groups` on none; `groups` [n_groups] is
 * scratch. A group counts the sum of its rows' weights. */
plx_rank_groups plx_rank_measure_weighted_groups(const uint64_t *sorted, size_t n, const plx_rank_weighted *of,
                                                 const uint32_t *numbers, plx_rank_weighted_group *groups,
                                                 uint32_t n_groups);

/** Of `n` packed rows and as much spare room; `groups` [n_groups] is scratch. */
plx_rank_groups plx_rank_measure_groups(uint64_t *rows, uint64_t *spare, size_t n, plx_rank_group *groups,
                                        uint32_t n_groups);

#endif
