/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: the options table and the loop. It depends on graphs through plan and run, on data through encoded rows,
 * and on no file.
 */
#ifndef PLX_TRAIN_H
#define PLX_TRAIN_H

#include "base/fields.h"
#include "base/machine.h"
#include "base/problem.h"
#include "graph/run.h"
#include "rows/records.h"
#include "train/gate_use.h"
#include "train/metric_choice.h"
#include "train/state_list.h"

/** Section `train`. */
typedef struct plx_train_spec {
    int64_t epochs, batch_size, seed;
    char *optimizer;       /* a name in plx_optimizer_list */
    char *table_optimizer; /* for lazy tables: see table_update.h; "": none */
    int64_t table_rows;    /* with table_optimizer: tables of at least this many rows are lazy */
    double learning_rate, beta1, beta2, epsilon;
    double momentum, rho, initial_accumulator, weight_decay;
    bool nesterov, centered;
    double ftrl_l1, ftrl_l2, ftrl_beta;
    int schedule; /* plx_schedule_kind */
    int64_t schedule_steps, schedule_patience, warmup_steps;
    double schedule_factor, min_learning_rate;
    double clip_value, clip_norm, clip_variable_norm; /* 0: off */
    char *monitor;    /* criterion for the best epoch, see monitor.h; NULL: the validation loss */
    int64_t patience; /* epochs without improvement; 0: no early stopping */
    double min_delta;
    bool shuffle;
    char *tensorboard; /* folder for event files; empty or NULL: none. The loop itself writes no files */
    int64_t checkpoint_epochs, checkpoint_steps; /* 0: none */
    double checkpoint_seconds;
} plx_train_spec;

extern const plx_field plx_train_fields[];
extern const size_t plx_train_n_fields;
/** Checks what the table cannot: the optimizers' names, and options that conflict. */
void plx_train_check(const plx_train_spec *spec, plx_problems *problems);

/**
 * The loop's report after a step or an epoch. Arrays: [n_tasks]. A task's loss is the mean over its labelled rows, for
 * a step those of its batch. The total loss, which training minimises, is the sum of these means, each times the task's
 * weight in this epoch. A task without labels adds nothing. The validation loss uses the first epoch's weights at every
 * epoch, so that epochs can be compared.
 */
typedef struct plx_train_state {
    plx_progress progress; /* what the program's own callback gets */
    bool epoch_ended;
    bool has_validation;               /* the members of `progress` on validation are set */
    const plx_metric_choices *choices; /* in the metrics: the job's, then those of train.monitor */
    const plx_gate_use *gates;         /* [n_gates], if job->counts_gates */
    int n_gates;
} plx_train_state;

/** Callback; false ends training cleanly with the best epoch so far, or with the current weights if no epoch has
 * ended. */
typedef bool plx_train_listener(void *user, const plx_train_state *state);
/** Callback at the start of an epoch, with the schedule's `rate`: returns the rate to start with. */
typedef double plx_train_rate(void *user, int epoch, double rate);

typedef struct plx_train_job {
    plx_machine machine;
    const plx_graph *graph;
    const plx_train_spec *spec;
    double l2_embedding, l2_dnn;
    const double *task_weights; /* [n_tasks] */
    const double *task_decays;  /* [n_tasks] factor per epoch of the weights; NULL: 1 */
    const char *const *task_names;
    const plx_task_kind *task_kinds;
    const bool *soft_tasks;  /* [n_tasks]: binary tasks with probabilities as labels; NULL: none */
    const double *quantiles; /* [n_tasks] of tasks with loss quantile, else 0; NULL: none */
    const plx_rows *train;
    const plx_rows *validation;   /* NULL or n 0: none */
    plx_real *values;             /* [graph->n_values], trained in place */
    plx_train_rate *rate;         /* may be NULL: the schedule decides */
    plx_train_listener *listener; /* may be NULL; called at most ten times per second, and at the end of each epoch */
    void *user;
    const plx_checkpointer *checkpointer; /* may be NULL */
    const plx_metric_choices *choices;    /* metrics with a parameter to compute, too; NULL: none */
    bool measures_training;               /* report metrics of the training rows at the end of each epoch */
    bool counts_gates;                    /* report the use of experts with validation */
} plx_train_job;

/**
 * Trains job->values in place; the same seed, rows and kernels give the same bits with any pool. All memory is
 * allocated before the first step. `result` is filled on failure, too. With a checkpointer, training resumes from its
 * checkpoint if it has one, bit-identical to an uninterrupted run. Checkpoints are saved as `spec` says, and when a
 * callback ends training.
 *
 * @return PLX_ERR_NUMERIC a loss or a weight was not finite: the best epoch's values are restored, or the start values
 * @return PLX_ERR_SCHEMA there are no training rows @return PLX_ERR_FORMAT the checkpoint does not belong to this job
 * @return PLX_ERR_ARGUMENT the optimizer's name is unknown @return PLX_ERR_MEMORY the values are unchanged
 */
plx_status plx_train(const plx_train_job *job, plx_train_report *result, plx_error *err);

/**
 * Scores of all rows, and losses: `scores` [n, graph->n_outputs]; `losses` [n_tasks], means over rows with a label, NaN
 * without any; NULL: labels are not read. `values` is not changed.
 */
plx_status plx_score_rows(const plx_machine *machine, const plx_graph *graph, plx_real *values, const plx_rows *rows,
                          float *scores, double *losses, plx_error *err);

#endif
