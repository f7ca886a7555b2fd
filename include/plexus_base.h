/* SPDX-License-Identifier: Apache-2.0 */
/* Types shared by all parts of plexus: status codes, errors, memory, and the arguments and results of plexus.h, which
 * includes this header. */
#ifndef PLEXUS_BASE_H
#define PLEXUS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PLX_BUILDING) && defined(__GNUC__)
#define PLX_API __attribute__((visibility("default")))
#else
#define PLX_API
#endif

#define PLX_VERSION "0.1.0"

/** Every status: name, fixed number, sentence. */
#define PLX_STATUS_LIST(X)                                                                                             \
    X(OK, 0, "done")                                                                                                   \
    X(ERR_ARGUMENT, -1, "an argument is not valid")                                                                    \
    X(ERR_MEMORY, -2, "out of memory")                                                                                 \
    X(ERR_IO, -3, "a file could not be read or written")                                                               \
    X(ERR_FORMAT, -4, "a file's contents are not as they should be")                                                   \
    X(ERR_SCHEMA, -5, "data and model or configuration do not fit together")                                           \
    X(ERR_SHAPE, -6, "the parts of a model do not fit together")                                                       \
    X(ERR_UNSUPPORTED, -7, "this build or version cannot do that")                                                     \
    X(ERR_NUMERIC, -8, "a number is not finite")                                                                       \
    X(ERR_CANCELLED, -9, "cancelled by the caller")

typedef enum plx_status {
#define PLX_STATUS_ENUM(name, number, sentence) PLX_##name = (number),
    PLX_STATUS_LIST(PLX_STATUS_ENUM)
#undef PLX_STATUS_ENUM
} plx_status;

/** Receives the reason for a failure: place and remedy. Owned by the caller; optional in every call (NULL is valid). */
typedef struct plx_error {
    plx_status code;
    char message[2048]; /* UTF-8, ended by NUL; several lines if there are several independent mistakes */
} plx_error;

/**
 * The source of memory. `resize(user, NULL, n)` allocates n bytes aligned for any type, `resize(user, p, n)`
 * reallocates and `resize(user, p, 0)` frees. On failure it returns NULL, and `p` stays valid. Called from several
 * threads.
 */
typedef struct plx_allocator {
    void *(*resize)(void *user, void *memory, size_t bytes);
    void *user;
} plx_allocator;

/** The form of a task's labels, which determines its metrics. Several kinds of tasks may have labels of one form. */
typedef enum plx_label_form {
    PLX_LABELS_ARE_TRUTHS,  /* positive or negative: of a binary task */
    PLX_LABELS_ARE_NUMBERS, /* numbers: of a regression */
    PLX_LABELS_ARE_CLASSES, /* one of several classes: of a multiclass task */
    PLX_LABEL_FORMS
} plx_label_form;

/** The sentence of a status; never NULL. */
PLX_API const char *plx_status_text(plx_status status);

/* -- Handles (plexus.h creates and frees them) ------------------------------------------------------------------ */

typedef struct plx_context plx_context;

/** The model, its data and how to train it: docs/configuration.md describes every key. */
typedef struct plx_config plx_config;

/** The training, validation and test rows of a configuration, encoded, and the encoders fitted on them. */
typedef struct plx_data plx_data;

typedef struct plx_model plx_model;

/** Rows encoded by a model's encoders. */
typedef struct plx_dataset plx_dataset;

/** A frozen copy of a model for serving: threads may share it. */
typedef struct plx_predictor plx_predictor;

/* -- Structs that grow ------------------------------------------------------------------------------------------ */

/*
 * A struct with `size` as its first member may get members at its end in a later version. The caller sets `size` to
 * its sizeof and names the other members:
 *
 *     plx_source source = {.size = sizeof source, .paths = paths, .n_paths = 1};
 *
 * An omitted member is 0 or NULL, its default, so a program works the same with a later header or a later library. A
 * program that sets members unknown to an older library gets PLX_ERR_UNSUPPORTED, and a program that did not set `size`
 * gets PLX_ERR_ARGUMENT. Structs that the library returns by pointer may also get members at their end: read them in
 * place. plx_column, plx_wrong_row and plx_error keep their layout.
 */

