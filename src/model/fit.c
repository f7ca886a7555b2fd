/* SPDX-License-Identifier: Apache-2.0 */
/* Trains a model: the loop of src/train with the caller's callbacks and the log. */
#include <math.h>
#include <string.h>

#include "model/checkpoint.h"
#include "model/fit.h"
#include "model/model.h"
#include "model/scoring.h"
#include "model/tensorboard.h"
#include "model/train_log.h"
#include "model/training.h"

/** State for the listener of the loop. */
typedef struct listener {
    const plx_train_job *job;
    const plx_train_hooks *hooks; /* may be NULL */
    plx_train_log *log;           /* NULL: none */
    const plx_context *context;
    plx_model *model;
    plx_board *board; /* NULL: none */
    /* The first failure of each: it stops the log or the board, but not training. */
    plx_error log_failure, board_failure;
} listener;

static bool report_progress(const listener *l, const plx_progress *progress)
{
    if (!l->hooks || !l->hooks->progress) return true;
    l->model->training.is_in_hook = true;
    const bool goes_on = l->hooks->progress(l->hooks->user, progress);
    l->model->training.is_in_hook = false;
    return goes_on && plx_training_is_here(l->model);
}

static double ask_rate(void *user, int epoch, double rate)
{
    const listener *l = user;
    l->model->training.is_in_hook = true;
    const double asked = l->hooks->learning_rate(l->hooks->user, epoch, rate);
    l->model->training.is_in_hook = false;
    return plx_training_is_here(l->model) ? asked : NAN; /* ends training */
}

static bool listen(void *user, const plx_train_state *state)
{
    listener *l = user;
    if (state->epoch_ended && l->log && l->log_failure.code == PLX_OK &&
        plx_train_log_epoch(l->log, l->job, state, &l->log_failure) != PLX_OK) {
        plx_context_warn(l->context, "%s; training continues without it", l->log_failure.message);
    }
    if (state->epoch_ended && l->board && l->board_failure.code == PLX_OK &&
        plx_board_epoch(l->board, state, &l->board_failure) != PLX_OK) {
        plx_context_warn(l->context, "%s; training continues without TensorBoard", l->board_failure.message);
    }
    return report_progress(l, &state->progress);
}

/** A task without labels learns nothing, and AUC is undefined with one class: warns before training. Returns the number
 * of tasks with labels. */
static int warn_of_labels(const plx_model *model, const plx_rows *rows, const char *part, const char *consequence)
{
    int n_labelled = 0;
    for (int task = 0; task < model->graph.n_tasks; task++) {
        size_t n_labels = 0, n_positive = 0;
        const bool is_binary = plx_task_forms[model->task_kinds[task]] == PLX_LABELS_ARE_TRUTHS;
        bool is_settled = false; /* more labels would not change the result */
        for (size_t row = 0; row < rows->n && !is_settled; row++) {
            float label;
            plx_records_labels(rows->layout, rows->records + row * rows->layout->record_bytes, 1, task, &label);
            n_labels += isnan(label) ? 0 : 1;
            n_positive += label > 0.5F ? 1 : 0;
            is_settled =
                is_binary ? (n_positive > 0 && n_positive < n_labels) || (label > 0 && label < 1) : n_labels > 0;
            if (row % PLX_BLOCK_ROWS == 0) plx_rows_drop_pages(rows, 0, row);
        }
        n_labelled += n_labels > 0;
        if (n_labels == 0 && rows->n > 0) {
            plx_context_warn(model->context, "task '%s' has no label in the %s rows%s", model->task_names[task], part,
                             consequence);
        } else if (is_binary && !is_settled && n_labels > 0 && (n_positive == 0 || n_positive == n_labels)) {
            plx_context_warn(model->context, "task '%s': all %s labels are %s; AUC is undefined with one class",
                             model->task_names[task], part, n_positive == 0 ? "negative" : "positive");
        }
    }
    return n_labelled;
}

static void warn_of_idle_options(const plx_model *model, const plx_data *data)
{
    const plx_train_spec *train = &model->config->spec.train;
    if (data->parts[PLX_PART_VALIDATION].n > 0) return;
    const char *idle = train->patience > 0 ? "patience" : strcmp(train->monitor, "loss") != 0 ? "monitor" : NULL;
    if (!idle) return;
    plx_context_warn(model->context,
                     "train.%s has no effect without validation rows: give data.validation or "
                     "data.validation_part",
                     idle);
}

static void warn_of_idle_table_optimizer(const plx_model *model)
{
    const plx_train_spec *train = &model->config->spec.train;
    if (!train->table_optimizer[0] || model->graph.n_lazy > 0) return;
    plx_context_warn(model->context,
                     "train.table_optimizer has no effect: no table that is trained has "
                     "train.table_rows (%lld) rows",
                     (long long)train->table_rows);
}

/** Every step moves all rows of a table that is trained whole: if that is most of the work, a key avoids it. */
static void warn_of_large_tables(const plx_model *model)
{
    enum { LARGE_ROWS = 100000 };
    const plx_param *largest = NULL;
    if (model->config->spec.train.table_optimizer[0]) return;
    for (int p = 0; p < model->graph.n_params; p++) {
        const plx_param *param = &model->graph.params[p];
        if (param->spec.regulariser != PLX_L2_EMBEDDING || param->spec.is_frozen || param->spec.rows < LARGE_ROWS)
            continue;
        if (!largest || param->spec.rows > largest->spec.rows) largest = param;
    }
    if (!largest) return;
    plx_context_warn(model->context,
                     "table '%s' has %d rows, and each step updates all of them: 'train.table_optimizer: lazy_%s' "
                     "updates only those of the batch",
                     largest->spec.name, largest->spec.rows, model->config->spec.train.optimizer);
}

