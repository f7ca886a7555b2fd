/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of texts in raw columns: the distinct cells of a column, and the categories of a table. */
#ifndef PLX_TALLY_H
#define PLX_TALLY_H

#include "data/encoders.h"

/** The texts of a column in some rows, and the number of rows of each. */
typedef struct plx_found_texts {
    uint32_t *counts; /* [dictionary.n]: rows of each code */
    uint32_t *codes;  /* [n]: in order of first occurrence */
    size_t n;
} plx_found_texts;

/** Counts the texts of rows order[0..n-1]. Release it after a failure, too. */
plx_status plx_found_texts_init(plx_found_texts *found, const plx_raw_column *column, const uint32_t *order, size_t n,
                                const plx_allocator *allocator, plx_error *err);
void plx_found_texts_release(plx_found_texts *found, const plx_allocator *allocator);

/** Counts of texts of several columns, by category. */
typedef struct plx_tally {
    const plx_vocabulary *vocabulary;
    plx_dictionary texts;
    uint64_t *counts; /* [texts.n] */
    size_t capacity;
} plx_tally;

plx_status plx_tally_add(plx_tally *tally, plx_slice text, uint64_t count, plx_error *err);

#endif
