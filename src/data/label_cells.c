/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for cells of labels. */
#include "data/label_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/value_text.h"
#include "data/cells.h"

enum { SHOWN_LABELS = 8 };

/* -- Expected labels, in messages ------------------------------------------------------------------------------ */

/* Builds a text for a message in `text` [PLX_LABELS_TEXT]. */
typedef struct shown_list {
    char *text;
    int n; /* texts of the current list */
} shown_list;

static void add_words(shown_list *to, const char *words)
{
    const size_t used = strlen(to->text);
    snprintf(to->text + used, PLX_LABELS_TEXT - used, "%s", words);
}

/* Adds a text of a list; truncates the list after SHOWN_LABELS. */
static void add_shown(shown_list *to, plx_slice text)
{
    if (to->n > SHOWN_LABELS) return;
    if (to->n) add_words(to, ", ");
    add_words(to, to->n < SHOWN_LABELS ? plx_cell_show(text).text : "...");
    to->n++;
}

static void add_list(shown_list *to, const plx_text_list *list)
{
    to->n = 0;
    for (int i = 0; i < list->n; i++)
        add_shown(to, plx_slice_of(list->items[i]));
}

static void add_classes(shown_list *to, const plx_dictionary *classes)
{
    for (uint32_t i = 0; i < classes->n; i++)
        add_shown(to, plx_dictionary_text(classes, i));
}

static void show_classes(const plx_task_spec *task, const plx_dictionary *classes, shown_list *to)
{
    (void)task;
    add_classes(to, classes);
}

static void show_truths(const plx_task_spec *task, const plx_dictionary *classes, shown_list *to)
{
    (void)classes;
    if (task->positive.n) {
        add_list(to, &task->positive);
        add_words(to, " for 1 and ");
        add_list(to, &task->negative);
        add_words(to, task->negative.n ? " for 0" : "'0' for any other text");
    } else {
        add_words(to, "'0' and '1'");
    }
}

/* Whether the text means true or false to a binary task that lists no labels. */
static bool is_plain_truth(const plx_task_spec *task, plx_slice cell)
{
    bool truth;
    return plx_task_labels_of(task) == PLX_LABELS_ARE_TRUTHS && !task->positive.n && plx_value_is_truth(cell, &truth);
}

static plx_status fail_label(const plx_task_spec *task, plx_slice cell, const shown_list *expected, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s is not a label of task '%s' (column '%s'); expected %s", plx_cell_show(cell).text,
             task->name, plx_column_of(task->column, task->name), expected->text);
}

static const char no_label[] = "; if it means that there is no label, list it in the task's `missing`";

static plx_status fail_class(const plx_task_spec *task, const plx_dictionary *classes, plx_slice cell, plx_error *err)
{
    char expected[PLX_LABELS_TEXT] = "";
    shown_list to = {.text = expected};
    add_words(&to, "a class: ");
    add_classes(&to, classes);
    if (!task->classes.n) add_words(&to, " (those of the training rows; `classes` may list others)");
    add_words(&to, no_label);
    return fail_label(task, cell, &to, err);
}

/* Never suggests to list `positive` alone: every other text would be a 0, even one that means no label. */
static plx_status fail_truth(const plx_task_spec *task, plx_slice cell, plx_error *err)
{
    char expected[PLX_LABELS_TEXT] = "";
    shown_list to = {.text = expected};
    double number;
    if (task->positive.n) {
        add_words(&to, "positive ");
        add_list(&to, &task->positive);
        add_words(&to, " or negative ");
        add_list(&to, &task->negative);
        add_words(&to, no_label);
        return fail_label(task, cell, &to, err);
    }
    add_words(&to, "0 or 1");
    if (plx_parse_double(cell, &number) && number > 0 && number < 1)
        add_words(&to, "; probabilities are labels with `labels: soft`");
    if (is_plain_truth(task, cell))
        add_words(&to,
                  "; for labels that are texts of truth values, set `positive: ['true']` and `negative: ['false']`");
    add_words(&to, no_label);
    add_words(&to, "; labels of other names belong to `positive` and `negative`, numbers and more classes to another "
                   "`kind`");
    return fail_label(task, cell, &to, err);
}

/* -- The meaning of a cell ------------------------------------------------------------------------------------- */

/* For a list of texts as they were written: data.missing. */
static bool is_listed_value(const plx_text_list *list, plx_slice cell)
{
    char buffer[PLX_VALUE_SIZE];
    for (int i = 0; i < list->n; i++)
        if (plx_slice_equal(plx_value_of_text(plx_slice_of(list->items[i]), buffer), cell)) return true;
    return plx_cell_is_listed(list, cell);
}

bool plx_cell_is_no_label(const plx_task_spec *task, const plx_text_list *missing, plx_slice cell)
{
    return cell.length == 0 || plx_cell_is_listed(&task->missing, cell) || is_listed_value(missing, cell);
}

/* 1 or 0 for the texts that need no list, or -1. */
static int plain_class(plx_slice cell)
{
    double number;
    bool truth;
    if (plx_value_is_truth(cell, &truth)) return truth;
    if (!plx_parse_double(cell, &number)) return -1;
    return number == 1 ? 1 : number == 0 ? 0 : -1;
}

