/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plexus: multi-task ranking models from raw rows to scores. A complete program (examples/quickstart.c):
 *
 *     const char *folders[] = {"data"};
 *     plx_data_options options = {.size = sizeof options, .folders = folders, .n_folders = 1};
 *     plx_error error;
 *     plx_context *context = NULL;
 *     plx_config *config = NULL;
 *     plx_data *data = NULL;
 *     plx_model *model = NULL;
 *     bool done = plx_context_create(NULL, &context, &error) == PLX_OK &&
 *                 plx_config_read(context, "experiments/adult/mmoe.yaml", &config, &error) == PLX_OK &&
 *                 plx_data_load(config, &options, &data, &error) == PLX_OK &&
 *                 plx_model_create(config, data, &model, &error) == PLX_OK &&
 *                 plx_model_train(model, data, NULL, NULL, &error) == PLX_OK &&
 *                 plx_model_save(model, "model.plexus", &error) == PLX_OK;
 *     if (!done) fprintf(stderr, "%s\n", error.message);
 *     plx_model_free(model);
 *     plx_data_free(data);
 *     plx_config_free(config);
 *     plx_context_free(context);
 *
 * Contents. From a configuration to a model and its scores:
 *   Context            plx_context_create, _free, _inspect
 *   Configuration      plx_config_read, _parse, _set, _text, _get, _free
 *   Training           plx_data_load, plx_files_find, plx_model_create, _train, _evaluate
 *   Model files        plx_model_save, _load, _export_onnx
 *   Scoring            plx_model_predict, plx_dataset_read
 *   Serving            plx_predictor_create, _score, _unknown, _free
 * Further functions:
 *   Looking inside     tasks, input columns, parameters, layers, descriptions
 *   Metrics            plx_metric_at, _find, plx_metrics_value
 *   Reference          plx_config_default, _reference, plx_nearest_name
 *   Output files       plx_output_create, _add, _commit, _temporary, _free
 *
 * The structs are in plexus_base.h.
 *
 * Rules that hold for every function:
 * - Status: a function returns PLX_OK or an error code, and writes a message with the place and the remedy to its last
 *   argument, which may be NULL. A function that fails leaves its arguments unchanged and its outputs NULL or
 *   untouched, unless its comment says otherwise. A handle or required pointer that is NULL gives PLX_ERR_ARGUMENT;
 *   functions without a status then return NULL, 0 or false.
 * - Ownership: arguments are borrowed for the call, except the context, which must outlive everything made
 *   with it. The result of a `_create`, `_read` or `_load` is freed by the matching `_free` (NULL is valid). A
 *   returned pointer to const belongs to the first argument and is valid as long as that argument exists; a pointer
 *   into a configuration is valid until the next plx_config_set.
 * - Structs that begin with `size` may grow: set `size` to sizeof the struct ("Structs that grow" in plexus_base.h).
 * - Threads: one thread per handle at a time, except where a comment says that threads may share it. Different
 *   handles of one context may be used in different threads concurrently.
 * - fork(): a child process may use its parent's handles, and starts its own threads, whatever other threads of the
 *   parent did at the fork. A model that was in training at the fork is refused (PLX_ERR_ARGUMENT). If the training
 *   was in a callback, the child may read the model's weights. A child must not return from a callback of its
 *   parent's call: if it does, plx_model_train returns PLX_ERR_ARGUMENT in the child and leaves the parent's files
 *   unchanged.
 * - The library prints nothing, ends no process, reads no environment variable and has no global state.
 */
#ifndef PLEXUS_H
#define PLEXUS_H

#include "plexus_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library, which may be newer than that of the header, PLX_VERSION. */
PLX_API const char *plx_version(void);

/* -- Context ------------------------------------------------------------------------------------------------ */

/** `options` NULL: every option has its default. PLX_ERR_ARGUMENT: an unknown level, a negative number of threads. */
PLX_API plx_status plx_context_create(const plx_context_options *options, plx_context **out, plx_error *err);
PLX_API void plx_context_free(plx_context *context);
/** Properties of the context and of this build of the library. */
PLX_API const plx_context_info *plx_context_inspect(const plx_context *context);
/** Frees text that this library returned as `char **out`. */
PLX_API void plx_text_free(plx_context *context, char *text);

/* -- Configuration ------------------------------------------------------------------------------------------ */

/** Reads a YAML (or JSON) file. The message lists every independent mistake as FILE:LINE:COLUMN. */
PLX_API plx_status plx_config_read(plx_context *context, const char *path, plx_config **out, plx_error *err);
/** The same from memory. Messages use `name` as the file's name. `name` NULL: the text was made by a program, and
 * messages name section, entry and key, as in "features.age.scaling: ...". */