/* -- Context ---------------------------------------------------------------------------------------------------- */

typedef struct plx_context_options {
    size_t size;
    int threads; /* maximum for each call that works in parallel; more than 8 help only with large tables; 0: one per
                    processor */
    const char *cpu_level; /* highest kernel level to use: "plain", "simd128", "avx2", "avx512"; NULL: the best */
    const plx_allocator *allocator; /* copied; NULL: malloc and free */
    /** Receives warnings, one line each; NULL: warnings are dropped. Called from the thread that made the call. */
    void (*warn)(void *user, const char *line);
    void *user; /* passed to warn and reading */
    /** Receives the progress of a call that reads files, at most a few times a second: `rows` so far, and the share of
     * the current file that has been read, NaN if unknown. NULL: no progress. Called from the thread that made the
     * call. */
    void (*reading)(void *user, const char *path, int64_t rows, double share);
} plx_context_options;

/** Properties of a context and of this build of the library. */
typedef struct plx_context_info {
    int threads;
    const char *cpu_level; /* the kernel level in use: "avx512" and so on */
    bool reads_parquet;
} plx_context_info;

/* -- Rows ------------------------------------------------------------------------------------------------------- */

typedef enum plx_part { PLX_PART_TRAIN, PLX_PART_VALIDATION, PLX_PART_TEST } plx_part;

/**
 * A column of raw cells in memory: texts, numbers, or integers. As categories, 12, 12.0 and the text "12" are one value
 * (docs/data.md). Unused members are NULL: use designated initializers, or start from zeros.
 */
typedef struct plx_column {
    const char *name;
    const char *const *texts; /* [rows], UTF-8, with separators for a list; NULL: `numbers` */
    /* [rows][width]; NaN: missing. For a list feature a number is a one-item list. NULL: `integers` */
    const double *numbers;
    int width;               /* numbers per row, for dense features of `size` above 1; 0 means 1 */
    const int64_t *integers; /* [rows][width]; like `numbers`, but exact as categories: for ids beyond 2^53 */
} plx_column;

/** Record batches in memory, by the Arrow C stream interface (Apache Arrow's specification): plexus_arrow.h. */
struct ArrowArrayStream;

/**
 * The source of raw rows: files, a stream or columns. The same rows give the same model and the same scores from each
 * kind of source: texts have the same meaning as in a file; integers, floats and booleans (1 and 0) are numbers, or
 * their texts if a feature reads categories (docs/data.md); null and NaN are the empty cell. Columns are found by name;
 * unused columns are ignored.
 */
typedef struct plx_source {
    size_t size;
    const char *const *paths; /* [n_paths] CSV or Parquet files, read by section `data`; "-": standard input */
    int n_paths;
    struct ArrowArrayStream *stream; /* read to its end; the caller releases it */
    const plx_column *columns;       /* [n_columns], each of `rows` cells */
    int n_columns;
    int64_t rows;
} plx_source;

/** Options of plx_data_load. */
typedef struct plx_data_options {
    size_t size;
    /* Relative paths are searched in `folders` [n_folders], in order; the first file found is used. No folders: the
       working directory. */
    const char *const *folders;
    int n_folders;
    /* Replace the files of section `data`, which still sets how `train` is split. NULL `train`: the files of section
       `data`; NULL `validation` or `test`: only rows split from `train`. */
    const plx_source *train, *validation, *test;
    const plx_model *model; /* to continue the training of this model: its encoders encode the rows, nothing is fitted,
                               and `data.cache` is neither read nor written. NULL: encoders are fitted */
} plx_data_options;

enum { PLX_REPORTED_ROWS = 10 };

