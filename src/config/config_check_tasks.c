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
    const bool has_positives = plx_task_kind_has_positives((plx_task_kind)task->kind);
    const int n = has_positives ? 2 : task->classes.n;
    /* Those by labels wait until all labels are known. */
    if (task->class_weights.n == 0 || task->class_weights.names || n == 0 || task->class_weights.n == n) return;
    plx_document_problem(document, plx_document_value(document, entry, "class_weights"),
                         "task '%s': 'class_weights' has %d number%s for %d classes: give one a class%s", task->name,
                         task->class_weights.n, task->class_weights.n == 1 ? "" : "s", n,
                         has_positives ? ", that of label 0 first" : "");
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

/* Whether the kind of task takes the loss. */
static bool takes_loss(const plx_task_spec *task, const char *loss)
{
    const char *const *names = plx_task_list[task->kind]->loss_names;
    while (*names && strcmp(*names, loss) != 0)
        names++;
    return *names;
}

/* Numbers that another loss of the kind reads, where they are not as by default. */
static void check_loss_parameters(plx_document *document, const plx_task_spec *task, const yaml_node_t *entry)
{
#define PARAMETER(key, loss, most, fallback, doc) [PLX_LOSS_##key] = {#key, #loss, fallback},
    static const struct {
        const char *key, *loss, *fallback;
    } parameters[PLX_LOSS_PARAMETERS] = {PLX_LOSS_PARAMETER_LIST(PARAMETER)};
    for (int i = PLX_LOSS_PLAIN + 1; i < PLX_LOSS_PARAMETERS; i++) {
        const char *key = parameters[i].key;
        const double given = task->loss_parameters[i];
        double fallback;
        if ((int)plx_task_loss(task)->parameter == i || !takes_loss(task, parameters[i].loss) ||
            !plx_parse_double(plx_slice_of(parameters[i].fallback), &fallback) ||
            !(given < fallback || given > fallback))
            continue;
        if (!plx_document_key(document, entry, key)) continue;
        plx_document_problem(document, plx_document_value(document, entry, key),
                             "task '%s': '%s' belongs to 'loss: %s'", task->name, key, parameters[i].loss);
    }
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
        check_loss_parameters(document, task, entry);
        check_soft(document, task, entry);
        check_classes(document, task, entry);
        check_class_weights(document, task, entry);
    }
}
