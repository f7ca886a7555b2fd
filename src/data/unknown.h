/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells of unknown category in rows to score. A few are normal; if all are unknown, the column's format differs from
 * that in training.
 */
#ifndef PLX_UNKNOWN_H
#define PLX_UNKNOWN_H

#include "data/encoder_def.h"

/** Adds the cells of a feature in some records to `unknown`; nothing for features without texts or with hashed ids. */
void plx_unknown_count(const plx_encoder *feature, const plx_encoded_rows *rows, plx_unknown *unknown);

/** The same for one cell, with the ids of its record. */
void plx_unknown_cell(const plx_encoders *encoders, const plx_encoder *feature, plx_slice cell, const uint8_t *record,
                      plx_unknown *unknown);

/** Whether a list in a record has items and none of them is known. */
bool plx_unknown_list(const plx_list_field *field, const uint8_t *record);

#endif
