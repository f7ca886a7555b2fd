/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of the order of scores. Pairs of a positive and a negative row are counted in integers, so the areas are
 * exact and need no ranks.
 */
#ifndef PLX_METRIC_RANK_H
#define PLX_METRIC_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** An integer with the order of the float; -0 and 0 are equal. */
static inline uint32_t plx_rank_key(float x)
{
    uint32_t bits;
    x += 0.0F;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) ? 0xFFFFFFFFU : 0x80000000U);
}

typedef struct plx_rank_areas {
    double roc;       /* NaN if a class is missing */
    double precision; /* average precision; NaN if a class is missing */
} plx_rank_areas;

/** From the keys of both classes. `spare` has space for both arrays, which are reordered. */
plx_rank_areas plx_rank_measure(uint32_t *positives, uint32_t *positives_spare, size_t n_positives, uint32_t *negatives,
                                uint32_t *negatives_spare, size_t n_negatives);

/** A row of a group: key, the group's number, whether it is positive, from high to low bits. */
static inline uint64_t plx_rank_pack(uint32_t key, uint32_t group, int is_positive)
{
    return (uint64_t)key << 32 | (uint64_t)group << 1 | (uint64_t)is_positive;
}

/** State of a group while its rows are visited in ascending order of key. */
typedef struct plx_rank_group {
    uint64_t twice_won; /* pairs, a tie counting 1 */
    uint32_t key, positives, negatives;
    uint32_t equal_positives, equal_negatives; /* with the same key as the row before */
} plx_rank_group;

typedef struct plx_rank_groups {
    double area; /* mean over groups with both classes, weighted by their rows; NaN if there are none */
    int64_t n, n_counted;
} plx_rank_groups;

/** A row with a weight: key and row index. */
static inline uint64_t plx_rank_pack_row(uint32_t key, size_t row)
{
    return (uint64_t)key << 32 | (uint64_t)row;
}

/** Labels and weights by row index. */
typedef struct plx_rank_weighted {
    const float *labels; /* label_stride apart; above 0.5: positive */
    size_t label_stride;
    const double *weights; /* weight_stride apart, from 0; NULL: 1 */
    size_t weight_stride;
    bool is_soft; /* labels are fractions of rows that are positive */
} plx_rank_weighted;

/** Sorts `n` rows by ascending key; `spare` has space for n. */
const uint64_t *plx_rank_sort_rows(uint64_t *rows, uint64_t *spare, size_t n);
/** The areas, with each pair weighted by the product of its rows' weights; `sorted` [n]. */
plx_rank_areas plx_rank_measure_weighted(const uint64_t *sorted, size_t n, const plx_rank_weighted *of);

/** State of a group while weighted rows are visited in ascending order of key: sums of weights. */
typedef struct plx_rank_weighted_group {
    double won, positives, negatives;
    double below, equal_positives, equal_negatives; /* negatives below the key; with the same key as the row before */
    uint32_t key;
    bool has_rows;
} plx_rank_weighted_group;

/** For sorted rows; `numbers` are the groups of rows, n_groups or more: no group; `groups` [n_groups] is scratch. A
 * group has the sum of its rows' weights. */
plx_rank_groups plx_rank_measure_weighted_groups(const uint64_t *sorted, size_t n, const plx_rank_weighted *of,
                                                 const uint32_t *numbers, plx_rank_weighted_group *groups,
                                                 uint32_t n_groups);

/** For `n` packed rows; `spare` has space for n; `groups` [n_groups] is scratch. */
plx_rank_groups plx_rank_measure_groups(uint64_t *rows, uint64_t *spare, size_t n, plx_rank_group *groups,
                                        uint32_t n_groups);

#endif
