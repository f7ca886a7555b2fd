/* SPDX-License-Identifier: Apache-2.0 */
/* From the specs back to YAML: a line a key, features and tasks in flow form, one a line. */
#include <string.h>

#include "config/config.h"

bool plx_feature_takes(const plx_field *field, int kind)
{
    static const struct {
        const char *name;
        int kind;
    } own[] = {{"embedding_dim", PLX_FEATURE_SPARSE},
               {"vocabulary", PLX_FEATURE_SPARSE},
               {"scaling", PLX_FEATURE_DENSE},
               {"missing", PLX_FEATURE_DENSE}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(own[i].name, field->name) == 0) return own[i].kind == kind;
    }
    return true;
}

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
            if (plx_feature_takes(field, feature->kind)) write_flow(out, field, feature, &is_first);
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
        for (size_t i = 0; i < plx_task_n_fields; i++)
            write_flow(out, &plx_task_fields[i], task, &is_first);
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

/** A feature's or task's fields but those that the encoding does not depend on. */
static void write_but(plx_string *out, const plx_field *fields, size_t n, const void *object, const char *but)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].name, but) == 0) continue;
        plx_field_write(&fields[i], object, out);
        plx_string_add(out, ",", 1);
    }
    plx_string_add(out, "\n", 1);
}

void plx_spec_write_encoding(const plx_spec *spec, plx_string *out)
{
    const plx_table_spec *table = &spec->table;
    for (int i = 0; i < table->n_features; i++) {
        write_but(out, plx_feature_fields, plx_feature_n_fields, &table->features[i], "embedding_dim");
    }
    plx_string_add(out, "\n", 1);
    for (int i = 0; i < table->n_tasks; i++) {
        write_but(out, plx_task_fields, plx_task_n_fields, &table->tasks[i], "weight");
    }
}
