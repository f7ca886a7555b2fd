/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plexus: multi-task ranking models from raw rows to scores. A complete program (examples/quickstart.c):
 *
 *     const char *folders[] = {"data"};
 *     plx_error error;
 *     plx_context *context = NULL;
 *     plx_config *config = NULL;
 *     plx_data *data = NULL;
 *     plx_model *model = NULL;
 *     bool done = plx_context_create(NULL, &context, &error) == PLX_OK &&
 *                 plx_config_read(context, "experiments/adult/mmoe.yaml", &config, &error) == PLX_OK &&
 *                 plx_data_load(config, folders, 1, &data, &error) == PLX_OK &&
 *                 plx_model_create(config, data, &model, &error) == PLX_OK &&
 *                 plx_model_train(model, data, NULL, NULL, &error) == PLX_OK &&
 *                 plx_model_save(model, "model.plexus", &error) == PLX_OK;
 *     if (!done) fprintf(stderr, "%s\n", error.message);
 *     plx_model_free(model);
 *     plx_data_free(data);
 *     plx_config_free(config);
 *     plx_context_free(context);
 *
 * Rules that hold for every function:
 * - Status: PLX_OK, or an error code; the last argument, which may be NULL, receives place and remedy. A function that
 *   fails leaves its arguments unchanged and its outputs NULL or untouched, unless its comment says otherwise.
 * - Ownership: arguments are borrowed for the call, except the context, which must outlive everything made
 *   with it. The result of a `_create`, `_read` or `_load` is freed by the matching `_free` (NULL is valid). A
 *   returned `const char *` belongs to the first argument and lives as long as it does.
 * - Threads: one thread per handle at a time, except where a comment says that threads may share it. Different
 *   handles of one context may be used in different threads at once.
 * - fork(): a child may use what its parent made, and starts its own threads, whatever other threads of the
 *   parent did at the fork. A model that was in training then is refused (PLX_ERR_ARGUMENT), unless the training was
 *   in a callback: then its weights may be read. A child must not return from a callback of its parent's call:
 *   plx_model_train returns PLX_ERR_ARGUMENT and leaves the parent's files unchanged.
 * - The library prints nothing, ends no process, reads no environment variable and has no global state.
 */
#ifndef PLEXUS_H
#define PLEXUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plexus_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLX_VERSION "0.1.0"

/** The library's version, which may be newer than the header's. */
PLX_API const char *plx_version(void);

/* -- Context ------------------------------------------------------------------------------------------------ */

typedef struct plx_context plx_context;

typedef struct plx_context_options {
    int threads; /* maximum for each call that works in parallel: up to 8 help, more for large tables; 0: one per
                    processor */
    const char *cpu_level; /* highest kernel level to use: "plain", "simd128", "avx2", "avx512"; NULL: the best */
    const plx_allocator *allocator; /* copied; NULL: malloc and free */
    /** Receives warnings, one line each; NULL: warnings are dropped. Called from the thread that made the call. */
    void (*warn)(void *user, const char *line);
    void *user; /* passed to warn and reading */
    /** Progress of a call that reads files, some times a second at most: `rows` so far, and the share of the current
     * file that has been read, NaN if unknown. NULL: no progress. Called from the thread that made the call. */
    void (*reading)(void *user, const char *path, int64_t rows, double share);
} plx_context_options;

/** `options` NULL: all zero. PLX_ERR_ARGUMENT: an unknown level, a negative number of threads. */
PLX_API plx_status plx_context_create(const plx_context_options *options, plx_context **out, plx_error *err);
PLX_API void plx_context_free(plx_context *context);
PLX_API int plx_context_threads(const plx_context *context);
/** The kernel level in use: "avx512" and so on. */
PLX_API const char *plx_context_cpu_level(const plx_context *context);

/* -- Configuration ------------------------------------------------------------------------------------------- */

/** The model, its data and how to train it: docs/configuration.md describes every key. */
typedef struct plx_config plx_config;

/** Reads a YAML (or JSON) file. The message lists every independent mistake as FILE:LINE:COLUMN. */
PLX_API plx_status plx_config_read(plx_context *context, const char *path, plx_config **out, plx_error *err);
/** The same from memory; messages use `name` as the file's name. */
PLX_API plx_status plx_config_parse(plx_context *context, const char *text, size_t length, const char *name,
                                    plx_config **out, plx_error *err);
