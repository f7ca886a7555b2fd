/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the reference page of the configuration from the parser's tables: docs/configuration.md. */
#include <string.h>

#include "config/config.h"
#include "train/optimizer.h"

enum { LINE_LENGTH = 118 };

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "This page is generated from the tables that the parser uses; a test compares the two.\n"
    "\n"
    "A configuration is a YAML or JSON file with up to five sections: `data`, `features`, `tasks`, `model` and "
    "`train`,\n"
    "which is optional. It says what to train, on what, and how:\n"
    "\n"
    "```yaml\n"
    "data:\n"
    "  train: [rows.csv.gz]\n"
    "  validation_part: 0.1\n"
    "  test_part: 0.2\n"
    "features:\n"
    "  - {kind: sparse, names: [country, device, category], embedding_dim: 8}\n"
    "  - {kind: dense, names: [age, price], scaling: standard, missing: 0}\n"
    "tasks:\n"
    "  - {name: click}\n"
    "  - {name: purchase, column: bought, positive: [\"yes\"], weight: 2}\n"
    "model:\n"
    "  name: mmoe\n"
    "  num_experts: 4\n"
    "train:\n"
    "  epochs: 20\n"
    "  patience: 3\n"
    "```\n"
    "\n"
    "All independent mistakes are reported together, each with file, line and column; for an unknown key the closest\n"
    "valid one is suggested. YAML anchors and aliases are allowed. The model file contains the configuration with all\n"
    "defaults, and `plexus fit` writes it to `config.yaml`; training from it gives the same model.\n"
    "\n"
    "A command-line option changes a value: `--set train.epochs=3`, `--set model.expert_dnn_units=[64,32]`,\n"
    "`--set features.age.scaling=none`, `--set tasks.click.weight=2`.\n";

static const char about_data[] =
    "\n## data\n"
    "\n"
    "Files, how they are read, and how rows are divided into parts. Relative paths are searched for in the folders of\n"
    "`--data DIR`, otherwise next to the configuration, then where `plexus fetch` stores data sets.\n";

static const char about_views[] =
    "\n### Views\n"
    "\n"
    "A column can be read in several ways: by entries with the same `column`, or by one entry with `views`, a list "
    "that\n"
    "replaces `kind`:\n"
    "\n"
    "```yaml\n"
    "features:\n"
    "  - names: [price, weight]\n"
    "    views: [number, log1p, is_zero, {quantiles: 32}, {exact: 10, embedding_dim: 2}]\n"
    "    scaling: standard\n"
    "    embedding_dim: 8\n"
    "```\n"
    "\n"
    "Each view becomes a feature, here `price/number`, `price/log1p`, `price/is_zero`, `price/quantiles`, "
    "`price/exact`,\n"
    "and the same for `weight`. A view is a word or a mapping of options. The words are `number` (dense), `log1p` and\n"
    "`is_zero` (dense with this `transform`; the flag is not scaled) and `category` (sparse). For a mapping, the "
    "first\n"
    "option determines the kind unless `kind` is given, and the name after the slash unless `name` is given. Options\n"
    "next to `views` apply to all views that take them.\n";

