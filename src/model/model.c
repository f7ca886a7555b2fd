/* SPDX-License-Identifier: Apache-2.0 */
/* Models: the network of a configuration over the encoders of its data. */
#include <string.h>

#include "model/configuration.h"
#include "model/model.h"
#include "model/training.h"
#include "store/dtype.h"

size_t plx_param_numbers(const plx_param *param)
{
    return (size_t)param->spec.groups * (size_t)param->spec.rows * (size_t)param->spec.cols;
}

static const char *const *list_classes(plx_model *model, int task)
{
    int n = plx_encoders_n_classes(model->encoders, task);
    if (n == 0) return NULL;
    const char **names = plx_arena_take(&model->arena, (size_t)n, sizeof *names);
    for (int i = 0; names && i < n; i++) {
        plx_slice class = plx_encoders_class(model->encoders, task, i);
        names[i] = plx_arena_text(&model->arena, class.text, class.length);
    }
    return names;
}

static plx_target_spec *list_targets(plx_model *model)
{
    const plx_table_spec *table = &model->config->spec.table;
    size_t n = (size_t)table->n_tasks;
    plx_target_spec *targets = plx_arena_take(&model->arena, n, sizeof *targets);
    model->task_names = plx_arena_take(&model->arena, n, sizeof *model->task_names);
    model->task_kinds = plx_arena_take(&model->arena, n, sizeof *model->task_kinds);
    model->quantiles = plx_arena_take(&model->arena, n, sizeof *model->quantiles);
    model->soft_tasks = plx_arena_take(&model->arena, n, sizeof *model->soft_tasks);
    model->task_weights = plx_arena_take(&model->arena, n, sizeof *model->task_weights);
    model->task_decays = plx_arena_take(&model->arena, n, sizeof *model->task_decays);
    model->tasks = plx_arena_take(&model->arena, n, sizeof *model->tasks);
    for (size_t i = 0; !plx_arena_failed(&model->arena) && i < n; i++) {
        const plx_task_spec *task = &table->tasks[i];
        model->task_names[i] = task->name;
        model->task_kinds[i] = (plx_task_kind)task->kind;
        model->quantiles[i] = plx_task_quantile(task);
        model->soft_tasks[i] = task->labels == PLX_LABELS_SOFT;
        model->task_weights[i] = task->weight;
        model->task_decays[i] = task->weight_decay;
        targets[i] = (plx_target_spec){.name = task->name,
                                       .kind = model->task_kinds[i],
                                       .n_classes = plx_encoders_n_classes(model->encoders, (int)i),
                                       .loss = plx_task_loss(task),
                                       .parameter = plx_task_loss_parameter(task)};
    }
    return targets;
}

/* The parts that callers can inspect. */
static plx_status list_parts(plx_model *model, plx_error *err)
{
    const plx_graph *graph = &model->graph;
    model->parameters = plx_arena_take(&model->arena, (size_t)graph->n_params, sizeof *model->parameters);
    model->layers = plx_arena_take(&model->arena, (size_t)graph->n_nodes, sizeof *model->layers);
    if (plx_arena_failed(&model->arena)) return plx_error_memory(err);
    model->info = (plx_model_info){.network = model->config->spec.def->name,
                                   .n_tasks = graph->n_tasks,
                                   .n_outputs = graph->n_outputs,
                                   .value_rule = plx_encoders_value_rule(model->encoders)};
    for (int i = 0; i < graph->n_params; i++) {
        const plx_param *param = &graph->params[i];
        if (!param->spec.is_state) model->info.n_parameters += (int64_t)plx_param_numbers(param);
        model->parameters[i] = (plx_parameter){.name = param->spec.name,
                                               .shape = {param->spec.groups, param->spec.rows, param->spec.cols},
                                               .strides = {(int64_t)param->group_stride, (int64_t)param->row_stride}};
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        model->layers[i] = (plx_layer){node->shown, node->shape.groups, node->shape.width};
    }
    for (int i = 0; i < graph->n_tasks; i++)
        model->tasks[i] = (plx_task_info){.name = model->task_names[i],
                                          .kind = plx_task_kinds[model->task_kinds[i]],
                                          .labels = plx_task_forms[model->task_kinds[i]],
                                          .first_output = graph->outputs[i],
                                          .n_outputs = graph->outputs[i + 1] - graph->outputs[i],
                                          .classes = list_classes(model, i)};
    return plx_arena_failed(&model->arena) ? plx_error_memory(err) : PLX_OK;
}

