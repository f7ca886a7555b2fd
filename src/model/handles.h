/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of the handles of plexus.h, and services of a context for the other files. */
#ifndef PLX_HANDLES_H
#define PLX_HANDLES_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/machine.h"
#include "base/text.h"
#include "config/config.h"
#include "data/load.h"
#include "graph/graph.h"
#include "kernels/kernels.h"
#include "plexus_base.h"
#include "train/train.h"

struct plx_context {
    plx_allocator allocator;
    plx_machine machine; /* without a pool */
    int threads;
    void (*warn)(void *user, const char *line);
    void *user;
    plx_reading_hook reading;
    plx_context_info info;
};

/** Source and result: an assignment is added to the source, which is then read again. */
struct plx_config {
    plx_context *context;
    plx_string text, name;
    char **assignments; /* [n_assignments] */
    size_t n_assignments, assignments_capacity;
    plx_spec spec;
    plx_string resolved;
    plx_task_info *tasks;      /* [spec.table.n_tasks], in the spec's arena, like the columns */
    plx_input_column *columns; /* [n_columns] */
    int n_columns;
};

struct plx_data {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows parts[PLX_PARTS];
    plx_read_report report;
    plx_arena arena;
    const char **folders; /* [n_folders]: searched for the data, and for files of embedding tables */
    int n_folders;
    plx_string encoding; /* plx_spec_write_encoding of the configuration that read it */
};

/** A running call of plx_model_fit: model/training.h. */
typedef struct plx_training {
    pid_t process;     /* the process of the call; 0: none */
    bool is_in_hook;   /* between two steps, in a callback */
    plx_config *later; /* with assignments made during training; NULL: none */
} plx_training;

struct plx_model {
    plx_context *context;
    plx_config *config; /* owned */
    plx_encoders *encoders;
    plx_arena arena; /* the graph and the arrays below */
    plx_graph graph;
    plx_real *values;                   /* [graph.n_values] */
    const char **task_names;            /* [n_tasks] */
    plx_task_kind *task_kinds;          /* [n_tasks] */
    double *quantiles;                  /* [n_tasks]: 0 unless the loss is quantile */
    bool *soft_tasks;                   /* [n_tasks]: binary tasks with probabilities as labels */
    double *task_weights, *task_decays; /* [n_tasks] */
    plx_task_info *tasks;               /* [n_tasks] */
    plx_parameter *parameters;          /* [graph.n_params] */
    plx_layer *layers;                  /* [graph.n_nodes] */
    plx_model_info info;
    plx_training training;
    atomic_bool *is_unknown_reported; /* [plx_encoders_n_features]: each warning is given once */
};

struct plx_dataset {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows rows;
    plx_read_report report;
};

/** One line to the context's listener, if it has one. */
void plx_context_warn(const plx_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same for layers that do not know the context. */
plx_listener plx_context_listener(const plx_context *context);
/** The number of threads is limited by the context, by `n_rows`, and by the jobs of a batch of `batch_rows` or the
 * `n_moved` numbers moved at each step, if more: further threads would only wait and use a processor each. */
plx_status plx_context_pool(const plx_context *context, size_t n_rows, size_t batch_rows, size_t n_moved,
                            plx_pool **out, plx_error *err);

#endif