static const char about_tasks[] =
    "\nThe loss of a task in a batch is the sum of weight times loss over the rows that have a label for it, divided "
    "by\n"
    "the number of these rows; the weight of a row is the product of data.row_weight, weight_column and class_weights. "
    "A\n"
    "row with weight 0 counts in that number and nowhere else. A row has no label for the task if the cell is empty, "
    "or\n"
    "is listed in the task's `missing` or in data.missing and in no other list of the task, or if the cell in the "
    "column\n"
    "`where` is not one of where_values. Such rows are ignored by the loss, metrics and early stopping. Labels are\n"
    "checked in all rows; weights must not be missing. Neither is needed in rows that are only scored. The validation\n"
    "loss is weighted in the same way, with the task's weight before any decay, so that epochs are comparable.\n"
    "\n"
    "Labels, the lists of a task and the keys of class_weights are compared as values: 1.0 in a file is the class 1 of "
    "a\n"
    "list, True is true. For a binary task without lists, booleans in memory are 1 and 0; the texts True and False "
    "are\n"
    "an error and need `positive: ['true']`. With `positive` alone, -1 is a negative like any other text, unless the\n"
    "training rows contain both 0 and -1: then -1 means no label, and a warning says so; evaluation reads labels as "
    "the\n"
    "training did. The keys of class_weights are the classes of the task; for a binary task the texts of `positive` "
    "and\n"
    "`negative`, 1 and 0, or true and false.\n"
    "\n"
    "In this example, the task `conversion` uses only rows with a click; the other tasks use all rows:\n"
    "\n"
    "```yaml\n"
    "tasks:\n"
    "  - {name: click, class_weights: {0: 1, 1: 4}, missing: [\"-1\"]}\n"
    "  - {name: conversion, where: click, where_values: [\"1\"]}\n"
    "  - {name: rating, kind: multiclass, weight: 0.5, weight_decay: 0.95}\n"
    "  - {name: visits, kind: regression, loss: poisson}\n"
    "```\n";

static void write_bound(plx_string *out, double bound)
{
    char number[32];
    plx_string_add(out, number, plx_format_double(bound, number));
}

static void write_range(const plx_field *field, plx_string *out)
{
    if (field->min == 0 && field->max == 0) return; /* any number */
    plx_string_format(out, field->above_min ? ", above " : ", from ");
    write_bound(out, field->min);
    plx_string_format(out, field->below_max ? " and below " : " to ");
    write_bound(out, field->max);
}

static void write_type(const plx_field *field, plx_string *out)
{
    static const char *const names[] = {
        [PLX_FIELD_BOOL] = "true or false",
        [PLX_FIELD_INT] = "integer",
        [PLX_FIELD_SIZE] = "size, such as `512MiB`",
        [PLX_FIELD_REAL] = "number",
        [PLX_FIELD_TEXT] = "text",
        [PLX_FIELD_CHOICE] = "",
        [PLX_FIELD_INT_LIST] = "list of integers",
        [PLX_FIELD_INT_LISTS] = "list of lists of integers",
        [PLX_FIELD_REAL_LIST] = "list of numbers",
        [PLX_FIELD_BOOL_LIST] = "list of true or false",
        [PLX_FIELD_CHOICE_LIST] = "list of ",
        [PLX_FIELD_TEXT_LIST] = "list of texts",
        [PLX_FIELD_WEIGHT_LIST] = "list of numbers, or mapping of labels to numbers",
    };
    const bool has_choices = field->type == PLX_FIELD_CHOICE || field->type == PLX_FIELD_CHOICE_LIST;
    plx_string_format(out, "%s%s", field->or_one ? "one or a " : "", names[field->type]);
    for (int i = 0; has_choices && field->choices[i]; i++) {
        plx_string_format(out, "%s`%s`", i == 0 ? "" : field->choices[i + 1] ? ", " : " or ", field->choices[i]);
    }
    write_range(field, out);
    if (field->zero) plx_string_format(out, ", or `%s`", field->zero);
    const bool has_words = field->type == PLX_FIELD_REAL || field->type == PLX_FIELD_WEIGHT_LIST;
    for (int i = 0; has_words && field->choices && field->choices[i]; i++)
        plx_string_format(out, " or `%s`", field->choices[i]);
}

static void write_default(const plx_field *field, plx_string *out)
{
    if (!field->fallback) {
        plx_string_format(out, "must be given");
    } else if (field->fallback[0] == '\0' || strcmp(field->fallback, "[]") == 0) {
        plx_string_format(out, "empty");
    } else {
        const char *escape = strcmp(field->fallback, "|") == 0 ? "\\" : ""; /* it would end the table cell */
        plx_string_format(out, "`%s%s`", escape, field->fallback);
    }
}

/* `kinds`: names of the kinds that fields may be limited to; NULL: none. A text that begins with a comma limits the
 * field further. */
