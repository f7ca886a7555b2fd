/* SPDX-License-Identifier: Apache-2.0 */
/* Checks across options of a task and across tasks. */
#ifndef PLX_TASK_CHECK_H
#define PLX_TASK_CHECK_H

#include "base/problem.h"
#include "data/spec.h"

/** Reports all mistakes. Returns only PLX_OK or PLX_ERR_MEMORY. */
plx_status plx_tasks_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** Replaces the texts of a task's lists by the texts of their values (base/value_text.h); new arrays and texts are in
 * the arena. */
void plx_task_take_values(plx_task_spec *task, plx_arena *arena);

#endif