PLX_API plx_status plx_config_parse(plx_context *context, const char *text, size_t length, const char *name,
                                    plx_config **out, plx_error *err);
/** `assignment` is "section.key=value", the value as YAML: "train.epochs=3", "model.expert_dnn_units=[64,32]". */
PLX_API plx_status plx_config_set(plx_config *config, const char *assignment, plx_error *err);
PLX_API void plx_config_free(plx_config *config);
/** The configuration as YAML, with every default; reading this text gives an equal configuration. */
PLX_API const char *plx_config_text(const plx_config *config);
/** The value of "section.key" or, for features and tasks, "section.name.key", as JSON, which plx_config_set also
 * accepts. Free it with plx_text_free. PLX_ERR_ARGUMENT: no such key. */
PLX_API plx_status plx_config_get(const plx_config *config, const char *key, char **out, plx_error *err);

/* -- Training ----------------------------------------------------------------------------------------------- */

/**
 * Reads the rows that `config` names, fits the encoders and encodes the rows. `options` NULL: reads the files of
 * section `data`, relative to the working directory.
 *
 * @return PLX_ERR_IO, PLX_ERR_FORMAT (place FILE:LINE:COLUMN), PLX_ERR_SCHEMA
 * @return PLX_ERR_UNSUPPORTED  some sources in `options` are files, and others are not
 */
PLX_API plx_status plx_data_load(const plx_config *config, const plx_data_options *options, plx_data **out,
                                 plx_error *err);
PLX_API void plx_data_free(plx_data *data);
/** The number of rows in a part; 0 if the configuration has no such part. */
PLX_API int64_t plx_data_rows(const plx_data *data, plx_part part);
/** The rows read for all parts, and the rows skipped by `data.on_error: skip`. */
PLX_API const plx_read_report *plx_data_report(const plx_data *data);
/** Finds, in `folders`, the files that a name in `data.train` selects: a file, a folder or a pattern. `*out` has `*n`
 * files one after another. Each is its path, the names and values of the columns that its folders COLUMN=VALUE give,
 * and an empty text; each text is ended by NUL. Free `*out` with plx_text_free. PLX_ERR_IO: there are no files. */
PLX_API plx_status plx_files_find(plx_context *context, const char *name, const char *const *folders, int n_folders,
                                  char **out, int *n, plx_error *err);

/**
 * Creates a model whose initial values come from the configuration's seed, with a copy of the data's encoders. `data`
 * NULL: creates a model without rows, to describe and inspect it. Its features declare their vocabularies by
 * `max_size`, `hash_buckets` or `vocabulary_file`, its multiclass tasks declare their `classes`, and nothing is scaled.
 * PLX_ERR_ARGUMENT: a feature declares no vocabulary.
 */
PLX_API plx_status plx_model_create(const plx_config *config, const plx_data *data, plx_model **out, plx_error *err);
PLX_API void plx_model_free(plx_model *model);

/**
 * Trains on the data's training rows as section `train` says, and validates on the validation rows after each epoch.
 *
 * Row order, dropout and initial values come from the seed: the same seed, data and CPU level give the same weights bit
 * for bit, for any number of threads. With validation rows, training ends by restoring the weights with which the best
 * epoch was evaluated; changes by that epoch's callback are not among them. Without validation rows, nothing is
 * restored and no copy is kept: the model has the weights at the end of training, including those set by the last
 * callback. A task without a label in the validation rows is excluded from train.monitor, with a warning.
 *
 * @param hooks, report  may be NULL
 * @return PLX_ERR_NUMERIC  a loss, a weight or an optimizer's sum of squares was not finite. The model has the weights
 *                          of its best epoch (its initial values if there is none) and can be saved; `report` and the
 *                          log have the earlier epochs. Without validation rows the model has the weights reached so
 *                          far: a step whose losses are not finite is not applied
 * @return PLX_ERR_SCHEMA   `data` was encoded by encoders other than the model's; no validation row has a label; the
 *                          checkpoint is of another configuration, other data or another CPU level
 * @return PLX_ERR_ARGUMENT the model is in training, or was when this process was forked
 * @return PLX_ERR_FORMAT, PLX_ERR_UNSUPPORTED  the checkpoint is incomplete, or of another version
 */
PLX_API plx_status plx_model_train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks,
                                   plx_train_report *report, plx_error *err);

/** Changes a key of section `train` for later calls of plx_model_train: "train.epochs=3". If a callback of
 * plx_model_train calls it, plx_model_config shows the change after that training has ended. */
