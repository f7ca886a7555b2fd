/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a task that must fit together. Classes that are not listed are counted when the encoders are fitted.
 */
#include <string.h>

#include "config/config_document.h"

/** Notes a mistake at the value of `key`, at the task where that is not given. */
static void problem_at(plx_document *document, const yaml_node_t *entry, const char *key, const char *task,
                       const char *what)
{
    const yaml_node_t *value = plx_document_value(document, entry, key);
    plx_document_problem(document, value ? value : entry, "task '%s': %s", task, what);
}

static void check_classes(plx_document *document, const plx_task_spec *task, const yaml_node_t *entry)
{
    const plx_text_list *classes = &task->classes;
    if (classes->n == 1)
        problem_at(document, entry, "classes", task->name, "'classes' lists one class; list two at least");
    for (int i = 0; i < classes->n; i++) {
        for (int k = 0; k < i; k++) {
            if (strcmp(classes->items[i], classes->items[k]) != 0) continue;
            plx_document_problem(document, plx_document_value(document, entry, "classes"),
                                 "task '%s': class '%s' is there twice", task->name, classes->items[i]);
            return;
        }
    }
}

static void check_class_weights(plx_document *document, const plx_task_spec *task, const yaml_node_t *entry)
{
    const int n = task->kind == PLX_TASK_BINARY ? 2 : task->classes.n;
    /* Those by labels wait until all labels are known. */
    if (task->class_weights.n == 0 || task->class_weights.names || n == 0 || task->class_weights.n == n) return;
    plx_document_problem(document, plx_document_value(document, entry, "class_weights"),
                         "task '%s': 'class_weights' has %d number%s for %d classes: give one a class%s", task->name,
                         task->class_weights.n, task->class_weights.n == 1 ? "" : "s", n,
                         task->kind == PLX_TASK_BINARY ? ", that of label 0 first" : "");
}

static void check_soft(plx_document *document, const plx_task_spec *task, const yaml_node_t *entry)
{
    if (task->labels != PLX_LABELS_SOFT) return;
    if (task->positive.n > 0)
        problem_at(document, entry, "positive", task->name,
                   "'positive' names labels; with 'labels: soft' they are numbers");
    if (task->class_weights.n > 0 || task->class_weights.is_word)
        problem_at(
            document, entry, "class_weights", task->name,
            "'class_weights' belongs to 'labels: hard': soft labels are of no class; weigh rows by 'weight_column'");
}

void plx_spec_check_tasks(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    for (int i = 0; i < table->n_tasks && !plx_document_is_full(document); i++) {
        const plx_task_spec *task = &table->tasks[i];
        const yaml_node_t *entry = places->task[i];
        const bool has_where = task->where && *task->where;
        if (task->negative.n > 0 && task->positive.n == 0)
            problem_at(document, entry, "negative", task->name, "'negative' needs 'positive' beside it");
        if (has_where && task->where_values.n == 0)
            problem_at(document, entry, "where", task->name,
                       "'where' needs 'where_values': the cells of that column with which a row counts");
        if (!has_where && task->where_values.n > 0)
            problem_at(document, entry, "where_values", task->name,
                       "'where_values' needs 'where': the column to look in");
        if (task->kind == PLX_TASK_REGRESSION && task->loss != PLX_LOSS_HUBER &&
            plx_document_key(document, entry, "huber_delta") && (task->huber_delta < 1 || task->huber_delta > 1))
            problem_at(document, entry, "huber_delta", task->name, "'huber_delta' belongs to 'loss: huber'");
        check_soft(document, task, entry);
        check_classes(document, task, entry);
        check_class_weights(document, task, entry);
    }
}
