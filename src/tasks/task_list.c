/* SPDX-License-Identifier: Apache-2.0 */
/* The list of kinds of tasks. */
#include "tasks/task.h"

#define ROW(KIND, name)   [PLX_TASK_##KIND] = &plx_task_##name,
#define NAME(KIND, name)  [PLX_TASK_##KIND] = #name,
#define COUNT(KIND, name) +1

enum { N_KINDS = 0 PLX_TASK_LIST(COUNT) };

const plx_task_def *const plx_task_list[N_KINDS + 1] = {PLX_TASK_LIST(ROW)};
const char *const plx_task_kinds[N_KINDS + 1] = {PLX_TASK_LIST(NAME)};
