/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of tasks. These rows define the choices of a task's `kind`, and which keys and metrics a task has. "How to
 * add a kind of task": CONTRIBUTING.md.
 */
#ifndef PLX_TASK_LIST_H
#define PLX_TASK_LIST_H

/* X(KIND, name, FORM, doc): `const plx_task_def plx_task_NAME`, of number PLX_TASK_KIND, with labels of
 * PLX_LABELS_ARE_FORM; `doc`: what it predicts. */
#define PLX_TASK_LIST(X)                                                                                               \
    X(BINARY, binary, TRUTHS, "a probability")                                                                         \
    X(REGRESSION, regression, NUMBERS, "a number")                                                                     \
    X(MULTICLASS, multiclass, CLASSES, "a probability for each class")

#endif
