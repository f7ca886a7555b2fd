/* SPDX-License-Identifier: Apache-2.0 */
/* The list of models, and checks beyond their tables of fields. */
#include <stdio.h>
#include <string.h>

#include "base/problem.h"
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
    const char **names = plx_arena_take(graph->arena, (size_t)build->n_tasks, sizeof *names);
    for (int task = 0; task < build->n_tasks && outputs && names; task++) {
        outputs[task] = (plx_task_output){{-1}, {-1}};
        names[task] = build->targets[task].name;
    }
    graph->task_names = names;
    if (outputs && names) def->build(graph, build, outputs);
    if (plx_arena_failed(graph->arena) && graph->failure.code == PLX_OK) plx_error_memory(&graph->failure);
    for (int task = 0; task < build->n_tasks && outputs; task++)
        plx_graph_task(graph, task, outputs[task].value, outputs[task].loss);
}

static bool reads(const plx_model_def *def, const char *name)
{
    return plx_field_find(def->fields, *def->n_fields, plx_slice_of(name)) != NULL;
}

/** Builds the network for one dense number, without allocating parameters, to check the limits of a graph. */
static plx_status build_alone(const plx_model_def *def, const plx_build *build, const plx_allocator *allocator,
                              plx_error *err)
{
    plx_arena arena;
    plx_graph graph;
    plx_arena_init(&arena, allocator);
    plx_graph_init(&graph, &arena, build->n_tasks);
    plx_network_build(&graph, def, build);
    const plx_status status = plx_graph_finish(&graph, err);
    plx_arena_release(&arena);
    return status;
}

/* Sets the row's value to the smallest valid size; false: the row is no size. */
static bool set_least(const plx_field *field, plx_model_spec *spec, plx_int_list *one)
{
    void *at = (unsigned char *)spec + field->offset;
    switch (field->type) {
    case PLX_FIELD_INT:
        *(int64_t *)at = 1;
        return true;
    case PLX_FIELD_INT_LIST:
        *(plx_int_list *)at = *one;
        return true;
    case PLX_FIELD_INT_LISTS:
        *(plx_int_lists *)at = (plx_int_lists){.each = *one};
        return true;
    default:
        return false;
    }
}

/* Finds the hyper-parameter to reduce. */
typedef struct remedy {
    const char *text; /* empty: no key is enough; NULL: out of memory */
    const char *key;  /* of the hyper-parameters in the text, the first that differs from its default, else the first */
    bool is_changed;  /* `key` differs from its default */
} remedy;

static bool is_as_by_default(const plx_field *field, const plx_model_spec *spec, plx_arena *arena)
{
    plx_model_spec usual = {0};
    plx_string texts[2];
    const plx_model_spec *const specs[] = {spec, &usual};
    if (plx_fields_default(field, 1, &usual, arena, NULL)) return true;
    for (int i = 0; i < 2; i++) {
        plx_string_init(&texts[i], arena->allocator);
        plx_field_write(field, specs[i], &texts[i]);
    }
    const bool is_same = texts[0].failed || texts[1].failed || strcmp(texts[0].text, texts[1].text) == 0;
    plx_string_release(&texts[0]);
    plx_string_release(&texts[1]);
    return is_same;
}

/* With `alone`: the key that is enough by itself. */
static remedy size_remedy(const plx_model_def *def, const plx_build *build, bool alone, plx_arena *arena)
{
    remedy r = {.text = ""};
    const char *between = alone ? ", or " : ", ";
    int unit = 1;
    for (size_t i = 0; r.text && i < *def->n_fields; i++) {
        const plx_field *field = &def->fields[i];
        plx_model_spec spec = *build->spec;
        plx_build less = *build;
        less.spec = &spec;
        if (!set_least(field, &spec, &(plx_int_list){&unit, 1})) continue;
        if (alone && build_alone(def, &less, arena->allocator, NULL) != PLX_OK) continue;
        const bool is_changed = !is_as_by_default(field, build->spec, arena);
        if (!r.key || (is_changed && !r.is_changed)) r.key = field->name;
        r.is_changed |= is_changed;
        r.text =
            plx_arena_format(arena, "%s%s%s '%s'", r.text, r.text[0] ? between : "",
                             field->type == PLX_FIELD_INT ? "lower" : "give fewer or smaller layers in", field->name);
    }
    plx_build fewest = *build;
    fewest.n_tasks = def->tasks_min;
    if (r.text && (!alone || build_alone(def, &fewest, arena->allocator, NULL) == PLX_OK))
        r.text = plx_arena_format(arena, "%s%strain fewer tasks", r.text, r.text[0] ? between : "");
    return r;
}

