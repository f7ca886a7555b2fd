/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and weights of tasks: options checked, classes fitted, raw columns into the records' numbers. */
#include "data/labels.h"

#include <math.h>

#include "data/cells.h"
#include "data/classes.h"
#include "data/label_cells.h"

enum { BLOCK_ROWS = 256, NO_CLASS = -1 };

/* -- Inputs ---------------------------------------------------------------------------------------------------- */

/* The input of a column that tasks read; -1 in `*input` where there is no column. */
static plx_status link_column(plx_encoders *e, const char *column, int *input, plx_error *err)
{
    *input = -1;
    if (!*column) return PLX_OK;
    *input = plx_encoders_input(e, column);
    if (*input < 0) return plx_error_memory(err);
    plx_encoders_link_size(e, *input, 1, NULL);
    return PLX_OK;
}

static plx_status link_weight(plx_encoders *e, const char *column, int *input, plx_error *err)
{
    PLX_TRY(link_column(e, column, input, err));
    if (*input < 0) return PLX_OK;
    e->inputs[*input].label_numbers = e->inputs[*input].is_weight = true;
    e->layout.has_weights = true;
    return PLX_OK;
}

static plx_status link_task(plx_encoders *e, const plx_task_spec *spec, plx_error *err)
{
    plx_label_encoder *task = &e->tasks[e->layout.n_tasks++];
    *task = (plx_label_encoder){.spec = spec};
    plx_dictionary_init(&task->classes, &e->allocator, e->seed);
    PLX_TRY(link_column(e, plx_column_of(spec->column, spec->name), &task->input, err));
    PLX_TRY(plx_classes_list(e, task, err));
    plx_input *input = &e->inputs[task->input];
    if (!plx_task_has_texts(spec)) {
        input->label_numbers = true;
        if (spec->missing.n) input->label_missing = &spec->missing;
        input->labels_from_0 |= plx_task_loss(spec)->labels_from_0;
        input->labels_to_1 |= plx_task_loss(spec)->labels_to_1;
    } else {
        input->label_texts = true;
    }
    PLX_TRY(link_column(e, spec->where, &task->where, err));
    if (task->where >= 0) e->inputs[task->where].label_texts = true;
    if (plx_classes_have_weights(spec)) e->layout.has_weights = true;
    return link_weight(e, spec->weight_column, &task->weight, err);
}

plx_status plx_labels_link(plx_encoders *e, plx_error *err)
{
    for (int i = 0; i < e->spec.n_tasks; i++)
        PLX_TRY(link_task(e, &e->spec.tasks[i], err));
    return link_weight(e, e->spec.data.row_weight, &e->row_weight, err);
}

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

void plx_encoders_tell_labels(const plx_encoders *e, const plx_listener *listener)
{
    for (int i = 0; i < e->layout.n_tasks; i++) {
        const plx_task_spec *task = e->tasks[i].spec;
        if (!e->tasks[i].is_minus_one_missing) continue;
        plx_warn(listener,
                 "task '%s' (column '%s'): -1 beside 0 and 1 counts as no label; say `missing: ['-1']`, or "
                 "`negative: ['0', '-1']` if it is a negative",
                 task->name, plx_column_of(task->column, task->name));
    }
}

/* -- Cells ------------------------------------------------------------------------------------------------------ */

plx_status plx_label_of(const plx_encoders *e, int task, plx_slice cell, bool is_text, float *out, plx_error *err)
{
    const plx_label_encoder *encoder = &e->tasks[task];
    char room[PLX_VALUE_ROOM];
    const plx_slice value = plx_encoders_value(e, cell, room);
    PLX_TRY(plx_cell_label(encoder->spec, &encoder->classes, &e->spec.data.missing, value, out, err));
    if (encoder->is_minus_one_missing && plx_cell_is_minus_one(encoder->spec, value)) *out = NAN;
    return is_text && !isnan(*out) ? plx_cell_check_truth(encoder->spec, cell, err) : PLX_OK;
}

bool plx_label_counts(const plx_encoders *e, int task, plx_slice cell)
{
    char room[PLX_VALUE_ROOM];
    return plx_cell_is_listed(&e->tasks[task].spec->where_values, plx_encoders_value(e, cell, room));
}

float plx_label_weight(const plx_label_encoder *task, float label, double row_weight, double task_weight)
{
    double weight = row_weight * task_weight;
    if (task->class_weights && !isnan(label)) weight *= task->class_weights[(int)label];
    return (float)fmin(weight, FLT_MAX);
}

bool plx_labels_is_missing(const plx_encoders *e, int input, plx_slice cell)
{
    char room[PLX_VALUE_ROOM];
    const plx_text_list *missing = e->inputs[input].label_missing;
    return missing && plx_cell_is_listed(missing, plx_encoders_value(e, cell, room));
}

