/* SPDX-License-Identifier: Apache-2.0 */
/* What several options of a task, or several tasks, must agree on. */
#ifndef PLX_TASK_CHECK_H
#define PLX_TASK_CHECK_H

#include "base/problem.h"
#include "data/spec.h"

/** Reports all mistakes. PLX_ERR_MEMORY alone is returned. */
plx_status plx_tasks_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** Replaces the texts of a task's lists by those that they stand for as values (base/value_text.h); new arrays and
 * texts lie in the arena. */
void plx_task_take_values(plx_task_spec *task, plx_arena *arena);

#endif
