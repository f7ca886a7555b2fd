/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and weights of a task, as an encoder like a feature's: it makes a label and a weight per record. */
#include <math.h>

#include "data/classes.h"
#include "data/encoder_def.h"
#include "data/label_cells.h"
#include "data/labels.h"

/* -- Inputs ------------------------------------------------------------------------------------------------------- */

/* The input of a column that tasks read; `*input` is -1 without a column. */
static plx_status link_column(plx_encoders *e, const char *column, int *input, plx_error *err)
{
    *input = -1;
    if (!*column) return PLX_OK;
    *input = plx_encoders_input(e, column);
    if (*input < 0) return plx_error_memory(err);
    plx_encoders_link_size(e, *input, 1, NULL);
    return PLX_OK;
}

plx_status plx_weights_link(plx_encoders *e, const char *column, int *input, plx_error *err)
{
    PLX_TRY(link_column(e, column, input, err));
    if (*input < 0) return PLX_OK;
    e->inputs[*input].label_numbers = e->inputs[*input].is_weight = true;
    e->layout.has_weights = true;
    return PLX_OK;
}

static plx_status link_columns(plx_encoders *e, plx_encoder *labels, plx_error *err)
{
    const plx_task_spec *spec = &e->spec.tasks[labels->number];
    plx_label_encoder *task = &e->tasks[e->layout.n_tasks++];
    *task = (plx_label_encoder){.spec = spec};
    labels->own = task;
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
    return plx_weights_link(e, spec->weight_column, &task->weight, err);
}

/* -- Fitting ------------------------------------------------------------------------------------------------------ */

static plx_status fail_class(const plx_encoders *e, int task, const plx_raw_column *column, uint32_t code,
                             plx_error *err)
{
    float label;
    PLX_TRY(plx_label_of(e, task, plx_dictionary_text(&column->dictionary, code), false, &label, err));
    PLX_FAIL(err, PLX_ERR_SCHEMA, "a label of task '%s' is not a class", e->tasks[task].spec->name);
}

/* Labels of a block of rows, NaN if the task does not count. */
static plx_status read_labels(const plx_encoders *e, const plx_columns *columns, const plx_label_map *map, int task,
                              const uint32_t *order, size_t n, float *labels, plx_error *err)
{
    const plx_label_encoder *encoder = &e->tasks[task];
    const plx_raw_column *column = &columns->items[encoder->input];
    uint32_t codes[PLX_ENCODED_ROWS];
    if (map->labels) plx_column_codes(column, order, n, codes);
    for (size_t i = 0; i < n; i++) {
        labels[i] = map->labels ? map->labels[codes[i]] : (float)column->numbers[order[i]];
        if (map->labels && labels[i] <= PLX_NO_CLASS) return fail_class(e, task, column, codes[i], err);
    }
    if (!map->counts) return PLX_OK;
    plx_column_codes(&columns->items[encoder->where], order, n, codes);
    for (size_t i = 0; i < n; i++)
        if (!map->counts[codes[i]]) labels[i] = NAN;
    return PLX_OK;
}

/* Counts the rows of each class among rows order[0..n-1]. */
static plx_status count_classes(const plx_encoders *e, int task, const plx_columns *columns, const uint32_t *order,
                                size_t n, uint64_t *counts, plx_error *err)
{
    plx_arena arena;
    plx_label_map map;
    float labels[PLX_ENCODED_ROWS] = {0};
    plx_arena_init(&arena, &e->allocator);
    plx_status status = plx_label_map_init(e, task, columns, &arena, &map, err);
    for (size_t first = 0; !status && first < n; first += PLX_ENCODED_ROWS) {
        const size_t rows = n - first < PLX_ENCODED_ROWS ? n - first : PLX_ENCODED_ROWS;
        status = read_labels(e, columns, &map, task, order + first, rows, labels, err);
        for (size_t i = 0; !status && i < rows; i++)
            if (!isnan(labels[i])) counts[(int)labels[i]]++;
    }
    plx_arena_release(&arena);
    return status;
}

static plx_status balance(plx_encoders *e, int task, const plx_columns *columns, const uint32_t *order, size_t n,
                          plx_error *err)
{
    plx_label_encoder *encoder = &e->tasks[task];
    uint64_t *counts = plx_alloc_zero(&e->allocator, (size_t)plx_classes_n(encoder), sizeof *counts);
    plx_status status = counts ? PLX_OK : plx_error_memory(err);
    if (!status) status = count_classes(e, task, columns, order, n, counts, err);
    if (!status) status = plx_classes_balance(e, encoder, counts, err);
    plx_free(&e->allocator, counts);
    return status;
}