plx_status plx_labels_check_text(const plx_encoders *e, int input, plx_slice cell, bool is_text, plx_error *err)
{
    float label;
    for (int i = 0; i < e->layout.n_tasks; i++)
        if (e->tasks[i].input == input && plx_task_has_texts(e->tasks[i].spec))
            PLX_TRY(plx_label_of(e, i, cell, is_text, &label, err));
    return PLX_OK;
}

const char *plx_labels_reader(const plx_encoders *e, int input)
{
    if (e->inputs[input].is_weight) return "holds weights of rows";
    for (int i = 0; i < e->layout.n_tasks; i++)
        if (e->tasks[i].input == input && !plx_task_has_texts(e->tasks[i].spec))
            return plx_label_numbers(e->tasks[i].spec);
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

/* -- Raw columns ----------------------------------------------------------------------------------------------------
 */

static plx_status map_labels(const plx_encoders *e, int task, const plx_dictionary *texts, float *labels,
                             plx_error *err)
{
    /* Rows of other parts may hold texts that are no classes: the row that has one is told where it is encoded. */
    const bool may_be_none = e->tasks[task].classes.n > 0;
    for (uint32_t code = 0; code < texts->n; code++) {
        /* Of texts that mean true or false, only booleans of memory came so far. */
        const plx_status status = plx_label_of(e, task, plx_dictionary_text(texts, code), false, &labels[code], err);
        if (status == PLX_ERR_SCHEMA && may_be_none)
            labels[code] = NO_CLASS;
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

plx_status plx_labels_map(const plx_encoders *e, const plx_columns *columns, plx_arena *arena,
                          const plx_label_map **out, plx_error *err)
{
    plx_label_map *maps = plx_arena_take(arena, (size_t)e->layout.n_tasks, sizeof *maps);
    for (int i = 0; maps && i < e->layout.n_tasks; i++) {
        const plx_label_encoder *task = &e->tasks[i];
        if (plx_task_has_texts(task->spec)) {
            const plx_dictionary *texts = &columns->items[task->input].dictionary;
            float *labels = plx_arena_take(arena, texts->n, sizeof *labels);
            if (!labels) break;
            PLX_TRY(map_labels(e, i, texts, labels, err));
            maps[i].labels = labels;
        }
        if (task->where >= 0) {
            const plx_dictionary *texts = &columns->items[task->where].dictionary;
            bool *counts = plx_arena_take(arena, texts->n, sizeof *counts);
            if (!counts) break;
            map_counts(e, i, texts, counts);
            maps[i].counts = counts;
        }
    }
    *out = maps;
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

static plx_status fail_class(const plx_encoders *e, int task, const plx_raw_column *column, uint32_t code,
                             plx_error *err)
{
    float label;
    PLX_TRY(plx_label_of(e, task, plx_dictionary_text(&column->dictionary, code), false, &label, err));
    PLX_FAIL(err, PLX_ERR_SCHEMA, "a label of task '%s' is not a class", e->tasks[task].spec->name);
}

/* Marks rows of a block that have a label of no class. */
static void mark_unknown(const plx_encoders *e, const plx_columns *columns, const plx_label_map *maps,
                         const uint32_t *order, size_t n, bool *is_unknown)
{
    uint32_t codes[BLOCK_ROWS];
    memset(is_unknown, 0, n * sizeof *is_unknown);
    for (int task = 0; task < e->layout.n_tasks; task++) {
        if (!maps[task].labels) continue;
        plx_column_codes(&columns->items[e->tasks[task].input], order, n, codes);
        for (size_t i = 0; i < n; i++)
            is_unknown[i] |= maps[task].labels[codes[i]] <= NO_CLASS;
    }
}

plx_status plx_labels_part(const plx_encoders *e, const plx_columns *columns, uint32_t *order, size_t *n,
                           plx_error *err)
{
    plx_arena arena;
    const plx_label_map *maps = NULL;
    bool is_unknown[BLOCK_ROWS];
    size_t n_known = 0, n_unknown = 0;
    plx_arena_init(&arena, &e->allocator);
    plx_status status = plx_labels_map(e, columns, &arena, &maps, err);
    uint32_t *unknown = status ? NULL : plx_arena_take(&arena, *n, sizeof *unknown);
    if (!status && !unknown) status = plx_error_memory(err);
    for (size_t first = 0; !status && first < *n; first += BLOCK_ROWS) {
        const size_t rows = *n - first < BLOCK_ROWS ? *n - first : BLOCK_ROWS;
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
    PLX_FAIL(err, PLX_ERR_SCHEMA, "a label is none of the classes");
}

/* Labels of a block of rows, NaN where the task does not count. */
static plx_status read_labels(const plx_encoders *e, const plx_columns *columns, const plx_label_map *map, int task,
                              const uint32_t *order, size_t n, float *labels, plx_error *err)
{
    const plx_label_encoder *encoder = &e->tasks[task];
    const plx_raw_column *column = &columns->items[encoder->input];
    uint32_t codes[BLOCK_ROWS];
    if (map->labels) plx_column_codes(column, order, n, codes);
    for (size_t i = 0; i < n; i++) {
        labels[i] = map->labels ? map->labels[codes[i]] : (float)column->numbers[order[i]];
        if (map->labels && labels[i] <= NO_CLASS) return fail_class(e, task, column, codes[i], err);
    }
    if (!map->counts) return PLX_OK;
    plx_column_codes(&columns->items[encoder->where], order, n, codes);
    for (size_t i = 0; i < n; i++)
        if (!map->counts[codes[i]]) labels[i] = NAN;
    return PLX_OK;
}

/* -- Fitting ------------------------------------------------------------------------------------------------------- */

/* Rows of each class among rows order[0..n-1]. */
static plx_status count_classes(const plx_encoders *e, const plx_columns *columns, int task, const uint32_t *order,
                                size_t n, uint64_t *counts, plx_error *err)
{
    plx_arena arena;
    const plx_label_map *maps = NULL;
    float labels[BLOCK_ROWS] = {0};
    plx_arena_init(&arena, &e->allocator);
    plx_status status = plx_labels_map(e, columns, &arena, &maps, err);
    for (size_t first = 0; !status && first < n; first += BLOCK_ROWS) {
        const size_t rows = n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
        status = read_labels(e, columns, &maps[task], task, order + first, rows, labels, err);
        for (size_t i = 0; !status && i < rows; i++)
            if (!isnan(labels[i])) counts[(int)labels[i]]++;
    }
    plx_arena_release(&arena);
    return status;
}

static plx_status balance(plx_encoders *e, const plx_columns *columns, int task, const uint32_t *order, size_t n,
                          plx_error *err)
{
    plx_label_encoder *encoder = &e->tasks[task];
    uint64_t *counts = plx_alloc_zero(&e->allocator, (size_t)plx_classes_n(encoder), sizeof *counts);
    plx_status status = counts ? PLX_OK : plx_error_memory(err);
    if (!status) status = count_classes(e, columns, task, order, n, counts, err);
    if (!status) status = plx_classes_balance(e, encoder, counts, err);
    plx_free(&e->allocator, counts);
    return status;
}

plx_status plx_labels_fit(plx_encoders *e, const plx_columns *columns, const uint32_t *order, size_t n, plx_error *err)
{
    for (int i = 0; i < e->layout.n_tasks; i++) {
        plx_label_encoder *task = &e->tasks[i];
        if (plx_task_has_classes(task->spec) && !task->spec->classes.n)
            PLX_TRY(plx_classes_fit(e, task, columns, order, n, err));
        if (plx_task_lists_positive_alone(task->spec))
            PLX_TRY(plx_classes_fit_minus_one(e, task, columns, order, n, err));
    }
    for (int i = 0; i < e->layout.n_tasks; i++)
        if (e->tasks[i].spec->class_weights.is_word) PLX_TRY(balance(e, columns, i, order, n, err));
    return PLX_OK;
}

/* -- Encoding ------------------------------------------------------------------------------------------------------ */

static double weight_at(const plx_columns *columns, int input, uint32_t row)
{
    return input < 0 ? 1 : columns->items[input].numbers[row];
}

static plx_status encode_block(const plx_encoders *e, const plx_columns *columns, const plx_label_map *maps,
                               const uint32_t *order, size_t n, uint8_t *records, bool *has_all, plx_error *err)
{
    float labels[BLOCK_ROWS] = {0};
    const size_t stride = e->layout.record_bytes;
    for (int task = 0; task < e->layout.n_tasks; task++) {
        const plx_label_encoder *encoder = &e->tasks[task];
        const size_t offset = (size_t)task * sizeof(float);
        bool lacks = false;
        if (maps) PLX_TRY(read_labels(e, columns, &maps[task], task, order, n, labels, err));
        for (size_t i = 0; i < n; i++) {
            if (!maps) labels[i] = NAN;
            lacks |= isnan(labels[i]) != 0;
            plx_put_float(records + i * stride, e->layout.label_offset + offset, labels[i]);
        }
        if (lacks) *has_all = false;
        for (size_t i = 0; e->layout.has_weights && i < n; i++) {
            float weight = 1;
            if (maps)
                weight = plx_label_weight(encoder, labels[i], weight_at(columns, e->row_weight, order[i]),
                                          weight_at(columns, encoder->weight, order[i]));
            plx_put_float(records + i * stride, e->layout.weight_offset + offset, weight);
        }
    }
    return PLX_OK;
}

plx_status plx_labels_encode(const plx_encoders *e, const plx_columns *columns, const plx_label_map *maps,
                             const uint32_t *order, size_t n, uint8_t *records, bool *has_all, plx_error *err)
{
    for (size_t first = 0; first < n; first += BLOCK_ROWS) {
        size_t rows = n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
        PLX_TRY(encode_block(e, columns, maps, order + first, rows, records + first * e->layout.record_bytes, has_all,
                             err));
    }
    return PLX_OK;
}
