/* SPDX-License-Identifier: Apache-2.0 */
/* What no single table can check: names that differ, columns that exist, parts of sections that agree. */
#include <stdlib.h>
#include <string.h>

#include "config/config_document.h"
#include "files/csv.h"
#include "train/monitor.h"

/** A name, sorted for finding it and its doubles. */
typedef struct named {
    const char *name;
    int index;
} named;

typedef struct named_list {
    named *items; /* by name, then by index */
    int n;
} named_list;

static int compare_named(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : x->index - y->index;
}

static int compare_name_alone(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static named_list make_list(plx_document *document, int n)
{
    named_list list = {.items = plx_arena_take(&document->scratch, (size_t)n + 1, sizeof *list.items)};
    if (list.items) list.n = n;
    return list;
}

static const named *find(const named_list *list, const char *name)
{
    named key = {.name = name};
    if (list->n == 0) return NULL;
    return bsearch(&key, list->items, (size_t)list->n, sizeof key, compare_name_alone);
}

/** Sorts; notes each name that is there again, at places[index] or at `place`. */
static void sort_list(plx_document *document, named_list *list, const yaml_node_t *const *places,
                      const yaml_node_t *place, const char *what)
{
    if (list->n == 0) return;
    qsort(list->items, (size_t)list->n, sizeof *list->items, compare_named);
    for (int i = 1; i < list->n; i++) {
        const named *item = &list->items[i];
        if (strcmp(item->name, list->items[i - 1].name) != 0) continue;
        plx_document_problem(document, places ? places[item->index] : place,
                             "%s '%s' is there twice: names must differ", what, item->name);
    }
}

static void check_feature_names(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    named_list names = make_list(document, table->n_features);
    for (int i = 0; i < names.n; i++)
        names.items[i] = (named){table->features[i].name, i};
    sort_list(document, &names, places->feature, NULL, "feature");
    if (table->n_features == 0 && places->features) {
        plx_document_problem(document, places->features, "section 'features' names no feature; a model needs one");
    }
}

static void check_task_names(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    named_list names = make_list(document, table->n_tasks);
    for (int i = 0; i < names.n; i++)
        names.items[i] = (named){table->tasks[i].name, i};
    sort_list(document, &names, places->task, NULL, "task");
}

static void check_labels(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    named_list labels = make_list(document, table->n_tasks);
    for (int i = 0; i < labels.n; i++)
        labels.items[i] = (named){table->tasks[i].column, i};
    if (labels.n > 0) qsort(labels.items, (size_t)labels.n, sizeof *labels.items, compare_named);
    for (int i = 0; i < table->n_features; i++) {
        const named *label = find(&labels, table->features[i].column);
        if (!label && table->features[i].weight_column) label = find(&labels, table->features[i].weight_column);
        if (!label) continue;
        plx_document_problem(document, places->feature[i],
                             "column '%s' holds the labels of task '%s', and a label's own column leaves the features: "
                             "remove feature '%s'",
                             label->name, table->tasks[label->index].name, table->features[i].name);
    }
}

static void lacks_column(plx_document *document, const plx_text_list *columns, const char *column,
                         const yaml_node_t *place)
{
    const char *nearest = plx_nearest(plx_slice_of(column), (const char *const *)columns->items, (size_t)columns->n);
    plx_document_problem(document, place, "column '%s' is not in data.columns%s%s%s", column,
                         nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static void check_columns(plx_document *document, const plx_table_spec *table, const plx_spec_places *places)
{
    const plx_text_list *columns = &table->data.columns;
    const yaml_node_t *node = plx_document_value(document, places->data, "columns");
    if (columns->n == 0) {
        if (!table->data.header) {
            plx_document_problem(document, plx_document_value(document, places->data, "header"),
                                 "files without a header need 'columns': the columns' names in file order");
        }
        return;
    }
    named_list list = make_list(document, columns->n);
    for (int i = 0; i < list.n; i++)
        list.items[i] = (named){columns->items[i], i};
    sort_list(document, &list, NULL, node, "column");
    for (int i = 0; i < table->n_features && !plx_document_is_full(document); i++) {
        const char *column = table->features[i].column, *weights = table->features[i].weight_column;
        if (!find(&list, column)) lacks_column(document, columns, column, places->feature[i]);
        if (weights && *weights && !find(&list, weights)) lacks_column(document, columns, weights, places->feature[i]);
    }
    for (int i = 0; i < table->n_tasks && !plx_document_is_full(document); i++) {
        const plx_task_spec *task = &table->tasks[i];
        const char *const read[] = {task->column, task->where, task->weight_column};
        for (size_t k = 0; k < sizeof read / sizeof *read; k++)
            if (read[k] && *read[k] && !find(&list, read[k])) lacks_column(document, columns, read[k], places->task[i]);
    }
    const char *group = table->data.group;
    if (group && *group && !plx_document_is_full(document) && !find(&list, group))
        lacks_column(document, columns, group, plx_document_value(document, places->data, "group"));
    if (table->data.row_weight && *table->data.row_weight && !find(&list, table->data.row_weight))
        lacks_column(document, columns, table->data.row_weight,
                     plx_document_value(document, places->data, "row_weight"));
}

static void check_part(plx_document *document, const plx_spec_places *places, const char *files_key, int n_files,
                       const char *part_key, double part)
{
    if (n_files == 0 || part <= 0) return;
    plx_document_problem(document, plx_document_key(document, places->data, part_key),
                         "'%s' cuts rows off the training files, but '%s' names files: give one or the other", part_key,
                         files_key);
}

static void check_standard_input(plx_document *document, const plx_data_spec *data, const plx_spec_places *places)
{
    static const char *const keys[] = {"train", "validation", "test"};
    const plx_text_list *const lists[] = {&data->train, &data->validation, &data->test};
    bool is_taken = false;
    for (int list = 0; list < 3; list++) {
        for (int i = 0; i < lists[list]->n; i++) {
            if (strcmp(lists[list]->items[i], "-") != 0) continue;
            if (is_taken) {
                plx_document_problem(document, plx_document_value(document, places->data, keys[list]),
                                     "the standard input, '-', can be read once only");
            }
            is_taken = true;
        }
    }
}

static void check_data(plx_document *document, const plx_data_spec *data, const plx_spec_places *places)
{
    const yaml_node_t *delimiter = plx_document_value(document, places->data, "delimiter");
    const yaml_node_t *quote = plx_document_value(document, places->data, "quote");
    if (data->delimiter && (!*data->delimiter || strlen(data->delimiter) > PLX_CSV_MAX_DELIMITER)) {
        plx_document_problem(document, delimiter, "'delimiter' is 1 to %d bytes or the word tab, not '%s'",
                             PLX_CSV_MAX_DELIMITER, data->delimiter);
    }
    if (data->quote && strlen(data->quote) > 1) {
        plx_document_problem(document, quote, "'quote' is one byte, or empty for none, not '%s'", data->quote);
    }
    if (data->quote && data->delimiter && data->quote[0] != '\0' && strcmp(data->quote, data->delimiter) == 0) {
        plx_document_problem(document, quote ? quote : delimiter, "'quote' and 'delimiter' are the same byte");
    }
    check_standard_input(document, data, places);
    check_part(document, places, "validation", data->validation.n, "validation_part", data->validation_part);
    check_part(document, places, "test", data->test.n, "test_part", data->test_part);
}

/* -- Mistakes that other layers find ------------------------------------------------------------------------------ */

typedef struct receiver {
    plx_document *document;
    const plx_spec *spec;
    const plx_spec_places *places;
} receiver;

/** At the value of the key; where that is not given at the entry, or else at the section. */
static void receive(void *user, const char *section, int entry, const char *key, const char *message)
{
    const receiver *r = user;
    const plx_spec_places *places = r->places;
    const plx_table_spec *table = &r->spec->table;
    const struct {
        const char *name;
        const yaml_node_t *node;
    } sections[] = {{"data", places->data},
                    {"features", places->features},
                    {"tasks", places->tasks},
                    {"model", places->model},
                    {"train", places->train}};
    const yaml_node_t *place = NULL;
    const bool is_feature = strcmp(section, "features") == 0;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(section, sections[i].name) == 0) place = sections[i].node;
    if (entry >= 0) place = is_feature ? places->feature[entry] : places->task[entry];
    const yaml_node_t *value = key ? plx_document_value(r->document, place, key) : NULL;
    if (entry >= 0)
        plx_document_problem(r->document, value ? value : place, "%s '%s': %s", is_feature ? "feature" : "task",
                             is_feature ? table->features[entry].name : table->tasks[entry].name, message);
    else
        plx_document_problem(r->document, value ? value : place, "%s", message);
}

static void check_model(receiver *r, plx_problems *problems)
{
    const plx_table_spec *table = &r->spec->table;
    plx_arena *scratch = &r->document->scratch;
    plx_target_spec *targets = plx_arena_take(scratch, (size_t)table->n_tasks + 1, sizeof *targets);
    if (!r->spec->def || !r->places->tasks || !targets) return;
    for (int i = 0; i < table->n_tasks; i++) {
        targets[i] = (plx_target_spec){.name = table->tasks[i].name,
                                       .kind = (plx_task_kind)table->tasks[i].kind,
                                       .n_classes = 2,
                                       .is_soft = table->tasks[i].labels == PLX_LABELS_SOFT};
    }
    if (plx_model_check(r->spec->def, &r->spec->model, targets, table->n_tasks, scratch, problems))
        r->document->out_of_memory = true;
}

static void check_monitor(plx_document *document, const plx_spec *spec, const plx_spec_places *places)
{
    const plx_table_spec *table = &spec->table;
    const size_t n = (size_t)table->n_tasks;
    const yaml_node_t *place = plx_document_value(document, places->train, "monitor");
    const char **names = plx_arena_take(&document->scratch, n + 1, sizeof *names);
    plx_task_kind *kinds = plx_arena_take(&document->scratch, n + 1, sizeof *kinds);
    if (!place || n == 0 || !names || !kinds) return;
    for (size_t i = 0; i < n; i++) {
        names[i] = table->tasks[i].name;
        kinds[i] = (plx_task_kind)table->tasks[i].kind;
    }
    const plx_monitored monitored = {.task_names = names,
                                     .task_kinds = kinds,
                                     .n_tasks = table->n_tasks,
                                     .has_groups = table->data.group && table->data.group[0]};
    plx_monitor monitor;
    plx_error failure;
    if (plx_monitor_parse(&monitor, spec->train.monitor, &monitored, &failure) != PLX_OK)
        plx_document_problem(document, place, "%s", failure.message);
}

void plx_spec_check(plx_document *document, const plx_spec *spec, const plx_spec_places *places)
{
    if (plx_document_is_full(document)) return;
    check_data(document, &spec->table.data, places);
    check_feature_names(document, &spec->table, places);
    check_task_names(document, &spec->table, places);
    check_labels(document, &spec->table, places);
    plx_check_features(document, &spec->table, places);
    plx_spec_check_tasks(document, &spec->table, places);
    check_columns(document, &spec->table, places);
    receiver r = {document, spec, places};
    plx_problems problems = {.report = receive, .user = &r};
    check_model(&r, &problems);
    plx_train_check(&spec->train, &problems);
    check_monitor(document, spec, places);
}
