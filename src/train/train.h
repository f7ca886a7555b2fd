/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: the options table and the loop. Knows graphs through plan and run, data through encoded rows, and no
 * file.
 */
#ifndef PLX_TRAIN_H
#define PLX_TRAIN_H

#include "base/fields.h"
#include "base/machine.h"
#include "base/problem.h"
#include "graph/run.h"
#include "rows/records.h"
#include "train/gate_use.h"
#include "train/kept.h"
#include "train/metric.h"

/** Section `train`. */
typedef struct plx_train_spec {
    int64_t epochs, batch_size, seed;
    char *optimizer;       /* a name in plx_optimizer_list */
    char *table_optimizer; /* of lazy tables: see table_update.h; "": none */
    int64_t table_rows;    /* tables of at least so many rows are lazy where it is given */
    double learning_rate, beta1, beta2, epsilon;
    double momentum, rho, initial_accumulator, weight_decay;
    bool nesterov, centered;
    double ftrl_l1, ftrl_l2, ftrl_beta;
    int schedule; /* plx_schedule_kind */
    int64_t schedule_steps, schedule_patience, warmup_steps;
    double schedule_factor, min_learning_rate;
    double clip_value, clip_norm, clip_variable_norm; /* 0: off */
    char *monitor;    /* what is best is chosen by it, as monitor.h has it; NULL: the validation loss */
    int64_t patience; /* epochs without improvement of it; 0: no early stopping */
    double min_delta;
    bool shuffle;
    char *tensorboard; /* a folder for event files; empty or NULL: none. The loop itself writes nothing */
    int64_t checkpoint_epochs, checkpoint_steps; /* 0: none */
    double checkpoint_seconds;
} plx_train_spec;

extern const plx_field plx_train_fields[];
extern const size_t plx_train_n_fields;
/** Reports what the table can't check: the optimizers' names, and options that do not fit together. */
void plx_train_check(const plx_train_spec *spec, plx_problems *problems);

/**
 * What the loop tells after a step or an epoch. Arrays: [n_tasks]. A task's loss is the mean over the rows that have a
 * label of it, in a step over those of its batch; the whole loss, which is what training descends, is the sum of these
 * means, each times the task's weight of the epoch. A task without any label adds nothing. The loss of validation takes
 * the first epoch's weights at every epoch, so that epochs can be compared.
 */
typedef struct plx_train_state {
    int epoch, epochs;   /* from 1 */
    int64_t step, steps; /* within the epoch */
    double rows_per_second, seconds;
    double learning_rate;      /* of the last step */
    double loss;               /* with regularisers, mean over the epoch's steps so far */
    const double *task_losses; /* the same of each task's mean loss; NaN where no step had a label */
    bool epoch_ended;
    bool has_validation; /* the next four are filled */
    double validation_loss;
    const double *validation_task_losses;
    const plx_metrics *validation; /* figures of each task */
    double monitored;              /* what spec->monitor says */
    /* Figures of the rows as they were trained on, by the weights of each step; of a run that went on within an epoch,
       of its rows since then. NULL before the epoch's end, or where nobody asks. */
    const plx_metrics *training;
    const plx_gate_use *gates; /* [n_gates], where job->counts_gates */
    int n_gates;
    bool is_best; /* the epoch that ended is the best so far; without validation every one is */
} plx_train_state;

/** Returning false ends training cleanly with the best epoch so far, or with the weights reached where none ended. */
typedef bool plx_train_listener(void *user, const plx_train_state *state);
/** Asked as an epoch begins, at `rate` by the schedule: the rate that it shall begin with. */
typedef double plx_train_rate(void *user, int epoch, double rate);

typedef struct plx_train_job {
    plx_machine machine;
    const plx_graph *graph;
    const plx_train_spec *spec;
    double l2_embedding, l2_dnn;
    const double *task_weights; /* [n_tasks] */
    const double *task_decays;  /* [n_tasks] factors of the weights from epoch to epoch; NULL: 1 */
    const char *const *task_names;
    const plx_task_kind *task_kinds;
    const bool *soft_tasks;  /* [n_tasks]: binary ones whose labels are probabilities; NULL: none */
    const double *quantiles; /* [n_tasks] of tasks of loss quantile, else 0; NULL: there are none */
    const plx_rows *train;
    const plx_rows *validation;   /* NULL or n 0: none */
    plx_real *values;             /* [graph->n_values], trained in place */
    plx_train_rate *rate;         /* may be NULL: by the schedule */
    plx_train_listener *listener; /* may be NULL; called at most ten times a second, and at each epoch's end */
    void *user;
    const plx_keeper *keeper; /* may be NULL */
    bool measures_training;   /* tells figures of the training rows at each epoch's end */
    bool counts_gates;        /* tells with validation how much gates give to experts */
} plx_train_job;

typedef struct plx_train_result {
    int epochs;     /* that ended, validation included */
    int best_epoch; /* whose weights are in `values`: with validation the best, else the last; 0: none ended */
    double seconds;
    double rows_per_second; /* median over epochs of training alone */
    bool stopped_early, cancelled;
    int64_t n_kept; /* states that the keeper has kept */
} plx_train_result;

/**
 * Trains job->values in place; same seed, rows and kernels give the same bits whatever the pool. All memory is taken
 * before the first step. `result` is filled on failure too. With a keeper, training goes on from its state where it has
 * one, and ends with the bits of a run that was never broken off; it is handed a state as `spec` says, and when a
 * listener ends training.
 *
 * @return PLX_ERR_NUMERIC   a loss or a weight was not finite: the best epoch's values are put back, or the start
 * values
 * @return PLX_ERR_SCHEMA    there are no training rows
 * @return PLX_ERR_FORMAT    the keeper's state is not one of this job
 * @return PLX_ERR_ARGUMENT  the optimizer's name is unknown
 * @return PLX_ERR_MEMORY    the values are unchanged
 */
plx_status plx_train(const plx_train_job *job, plx_train_result *result, plx_error *err);

/**
 * Scores of all rows, and losses: `scores` [n, graph->n_outputs]; `losses` [n_tasks], means over rows with a label, NaN
 * where there are none; NULL: labels are not read. `values` is not changed.
 */
plx_status plx_score_rows(const plx_machine *machine, const plx_graph *graph, plx_real *values, const plx_rows *rows,
                          float *scores, double *losses, plx_error *err);

#endif
