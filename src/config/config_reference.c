/* SPDX-License-Identifier: Apache-2.0 */
/* The reference page of the configuration, from the tables that the parser uses: docs/configuration.md. */
#include <string.h>

#include "config/config.h"
#include "train/optimizer.h"

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "This page is made from the tables that the parser uses; a test compares the two.\n"
    "\n"
    "A configuration is a YAML file, JSON included, with up to five sections: `data`, `features`, `tasks`, `model` "
    "and\n"
    "`train`; the last may be left out. It says what to train, on what, and how:\n"
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
    "Every mistake is told with file, line and column, all at once where they do not depend on each other; an unknown\n"
    "key with the nearest one that exists. Anchors and aliases of YAML may be used. The configuration with every "
    "default\n"
    "written out is kept in the model file and, by `plexus fit`, in `config.yaml`; reading it gives the same "
    "training.\n"
    "\n"
    "An option of the command line changes a value: `--set train.epochs=3`, `--set model.expert_dnn_units=[64,32]`,\n"
    "`--set features.age.scaling=none`, `--set tasks.click.weight=2`.\n";

static const char about_views[] =
    "\n### Views\n"
    "\n"
    "A column may be read in several ways at once: by entries with the same `column`, or by one entry with `views`, a\n"
    "list that takes the place of `kind`:\n"
    "\n"
    "```yaml\n"
    "features:\n"
    "  - names: [price, weight]\n"
    "    views: [number, log1p, is_zero, {quantiles: 32}, {exact: 10, embedding_dim: 2}]\n"
    "    scaling: standard\n"
    "    embedding_dim: 8\n"
    "```\n"
    "\n"
    "Each view becomes a feature of its own, here `price/number`, `price/log1p`, `price/is_zero`, `price/quantiles`,\n"
    "`price/exact` and as many of `weight`. A view is a word or a mapping of options. Words: `number` (dense), "
    "`log1p`\n"
    "and `is_zero` (dense with this `transform`; the flag is not scaled), `category` (sparse). Of a mapping, the "
    "first\n"
    "option tells the kind, if `kind` does not, and is the name behind the slash, if `name` is not. Options beside\n"
    "`views` go to the views that take them.\n";

static const char about_tasks[] =
    "\nA task's loss in a batch is the sum of weight times loss over the rows that have a label of it, divided by the "
    "number\nof these rows; a row's weight is the product of data.row_weight, weight_column and class_weights. A row "
    "of "
    "weight 0\ncounts in that number and nowhere else. An empty cell, a cell of the task's `missing` and one of "
    "data.missing mean that\nthe row has no label of the task, unless another list of the task holds the text; so does "
    "`where` with another text\nthan where_values. Such rows count neither in the loss nor in figures nor in early "
    "stopping. Labels are checked in all\nrows, weights may not be missing, and both need not be there where rows are "
    "only scored. The validation loss counts\nweights likewise, with the task's weight before any decay, so that "
    "epochs "
    "compare.\n"
    "\n"
    "Labels, the lists of a task and the keys of class_weights are compared as values: 1.0 in a file is the class 1 of "
    "a "
    "list,\nTrue is true. Of a binary task without lists booleans in memory are 1 and 0; the texts True and False are "
    "an error,\nand want `positive: ['true']`. With `positive` alone -1 is a negative as any other text is, but no "
    "label where the\ntraining rows hold both 0 and -1, which a warning tells; evaluation reads labels as the training "
    "did. Keys of\nclass_weights are a task's classes; of a binary task the texts of `positive` and `negative`, 1 and "
    "0, or true and false.\n"
    "\n"
    "Conversions after clicks, beside one model over the entire space:\n"
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
    if (field->min == 0 && field->max == 0) return; /* any */
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
        const char *escape = strcmp(field->fallback, "|") == 0 ? "\\" : ""; /* it would end the table's cell */
        plx_string_format(out, "`%s%s`", escape, field->fallback);
    }
}

