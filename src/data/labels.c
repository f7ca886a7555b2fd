/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of a cell for the tasks that read it, and rows with a label that is no fitted class. */
#include "data/labels.h"

#include <math.h>

#include "data/cells.h"
#include "data/label_cells.h"

void plx_labels_release(plx_encoders *e)
{
    for (int i = 0; i < e->layout.n_tasks; i++)
        plx_dictionary_release(&e->tasks[i].classes);
}

bool plx_labels_are_fitted(const plx_encoders *e)
{
    for (int i = 0; i < e->layout.n_tasks; i++)
        if (!e->tasks[i].spec->classes.n && e->tasks[i].classes.n) return true;
    return false;
}

void plx_encoders_report_labels(const plx_encoders *e, const plx_listener *listener)
{
    for (int i = 0; i < e->layout.n_tasks; i++) {
        const plx_task_spec *task = e->tasks[i].spec;
        if (!e->tasks[i].is_minus_one_missing) continue;
        plx_warn(listener,
                 "task '%s' (column '%s'): -1 in labels of 0 and 1 is read as no label; set `missing: ['-1']`, or "
                 "`negative: ['0', '-1']` if it is a negative",
                 task->name, plx_column_of(task->column, task->name));
    }
}

/* -- Cells ------------------------------------------------------------------------------------------------------ */

plx_status plx_label_of(const plx_encoders *e, int task, plx_slice cell, bool is_text, float *out, plx_error *err)
{
    const plx_label_encoder *encoder = &e->tasks[task];
    char buffer[PLX_VALUE_SIZE];
    const plx_slice value = plx_encoders_value(e, cell, buffer);
    PLX_TRY(plx_cell_label(encoder->spec, &encoder->classes, &e->spec.data.missing, value, out, err));
    if (encoder->is_minus_one_missing && plx_cell_is_minus_one(encoder->spec, value)) *out = NAN;
    return is_text && !isnan(*out) ? plx_cell_check_truth(encoder->spec, cell, err) : PLX_OK;
}

bool plx_label_counts(const plx_encoders *e, int task, plx_slice cell)
{
    char buffer[PLX_VALUE_SIZE];
    return plx_cell_is_listed(&e->tasks[task].spec->where_values, plx_encoders_value(e, cell, buffer));
}

float plx_label_weight(const plx_label_encoder *task, float label, double row_weight, double task_weight)
{
    double weight = row_weight * task_weight;
    if (task->class_weights && !isnan(label)) weight *= task->class_weights[(int)label];
    return (float)fmin(weight, FLT_MAX);
}

bool plx_labels_is_missing(const plx_encoders *e, int input, plx_slice cell)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_text_list *missing = e->inputs[input].label_missing;
    return missing && plx_cell_is_listed(missing, plx_encoders_value(e, cell, buffer));
}

plx_status plx_labels_check_text(const plx_encoders *e, int input, plx_slice cell, bool is_text, plx_error *err)
{
    float label;
    for (const plx_label_encoder *task = e->inputs[input].first_task; task; task = task->next)
        if (plx_task_has_texts(task->spec))
            PLX_TRY(plx_label_of(e, (int)(task - e->tasks), cell, is_text, &label, err));
    return PLX_OK;
}

const char *plx_labels_reader(const plx_encoders *e, int input)
{
    if (e->inputs[input].is_weight) return "holds weights of rows";
    for (const plx_label_encoder *task = e->inputs[input].first_task; task; task = task->next)
        if (!plx_task_has_texts(task->spec)) return plx_label_numbers(task->spec);
    return "holds numbers";
}

plx_status plx_labels_check_number(const plx_encoders *e, int input, double number, plx_slice cell, plx_error *err)
{
    const plx_input *in = &e->inputs[input];
    const char *reader = plx_labels_reader(e, input);
    if (isnan(number) && in->is_weight) return plx_fail_number(PLX_NUMBER_MISSING, cell, in->column, reader, err);
    if (number < 0 && (in->is_weight || in->labels_from_0))
        return plx_fail_number(PLX_NUMBER_NEGATIVE, cell, in->column, reader, err);
    if (number > 1 && in->labels_to_1) return plx_fail_number(PLX_NUMBER_ABOVE_1, cell, in->column, reader, err);
    return PLX_OK;
}

/* -- Raw columns --------------------------------------------------------------------------------------------------- */

static plx_status map_labels(const plx_encoders *e, int task, const plx_dictionary *texts, float *labels,
                             plx_error *err)
{
    /* Rows of other parts may have texts that are no classes: encoding reports such a row. */
    const bool may_be_none = e->tasks[task].classes.n > 0;
    for (uint32_t code = 0; code < texts->n; code++) {
        /* A text that means true or false can only be a boolean in memory here. */
        const plx_status status = plx_label_of(e, task, plx_dictionary_text(texts, code), false, &labels[code], err);
        if (status == PLX_ERR_SCHEMA && may_be_none)
            labels[code] = PLX_NO_CLASS;
        else if (status)
            return status;
    }
    return PLX_OK;
}