/* Finds classes that are not listed, and balanced weights. */
static plx_status fit(plx_encoders *e, plx_encoder *labels, const plx_columns *columns, const uint32_t *order, size_t n,
                      plx_error *err)
{
    plx_label_encoder *task = labels->own;
    if (plx_task_has_classes(task->spec) && !task->spec->classes.n)
        PLX_TRY(plx_classes_fit(e, task, columns, order, n, err));
    if (plx_task_lists_positive_alone(task->spec)) PLX_TRY(plx_classes_fit_minus_one(e, task, columns, order, n, err));
    return task->spec->class_weights.is_word ? balance(e, labels->number, columns, order, n, err) : PLX_OK;
}

/* -- Rows of raw columns ------------------------------------------------------------------------------------------ */

static plx_status prepare(const plx_encoders *e, const plx_encoder *labels, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err)
{
    plx_label_map *map = plx_arena_take(arena, 1, sizeof *map);
    (void)n;
    if (!map) return plx_error_memory(err);
    *out = map;
    return plx_label_map_init(e, labels->number, columns, arena, map, err);
}

static double weight_at(const plx_columns *columns, int input, uint32_t row)
{
    return input < 0 ? 1 : columns->items[input].numbers[row];
}

static void put_weights(const plx_encoder *labels, const plx_encoded_rows *rows, const plx_label_map *map,
                        const float *found)
{
    const plx_encoders *e = rows->encoders;
    const plx_label_encoder *task = labels->own;
    const size_t offset = e->layout.weight_offset + (size_t)labels->number * sizeof(float);
    for (size_t i = 0; i < rows->n; i++) {
        float weight = 1;
        if (map)
            weight = plx_label_weight(task, found[i], weight_at(rows->columns, e->row_weight, rows->order[i]),
                                      weight_at(rows->columns, task->weight, rows->order[i]));
        plx_put_float(plx_encoded_record(rows, i), offset, weight);
    }
}

static plx_status encode_rows(const plx_encoder *labels, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const plx_encoders *e = rows->encoders;
    const plx_label_map *map = prepared;
    const size_t offset = e->layout.label_offset + (size_t)labels->number * sizeof(float);
    const size_t n = rows->n, stride = plx_encoded_stride(rows);
    uint8_t *records = rows->records;
    float found[PLX_ENCODED_ROWS] = {0};
    bool is_missing = false;
    if (map) PLX_TRY(read_labels(e, rows->columns, map, labels->number, rows->order, rows->n, found, err));
    for (size_t i = 0; i < n; i++) {
        if (!map) found[i] = NAN;
        is_missing |= isnan(found[i]) != 0;
        plx_put_float(records + i * stride, offset, found[i]);
    }
    if (is_missing) *rows->has_all_labels = false;
    if (e->layout.has_weights) put_weights(labels, rows, map, found);
    return PLX_OK;
}

/* -- Cells -------------------------------------------------------------------------------------------------------- */

/* The columns of a task, NULL if it does not have one. */
typedef struct task_cells {
    const plx_column *labels, *where, *weight, *row_weight;
} task_cells;

static plx_status find_task_cells(plx_request *r, const plx_label_encoder *task, task_cells *out, plx_error *err)
{
    const int row_weight = r->encoders->row_weight;
    PLX_TRY(plx_request_column(r, task->input, &out->labels, err));
    if (task->where >= 0) PLX_TRY(plx_request_column(r, task->where, &out->where, err));
    if (task->weight >= 0) PLX_TRY(plx_request_column(r, task->weight, &out->weight, err));
    return row_weight >= 0 ? plx_request_column(r, row_weight, &out->row_weight, err) : PLX_OK;
}

static plx_status read_weight(const plx_request *r, int input, const plx_column *cells, size_t row, double *out,
                              plx_error *err)
{
    char buffer[PLX_VALUE_SIZE];
    *out = 1;
    if (!cells) return PLX_OK;
    plx_number kind = plx_request_number(r, cells, row, buffer, out);
    if (kind == PLX_NUMBER_NONE || kind == PLX_NUMBER_TOO_LARGE)
        return plx_fail_number(kind, plx_request_text(r, cells, row, buffer), cells->name, "holds weights of rows",
                               err);
    return plx_labels_check_number(r->encoders, input, *out, plx_request_text(r, cells, row, buffer), err);
}

static plx_status encode_label(const plx_request *r, int task, const task_cells *cells, size_t row, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_label_encoder *encoder = &e->tasks[task];
    uint8_t *record = r->out + row * e->layout.record_bytes + (size_t)task * sizeof(float);
    double row_weight, weight;
    char buffer[PLX_VALUE_SIZE];
    float label;
    PLX_TRY(plx_label_of(e, task, plx_request_text(r, cells->labels, row, buffer), cells->labels->texts != NULL, &label,
                         err));
    if (cells->where && !plx_label_counts(e, task, plx_request_text(r, cells->where, row, buffer))) label = NAN;
    plx_put_float(record, e->layout.label_offset, label);
    if (!e->layout.has_weights) return PLX_OK;
    PLX_TRY(read_weight(r, e->row_weight, cells->row_weight, row, &row_weight, err));
    PLX_TRY(read_weight(r, encoder->weight, cells->weight, row, &weight, err));
    plx_put_float(record, e->layout.weight_offset, plx_label_weight(encoder, label, row_weight, weight));
    return PLX_OK;
}

