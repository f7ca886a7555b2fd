/* SPDX-License-Identifier: Apache-2.0 */
/* A separate network for each task, tables included: the baseline for models that share. */
#include "networks/blocks.h"
#include "networks/features.h"

static const plx_field fields[] = {PLX_MODEL_FIELDS_COMMON};
static const size_t n_fields = sizeof fields / sizeof *fields;

static void build_single_task(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    for (int task = 0; task < build->n_tasks; task++) {
        const int outside = plx_task_scope(graph, task);
        plx_ref x = plx_features(graph, build);
        outputs[task] = plx_head(graph, build, task, plx_tower(graph, build, task, x));
        plx_scope_leave(graph, outside);
    }
}

const plx_model_def plx_model_single_task = {
    .name = "single_task",
    .title = "Single-Task",
    .summary = "a separate network with separate embedding tables for each task; nothing is shared",
    .fields = fields,
    .n_fields = &n_fields,
    .tasks_min = 1,
    .build = build_single_task,
};
