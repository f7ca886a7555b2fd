/* SPDX-License-Identifier: Apache-2.0 */
/* Types that every part of plexus shares: status codes, errors, memory, and what plexus.h hands in and out. plexus.h
 * includes it. */
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

/** Receives the reason of a failure: place and remedy. Owned by the caller; optional in every call (NULL is valid). */
typedef struct plx_error {
    plx_status code;
    char message[2048]; /* UTF-8, ended by NUL; several lines if there are several independent mistakes */
} plx_error;

/**
 * The source of memory. `resize(user, NULL, n)` allocates n bytes aligned for any type, `resize(user, p, n)`
 * reallocates and `resize(user, p, 0)` frees; NULL on failure, then `p` stays valid. Called from several threads.
 */
typedef struct plx_allocator {
    void *(*resize)(void *user, void *memory, size_t bytes);
    void *user;
} plx_allocator;

/** What a task predicts: a probability, a number, or a probability of each of several classes. */
typedef enum plx_task_kind { PLX_TASK_BINARY, PLX_TASK_REGRESSION, PLX_TASK_MULTICLASS } plx_task_kind;

/** The sentence of a status; never NULL. */
PLX_API const char *plx_status_text(plx_status status);

/* -- Handles, which plexus.h makes and frees -------------------------------------------------------------------- */

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

/* -- Rows ------------------------------------------------------------------------------------------------------- */

typedef enum plx_part { PLX_PART_TRAIN, PLX_PART_VALIDATION, PLX_PART_TEST } plx_part;

/**
 * A column of raw cells in memory: texts, numbers, or integers. As categories 12, 12.0 and the text "12" are one value
 * (docs/data.md). Unused members are NULL: use designated initializers, or start from zeros.
 */
typedef struct plx_column {
    const char *name;
    const char *const *texts; /* [rows], UTF-8, with separators for a list; NULL: `numbers` */
    /* [rows][width]; NaN: missing. For a list feature a number is a one-item list. NULL: `integers` */
    const double *numbers;
    int width;               /* numbers per row, for dense features of `size` above 1; 0 means 1 */
    const int64_t *integers; /* [rows][width], as numbers, but exact as categories: for ids beyond 2^53 */
} plx_column;

/** How a feature or a task reads a column's cells. */
typedef enum plx_reading {
    PLX_READS_CATEGORY,
    PLX_READS_NUMBER,       /* or `size` numbers */
    PLX_READS_LIST,         /* of categories */
    PLX_READS_LIST_WEIGHTS, /* weights of the items of a list in another column */
    PLX_READS_LABEL         /* labels, `where` columns, weights, groups: read only with labels */
} plx_reading;

typedef struct plx_column_reader {
    const char *column; /* belongs to the configuration, as does `name` */
    const char *name;   /* of the feature or task; NULL: read by section `data` */
    plx_reading reading;
    const char *separator; /* between the items or numbers of a cell; NULL: one per cell. Owned as `column` */
    int size;
} plx_column_reader;

enum { PLX_REPORTED_ROWS = 10 };

/** Report of a call that read raw files. */
typedef struct plx_files_report {
    int64_t rows;                           /* scored */
    int64_t wrong_rows;                     /* invalid rows that `data.on_error: skip` left out */
    char wrong_row[PLX_REPORTED_ROWS][512]; /* messages with places for the first of them */
} plx_files_report;

/** Callback: receives `scores` [rows, n_outputs] of the next rows, in their order; return false to stop. */
typedef bool plx_scores_taker(void *user, const float *scores, int64_t rows);

/** Rows as they were read, including those that `data.on_error: skip` leaves out; borrowed for the call. */
typedef struct plx_scored_rows {
    int64_t rows;
    const float *scores;     /* [rows, n_outputs]; NaN in a row that was skipped */
    const char *kept;        /* the kept cells' bytes, one cell after another */
    const size_t *kept_ends; /* [rows, n_columns]: where each ends */
} plx_scored_rows;

/** Callback: receives the next rows, in their order; return false to stop. */
typedef bool plx_rows_taker(void *user, const plx_scored_rows *rows);

/* -- Metrics ---------------------------------------------------------------------------------------------------- */

/** Room for metrics; plx_metric_count says how many there are. */
enum { PLX_METRICS_MAX = 64 };

/** Metrics of one task (docs/metrics.md). Unlabelled rows are skipped; every other row counts once unless a function
 * says that it is weighted. */
