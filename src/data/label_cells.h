/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of a label's text for a task, and the labels of a task, for messages. Texts are texts of values
   (base/value_text.h), in cells and in the task's lists. */
#ifndef PLX_LABEL_CELLS_H
#define PLX_LABEL_CELLS_H

#include "base/error.h"
#include "data/dictionary.h"
#include "data/spec.h"

/**
 * The label of a cell for a task of any kind; NaN: no label, for an empty cell, one in the task's `missing`, or one in
 * `missing` that no other list of the task contains. `classes`, of a multiclass task, accepts every text while it is
 * empty. PLX_ERR_SCHEMA: the message says what is expected.
 */
plx_status plx_cell_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                          plx_slice cell, float *out, plx_error *err);
/** Whether the cell means "no label", unless another list of the task contains it. */
bool plx_cell_is_no_label(const plx_task_spec *task, const plx_text_list *missing, plx_slice cell);

/** PLX_ERR_SCHEMA: a text, not a boolean in memory, means true or false, and the binary task has no `positive` to say
 * which label that is. */
plx_status plx_cell_check_truth(const plx_task_spec *task, plx_slice cell, plx_error *err);
/** Whether the cell is the number -1, and not in the task's `positive`. */
bool plx_cell_is_minus_one(const plx_task_spec *task, plx_slice cell);

/** Describes a column of numbers with labels of the task, for plx_fail_number. */
const char *plx_label_numbers(const plx_task_spec *task);

/** The class of a text in `class_weights`; -1: none. A binary task has its `positive` and `negative`, and 1 and 0, true
 * and false. */
int plx_label_class(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name);
enum { PLX_LABELS_TEXT = 1536 };
/** The texts that plx_label_class accepts, "'a', 'b'", truncated if long. */
void plx_label_classes_show(const plx_task_spec *task, const plx_dictionary *classes, char out[PLX_LABELS_TEXT]);

#endif