static void write_meaning(const plx_field *field, const char *const *kinds, plx_string *out)
{
    const char *before = "";
    for (int kind = 0; field->kinds && kinds && kinds[kind]; kind++) {
        if (!plx_field_is_for(field, kind)) continue;
        plx_string_format(out, "%s%s", before, kinds[kind]);
        before = ", ";
    }
    plx_string_format(out, "%s%s", *before && *field->doc != ',' ? ": " : "", field->doc);
}

static void write_row(const plx_field *field, const char *const *kinds, plx_string *out)
{
    plx_string_format(out, "| `%s` | ", field->name);
    write_type(field, out);
    plx_string_format(out, " | ");
    write_default(field, out);
    plx_string_format(out, " | ");
    write_meaning(field, kinds, out);
    plx_string_format(out, " |\n");
}

static void write_head(plx_string *out)
{
    plx_string_format(out, "\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n");
}

static void write_table(const plx_field *fields, size_t n, const char *const *kinds, plx_string *out)
{
    write_head(out);
    for (size_t i = 0; i < n; i++)
        write_row(&fields[i], kinds, out);
}

static void write_tasks_taken(const plx_model_def *def, plx_string *out)
{
    if (def->tasks_max == def->tasks_min) {
        plx_string_format(out, " Takes %d tasks", def->tasks_min);
    } else {
        plx_string_format(out, " Takes %d task%s or more", def->tasks_min, def->tasks_min == 1 ? "" : "s");
    }
    plx_string_format(out, "%s.\n", def->needs_binary ? ", all of them binary" : "");
}

typedef enum model_keys { OF_ONE_MODEL, OF_SOME_MODELS, OF_ALL_MODELS } model_keys;

/* Whether one, some or all models have the same row. */
static model_keys keys_of(const plx_field *field)
{
    int n = 0, n_models = 0;
    for (; plx_model_list[n_models]; n_models++) {
        const plx_model_def *def = plx_model_list[n_models];
        const plx_field *other = plx_field_find(def->fields, *def->n_fields, plx_slice_of(field->name));
        n += other && strcmp(other->doc, field->doc) == 0 && strcmp(other->fallback, field->fallback) == 0;
    }
    return n == n_models ? OF_ALL_MODELS : n > 1 ? OF_SOME_MODELS : OF_ONE_MODEL;
}

/* Rows of `keys` that no model before number `first` has. */
static void write_model_rows(int first, model_keys keys, plx_string *out)
{
    const plx_model_def *def = plx_model_list[first];
    for (size_t i = 0; i < *def->n_fields; i++) {
        bool is_new = keys_of(&def->fields[i]) == keys;
        for (int k = 0; k < first && is_new; k++)
            is_new = !plx_field_find(plx_model_list[k]->fields, *plx_model_list[k]->n_fields,
                                     plx_slice_of(def->fields[i].name));
        if (is_new) write_row(&def->fields[i], NULL, out);
    }
}

/* The names of a model's keys that some other models also have, in lines. */
static void write_key_names(const plx_model_def *def, plx_string *out)
{
    size_t line = out->length;
    int n = 0;
    plx_string_format(out, "\nIt also takes ");
    for (size_t i = 0; i < *def->n_fields; i++) {
        if (keys_of(&def->fields[i]) != OF_SOME_MODELS) continue;
        if (n++) plx_string_format(out, ",");
        const bool is_full = out->length - line + strlen(def->fields[i].name) + 4 > LINE_LENGTH;
        if (is_full) line = out->length;
        plx_string_format(out, "%s`%s`", n == 1 ? "" : is_full ? "\n" : " ", def->fields[i].name);
    }
    plx_string_format(out, ".\n");
}

static void write_model(const plx_model_def *def, plx_string *out)
{
    int n[OF_ALL_MODELS + 1] = {0};
    plx_string_format(out, "\n### %s\n\n%s: %s.", def->name, def->title, def->summary);
    write_tasks_taken(def, out);
    for (size_t i = 0; i < *def->n_fields; i++)
        n[keys_of(&def->fields[i])]++;
    if (n[OF_ONE_MODEL]) write_head(out);
    for (size_t i = 0; i < *def->n_fields; i++)
        if (keys_of(&def->fields[i]) == OF_ONE_MODEL) write_row(&def->fields[i], NULL, out);
    if (n[OF_SOME_MODELS]) write_key_names(def, out);
}

