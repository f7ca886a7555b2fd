/* SPDX-License-Identifier: Apache-2.0 */
/* The list of kinds of tasks. */
#include "tasks/task.h"

#define ROW(KIND, name, form, doc)    &plx_task_##name,
#define NAME(KIND, name, form, doc)   #name,
#define LABELS(KIND, name, form, doc) PLX_LABELS_ARE_##form,

const plx_task_def *const plx_task_list[] = {PLX_TASK_LIST(ROW) NULL};
const char *const plx_task_kinds[] = {PLX_TASK_LIST(NAME) NULL};
const plx_label_form plx_task_forms[] = {PLX_TASK_LIST(LABELS)};