/** `assignment` is "section.key=value", the value as YAML: "train.epochs=3", "model.expert_dnn_units=[64,32]". */
PLX_API plx_status plx_config_set(plx_config *config, const char *assignment, plx_error *err);
PLX_API void plx_config_free(plx_config *config);
/** The resolved configuration as YAML, every default written out; reading it gives an equal configuration. */
PLX_API const char *plx_config_text(const plx_config *config);
/** The value of "section.key" or, for features and tasks, "section.name.key", as JSON, which plx_config_set accepts,
 * too. Free it with plx_text_free. PLX_ERR_ARGUMENT: no such key. */
PLX_API plx_status plx_config_get(const plx_config *config, const char *key, char **out, plx_error *err);
PLX_API int plx_config_n_tasks(const plx_config *config);
PLX_API const char *plx_config_task_name(const plx_config *config, int task);
PLX_API const char *plx_config_model_name(const plx_config *config);
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

/** Which feature or task reads which column: features in their stored order, then tasks, then section `data`. A column
 * may have several readers. false: no reader has that index (so a loop ends). */
PLX_API bool plx_config_reader(const plx_config *config, int index, plx_column_reader *out);
/** Reference of every section and key as Markdown, made from the tables that the parser uses. Free it with
 * plx_text_free. */
PLX_API plx_status plx_config_reference(plx_context *context, char **out, plx_error *err);
/** Frees text that this library returned as `char **out`. */
PLX_API void plx_text_free(plx_context *context, char *text);

/* -- Output files ----------------------------------------------------------------------------------------------- */

/**
 * An output file, written as the library writes its own: under a temporary name in the same folder, and renamed once it
 * is complete and on disk, so that readers find the old file or the new one. A symbolic link stays, and the file that
 * it names is replaced; a pipe or device is written in place.
 */
typedef struct plx_output plx_output;

/** Begins the file at `path` (copied). PLX_ERR_IO: the message names path and remedy. */
PLX_API plx_status plx_output_create(plx_context *context, const char *path, plx_output **out, plx_error *err);
/** Appends bytes; false once a write has failed. plx_output_commit then returns the error. */
PLX_API bool plx_output_add(plx_output *output, const void *bytes, size_t length);
/** Renames the file to its path. PLX_ERR_IO: this or an earlier write failed; the old file is untouched. */
PLX_API plx_status plx_output_commit(plx_output *output, plx_error *err);
/** The temporary file until the commit, which a killed process leaves. NULL: the file is written in place. */
PLX_API const char *plx_output_temporary(const plx_output *output);
/** Removes what was written, unless it was committed. NULL is valid. */
PLX_API void plx_output_free(plx_output *output);

/* -- Data ------------------------------------------------------------------------------------------------------- */

/** The training, validation and test rows of a configuration, encoded, and the encoders fitted on them. */
typedef struct plx_data plx_data;

typedef enum plx_part { PLX_PART_TRAIN, PLX_PART_VALIDATION, PLX_PART_TEST } plx_part;

/**
 * Reads the files of section `data`, fits the encoders and encodes. Relative paths are looked for in each of `folders`
 * [n_folders] in turn; the first in which a file is found is taken. PLX_ERR_IO, PLX_ERR_FORMAT (place
 * FILE:LINE:COLUMN), PLX_ERR_SCHEMA.
 */
PLX_API plx_status plx_data_load(const plx_config *config, const char *const *folders, int n_folders, plx_data **out,
                                 plx_error *err);

typedef struct plx_model plx_model;

/** The same, to train a model further: its encoders read and encode the rows, which are split as `config` says;
 * nothing is fitted. A named cache is neither read nor written. */
PLX_API plx_status plx_data_load_for(const plx_config *config, const plx_model *model, const char *const *folders,
                                     int n_folders, plx_data **out, plx_error *err);

/** Whether this build reads Parquet files. */
PLX_API bool plx_reads_parquet(void);

/** Record batches in memory, by the Arrow C stream interface (Apache Arrow's specification). */
struct ArrowArrayStream; /* plexus_arrow.h */

