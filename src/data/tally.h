/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of raw columns, counted: the different cells of a column, and the categories of a table. */
#ifndef PLX_TALLY_H
#define PLX_TALLY_H

#include "data/encoders.h"

/** A column's texts among some rows, and how many rows have each. */
typedef struct plx_found_texts {
    uint32_t *counts; /* [dictionary.n]: rows of each code */
    uint32_t *codes;  /* [n]: in the order of their first rows */
    size_t n;
} plx_found_texts;

/** The texts of rows order[0..n-1]. To be released after a failure too. */
plx_status plx_found_texts_init(plx_found_texts *found, const plx_raw_column *column, const uint32_t *order, size_t n,
                                const plx_allocator *allocator, plx_error *err);
void plx_found_texts_release(plx_found_texts *found, const plx_allocator *allocator);

/** Texts of several columns, counted by what they are as categories. */
typedef struct plx_tally {
    const plx_vocabulary *vocabulary;
    plx_dictionary texts;
    uint64_t *counts; /* [texts.n] */
    size_t capacity;
} plx_tally;

plx_status plx_tally_add(plx_tally *tally, plx_slice text, uint64_t count, plx_error *err);

#endif
