/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells of rows to score whose category the model does not know. A few are as they should be; where all are unknown,
 * the column is written otherwise than it was for training.
 */
#ifndef PLX_UNKNOWN_H
#define PLX_UNKNOWN_H

#include "data/encoders.h"

/** Adds the cells of feature `feature` (sparse ones, then lists), which `n` records have of rows order[0..n-1], to
 * `unknown` [plx_encoders_n_vocabularies]. */
void plx_unknown_count(const plx_encoders *encoders, const plx_columns *columns, int feature, const uint32_t *order,
                       size_t n, const uint8_t *records, plx_unknown *unknown);

/** The same for one cell with the ids that its record has. */
void plx_unknown_cell(const plx_encoders *encoders, int feature, plx_slice cell, const uint8_t *record,
                      plx_unknown *unknown);

/** Whether a record's cell of a list has items, none of which is known. */
bool plx_unknown_list(const plx_list_field *field, const uint8_t *record);

#endif
