/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks of training share: generated rows, a model on them, timed epochs. Errors end the program. */
#ifndef BENCH_TRAINING_H
#define BENCH_TRAINING_H

#include "networks/network.h"
#include "train/train.h"

enum { BENCH_SPARSE_MAX = 32, BENCH_INPUTS_MAX = 48, BENCH_TASKS_MAX = 32, BENCH_LAYERS_MAX = 4 };

/** Hidden layers, ended by 0. */
typedef int bench_units[BENCH_LAYERS_MAX];

typedef struct bench_model {
    const char *model;
    bench_units bottom, expert, gate, tower;
    int specific, shared, experts, levels;
    int lazy_rows; /* tables of at least so many rows are lazy; 0: none */
} bench_model;

typedef struct bench_data {
    size_t rows;
    int n_dense, n_tasks, embedding_dim;
    int vocabularies[BENCH_SPARSE_MAX]; /* ended by 0; without the row for unknown values */
} bench_data;

/** Rows of a data set, and the inputs that a model reads from them. */
typedef struct bench_table {
    const bench_data *data;
    plx_id_field sparse[BENCH_SPARSE_MAX];
    plx_input_spec inputs[BENCH_INPUTS_MAX];
    char names[BENCH_INPUTS_MAX][16];
    int n_sparse;
    plx_layout layout;
    plx_rows rows;
} bench_table;

/** Ids are skewed, as categories are: number 1 is the most frequent. Dense numbers are uniform, labels mostly 0. */
void bench_table_init(bench_table *table, const bench_data *data);
void bench_table_release(bench_table *table);

/** The graph of a model on the table, all tasks binary; in `arena`. */
void bench_build(plx_graph *graph, plx_arena *arena, const bench_table *table, const bench_model *model);

typedef struct bench_training {
    const bench_table *table;
    size_t rows; /* how many of them; 0: all */
    const bench_model *model;
    const plx_kernels *kernels;
    int threads;
    int64_t batch;
    double learning_rate;
    int epochs, warm_up; /* the most that are measured, and those before them */
    /**
     * Training ends after so many seconds if an epoch was measured, else after four times as many with a part of an
     * epoch. If there are only warm-up epochs, they are measured. 0: no limit.
     */
    double budget;
} bench_training;

/** Over the measured epochs; time of training alone, shuffle included. */
typedef struct bench_times {
    int epochs;
    double share; /* below 1: no epoch ended; its time is estimated from this share of its steps */
    double median, least, most;
    double processor; /* seconds over all threads, mean */
    size_t parameters;
} bench_times;

void bench_train(const bench_training *training, bench_times *times);

/** A JSON line with processor, level and compiler. */
void bench_print_machine(const plx_kernels *kernels);
_Noreturn void bench_stop(const char *message);

#endif