/** An invalid row that was skipped by `data.on_error: skip`. */
typedef struct plx_wrong_row {
    int64_t row;       /* its number in its file or stream, from 1; 0: unknown */
    char column[128];  /* the invalid column, truncated; "": no single one */
    char message[512]; /* place, reason and remedy */
} plx_wrong_row;

/** The rows that were read. */
typedef struct plx_read_report {
    size_t size;
    int64_t rows;                               /* used */
    int64_t wrong_rows;                         /* skipped by `data.on_error: skip` */
    plx_wrong_row wrong_row[PLX_REPORTED_ROWS]; /* the first ones */
} plx_read_report;

/** How a feature or a task reads a column's cells. */
typedef enum plx_reading {
    PLX_READS_CATEGORY,
    PLX_READS_NUMBER,       /* or `size` numbers */
    PLX_READS_LIST,         /* of categories */
    PLX_READS_LIST_WEIGHTS, /* weights of the items of a list in another column */
    PLX_READS_LABEL         /* labels, `where` columns, weights, groups: read only with labels */
} plx_reading;

/** A column that a configuration or model reads, with its reader. */
typedef struct plx_input_column {
    const char *column;
    const char *reader; /* the feature or task that reads the column; NULL: section `data` */
    plx_reading reading;
    int size;              /* numbers in a cell; for a list: the most items kept */
    const char *separator; /* between the items or numbers of a cell; NULL: one per cell */
    bool may_be_missing;   /* whether a cell may be empty: it is then a category of its own, an empty list, or a number
                              that the key `missing` replaces; false: an empty cell makes the row invalid */
} plx_input_column;

/** A task, and the position of its scores. */
typedef struct plx_task_info {
    const char *name;
    const char *kind; /* as in the configuration: "binary", "regression", "multiclass" */
    plx_label_form labels;
    int first_output, n_outputs; /* in a row of scores: one number, or one per class of a multiclass task */
    const char *const *classes;  /* [n_outputs] labels in the order of the outputs; NULL: not multiclass */
} plx_task_info;

/* -- Scores ----------------------------------------------------------------------------------------------------- */

/** Rows with their scores; borrowed for the call. */
typedef struct plx_scored_rows {
    int64_t rows;
    const float *scores;     /* [rows, n_outputs]: probabilities, or values of regressions; NaN in a skipped row */
    const char *kept;        /* the bytes of kept cells, one cell after another; NULL: none were requested */
    const size_t *kept_ends; /* [rows, n_columns]: the end of each cell */
} plx_scored_rows;

/** Callback: receives the next rows, in order; return false to stop. */
typedef bool plx_rows_taker(void *user, const plx_scored_rows *rows);

/** The rows to score, `dataset` or `source`, and the receiver of the scores, `scores` or `take`. */
typedef struct plx_prediction {
    size_t size;
    const plx_dataset *dataset;
    const plx_source *source; /* of any size: files and streams are read and scored some rows at a time */
    float *scores;            /* [rows, n_outputs]; files and streams need `take`: they can have any number of rows */
    plx_rows_taker *take;
    void *user;
    /* To join the scores of files and streams to their rows: `take` receives every row, including rows skipped by
       `data.on_error: skip`, with the cells of `columns` [n_columns] as in the file (a quoted cell without its quotes,
       a number of a Parquet file as its shortest decimal). The kept cells of an invalid row with another number of
       cells are empty. */
    bool all_rows; /* take receives every row, with these cells; implied by n_columns above 0 */
    const char *const *columns;
    int n_columns;
} plx_prediction;

