/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-gate mixture of experts (Ma et al., KDD 2018). */
#include "networks/blocks.h"
#include "networks/features.h"

static const plx_field fields[] = {
    PLX_MODEL_FIELD_COUNT(num_experts, 1, "8", "number of experts, shared by all tasks"),
    PLX_MODEL_FIELD_EXPERT_UNITS,
    PLX_MODEL_FIELD_GATE_UNITS,
    PLX_MODEL_FIELDS_EXPERT,
    PLX_MODEL_FIELDS_GATE,
    PLX_MODEL_FIELDS_COMMON,
};
static const size_t n_fields = sizeof fields / sizeof *fields;

static void build_mmoe(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    plx_ref x = plx_features(graph, build);
    plx_ref experts = plx_experts(graph, build, x, (int)build->spec->num_experts);

    for (int task = 0; task < build->n_tasks; task++) {
        const int outside = plx_task_scope(graph, task);
        plx_ref mixed = plx_gated(graph, build, x, &experts, 1);
        outputs[task] = plx_head(graph, build, task, plx_tower(graph, build, task, mixed));
        plx_scope_leave(graph, outside);
    }
}

const plx_model_def plx_model_mmoe = {
    .name = "mmoe",
    .title = "MMoE",
    .summary = "experts shared by all tasks, mixed by one gate per task",
    .fields = fields,
    .n_fields = &n_fields,
    .tasks_min = 2,
    .build = build_mmoe,
};