typedef struct plx_metrics {
    const char *task;
    plx_task_kind kind;
    int64_t rows, positives;        /* rows with a label; positives of soft labels: their sum, rounded */
    int64_t groups, groups_counted; /* groups of data.group in these rows, and how many of them have both classes */
    uint64_t applies;               /* bit i: metric i applies to the task */
    /* By the metric's index, for plx_metrics_value. NaN: it does not apply, or is undefined for the rows. */
    double values[PLX_METRICS_MAX];
} plx_metrics;

/** Description of one metric. */
typedef struct plx_metric_info {
    const char *name;    /* in JSON and in train.monitor */
    const char *title;   /* in tables */
    const char *doc;     /* one line */
    unsigned kinds;      /* task kinds that it applies to: the sum of 1 << plx_task_kind */
    bool needs_groups;   /* needs data.group */
    bool needs_quantile; /* needs a task of loss quantile */
    int direction;       /* 1: larger is better, -1: smaller is better, 0: closest to 1 is best */
} plx_metric_info;

/* -- Training --------------------------------------------------------------------------------------------------- */

/** Progress of training. Arrays: [n_tasks]; losses are means, NaN if there is no value. */
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
    const double *validation_scores;       /* AUC of binary tasks, MSE of regressions, accuracy of multi-class tasks */
    double monitored;                      /* value of train.monitor; NaN whenever validation_loss is */
    const plx_metrics *validation_metrics; /* all metrics; NULL if there are none yet */
    /* Of the training rows during the epoch, with the weights of each step and with dropout, as in Keras; group_auc is
       NaN. NULL before the epoch's end, or if the hooks do not ask for it. */
    const plx_metrics *training_metrics;
    const plx_task_kind *task_kinds;
    bool is_best; /* this epoch's weights are the best so far */
    int n_tasks;
} plx_progress;

typedef struct plx_train_hooks {
    /** Called about ten times a second at most, and at each epoch's end; return false to stop training cleanly with the
     * best epoch so far. In callbacks the model may be scored, evaluated, saved and copied into a predictor, and
     * plx_model_set_parameter changes the weights of the next step. plx_model_set takes effect after this training,
     * plx_model_train on the same model is refused; model, data and context must not be freed. */
    bool (*progress)(void *user, const plx_progress *progress);
    void *user;
    /** Called at the start of each epoch, counted from 1; returns the learning rate to begin it with. `rate` is what
     * train.schedule gives; its course within the epoch is scaled in proportion. NULL: `rate`. */
    double (*learning_rate)(void *user, int epoch, double rate);
    bool training_metrics;   /* set plx_progress.training_metrics; takes 4 bytes a row for each score and label */
    const char *log_path;    /* metrics.jsonl: one object per epoch; NULL: none */
    const char *tensorboard; /* folder for event files, overrides train.tensorboard; NULL: train.tensorboard */
    /* Checkpoint file, written atomically as often as train.checkpoint_epochs, _steps and _seconds say, and when
       `progress` stops training. It stays after training. NULL: no checkpoints. */
    const char *checkpoint_path;
    /* Resume from the file at checkpoint_path if it exists; the result is bit-identical to an uninterrupted run. The
       log is truncated to the checkpoint. */
    bool resume;
} plx_train_hooks;

typedef struct plx_train_report {
    int epochs; /* completed */
    /* The epoch whose weights the model has now, counted from 1. Without validation rows: the last completed epoch; if
       training was cancelled or failed, the weights may be from later steps. 0: no epoch was completed; the model has
       the weights reached when training was cancelled, or its start values if training failed. */
    int best_epoch;
    double seconds;         /* of training and validation */
    double rows_per_second; /* median over epochs, training alone */
    bool stopped_early, cancelled;
    bool resumed;        /* from a checkpoint */
    int64_t checkpoints; /* written */
} plx_train_report;

/* -- A model as a file and as text ------------------------------------------------------------------------------ */

typedef struct plx_onnx_options {
    /* Write parameters to PATH.data in the same folder, which more than 2 GB requires. If that file exists, they go to
       PATH.HASH.data, and the old file is removed once the new model is in place: no model reads another's parameters.
     */
    bool external_data;
} plx_onnx_options;

typedef struct plx_onnx_report {
    int inputs, outputs; /* of the ONNX model */
} plx_onnx_report;

typedef enum plx_description {
    PLX_DESCRIPTION_LAYERS, /* layers, shapes and parameters, one line each */
    PLX_DESCRIPTION_DOT,    /* the same as a diagram in Graphviz's language */
    PLX_DESCRIPTION_PLAN    /* how training and scoring execute: tiles, memory, rewrites, order of the steps */
} plx_description;

#ifdef __cplusplus
}
#endif
#endif
