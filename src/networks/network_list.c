/* SPDX-License-Identifier: Apache-2.0 */
/* The list of models, and the checks that a table of fields cannot make. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "networks/network.h"

extern const plx_model_def plx_model_single_task, plx_model_shared_bottom, plx_model_esmm, plx_model_mmoe,
    plx_model_cgc, plx_model_ple;

const plx_model_def *const plx_model_list[] = {
    &plx_model_single_task,
    &plx_model_shared_bottom,
    &plx_model_esmm,
    &plx_model_mmoe,
    &plx_model_cgc,
    &plx_model_ple,
    NULL,
};

const plx_model_def *plx_model_find(plx_slice name)
{
    for (int i = 0; plx_model_list[i]; i++) {
        if (plx_slice_equal(name, plx_slice_of(plx_model_list[i]->name))) return plx_model_list[i];
    }
    return NULL;
}

void plx_network_build(plx_graph *graph, const plx_model_def *def, const plx_build *build)
{
    plx_task_output *outputs = plx_arena_take(graph->arena, (size_t)build->n_tasks, sizeof *outputs);
    for (int task = 0; task < build->n_tasks && outputs; task++)
        outputs[task] = (plx_task_output){{-1}, {-1}};
    if (outputs) def->build(graph, build, outputs);
    if (plx_arena_failed(graph->arena) && graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
    for (int task = 0; task < build->n_tasks && outputs; task++)
        plx_graph_task(graph, task, outputs[task].value, outputs[task].loss);
}

static bool reads(const plx_model_def *def, const char *name)
{
    return plx_field_find(def->fields, *def->n_fields, plx_slice_of(name)) != NULL;
}

/* What a network may have in all. More is a slip, which would be told late, by a lack of memory. */
enum { EXPERTS_MAX = 65536, NUMBERS_MAX = 1 << 20, LAYERS_MAX = 4096 };

static int longest(const plx_int_list *units)
{
    int most = 0;
    for (int i = 0; i < units->n; i++)
        most = units->items[i] > most ? units->items[i] : most;
    return most;
}

/** Experts of a level, and what they and the gates make of a row. */
static plx_status check_experts(const plx_model_def *def, const plx_model_spec *spec, int n_tasks, plx_error *err)
{
    const bool has_own = reads(def, "num_experts_specific"), has_levels = reads(def, "num_levels");
    const int64_t levels = has_levels ? spec->num_levels : 1, own = has_own ? spec->num_experts_specific : 0;
    const int64_t shared = has_own ? spec->num_experts_shared : spec->num_experts, experts = own * n_tasks + shared;
    const char *counts = has_own ? "'num_experts_specific' and 'num_experts_shared'" : "'num_experts'";
    if (levels * experts > EXPERTS_MAX) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s%s: %lld experts in all for %d tasks; at most %d",
                 has_levels ? "'num_levels', " : "", counts, (long long)(levels * experts), n_tasks, EXPERTS_MAX);
    }
    const int64_t gates = n_tasks * (own + shared) + (has_own ? experts : 0);
    const int units = longest(&spec->expert_dnn_units);
    if (experts * units + gates > NUMBERS_MAX) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "%s and 'expert_dnn_units': %lld experts of %d units and gates for %d tasks make %lld numbers of a "
                 "row; at most %d",
                 counts, (long long)experts, units, n_tasks, (long long)(experts * units + gates), NUMBERS_MAX);
    }
    return PLX_OK;
}

static plx_status check_layers(const plx_model_def *def, const plx_model_spec *spec, int n_tasks, plx_error *err)
{
    const plx_int_lists *towers = &spec->tower_dnn_units_lists;
    const bool has_levels = reads(def, "num_levels");
    const int64_t shared = reads(def, "num_experts_specific") ? 1 : 0;
    int64_t layers = reads(def, "bottom_dnn_units") ? spec->bottom_dnn_units.n : 0;
    if (reads(def, "expert_dnn_units")) {
        const int64_t banks = shared ? n_tasks + 1 : 1, gates = n_tasks + shared;
        layers = (has_levels ? spec->num_levels : 1) *
                 (banks * spec->expert_dnn_units.n + gates * (spec->gate_dnn_units.n + 1));
    }
    for (int task = 0; task < n_tasks; task++)
        layers += 1 + plx_int_lists_item(towers, task)->n;
    if (layers <= LAYERS_MAX) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "the network would have %lld layers, at most %d: %sgive shorter lists of units, or "
             "train fewer tasks",
             (long long)layers, LAYERS_MAX, has_levels ? "lower 'num_levels', " : "");
}

