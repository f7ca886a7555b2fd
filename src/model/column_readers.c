/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns a configuration reads, and how: for callers that make columns out of what users hand them. */
#include "data/encoder_def.h"
#include "model/configuration.h"

/* Counts readers up to the one that is asked for. */
typedef struct search {
    int left;
    bool is_found;
    plx_column_reader *out;
} search;

static void visit(search *s, const char *column, const char *name, plx_reading reading)
{
    if (s->is_found || !column || !*column || s->left-- > 0) return;
    s->is_found = true;
    *s->out = (plx_column_reader){.column = column, .name = name, .reading = reading, .size = 1};
}

static void visit_feature(search *s, const plx_feature_spec *feature)
{
    static const plx_reading readings[] = {[PLX_FEATURE_READS_TEXT] = PLX_READS_CATEGORY,
                                           [PLX_FEATURE_READS_NUMBER] = PLX_READS_NUMBER,
                                           [PLX_FEATURE_READS_LIST] = PLX_READS_LIST};
    const plx_feature_reads reads = plx_feature_defs[feature->kind]->reads;
    if (s->is_found) return;
    visit(s, plx_column_of(feature->column, feature->name), feature->name, readings[reads]);
    visit(s, feature->weight_column, feature->name, PLX_READS_LIST_WEIGHTS);
    if (!s->is_found) return;
    if (reads == PLX_FEATURE_READS_LIST || feature->size > 1)
        s->out->separator = plx_separator_of(feature->separator).text;
    if (feature->size > 1) s->out->size = (int)feature->size;
}

bool plx_config_column(const plx_config *config, int index, plx_column_reader *out)
{
    const plx_table_spec *table = &config->spec.table;
    search s = {.left = index, .out = out};
    if (index < 0) return false;
    for (int i = 0; i < table->n_features; i++)
        visit_feature(&s, &table->features[i]);
    for (int i = 0; i < table->n_tasks; i++) {
        const plx_task_spec *task = &table->tasks[i];
        visit(&s, plx_column_of(task->column, task->name), task->name, PLX_READS_LABEL);
        visit(&s, task->where, task->name, PLX_READS_LABEL);
        visit(&s, task->weight_column, task->name, PLX_READS_LABEL);
    }
    visit(&s, table->data.row_weight, NULL, PLX_READS_LABEL);
    visit(&s, table->data.group, NULL, PLX_READS_LABEL);
    return s.is_found;
}
