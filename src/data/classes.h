/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of tasks, listed or taken from rows, in the order of a task's outputs, and what a row of each counts. */
#ifndef PLX_CLASSES_H
#define PLX_CLASSES_H

#include "data/encoders.h"

enum { PLX_CLASSES_MAX = 65536 };

/** Of a binary task 2. */
int plx_classes_n(const plx_label_encoder *task);
/** Whether rows of the task count by their class. */
static inline bool plx_classes_have_weights(const plx_task_spec *task)
{
    return task->class_weights.n > 0 || task->class_weights.is_word;
}

/** `weights` [n]: those that the spec gives, which is not the word, by classes. PLX_ERR_SCHEMA: as many as classes are
 * not given, a name is no label of the task, a label has two weights or none; the message does not name the task. */
plx_status plx_classes_weights(const plx_task_spec *spec, const plx_dictionary *classes, int n, double *weights,
                               plx_error *err);
/** Puts listed classes, which differ, into the task's dictionary. */
plx_status plx_classes_list(plx_encoders *e, plx_label_encoder *task, plx_error *err);
/** Takes classes that are not listed from the labels of rows order[0..n-1]: in the order of their numbers where all are
 * numbers, else of their bytes. PLX_ERR_SCHEMA. */
plx_status plx_classes_fit(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns, const uint32_t *order,
                           size_t n, plx_error *err);
/** Finds whether -1 stands for no label among rows order[0..n-1] of a binary task that lists `positive` alone. */
plx_status plx_classes_fit_minus_one(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns,
                                     const uint32_t *order, size_t n, plx_error *err);
/** Checks the classes of a task, listed, fitted or loaded, and finds the weight of each that the spec gives. */
plx_status plx_classes_check(plx_encoders *e, plx_label_encoder *task, plx_error *err);
/** Weights n / (k * count) of a task with balanced ones: `counts` [classes] of n rows, k classes of which have any; 1
 * of a class that has none. */
plx_status plx_classes_balance(plx_encoders *e, plx_label_encoder *task, const uint64_t *counts, plx_error *err);

#endif
