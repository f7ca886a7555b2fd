/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of task: its prediction, its losses and its main metrics. One constant per file; the list is in task_list.h.
 * What the labels are, and with them which keys and metrics a task has, is the form of the kind.
 */
#ifndef PLX_TASK_H
#define PLX_TASK_H

#include "plexus_base.h"
#include "tasks/loss.h"
#include "tasks/task_list.h"

/** The kinds of tasks, in the order of the choices. */
#define PLX_TASK_NUMBER(KIND, name, form, doc) PLX_TASK_##KIND,
typedef enum plx_task_kind { PLX_TASK_LIST(PLX_TASK_NUMBER) PLX_TASK_KINDS } plx_task_kind;
#undef PLX_TASK_NUMBER

typedef struct plx_task_def {
    const char *name;              /* value of a task's `kind` */
    const char *noun;              /* noun for a task of this kind */
    const char *prediction;        /* noun for its score */
    bool has_output_per_class;     /* else one output */
    const plx_loss *const *losses; /* ended by NULL; the first is the default */
    /* Names of metrics: the main metric; the one that a message suggests to monitor. */
    const char *score, *monitored;
    const char *degenerate; /* describes labels for which some metrics are undefined */
} plx_task_def;

#define PLX_TASK(KIND, name, form, doc) extern const plx_task_def plx_task_##name;
PLX_TASK_LIST(PLX_TASK)
#undef PLX_TASK

/** By plx_task_kind, ended by NULL. */
extern const plx_task_def *const plx_task_list[];
/** Their names, ended by NULL. */
extern const char *const plx_task_kinds[];

/** The forms of their labels, by plx_task_kind. */
extern const plx_label_form plx_task_forms[];

#endif