/**
 * plx_data_load from tables in memory instead of files: columns are found by name, and `train` is split into parts as
 * section `data` says. Texts mean what they would mean in a file; integers, floats and booleans (1 and 0) are numbers,
 * and where a feature reads categories their texts (docs/data.md); null and NaN are the empty cell. So the same rows
 * give the same encoders and the same model as from a file.
 *
 * @param model       its encoders encode the rows, to train it further; NULL: encoders are fitted
 * @param validation, test  may be NULL
 * Streams are read to their end; the caller releases them.
 */
PLX_API plx_status plx_data_from_arrow(const plx_config *config, const plx_model *model, struct ArrowArrayStream *train,
                                       struct ArrowArrayStream *validation, struct ArrowArrayStream *test,
                                       plx_data **out, plx_error *err);
PLX_API void plx_data_free(plx_data *data);
/** Rows in a part; 0 where the configuration has none. */
PLX_API int64_t plx_data_rows(const plx_data *data, plx_part part);

/** Number of invalid rows that `data.on_error: skip` left out, and a message with the place of the n-th; only the first
 * ten have one, NULL after them. */
PLX_API int64_t plx_data_wrong_rows(const plx_data *data);
PLX_API const char *plx_data_wrong_row(const plx_data *data, int index);

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

/* -- Model -------------------------------------------------------------------------------------------------------- */

/** A network with start values from the configuration's seed, for the data's encoders (copied). */
PLX_API plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
PLX_API void plx_model_free(plx_model *model);

/** Metrics of one task (docs/metrics.md). Metrics that do not apply to the task or are undefined for the rows are NaN.
 * Unlabelled rows are skipped; every other row counts once unless a function says that it is weighted. */
typedef struct plx_metrics {
    const char *task;
    plx_task_kind kind;
    int64_t rows, positives;        /* rows with a label; positives of soft labels: their sum, rounded */
    int64_t groups, groups_counted; /* groups of data.group in these rows, and how many of them have both classes */
    double auc;                     /* of binary tasks, exact: ranks, ties averaged */
    double group_auc;               /* mean over the counted groups, weighted by their rows */
    double pr_auc;                  /* average precision */
    double logloss;                 /* of binary and multi-class tasks */
    double normalized_entropy;      /* log loss over that of predicting the share of positives */
    double ece;                     /* expected calibration error, 10 bins of equal width */
    double calibration;             /* sum of predictions over positives */
    double accuracy;                /* of binary tasks at 0.5, of multi-class tasks by the largest probability */
    double mae, mse, rmse;          /* of binary tasks and regressions */
    double r2;                      /* of regressions */
} plx_metrics;

/** Description of one metric. */
typedef struct plx_metric_info {
    const char *name;  /* of the member of plx_metrics, in JSON and in train.monitor */
    const char *title; /* in tables */
    const char *doc;   /* one line */
    unsigned kinds;    /* task kinds that it applies to: the sum of 1 << plx_task_kind */
    bool needs_groups; /* needs data.group */
    int direction;     /* 1: larger is better, -1: smaller is better, 0: closest to 1 is best */
} plx_metric_info;

/** The number of metrics. */
PLX_API int plx_metric_count(void);
/** Metrics are indexed from 0 in the order in which tables show them; NULL: no such index. */
PLX_API const plx_metric_info *plx_metric_at(int metric);
/** The index of the metric of that name; -1: there is none. */
PLX_API int plx_metric_find(const char *name);
/** A metric's value by its index; NaN: no such index. */
PLX_API double plx_metrics_value(const plx_metrics *metrics, int metric);

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

/**
 * Trains on the data's training rows as section `train` says, and validates on its validation rows after each epoch.
 *
 * Row order, dropout and start values come from the seed: the same seed, data and CPU level give the same weights bit
 * for bit, whatever the number of threads. With validation rows, the weights of the best epoch are restored as they
 * were when it was evaluated, before its callback. Without validation rows nothing is restored and no copy is kept: the
 * model has the weights at the end of training, including those that the last callback set. A task without a label in
 * the validation rows is left out of train.monitor, with a warning.
 *
 * @param hooks, report  may be NULL
 * @return PLX_ERR_NUMERIC  a loss, a weight or an optimizer's sum of squares was not finite; the model has its best
 *                          epoch's weights (its start values if there is none) and can be saved; `report` and the log
 *                          have the earlier epochs. Without validation rows it has the weights reached: a step whose
 *                          losses are not finite is not applied
 * @return PLX_ERR_SCHEMA   data was encoded by encoders other than the model's; no validation row has a label; the
 *                          checkpoint is of another configuration, other data or another CPU level
 * @return PLX_ERR_ARGUMENT the model is in training, or was when this process was forked
 * @return PLX_ERR_FORMAT, PLX_ERR_UNSUPPORTED  the checkpoint is incomplete, or of another version
 */
