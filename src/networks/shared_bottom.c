/* SPDX-License-Identifier: Apache-2.0 */
/* One network that all tasks share, and a tower for each (Caruana, Machine Learning 28, 1997). */
#include "networks/blocks.h"
#include "networks/features.h"

static const plx_field fields[] = {
    PLX_MODEL_FIELD_UNITS(bottom_dnn_units, "[128]", "sizes of the layers of the shared network"),
    PLX_MODEL_FIELDS_BOTTOM,
    PLX_MODEL_FIELDS_COMMON,
};
static const size_t n_fields = sizeof fields / sizeof *fields;

static void build_shared_bottom(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    plx_ref x = plx_features(graph, build);
    int outside = plx_scope(graph, "bottom");
    plx_ref bottom = plx_dnn(graph, build, x, 1, &build->spec->bottom_dnn_units, &build->spec->bottom);
    plx_scope_leave(graph, outside);

    for (int task = 0; task < build->n_tasks; task++) {
        outside = plx_task_scope(graph, task);
        outputs[task] = plx_head(graph, build, task, plx_tower(graph, build, task, bottom));
        plx_scope_leave(graph, outside);
    }
}

const plx_model_def plx_model_shared_bottom = {
    .name = "shared_bottom",
    .title = "Shared-Bottom",
    .summary = "one network shared by all tasks, then a tower for each",
    .fields = fields,
    .n_fields = &n_fields,
    .tasks_min = 2,
    .build = build_shared_bottom,
};
