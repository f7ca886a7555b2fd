/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The training loop. All memory is allocated before the first step. Reporting never affects the computation, except
 * that a callback may end the loop between two steps.
 */
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tasks/task.h"
#include "train/row_order.h"
#include "train/table_update.h"
#include "train/update.h"
#include "train/validation.h"

static const double REPORT_SECONDS = 0.1; /* between two callbacks within an epoch */
static const double SAVE_SHARE = 0.02;    /* fraction of the time that checkpoints at epochs may take */

typedef struct trainer {
    const plx_train_job *job;
    plx_train_report *result;
    plx_arena arena; /* the small arrays */
    size_t n_tasks;
    plx_plan *plan;
    plx_run *run;
    plx_update update;
    plx_table_update tables;
    plx_row_order order;
    plx_real *best; /* [n_values]: of the best epoch, initially the start values; NULL without validation rows */
    double *speeds; /* [epochs] rows per second */
    double start, reported_at;

    int64_t epoch;
    int64_t step, steps; /* within the epoch */
    int64_t first_step;  /* first step of this run in the epoch: not 0 if it resumed within the epoch */
    double epoch_start;
    double loss_sum;        /* over the epoch's steps */
    double *task_weights;   /* [n_tasks] of the epoch */
    double *task_loss_sums; /* [n_tasks] over its steps with a label of the task */
    int64_t *task_steps;    /* [n_tasks] number of these steps */
    double *task_losses;    /* [n_tasks] means, for the callback */
    double *scores;         /* [n_tasks] of validation, for the callback */
    int *score_metrics;     /* [n_tasks] their metrics */
    double *no_values;      /* [n_tasks] NaN */

    plx_measured training; /* of the epoch's steps, if the job requests it */

    /* Validation. */
    plx_validation validation;
    double validation_loss;
    double monitored; /* train.monitor */
    double best_loss; /* of the best epoch, negated if larger is better */
    int64_t epochs_without_gain;

    /* Checkpoints. */
    plx_state_list state_list;
    int64_t epochs_ended, best_epoch;
    double seconds_before; /* of the runs before this one, then of all up to the checkpoint */
    double saved_at, save_seconds;
} trainer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* -- Memory ---------------------------------------------------------------------------------------------------- */

static plx_status init_steps(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    size_t n = job->train->n, batch = (size_t)job->spec->batch_size < n ? (size_t)job->spec->batch_size : n;
    double l2[PLX_L2_KINDS] = {[PLX_L2_EMBEDDING] = job->l2_embedding, [PLX_L2_DNN] = job->l2_dnn};
    plx_plan_options options = {.batch_rows = (int)batch, .training = true, .with_scores = job->measures_training};
    t->steps = (int64_t)((n + batch - 1) / batch);
    PLX_TRY(plx_update_init(&t->update, &job->machine, job->graph, job->spec, l2, t->steps, err));
    PLX_TRY(plx_table_update_init(&t->tables, &job->machine, job->graph, job->spec, job->l2_embedding, err));
    PLX_TRY(plx_plan_create(&job->machine, job->graph, &options, &t->plan, err));
    PLX_TRY(plx_run_create(&job->machine, t->plan, job->train->layout, &t->run, err));
    PLX_TRY(plx_row_order_init(&t->order, job->machine.allocator, job->train, (uint64_t)job->spec->seed,
                               job->spec->shuffle, batch, err));
    t->run->seed = (uint64_t)job->spec->seed;
    return PLX_OK;
}

/** Registers all state of later steps, and the numbers that the callback or the result reports. */
static plx_status init_state(trainer *t, plx_error *err)
{
    plx_state_list *list = &t->state_list;
    plx_state_list_init(list, t->job->machine.allocator);
    if (!t->job->checkpointer) return PLX_OK;
    plx_state_add_reals(list, "values", t->job->values, t->job->graph->n_values);
    if (t->best) plx_state_add_reals(list, "best/values", t->best, t->job->graph->n_values);
    plx_state_add_integers(list, "best/epoch", &t->best_epoch, 1);
    plx_state_add_doubles(list, "best/loss", &t->best_loss, 1);
    plx_state_add_integers(list, "best/epochs_without_gain", &t->epochs_without_gain, 1);
    plx_state_add_integers(list, "epoch", &t->epoch, 1);
    plx_state_add_integers(list, "epochs_ended", &t->epochs_ended, 1);
    plx_state_add_integers(list, "step", &t->step, 1);
    plx_state_add_doubles(list, "loss_sum", &t->loss_sum, 1);
    plx_state_add_doubles(list, "task_loss_sums", t->task_loss_sums, t->n_tasks);
    plx_state_add_integers(list, "task_steps", t->task_steps, t->n_tasks);
    plx_state_add_doubles(list, "speeds", t->speeds, (size_t)t->job->spec->epochs);
    plx_state_add_doubles(list, "seconds", &t->seconds_before, 1);
    plx_update_list_state(&t->update, list);
    plx_table_update_list_state(&t->tables, list);
    return list->failed ? plx_error_memory(err) : PLX_OK;
}