static void write_row(const plx_field *field, plx_string *out)
{
    plx_string_format(out, "| `%s` | ", field->name);
    write_type(field, out);
    plx_string_format(out, " | ");
    write_default(field, out);
    plx_string_format(out, " | %s |\n", field->doc);
}

static void write_table(const plx_field *fields, size_t n, plx_string *out)
{
    plx_string_format(out, "\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++)
        write_row(&fields[i], out);
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

/** The figures that train.monitor takes. */
static void write_metrics(plx_string *out)
{
    plx_string_format(
        out, "\nWhat `monitor` takes of a task, as TASK.FIGURE; a sum's terms may have weights above 0, and those "
             "of which smaller\nvalues are better count negative beside others "
             "([Metrics](metrics.md) has the formulae):\n\n"
             "- `loss`: mean loss of the task; without a task, the whole validation loss\n");
    for (int i = 0; i < plx_metric_n; i++) {
        const plx_metric *metric = &plx_metric_list[i];
        const char *before = "";
        if (metric->better == PLX_BETTER_NEITHER) continue;
        plx_string_format(out, "- `%s` (", metric->name);
        for (int kind = 0; plx_task_kinds[kind]; kind++) {
            if (!plx_metric_fits(metric, (plx_task_kind)kind)) continue;
            plx_string_format(out, "%s%s", before, plx_task_kinds[kind]);
            before = ", ";
        }
        plx_string_format(out, "): %s\n", metric->doc);
    }
}

void plx_spec_reference(plx_string *out)
{
    plx_string_add(out, introduction, sizeof introduction - 1);
    plx_string_format(out, "\n## data\n\nFiles, how they are read, and how rows are parted. Relative paths are looked "
                           "for in the folders that the\ncaller names: `--data DIR`, else beside the configuration, "
                           "else where `plexus fetch` puts data sets.\n");
    write_table(plx_data_fields, plx_data_n_fields, out);
    plx_string_format(out, "\n## features\n\nA list. Each entry is one feature with `name`, or several that share the "
                           "other options with `names: [...]`.\nThe model reads them by kind, in the order");
    for (int kind = 0; plx_feature_kinds[kind]; kind++)
        plx_string_format(out, "%s %s", kind ? "," : "", plx_feature_kinds[kind]);
    plx_string_format(out, ",\nand those of one kind in the list's order. A column that a task takes its labels from "
                           "cannot be a feature.\n[Features](features.md) describes the kinds.\n");
    write_table(plx_feature_fields, plx_feature_n_fields, out);
    plx_string_add(out, about_views, sizeof about_views - 1);
    plx_string_format(out, "\n## tasks\n\nA list, one entry a task.\n");
    write_table(plx_task_fields, plx_task_n_fields, out);
    plx_string_add(out, about_tasks, sizeof about_tasks - 1);
    plx_string_format(out, "\n## model\n\n`name` chooses the model; the other keys are its hyper-parameters. Where "
                           "one or a list is taken, item i is of\nlayer i, and the last of all layers that "
                           "follow; a block's own key (`expert_dnn_activation`) replaces that of all.\n");
    for (int i = 0; plx_model_list[i]; i++) {
        const plx_model_def *def = plx_model_list[i];
        plx_string_format(out, "\n### %s\n\n%s: %s.", def->name, def->title, def->summary);
        write_tasks_taken(def, out);
        write_table(def->fields, *def->n_fields, out);
    }
    plx_string_format(out, "\n## train\n");
    write_table(plx_train_fields, plx_train_n_fields, out);
    plx_string_format(out, "\nOptimizers:\n\n");
    for (int i = 0; plx_optimizer_list[i]; i++)
        plx_string_format(out, "- `%s`: %s\n", plx_optimizer_list[i]->name, plx_optimizer_list[i]->doc);
    write_metrics(out);
}
