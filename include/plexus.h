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
 * - Status: PLX_OK or what failed; the last argument, which may be NULL, receives place and remedy. A call that
 *   fails leaves its arguments as they were and its outputs NULL or untouched, unless it says otherwise.
 * - Ownership: arguments are borrowed for the call, except the context, which must outlive all that was made
 *   with it. What a `_create`, `_read` or `_load` hands out is freed by the matching `_free` (NULL is fine). A
 *   returned `const char *` belongs to the first argument and lives as long as it does.
 * - Threads: one thread a handle at a time, except where a comment says that threads may share it. Different
 *   handles of one context may be used in different threads at once.
 * - fork(): a child may use what its parent has made, and starts threads of its own, whatever other threads of the
 *   parent did at the fork. But a model that was in training then is refused, PLX_ERR_ARGUMENT, unless the training was
 *   in a hook, where its weights may be read; and a child must not return from a hook of its parent's call:
 *   plx_model_train answers with PLX_ERR_ARGUMENT and leaves the parent's files alone.
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
    int threads; /* at most, of each call that works in parallel: 8 are of use, more for large tables; 0: one a
                    processor */
    const char *cpu_level; /* highest kernel level to use: "plain", "simd128", "avx2", "avx512"; NULL: the best */
    const plx_allocator *allocator; /* copied; NULL: the C library's */
    /** Receives warnings, one line each; NULL: none. Called from the thread that made the call. */
    void (*warn)(void *user, const char *line);
    void *user; /* of warn and reading */
    /** Told now and then how far a call that reads files has come: `rows` so far, and of the file at hand the share
     * that is read, NaN where it is unknown. NULL: nobody. Called from the thread that made the call. */
    void (*reading)(void *user, const char *path, int64_t rows, double share);
} plx_context_options;

/** `options` NULL: all zero. PLX_ERR_ARGUMENT: an unknown level, a negative number of threads. */
PLX_API plx_status plx_context_create(const plx_context_options *options, plx_context **out, plx_error *err);
PLX_API void plx_context_free(plx_context *context);
PLX_API int plx_context_threads(const plx_context *context);
/** The kernel level in use: "avx512" and so on. */
PLX_API const char *plx_context_cpu_level(const plx_context *context);

/* -- Configuration ------------------------------------------------------------------------------------------- */

/** What to train, on what, how: docs/configuration.md describes every key. */
typedef struct plx_config plx_config;

/** Reads a YAML (or JSON) file. The message lists every independent mistake as FILE:LINE:COLUMN. */
PLX_API plx_status plx_config_read(plx_context *context, const char *path, plx_config **out, plx_error *err);
/** The same from memory; `name` stands for the file in messages. */
PLX_API plx_status plx_config_parse(plx_context *context, const char *text, size_t length, const char *name,
                                    plx_config **out, plx_error *err);
/** `assignment` is "section.key=value", the value as YAML: "train.epochs=3", "model.expert_dnn_units=[64,32]". */
PLX_API plx_status plx_config_set(plx_config *config, const char *assignment, plx_error *err);
PLX_API void plx_config_free(plx_config *config);
/** The resolved configuration as YAML, every default written out; reading it gives an equal configuration. */
PLX_API const char *plx_config_text(const plx_config *config);
/** The value of "section.key" or, of features and tasks, "section.name.key", as JSON, which plx_config_set takes, too.
 * Give back with plx_text_free. PLX_ERR_ARGUMENT: there is no such key. */
PLX_API plx_status plx_config_get(const plx_config *config, const char *key, char **out, plx_error *err);
PLX_API int plx_config_n_tasks(const plx_config *config);
PLX_API const char *plx_config_task_name(const plx_config *config, int task);
PLX_API const char *plx_config_model_name(const plx_config *config);
/** What a column's cells are to a feature or a task. */
typedef enum plx_reading {
    PLX_READS_CATEGORY,
    PLX_READS_NUMBER,       /* or `size` numbers */
    PLX_READS_LIST,         /* of categories */
    PLX_READS_LIST_WEIGHTS, /* of the items of a list beside it */
    PLX_READS_LABEL         /* labels, rows in which they count, weights, groups: where labels are asked for */
} plx_reading;

typedef struct plx_column_reader {
    const char *column; /* belongs to the configuration, as does `name` */
    const char *name;   /* of the feature or task; NULL: section `data` reads it */
    plx_reading reading;
    const char *separator; /* between the items or numbers of a cell; NULL: it holds one. Belongs as `column` does */
    int size;
} plx_column_reader;