static plx_status encode_task(const plx_encoder *labels, plx_request *r, plx_error *err)
{
    const plx_layout *layout = &r->encoders->layout;
    task_cells cells = {0};
    if (r->with_labels) PLX_TRY(find_task_cells(r, labels->own, &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        uint8_t *record = plx_request_record(r, row) + (size_t)labels->number * sizeof(float);
        if (!r->with_labels) {
            plx_put_float(record, layout->label_offset, NAN);
            if (layout->has_weights) plx_put_float(record, layout->weight_offset, 1);
        } else if (encode_label(r, labels->number, &cells, row, err) != PLX_OK) {
            return plx_request_fail_row(row, err);
        }
    }
    return PLX_OK;
}

static plx_status encode_cells(const plx_encoder *labels, int n, plx_request *r, plx_error *err)
{
    return plx_request_each(labels, n, r, encode_task, err);
}

/* -- Storing ------------------------------------------------------------------------------------------------------ */

static bool has_fitted_classes(const plx_label_encoder *task)
{
    return plx_task_has_classes(task->spec) && task->spec->classes.n == 0;
}

static plx_tensor *store(const plx_encoder *labels, plx_arena *arena, plx_tensor *next)
{
    const plx_label_encoder *task = labels->own;
    const char *name = task->spec->name;
    if (has_fitted_classes(task)) next = plx_tensor_add_texts(next, arena, "classes", name, &task->classes);
    if (task->spec->class_weights.is_word)
        next = plx_tensor_add(next, plx_arena_format(arena, "class_weights/%s", name), PLX_DTYPE_F64,
                              plx_classes_n(task), task->class_weights);
    if (task->is_minus_one_missing)
        next = plx_tensor_add(next, plx_arena_format(arena, "minus_one_missing/%s", name), PLX_DTYPE_U8, 1,
                              &task->is_minus_one_missing);
    return next;
}

static plx_status load_classes(plx_encoders *e, plx_loader *l, plx_label_encoder *task, plx_error *err)
{
    if (!has_fitted_classes(task)) return PLX_OK;
    PLX_TRY(plx_loader_texts(l, "classes", task->spec->name, &task->classes, err));
    if (plx_classes_check(e, task, err) == PLX_OK) return PLX_OK;
    if (err) err->code = PLX_ERR_FORMAT;
    return PLX_ERR_FORMAT;
}

/* Loads balanced weights. */
static plx_status load_class_weights(plx_encoders *e, plx_loader *l, plx_label_encoder *task, plx_error *err)
{
    const plx_tensor *weights = NULL;
    const char *name = task->spec->name;
    const int n = plx_classes_n(task);
    if (!task->spec->class_weights.is_word) return PLX_OK;
    PLX_TRY(plx_loader_find(l, plx_arena_format(&l->arena, "class_weights/%s", name), PLX_DTYPE_F64, n, &weights, err));
    task->class_weights = plx_arena_copy(&e->arena, weights->data, (size_t)n * sizeof *task->class_weights);
    if (!task->class_weights) return plx_error_memory(err);
    for (int i = 0; i < n; i++)
        if (!(task->class_weights[i] >= 0 && isfinite(task->class_weights[i])))
            PLX_FAIL(err, PLX_ERR_FORMAT, "the class weights of task '%s' are not numbers from 0", name);
    return PLX_OK;
}

/* Only some tasks have it, and older files do not. */
static plx_status load_minus_one(plx_loader *l, plx_label_encoder *task, plx_error *err)
{
    const plx_tensor *found = NULL;
    if (!plx_task_lists_positive_alone(task->spec)) return PLX_OK;
    const char *name = plx_arena_format(&l->arena, "minus_one_missing/%s", task->spec->name);
    if (!name) return plx_error_memory(err);
    if (!l->find(l->user, name)) return PLX_OK;
    PLX_TRY(plx_loader_find(l, name, PLX_DTYPE_U8, 1, &found, err));
    if (*(const uint8_t *)found->data != 1) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' is not 1", name);
    task->is_minus_one_missing = true;
    return PLX_OK;
}

static plx_status load(plx_encoders *e, plx_encoder *labels, plx_loader *loader, plx_error *err)
{
    PLX_TRY(load_classes(e, loader, labels->own, err));
    PLX_TRY(load_class_weights(e, loader, labels->own, err));
    return load_minus_one(loader, labels->own, err);
}

const plx_encoder_def plx_target_labels = {.name = "labels",
                                           .link = link_columns,
                                           .fit = fit,
                                           .prepare = prepare,
                                           .encode_rows = encode_rows,
                                           .encode_cells = encode_cells,
                                           .store = store,
                                           .load = load};