static plx_status build(plx_model *model, plx_error *err)
{
    const plx_spec *spec = &model->config->spec;
    plx_build what = {
        .spec = &spec->model,
        .targets = list_targets(model),
        .n_tasks = spec->table.n_tasks,
        .lazy_rows = spec->train.table_optimizer[0] ? (int)spec->train.table_rows : 0,
    };
    what.inputs = plx_model_inputs(model, &what.n_inputs);
    const size_t n_features = (size_t)plx_encoders_n_features(model->encoders);
    model->is_unknown_reported = plx_arena_take(&model->arena, n_features, sizeof *model->is_unknown_reported);
    if (plx_arena_failed(&model->arena)) return plx_error_memory(err);
    for (size_t i = 0; i < n_features; i++)
        atomic_init(&model->is_unknown_reported[i], false);
    plx_graph_init(&model->graph, &model->arena, spec->table.n_tasks);
    plx_network_build(&model->graph, spec->def, &what);
    plx_network_show_tasks(&model->graph, model->task_names);
    PLX_TRY(plx_graph_finish(&model->graph, err));
    return list_parts(model, err);
}

plx_status plx_model_count_unknown(const plx_model *model, plx_unknown **out, plx_error *err)
{
    *out = NULL;
    if (!model->context->warn) return PLX_OK;
    *out = plx_alloc_zero(&model->context->allocator, (size_t)plx_encoders_n_features(model->encoders), sizeof **out);
    return *out ? PLX_OK : plx_error_memory(err);
}

void plx_model_warn_unknown(const plx_model *model, plx_unknown *unknown)
{
    char line[512];
    for (int i = 0; unknown && i < plx_encoders_n_features(model->encoders); i++)
        if (plx_encoders_report_unknown(model->encoders, i, &unknown[i], line, sizeof line) &&
            !atomic_exchange(&model->is_unknown_reported[i], true))
            plx_context_warn(model->context, "%s", line);
    plx_free(&model->context->allocator, unknown);
}

plx_status plx_model_allocate(plx_model *model, plx_error *err)
{
    model->values = plx_alloc_aligned(&model->context->allocator, model->graph.n_values, sizeof *model->values);
    return model->values ? PLX_OK : plx_error_memory(err);
}

plx_status plx_model_build_take(plx_config *config, const plx_encoders *encoders, plx_model **out, plx_error *err)
{
    plx_context *context = config->context;
    plx_model *model = plx_alloc_zero(&context->allocator, 1, sizeof *model);
    if (!model) {
        plx_config_destroy(config);
        return plx_error_memory(err);
    }
    model->context = context;
    model->config = config;
    model->encoders = plx_encoders_retain(encoders);
    plx_arena_init(&model->arena, &context->allocator);
    plx_status status = build(model, err);
    if (status == PLX_OK) {
        *out = model;
    } else {
        plx_model_destroy(model);
    }
    return status;
}

/** Rows must be encoded by the present configuration, not by one from before an assignment. */
static plx_status check_encoding(const plx_config *config, const plx_data *data, plx_error *err)
{
    plx_string now;
    plx_string_init(&now, &config->context->allocator);
    plx_spec_write_encoding(&config->spec, &now);
    plx_status status = PLX_OK;
    if (now.failed) {
        status = plx_error_memory(err);
    } else if (strcmp(now.text, data->encoding.text) != 0) {
        status = plx_error_set(err, PLX_ERR_SCHEMA,
                               "the data was loaded by a configuration with other features or tasks: load it again");
    }
    plx_string_release(&now);
    return status;
}

static plx_status make(const plx_config *config, const plx_data *data, const plx_encoders *encoders, plx_model **out,
                       plx_error *err)
{
    plx_config *own = NULL;
    plx_model *model = NULL;
    PLX_TRY(plx_config_clone(config, &own, err));
    PLX_TRY(plx_model_build_take(own, encoders, &model, err));
    plx_status status = plx_model_allocate(model, err);
    if (!status) {
        plx_graph_init_values(&model->graph, (uint64_t)model->config->spec.train.seed, model->values);
        status = plx_model_fill_tables(model, data, err);
    }
    if (status)
        plx_model_destroy(model);
    else
        *out = model;
    return status;
}

