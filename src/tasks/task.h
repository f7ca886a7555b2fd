/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of task: its labels, its prediction, its losses and its main metrics. One constant per file; other layers have
 * their own tables by kind or by label form.
 */
#ifndef PLX_TASK_H
#define PLX_TASK_H

#include "plexus_base.h"
#include "tasks/loss.h"

/** The form of a task's labels. */
typedef enum plx_label_form {
    PLX_LABELS_ARE_NUMBERS, /* numbers, used as they are */
    PLX_LABELS_ARE_TRUTHS,  /* texts that mean 1 or 0 */
    PLX_LABELS_ARE_CLASSES, /* indices of texts */
    PLX_LABEL_FORMS
} plx_label_form;

typedef struct plx_task_def {
    const char *name;       /* value of a task's `kind` */
    const char *noun;       /* noun for a task of this kind */
    const char *prediction; /* noun for its score */
    plx_label_form labels;
    bool has_output_per_class; /* else one output */
    /* The losses and their names, ended by NULL; the first is the default. */
    const plx_loss *const *losses;
    const char *const *loss_names;
    /* Names of metrics: the main metric; the one that a message suggests to monitor. */
    const char *score, *monitored;
    const char *degenerate; /* describes labels for which some metrics are undefined */
} plx_task_def;

/* X(KIND, name): `const plx_task_def plx_task_NAME` of PLX_TASK_KIND, in the order of plx_task_kind. */
#define PLX_TASK_LIST(X) X(BINARY, binary) X(REGRESSION, regression) X(MULTICLASS, multiclass)

#define PLX_TASK(KIND, name) extern const plx_task_def plx_task_##name;
PLX_TASK_LIST(PLX_TASK)
#undef PLX_TASK

/** By plx_task_kind, ended by NULL. */
extern const plx_task_def *const plx_task_list[];
/** Their names, ended by NULL. */
extern const char *const plx_task_kinds[];

/** Whether each label is positive or negative. */
static inline bool plx_task_kind_has_positives(plx_task_kind kind)
{
    return plx_task_list[kind]->labels == PLX_LABELS_ARE_TRUTHS;
}

#endif