PLX_API plx_status plx_model_train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks,
                                   plx_train_report *report, plx_error *err);

/** Fills `metrics` [n_tasks]. PLX_ERR_SCHEMA: the part is empty. */
PLX_API plx_status plx_model_evaluate(const plx_model *model, const plx_data *data, plx_part part, plx_metrics *metrics,
                                      plx_error *err);

/** The same with weighted rows: `weights` [rows, n_tasks], at least 0, or NULL for the weights of the tasks' losses by
 * data.row_weight, weight_column and class_weights. PLX_ERR_ARGUMENT: a weight is negative or not finite. */
PLX_API plx_status plx_model_evaluate_weighted(const plx_model *model, const plx_data *data, plx_part part,
                                               const double *weights, plx_metrics *metrics, plx_error *err);

/** Writes the model file, atomically. docs/format.md describes it. PLX_ERR_NUMERIC: a weight is not finite. */
PLX_API plx_status plx_model_save(const plx_model *model, const char *path, plx_error *err);
/** PLX_ERR_FORMAT: truncated, corrupted, or no model file; PLX_ERR_UNSUPPORTED: of a later version. */
PLX_API plx_status plx_model_load(plx_context *context, const char *path, plx_model **out, plx_error *err);

typedef struct plx_onnx_options {
    /* Write parameters to PATH.data in the same folder, which more than 2 GB requires. If that file exists, they go to
       PATH.HASH.data, and the old file is removed once the new model is in place: no model reads another's parameters.
     */
    bool external_data;
} plx_onnx_options;

typedef struct plx_onnx_report {
    int inputs, outputs; /* of the ONNX model */
} plx_onnx_report;

/**
 * Writes the model as ONNX (opset 20, with ai.onnx.ml), atomically: raw cells in, scores out (docs/onnx.md). ONNX has
 * no hash: a hashed feature becomes an int64 input of ids, and a warning is issued. `options` and `report` may be NULL.
 *
 * @return PLX_ERR_UNSUPPORTED  ONNX cannot express a part of the model; more than 2 GB without external_data
 */
PLX_API plx_status plx_model_export_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                         plx_onnx_report *report, plx_error *err);

/** The configuration that the model was made from; belongs to the model. */
PLX_API const plx_config *plx_model_config(const plx_model *model);
PLX_API int plx_model_n_tasks(const plx_model *model);
PLX_API const char *plx_model_task_name(const plx_model *model, int task);
PLX_API plx_task_kind plx_model_task_kind(const plx_model *model, int task);
/** Numbers in a row of scores: one per task, for a multiclass task one per class. */
PLX_API int plx_model_n_outputs(const plx_model *model);
/** How many of them belong to the task, 0 if there is no such task; `*first` (may be NULL): the index of the first. */
PLX_API int plx_model_task_outputs(const plx_model *model, int task, int *first);
/** The label of class `class_number` of a multiclass task, in the order of its outputs; NULL: there is none. */
PLX_API const char *plx_model_class_name(const plx_model *model, int task, int class_number);
/** The number of the rule that turns values into categories (docs/data.md). 0: files older than the rule, in which
 * booleans are 1 and 0. */
PLX_API int plx_model_value_rule(const plx_model *model);
/** The number of trainable parameters. */
PLX_API int64_t plx_model_n_parameters(const plx_model *model);

typedef enum plx_description {
    PLX_DESCRIPTION_LAYERS, /* layers, shapes and parameters, one line each */
    PLX_DESCRIPTION_DOT,    /* the same as a diagram in Graphviz's language */
    PLX_DESCRIPTION_PLAN    /* how training and scoring execute: tiles, memory, rewrites, order of the steps */
} plx_description;

