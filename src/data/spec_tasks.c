/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `tasks`. Defaults are written as in a configuration file. */
#include "data/spec.h"

static const char *const label_kinds[] = {"hard", "soft", NULL};
static const char *const balanced_word[] = {"balanced", NULL};
#define LOSS_NAME(name, doc) #name,

/* Sets of kinds, by the form of their labels. */
#define KIND(kind)                          (1u << PLX_TASK_##kind)
#define HAS_FORM(kind, form, other)         | (PLX_LABELS_ARE_##form == PLX_LABELS_ARE_##other ? KIND(kind) : 0)
#define HAS_TRUTHS(kind, name, form, doc_)  HAS_FORM(kind, form, TRUTHS)
#define HAS_CLASSES(kind, name, form, doc_) HAS_FORM(kind, form, CLASSES)
#define OF_TRUTHS                           (0u PLX_TASK_LIST(HAS_TRUTHS))
#define OF_CLASSES                          (0u PLX_TASK_LIST(HAS_CLASSES))
#define TASK_DOC(kind, name, form, doc_)    "; " #name ": " doc_
#define LOSS_DOC(name, doc_)                "; " #name ": " doc_
#define LOSS_PARAMETER(key, kind, loss, most, open, fallback_, doc_)                                                   \
    {.name = #key,                                                                                                     \
     .type = PLX_FIELD_REAL,                                                                                           \
     .offset = offsetof(plx_task_spec, loss_parameters) + PLX_LOSS_##key * sizeof(double),                             \
     .kinds = KIND(kind),                                                                                              \
     .max = (most),                                                                                                    \
     .above_min = true,                                                                                                \
     .below_max = (open),                                                                                              \
     .fallback = (fallback_),                                                                                          \
     .doc = ", loss " #loss ": " doc_},
#define LOSS_CHOICE(kind, first)                                                                                       \
    {.name = "loss",                                                                                                   \
     .type = PLX_FIELD_CHOICE,                                                                                         \
     .offset = offsetof(plx_task_spec, loss),                                                                          \
     .kinds = KIND(kind),                                                                                              \
     .fallback = (first),                                                                                              \
     .choices = (const char *const[]){PLX_##kind##_LOSSES(LOSS_NAME) NULL},                                            \
     .doc = "of d = prediction - label" PLX_##kind##_LOSSES(LOSS_DOC)},

#define FIELD(member) .name = #member, .offset = offsetof(plx_task_spec, member)

const plx_field plx_task_fields[] = {
    {FIELD(name), .type = PLX_FIELD_TEXT, .fallback = NULL, .doc = "name of the task, which must be unique"},
    {FIELD(column), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "column with the labels; empty: the one with the task's name"},
    {FIELD(kind), .type = PLX_FIELD_CHOICE, .fallback = "binary", .choices = plx_task_kinds,
     .doc = "what is predicted" PLX_TASK_LIST(TASK_DOC)},
    {FIELD(labels), .type = PLX_FIELD_CHOICE, .kinds = OF_TRUTHS, .fallback = "hard", .choices = label_kinds,
     .doc = "hard: 0 or 1; soft: probabilities from 0 to 1; a row with label y counts as y positive and "
            "1 - y negative rows"},
    {FIELD(positive), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_TRUTHS, .fallback = "",
     .doc = "cells that mean 1; every other text means 0 (-1 means no label if 0 also occurs); empty: the cells "
            "are the numbers 0 and 1"},
    {FIELD(negative), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_TRUTHS, .fallback = "",
     .doc = ", with positive: cells that mean 0; if given, a cell in neither list is an error"},
    {FIELD(missing), .type = PLX_FIELD_TEXT_LIST, .fallback = "",
     .doc = "cells that mean that the row has no label for the task, such as [\"-1\", \"\\\\N\"], in addition "
            "to the empty cell and data.missing"},
    {FIELD(classes), .type = PLX_FIELD_TEXT_LIST, .kinds = OF_CLASSES, .fallback = "",
     .doc = "the labels, in the order of the outputs; empty: those of the training rows, in "
            "numerical order if all are numbers, otherwise in the order of their bytes"},
    PLX_LOSS_CHOICE_LIST(LOSS_CHOICE) PLX_LOSS_PARAMETER_LIST(LOSS_PARAMETER){
        .name = "where",
        .type = PLX_FIELD_TEXT,
        .offset = offsetof(plx_task_spec, where),
        .is_column = true,
        .fallback = "",
        .doc = "column that limits the task to the rows in which it has one of where_values; empty: all rows"},
    {FIELD(where_values), .type = PLX_FIELD_TEXT_LIST, .fallback = "", .doc = "cells of the column `where`"},
    {FIELD(weight), .type = PLX_FIELD_REAL, .max = 1e6, .fallback = "1",
     .doc = "weight of the task's loss in the total loss"},
    {FIELD(weight_decay), .type = PLX_FIELD_REAL, .max = 1, .above_min = true, .fallback = "1",
     .doc = "decay of the weight per epoch: in epoch e (from 1) it is weight * weight_decay^(e - 1)"},
    {FIELD(weight_column), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "column with the weight of each row in the loss of this task, from 0, multiplied by "
            "data.row_weight; empty: 1"},
    {FIELD(class_weights), .type = PLX_FIELD_WEIGHT_LIST, .kinds = OF_TRUTHS | OF_CLASSES, .max = 1e6, .fallback = "",
     .choices = balanced_word,
     .doc = "weight of a row by its label: {label: weight} for every label; or numbers in the order of the "
            "classes ([of 0, of 1]); or balanced: n / (k * rows with the label), for k labels in n training "
            "rows; empty: 1"},
};
const size_t plx_task_n_fields = sizeof plx_task_fields / sizeof *plx_task_fields;
