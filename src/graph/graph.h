/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a network. A value is [rows, groups, width]; rows is the batch and is never named. A model is a function
 * that calls ops' functions (ops/ops.h), which call plx_graph_node. Building records the first error: every later call
 * does nothing, and plx_graph_finish reports that error with its scope.
 */
#ifndef PLX_GRAPH_H
#define PLX_GRAPH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/choices.h"
#include "base/error.h"
#include "base/real.h"
#include "base/text.h"

typedef struct plx_graph plx_graph;
typedef struct plx_node plx_node;
typedef struct plx_tile plx_tile;
typedef struct plx_run plx_run;

/** Limits. Larger graphs are refused, so the size of a row and of a parameter fits an int. */
enum {
    PLX_NODES_MAX = 1 << 18,         /* of a graph */
    PLX_ROW_NUMBERS_MAX = 1 << 24,   /* of a value in one row */
    PLX_PARAM_NUMBERS_MAX = INT_MAX, /* of a parameter */
    /* Of all layers (ops with `is_layer`). More is most likely a mistake that would otherwise end in PLX_ERR_MEMORY. */
    PLX_LAYERS_MAX = 4096,
    PLX_LAYER_GROUPS_MAX = 65536,   /* parallel networks, such as experts */
    PLX_LAYER_NUMBERS_MAX = 1 << 20 /* of a row */
};

/** A handle to a value of the graph being built, passed by value. Index -1: a failed call; -2: PLX_ABSENT. */
typedef struct plx_ref {
    int index;
} plx_ref;

/** No value: a part that a network omits on purpose. Functions that accept it say so; ops do not. */
#define PLX_ABSENT ((plx_ref){-2})

static inline bool plx_is_absent(plx_ref ref)
{
    return ref.index == -2;
}

typedef struct plx_shape {
    int groups, width;
} plx_shape;

/** Which regulariser a parameter belongs to. */
typedef enum plx_regulariser { PLX_L2_NONE, PLX_L2_EMBEDDING, PLX_L2_DNN, PLX_L2_KINDS } plx_regulariser;

typedef struct plx_param_spec {
    const char *name; /* last part of the name; scopes precede it: "experts/dense0" + "/kernel" */
    int groups, rows, cols;
    plx_init init; /* fans are rows and cols */
    plx_regulariser regulariser;
    bool is_state;        /* updated by the network itself (moving averages), not by the optimizer */
    bool is_joined;       /* gradient computed once per batch, in id_sums or backward_join, not per tile */
    bool is_side_by_side; /* stored as [rows, groups, cols]: one wide matrix */
    bool is_frozen;       /* frozen: no gradient, no regulariser */
    /** A table [1, rows, cols] with a sparse gradient: its node's id_sums report the rows that a batch touched
     * (plx_touched_rows). */
    bool is_lazy;
    bool is_bias;      /* a bias, scale or shift: exempt from decoupled weight decay */
    double init_scale; /* see plx_init; multiplies Glorot's deviation or bound; 0: the default */
} plx_param_spec;

/**
 * A parameter tensor [groups, rows, cols] in the parameter block. Groups may be interleaved: row `r` of group `g`
 * starts at offset + g * group_stride + r * row_stride.
 */
typedef struct plx_param {
    plx_param_spec spec; /* name: the full name */
    size_t offset;       /* in numbers, into a block of n_values */
    size_t group_stride, row_stride;
    int lazy; /* index among the lazy parameters, or -1 */
} plx_param;

/** Work done once per batch, in parts that may run concurrently and must write to disjoint memory. */
typedef struct plx_batch_work {
    int (*parts)(const plx_run *run, const plx_node *node); /* NULL: one part */
    void (*run)(const plx_run *run, const plx_node *node, int part);
} plx_batch_work;

/** Whether embedding tables are multiplied by the first layer once per batch (docs/performance.md). */
typedef enum plx_collapse {
    PLX_COLLAPSE_AUTO,  /* the cost model decides for each table */
    PLX_COLLAPSE_NEVER, /* rows are gathered and multiplied */
    PLX_COLLAPSE_ALWAYS /* every table that can be */
} plx_collapse;