/** The model as text for people; its wording may change. Free it with plx_text_free. */
PLX_API plx_status plx_model_describe(const plx_model *model, plx_description form, char **out, plx_error *err);

/** The n-th parameter: its stable name, shape [groups, rows, cols] and values; `values` (may be NULL) receives
 * groups*rows*cols numbers, row-major. PLX_ERR_ARGUMENT: no such parameter (so a loop ends). */
PLX_API plx_status plx_model_parameter(const plx_model *model, int index, const char **name, int64_t shape[3],
                                       float *values, plx_error *err);

/** The n-th parameter in place: number [group][row][col] is at (*values)[group * strides[0] + row * strides[1] +
 * col]. The numbers belong to the model and live as long as it does; training and plx_model_set_parameter change them
 * in place. PLX_ERR_ARGUMENT: no such parameter. */
PLX_API plx_status plx_model_parameter_values(const plx_model *model, int index, const float **values,
                                              int64_t strides[2], plx_error *err);

/** Sets the n-th parameter to `values` [n], row-major; in a callback of plx_model_train, too.
 * PLX_ERR_ARGUMENT: no such parameter, or `n` is not its size. */
PLX_API plx_status plx_model_set_parameter(plx_model *model, int index, const float *values, int64_t n, plx_error *err);

/** Changes a key of section `train` for later calls of plx_model_train: "train.epochs=3". In a callback of a running
 * training, plx_model_config shows the change when that training has ended. */
PLX_API plx_status plx_model_set(plx_model *model, const char *assignment, plx_error *err);

/* -- Scoring raw rows ---------------------------------------------------------------------------------------------- */

/** Rows encoded by a model's encoders. */
typedef struct plx_dataset plx_dataset;

/** Reads raw files as the training files were read; "-" is the standard input. `with_labels` requires the label
 * columns. */
PLX_API plx_status plx_dataset_read(const plx_model *model, const char *const *paths, int n_paths, bool with_labels,
                                    plx_dataset **out, plx_error *err);
/** From columns in memory, found by name; columns that the model does not need are ignored. */
PLX_API plx_status plx_dataset_from_columns(const plx_model *model, const plx_column *columns, int n_columns,
                                            int64_t rows, bool with_labels, plx_dataset **out, plx_error *err);
/** From a table in memory, as plx_data_from_arrow reads it. */
PLX_API plx_status plx_dataset_from_arrow(const plx_model *model, struct ArrowArrayStream *stream, bool with_labels,
                                          plx_dataset **out, plx_error *err);
PLX_API void plx_dataset_free(plx_dataset *dataset);
PLX_API int64_t plx_dataset_rows(const plx_dataset *dataset);
/** As plx_data_wrong_rows and plx_data_wrong_row. */
PLX_API int64_t plx_dataset_wrong_rows(const plx_dataset *dataset);
PLX_API const char *plx_dataset_wrong_row(const plx_dataset *dataset, int index);

/** `scores` [rows, n_outputs]: probabilities, or values of regressions. */
PLX_API plx_status plx_model_predict(const plx_model *model, const plx_dataset *dataset, float *scores, plx_error *err);
PLX_API plx_status plx_model_evaluate_dataset(const plx_model *model, const plx_dataset *dataset, plx_metrics *metrics,
                                              plx_error *err);

/** As plx_model_evaluate_weighted. */
PLX_API plx_status plx_model_evaluate_dataset_weighted(const plx_model *model, const plx_dataset *dataset,
                                                       const double *weights, plx_metrics *metrics, plx_error *err);

enum { PLX_REPORTED_ROWS = 10 };

/** Report of a call that read raw files. */
typedef struct plx_files_report {
    int64_t rows;                           /* scored */
    int64_t wrong_rows;                     /* invalid rows that `data.on_error: skip` left out */
    char wrong_row[PLX_REPORTED_ROWS][512]; /* messages with places for the first of them */
} plx_files_report;

/** Callback: receives `scores` [rows, n_outputs] of the next rows, in their order; return false to stop. */
typedef bool plx_scores_taker(void *user, const float *scores, int64_t rows);

/**
 * Scores raw files of any size: they are read as the training files were, some rows at a time; "-" is the standard
 * input. The same bits as plx_model_predict. `report` may be NULL, and is filled after a failure, too.
 *
 * @return PLX_ERR_ARGUMENT  `take` returned false, or an argument is not valid
 */