static void write_models(plx_string *out)
{
    plx_string_format(out, "\n## model\n\n`name` selects the model; the other keys are its hyper-parameters. If a key "
                           "takes one value or a list,\nitem i of a list is for layer i, and its last item is also for "
                           "all further layers. The key of a block\n(`expert_dnn_activation`) replaces the key of all "
                           "blocks (`dnn_activation`).\n\nAll models take:\n");
    write_head(out);
    write_model_rows(0, OF_ALL_MODELS, out);
    plx_string_format(out, "\nSeveral models take these keys, as listed with each of them:\n");
    write_head(out);
    for (int i = 0; plx_model_list[i]; i++)
        write_model_rows(i, OF_SOME_MODELS, out);
    for (int i = 0; plx_model_list[i]; i++)
        write_model(plx_model_list[i], out);
}

static void write_metric(const char *name, const char *at, const char *parameter, unsigned labels, const char *doc,
                         plx_string *out)
{
    const char *before = "";
    plx_string_format(out, "- `%s%s%s` (", name, at, parameter);
    for (int kind = 0; plx_task_kinds[kind]; kind++) {
        if (!(labels >> plx_task_forms[kind] & 1)) continue;
        plx_string_format(out, "%s%s", before, plx_task_kinds[kind]);
        before = ", ";
    }
    plx_string_format(out, "): %s\n", doc);
}

/** The metrics available for train.monitor. */
static void write_metrics(plx_string *out)
{
    plx_string_format(out,
                      "\n`monitor` takes these metrics of a task, as TASK.METRIC ([Metrics](metrics.md) has the "
                      "formulae). The terms of a\nsum may have weights above 0. If larger values are better for some "
                      "terms and smaller values for others, the latter\nare subtracted.\n\n"
                      "- `loss`: mean loss of the task; without a task, the total validation loss\n");
    for (int i = 0; i < PLX_METRICS; i++) {
        const plx_metric_info *metric = &plx_metric_list[i];
        if (metric->direction == PLX_BETTER_NEITHER) continue;
        write_metric(metric->name, "", "", metric->labels, metric->doc, out);
        if (metric->parameter)
            write_metric(metric->name, "@", metric->parameter, metric->parameter_labels, metric->parameter_doc, out);
    }
}

void plx_spec_reference(plx_string *out)
{
    plx_string_add(out, introduction, sizeof introduction - 1);
    plx_string_add(out, about_data, sizeof about_data - 1);
    write_table(plx_data_fields, plx_data_n_fields, NULL, out);
    plx_string_format(out, "\n## features\n\nA list. Each entry is one feature with `name`, or several with the same "
                           "options with `names: [...]`.\nThe model reads them by kind, in the order");
    for (int kind = 0; plx_feature_kinds[kind]; kind++)
        plx_string_format(out, "%s %s", kind ? "," : "", plx_feature_kinds[kind]);
    plx_string_format(out, ",\nand those of one kind in the order of the list. A column with the labels of a task "
                           "cannot be a feature.\n[Features](features.md) describes the kinds.\n");
    write_table(plx_feature_fields, plx_feature_n_fields, plx_feature_kinds, out);
    plx_string_add(out, about_views, sizeof about_views - 1);
    plx_string_format(out, "\n## tasks\n\nA list with one entry per task.\n");
    write_table(plx_task_fields, plx_task_n_fields, plx_task_kinds, out);
    plx_string_add(out, about_tasks, sizeof about_tasks - 1);
    write_models(out);
    plx_string_format(out, "\n## train\n");
    write_table(plx_train_fields, plx_train_n_fields, NULL, out);
    plx_string_format(out, "\nOptimizers:\n\n");
    for (int i = 0; plx_optimizer_list[i]; i++)
        plx_string_format(out, "- `%s`: %s\n", plx_optimizer_list[i]->name, plx_optimizer_list[i]->doc);
    write_metrics(out);
}
