/* SPDX-License-Identifier: Apache-2.0 */
/* What a model is: a name, a table of hyper-parameters, a function that builds a graph. */
#ifndef PLX_MODEL_H
#define PLX_MODEL_H

#include "base/fields.h"
#include "base/problem.h"
#include "graph/graph.h"
#include "kernels/activation_list.h"
#include "tasks/task.h"

#define PLX_ACTIVATION_ENUM(name) PLX_ACT_##name,
typedef enum plx_activation { PLX_ACTIVATION_NAMES(PLX_ACTIVATION_ENUM) PLX_ACTIVATIONS } plx_activation;
#undef PLX_ACTIVATION_ENUM
typedef enum plx_gate_input { PLX_GATE_LEVEL, PLX_GATE_FEATURES } plx_gate_input;

/** Of a block's hidden layers: item i is of layer i, the last of all others; empty: as all blocks have it, which is
 * relu, 0 and false where that is empty too. */
typedef struct plx_layer_choices {
    plx_int_list activation; /* plx_activation */
    plx_real_list dropout;
    plx_int_list use_bn;
} plx_layer_choices;

/** Every hyper-parameter of every model, under the names that the configuration has; a model reads those of its table.
 */
typedef struct plx_model_spec {
    plx_int_list bottom_dnn_units, expert_dnn_units, gate_dnn_units;
    plx_int_lists tower_dnn_units_lists; /* one list a task */
    int64_t num_experts, num_experts_specific, num_experts_shared, num_levels;
    int gate_input; /* plx_gate_input */
    plx_layer_choices dnn, bottom, expert, gate, tower;
    double l2_reg_embedding, l2_reg_dnn;
} plx_model_spec;

/** How the embeddings of a list's items become one. */
typedef enum plx_combiner { PLX_COMBINE_MEAN, PLX_COMBINE_SUM, PLX_COMBINE_MAX, PLX_COMBINE_ATTENTION } plx_combiner;

/** How a table starts. */
typedef enum plx_initializer {
    PLX_START_NORMAL,
    PLX_START_UNIFORM,
    PLX_START_ZEROS,
    PLX_START_GLOROT_NORMAL,
    PLX_START_GLOROT_UNIFORM
} plx_initializer;

/** A feature or task as far as a model needs to know it. */
typedef struct plx_input_spec {
    const char *name;
    int vocabulary; /* rows of the table, the unknown row counted; 0: dense */
    int embedding_dim;
    int numbers;      /* dense: how many; 0 counts as 1 */
    int length;       /* of a list: most items; 0: not a list */
    int combiner;     /* of a list: plx_combiner */
    int attention_on; /* of a list pooled by attention: the sparse input (its place here) that asks */
    const char
        *table; /* the table's name where inputs of equal vocabulary and embedding_dim share one; NULL: its own */
    /* Of the table; inputs that share one say the same. */
    int initializer;          /* plx_initializer */
    double initializer_scale; /* see plx_init; 0: its own */
    bool is_frozen;           /* stays as it starts */
} plx_input_spec;
typedef struct plx_target_spec {
    const char *name;
    plx_task_kind kind;
    int n_classes;        /* multiclass */
    bool is_soft;         /* binary: labels are probabilities */
    const plx_loss *loss; /* NULL: the kind's own */
    double parameter;     /* that the loss reads */
} plx_target_spec;

typedef struct plx_build {
    const plx_model_spec *spec;
    const plx_input_spec *inputs; /* [n_inputs] sparse first, then lists, then dense, each in the record's order */
    int n_inputs;
    const plx_target_spec *targets; /* [n_tasks] */
    int n_tasks;
    int lazy_rows; /* tables of at least so many rows are lazy (graph/graph.h); 0: none */
} plx_build;

/** What a network makes of a row for one task. */
typedef struct plx_task_output {
    plx_ref value; /* [rows, 1, outputs]: the prediction */
    plx_ref loss;  /* a node whose op is a loss */
} plx_task_output;

typedef struct plx_model_def {
    const char *name, *title, *summary;
    const plx_field *fields; /* of plx_model_spec, those that this model reads */
    const size_t *n_fields;
    int tasks_min, tasks_max; /* tasks_max 0: any number */
    bool needs_binary;        /* takes no regressions */
    /** Adds the network to the graph, features to `outputs` [n_tasks]. They are not the graph's tasks yet, so a network
     * can be a part of another one. */
    void (*build)(plx_graph *graph, const plx_build *build, plx_task_output *outputs);
} plx_model_def;

/** All models, ended by NULL: "How to add a model" in CONTRIBUTING.md. */
extern const plx_model_def *const plx_model_list[];
const plx_model_def *plx_model_find(plx_slice name);

/** Builds the network and makes its outputs the tasks of the graph. */
void plx_network_build(plx_graph *graph, const plx_model_def *def, const plx_build *build);

/** Shows the layers of a built network under the names of their tasks [n_tasks], but for names that could be taken for
 * another part: they have a slash, or something else is called so. */
void plx_network_show_tasks(plx_graph *graph, const char *const *names);

/**
 * Reports what a table can't check: number and kinds of tasks, lists as long as there are tasks, the limits of a graph;
 * the latter only where all else is right. `arena`: for texts, and its allocator for a network. PLX_ERR_MEMORY.
 */
plx_status plx_model_check(const plx_model_def *def, const plx_model_spec *spec, const plx_target_spec *targets,
                           int n_tasks, plx_arena *arena, plx_problems *problems);

#endif