static plx_status trainer_init(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    const plx_allocator *a = job->machine.allocator;
    const size_t n = job->train->n;
    plx_arena_init(&t->arena, a);
    if (n == 0)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "there are no rows to train on: check data.train and the parts split off it");
    if (n > UINT32_MAX) PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%zu training rows: at most 2^32 - 1", n);
    PLX_TRY(init_steps(t, err));
    t->speeds = plx_arena_take(&t->arena, (size_t)job->spec->epochs, sizeof *t->speeds);
    t->run->task_weights = t->task_weights = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->task_weights);
    t->task_loss_sums = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->task_loss_sums);
    t->task_steps = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->task_steps);
    t->task_losses = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->task_losses);
    t->scores = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->scores);
    t->score_metrics = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->score_metrics);
    t->no_values = plx_arena_take(&t->arena, t->n_tasks, sizeof *t->no_values);
    if (plx_arena_failed(&t->arena)) return plx_error_memory(err);
    for (size_t task = 0; task < t->n_tasks; task++)
        t->no_values[task] = NAN;
    for (size_t task = 0; task < t->n_tasks && job->task_kinds; task++) {
        const char *score = plx_task_list[job->task_kinds[task]]->score;
        t->score_metrics[task] = (int)(plx_metric_named(plx_slice_of(score)) - plx_metric_list);
    }
    PLX_TRY(plx_validation_init(&t->validation, job, err));
    if (t->validation.has_rows) {
        t->best = plx_alloc_aligned(a, job->graph->n_values, sizeof *t->best);
        if (!t->best) return plx_error_memory(err);
        memcpy(t->best, job->values, job->graph->n_values * sizeof *t->best);
    }
    if (job->measures_training) PLX_TRY(plx_measured_init(&t->training, job, n, NULL, &t->validation.choices, err));
    return init_state(t, err);
}

static void trainer_release(trainer *t)
{
    plx_state_list_release(&t->state_list);
    plx_measured_release(&t->training);
    plx_validation_release(&t->validation);
    plx_free_aligned(t->job->machine.allocator, t->best);
    plx_arena_release(&t->arena);
    plx_row_order_release(&t->order);
    plx_run_free(t->run);
    plx_plan_free(t->plan);
    plx_table_update_release(&t->tables);
    plx_update_release(&t->update);
}

/* -- What is not finite ---------------------------------------------------------------------------------------- */

static const char REMEDY[] =
    "lower train.learning_rate, or check the scale of inputs (dense features with scaling none), "
    "of labels and of weights (row_weight, weight_column, class_weights, a task's weight)";

static plx_status check_task_losses(const trainer *t, const char *what, const double *losses, plx_error *err)
{
    char number[32]; /* printf would show the sign of a NaN */
    for (size_t task = 0; task < t->n_tasks; task++) {
        if (isfinite(losses[task])) continue;
        plx_format_double(losses[task], number);
        PLX_FAIL(err, PLX_ERR_NUMERIC, "epoch %lld, step %lld: the %s of task '%s' is not finite (%s); %s",
                 (long long)t->epoch, (long long)t->step, what, t->job->task_names[task], number, REMEDY);
    }
    return PLX_OK;
}

static plx_status check_loss(const trainer *t, const char *what, double whole, plx_error *err)
{
    char number[32];
    if (isfinite(whole)) return PLX_OK;
    plx_format_double(whole, number);
    PLX_FAIL(err, PLX_ERR_NUMERIC, "epoch %lld, step %lld: the %s with the regularisers is not finite (%s); %s",
             (long long)t->epoch, (long long)t->step, what, number, REMEDY);
}

static bool are_finite(const plx_real *numbers, size_t n)
{
    return plx_find_not_finite(numbers, n) == n;
}

/** The last step's losses do not cover the weights after it, nor the optimizers' sums: a weight with an infinite sum
 * would never change again. */