PLX_API plx_status plx_model_set(plx_model *model, const char *assignment, plx_error *err);

/**
 * Fills `metrics` [n_tasks]. `report` may be NULL; for a source it is filled even if the call fails.
 *
 * @return PLX_ERR_SCHEMA    there are no rows, or they have no labels; another model's encoders encoded the dataset
 * @return PLX_ERR_ARGUMENT  a weight is negative or not finite; not exactly one of data, dataset and source is given
 */
PLX_API plx_status plx_model_evaluate(const plx_model *model, const plx_evaluation *evaluation, plx_metrics *metrics,
                                      plx_read_report *report, plx_error *err);

/* -- Model files -------------------------------------------------------------------------------------------- */

/** Writes the model file, atomically. docs/format.md describes it. PLX_ERR_NUMERIC: a weight is not finite. */
PLX_API plx_status plx_model_save(const plx_model *model, const char *path, plx_error *err);
/** PLX_ERR_FORMAT: the file is truncated, corrupted, or not a model file. PLX_ERR_UNSUPPORTED: its version is later. */
PLX_API plx_status plx_model_load(plx_context *context, const char *path, plx_model **out, plx_error *err);
/**
 * Writes the model as ONNX (opset 20, with ai.onnx.ml), atomically: raw cells in, scores out (docs/onnx.md). ONNX has
 * no hash: a hashed feature becomes an int64 input of ids, and a warning is issued. `options` and `report` may be NULL.
 *
 * @return PLX_ERR_UNSUPPORTED  ONNX cannot express a part of the model; more than 2 GB without external_data
 */
PLX_API plx_status plx_model_export_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                         plx_onnx_report *report, plx_error *err);

/* -- Scoring ------------------------------------------------------------------------------------------------ */

/**
 * Scores any number of rows. `report` may be NULL; for a source it is filled even if the call fails. A dataset and a
 * source of the same rows give the same bits.
 *
 * @return PLX_ERR_ARGUMENT     `take` returned false; not exactly one of dataset and source is given, or not
 *                              exactly one of scores and take
 * @return PLX_ERR_SCHEMA       a column to keep is missing in a file, or appears twice
 * @return PLX_ERR_UNSUPPORTED  a kept Parquet column of lists
 */
PLX_API plx_status plx_model_predict(const plx_model *model, const plx_prediction *prediction, plx_read_report *report,
                                     plx_error *err);

/** Encodes rows once, to score, evaluate or inspect them several times. `with_labels` requires the label columns. With
 * `data.on_error: skip`, invalid rows of files are skipped; in other sources they are errors. */
PLX_API plx_status plx_dataset_read(const plx_model *model, const plx_source *source, bool with_labels,
                                    plx_dataset **out, plx_error *err);
PLX_API void plx_dataset_free(plx_dataset *dataset);
PLX_API const plx_read_report *plx_dataset_report(const plx_dataset *dataset);

/* -- Serving ------------------------------------------------------------------------------------------------ */

PLX_API plx_status plx_predictor_create(const plx_model *model, plx_predictor **out, plx_error *err);
PLX_API void plx_predictor_free(plx_predictor *predictor);
/** Scores raw rows given as columns: `scores` [rows, n_outputs], the same bits as plx_model_predict. Runs in the
 * calling thread. */
PLX_API plx_status plx_predictor_score(const plx_predictor *predictor, const plx_column *columns, int n_columns,
                                       int64_t rows, float *scores, plx_error *err);
/**
 * The number of unknown cells over all calls and threads so far: non-empty cells without a category that the model
 * knows (for a list: without a known item). Hashed features know every text. If most cells are unknown, the columns are
 * probably written differently than in training: docs/data.md. plx_dataset_read and similar functions warn through the
 * context instead.
 */
PLX_API int64_t plx_predictor_unknown(const plx_predictor *predictor);

/* -- Looking inside ----------------------------------------------------------------------------------------- */

/** The task at `index`, from 0; NULL: no such index (so a loop ends). Its classes are those that the configuration
 * lists: only a model has the classes that a fit found. */
PLX_API const plx_task_info *plx_config_task(const plx_config *config, int index);
/** The n-th column with its reader. Readers are the features in their stored order, then the tasks, then section
 * `data`. A column with several readers is listed once for each. NULL: no such index. */
PLX_API const plx_input_column *plx_config_column(const plx_config *config, int index);

