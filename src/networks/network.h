/* SPDX-License-Identifier: Apache-2.0 */
/* A model: a name, a table of hyper-parameters, a function that builds a graph. */
#ifndef PLX_MODEL_H
#define PLX_MODEL_H

#include "base/fields.h"
#include "base/problem.h"
#include "data/spec.h"
#include "graph/graph.h"
#include "kernels/activation_list.h"
#include "tasks/task.h"

#define PLX_ACTIVATION_ENUM(name) PLX_ACT_##name,
typedef enum plx_activation { PLX_ACTIVATION_NAMES(PLX_ACTIVATION_ENUM) PLX_ACTIVATIONS } plx_activation;
#undef PLX_ACTIVATION_ENUM
typedef enum plx_gate_input { PLX_GATE_LEVEL, PLX_GATE_FEATURES } plx_gate_input;

/** Per-layer settings of a block. Item i is for layer i, the last item for all further layers. Empty: the model-wide
 * setting, whose default is relu, 0, false. */
typedef struct plx_layer_choices {
    plx_int_list activation; /* plx_activation */
    plx_real_list dropout;
    plx_int_list use_bn;
} plx_layer_choices;

/** All hyper-parameters of all models, with the names of the configuration; a model reads those in its table. */
typedef struct plx_model_spec {
    plx_int_list bottom_dnn_units, expert_dnn_units, gate_dnn_units;
    plx_int_lists tower_dnn_units_lists; /* one list per task */
    int64_t num_experts, num_experts_specific, num_experts_shared, num_levels;
    int gate_input; /* plx_gate_input */
    plx_layer_choices dnn, bottom, expert, gate, tower;
    double l2_reg_embedding, l2_reg_dnn;
} plx_model_spec;

/** A feature, as models need it. */
typedef struct plx_input_spec {
    const char *name;
    int vocabulary; /* rows of the table, unknown row included; 0: dense */
    int embedding_dim;
    int numbers;           /* dense: how many numbers; 0 means 1 */
    int length;            /* of a list: maximum length; 0: not a list */
    plx_bag_kind combiner; /* of a list */
    int attention_on;      /* of a list pooled by attention: index of the sparse input that is the query */
    const char *table; /* name of a table shared by inputs of equal vocabulary and embedding_dim; NULL: its own table */
    /* Of the table; equal for inputs that share one. */
    plx_init initializer;
    double initializer_scale; /* see plx_init; 0: the default */
    bool is_frozen;           /* is not trained */
} plx_input_spec;
typedef struct plx_target_spec {
    const char *name;
    plx_task_kind kind;
    int n_classes;        /* multiclass */
    bool is_soft;         /* binary: labels are probabilities */
    const plx_loss *loss; /* NULL: the kind's own */
    double parameter;     /* parameter of the loss */
} plx_target_spec;

typedef struct plx_build {
    const plx_model_spec *spec;
    const plx_input_spec *inputs; /* [n_inputs] sparse, then lists, then dense, each in the record's order */
    int n_inputs;
    const plx_target_spec *targets; /* [n_tasks] */
    int n_tasks;
    int lazy_rows; /* tables of at least this many rows are lazy (graph/graph.h); 0: none */
} plx_build;

/** The output of a network for one task. */
typedef struct plx_task_output {
    plx_ref value; /* [rows, 1, outputs]: the prediction */
    plx_ref loss;  /* a loss node */
} plx_task_output;

typedef struct plx_model_def {
    const char *name, *title, *summary;
    const plx_field *fields; /* the fields of plx_model_spec that this model reads */
    const size_t *n_fields;
    int tasks_min, tasks_max; /* tasks_max 0: no limit */
    bool needs_binary;        /* does not support regression tasks */
    /** Adds the network to the graph and fills `outputs` [n_tasks]. They are not registered as the graph's tasks, so a
     * network can be part of another one. */
    void (*build)(plx_graph *graph, const plx_build *build, plx_task_output *outputs);
} plx_model_def;

/** All models, ended by NULL: "How to add a model" in CONTRIBUTING.md. */
extern const plx_model_def *const plx_model_list[];
const plx_model_def *plx_model_find(plx_slice name);

/** Builds the network and registers its outputs as the graph's tasks. */
void plx_network_build(plx_graph *graph, const plx_model_def *def, const plx_build *build);

/** Displays the layers of a built network under their tasks' names [n_tasks], except names that would be ambiguous:
 * they contain a slash, or another part has the name. */
void plx_network_show_tasks(plx_graph *graph, const char *const *names);

/**
 * Checks what the table cannot: number and kinds of tasks, lists with one item per task and, if all else is right, the
 * limits of a graph. `arena`: for texts; its allocator is used for a network. PLX_ERR_MEMORY.
 */
plx_status plx_model_check(const plx_model_def *def, const plx_model_spec *spec, const plx_target_spec *targets,
                           int n_tasks, plx_arena *arena, plx_problems *problems);

#endif
