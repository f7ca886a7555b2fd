/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: the options table and the loop. Knows graphs through plan and run, data through encoded rows, and no
 * file.
 */
#ifndef PLX_TRAIN_H
#define PLX_TRAIN_H

#include "base/fields.h"
#include "base/pool.h"
#include "data/dataset.h"
#include "graph/run.h"
#include "train/metric.h"

/** Section `train`. */
typedef struct plx_train_spec {
    int64_t epochs, batch_size, seed;
    char *optimizer; /* a name in plx_optimizer_list */
    double learning_rate, beta1, beta2, epsilon;
    int64_t patience; /* epochs without improvement of the validation loss; 0: no early stopping */
    double min_delta;
    bool shuffle;
} plx_train_spec;

extern const plx_field plx_train_fields[];
extern const size_t plx_train_n_fields;

/** What the loop tells after a step or an epoch. Arrays: [n_tasks]. */
typedef struct plx_train_state {
    int epoch, epochs;   /* from 1 */
    int64_t step, steps; /* within the epoch */
    double rows_per_second, seconds;
    double loss; /* with regularisers, mean over the epoch's steps so far */
    const double *task_losses;
    bool epoch_ended;
    bool has_validation; /* the three below are filled */
    double validation_loss;
    const double *validation_task_losses;
    const plx_score *validation; /* figures of each task */
    bool is_best;
} plx_train_state;

/** Returning false ends training cleanly with the best epoch so far. */
typedef bool plx_train_listener(void *user, const plx_train_state *state);

typedef struct plx_train_job {
    const plx_graph *graph;
    const plx_kernels *kernels;
    const plx_allocator *allocator;
    plx_pool *pool;
    const plx_train_spec *spec;
    double l2_embedding, l2_dnn;
    const double *task_weights; /* [n_tasks] */
    const char *const *task_names;
    const bool *task_is_binary;
    const plx_rows *train;
    const plx_rows *validation;   /* n 0: none */
    plx_real *values;             /* [graph->n_values], trained in place */
    plx_train_listener *listener; /* may be NULL; called at most ten times a second, and at each epoch's end */
    void *user;
} plx_train_job;

typedef struct plx_train_result {
    int epochs, best_epoch;
    double seconds, rows_per_second;
    bool stopped_early, cancelled;
} plx_train_result;

/** See plx_model_train in plexus.h. `result` is filled on failure too. */
plx_status plx_train(const plx_train_job *job, plx_train_result *result, plx_error *err);

/** Scores and losses of all rows, tile by tile with `batch_rows` at a time. `scores` [n, n_tasks]; `losses` [n_tasks]
 * means (may be NULL). */
plx_status plx_score_rows(const plx_graph *graph, const plx_kernels *kernels, const plx_allocator *allocator,
                          plx_pool *pool, plx_real *values, const plx_rows *rows, float *scores, double *losses,
                          plx_error *err);

#endif