plx_status plx_model_make(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err)
{
    PLX_TRY(check_encoding(config, data, err));
    return make(config, data, data->encoders, out, err);
}

plx_status plx_model_declare(const plx_config *config, plx_model **out, plx_error *err)
{
    static const plx_data none; /* no folders to search for files */
    const plx_load_options options = {.listener = plx_context_listener(config->context)};
    plx_encoders *encoders = NULL;
    PLX_TRY(plx_encoders_declare(&config->context->allocator, &config->spec.table, &options, &encoders, err));
    const plx_status status = make(config, &none, encoders, out, err);
    plx_encoders_release(encoders);
    return status;
}

plx_status plx_model_clone(const plx_model *model, plx_model **out, plx_error *err)
{
    plx_config *own = NULL;
    plx_model *copy = NULL;
    PLX_TRY(plx_config_clone(model->config, &own, err));
    PLX_TRY(plx_model_build_take(own, model->encoders, &copy, err));
    plx_status status = plx_model_allocate(copy, err);
    if (status) {
        plx_model_destroy(copy);
        return status;
    }
    memcpy(copy->values, model->values, model->graph.n_values * sizeof *copy->values);
    *out = copy;
    return PLX_OK;
}

void plx_model_destroy(plx_model *model)
{
    if (!model) return;
    const plx_allocator *allocator = &model->context->allocator;
    plx_free_aligned(allocator, model->values);
    plx_arena_release(&model->arena);
    plx_encoders_release(model->encoders);
    plx_config_destroy(model->config);
    plx_free(allocator, model);
}

static bool is_same_tensor(const plx_tensor *a, const plx_tensor *b)
{
    uint64_t bytes = 0;
    if (strcmp(a->name, b->name) != 0 || a->dtype != b->dtype || a->n_dims != b->n_dims) return false;
    for (int i = 0; i < a->n_dims; i++) {
        if (a->dims[i] != b->dims[i]) return false;
    }
    return plx_tensor_bytes(a, &bytes) && (bytes == 0 || memcmp(a->data, b->data, (size_t)bytes) == 0);
}

plx_status plx_model_check_encoders(const plx_model *model, const plx_encoders *encoders, plx_error *err)
{
    const plx_tensor *own = NULL, *others = NULL;
    int n_own = 0, n_others = 0;
    plx_arena arena;
    if (model->encoders == encoders) return PLX_OK;
    plx_arena_init(&arena, &model->context->allocator);
    plx_status status = plx_encoders_tensors(model->encoders, &arena, &own, &n_own, err);
    if (status == PLX_OK) status = plx_encoders_tensors(encoders, &arena, &others, &n_others, err);
    const plx_layout *layout = plx_encoders_layout(model->encoders), *other = plx_encoders_layout(encoders);
    bool is_same = status == PLX_OK && n_own == n_others && layout->record_bytes == other->record_bytes &&
                   layout->has_group == other->has_group;
    for (int i = 0; is_same && i < n_own; i++)
        is_same = is_same_tensor(&own[i], &others[i]);
    if (status == PLX_OK && !is_same) {
        status = plx_error_set(err, PLX_ERR_SCHEMA,
                               "the rows were encoded by other vocabularies or scalings than the model's: read them "
                               "with plx_dataset_read, or make the model from this data");
    }
    plx_arena_release(&arena);
    return status;
}

void plx_model_name_tasks(plx_model *model)
{
    for (int task = 0; task < model->graph.n_tasks; task++)
        model->tasks[task].name = model->task_names[task] = model->config->spec.table.tasks[task].name;
}

plx_status plx_model_assign(plx_model *model, const char *assignment, plx_error *err)
{
    if (strncmp(assignment, "train.", 6) != 0) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "'%s': of an existing model only section train can be changed; create another model", assignment);
    }
    plx_config *config = NULL;
    PLX_TRY(plx_training_config(model, &config, err));
    PLX_TRY(plx_config_assign(config, assignment, err));
    plx_model_name_tasks(model);
    return PLX_OK;
}