static plx_status check_size(const plx_model_def *def, const plx_build *build, plx_arena *arena, plx_problems *problems)
{
    plx_error failure;
    const plx_status status = build_alone(def, build, arena->allocator, &failure);
    if (status == PLX_OK) return PLX_OK;
    remedy r = size_remedy(def, build, true, arena);
    if (r.text && !r.text[0]) r = size_remedy(def, build, false, arena);
    if (status == PLX_ERR_MEMORY || !r.text) return PLX_ERR_MEMORY;
    plx_problem_add(problems, "model", -1, r.key, "%s: %s", failure.message, r.text);
    return PLX_OK;
}

/** Per-layer lists have at most one item per layer; a single value fits any number of layers. */
static void check_choices(const plx_model_def *def, const char *prefix, const plx_layer_choices *choices, int layers,
                          plx_problems *problems)
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
        plx_problem_add(problems, "model", -1, name, "'%s' has %d values for %d layer%s: give one, or one per layer",
                        name, lists[i].n, layers, layers == 1 ? "" : "s");
    }
}

static void check_all_choices(const plx_model_def *def, const plx_model_spec *spec, int n_tasks, plx_problems *problems)
{
    int bottom = reads(def, "bottom_dnn_units") ? spec->bottom_dnn_units.n : 0, tower = 0;
    int expert = reads(def, "expert_dnn_units") ? spec->expert_dnn_units.n : 0;
    int gate = reads(def, "gate_dnn_units") ? spec->gate_dnn_units.n : 0;
    const int n_towers = spec->tower_dnn_units_lists.n ? spec->tower_dnn_units_lists.n : n_tasks;
    for (int task = 0; task < n_towers; task++) {
        const int layers = plx_int_lists_item(&spec->tower_dnn_units_lists, task)->n;
        tower = layers > tower ? layers : tower;
    }
    int most = bottom > expert ? bottom : expert;
    most = gate > most ? gate : most;
    most = tower > most ? tower : most;
    check_choices(def, "", &spec->dnn, most, problems);
    check_choices(def, "bottom_", &spec->bottom, bottom, problems);
    check_choices(def, "expert_", &spec->expert, expert, problems);
    check_choices(def, "gate_", &spec->gate, gate, problems);
    check_choices(def, "tower_", &spec->tower, tower, problems);
}

static void check_tasks(const plx_model_def *def, const plx_target_spec *targets, int n_tasks, plx_problems *problems)
{
    if (n_tasks < def->tasks_min)
        plx_problem_add(problems, "tasks", -1, NULL,
                        "%s needs at least %d tasks, not %d: add tasks or choose single_task", def->title,
                        def->tasks_min, n_tasks);
    if (def->tasks_max > 0 && n_tasks > def->tasks_max)
        plx_problem_add(problems, "tasks", -1, NULL, "%s takes %d tasks, not %d: remove some or choose another model",
                        def->title, def->tasks_max, n_tasks);
    for (int task = 0; task < n_tasks && def->needs_binary; task++) {
        if (plx_task_forms[targets[task].kind] != PLX_LABELS_ARE_TRUTHS)
            plx_problem_add(problems, "tasks", task, "kind", "%s takes only binary tasks; this one is a %s", def->title,
                            plx_task_list[targets[task].kind]->noun);
        else if (targets[task].is_soft)
            plx_problem_add(problems, "tasks", task, "labels",
                            "%s multiplies probabilities of labels 0 and 1; this task has 'labels: soft'", def->title);
    }
}

plx_status plx_model_check(const plx_model_def *def, const plx_model_spec *spec, const plx_target_spec *targets,
                           int n_tasks, plx_arena *arena, plx_problems *problems)
{
    const int n_towers = spec->tower_dnn_units_lists.n, n_before = problems->n;
    check_tasks(def, targets, n_tasks, problems);
    if (n_towers > 0 && n_towers != n_tasks)
        plx_problem_add(problems, "model", -1, "tower_dnn_units_lists",
                        "'tower_dnn_units_lists' has %d list%s for %d tasks: give one list per task", n_towers,
                        n_towers == 1 ? "" : "s", n_tasks);
    if (reads(def, "num_experts_shared") && spec->num_experts_shared + spec->num_experts_specific < 1)
        plx_problem_add(problems, "model", -1, "num_experts_specific",
                        "'num_experts_specific' and 'num_experts_shared' are both 0: a task needs at least one expert");
    if (reads(def, "expert_dnn_units") && spec->expert_dnn_units.n < 1)
        plx_problem_add(problems, "model", -1, "expert_dnn_units",
                        "'expert_dnn_units' is empty: an expert needs at least one layer");
    check_all_choices(def, spec, n_tasks, problems);
    if (problems->n > n_before) return PLX_OK; /* no network to check */
    static const plx_input_spec input = {.name = "input"};
    const plx_build build = {.spec = spec, .inputs = &input, .n_inputs = 1, .targets = targets, .n_tasks = n_tasks};
    return check_size(def, &build, arena, problems);
}
