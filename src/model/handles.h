/* SPDX-License-Identifier: Apache-2.0 */
/* What the handles of plexus.h hold. */
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
#include "plexus.h"
#include "train/train.h"

struct plx_context {
    plx_allocator allocator;
    plx_machine machine; /* without a pool */
    int threads;
    void (*warn)(void *user, const char *line);
    void *user;
    plx_reading_hook reading;
};

/** Source and result: assignments are made in the source, which is then read anew. */
struct plx_config {
    plx_context *context;
    plx_string text, name;
    char **assignments; /* [n_assignments] */
    size_t n_assignments, assignments_capacity;
    plx_spec spec;
    plx_string resolved;
};

struct plx_data {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows parts[PLX_PARTS];
    plx_wrong_rows wrong;
    plx_arena arena;
    const char **folders; /* [n_folders]: where it was looked for, and where files of its tables are */
    int n_folders;
    plx_string encoding; /* plx_spec_write_encoding of the configuration that it was read by */
};

/** A call of plx_model_train that has not returned: api/training.h. */
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
    bool *soft_tasks;                   /* [n_tasks]: binary ones whose labels are probabilities */
    double *task_weights, *task_decays; /* [n_tasks] */
    const char ***class_names;          /* [n_tasks][classes] */
    plx_training training;
    atomic_bool *is_unknown_told; /* [plx_encoders_n_features]: each warning comes once */
};

struct plx_dataset {
    plx_context *context;
    plx_encoders *encoders;
    plx_rows rows;
    plx_wrong_rows wrong;
};

/** One line to the context's listener, if there is one. */
void plx_context_warn(const plx_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same for layers that know no context. */
plx_listener plx_context_listener(const plx_context *context);
/** Room to count unknown cells of rows to score, NULL where nobody listens; given back by plx_model_tell_unknown, which
 * warns of them. */
plx_status plx_model_count_unknown(const plx_model *model, plx_unknown **out, plx_error *err);
void plx_model_tell_unknown(const plx_model *model, plx_unknown *unknown);
/** As many threads as `n_rows` are worth, at most the context's, and at most as many as a batch has chunks or, where
 * `n_moved` numbers are moved at each step, as these are worth: the others would wait and burn a processor each. */
plx_status plx_context_pool(const plx_context *context, size_t n_rows, size_t n_moved, plx_pool **out, plx_error *err);

/** A configuration of the same spec, whose source is the resolved text. */
plx_status plx_config_clone(const plx_config *config, plx_config **out, plx_error *err);

/** What the `*n` inputs of its network are, in its arena: ids, then lists, then numbers that its features make. NULL,
 * or the arena fails: out of memory. */
plx_input_spec *plx_model_inputs(plx_model *model, int *n);
/** A model without room for its parameters. Takes `config`, also on failure; retains the encoders. */
plx_status plx_model_build_take(plx_config *config, const plx_encoders *encoders, plx_model **out, plx_error *err);
/** Takes the tasks' names from the configuration's text, which has been made anew. */
void plx_model_name_tasks(plx_model *model);
/** Parameters of 0. */
plx_status plx_model_allocate(plx_model *model, plx_error *err);
/** Puts the rows of `embedding_file`s in place; in the way that data's files are, they are looked for. */
plx_status plx_model_fill_tables(const plx_model *model, const plx_data *data, plx_error *err);
/** The same network with the same numbers, sharing nothing that changes. */
plx_status plx_model_clone(const plx_model *model, plx_model **out, plx_error *err);
/** PLX_ERR_SCHEMA where rows by `encoders` are not rows for this model. */
plx_status plx_model_check_encoders(const plx_model *model, const plx_encoders *encoders, plx_error *err);
/** The job that trains `model` on the rows of `data`, without pool, listener and keeper. */
void plx_model_train_job(plx_model *model, const plx_data *data, plx_train_job *out);
/** A task's figures for the caller. */
void plx_metrics_set(plx_metrics *metrics, const plx_model *model, int task, const plx_score *score);
/** Figures of all tasks on rows with their scores [rows->n, n_outputs] and what they count, [rows->n, n_tasks] (NULL:
 * 1). PLX_ERR_SCHEMA: no row has a label. PLX_ERR_ARGUMENT: a weight is negative or not finite. */
plx_status plx_model_measure(const plx_model *model, const plx_rows *rows, const float *scores, const double *weights,
                             plx_metrics *metrics, plx_error *err);
/** What rows count in the losses, [rows->n, n_tasks]; NULL where all count 1. To be given back to the allocator. */
plx_status plx_model_row_weights(const plx_model *model, const plx_rows *rows, double **out, plx_error *err);
/** Numbers of a parameter. */
size_t plx_param_numbers(const plx_param *param);

#endif
