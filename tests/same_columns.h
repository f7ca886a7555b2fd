/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what two readings of the same rows have left. */
#ifndef SAME_COLUMNS_H
#define SAME_COLUMNS_H

#include <string.h>

#include "data/columns.h"
#include "plexus_base.h"

static inline bool same_texts(const plx_dictionary *a, const plx_dictionary *b)
{
    bool is_same = a->n == b->n;
    for (uint32_t i = 0; is_same && i < a->n; i++)
        is_same = plx_slice_equal(plx_dictionary_text(a, i), plx_dictionary_text(b, i));
    return is_same;
}

static inline bool same_column(const plx_raw_column *a, const plx_raw_column *b, size_t n)
{
    if (a->has_texts && (a->code_bytes != b->code_bytes || !same_texts(&a->dictionary, &b->dictionary) ||
                         memcmp(a->codes, b->codes, n * a->code_bytes) != 0))
        return false;
    return !a->has_numbers || memcmp(a->numbers, b->numbers, n * sizeof *a->numbers) == 0;
}

static inline bool same_wrong(const plx_read_report *a, const plx_read_report *b)
{
    bool is_same = a->wrong_rows == b->wrong_rows;
    for (int64_t i = 0; is_same && i < a->wrong_rows && i < PLX_REPORTED_ROWS; i++)
        is_same = a->wrong_row[i].row == b->wrong_row[i].row &&
                  strcmp(a->wrong_row[i].column, b->wrong_row[i].column) == 0 &&
                  strcmp(a->wrong_row[i].message, b->wrong_row[i].message) == 0;
    return is_same;
}

#endif