/** A request to fuse several nodes of one op. */
typedef struct plx_fuse_request {
    const plx_graph *graph;
    plx_arena *arena;
    const plx_node *source;         /* the value that all readers share: the last input of each */
    const plx_node *const *readers; /* nodes of this op, none of which depends on another */
    int n_readers;
    /** Scoring only, [n_readers]: the reader's sole consumer if it has an `affine` hook; the fused node then computes
     * it instead. NULL: none. */
    const plx_node *const *affines;
    const int *first_reader; /* [nodes + 1]: the inputs of the graph that read value i are numbers [i] to [i + 1] - 1 */
    bool is_only_reader;     /* nothing else reads `source`, so it need not be computed */
    bool training;
    int batch_rows;
    plx_collapse collapse;
} plx_fuse_request;

/** The op's answer. */
typedef struct plx_fusion {
    const struct plx_op
        *op; /* computes the readers' (or affines') values, concatenated [1, sum of sizes]; NULL: do not fuse */
    const void *attrs; /* in the arena */
    /** Its inputs, concatenated by `concat`; n_inputs 0: it reads only the record. NULL: it reads `source` alone. */
    const plx_node **inputs;
    int n_inputs;
    const struct plx_op *concat; /* NULL: it reads the inputs themselves */
} plx_fusion;

/**
 * An op: one constant in the file of its code ("How to add an op": CONTRIBUTING.md). Rules: forward writes the whole
 * value; backward writes or adds to input gradients as the accessors say; no op allocates; random numbers come from the
 * node's own stream. Only `shape` and `forward` are required.
 */
typedef struct plx_op {
    const char *name;
    /** The value is the concatenation of its inputs [rows, 1, sum of widths]: the plan may let them share memory. */
    bool concatenates;
    /** Elementwise, and backward reads no input: the plan may let value and input share memory. */
    bool is_in_place;
    /** backward reads the node's own value, so nothing may overwrite it. */
    bool backward_reads_value;
    /** id_sums reads the node's gradient of all rows, so it is kept for the whole batch. */
    bool sums_read_gradient;
    /** The row scratch is read by id_sort or id_sums, so it is kept for the whole batch. */
    bool sums_read_rows;
    /**
     * A loss. Tile numbers 0 and 1 hold the sum of the rows' losses and the number of labelled rows; backward sends the
     * gradient of task_weight * sum / labelled rows of the batch.
     */
    bool is_loss;
    /** Counts toward the limits of all layers. */
    bool is_layer;
    /** In scoring the value equals input 0: the plan removes the node. */
    bool passes_in_scoring;
    /**
     * Checks inputs and attributes, sets node->shape (all 0: no value per row) and the scratch sizes, and declares
     * parameters with plx_node_param. Reports errors with plx_graph_fail.
     */
    void (*shape)(plx_graph *graph, plx_node *node);
    /** Decides whether to fuse several nodes of this op. */
    plx_fusion (*fuse)(const plx_fuse_request *request);
    /** In scoring the value is input 0 * scale + shift; returns scale and shift for each number of a row. */
    void (*affine)(const plx_run *run, const plx_node *node, plx_real *scale, plx_real *shift);
    /** Once per batch (once ever in a frozen run), before any tile. */
    plx_batch_work prepare;
    void (*forward)(const plx_tile *tile, const plx_node *node);
    /** Once per training batch, after forward has run on all tiles; nodes that read this one wait for it. */
    plx_batch_work forward_join;
    /** May read only its inputs' values and its own value, scratch and gradient. */
    void (*backward)(const plx_tile *tile, const plx_node *node);
    /** Once per training batch, after backward has run on all tiles; nodes that this one reads wait for it. */
    plx_batch_work backward_join;
    /**
     * Sums over rows that are too large for every leaf to have its own, such as those by category: once per training
     * batch, after backward has run on all tiles. The rows of each leaf of plx_run_id_leaves are added in order, and
     * the leaves by the tree (graph/leaves.h): to the gradients of joined parameters, the touched rows of lazy ones, or
     * subtree by subtree to id_sum_numbers, of which finish gets the sum (plx_run_id_sum). id_sort prepares id_sums:
     * all its parts run before any of theirs.
     */
    plx_batch_work id_sort, id_sums;
    /** At the end of a training batch, after all sums. */
    plx_batch_work finish;
    /** Describes a fused node, as the end of a line. */
    void (*describe)(const plx_node *node, plx_string *out);
} plx_op;

enum { PLX_NODE_PARAMS_MAX = 4 };