static plx_status check_values(const trainer *t, plx_error *err)
{
    const long long epoch = (long long)t->epoch, step = (long long)t->step;
    if (!are_finite(t->job->values, t->job->graph->n_values))
        PLX_FAIL(err, PLX_ERR_NUMERIC, "epoch %lld, step %lld: a weight is not finite; %s", epoch, step, REMEDY);
    const char *name = plx_update_not_finite(&t->update, t->job->graph);
    if (!name) name = plx_table_update_not_finite(&t->tables);
    if (!name) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_NUMERIC,
             "epoch %lld, step %lld: the optimizer's sum for the gradient of '%s' is not finite: squares of gradients "
             "above 1.8e19 overflow; clip them (train.clip_value, train.clip_norm), or %s",
             epoch, step, name, REMEDY);
}

/* -- Listener -------------------------------------------------------------------------------------------------- */

/** Rows of the epoch that this run has trained on. */
static int64_t rows_of_epoch(const trainer *t)
{
    int64_t batch = t->job->spec->batch_size, n = (int64_t)t->job->train->n;
    return (t->step * batch < n ? t->step * batch : n) - t->first_step * batch;
}

/** Calls the callback; false if training is to end. */
static bool report(trainer *t, bool epoch_ended, bool is_best)
{
    const plx_train_job *job = t->job;
    double time = now();
    if (!job->listener || (!epoch_ended && time - t->reported_at < REPORT_SECONDS)) return true;
    t->reported_at = time;
    double rows = (double)rows_of_epoch(t), seconds = time - t->epoch_start;
    for (size_t task = 0; task < t->n_tasks; task++)
        t->task_losses[task] = t->task_steps[task] > 0 ? t->task_loss_sums[task] / (double)t->task_steps[task] : NAN;
    const bool is_validated = epoch_ended && t->validation.has_rows;
    for (size_t task = 0; task < t->n_tasks && is_validated; task++)
        t->scores[task] = t->validation.measured.metrics[task].values[t->score_metrics[task]];
    const plx_train_state state = {
        .progress = {.epoch = (int)t->epoch,
                     .epochs = (int)job->spec->epochs,
                     .step = t->step,
                     .steps = t->steps,
                     .rows_per_second = epoch_ended ? t->speeds[t->epoch - 1] : rows / fmax(seconds, 1e-9),
                     .seconds = time - t->start,
                     .learning_rate = t->update.learning_rate,
                     .has_schedule = job->spec->schedule != 0 || job->spec->warmup_steps > 0,
                     .loss = t->loss_sum / (double)t->step,
                     .task_losses = t->task_losses,
                     .validation_loss = is_validated ? t->validation_loss : NAN,
                     .validation_task_losses = is_validated ? t->validation.losses : t->no_values,
                     .validation_scores = is_validated ? t->scores : t->no_values,
                     .monitored = is_validated ? t->monitored : NAN,
                     .validation_metrics = is_validated ? t->validation.measured.metrics : NULL,
                     .training_metrics = epoch_ended && job->measures_training ? t->training.metrics : NULL,
                     .score_metrics = t->score_metrics,
                     .is_best = epoch_ended && is_best,
                     .n_tasks = (int)t->n_tasks},
        .epoch_ended = epoch_ended,
        .has_validation = is_validated,
        .choices = &t->validation.choices,
        .gates = t->validation.gates.gates,
        .n_gates = epoch_ended ? t->validation.gates.n : 0,
    };
    return job->listener(job->user, &state);
}

/* -- Checkpoints -------------------------------------------------------------------------------------------------- */

static bool is_checkpoint_due(const trainer *t, bool epoch_ended, double since)
{
    const plx_train_spec *spec = t->job->spec;
    bool by_epochs = spec->checkpoint_epochs > 0, by_steps = spec->checkpoint_steps > 0;
    bool by_time = spec->checkpoint_seconds > 0;
    if (t->result->cancelled) return by_epochs || by_steps || by_time;
    if (by_time && since >= spec->checkpoint_seconds) return true;
    if (by_steps && t->update.step % spec->checkpoint_steps == 0) return true;
    return by_epochs && epoch_ended && t->epoch % spec->checkpoint_epochs == 0 && since * SAVE_SHARE >= t->save_seconds;
}

static void save_if_due(trainer *t, bool epoch_ended)
{
    const plx_checkpointer *checkpointer = t->job->checkpointer;
    if (!checkpointer) return;
    double start = now();
    if (!is_checkpoint_due(t, epoch_ended, start - t->saved_at)) return;
    t->seconds_before = start - t->start;
    if (checkpointer->save(checkpointer->user, &t->state_list)) t->result->checkpoints++;
    t->saved_at = now();
    t->save_seconds = t->saved_at - start;
}

