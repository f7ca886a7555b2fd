/* SPDX-License-Identifier: Apache-2.0 */
/* The list of models, and the checks that a table of fields cannot make. */
#include <string.h>

#include "base/text.h"
#include "models/model.h"

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

static bool reads(const plx_model_def *def, const char *name)
{
    return plx_field_find(def->fields, *def->n_fields, plx_slice_of(name)) != NULL;
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
        if (!targets[task].is_binary) {
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s takes binary tasks alone; '%s' is a regression", def->title,
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
    return PLX_OK;
}
