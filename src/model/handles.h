/* SPDX-License-Identifier: Apache-2.0 */
/* What the handles of plexus.h hold, and what a context offers to the rest. */
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

/** Source and result: assignments are made in the source, which is then read again. */
struct plx_config {
    plx_context *context;
    plx_string text, name;
    char **assignments; /* [n_assignments] */
    size_t n_assignments, assignments_capacity;
    plx_spec spec;
    plx_string resolved;
    plx_task_info *tasks;      /* [spec.table.n_tasks], in the spec's arena, as the columns */
    plx_input_column *columns; /* [n_columns] */
    int n_columns;
};

struct plx_data {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows parts[PLX_PARTS];
    plx_read_report report;
    plx_arena arena;
    const char **folders; /* [n_folders]: where it was looked for, and where files of its tables are */
    int n_folders;
    plx_string encoding; /* plx_spec_write_encoding of the configuration that it was read by */
};

/** A call of plx_model_fit that has not returned: model/training.h. */
typedef struct plx_training {
    pid_t process;     /* that it runs in; 0: there is none */
    bool is_in_hook;   /* between two steps, in a function of the caller */
    plx_config *later; /* with what was assigned meanwhile; NULL: nothing */
} plx_training;

struct plx_model {
    plx_context *context;
    plx_config *config; /* its own */
    plx_encoders *encoders;
    plx_arena arena; /* the graph and the arrays below */
    plx_graph graph;
    plx_real *values;                   /* [graph.n_values] */
    const char **task_names;            /* [n_tasks] */
    plx_task_kind *task_kinds;          /* [n_tasks] */
    double *quantiles;                  /* [n_tasks] of tasks of loss quantile, else 0 */
    bool *soft_tasks;                   /* [n_tasks]: binary ones whose labels are probabilities */
    double *task_weights, *task_decays; /* [n_tasks] */
    plx_task_info *tasks;               /* [n_tasks] */
    plx_parameter *parameters;          /* [graph.n_params] */
    plx_layer *layers;                  /* [graph.n_nodes] */
    plx_model_info info;
    plx_training training;
    atomic_bool *is_unknown_told; /* [plx_encoders_n_features]: each warning comes once */
};

struct plx_dataset {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows rows;
    plx_read_report report;
};

/** One line to the context's listener, if there is one. */
void plx_context_warn(const plx_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same for layers that know no context. */
plx_listener plx_context_listener(const plx_context *context);
/** As many threads as `n_rows` are worth, at most the context's, and at most as many as a batch has chunks or, where
 * `n_moved` numbers are moved at each step, as these are worth: the others would wait and burn a processor each. */
plx_status plx_context_pool(const plx_context *context, size_t n_rows, size_t n_moved, plx_pool **out, plx_error *err);

#endif
