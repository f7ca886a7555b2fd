/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells of rows to score whose category the model does not know. A few are as they should be; where all are unknown,
 * the column is written otherwise than it was for training.
 */
#ifndef PLX_UNKNOWN_H
#define PLX_UNKNOWN_H

#include "data/encoder_def.h"

/** Adds the cells of a feature, which the records of some rows have, to `unknown`; of features that read no texts, and
 * whose ids are hashes, nothing. */
void plx_unknown_count(const plx_encoder *feature, const plx_encoded_rows *rows, plx_unknown *unknown);

/** The same for one cell with the ids that its record has. */
void plx_unknown_cell(const plx_encoders *encoders, const plx_encoder *feature, plx_slice cell, const uint8_t *record,
                      plx_unknown *unknown);

/** Whether a record's cell of a list has items, none of which is known. */
bool plx_unknown_list(const plx_list_field *field, const uint8_t *record);

#endif
