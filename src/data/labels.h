/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of tasks: labels, `where`, weights. They become one label and one weight per task in each record; the
 * label is NaN in rows that `where` excludes.
 */
#ifndef PLX_LABELS_H
#define PLX_LABELS_H

#include "data/encoders.h"

void plx_labels_release(plx_encoders *e);

/** The input of a column of weights, in `*input`; -1: none. */
plx_status plx_weights_link(plx_encoders *e, const char *column, int *input, plx_error *err);
/** Whether a task has classes that are not listed but already fitted. */
bool plx_labels_are_fitted(const plx_encoders *e);

/** The label of a cell; NaN: none. Classes that are not fitted yet accept every text. `is_text`: true and false are
 * texts, not booleans in memory, which are 1 and 0. PLX_ERR_SCHEMA. */
plx_status plx_label_of(const plx_encoders *e, int task, plx_slice cell, bool is_text, float *out, plx_error *err);
/** Whether the task uses rows with this text in its column `where`. */
bool plx_label_counts(const plx_encoders *e, int task, plx_slice cell);
/** The weight of a row with this label in the task's loss. */
float plx_label_weight(const plx_label_encoder *task, float label, double row_weight, double task_weight);

/** Whether a cell of a column of numeric labels is in the task's `missing`. */
bool plx_labels_is_missing(const plx_encoders *e, int input, plx_slice cell);

/** Describes the tasks that read numbers of a column, for plx_fail_number. */
const char *plx_labels_reader(const plx_encoders *e, int input);

/** Checks a new text of an input's column for all tasks with labels from it; `is_text` as above. */
plx_status plx_labels_check_text(const plx_encoders *e, int input, plx_slice cell, bool is_text, plx_error *err);
/** Checks a number of an input's column, missing or not: PLX_ERR_SCHEMA: a weight is missing or negative. */
plx_status plx_labels_check_number(const plx_encoders *e, int input, double number, plx_slice cell, plx_error *err);

enum { PLX_NO_CLASS = -1 };
/** For one task: the label of each code of its column, PLX_NO_CLASS for a text outside the fitted classes, NULL for
 * numbers; and for each code of the column `where`, whether its rows are used, NULL: always. */
typedef struct plx_label_map {
    const float *labels;
    const bool *counts;
} plx_label_map;

/** Creates the map for raw columns, in the arena. */
plx_status plx_label_map_init(const plx_encoders *e, int task, const plx_columns *columns, plx_arena *arena,
                              plx_label_map *out, plx_error *err);
/** Moves the rows of order[0..*n-1] with a label outside the fitted classes to the end and sets `*n` to the number of
 * other rows; both keep their order. */
plx_status plx_labels_part(const plx_encoders *e, const plx_columns *columns, uint32_t *order, size_t *n,
                           plx_error *err);
/** PLX_ERR_SCHEMA, with a message about the row's invalid label. */
plx_status plx_labels_explain(const plx_encoders *e, const plx_columns *columns, uint32_t row, plx_error *err);

#endif