struct plx_node {
    const plx_op *op;
    const char *name;  /* scope and op: "experts/dense0/linear" */
    const char *shown; /* the displayed name: plx_graph_show_tasks */
    int task, task_at; /* the task that it belongs to, -1: none; where "task0" begins in the name */
    int index;
    const int *inputs; /* node indices, [n_inputs] */
    int n_inputs;
    plx_shape shape;
    const void *attrs;               /* the op's attributes, in the graph's arena */
    int params[PLX_NODE_PARAMS_MAX]; /* indices of parameters */
    int n_params;
    int row_numbers;       /* scratch per row, kept from forward for backward */
    int tile_numbers;      /* scratch per tile, kept for the batch: partial sums that joins add in tile order */
    size_t leaf_numbers;   /* sums per leaf: its first tile writes, later ones add, then leaves are added: gradients */
    size_t id_sum_numbers; /* sums by id per subtree of leaves */
    int id_sum_rows;       /* rows of such a sum; 0: id_sums touch only rows that occur */
    size_t id_scratch;     /* scratch of id_sort and id_sums */
    size_t batch_numbers;  /* scratch per run: results of prepare and joins */
    uint32_t stream;       /* the node's random stream, derived from its name */
};

struct plx_graph {
    plx_arena *arena; /* borrowed */
    plx_node **nodes; /* in order of creation, a topological order */
    int n_nodes;
    size_t nodes_capacity;
    plx_param *params;
    int n_params;
    size_t params_capacity;
    int *params_by_name; /* [n_slots]: hash table of 1 + index; 0: free */
    uint32_t n_slots;
    int64_t n_layers, layer_groups, layer_numbers; /* so far; see PLX_LAYERS_MAX */
    int n_tasks;
    int *predictions;  /* [n_tasks] nodes of value [rows, 1, outputs], or -1 */
    int *losses;       /* [n_tasks] loss nodes, or -1 */
    int *outputs;      /* [n_tasks + 1] once finished: first column of each task in a row of scores */
    int n_outputs;     /* columns of a row of scores */
    size_t n_tilewise; /* numbers with gradients accumulated per tile; they come first in the block */
    size_t n_gradient; /* numbers with a gradient, states included; frozen and lazy tables follow */
    size_t n_values;   /* numbers of the parameter block, padding (always 0) included */
    int n_lazy;        /* lazy parameters */
    char scope[256];
    int task, task_at;             /* of the next node */
    const char *const *task_names; /* [n_tasks], for messages; NULL: none */
    plx_error failure;
};

/** All memory comes from the arena. */
void plx_graph_init(plx_graph *graph, plx_arena *arena, int n_tasks);
/** Returns the first error, or PLX_OK: then every parameter has its offset in the block. */
plx_status plx_graph_finish(plx_graph *graph, plx_error *err);
/** Initialises `values` [n_values]; each parameter draws from a random stream derived from its name. */
void plx_graph_init_values(const plx_graph *graph, uint64_t seed, plx_real *values);
/** Copies a parameter's numbers between the block and a dense array [groups, rows, cols]. */
void plx_param_read(const plx_param *param, const plx_real *values, float *dense);
void plx_param_write(const plx_param *param, plx_real *values, const float *dense);

/** Prefixes later names with `format`... + "/"; returns the previous scope for plx_scope_leave. */
int plx_scope(plx_graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Enters the scope of a task: "task0", "task1", ... */
int plx_task_scope(plx_graph *graph, int task);
void plx_scope_leave(plx_graph *graph, int before);
/** Displays nodes under their tasks' names [n_tasks] instead of "task0", "task1", ...; NULL: unchanged. */
void plx_graph_show_tasks(plx_graph *graph, const char *const *names);

/** Adds a node; `attrs` (may be NULL) is copied. For ops' own functions. */
plx_ref plx_graph_node(plx_graph *graph, const plx_op *op, const plx_ref *inputs, int n_inputs, const void *attrs,
                       size_t attrs_bytes);
/** Declares the node's next parameter; call in `shape`. */
void plx_node_param(plx_graph *graph, plx_node *node, const plx_param_spec *spec);
/** Sets `value` as the prediction and `loss` as the loss of `task`. */
void plx_graph_task(plx_graph *graph, int task, plx_ref value, plx_ref loss);
/** Records an error of the model; only the first is kept. */
void plx_graph_fail(plx_graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Shape of a value; {0, 0} after a failure. */
plx_shape plx_ref_shape(const plx_graph *graph, plx_ref ref);
/** The shape of input `i` of a node under construction. */
plx_shape plx_node_input_shape(const plx_graph *graph, const plx_node *node, int i);

#endif