PLX_API plx_status plx_model_predict_files(const plx_model *model, const char *const *paths, int n_paths,
                                           plx_scores_taker *take, void *user, plx_files_report *report,
                                           plx_error *err);

/** Rows as they were read, including those that `data.on_error: skip` leaves out; borrowed for the call. */
typedef struct plx_scored_rows {
    int64_t rows;
    const float *scores;     /* [rows, n_outputs]; NaN in a row that was skipped */
    const char *kept;        /* the kept cells' bytes, one cell after another */
    const size_t *kept_ends; /* [rows, n_columns]: where each ends */
} plx_scored_rows;

/** Callback: receives the next rows, in their order; return false to stop. */
typedef bool plx_rows_taker(void *user, const plx_scored_rows *rows);

/**
 * As plx_model_predict_files, to join scores to their rows: `take` receives every row, with the cells of `columns`
 * [n_columns] as they are in the files (a quoted cell without its quotes, a number of a Parquet file as its shortest
 * decimal). The cells of an invalid row with another number of cells are empty.
 *
 * @return PLX_ERR_SCHEMA       a file has no such column, or two of that name
 * @return PLX_ERR_UNSUPPORTED  a Parquet column of lists
 */
PLX_API plx_status plx_model_predict_rows(const plx_model *model, const char *const *paths, int n_paths,
                                          const char *const *columns, int n_columns, plx_rows_taker *take, void *user,
                                          plx_files_report *report, plx_error *err);

/** Metrics on raw files of any size. Exact metrics take 4 bytes for each score and each label. */
PLX_API plx_status plx_model_evaluate_files(const plx_model *model, const char *const *paths, int n_paths,
                                            plx_metrics *metrics, plx_files_report *report, plx_error *err);

/** The same with each row's weight in the tasks' losses. */
PLX_API plx_status plx_model_evaluate_files_weighted(const plx_model *model, const char *const *paths, int n_paths,
                                                     plx_metrics *metrics, plx_files_report *report, plx_error *err);

/** The three functions above for a table in memory of any size, as plx_data_from_arrow reads it, some rows at a time;
 * the caller releases the stream. */
PLX_API plx_status plx_model_predict_arrow(const plx_model *model, struct ArrowArrayStream *stream,
                                           plx_scores_taker *take, void *user, plx_error *err);
PLX_API plx_status plx_model_evaluate_arrow(const plx_model *model, struct ArrowArrayStream *stream,
                                            plx_metrics *metrics, plx_error *err);
PLX_API plx_status plx_model_evaluate_arrow_weighted(const plx_model *model, struct ArrowArrayStream *stream,
                                                     plx_metrics *metrics, plx_error *err);

/** The n-th layer of plx_model_describe: its name and its output for a row, `groups` vectors of `width` numbers.
 * PLX_ERR_ARGUMENT: no such layer (so a loop ends). */
PLX_API plx_status plx_model_layer(const plx_model *model, int index, const char **name, int *groups, int *width,
                                   plx_error *err);
/** The output of layer `index` for each row in scoring: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED: scoring does
 * not compute it (a loss). */
PLX_API plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                          plx_error *err);

/** A frozen copy of a model for serving: threads may share it. */
typedef struct plx_predictor plx_predictor;

PLX_API plx_status plx_predictor_create(const plx_model *model, plx_predictor **out, plx_error *err);
PLX_API void plx_predictor_free(plx_predictor *predictor);
/** Scores raw rows given as columns: `scores` [rows, n_outputs], the same bits as plx_model_predict. Runs in the
 * calling thread. */
PLX_API plx_status plx_predictor_score(const plx_predictor *predictor, const plx_column *columns, int n_columns,
                                       int64_t rows, float *scores, plx_error *err);
/**
 * The number of cells, over all calls and threads so far, that were not empty and had no category that the model knows
 * (for a list: none of its items). Hashed features know every text. If most cells are unknown, the columns are probably
 * written in another way than in training: docs/data.md. plx_dataset_read and its like warn through the context
 * instead.
 */
PLX_API int64_t plx_predictor_unknown(const plx_predictor *predictor);

#ifdef __cplusplus
}
#endif
#endif
