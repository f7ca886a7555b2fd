/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of a label means for a task, and which labels a task has, for messages. Texts are those of values
 * (base/value_text.h), and so are the task's lists. */
#ifndef PLX_LABEL_CELLS_H
#define PLX_LABEL_CELLS_H

#include "base/error.h"
#include "data/dictionary.h"
#include "data/spec.h"

/**
 * The label that a cell means for a task of any kind; NaN: none, as an empty cell means, one of the task's `missing`
 * and one of `missing`, unless another list of the task has it. `classes`, of a multiclass task, takes every text while
 * it is empty. PLX_ERR_SCHEMA: the message says what is expected.
 */
plx_status plx_cell_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                          plx_slice cell, float *out, plx_error *err);
/** Whether the cell means that there is no label, where no other list of the task has it. */
bool plx_cell_is_no_label(const plx_task_spec *task, const plx_text_list *missing, plx_slice cell);

/** PLX_ERR_SCHEMA where a text, which is no boolean of memory, means true or false, and the binary task does not say by
 * `positive` which of its labels that is. */
plx_status plx_cell_check_truth(const plx_task_spec *task, plx_slice cell, plx_error *err);
/** Whether the cell is -1 as a number, and none of the task's `positive`. */
bool plx_cell_is_minus_one(const plx_task_spec *task, plx_slice cell);

/** What a column of numbers that are labels of the task is, for plx_fail_number. */
const char *plx_label_numbers(const plx_task_spec *task);

/** The class of a task of classes that a text names, as `class_weights` do; -1: none. Of a binary task these are its
 * `positive` and `negative`, beside 1 and 0, true and false. */
int plx_label_class(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name);
enum { PLX_LABELS_TEXT = 1536 };
/** What plx_label_class takes, "'a', 'b'", cut where it is long. */
void plx_label_classes_show(const plx_task_spec *task, const plx_dictionary *classes, char out[PLX_LABELS_TEXT]);

#endif
