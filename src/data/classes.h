/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of tasks, listed or taken from rows, in the order of a task's outputs, and the weights of their rows. */
#ifndef PLX_CLASSES_H
#define PLX_CLASSES_H

#include "data/encoders.h"

enum { PLX_CLASSES_MAX = 65536 };

/** Of a binary task 2. */
int plx_classes_n(const plx_label_encoder *task);
/** Whether rows of the task have weights by class. */
static inline bool plx_classes_have_weights(const plx_task_spec *task)
{
    return task->class_weights.n > 0 || task->class_weights.is_word;
}

/** `weights` [n]: the spec's weights, if not the word, in the order of classes. PLX_ERR_SCHEMA: not one weight per
 * class, a name that is no label of the task, a label with two weights or none; the message does not name the task. */
plx_status plx_classes_weights(const plx_task_spec *spec, const plx_dictionary *classes, int n, double *weights,
                               plx_error *err);
/** Adds the listed classes, which are distinct, to the task's dictionary. */
plx_status plx_classes_list(plx_encoders *e, plx_label_encoder *task, plx_error *err);
/** Takes classes that are not listed from the labels of rows order[0..n-1]: in numeric order if all are numbers, else
 * in the order of their bytes. PLX_ERR_SCHEMA. */
plx_status plx_classes_fit(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns, const uint32_t *order,
                           size_t n, plx_error *err);
/** Detects whether -1 means "no label" in rows order[0..n-1] of a binary task that lists only `positive`. */
plx_status plx_classes_fit_minus_one(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns,
                                     const uint32_t *order, size_t n, plx_error *err);
/** Checks the classes of a task, listed, fitted or loaded, and sets their weights from the spec. */
plx_status plx_classes_check(plx_encoders *e, plx_label_encoder *task, plx_error *err);
/** Balanced weights n / (k * count): `counts` [classes] of n rows, k classes with any rows; 1 for a class without
 * rows. */
plx_status plx_classes_balance(plx_encoders *e, plx_label_encoder *task, const uint64_t *counts, plx_error *err);

#endif