/** Who reads which column: features in their stored order, then tasks, then section `data`. A column may have several
 * readers. false: there is no reader of that number (so a loop ends). */
PLX_API bool plx_config_reader(const plx_config *config, int index, plx_column_reader *out);
/** Reference of every section and key as Markdown, made from the tables that the parser uses. Give back with
 * plx_text_free. */
PLX_API plx_status plx_config_reference(plx_context *context, char **out, plx_error *err);
/** Frees text handed out by this library as `char **out`. */
PLX_API void plx_text_free(plx_context *context, char *text);

/* -- Files that are written ------------------------------------------------------------------------------------- */

/**
 * A file under way, written as the library writes its own: beside its place, and renamed once it is whole and on disk,
 * so that readers find the old file or the new one. A link stays, and the file that it names is replaced; what is no
 * plain file (a pipe, a device) is written in place.
 */
typedef struct plx_output plx_output;

/** Begins the file at `path` (copied). PLX_ERR_IO: the message names path and remedy. */
PLX_API plx_status plx_output_create(plx_context *context, const char *path, plx_output **out, plx_error *err);
/** Adds bytes; false once one could not be written, which plx_output_commit tells. */
PLX_API bool plx_output_add(plx_output *output, const void *bytes, size_t length);
/** Gives the file its place. PLX_ERR_IO: that, or an addition, failed; the old file is untouched. */
PLX_API plx_status plx_output_commit(plx_output *output, plx_error *err);
/** Where the bytes lie until the commit: what a process that is killed leaves. NULL: nowhere but in place. */
PLX_API const char *plx_output_temporary(const plx_output *output);
/** Without a commit before, what was written is removed. NULL is fine. */
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

/** The same for a model that is trained further: its encoders read and encode the rows, which are cut as `config` says;
 * nothing is fitted. A named cache is neither read nor kept. */
PLX_API plx_status plx_data_load_for(const plx_config *config, const plx_model *model, const char *const *folders,
                                     int n_folders, plx_data **out, plx_error *err);

/** Whether this build reads Parquet files. */
PLX_API bool plx_reads_parquet(void);

/** Record batches in memory, as the Arrow C stream interface hands them over (Apache Arrow's specification). */
struct ArrowArrayStream; /* plexus_arrow.h */

/**
 * The same from tables in memory in place of files: columns are found by name, and parts are cut off `train` as
 * section `data` says. Texts mean what they would mean in a file; integers, floats and booleans (1 and 0) are numbers,
 * and their shortest decimals where a feature reads categories; null and NaN are the empty cell. So the same rows give
 * the same encoders and the same model as from a file.
 *
 * @param model       whose encoders encode the rows, to train it further; NULL: encoders are fitted
 * @param validation, test  may be NULL
 * Streams are read to their end; the caller releases them.
 */
PLX_API plx_status plx_data_from_arrow(const plx_config *config, const plx_model *model, struct ArrowArrayStream *train,
                                       struct ArrowArrayStream *validation, struct ArrowArrayStream *test,
                                       plx_data **out, plx_error *err);
PLX_API void plx_data_free(plx_data *data);
/** Rows in a part; 0 where the configuration has none. */
PLX_API int64_t plx_data_rows(const plx_data *data, plx_part part);

/** Rows that `data.on_error: skip` left out, and what was wrong with the n-th of them, with its place; NULL where none
 * is told: the first ten are. */
PLX_API int64_t plx_data_wrong_rows(const plx_data *data);
PLX_API const char *plx_data_wrong_row(const plx_data *data, int index);

/**
 * A column of raw cells in memory: texts, numbers, or integers. What they are as categories docs/data.md tells:
 * 12, 12.0 and the text "12" are one. What is not used is NULL: initialize columns by names of members, or with zeros.
 */
typedef struct plx_column {
    const char *name;
    const char *const *texts; /* [rows], UTF-8; NULL: `numbers` */
    /* [rows][width]; NaN: missing. For a list a number is the only item; a list's text holds its separator. NULL:
     * `integers` */
    const double *numbers;
    int width;               /* numbers in a row, for dense features of `size` above 1; 0 counts as 1 */
    const int64_t *integers; /* [rows][width], as numbers, but with all digits as categories: ids beyond 2^53 */
} plx_column;