/** The rows to evaluate, a part of `data`, `dataset` or `source`, and the weight of each. */
typedef struct plx_evaluation {
    size_t size;
    const plx_data *data;
    plx_part part; /* of data */
    const plx_dataset *dataset;
    const plx_source *source; /* of any size; exact metrics take 4 bytes for each score and each label */
    bool loss_weights;        /* weight rows as in the tasks' losses, by data.row_weight, weight_column and
                                 class_weights; false: every weight is 1 */
    const double *weights;    /* [rows, n_tasks], at least 0: use these weights instead; not with files or a stream */
    /* [n_metrics] Additional metrics, which have a parameter: "accuracy@3". The i-th has the index
       PLX_METRICS_CHOSEN + i in plx_metrics. */
    const char *const *metrics;
    int n_metrics;
} plx_evaluation;

/* -- Metrics ---------------------------------------------------------------------------------------------------- */

/** The most metrics that plx_metrics can have: those of the list and those with a parameter. */
enum { PLX_METRICS_MAX = 64 };
/** The index of the first metric with a parameter; the metrics of the list have lower indexes. */
enum { PLX_METRICS_CHOSEN = 32 };

/** Metrics of one task (docs/metrics.md). Unlabelled rows are skipped; every other row counts once unless a function is
 * documented as weighted. */
typedef struct plx_metrics {
    const char *task;
    plx_label_form labels;
    int64_t rows, positives;        /* rows with a label; positives of soft labels: their sum, rounded */
    int64_t groups, groups_counted; /* groups of data.group in these rows, and those with both classes */
    uint64_t applies;               /* bit i: metric i applies to the task */
    /* By the metric's index, for plx_metrics_value. NaN: it does not apply, or is undefined for the rows. */
    double values[PLX_METRICS_MAX];
} plx_metrics;

/** Description of one metric. */
typedef struct plx_metric_info {
    const char *name;    /* in JSON and in train.monitor */
    const char *title;   /* in tables */
    const char *doc;     /* one line */
    unsigned labels;     /* forms of labels that it applies to: the sum of 1 << plx_label_form */
    bool needs_groups;   /* needs data.group */
    bool needs_quantile; /* needs a task with loss quantile */
    int direction;       /* 1: larger is better, -1: smaller is better, 0: closest to 1 is best */
    /* Metrics such as accuracy@3 take a parameter: its name, a description of NAME@PARAMETER, and the forms of labels
       that it applies to. NULL, NULL, 0: this metric takes no parameter. */
    const char *parameter, *parameter_doc;
    unsigned parameter_labels;
} plx_metric_info;

/* -- Training --------------------------------------------------------------------------------------------------- */

/** The progress of training. All arrays have n_tasks items. Losses are means, NaN if there is no value. */
typedef struct plx_progress {
    int epoch, epochs;         /* epoch counts from 1 */
    int64_t step, steps;       /* within the epoch; step == steps: the epoch ended, validation metrics are set */
    double rows_per_second;    /* of training, this epoch */
    double seconds;            /* of training and validation, since the start */
    double learning_rate;      /* of the last step */
    bool has_schedule;         /* whether the learning rate changes */
    double loss;               /* total loss with regularisers, mean over the epoch's steps so far */
    const double *task_losses; /* mean over the epoch's steps so far */
    double validation_loss;    /* with regularisers; NaN without validation rows or before the epoch's end */
    const double *validation_task_losses;
    const double *validation_scores;       /* AUC of binary tasks, MSE of regressions, accuracy of multiclass tasks */
    double monitored;                      /* value of train.monitor; NaN whenever validation_loss is */
    const plx_metrics *validation_metrics; /* all metrics; NULL if there are none yet */
    /* Metrics of the training rows during the epoch, with the weights of each step and with dropout, as in Keras;
       group_auc is NaN. NULL before the epoch's end, or if the hooks do not request them. */
    const plx_metrics *training_metrics;
    const int *score_metrics; /* the metric of each of validation_scores, for plx_metric_at */
    bool is_best;             /* this epoch's weights are the best so far */
    int n_tasks;
} plx_progress;

