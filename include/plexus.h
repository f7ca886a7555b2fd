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

/** The library's version, which may be newer than the header's. */
PLX_API const char *plx_version(void);

/* -- Context ------------------------------------------------------------------------------------------------ */

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

/** Reads a YAML (or JSON) file. The message lists every independent mistake as FILE:LINE:COLUMN. */
PLX_API plx_status plx_config_read(plx_context *context, const char *path, plx_config **out, plx_error *err);
/** The same from memory; messages use `name` as the file's name. NULL: for a text that a program has made; messages
 * name section, entry and key, as in "features.age.scaling: ...". */
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

/**
 * Reads the files of section `data`, fits the encoders and encodes. Relative paths are looked for in each of `folders`
 * [n_folders] in turn; the first in which a file is found is taken. PLX_ERR_IO, PLX_ERR_FORMAT (place
 * FILE:LINE:COLUMN), PLX_ERR_SCHEMA.
 */
PLX_API plx_status plx_data_load(const plx_config *config, const char *const *folders, int n_folders, plx_data **out,
                                 plx_error *err);

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

/* -- Model -------------------------------------------------------------------------------------------------------- */

/** A network with start values from the configuration's seed, for the data's encoders (copied). */
PLX_API plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
PLX_API void plx_model_free(plx_model *model);

/** The number of metrics. */
PLX_API int plx_metric_count(void);
/** Metrics are indexed from 0 in the order in which tables show them; NULL: no such index. */
PLX_API const plx_metric_info *plx_metric_at(int metric);
/** The index of the metric of that name; -1: there is none. */
PLX_API int plx_metric_find(const char *name);
/** A metric's value by its index; NaN: no such index. */
PLX_API double plx_metrics_value(const plx_metrics *metrics, int metric);

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

/**
 * Scores raw files of any size: they are read as the training files were, some rows at a time; "-" is the standard
 * input. The same bits as plx_model_predict. `report` may be NULL, and is filled after a failure, too.
 *
 * @return PLX_ERR_ARGUMENT  `take` returned false, or an argument is not valid
 */
PLX_API plx_status plx_model_predict_files(const plx_model *model, const char *const *paths, int n_paths,
                                           plx_scores_taker *take, void *user, plx_files_report *report,
                                           plx_error *err);

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
 * Layers of a task have its name, "click/tower/dense0/linear", unless that has a slash or something else is called so;
 * parameters have "task0/tower/dense0/kernel", as in files. PLX_ERR_ARGUMENT: no such layer (so a loop ends). */
PLX_API plx_status plx_model_layer(const plx_model *model, int index, const char **name, int *groups, int *width,
                                   plx_error *err);
/** The output of layer `index` for each row in scoring: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED: scoring does
 * not compute it (a loss). */
PLX_API plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                          plx_error *err);

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
