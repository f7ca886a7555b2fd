/* SPDX-License-Identifier: Apache-2.0 */
/* Finds, sorts and weights classes. Two texts of a raw column may be one class: the text of the value counts
 * (base/value_text.h). */
#include "data/classes.h"

#include <math.h>
#include <stdlib.h>

#include "data/cells.h"
#include "data/label_cells.h"
#include "data/labels.h"

int plx_classes_n(const plx_label_encoder *task)
{
    return plx_task_has_classes(task->spec) ? (int)task->classes.n : 2;
}

/* -- Weights --------------------------------------------------------------------------------------------------- */

static plx_status fail_weights(const plx_task_spec *spec, const plx_dictionary *classes, const char *name,
                               const char *what, plx_error *err)
{
    char labels[PLX_LABELS_TEXT];
    plx_label_classes_show(spec, classes, labels);
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s %s; give a weight to each of its labels: %s",
             plx_cell_show(plx_slice_of(name)).text, what, labels);
}

static plx_status name_weights(const plx_task_spec *spec, const plx_dictionary *classes, int n, double *weights,
                               plx_error *err)
{
    const plx_weight_list *given = &spec->class_weights;
    for (int class = 0; class < n; class ++)
        weights[class] = NAN;
    for (int i = 0; i < given->n; i++) {
        const int class = plx_label_class(spec, classes, plx_slice_of(given->names[i]));
        if (class < 0) return fail_weights(spec, classes, given->names[i], "is not a label of the task", err);
        if (!isnan(weights[class]))
            return fail_weights(spec, classes, given->names[i], "is a label that already has a weight", err);
        weights[class] = given->items[i];
    }
    for (int class = 0; class < n; class ++) {
        char plain[2] = {(char)('0' + class % 2), '\0'};
        const plx_text_list *texts = class == 1 ? &spec->positive : &spec->negative;
        if (!isnan(weights[class])) continue;
        if (!plx_task_has_classes(spec))
            return fail_weights(spec, classes, texts->n ? texts->items[0] : plain, "has no weight", err);
        plx_shown_cell shown = plx_cell_show(plx_dictionary_text(classes, (uint32_t) class));
        shown.text[strlen(shown.text) - 1] = '\0';
        return fail_weights(spec, classes, shown.text + 1, "has no weight", err);
    }
    return PLX_OK;
}

plx_status plx_classes_weights(const plx_task_spec *spec, const plx_dictionary *classes, int n, double *weights,
                               plx_error *err)
{
    const plx_weight_list *given = &spec->class_weights;
    if (given->names) return name_weights(spec, classes, n, weights, err);
    if (given->n != n)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "'class_weights' has %d number%s for %d classes: give one per class%s", given->n,
                 given->n == 1 ? "" : "s", n, plx_task_has_classes(spec) ? "" : ", that of label 0 first");
    memcpy(weights, given->items, (size_t)n * sizeof *weights);
    return PLX_OK;
}

static plx_status take_weights(plx_encoders *e, plx_label_encoder *task, int n, plx_error *err)
{
    const plx_weight_list *given = &task->spec->class_weights;
    if (given->n == 0 || given->is_word) return PLX_OK;
    task->class_weights = plx_encoders_take(e, (size_t)n, sizeof *task->class_weights);
    if (!task->class_weights) return plx_error_memory(err);
    const plx_status status = plx_classes_weights(task->spec, &task->classes, n, task->class_weights, err);
    if (status) plx_error_prefix(err, "task '%s': class_weights", task->spec->name);
    return status;
}

plx_status plx_classes_balance(plx_encoders *e, plx_label_encoder *task, const uint64_t *counts, plx_error *err)
{
    const int n = plx_classes_n(task);
    uint64_t rows = 0, present = 0;
    task->class_weights = plx_encoders_take(e, (size_t)n, sizeof *task->class_weights);
    if (!task->class_weights) return plx_error_memory(err);
    for (int i = 0; i < n; i++) {
        rows += counts[i];
        present += counts[i] > 0;
    }
    for (int i = 0; i < n; i++)
        task->class_weights[i] = counts[i] ? (double)rows / ((double)present * (double)counts[i]) : 1;
    return PLX_OK;
}

/* -- Classes --------------------------------------------------------------------------------------------------- */

plx_status plx_classes_check(plx_encoders *e, plx_label_encoder *task, plx_error *err)
{
    const plx_task_spec *spec = task->spec;
    const int n = plx_classes_n(task);
    if (n < 2 || n > PLX_CLASSES_MAX)
        PLX_FAIL(
            err, PLX_ERR_SCHEMA,
            "task '%s' has %d class%s: a multiclass task takes 2 to %d, listed in `classes` or found in column '%s'",
            spec->name, n, n == 1 ? "" : "es", PLX_CLASSES_MAX, plx_column_of(spec->column, spec->name));
    return take_weights(e, task, n, err);
}