typedef struct plx_train_hooks {
    size_t size;
    /** Called at most about ten times a second, and at each epoch's end; return false to stop training cleanly with the
     * best epoch so far. In callbacks the model may be scored, evaluated, saved and copied into a predictor, and
     * plx_model_set_parameter changes the weights of the next step. plx_model_set takes effect after this training;
     * plx_model_train on the same model is refused; model, data and context must not be freed. */
    bool (*progress)(void *user, const plx_progress *progress);
    void *user;
    /** Called at the start of each epoch, counted from 1; returns the learning rate at that point. `rate` is the
     * learning rate of train.schedule; the schedule within the epoch is scaled in proportion. NULL: `rate` is used. */
    double (*learning_rate)(void *user, int epoch, double rate);
    bool training_metrics;   /* set plx_progress.training_metrics; takes 4 bytes per row for each score and label */
    const char *log_path;    /* metrics.jsonl: one object per epoch; NULL: none */
    const char *tensorboard; /* folder for event files, overrides train.tensorboard; NULL: train.tensorboard */
    /* Checkpoint file, written atomically as often as train.checkpoint_epochs, _steps and _seconds require, and
       when `progress` stops training. Training does not remove the file. NULL: no checkpoints. */
    const char *checkpoint_path;
    /* Resume from the file at checkpoint_path if it exists; the result is bit-identical to an uninterrupted run. The
       log is truncated to the checkpoint. */
    bool resume;
    /* [n_metrics] Additional metrics, which have a parameter, as in plx_evaluation; the log has them, too. Those that
       train.monitor names follow them. */
    const char *const *metrics;
    int n_metrics;
} plx_train_hooks;

typedef struct plx_train_report {
    size_t size;
    int epochs; /* completed */
    /* The epoch whose weights the model has now, counted from 1. Without validation rows it is the last completed
       epoch; if training was cancelled or failed, the weights may be from later steps. 0: no epoch was completed; the
       model has the weights reached when training was cancelled, or its initial values if training failed. */
    int best_epoch;
    double seconds;         /* of training and validation */
    double rows_per_second; /* median over epochs, without validation */
    bool stopped_early, cancelled;
    bool resumed;        /* from a checkpoint */
    int64_t checkpoints; /* written */
} plx_train_report;

/* -- A model as text and as a file ------------------------------------------------------------------------------ */

/** Sizes and properties of a model. */
typedef struct plx_model_info {
    const char *network; /* key model.name */
    int n_tasks;
    int n_outputs;        /* numbers in a row of scores */
    int64_t n_parameters; /* trainable numbers */
    /* The number of the rule that maps values to categories (docs/data.md). 0: the model's file is older than the
       rule, and booleans are the categories 1 and 0. */
    int value_rule;
} plx_model_info;

/** A parameter, [groups, rows, cols]. */
typedef struct plx_parameter {
    const char *name; /* stable */
    int64_t shape[3];
    int64_t strides[2]; /* of groups and rows: number [g][r][c] is at values[g * strides[0] + r * strides[1] + c] */
} plx_parameter;

/** A layer; its output for a row is `groups` vectors of `width` numbers. */
typedef struct plx_layer {
    const char *name;
    int groups, width;
} plx_layer;

typedef enum plx_description {
    PLX_DESCRIPTION_LAYERS, /* layers, shapes and parameters, one line each */
    PLX_DESCRIPTION_DOT,    /* the same as a diagram in Graphviz's language */
    PLX_DESCRIPTION_PLAN    /* how training and scoring are executed: tiles, memory, rewrites, order of the steps */
} plx_description;

typedef struct plx_onnx_options {
    size_t size;
    /* Write parameters to PATH.data in the same folder; required above 2 GB. If PATH.data exists, they are written to
       PATH.HASH.data, and the old file is removed when the new model is complete: no model reads the parameters of
       another one. */
    bool external_data;
} plx_onnx_options;

typedef struct plx_onnx_report {
    size_t size;
    int inputs, outputs; /* of the ONNX model */
} plx_onnx_report;

#ifdef __cplusplus
}
#endif
#endif
