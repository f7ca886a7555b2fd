/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's description of the data: the structs for the sections `data`, `features` and `tasks` of a configuration,
 * and the tables of their fields (spec_data.c and so on). Checks across fields: table_check.h.
 */
#ifndef PLX_SPEC_H
#define PLX_SPEC_H

#include "base/choices.h"
#include "base/fields.h"
#include "data/feature_kinds.h"
#include "plexus_base.h"
#include "tasks/task.h"

/** 2^53: the largest integer that every reader of JSON keeps. */
#define PLX_EXACT_INTEGERS 9007199254740992.0

typedef enum plx_fit_on { PLX_FIT_ON_TRAIN, PLX_FIT_ON_ALL } plx_fit_on;
typedef enum plx_file_format { PLX_FORMAT_AUTO, PLX_FORMAT_CSV, PLX_FORMAT_PARQUET } plx_file_format;
typedef enum plx_on_error { PLX_ON_ERROR_STOP, PLX_ON_ERROR_SKIP } plx_on_error;
typedef enum plx_split_method { PLX_SPLIT_END, PLX_SPLIT_RANDOM } plx_split_method;
typedef enum plx_vocabulary_order { PLX_ORDER_SORTED, PLX_ORDER_FIRST_SEEN } plx_vocabulary_order;
/** Whether a text means its value (base/value_text.h) or its bytes. */
typedef enum plx_text_meaning { PLX_TEXT_VALUE, PLX_TEXT_EXACT } plx_text_meaning;
typedef enum plx_keep { PLX_KEEP_FIRST, PLX_KEEP_LAST } plx_keep;
typedef enum plx_scaling { PLX_SCALE_NONE, PLX_SCALE_MINMAX, PLX_SCALE_STANDARD, PLX_SCALE_QUANTILE } plx_scaling;
typedef enum plx_transform { PLX_TRANSFORM_NONE, PLX_TRANSFORM_LOG1P, PLX_TRANSFORM_IS_ZERO } plx_transform;

/** What the labels of a binary task are: 0 and 1, or probabilities between them. */
typedef enum plx_task_labels { PLX_LABELS_HARD, PLX_LABELS_SOFT } plx_task_labels;

/** Section `data`. Paths as written; the loader resolves them. */
typedef struct plx_data_spec {
    plx_text_list train, validation, test; /* files, read in order */
    int format;                            /* plx_file_format */
    /* How a CSV file is read. */
    char *delimiter; /* one byte or several, or "tab" */
    char *quote;     /* one byte, or "" for none */
    char *escape;    /* one byte, or "" for none */
    char *decimal;   /* "." or "," */
    bool header;
    char *comment;         /* lines that start with it are skipped; "" for none */
    bool trim;             /* blanks around a cell are removed */
    plx_text_list columns; /* names in file order; required without a header, else checked against it */
    plx_text_list missing; /* cells that, like the empty cell, mean a missing number or label */
    /* Parts split off the training files' rows if they have no files of their own: below 1 a share of the rows
       (rounded), else a number of rows; 0: none. From the end: the test part is last, the validation part before it. At
       random: by split_seed. */
    double validation_part, test_part;
    int split; /* plx_split_method */
    int64_t split_seed;
    int fit_on; /* plx_fit_on */
    /* Rows that exceed memory. */
    int64_t memory; /* memory limit of rows in bytes; 0: none */
    char *cache;    /* folder of encoded rows; empty: plexus-cache if one is needed */
    char *group;    /* column of groups: rows with equal text are one group; empty: none */
    /* Handling of invalid rows. */
    int on_error;       /* plx_on_error */
    int64_t max_errors; /* with skip: more wrong rows than this are an error */
    char *row_weight;   /* column of row weights in all losses; empty: 1 */
} plx_data_spec;

extern const plx_field plx_data_fields[];
extern const size_t plx_data_n_fields;

/** Normalisation of the weights of a row's items. */
typedef enum plx_weight_norm {
    PLX_WEIGHTS_PLAIN,
    PLX_WEIGHTS_BY_SUM,      /* divided by the sum of their magnitudes */
    PLX_WEIGHTS_SOFTMAX,     /* their softmax */
    PLX_WEIGHTS_SOFTMAX_MEAN /* softmax divided by the number of items */
} plx_weight_norm;

