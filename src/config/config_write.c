/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the specs as YAML: one line per key, feature or task; features and tasks in flow style. */
#include <string.h>

#include "config/config.h"

static void write_section(plx_string *out, const plx_field *fields, size_t n, const void *object)
{
    for (size_t i = 0; i < n; i++) {
        plx_string_format(out, "  %s: ", fields[i].name);
        plx_field_write(&fields[i], object, out);
        plx_string_add(out, "\n", 1);
    }
}

static void write_flow(plx_string *out, const plx_field *field, const void *object, bool *is_first)
{
    plx_string_format(out, "%s%s: ", *is_first ? "  - {" : ", ", field->name);
    plx_field_write(field, object, out);
    *is_first = false;
}

static void write_features(const plx_table_spec *table, plx_string *out)
{
    plx_string_format(out, "features:\n");
    for (int f = 0; f < table->n_features; f++) {
        const plx_feature_spec *feature = &table->features[f];
        bool is_first = true;
        for (size_t i = 0; i < plx_feature_n_fields; i++) {
            const plx_field *field = &plx_feature_fields[i];
            if (plx_field_is_for(field, feature->kind)) write_flow(out, field, feature, &is_first);
        }
        plx_string_format(out, "}\n");
    }
}

static void write_tasks(const plx_table_spec *table, plx_string *out)
{
    plx_string_format(out, "tasks:\n");
    for (int t = 0; t < table->n_tasks; t++) {
        const plx_task_spec *task = &table->tasks[t];
        bool is_first = true;
        for (size_t i = 0; i < plx_task_n_fields; i++) {
            const plx_field *field = &plx_task_fields[i];
            if (plx_field_is_for(field, task->kind)) write_flow(out, field, task, &is_first);
        }
        plx_string_format(out, "}\n");
    }
}

void plx_spec_write(const plx_spec *spec, plx_string *out)
{
    plx_string_format(out, "data:\n");
    write_section(out, plx_data_fields, plx_data_n_fields, &spec->table.data);
    write_features(&spec->table, out);
    write_tasks(&spec->table, out);
    plx_string_format(out, "model:\n  name: %s\n", spec->def->name);
    write_section(out, spec->def->fields, *spec->def->n_fields, &spec->model);
    plx_string_format(out, "train:\n");
    write_section(out, plx_train_fields, plx_train_n_fields, &spec->train);
}

/** Whether a field affects the network for the encoded rows, not the encoding of rows. */
static bool is_of_network(const plx_field *field)
{
#define PARAMETER(key, KIND, loss, most, open, fallback, doc) #key,
    static const char *const names[] = {"embedding_dim",
                                        "combiner",
                                        "attention_on",
                                        "weight",
                                        "weight_decay",
                                        "loss",
                                        PLX_LOSS_PARAMETER_LIST(PARAMETER)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], field->name) == 0) return true;
    return false;
}

static void write_encoding(plx_string *out, const plx_field *fields, size_t n, const void *object)
{
    for (size_t i = 0; i < n; i++) {
        if (is_of_network(&fields[i])) continue;
        plx_field_write(&fields[i], object, out);
        plx_string_add(out, ",", 1);
    }
    plx_string_add(out, "\n", 1);
}

void plx_spec_write_encoding(const plx_spec *spec, plx_string *out)
{
    const plx_table_spec *table = &spec->table;
    for (int i = 0; i < table->n_features; i++) {
        write_encoding(out, plx_feature_fields, plx_feature_n_fields, &table->features[i]);
    }
    plx_string_add(out, "\n", 1);
    plx_string_format(out, "%s\n", table->data.group);
    plx_string_format(out, "%s\n", table->data.row_weight);
    for (int i = 0; i < table->n_tasks; i++) {
        write_encoding(out, plx_task_fields, plx_task_n_fields, &table->tasks[i]);
    }
}