static void map_counts(const plx_encoders *e, int task, const plx_dictionary *texts, bool *counts)
{
    for (uint32_t code = 0; code < texts->n; code++)
        counts[code] = plx_label_counts(e, task, plx_dictionary_text(texts, code));
}

plx_status plx_label_map_init(const plx_encoders *e, int task, const plx_columns *columns, plx_arena *arena,
                              plx_label_map *out, plx_error *err)
{
    const plx_label_encoder *encoder = &e->tasks[task];
    *out = (plx_label_map){.labels = NULL};
    if (plx_task_has_texts(encoder->spec)) {
        const plx_dictionary *texts = &columns->items[encoder->input].dictionary;
        float *labels = plx_arena_take(arena, texts->n, sizeof *labels);
        if (!labels) return plx_error_memory(err);
        PLX_TRY(map_labels(e, task, texts, labels, err));
        out->labels = labels;
    }
    if (encoder->where >= 0) {
        const plx_dictionary *texts = &columns->items[encoder->where].dictionary;
        bool *counts = plx_arena_take(arena, texts->n, sizeof *counts);
        if (!counts) return plx_error_memory(err);
        map_counts(e, task, texts, counts);
        out->counts = counts;
    }
    return PLX_OK;
}

/* Maps the labels of all tasks, [n_tasks]. */
static plx_status map_all(const plx_encoders *e, const plx_columns *columns, plx_arena *arena,
                          const plx_label_map **out, plx_error *err)
{
    plx_label_map *maps = plx_arena_take(arena, (size_t)e->layout.n_tasks, sizeof *maps);
    if (!maps) return plx_error_memory(err);
    for (int i = 0; i < e->layout.n_tasks; i++)
        PLX_TRY(plx_label_map_init(e, i, columns, arena, &maps[i], err));
    *out = maps;
    return PLX_OK;
}

/* Marks rows of a block that have a label of no class. */
static void mark_unknown(const plx_encoders *e, const plx_columns *columns, const plx_label_map *maps,
                         const uint32_t *order, size_t n, bool *is_unknown)
{
    uint32_t codes[PLX_ENCODED_ROWS];
    memset(is_unknown, 0, n * sizeof *is_unknown);
    for (int task = 0; task < e->layout.n_tasks; task++) {
        if (!maps[task].labels) continue;
        plx_column_codes(&columns->items[e->tasks[task].input], order, n, codes);
        for (size_t i = 0; i < n; i++)
            is_unknown[i] |= maps[task].labels[codes[i]] <= PLX_NO_CLASS;
    }
}

plx_status plx_labels_part(const plx_encoders *e, const plx_columns *columns, uint32_t *order, size_t *n,
                           plx_error *err)
{
    plx_arena arena;
    bool is_unknown[PLX_ENCODED_ROWS];
    size_t n_known = 0, n_unknown = 0;
    plx_arena_init(&arena, &e->allocator);
    const plx_label_map *maps = NULL;
    plx_status status = map_all(e, columns, &arena, &maps, err);
    uint32_t *unknown = status ? NULL : plx_arena_take(&arena, *n, sizeof *unknown);
    if (!status && !unknown) status = plx_error_memory(err);
    for (size_t first = 0; !status && first < *n; first += PLX_ENCODED_ROWS) {
        const size_t rows = *n - first < PLX_ENCODED_ROWS ? *n - first : PLX_ENCODED_ROWS;
        mark_unknown(e, columns, maps, order + first, rows, is_unknown);
        for (size_t i = 0; i < rows; i++) {
            const uint32_t row = order[first + i];
            *(is_unknown[i] ? &unknown[n_unknown++] : &order[n_known++]) = row;
        }
    }
    if (!status && n_unknown) memcpy(order + n_known, unknown, n_unknown * sizeof *order);
    if (!status) *n = n_known;
    plx_arena_release(&arena);
    return status;
}

plx_status plx_labels_explain(const plx_encoders *e, const plx_columns *columns, uint32_t row, plx_error *err)
{
    for (int task = 0; task < e->layout.n_tasks; task++) {
        const plx_raw_column *column = &columns->items[e->tasks[task].input];
        uint32_t code = 0;
        if (!plx_task_has_texts(e->tasks[task].spec)) continue;
        plx_column_codes(column, &row, 1, &code);
        PLX_TRY(
            plx_labels_check_text(e, e->tasks[task].input, plx_dictionary_text(&column->dictionary, code), false, err));
    }
    PLX_FAIL(err, PLX_ERR_SCHEMA, "a label is not one of the classes");
}