static plx_status truth_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                              plx_slice cell, float *out, plx_error *err)
{
    (void)classes;
    const bool is_positive = plx_cell_is_listed(&task->positive, cell);
    if (is_positive || plx_cell_is_listed(&task->negative, cell)) {
        *out = is_positive ? 1 : 0;
        return PLX_OK;
    }
    if (plx_cell_is_no_label(task, missing, cell)) return PLX_OK; /* must not count as a 0 */
    if (task->positive.n) {
        if (task->negative.n) return fail_truth(task, cell, err);
        *out = 0;
        return PLX_OK;
    }
    const int label = plain_class(cell);
    if (label < 0) return fail_truth(task, cell, err);
    *out = (float)label;
    return PLX_OK;
}

static plx_status class_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                              plx_slice cell, float *out, plx_error *err)
{
    uint32_t found = plx_dictionary_find(classes, cell, plx_dictionary_hash(classes, cell));
    if (found != PLX_NOT_FOUND) {
        *out = (float)found;
        return PLX_OK;
    }
    if (plx_cell_is_no_label(task, missing, cell)) return PLX_OK;
    if (memchr(cell.text, '\0', cell.length))
        PLX_FAIL(err, PLX_ERR_SCHEMA, "a label of task '%s' (column '%s') holds a NUL byte", task->name,
                 plx_column_of(task->column, task->name));
    if (classes->n) return fail_class(task, classes, cell, err);
    *out = 0;
    return PLX_OK;
}

const char *plx_label_numbers(const plx_task_spec *task)
{
    const char *reader = plx_task_loss(task)->reader;
    return reader ? reader : "holds the labels of a regression task";
}

static plx_status number_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                               plx_slice cell, float *out, plx_error *err)
{
    (void)classes;
    double number;
    const plx_loss *loss = plx_task_loss(task);
    if (plx_cell_is_no_label(task, missing, cell)) return PLX_OK;
    plx_number kind = plx_cell_number(missing, cell, &number);
    if (kind == PLX_NUMBER_MISSING) return PLX_OK;
    if (kind == PLX_NUMBER_GIVEN && number < 0 && loss->labels_from_0) kind = PLX_NUMBER_NEGATIVE;
    if (kind == PLX_NUMBER_GIVEN && number > 1 && loss->labels_to_1) kind = PLX_NUMBER_ABOVE_1;
    if (kind != PLX_NUMBER_GIVEN)
        return plx_fail_number(kind, cell, plx_column_of(task->column, task->name), plx_label_numbers(task), err);
    *out = (float)number;
    return PLX_OK;
}

static int class_of_truth(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name)
{
    (void)classes;
    if (plx_cell_is_listed(&task->positive, name)) return 1;
    if (plx_cell_is_listed(&task->negative, name)) return 0;
    return plain_class(name);
}

static int class_of_text(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name)
{
    (void)task;
    const uint32_t found = plx_dictionary_find(classes, name, plx_dictionary_hash(classes, name));
    return found == PLX_NOT_FOUND ? -1 : (int)found;
}

/* -- Rules by type of label ------------------------------------------------------------------------------------ */

typedef struct label_rules {
    plx_status (*label)(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                        plx_slice cell, float *out, plx_error *err);
    /* For labels that are texts. */
    int (*class_of)(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name);
    void (*show)(const plx_task_spec *task, const plx_dictionary *classes, shown_list *to);
} label_rules;

static const label_rules rules[PLX_LABEL_FORMS] = {
    [PLX_LABELS_ARE_NUMBERS] = {number_label, NULL, NULL},
    [PLX_LABELS_ARE_TRUTHS] = {truth_label, class_of_truth, show_truths},
    [PLX_LABELS_ARE_CLASSES] = {class_label, class_of_text, show_classes},
};

plx_status plx_cell_label(const plx_task_spec *task, const plx_dictionary *classes, const plx_text_list *missing,
                          plx_slice cell, float *out, plx_error *err)
{
    *out = NAN;
    return rules[plx_task_labels_of(task)].label(task, classes, missing, cell, out, err);
}

int plx_label_class(const plx_task_spec *task, const plx_dictionary *classes, plx_slice name)
{
    return rules[plx_task_labels_of(task)].class_of(task, classes, name);
}

void plx_label_classes_show(const plx_task_spec *task, const plx_dictionary *classes, char out[PLX_LABELS_TEXT])
{
    shown_list to = {.text = out};
    out[0] = '\0';
    rules[plx_task_labels_of(task)].show(task, classes, &to);
}

plx_status plx_cell_check_truth(const plx_task_spec *task, plx_slice cell, plx_error *err)
{
    return is_plain_truth(task, cell) ? fail_truth(task, cell, err) : PLX_OK;
}

bool plx_cell_is_minus_one(const plx_task_spec *task, plx_slice cell)
{
    double number;
    return plx_parse_double(cell, &number) && number == -1 && !plx_cell_is_listed(&task->positive, cell);
}