/* -- Model -------------------------------------------------------------------------------------------------------- */

/** A network with start values by the configuration's seed, for the data's encoders (copied). */
PLX_API plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
PLX_API void plx_model_free(plx_model *model);

/** Figures of one task (docs/metrics.md); those that do not belong to its kind, or have no meaning for the rows, are
 * NaN. Rows without a label do not count; of the others each counts once, but where a function says otherwise. */
typedef struct plx_metrics {
    const char *task;
    plx_task_kind kind;
    int64_t rows, positives;        /* rows with a label; positives of soft labels: their sum, rounded */
    int64_t groups, groups_counted; /* of data.group among these rows, and how many of them have both classes */
    double auc;                     /* of binary tasks, exact: ranks, ties averaged */
    double group_auc;               /* mean of the groups that count, weighted by their rows */
    double pr_auc;                  /* average precision */
    double logloss;                 /* of binary and multi-class tasks */
    double normalized_entropy;      /* log loss over that of predicting the share of positives */
    double ece;                     /* expected calibration error, 10 bins of equal width */
    double calibration;             /* sum of predictions over positives */
    double accuracy;                /* of binary tasks at 0.5, of multi-class ones by the greatest */
    double mae, mse, rmse;          /* of binary tasks and regressions */
    double r2;                      /* of regressions */
} plx_metrics;

/** What there is to know of one of these figures. */
typedef struct plx_metric_info {
    const char *name;  /* as a member of plx_metrics, in JSON and in train.monitor */
    const char *title; /* in tables */
    const char *doc;   /* one line */
    unsigned kinds;    /* of tasks that have it: the sum of 1 << plx_task_kind */
    bool needs_groups; /* asks for data.group */
    int direction;     /* 1: larger is better, -1: smaller; 0: that nearest to 1 is best */
} plx_metric_info;

/** How many figures there are. */
PLX_API int plx_metric_count(void);
/** Figures are numbered from 0 in the order in which tables show them; NULL: no such number. */
PLX_API const plx_metric_info *plx_metric_at(int metric);
/** The number of the figure of that name; -1: there is none. */
PLX_API int plx_metric_find(const char *name);
/** A figure by its number; NaN: there is none. */
PLX_API double plx_metrics_value(const plx_metrics *metrics, int metric);

/** What training tells while it runs. Arrays: [n_tasks]; losses are means, NaN where there is nothing to tell. */
typedef struct plx_progress {
    int epoch, epochs;         /* epoch counts from 1 */
    int64_t step, steps;       /* within the epoch; step == steps: the epoch ended, and validation figures are there */
    double rows_per_second;    /* of training, this epoch */
    double seconds;            /* of training and validation, since the start */
    double learning_rate;      /* of the last step */
    bool has_schedule;         /* whether the learning rate changes */
    double loss;               /* the whole loss with regularisers, mean over the epoch's steps so far */
    const double *task_losses; /* mean over the epoch's steps so far */
    double validation_loss;    /* with regularisers; NaN where there are no validation rows or before the end */
    const double *validation_task_losses;
    const double *validation_scores;       /* AUC of binary tasks, MSE of regressions, accuracy of multi-class tasks */
    double monitored;                      /* what train.monitor says; NaN as validation_loss */
    const plx_metrics *validation_metrics; /* all figures; NULL where there is nothing to tell */
    /* Of the training rows as the epoch went through them, by the weights of each step, dropout and all, as Keras
       measures them; group_auc is NaN. NULL before the epoch's end, or where the hooks do not ask for it. */
    const plx_metrics *training_metrics;
    const plx_task_kind *task_kinds;
    bool is_best; /* this epoch's weights are the best so far */
    int n_tasks;
} plx_progress;

typedef struct plx_train_hooks {
    /** Called now and then (some ten times a second at most) and at each epoch's end; returning false ends training
     * cleanly with the best epoch so far. In hooks the model may be scored, evaluated, saved and copied into a
     * predictor, and plx_model_set_parameter changes what the next step begins with. plx_model_set waits for the end of
     * this training, plx_model_train on the same model is refused; model, data and context must not be freed. */
    bool (*progress)(void *user, const plx_progress *progress);
    void *user;
    /** Asked as an epoch begins, which counts from 1 and by train.schedule would begin with `rate`: the learning rate
     * that it shall begin with; the schedule's course within the epoch is kept in proportion. NULL: `rate`. */
    double (*learning_rate)(void *user, int epoch, double rate);
    bool training_metrics;   /* progress tells them; 4 bytes of memory a row for each score and label */
    const char *log_path;    /* metrics.jsonl: one object an epoch; NULL: none */
    const char *tensorboard; /* folder for event files, in place of train.tensorboard; NULL: as that says */
    /* Where the state of training is kept, as often as train.checkpoint_epochs, _steps and _seconds say, and when
       progress ends training; written atomically. The file stays when training is done. NULL: nowhere. */
    const char *checkpoint_path;
    /* Go on from the file at checkpoint_path, if there is one, and end with the same bits as if training had never
       been broken off; the log is cut back to the checkpoint. */
    bool resume;
} plx_train_hooks;

