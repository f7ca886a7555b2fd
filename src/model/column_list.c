/* SPDX-License-Identifier: Apache-2.0 */
/* The columns that a configuration reads, and its tasks: for callers that make rows and read scores. */
#include "data/encoder_def.h"
#include "model/configuration.h"

/* Counts columns, and fills them in if `items` is set. */
typedef struct columns {
    int n;
    plx_input_column *items; /* NULL: only counts */
} columns;

static plx_input_column *add(columns *to, const char *column, const char *reader, plx_reading reading)
{
    if (!column || !*column) return NULL;
    const int at = to->n++;
    if (!to->items) return NULL;
    to->items[at] =
        (plx_input_column){.column = column, .reader = reader, .reading = reading, .size = 1, .may_be_missing = true};
    return &to->items[at];
}

static void add_feature(columns *to, const plx_feature_spec *feature)
{
    plx_input_column read[PLX_FEATURE_COLUMNS];
    const int n = plx_feature_defs[feature->kind]->columns(feature, read);
    for (int i = 0; i < n; i++) {
        plx_input_column *one = add(to, read[i].column, feature->name, read[i].reading);
        if (!one) continue;
        *one = read[i];
        one->reader = feature->name;
    }
}

/* A column of row weights is required. */
static void add_weight(columns *to, const char *column, const char *task)
{
    plx_input_column *one = add(to, column, task, PLX_READS_LABEL);
    if (one) one->may_be_missing = false;
}

static void add_all(columns *to, const plx_table_spec *table)
{
    for (int i = 0; i < table->n_features; i++)
        add_feature(to, &table->features[i]);
    for (int i = 0; i < table->n_tasks; i++) {
        const plx_task_spec *task = &table->tasks[i];
        add(to, plx_column_of(task->column, task->name), task->name, PLX_READS_LABEL);
        add(to, task->where, task->name, PLX_READS_LABEL);
        add_weight(to, task->weight_column, task->name);
    }
    add_weight(to, table->data.row_weight, NULL);
    add(to, table->data.group, NULL, PLX_READS_LABEL);
}

static void describe_task(plx_arena *arena, const plx_task_spec *task, int first, plx_task_info *out)
{
    const bool has_classes = plx_task_has_classes(task);
    *out = (plx_task_info){.name = task->name,
                           .kind = plx_task_kinds[task->kind],
                           .labels = plx_task_forms[task->kind],
                           .first_output = first,
                           .n_outputs = has_classes ? task->classes.n : 1};
    if (!has_classes || !task->classes.n) return;
    const char **classes = plx_arena_take(arena, (size_t)task->classes.n, sizeof *classes);
    for (int i = 0; classes && i < task->classes.n; i++)
        classes[i] = task->classes.items[i];
    out->classes = classes;
}

plx_status plx_config_list(plx_config *config, plx_error *err)
{
    const plx_table_spec *table = &config->spec.table;
    plx_arena *arena = &config->spec.arena;
    columns all = {0};
    int first = 0;
    add_all(&all, table);
    all.items = plx_arena_take(arena, (size_t)all.n, sizeof *all.items);
    config->tasks = plx_arena_take(arena, (size_t)table->n_tasks, sizeof *config->tasks);
    if (!all.items || !config->tasks) return plx_error_memory(err);
    all.n = 0;
    add_all(&all, table);
    config->columns = all.items;
    config->n_columns = all.n;
    for (int i = 0; i < table->n_tasks; i++) {
        describe_task(arena, &table->tasks[i], first, &config->tasks[i]);
        first += config->tasks[i].n_outputs;
    }
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}