/** Whether the counters are valid for this job: they control loops and index arrays. */
static bool are_counters_sound(const trainer *t)
{
    const int64_t epochs = t->job->spec->epochs;
    bool sound = t->epoch >= 0 && t->epoch <= epochs && t->step >= 0 && t->step <= t->steps;
    sound = sound && t->epochs_ended >= t->epoch - 1 && t->epochs_ended <= t->epoch && t->epochs_ended >= 0;
    sound = sound && t->best_epoch >= 0 && t->best_epoch <= t->epochs_ended;
    sound = sound && t->epochs_without_gain >= 0 && t->epochs_without_gain <= epochs;
    sound = sound && (t->epochs_ended < t->epoch || t->step == (t->epoch > 0 ? t->steps : 0));
    sound = sound && t->update.step == (t->epoch > 0 ? (t->epoch - 1) * t->steps + t->step : 0);
    for (size_t task = 0; task < t->n_tasks; task++)
        sound = sound && t->task_steps[task] >= 0 && t->task_steps[task] <= t->steps;
    return sound;
}

static bool has_lost_patience(const trainer *t)
{
    int64_t patience = t->job->spec->patience;
    return patience > 0 && t->epochs_without_gain >= patience;
}

static plx_status restore(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    size_t n = job->graph->n_values;
    t->saved_at = now();
    if (!job->checkpointer || !job->checkpointer->restore) return PLX_OK;
    plx_real *start = plx_alloc_aligned(job->machine.allocator, n, sizeof *start);
    if (!start) return plx_error_memory(err);
    memcpy(start, job->values, n * sizeof *start);
    plx_status status = job->checkpointer->restore(job->checkpointer->user, &t->state_list, err);
    if (status == PLX_OK && !are_counters_sound(t)) {
        status = plx_error_set(err, PLX_ERR_FORMAT, "its counters do not match this configuration");
    }
    if (status == PLX_OK && !(are_finite(job->values, n) && (!t->best || are_finite(t->best, n)))) {
        status = plx_error_set(err, PLX_ERR_FORMAT, "it holds a weight that is not finite");
    }
    if (status != PLX_OK) memcpy(job->values, start, n * sizeof *start);
    plx_free_aligned(job->machine.allocator, start);
    if (status != PLX_OK) return status;
    t->start -= t->seconds_before;
    t->result->stopped_early = has_lost_patience(t);
    return PLX_OK;
}

/* -- Steps ----------------------------------------------------------------------------------------------------- */

static plx_status run_step(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    plx_run *run = t->run;
    size_t first = (size_t)t->step * (size_t)job->spec->batch_size, left = job->train->n - first;
    plx_batch batch;
    const size_t most = (size_t)job->spec->batch_size;
    PLX_TRY(plx_row_order_take(&t->order, left < most ? left : most, &batch, err));
    run->step = (uint32_t)t->update.step + 1;
    plx_run_step(run, job->values, &batch);
    if (job->measures_training) plx_measured_add(&t->training, run);
    t->step++;
    PLX_TRY(check_task_losses(t, "loss", run->task_losses, err)); /* this step is skipped */
    double loss = plx_update_step(&t->update, job->values, run->gradient);
    loss += plx_table_update_step(&t->tables, job->values, run->touched, t->update.learning_rate, t->update.step);
    for (size_t task = 0; task < t->n_tasks; task++) {
        if (run->task_rows[task] == 0) continue;
        loss += t->task_weights[task] * run->task_losses[task] / (double)run->task_rows[task];
        t->task_loss_sums[task] += run->task_losses[task] / (double)run->task_rows[task];
        t->task_steps[task]++;
    }
    t->loss_sum += loss;
    return check_loss(t, "loss", loss, err);
}

/* The caller may change the schedule's rate; the changes within the epoch scale with it. */
static plx_status ask_rate(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    if (!job->rate) return PLX_OK;
    const double scheduled = plx_schedule_rate(&t->update.schedule, t->update.step + 1);
    const double rate = job->rate(job->user, (int)t->epoch, scheduled);
    if (!(rate >= 0) || !isfinite(rate))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "epoch %d: a learning rate of %g was requested; it must be 0 or more",
                 (int)t->epoch, rate);
    t->update.rate_factor = scheduled > 0 ? rate / scheduled : 1;
    return PLX_OK;
}