typedef struct plx_train_report {
    int epochs; /* that were run to the end */
    /* Whose weights the model has now; counts from 1; without validation rows the last that ended, beyond which the
       model may be where training was cancelled or failed. 0: none ended; the model has the weights reached when it was
       cancelled, or its start values where training failed. */
    int best_epoch;
    double seconds;         /* of training and validation */
    double rows_per_second; /* median over epochs, training alone */
    bool stopped_early, cancelled;
    bool resumed;        /* went on from a checkpoint */
    int64_t checkpoints; /* that were written */
} plx_train_report;

/**
 * Trains by section `train` on data's training rows, validates on its validation rows after each epoch.
 *
 * Row order, dropout and start values come from the seed: same seed, data and CPU level give the same weights bit
 * for bit, whatever the number of threads. With validation rows, the weights of the best epoch are put back as they
 * were when it was measured, before its hook; without, nothing is put back and no copy is kept: the model has the
 * weights that training ended with, what the last hook set among them. A task without a label in the validation rows
 * is left out of train.monitor, with a warning.
 *
 * @param hooks, report  may be NULL
 * @return PLX_ERR_NUMERIC  a loss, a weight or an optimizer's sum of squares was not finite; the model has its best
 *                          epoch's weights (start values before one) and can be saved, `report` and the log tell the
 *                          epochs before. Without validation rows it has the weights reached: a step whose losses are
 *                          not finite is not made
 * @return PLX_ERR_SCHEMA   data was encoded by other encoders than the model's; no validation row has a label; the
 *                          checkpoint to go on from is of another configuration, other data or another CPU level
 * @return PLX_ERR_ARGUMENT the model is in training, or was when this process was forked
 * @return PLX_ERR_FORMAT, PLX_ERR_UNSUPPORTED  that checkpoint is not whole, or of another version
 */
PLX_API plx_status plx_model_train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks,
                                   plx_train_report *report, plx_error *err);

/** `metrics` [n_tasks] is filled. PLX_ERR_SCHEMA: the part is empty. */
PLX_API plx_status plx_model_evaluate(const plx_model *model, const plx_data *data, plx_part part, plx_metrics *metrics,
                                      plx_error *err);

/** The same where a row counts its weight for each task: `weights` [rows, n_tasks], from 0, or NULL for what it counts
 * in the tasks' losses by data.row_weight, weight_column and class_weights. PLX_ERR_ARGUMENT: a weight is negative or
 * not finite. */
PLX_API plx_status plx_model_evaluate_weighted(const plx_model *model, const plx_data *data, plx_part part,
                                               const double *weights, plx_metrics *metrics, plx_error *err);

/** Writes the model file, atomically. docs/format.md describes it. PLX_ERR_NUMERIC: a weight is not finite. */
PLX_API plx_status plx_model_save(const plx_model *model, const char *path, plx_error *err);
/** PLX_ERR_FORMAT: truncated, altered, of another kind; PLX_ERR_UNSUPPORTED: of a later version. */
PLX_API plx_status plx_model_load(plx_context *context, const char *path, plx_model **out, plx_error *err);

typedef struct plx_onnx_options {
    /* Parameters go to PATH.data beside the file, as those of more than 2 GB must; where there is such a file, to
       PATH.HASH.data, and the old one is removed when the new model is there: it never reads another's parameters. */
    bool external_data;
} plx_onnx_options;

typedef struct plx_onnx_report {
    int inputs, outputs; /* of the ONNX model */
} plx_onnx_report;

/**
 * Writes the model as ONNX (opset 20, with ai.onnx.ml), atomically: raw cells in, scores out (docs/onnx.md). A feature
 * whose ids are hashes takes ids, which the context's `warn` is told. `options` and `report` may be NULL.
 *
 * @return PLX_ERR_UNSUPPORTED  what of the model ONNX cannot express; more than 2 GB without external_data
 */
