/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customised gate control and progressive layered extraction (Tang et al., RecSys 2020). A level has experts for each
 * task and shared ones. A task's gate covers its own and the shared experts; the shared gate, which every level but the
 * last has, covers all. CGC has one level.
 */
#include "networks/blocks.h"
#include "networks/features.h"

#define FIELDS_EXPERTS                                                                                                 \
    PLX_MODEL_FIELD_COUNT(num_experts_specific, 0, "4", "number of experts of each task, at each level"),              \
        PLX_MODEL_FIELD_COUNT(num_experts_shared, 0, "4", "number of experts shared by all tasks, at each level"),     \
        PLX_MODEL_FIELD_EXPERT_UNITS, PLX_MODEL_FIELD_GATE_UNITS, PLX_MODEL_FIELDS_EXPERT, PLX_MODEL_FIELDS_GATE

static const plx_field cgc_fields[] = {FIELDS_EXPERTS, PLX_MODEL_FIELDS_COMMON};
static const size_t cgc_n_fields = sizeof cgc_fields / sizeof *cgc_fields;

static const plx_field ple_fields[] = {
    PLX_MODEL_FIELD_COUNT(num_levels, 1, "2", "number of levels of experts"),
    FIELDS_EXPERTS,
    {.name = "gate_input",
     .type = PLX_FIELD_CHOICE,
     .offset = PLX_MODEL_OFFSET(gate_input),
     .fallback = "level",
     .choices = plx_gate_input_names,
     .doc = "input of a gate without hidden layers: the input of its level, or the features at every level"},
    PLX_MODEL_FIELDS_COMMON,
};
static const size_t ple_n_fields = sizeof ple_fields / sizeof *ple_fields;

/* The values between levels: one for each task and a shared one; the features for the first level. */
typedef struct streams {
    plx_ref *tasks; /* [n_tasks] */
    plx_ref shared;
} streams;

static plx_ref gate_source(const plx_build *build, plx_ref features, plx_ref level)
{
    const plx_model_spec *spec = build->spec;
    return spec->gate_dnn_units.n == 0 && spec->gate_input == PLX_GATE_FEATURES ? features : level;
}

/* The banks of all tasks, then the shared bank. */
static void add_banks(plx_graph *graph, const plx_build *build, const streams *in, plx_ref *banks)
{
    for (int task = 0; task < build->n_tasks; task++) {
        const int outside = plx_task_scope(graph, task);
        banks[task] = plx_experts(graph, build, in->tasks[task], (int)build->spec->num_experts_specific);
        plx_scope_leave(graph, outside);
    }
    const int outside = plx_scope(graph, "shared");
    banks[build->n_tasks] = plx_experts(graph, build, in->shared, (int)build->spec->num_experts_shared);
    plx_scope_leave(graph, outside);
}

static void add_level(plx_graph *graph, const plx_build *build, plx_ref features, streams *flow, bool is_last)
{
    const int n_tasks = build->n_tasks;
    plx_ref *banks = plx_arena_take(graph->arena, (size_t)n_tasks + 1, sizeof *banks);
    plx_ref *mixed = plx_arena_take(graph->arena, (size_t)n_tasks, sizeof *mixed);
    if (!banks || !mixed) return;
    add_banks(graph, build, flow, banks);
    for (int task = 0; task < n_tasks; task++) {
        const int outside = plx_task_scope(graph, task);
        const plx_ref seen[] = {banks[task], banks[n_tasks]};
        mixed[task] = plx_gated(graph, build, gate_source(build, features, flow->tasks[task]), seen, 2);
        plx_scope_leave(graph, outside);
    }
    if (!is_last && !plx_is_absent(banks[n_tasks])) { /* the next level's shared experts read it */
        const int outside = plx_scope(graph, "shared");
        flow->shared = plx_gated(graph, build, gate_source(build, features, flow->shared), banks, n_tasks + 1);
        plx_scope_leave(graph, outside);
    }
    flow->tasks = mixed;
}

static void build_levels(plx_graph *graph, const plx_build *build, int n_levels, plx_task_output *outputs)
{
    plx_ref features = plx_features(graph, build);
    streams flow = {plx_arena_take(graph->arena, (size_t)build->n_tasks, sizeof(plx_ref)), features};
    if (!flow.tasks) return;
    for (int task = 0; task < build->n_tasks; task++)
        flow.tasks[task] = features;

    for (int level = 0; level < n_levels && graph->failure.code == PLX_OK; level++) {
        const int outside = plx_scope(graph, "level%d", level);
        add_level(graph, build, features, &flow, level == n_levels - 1);
        plx_scope_leave(graph, outside);
    }
    for (int task = 0; task < build->n_tasks; task++) {
        const int outside = plx_task_scope(graph, task);
        outputs[task] = plx_head(graph, build, task, plx_tower(graph, build, task, flow.tasks[task]));
        plx_scope_leave(graph, outside);
    }
}

static void build_cgc(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    build_levels(graph, build, 1, outputs);
}

static void build_ple(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    build_levels(graph, build, (int)build->spec->num_levels, outputs);
}

const plx_model_def plx_model_cgc = {
    .name = "cgc",
    .title = "CGC",
    .summary = "experts of each task and shared experts; the gate of a task mixes its own and the shared ones",
    .fields = cgc_fields,
    .n_fields = &cgc_n_fields,
    .tasks_min = 2,
    .build = build_cgc,
};

const plx_model_def plx_model_ple = {
    .name = "ple",
    .title = "PLE",
    .summary = "several levels of CGC, with a shared stream between them",
    .fields = ple_fields,
    .n_fields = &ple_n_fields,
    .tasks_min = 2,
    .build = build_ple,
};