plx_status plx_classes_list(plx_encoders *e, plx_label_encoder *task, plx_error *err)
{
    const plx_task_spec *spec = task->spec;
    for (int i = 0; i < spec->classes.n; i++) {
        const plx_slice text = plx_slice_of(spec->classes.items[i]);
        if (!plx_dictionary_add(&task->classes, text, plx_dictionary_hash(&task->classes, text)))
            return plx_error_memory(err);
    }
    /* Classes that are not listed are found by the fit. */
    if (!plx_task_has_texts(spec) || (plx_task_has_classes(spec) && !spec->classes.n)) return PLX_OK;
    return plx_classes_check(e, task, err);
}

/* A text in the rows, and its number if all are numbers. */
typedef struct found_class {
    plx_slice text;
    double number;
} found_class;

static int compare_texts(const void *a, const void *b)
{
    return plx_slice_compare(((const found_class *)a)->text, ((const found_class *)b)->text);
}

/* Different integers may be the same double; then length and bytes decide, reversed for negative ones. */
static int compare_numbers(const void *a, const void *b)
{
    const found_class *x = a, *y = b;
    if (x->number < y->number || x->number > y->number) return x->number < y->number ? -1 : 1;
    const int by_text = x->text.length != y->text.length ? (x->text.length < y->text.length ? -1 : 1)
                                                         : plx_slice_compare(x->text, y->text);
    return x->number < 0 ? -by_text : by_text;
}

/* Marks the texts of the column that occur in rows order[0..n-1]. */
static void mark_texts(const plx_raw_column *column, const uint32_t *order, size_t n, bool *is_there)
{
    uint32_t codes[PLX_ENCODED_ROWS];
    for (size_t first = 0; first < n; first += PLX_ENCODED_ROWS) {
        const size_t rows = n - first < PLX_ENCODED_ROWS ? n - first : PLX_ENCODED_ROWS;
        plx_column_codes(column, order + first, rows, codes);
        for (size_t i = 0; i < rows; i++)
            is_there[codes[i]] = true;
    }
}

/* Adds sorted texts; equal ones are adjacent. */
static plx_status add_classes(plx_label_encoder *task, const found_class *found, size_t n, plx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const plx_slice text = found[i].text;
        if (i > 0 && plx_slice_equal(text, found[i - 1].text)) continue;
        if (!plx_dictionary_add(&task->classes, text, plx_dictionary_hash(&task->classes, text)))
            return plx_error_memory(err);
    }
    return PLX_OK;
}

plx_status plx_classes_fit(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns, const uint32_t *order,
                           size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[task->input];
    const uint32_t n_texts = column->dictionary.n;
    plx_arena arena;
    size_t n_found = 0;
    bool are_numbers = true;
    plx_arena_init(&arena, &e->allocator);
    bool *is_there = plx_arena_take(&arena, n_texts, sizeof *is_there);
    found_class *found = plx_arena_take(&arena, n_texts, sizeof *found);
    if (is_there && found) mark_texts(column, order, n, is_there);
    for (uint32_t code = 0; is_there && found && code < n_texts; code++) {
        char buffer[PLX_VALUE_SIZE];
        const plx_slice text = plx_encoders_value(e, plx_dictionary_text(&column->dictionary, code), buffer);
        if (!is_there[code] || plx_cell_is_no_label(task->spec, &e->spec.data.missing, text)) continue;
        found_class *one = &found[n_found++];
        one->text = text.text == buffer ? (plx_slice){plx_arena_text(&arena, buffer, text.length), text.length} : text;
        are_numbers &= plx_parse_double(text, &one->number) && isfinite(one->number);
    }
    plx_status status = plx_arena_failed(&arena) ? plx_error_memory(err) : PLX_OK;
    if (!status && n_found) qsort(found, n_found, sizeof *found, are_numbers ? compare_numbers : compare_texts);
    if (!status) status = add_classes(task, found, n_found, err);
    plx_arena_release(&arena);
    return status ? status : plx_classes_check(e, task, err);
}

/* Whether a text of the task's column is negative because no list contains it. */
static bool is_other(const plx_encoders *e, const plx_label_encoder *task, plx_slice text)
{
    return !plx_cell_is_listed(&task->spec->positive, text) &&
           !plx_cell_is_no_label(task->spec, &e->spec.data.missing, text);
}

plx_status plx_classes_fit_minus_one(plx_encoders *e, plx_label_encoder *task, const plx_columns *columns,
                                     const uint32_t *order, size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[task->input];
    const uint32_t n_texts = column->dictionary.n;
    bool has_zero = false, has_minus_one = false;
    bool *is_there = plx_alloc_zero(&e->allocator, (size_t)n_texts + 1, sizeof *is_there);
    if (!is_there) return plx_error_memory(err);
    mark_texts(column, order, n, is_there);
    for (uint32_t code = 0; code < n_texts; code++) {
        char buffer[PLX_VALUE_SIZE];
        double number;
        const plx_slice cell = plx_dictionary_text(&column->dictionary, code);
        const plx_slice text = plx_encoders_value(e, cell, buffer);
        if (!is_there[code] || !is_other(e, task, text) || !plx_parse_double(text, &number)) continue;
        if (task->where == task->input && !plx_label_counts(e, (int)(task - e->tasks), cell)) continue;
        has_zero |= number == 0;
        has_minus_one |= number == -1;
    }
    task->is_minus_one_missing = has_zero && has_minus_one;
    plx_free(&e->allocator, is_there);
    return PLX_OK;
}