PLX_API plx_status plx_model_export_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                         plx_onnx_report *report, plx_error *err);

/** The configuration that it was made from; belongs to the model. */
PLX_API const plx_config *plx_model_config(const plx_model *model);
PLX_API int plx_model_n_tasks(const plx_model *model);
PLX_API const char *plx_model_task_name(const plx_model *model, int task);
PLX_API plx_task_kind plx_model_task_kind(const plx_model *model, int task);
/** Numbers of a row of scores: one a task, of a multiclass task one a class. */
PLX_API int plx_model_n_outputs(const plx_model *model);
/** How many of them are the task's, 0 where there is no such task; `*first` (may be NULL): where they begin. */
PLX_API int plx_model_task_outputs(const plx_model *model, int task, int *first);
/** The label that class number `class_number` of a multiclass task stands for, in the order of its outputs; NULL where
 * there is none. */
PLX_API const char *plx_model_class_name(const plx_model *model, int task, int class_number);
/** The number of the rule by which its values are categories (docs/data.md); 0: that of files from before there was
 * one, to which truths are 1 and 0. */
PLX_API int plx_model_value_rule(const plx_model *model);
/** Numbers that training moves. */
PLX_API int64_t plx_model_n_parameters(const plx_model *model);

typedef enum plx_description {
    PLX_DESCRIPTION_LAYERS, /* layers, shapes and parameters, a line each */
    PLX_DESCRIPTION_DOT,    /* the same as a diagram in Graphviz's language */
    PLX_DESCRIPTION_PLAN    /* how training and scoring execute: tiles, memory, rewrites, order of the steps */
} plx_description;

/** The model as text for people; its wording may change. Give back with plx_text_free. */
PLX_API plx_status plx_model_describe(const plx_model *model, plx_description form, char **out, plx_error *err);

/** The n-th parameter: its stable name, shape [groups, rows, cols] and values; `values` (may be NULL) receives
 * groups*rows*cols numbers, row-major. PLX_ERR_ARGUMENT: no such parameter (so a loop ends). */
PLX_API plx_status plx_model_parameter(const plx_model *model, int index, const char **name, int64_t shape[3],
                                       float *values, plx_error *err);

/** Where the n-th parameter lies: number [group][row][col] is at (*values)[group * strides[0] + row * strides[1] +
 * col]. The numbers belong to the model and live as long as it does; training and plx_model_set_parameter change them
 * in place. PLX_ERR_ARGUMENT: no such parameter. */
PLX_API plx_status plx_model_parameter_values(const plx_model *model, int index, const float **values,
                                              int64_t strides[2], plx_error *err);

/** Puts `values` [n], row-major, into the n-th parameter; in a hook of plx_model_train, too.
 * PLX_ERR_ARGUMENT: no such parameter, or `n` is not its size. */
PLX_API plx_status plx_model_set_parameter(plx_model *model, int index, const float *values, int64_t n, plx_error *err);

/** Changes a key of section `train` for later calls of plx_model_train: "train.epochs=3". In a hook of a running one
 * plx_model_config tells it when that has ended. */
PLX_API plx_status plx_model_set(plx_model *model, const char *assignment, plx_error *err);

/* -- Scoring raw rows ---------------------------------------------------------------------------------------------- */

/** Rows encoded by a model's encoders. */
typedef struct plx_dataset plx_dataset;

/** Reads raw files as the training files were read; "-" is the standard input. With `with_labels`, label columns must
 * be there. */
PLX_API plx_status plx_dataset_read(const plx_model *model, const char *const *paths, int n_paths, bool with_labels,
                                    plx_dataset **out, plx_error *err);
/** From columns in memory, found by name; columns that the model does not read are ignored. */
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

/** What reading raw files found. */
typedef struct plx_files_report {
    int64_t rows;                           /* that were scored */
    int64_t wrong_rows;                     /* that `data.on_error: skip` left out */
    char wrong_row[PLX_REPORTED_ROWS][512]; /* what was wrong with the first of them, with their places */
} plx_files_report;

/** Gets `scores` [rows, n_outputs] of the next rows, in their order; false ends scoring. */
typedef bool plx_scores_taker(void *user, const float *scores, int64_t rows);