/** The configuration of the model. Rows to score need its columns, except those of PLX_READS_LABEL. */
PLX_API const plx_config *plx_model_config(const plx_model *model);
PLX_API const plx_model_info *plx_model_inspect(const plx_model *model);
PLX_API const plx_task_info *plx_model_task(const plx_model *model, int index);
/** The model as text for people; its wording may change. Free it with plx_text_free. */
PLX_API plx_status plx_model_describe(const plx_model *model, plx_description form, char **out, plx_error *err);

/** The n-th parameter; NULL: no such index. */
PLX_API const plx_parameter *plx_model_parameter(const plx_model *model, int index);
/** The numbers of the n-th parameter, in place. They belong to the model and are valid as long as the model exists;
 * training and plx_model_set_parameter change them in place. PLX_ERR_ARGUMENT: no such parameter. */
PLX_API plx_status plx_model_parameter_values(const plx_model *model, int index, const float **values, plx_error *err);
/** Sets the n-th parameter to `values` [n], row-major; also in a callback of plx_model_train.
 * PLX_ERR_ARGUMENT: no such parameter, or `n` is not its size. */
PLX_API plx_status plx_model_set_parameter(plx_model *model, int index, const float *values, int64_t n, plx_error *err);

/** The n-th layer of plx_model_describe; NULL: no such index. Names of a task's layers begin with the task's name,
 * "click/tower/dense0/linear", unless the task's name has a slash or another layer has that name. Names of parameters
 * begin with the task's number, "task0/tower/dense0/kernel", as in files. */
PLX_API const plx_layer *plx_model_layer(const plx_model *model, int index);
/** The output of layer `index` for each row when rows are scored: `out` [rows, groups, width]. PLX_ERR_UNSUPPORTED:
 * scoring does not compute the layer (a loss). */
PLX_API plx_status plx_model_layer_output(const plx_model *model, const plx_dataset *dataset, int index, float *out,
                                          plx_error *err);

/* -- Metrics ------------------------------------------------------------------------------------------------ */

/** The metric at an index of the list of metrics, from 0, in the order of tables; NULL: no such index (so a loop ends).
 * Metrics with a parameter, which plx_evaluation and plx_train_hooks name, are not in the list: their indexes start at
 * PLX_METRICS_CHOSEN. */
PLX_API const plx_metric_info *plx_metric_at(int metric);
/** The index of the metric of that name, without a parameter, or -1. */
PLX_API int plx_metric_find(const char *name);
/** A metric's value by its index; NaN: no such index. */
PLX_API double plx_metrics_value(const plx_metrics *metrics, int metric);

/* -- Reference ---------------------------------------------------------------------------------------------- */

/** The default of a key as JSON, which plx_config_set also accepts: "data.KEY", "train.KEY", "model.NAME.KEY",
 * "features.KIND.KEY" or "tasks.KIND.KEY", for example "features.sparse.min_count". Free it with plx_text_free.
 * PLX_ERR_ARGUMENT: no such key, or it has no default. */
PLX_API plx_status plx_config_default(plx_context *context, const char *key, char **out, plx_error *err);
/** The closest of `names` [n] to a wrong one, for "did you mean"; NULL: none is close. */
PLX_API const char *plx_nearest_name(const char *wrong, const char *const *names, size_t n);
/** A reference of every section and key as Markdown, made from the parser's tables. Free it with
 * plx_text_free. */
PLX_API plx_status plx_config_reference(plx_context *context, char **out, plx_error *err);

/* -- Output files ------------------------------------------------------------------------------------------- */

/**
 * An output file, written like the library's own files: under a temporary name in the same folder, and renamed when it
 * is complete and on disk, so that readers find either the old file or the new one. If the path is a symbolic link, its
 * target is replaced and the link is kept; a pipe or device is written in place.
 */
typedef struct plx_output plx_output;

/** Begins the file at `path` (copied). PLX_ERR_IO: the message names path and remedy. */
PLX_API plx_status plx_output_create(plx_context *context, const char *path, plx_output **out, plx_error *err);
/** Appends bytes. Returns false if a write has failed; plx_output_commit then returns the error. */
PLX_API bool plx_output_add(plx_output *output, const void *bytes, size_t length);
/** Renames the file to its path. PLX_ERR_IO: this or an earlier write failed; the old file is untouched. */
PLX_API plx_status plx_output_commit(plx_output *output, plx_error *err);
/** The path of the temporary file, which exists until the commit and remains if the process is killed. NULL: the file
 * is written in place. */
PLX_API const char *plx_output_temporary(const plx_output *output);
/** Removes the file unless it was committed. NULL is valid. */
PLX_API void plx_output_free(plx_output *output);

#ifdef __cplusplus
}
#endif
#endif
