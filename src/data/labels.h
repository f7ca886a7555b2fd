/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tasks read beside the features: labels, the column that says where a task counts, weights. All of it becomes a
 * label and a weight a task in each record; where a task does not count its label is NaN.
 */
#ifndef PLX_LABELS_H
#define PLX_LABELS_H

#include "data/encoders.h"

void plx_labels_release(plx_encoders *e);

/** The input of a column of weights, `*input`; -1: there is none. */
plx_status plx_weights_link(plx_encoders *e, const char *column, int *input, plx_error *err);
/** Whether a task has classes that were not listed and are known by now. */
bool plx_labels_are_fitted(const plx_encoders *e);

/** The label that a cell means; NaN: none. Classes that are not fitted yet take every text. `is_text`: true and false
 * are no booleans of memory, which are 1 and 0. PLX_ERR_SCHEMA. */
plx_status plx_label_of(const plx_encoders *e, int task, plx_slice cell, bool is_text, float *out, plx_error *err);
/** Whether the task counts where its column `where` holds this text. */
bool plx_label_counts(const plx_encoders *e, int task, plx_slice cell);
/** What a row with this label counts in the task's loss. */
float plx_label_weight(const plx_label_encoder *task, float label, double row_weight, double task_weight);

/** Whether a cell of a column of numbers is one of `missing` of the task that takes its labels from it. */
bool plx_labels_is_missing(const plx_encoders *e, int input, plx_slice cell);

/** What the numbers of a column are to the tasks that read it, for plx_fail_number. */
const char *plx_labels_reader(const plx_encoders *e, int input);

/** Checks a text that an input's column did not have before, for all tasks that take their labels from it; `is_text` as
 * above. */
plx_status plx_labels_check_text(const plx_encoders *e, int input, plx_slice cell, bool is_text, plx_error *err);
/** Checks a number of an input's column, missing or not: PLX_ERR_SCHEMA where a weight lacks, or it may not be
 * negative.
 */
plx_status plx_labels_check_number(const plx_encoders *e, int input, double number, plx_slice cell, plx_error *err);

enum { PLX_NO_CLASS = -1 };
/** For one task: the label of each code of its column, PLX_NO_CLASS where it is none of the fitted classes, NULL for
 * numbers; and whether the task counts by the code of the column `where`, NULL: always. */
typedef struct plx_label_map {
    const float *labels;
    const bool *counts;
} plx_label_map;

/** Such a map of raw columns, in the arena. */
plx_status plx_label_map_init(const plx_encoders *e, int task, const plx_columns *columns, plx_arena *arena,
                              plx_label_map *out, plx_error *err);
/** Moves the rows of order[0..*n-1] with a label that is none of the fitted classes behind the others, which `*n`
 * counts then; both keep their order. */
plx_status plx_labels_part(const plx_encoders *e, const plx_columns *columns, uint32_t *order, size_t *n,
                           plx_error *err);
/** PLX_ERR_SCHEMA, with the message of the row's label that is none. */
plx_status plx_labels_explain(const plx_encoders *e, const plx_columns *columns, uint32_t row, plx_error *err);

#endif