static plx_status run_steps(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    t->epoch_start = now();
    t->first_step = t->step;
    t->training.n = 0;
    for (size_t task = 0; task < t->n_tasks; task++) {
        const double decay = job->task_decays ? job->task_decays[task] : 1;
        t->task_weights[task] = job->task_weights[task] * pow(decay, (double)(t->epoch - 1));
    }
    if (t->step == 0) PLX_TRY(ask_rate(t, err)); /* else the factor came with the checkpoint */
    PLX_TRY(plx_row_order_begin(&t->order, (uint32_t)t->epoch, (size_t)t->step * (size_t)job->spec->batch_size, err));
    while (t->step < t->steps && !t->result->cancelled) {
        PLX_TRY(run_step(t, err));
        if (t->step == t->steps) break;
        t->result->cancelled = !report(t, false, false);
        save_if_due(t, false);
    }
    t->speeds[t->epoch - 1] = (double)rows_of_epoch(t) / fmax(now() - t->epoch_start, 1e-9);
    return check_values(t, err);
}

/* -- Validation ------------------------------------------------------------------------------------------------ */

static plx_status validate(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    plx_validation_run(&t->validation);
    /* The gradient is no longer needed: the next step overwrites it. */
    double loss = plx_update_penalty(&t->update, job->values, t->run->gradient);
    for (size_t task = 0; task < t->n_tasks; task++) {
        if (t->validation.scorer.labelled[task] > 0) loss += job->task_weights[task] * t->validation.losses[task];
    }
    t->validation_loss = loss;
    for (size_t task = 0; task < t->n_tasks; task++)
        t->task_losses[task] = t->validation.scorer.labelled[task] > 0 ? t->validation.losses[task] : 0;
    PLX_TRY(check_task_losses(t, "validation loss", t->task_losses, err));
    return check_loss(t, "validation loss", loss, err);
}

/** As Keras' EarlyStopping and ReduceLROnPlateau on val_loss, or on train.monitor. */
static bool is_best_epoch(trainer *t)
{
    if (!t->validation.has_rows) {
        plx_schedule_epoch(&t->update.schedule, t->loss_sum / (double)t->steps);
        return true;
    }
    t->monitored = plx_validation_monitored(&t->validation, t->validation_loss);
    double loss = t->validation.monitor.larger_is_better ? -t->monitored : t->monitored;
    bool is_better = loss < t->best_loss - t->job->spec->min_delta;
    t->epochs_without_gain = is_better ? 0 : t->epochs_without_gain + 1;
    if (is_better) t->best_loss = loss;
    plx_schedule_epoch(&t->update.schedule, loss);
    return is_better;
}

/* -- Epochs ---------------------------------------------------------------------------------------------------- */

static void begin_epoch(trainer *t)
{
    t->epoch++;
    t->step = 0;
    t->loss_sum = 0;
    memset(t->task_loss_sums, 0, t->n_tasks * sizeof *t->task_loss_sums);
    memset(t->task_steps, 0, t->n_tasks * sizeof *t->task_steps);
}

/** Also the rest of an epoch, after a resume. */
static plx_status run_epoch(trainer *t, plx_error *err)
{
    const plx_train_job *job = t->job;
    plx_train_report *result = t->result;
    PLX_TRY(run_steps(t, err));
    if (result->cancelled) return PLX_OK;
    if (job->measures_training) plx_measured_run(&t->training);
    if (t->validation.has_rows) PLX_TRY(validate(t, err));
    bool is_best = is_best_epoch(t);
    if (is_best) {
        if (t->best) memcpy(t->best, job->values, job->graph->n_values * sizeof *t->best);
        t->best_epoch = t->epoch;
    }
    t->epochs_ended = t->epoch;
    result->cancelled = !report(t, true, is_best);
    result->stopped_early = has_lost_patience(t);
    save_if_due(t, true);
    return PLX_OK;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n)
{
    if (n == 0) return 0;
    qsort(x, (size_t)n, sizeof *x, compare_doubles);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

plx_status plx_train(const plx_train_job *job, plx_train_report *result, plx_error *err)
{
    trainer t = {.job = job, .result = result, .n_tasks = (size_t)job->graph->n_tasks, .start = now()};
    *result = (plx_train_report){0};
    t.best_loss = INFINITY;
    plx_status status = trainer_init(&t, err);
    if (status == PLX_OK) status = restore(&t, err);
    if (status != PLX_OK) goto done;
    while (status == PLX_OK && t.epochs_ended < job->spec->epochs && !result->cancelled && !result->stopped_early) {
        if (t.epochs_ended == t.epoch) begin_epoch(&t);
        status = run_epoch(&t, err);
    }
    /* A cancelled first epoch keeps its weights. */
    if (t.best && (status != PLX_OK || t.best_epoch > 0))
        memcpy(job->values, t.best, job->graph->n_values * sizeof *t.best);
    result->epochs = (int)t.epochs_ended;
    result->best_epoch = (int)t.best_epoch;
    result->rows_per_second = median(t.speeds, result->epochs);
done:
    result->seconds = now() - t.start;
    trainer_release(&t);
    return status;
}