/** Lists of choices by layer are at most as long as there are layers; one value fits every number of them. */
static plx_status check_choices(const plx_model_def *def, const char *prefix, const plx_layer_choices *choices,
                                int layers, plx_error *err)
{
    const struct {
        const char *name;
        int n;
    } lists[] = {{"dnn_activation", choices->activation.n},
                 {"dnn_dropout", choices->dropout.n},
                 {"dnn_use_bn", choices->use_bn.n}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s%s", prefix, lists[i].name);
        if (lists[i].n <= 1 || lists[i].n <= layers || !reads(def, name)) continue;
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'%s' has %d values for %d layer%s: give one, or one a layer", name, lists[i].n,
                 layers, layers == 1 ? "" : "s");
    }
    return PLX_OK;
}

static plx_status check_all_choices(const plx_model_def *def, const plx_model_spec *spec, int n_tasks, plx_error *err)
{
    int bottom = reads(def, "bottom_dnn_units") ? spec->bottom_dnn_units.n : 0, tower = 0;
    int expert = reads(def, "expert_dnn_units") ? spec->expert_dnn_units.n : 0;
    int gate = reads(def, "gate_dnn_units") ? spec->gate_dnn_units.n : 0;
    for (int task = 0; task < n_tasks; task++) {
        const int layers = plx_int_lists_item(&spec->tower_dnn_units_lists, task)->n;
        tower = layers > tower ? layers : tower;
    }
    int most = bottom > expert ? bottom : expert;
    most = gate > most ? gate : most;
    most = tower > most ? tower : most;
    PLX_TRY(check_choices(def, "", &spec->dnn, most, err));
    PLX_TRY(check_choices(def, "bottom_", &spec->bottom, bottom, err));
    PLX_TRY(check_choices(def, "expert_", &spec->expert, expert, err));
    PLX_TRY(check_choices(def, "gate_", &spec->gate, gate, err));
    return check_choices(def, "tower_", &spec->tower, tower, err);
}

plx_status plx_model_check(const plx_model_def *def, const plx_model_spec *spec, const plx_target_spec *targets,
                           int n_tasks, plx_error *err)
{
    if (n_tasks < def->tasks_min) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s needs at least %d tasks, not %d: add tasks, or choose single_task",
                 def->title, def->tasks_min, n_tasks);
    }
    if (def->tasks_max > 0 && n_tasks > def->tasks_max) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s takes %d tasks, not %d: leave some out, or choose another model",
                 def->title, def->tasks_max, n_tasks);
    }
    for (int task = 0; task < n_tasks && def->needs_binary; task++) {
        if (targets[task].kind != PLX_TASK_BINARY) {
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s takes binary tasks alone; '%s' is a %s", def->title, targets[task].name,
                     targets[task].kind == PLX_TASK_REGRESSION ? "regression" : "multiclass task");
        }
        if (targets[task].is_soft) {
            PLX_FAIL(err, PLX_ERR_ARGUMENT,
                     "%s multiplies probabilities of labels 0 and 1; task '%s' has 'labels: soft'", def->title,
                     targets[task].name);
        }
    }
    const int n_towers = spec->tower_dnn_units_lists.n;
    if (n_towers > 0 && n_towers != n_tasks) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'tower_dnn_units_lists' has %d list%s for %d tasks: give one list a task",
                 n_towers, n_towers == 1 ? "" : "s", n_tasks);
    }
    if (reads(def, "num_experts_shared") && spec->num_experts_shared + spec->num_experts_specific < 1) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "'num_experts_specific' and 'num_experts_shared' are both 0: a task needs an expert");
    }
    if (reads(def, "expert_dnn_units") && spec->expert_dnn_units.n < 1) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "'expert_dnn_units' is empty: an expert needs a layer");
    }
    PLX_TRY(check_all_choices(def, spec, n_tasks, err));
    if (reads(def, "expert_dnn_units")) PLX_TRY(check_experts(def, spec, n_tasks, err));
    return check_layers(def, spec, n_tasks, err);
}
