/* SPDX-License-Identifier: Apache-2.0 */
/* Models for other runtimes: ONNX. */
#include "model/store.h"
#include "model/training.h"
#include "store/onnx_network.h"

static void report(void *user, const char *line)
{
    plx_context_warn(user, "%s", line);
}

/* The description of the outputs for programs: [{"name":.., "kind":.., "classes":[..]}]. */
static void describe_tasks(const plx_model *model, plx_string *out)
{
    plx_string_add(out, "[", 1);
    for (int task = 0; task < model->graph.n_tasks; task++) {
        plx_string_format(out, "%s{\"name\":", task ? "," : "");
        plx_string_json(out, plx_slice_of(model->task_names[task]));
        plx_string_format(out, ",\"kind\":\"%s\"", plx_task_kinds[model->task_kinds[task]]);
        for (int i = 0; i < plx_encoders_n_classes(model->encoders, task); i++) {
            plx_string_format(out, i ? "," : ",\"classes\":[");
            plx_string_json(out, plx_slice_of(model->tasks[task].classes[i]));
        }
        plx_string_format(out, plx_encoders_n_classes(model->encoders, task) ? "]}" : "}");
    }
    plx_string_add(out, "]", 1);
}

/* Outputs have the names of tasks; with ":score" appended if an input has that name. */
static plx_status add_outputs(const plx_model *model, plx_onnx *onnx, const char *const *predictions, plx_error *err)
{
    for (int task = 0; task < model->graph.n_tasks; task++) {
        const char *name = model->task_names[task];
        if (plx_onnx_is_taken(onnx, name)) name = plx_arena_format(onnx->arena, "%s:score", name);
        if (!name) return plx_error_memory(err);
        if (plx_onnx_is_taken(onnx, name))
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                     "task '%s': the ONNX model has an input '%s'; give the task another name", model->task_names[task],
                     name);
        plx_onnx_output(onnx, name, predictions[task], model->tasks[task].n_outputs,
                        plx_task_list[model->task_kinds[task]]->prediction);
    }
    return PLX_OK;
}

static plx_status export_model(const plx_model *model, plx_onnx *onnx, const char *path, bool external, plx_error *err)
{
    plx_onnx_record record;
    plx_string tasks;
    const char **predictions = plx_arena_take(onnx->arena, (size_t)model->graph.n_tasks, sizeof *predictions);
    if (!predictions) return plx_error_memory(err);
    PLX_TRY(plx_onnx_encode(onnx, model->encoders, &record, report, model->context, err));
    PLX_TRY(plx_onnx_network(onnx, &model->graph, &record, predictions, err));
    PLX_TRY(add_outputs(model, onnx, predictions, err));
    plx_string_init(&tasks, onnx->allocator);
    describe_tasks(model, &tasks);
    onnx->failed |= tasks.failed;
    plx_onnx_metadata(onnx, "tasks", tasks.text);
    plx_string_release(&tasks);
    return plx_onnx_write(onnx, path, external, err);
}

plx_status plx_model_write_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                plx_onnx_report *report, plx_error *err)
{
    plx_arena arena;
    plx_onnx onnx;
    PLX_TRY(plx_model_check_weights(model, err));
    plx_arena_init(&arena, &model->context->allocator);
    plx_onnx_init(&onnx, &arena, &model->context->allocator, model->values, PLX_VERSION);
    plx_status status = export_model(model, &onnx, path, options && options->external_data, err);
    if (status == PLX_OK && report)
        *report = (plx_onnx_report){.size = sizeof *report, .inputs = onnx.n_inputs, .outputs = onnx.n_outputs};
    plx_onnx_release(&onnx);
    plx_arena_release(&arena);
    return status;
}