void plx_model_train_job(plx_model *model, const plx_data *data, plx_train_job *out)
{
    const plx_spec *spec = &model->config->spec;
    *out = (plx_train_job){
        .machine = model->context->machine,
        .graph = &model->graph,
        .spec = &spec->train,
        .l2_embedding = spec->model.l2_reg_embedding,
        .l2_dnn = spec->model.l2_reg_dnn,
        .task_weights = model->task_weights,
        .task_decays = model->task_decays,
        .task_names = model->task_names,
        .task_kinds = model->task_kinds,
        .soft_tasks = model->soft_tasks,
        .quantiles = model->quantiles,
        .train = &data->parts[PLX_PART_TRAIN],
        .validation = &data->parts[PLX_PART_VALIDATION],
        .values = model->values,
    };
}

static plx_status fail_in_child(plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "this process was forked in a training hook, which continues only in the parent: a child must not return "
             "from the hook");
}

static plx_status run(plx_model *model, const plx_data *data, const plx_train_hooks *hooks, plx_train_log *log,
                      const plx_checkpointer *checkpointer, plx_train_report *report, plx_error *err)
{
    plx_train_job job;
    plx_model_train_job(model, data, &job);
    job.listener = listen;
    if (hooks && hooks->learning_rate) job.rate = ask_rate;
    job.checkpointer = checkpointer;
    plx_metric_choices choices = {.n = 0};
    if (hooks) PLX_TRY(plx_metric_choices_parse(&choices, hooks->metrics, hooks->n_metrics, err));
    job.choices = &choices;
    job.measures_training = hooks && hooks->progress && hooks->training_metrics;
    listener l = {.job = &job, .hooks = hooks, .log = log, .context = model->context, .model = model};
    const char *folder = hooks && hooks->tensorboard ? hooks->tensorboard : job.spec->tensorboard;
    plx_board board = {0};
    job.user = &l;
    plx_status status = PLX_OK;
    if (folder && folder[0]) {
        status = plx_board_init(&board, &job, folder, err);
        l.board = &board;
        job.counts_gates = true;
    }
    if (status == PLX_OK)
        status = plx_context_pool(model->context, job.train->n, (size_t)job.spec->batch_size, model->graph.n_gradient,
                                  &job.machine.pool, err);
    if (status == PLX_OK) {
        status = plx_train(&job, report, err);
        if (!plx_training_is_here(model)) status = fail_in_child(err);
    }
    plx_pool_free(job.machine.pool);
    plx_board_release(&board);
    return status;
}

static plx_status train(plx_model *model, const plx_data *data, const plx_train_hooks *hooks, plx_train_report *report,
                        plx_error *err)
{
    plx_train_log log = {.descriptor = -1};
    plx_checkpoint checkpoint = {0};
    plx_status status = PLX_OK;
    bool has_log = hooks && hooks->log_path, has_checkpoint = hooks && hooks->checkpoint_path;
    if (hooks && hooks->resume && !has_checkpoint)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "resume needs checkpoint_path: the file to resume from");
    PLX_TRY(plx_model_check_encoders(model, data->encoders, err));
    if (warn_of_labels(model, &data->parts[PLX_PART_TRAIN], "training", "") == 0)
        PLX_FAIL(err, PLX_ERR_SCHEMA,
                 "no training row has a label: check the tasks' columns, their `missing`, and `where_values`");
    if (has_checkpoint)
        PLX_TRY(plx_checkpoint_init(&checkpoint, model, data, hooks->checkpoint_path, hooks->resume, err));
    if (has_log) {
        status = plx_train_log_init(&log, &model->context->allocator, hooks->log_path, err);
        if (status == PLX_OK) status = plx_train_log_resume(&log, plx_checkpoint_log_bytes(&checkpoint), err);
        if (status != PLX_OK) goto done;
        checkpoint.log = &log;
    }
    bool resumed = checkpoint.has_file;
    warn_of_labels(model, &data->parts[PLX_PART_VALIDATION], "validation", ": the best epoch is chosen without it");
    warn_of_idle_options(model, data);
    warn_of_idle_table_optimizer(model);
    warn_of_large_tables(model);
    status =
        run(model, data, hooks, has_log ? &log : NULL, has_checkpoint ? &checkpoint.checkpointer : NULL, report, err);
    report->resumed = resumed;
    if (status == PLX_ERR_FORMAT && resumed) plx_error_prefix(err, "%s", hooks->checkpoint_path);
done:
    if (has_log) plx_train_log_release(&log);
    plx_checkpoint_release(&checkpoint);
    return status;
}

plx_status plx_model_fit(plx_model *model, const plx_data *data, const plx_train_hooks *hooks, plx_train_report *report,
                         plx_error *err)
{
    PLX_TRY(plx_training_begin(model, err));
    *report = (plx_train_report){0};
    plx_status status = train(model, data, hooks, report, err);
    plx_training_end(model);
    return status;
}