/** One row of section `features`. */
typedef struct plx_feature_spec {
    char *name;
    char *column; /* empty: the name */
    int kind;     /* plx_feature_kind */
    /* sparse, list */
    plx_text_list missing_texts; /* cells with the meaning of the empty cell; key `missing` */
    int64_t embedding_dim;       /* 0: by the number of categories */
    char *embedding_name;        /* of the table, shared by features with equal names; empty: the name */
    int initializer;             /* plx_init */
    double initializer_scale;    /* NaN: the initializer's own */
    char *embedding_file;        /* file with the table's start values; empty: none */
    bool frozen;                 /* the table is not trained */
    int vocabulary;              /* plx_vocabulary_order */
    char *vocabulary_file;       /* one text a line; empty: fitted */
    int64_t min_count;           /* minimum count; rarer texts are unknown */
    int64_t max_size;            /* maximum number of texts, the most frequent; 0: no limit */
    int64_t hash_buckets;        /* ids are hashes modulo it; 0: ids from a vocabulary */
    int text;                    /* plx_text_meaning */
    /* list */
    char *separator;        /* between items or numbers, bytes or "tab"; also for dense */
    int64_t max_length;     /* maximum number of items */
    int keep;               /* plx_keep: which items of longer lists */
    int combiner;           /* plx_bag_kind */
    char *attention_on;     /* the sparse feature that is the query, for combiner attention */
    char *weight_separator; /* between an item and its weight; empty: none */
    char *weight_column;    /* column of the items' weights; empty: none */
    int normalize_weights;  /* plx_weight_norm */
    /* dense */
    int64_t size;   /* numbers per cell */
    double missing; /* replaces missing numbers, before other steps; NaN: they are an error; infinite: the mean */
    bool missing_indicator; /* append for each number, after the cell's numbers, 1 if it was missing, else 0 */
    plx_real_list clip;     /* empty, or minimum and maximum */
    int transform;          /* plx_transform, of clipped numbers */
    int scaling;            /* plx_scaling, of transformed numbers */
    /* Those of one kind */
#define PLX_FEATURE_MEMBERS(name) PLX_MEMBERS_OF_##name
    PLX_FEATURE_KEYS(PLX_FEATURE_MEMBERS)
#undef PLX_FEATURE_MEMBERS
} plx_feature_spec;

/** Names of the kinds, ended by NULL. */
extern const char *const plx_feature_kinds[];
extern const plx_field plx_feature_fields[];
extern const size_t plx_feature_n_fields;

/** One row of section `tasks`. */
typedef struct plx_task_spec {
    char *name;
    char *column; /* empty: the name */
    int kind;     /* plx_task_kind */
    int labels;   /* binary: plx_task_labels */
    plx_text_list
        positive; /* binary: cells that mean 1, all other texts mean 0; empty: cells are the numbers 0 and 1 */
    plx_text_list negative; /* binary with `positive`: if given, a cell in neither list is an error */
    plx_text_list missing;  /* cells that, like the empty cell and data.missing, mean "no label" */
    plx_text_list
        classes; /* multiclass: its labels, in the order of its outputs; empty: from the fit, in ascending order */
    int loss;    /* index among the losses of its kind */
    double loss_parameters[PLX_LOSS_PARAMETERS]; /* by plx_loss_parameter */
    char *where;                                 /* column that selects the task's rows; empty: all */
    plx_text_list where_values;
    double weight;                 /* of the task's loss */
    double weight_decay;           /* factor per epoch of the weight */
    char *weight_column;           /* column of row weights in the task's loss; empty: 1 */
    plx_weight_list class_weights; /* weights of rows by label: [of 0, of 1], one per class, or by label; the word:
                                      total rows over rows of the class; empty: 1 */
} plx_task_spec;

extern const plx_field plx_task_fields[];
extern const size_t plx_task_n_fields;

/** The task's loss; the last of its kind if the index is too large, which is a configuration error. */
static inline const plx_loss *plx_task_loss(const plx_task_spec *task)
{
    const plx_loss *const *loss = plx_task_list[task->kind]->losses;
    for (int i = 0; i < task->loss && loss[1]; i++)
        loss++;
    return *loss;
}

/** The parameter of the loss. */
static inline double plx_task_loss_parameter(const plx_task_spec *task)
{
    return task->loss_parameters[plx_task_loss(task)->parameter];
}

/** The quantile that the task learns; 0: another loss. */
static inline double plx_task_quantile(const plx_task_spec *task)
{
    return plx_task_loss(task) == &plx_loss_quantile ? plx_task_loss_parameter(task) : 0;
}

/** The form of the task's labels: soft labels are numbers. */
static inline plx_label_form plx_task_labels_of(const plx_task_spec *task)
{
    return task->labels == PLX_LABELS_SOFT ? PLX_LABELS_ARE_NUMBERS : plx_task_forms[task->kind];
}

/** Whether the task's labels are texts to look up, rather than numbers. */
static inline bool plx_task_has_texts(const plx_task_spec *task)
{
    return plx_task_labels_of(task) != PLX_LABELS_ARE_NUMBERS;
}

/** Whether labels are classes, listed or found in the rows. */
static inline bool plx_task_has_classes(const plx_task_spec *task)
{
    return plx_task_labels_of(task) == PLX_LABELS_ARE_CLASSES;
}

/** Whether every text that is not listed is negative. */
static inline bool plx_task_lists_positive_alone(const plx_task_spec *task)
{
    return plx_task_labels_of(task) == PLX_LABELS_ARE_TRUTHS && task->positive.n && !task->negative.n;
}

/** All three sections. */
typedef struct plx_table_spec {
    plx_data_spec data;
    plx_feature_spec *features; /* [n_features], in the order of their kinds */
    int n_features;
    plx_task_spec *tasks; /* [n_tasks] */
    int n_tasks;
    bool is_rule_0; /* from a model file older than the rule of base/value_text.h: every text means its bytes */
} plx_table_spec;

#endif
