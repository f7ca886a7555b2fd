/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks of the other layers, and reports each mistake at its place in the document. */
#include <string.h>

#include "config/config_document.h"
#include "data/table_check.h"
#include "train/monitor.h"

typedef struct receiver {
    plx_document *document;
    const plx_spec *spec;
    const plx_spec_places *places;
} receiver;

static const yaml_node_t *section_place(const plx_spec_places *places, const char *section)
{
    const struct {
        const char *name;
        const yaml_node_t *node;
    } sections[] = {{"data", places->data},
                    {"features", places->features},
                    {"tasks", places->tasks},
                    {"model", places->model},
                    {"train", places->train}};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(section, sections[i].name) == 0) return sections[i].node;
    return NULL;
}

/* Reports at the key's value; if that is not given, at the entry, or else at the section. */
static void receive(void *user, const char *section, int entry, const char *key, const char *message)
{
    const receiver *r = user;
    const bool is_feature = strcmp(section, "features") == 0, is_list = is_feature || strcmp(section, "tasks") == 0;
    const char *name = plx_table_entry(&r->spec->table, section, entry);
    const yaml_node_t *place = section_place(r->places, section);
    if (is_list && entry < 0 && !place) return; /* the section is missing or could not be read completely */
    if (entry >= 0) place = is_feature ? r->places->feature[entry] : r->places->task[entry];
    const yaml_node_t *value = key ? plx_document_value(r->document, place, key) : NULL;
    if (value) place = value;
    plx_string words, line;
    plx_string_init(&words, r->document->scratch.allocator);
    plx_string_init(&line, r->document->scratch.allocator);
    plx_string_format(&words, "%s", section);
    if (name) plx_string_format(&words, ".%s", name);
    if (key) plx_string_format(&words, ".%s", key);
    const bool is_named = name && *name && (r->document->source->name || plx_document_is_assigned(place));
    if (is_named) plx_string_format(&line, "%s '%s': ", is_feature ? "feature" : "task", name);
    plx_string_format(&line, "%s", message);
    if (words.failed || line.failed)
        r->document->out_of_memory = true;
    else
        plx_document_report(r->document, place, words.text, line.text);
    plx_string_release(&words);
    plx_string_release(&line);
}

static plx_status check_model(receiver *r, plx_problems *problems)
{
    const plx_table_spec *table = &r->spec->table;
    plx_arena *scratch = &r->document->scratch;
    plx_target_spec *targets = plx_arena_take(scratch, (size_t)table->n_tasks + 1, sizeof *targets);
    if (!r->spec->def || !r->places->tasks || table->n_tasks == 0) return PLX_OK;
    if (!targets) return PLX_ERR_MEMORY;
    for (int i = 0; i < table->n_tasks; i++) {
        targets[i] = (plx_target_spec){.name = table->tasks[i].name ? table->tasks[i].name : "",
                                       .kind = (plx_task_kind)table->tasks[i].kind,
                                       .n_classes = 2,
                                       .is_soft = table->tasks[i].labels == PLX_LABELS_SOFT};
    }
    return plx_model_check(r->spec->def, &r->spec->model, targets, table->n_tasks, scratch, problems);
}

static plx_status check_monitor(receiver *r, plx_problems *problems)
{
    const plx_table_spec *table = &r->spec->table;
    const size_t n = (size_t)table->n_tasks;
    const char **names = plx_arena_take(&r->document->scratch, n + 1, sizeof *names);
    plx_task_kind *kinds = plx_arena_take(&r->document->scratch, n + 1, sizeof *kinds);
    double *quantiles = plx_arena_take(&r->document->scratch, n + 1, sizeof *quantiles);
    if (!r->places->tasks || n == 0) return PLX_OK;
    if (!names || !kinds || !quantiles) return PLX_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        names[i] = table->tasks[i].name ? table->tasks[i].name : "";
        kinds[i] = (plx_task_kind)table->tasks[i].kind;
        quantiles[i] = plx_task_quantile(&table->tasks[i]);
    }
    const plx_monitored monitored = {.task_names = names,
                                     .task_kinds = kinds,
                                     .quantiles = quantiles,
                                     .n_tasks = table->n_tasks,
                                     .has_groups = table->data.group && table->data.group[0]};
    plx_monitor monitor;
    plx_error failure;
    if (plx_monitor_parse(&monitor, r->spec->train.monitor, &monitored, &failure) != PLX_OK)
        plx_problem_add(problems, "train", -1, "monitor", "%s", failure.message);
    return PLX_OK;
}

static plx_status check(receiver *r, plx_problems *problems)
{
    PLX_TRY(plx_table_check_leaks(&r->spec->table, r->document->scratch.allocator, problems));
    PLX_TRY(plx_table_check(&r->spec->table, r->document->scratch.allocator, problems));
    PLX_TRY(check_model(r, problems));
    plx_train_check(&r->spec->train, problems);
    return check_monitor(r, problems);
}

void plx_spec_check(plx_document *document, const plx_spec *spec, const plx_spec_places *places)
{
    receiver r = {document, spec, places};
    plx_problems problems = {.report = receive, .user = &r};
    if (plx_document_is_full(document)) return;
    if (check(&r, &problems)) document->out_of_memory = true;
}
