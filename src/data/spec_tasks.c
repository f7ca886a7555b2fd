/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `tasks`. Defaults are written as in a configuration file. */
#include "data/spec.h"

static const char *const label_kinds[] = {"hard", "soft", NULL};
static const char *const balanced_word[] = {"balanced", NULL};
#define LOSS_NAME(name, doc) #name,
static const char *const regression_losses[] = {PLX_REGRESSION_LOSSES(LOSS_NAME) NULL};

#define KIND(kind)           (1u << (kind))
#define OF_BINARY            KIND(PLX_TASK_BINARY)
#define OF_REGRESSION        KIND(PLX_TASK_REGRESSION)
#define OF_MULTICLASS        KIND(PLX_TASK_MULTICLASS)
#define LOSS_DOC(name, doc_) "; " #name ": " doc_
#define LOSS_PARAMETER(key, loss, most, open, fallback_, doc_)                                                         \
    {.name = #key,                                                                                                     \
     .type = PLX_FIELD_REAL,                                                                                           \
     .offset = offsetof(plx_task_spec, loss_parameters) + PLX_LOSS_##key * sizeof(double),                             \
     .kinds = OF_REGRESSION,                                                                                           \
     .max = (most),                                                                                                    \
     .above_min = true,                                                                                                \
     .below_max = (open),                                                                                              \
     .fallback = (fallback_),                                                                                          \
     .doc = "loss " #loss ": " doc_},

#define FIELD(member) .name = #member, .offset = offsetof(plx_task_spec, member)

const plx_field plx_task_fields[] = {
    {FIELD(name), .type = PLX_FIELD_TEXT, .fallback = NULL, .doc = "the task's name, different from all others'"},
    {FIELD(column), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "the column of its labels; empty: the one of its name"},
    {FIELD(kind), .type = PLX_FIELD_CHOICE, .fallback = "binary", .choices = plx_task_kinds,
     .doc = "binary: a probability is learned; regression: a number; multiclass: a probability of each class"},
    {FIELD(labels), .type = PLX_FIELD_CHOICE, .kinds = OF_BINARY, .fallback = "hard", .choices = label_kinds,
     .doc = "binary: hard: 0 or 1; soft: probabilities from 0 to 1, a row of label y counts as y positive and 1 - y "
            "negative ones"},
    {FIELD(positive), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_BINARY, .fallback = "",
     .doc = "binary: cells that mean 1, every other text means 0 (-1 beside 0: no label); empty: the cells are the "
            "numbers 0 and 1"},
    {FIELD(negative), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_BINARY, .fallback = "",
     .doc = "binary, beside positive: cells that mean 0; when given, a cell in neither list is an error"},
    {FIELD(missing), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "cells that mean that a row has no label of the task, such as [\"-1\", \"\\\\N\"], beside the empty cell "
            "and those of data.missing"},
    {FIELD(classes), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_MULTICLASS, .fallback = "",
     .doc = "multiclass: its labels, in the order of its outputs; empty: those of the training rows, as numbers in "
            "rising order where all are numbers, else by the order of their bytes"},
    {FIELD(loss), .type = PLX_FIELD_CHOICE, .kinds = OF_REGRESSION, .fallback = "squared", .choices = regression_losses,
     .doc = "regression: of d = prediction - label" PLX_REGRESSION_LOSSES(LOSS_DOC)},
    PLX_LOSS_PARAMETER_LIST(LOSS_PARAMETER){
        .name = "where",
        .type = PLX_FIELD_TEXT,
        .offset = offsetof(plx_task_spec, where),
        .is_column = true,
        .fallback = "",
        .doc = "a column: the task counts only in rows where it holds one of where_values; empty: in all rows"},
    {FIELD(where_values), .type = PLX_FIELD_TEXT_LIST, .fallback = "", .doc = "cells of the column `where`"},
    {FIELD(weight), .type = PLX_FIELD_REAL, .max = 1e6, .fallback = "1",
     .doc = "of the task's loss in the sum that training lowers"},
    {FIELD(weight_decay), .type = PLX_FIELD_REAL, .max = 1, .above_min = true, .fallback = "1",
     .doc = "in training, epoch e (from 1) has the weight weight * weight_decay^(e - 1)"},
    {FIELD(weight_column), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "a column with a number from 0: what each row counts in this task's loss, beside data.row_weight; empty: "
            "1"},
    {FIELD(class_weights), .type = PLX_FIELD_WEIGHT_LIST, .kinds = OF_BINARY | OF_MULTICLASS, .max = 1e6,
     .fallback = "", .choices = balanced_word,
     .doc = "what a row counts by its label: {label: weight} for every label; or numbers in the order of the classes "
            "([of 0, of 1]); or balanced: n / (k * the label's rows), for k labels in n training rows; empty: 1"},
};
const size_t plx_task_n_fields = sizeof plx_task_fields / sizeof *plx_task_fields;