/**
 * Scores raw files of any size: they are read as the training files were, some rows at a time; "-" is the standard
 * input. The same bits as plx_model_predict. `report` may be NULL, and is filled after a failure, too.
 *
 * @return PLX_ERR_ARGUMENT  `take` ended it, or an argument is wrong
 */
PLX_API plx_status plx_model_predict_files(const plx_model *model, const char *const *paths, int n_paths,
                                           plx_scores_taker *take, void *user, plx_files_report *report,
                                           plx_error *err);

/** Rows as they were read, those that `data.on_error: skip` leaves out, too; borrowed for the call. */
typedef struct plx_scored_rows {
    int64_t rows;
    const float *scores;     /* [rows, n_outputs]; NaN in a row that was skipped */
    const char *kept;        /* the kept cells' bytes, one cell behind the other */
    const size_t *kept_ends; /* [rows, n_columns]: where each ends */
} plx_scored_rows;

/** Gets the next rows, in their order; false ends scoring. */
typedef bool plx_rows_taker(void *user, const plx_scored_rows *rows);

/**
 * As plx_model_predict_files, for scores that are to be joined to their rows: `take` hears of every row, and gets the
 * cells of `columns` [n_columns] as the files have them (a quoted cell without its quotes, a number of a Parquet file
 * as its shortest decimal). A wrong row of another number of cells has empty ones.
 *
 * @return PLX_ERR_SCHEMA       a file has no such column, or two of that name
 * @return PLX_ERR_UNSUPPORTED  a Parquet column of lists
 */
PLX_API plx_status plx_model_predict_rows(const plx_model *model, const char *const *paths, int n_paths,
                                          const char *const *columns, int n_columns, plx_rows_taker *take, void *user,
                                          plx_files_report *report, plx_error *err);

/** Figures on raw files of any size. Exact figures keep 4 bytes of each score and label. */
PLX_API plx_status plx_model_evaluate_files(const plx_model *model, const char *const *paths, int n_paths,
                                            plx_metrics *metrics, plx_files_report *report, plx_error *err);

/** The same where rows count what they count in the tasks' losses. */
PLX_API plx_status plx_model_evaluate_files_weighted(const plx_model *model, const char *const *paths, int n_paths,
                                                     plx_metrics *metrics, plx_files_report *report, plx_error *err);

/** The same three for a table in memory of any size, as plx_data_from_arrow reads it, some rows at a time; the caller
 * releases the stream. */
PLX_API plx_status plx_model_predict_arrow(const plx_model *model, struct ArrowArrayStream *stream,
                                           plx_scores_taker *take, void *user, plx_error *err);
PLX_API plx_status plx_model_evaluate_arrow(const plx_model *model, struct ArrowArrayStream *stream,
                                            plx_metrics *metrics, plx_error *err);
PLX_API plx_status plx_model_evaluate_arrow_weighted(const plx_model *model, struct ArrowArrayStream *stream,
                                                     plx_metrics *metrics, plx_error *err);

/** The n-th layer of plx_model_describe: its name and what it makes of a row, `groups` vectors of `width` numbers.
 * PLX_ERR_ARGUMENT: no such layer (so a loop ends). */
PLX_API plx_status plx_model_layer(const plx_model *model, int index, const char **name, int *groups, int *width,
                                   plx_error *err);
/** What layer `index` makes of the rows when they are scored: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED: scoring
 * does not make it (a loss). */
PLX_API plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                          plx_error *err);

/** A frozen copy of a model for serving: threads may share it. */
typedef struct plx_predictor plx_predictor;

PLX_API plx_status plx_predictor_create(const plx_model *model, plx_predictor **out, plx_error *err);
PLX_API void plx_predictor_free(plx_predictor *predictor);
/** Scores raw rows given as columns: `scores` [rows, n_outputs] with the same bits as plx_model_predict. Runs in the
 * calling thread. */
PLX_API plx_status plx_predictor_score(const plx_predictor *predictor, const plx_column *columns, int n_columns,
                                       int64_t rows, float *scores, plx_error *err);
/**
 * How many cells of all rows scored so far were not empty and held no category that the model knows (of a list: none of
 * its items), over all calls and threads. Hashed features know every text. Where most are unknown the columns are
 * written otherwise than for training: docs/data.md. plx_dataset_read and its like warn instead, through the context.
 */
PLX_API int64_t plx_predictor_unknown(const plx_predictor *predictor);

#ifdef __cplusplus
}
#endif
#endif
