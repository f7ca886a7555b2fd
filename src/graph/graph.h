/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a network. A value is [rows, groups, width]; rows is the batch and is never named. A model is a function
 * that calls ops' functions (ops/ops.h), which call plx_graph_node. Building fails softly: after the first mistake
 * each call does nothing, and plx_graph_finish reports that mistake with the scope in which it was made.
 */
#ifndef PLX_GRAPH_H
#define PLX_GRAPH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/real.h"
#include "base/text.h"

typedef struct plx_graph plx_graph;
typedef struct plx_node plx_node;
typedef struct plx_tile plx_tile;
typedef struct plx_run plx_run;

/** What is more is refused, so that sizes of one row and numbers of one parameter can be counted by an int. */
enum {
    PLX_NODES_MAX = 16384,           /* of a graph; passes of the plan compare all with all */
    PLX_ROW_NUMBERS_MAX = 1 << 24,   /* of a value in one row */
    PLX_PARAM_NUMBERS_MAX = INT_MAX, /* of a parameter */
    /* Of all layers (ops with `is_layer`). More is a slip, which would be reported late, when memory ends. */
    PLX_LAYERS_MAX = 4096,
    PLX_LAYER_GROUPS_MAX = 65536,   /* networks beside each other, as experts are */
    PLX_LAYER_NUMBERS_MAX = 1 << 20 /* of a row */
};

/** A value of the graph being built; copyable, owned by nobody. Index -1: the result of a failed call; -2: PLX_ABSENT.
 */
typedef struct plx_ref {
    int index;
} plx_ref;

/** No value, where a network leaves a part out on purpose. What may be absent says so; ops take no absent input. */
#define PLX_ABSENT ((plx_ref){-2})

static inline bool plx_is_absent(plx_ref ref)
{
    return ref.index == -2;
}

typedef struct plx_shape {
    int groups, width;
} plx_shape;

/** How a parameter starts. */
typedef enum plx_init {
    PLX_INIT_ZERO,
    PLX_INIT_ONE,
    PLX_INIT_EMBEDDING,     /* normal(0, scale), scale 1e-4 where none is given */
    PLX_INIT_UNIFORM,       /* uniform in [-scale, scale), scale 0.05 where none is given */
    PLX_INIT_GLOROT_NORMAL, /* normal cut at two deviations, rescaled, as Keras' glorot_normal */
    PLX_INIT_GLOROT_UNIFORM
} plx_init;

/** Which regulariser a parameter belongs to. */
typedef enum plx_regulariser { PLX_L2_NONE, PLX_L2_EMBEDDING, PLX_L2_DNN, PLX_L2_KINDS } plx_regulariser;

typedef struct plx_param_spec {
    const char *name; /* of the last part; scopes come before it: "experts/dense0" + "/kernel" */
    int groups, rows, cols;
    plx_init init; /* fans are rows and cols */
    plx_regulariser regulariser;
    bool is_state;        /* moved by the network itself (moving averages), not by the optimizer */
    bool is_joined;       /* its gradient is made once a batch, in backward_join (tables), not tile by tile */
    bool is_side_by_side; /* row r of all groups lies together: [rows, groups, cols] in memory, one wide matrix */
    bool is_frozen;       /* never moves: no gradient, no regulariser */
    /** A table [1, rows, cols] with no gradient of its size: its node's backward_join hands over the rows that a batch
     * touched (plx_touched_rows). */
    bool is_lazy;
    bool is_bias;      /* a bias, scale or shift, which decoupled weight decay leaves alone */
    double init_scale; /* see plx_init; Glorot's deviation or bound is multiplied by it; 0: none given */
} plx_param_spec;

/**
 * A parameter tensor [groups, rows, cols]. Its numbers lie in a block, the row `r` of group `g` at
 * offset + g * group_stride + r * row_stride, so that groups may lie side by side.
 */
typedef struct plx_param {
    plx_param_spec spec; /* name: the whole one */
    size_t offset;       /* in numbers, into blocks of the graph's n_values */
    size_t group_stride, row_stride;
    int lazy; /* its number among the lazy ones, or -1 */
} plx_param;

/** Work for the whole batch, done once, in parts that may run at the same time and must not write to the same place. */
typedef struct plx_batch_work {
    int (*parts)(const plx_run *run, const plx_node *node); /* NULL: one part */
    void (*run)(const plx_run *run, const plx_node *node, int part);
} plx_batch_work;

/** Whether embedding tables are multiplied with the first layer once a batch (docs/performance.md). */
typedef enum plx_collapse {
    PLX_COLLAPSE_AUTO,  /* the cost model chooses, table by table */
    PLX_COLLAPSE_NEVER, /* rows are gathered and multiplied */
    PLX_COLLAPSE_ALWAYS /* every table that can be */
} plx_collapse;

/** What the plan asks an op that can do the work of several of its nodes at once. */
typedef struct plx_fuse_request {
    const plx_graph *graph;
    plx_arena *arena;
    const plx_node *source;         /* the one value that they all read */
    const plx_node *const *readers; /* nodes of the op */
    int n_readers;
    /** [n_readers] in scoring: what alone reads the reader and has the hook `affine`, and is to be made in its stead;
     * NULL: nothing. */
    const plx_node *const *affines;
    bool is_only_reader; /* nothing else reads `source`, which then need not be made */
    bool training;
    int batch_rows;
    plx_collapse collapse;
} plx_fuse_request;

/** What the op answers. */
typedef struct plx_fusion {
    const struct plx_op
        *op; /* makes the readers' values (or their affines') side by side, [1, sum of numbers]; NULL: no gain */
    const void *attrs; /* in the arena */
    /** What the new node reads instead of `source`, put side by side by the op `concat`; none: it reads the record
     * alone. */
    const plx_node **inputs;
    int n_inputs;
    const struct plx_op *concat; /* NULL: it reads `source` itself */
} plx_fusion;

/**
 * An op: one constant beside its code ("How to add an op": CONTRIBUTING.md). State rules: forward writes all of the
 * node's value; backward writes or adds to input gradients as the accessors tell; no op allocates; random numbers come
 * from the node's own stream. All hooks but `shape` and `forward` may be left out.
 */
typedef struct plx_op {
    const char *name;
    /** The value is its inputs side by side [rows, 1, sum of widths]: the plan may let them share memory. */
    bool concatenates;
    /** Works number by number, and backward reads no input: the plan may let value and input share memory. */
    bool is_in_place;
    /** backward reads the node's own value, so nothing may be made in its place. */
    bool backward_reads_value;
    /** backward_join reads the node's gradient of all rows, so it is kept for the whole batch. */
    bool join_reads_gradient;
    /** The row scratch is read by backward_join, so it is kept for the whole batch. */
    bool join_reads_rows;
    /**
     * Gradients start here. Its tile numbers 0 and 1 are the sum of the rows' losses and the number of rows with a
     * label; backward sends the gradient of task_weight * sum / the batch's rows with a label of the task.
     */
    bool is_loss;
    /** Counts toward the limits of all layers. */
    bool is_layer;
    /** In scoring the value is that of input 0 as it is: the plan leaves the node out. */
    bool passes_in_scoring;
    /**
     * Checks inputs and attributes, sets node->shape (all 0: no value of rows), the scratch sizes, and declares
     * parameters with plx_node_param. A mistake goes to plx_graph_fail.
     */
    void (*shape)(plx_graph *graph, plx_node *node);
    /** Answers whether several nodes of this op are better done as one. */
    plx_fusion (*fuse)(const plx_fuse_request *request);
    /** In scoring a number of the value is that of input 0 times scale plus shift; these, for each number of a row. */
    void (*affine)(const plx_run *run, const plx_node *node, plx_real *scale, plx_real *shift);
    /** Once a batch (once for good in a frozen run), before any tile. */
    plx_batch_work prepare;
    void (*forward)(const plx_tile *tile, const plx_node *node);
    /** Once a training batch, when forward has run on all tiles; nodes that read this one wait for it. */
    plx_batch_work forward_join;
    /** May read inputs' values, the own value, scratch and gradient, nothing else. */
    void (*backward)(const plx_tile *tile, const plx_node *node);
    /** Once a training batch, when backward has run on all tiles; nodes that this one reads wait for it. */
    plx_batch_work backward_join;
    /** Once a training batch, at its end, when the chunks' numbers are summed. */
    plx_batch_work finish;
    /** For people: what a node of a rewrite does, as the end of a line. */
    void (*tell)(const plx_node *node, plx_string *out);
} plx_op;

enum { PLX_NODE_PARAMS_MAX = 4 };

struct plx_node {
    const plx_op *op;
    const char *name;  /* scope and op: "experts/dense0/linear" */
    const char *shown; /* the name for people: plx_graph_show_tasks */
    int task, task_at; /* whose scope it is in, -1: none; where the scope's part "task0" begins in the name */
    int index;
    const int *inputs; /* node indices, [n_inputs] */
    int n_inputs;
    plx_shape shape;
    const void *attrs;               /* the op's own struct, in the graph's arena */
    int params[PLX_NODE_PARAMS_MAX]; /* indices of parameters */
    int n_params;
    int row_numbers;  /* scratch a row, that forward keeps for backward */
    int tile_numbers; /* scratch a tile, kept for the batch: partial sums that joins add up in tile order */
    size_t
        chunk_numbers; /* scratch a chunk, written by its first tile, added to by the others, then summed: gradients */
    size_t batch_numbers; /* scratch of the run: what prepare and joins make */
    uint32_t stream;      /* random stream of its own, from its name */
};

struct plx_graph {
    plx_arena *arena; /* borrowed */
    plx_node **nodes; /* in the order of building, which is a topological one */
    int n_nodes;
    size_t nodes_capacity;
    plx_param *params;
    int n_params;
    size_t params_capacity;
    int *params_by_name; /* [n_slots]: a hash table of 1 + their numbers; 0: free */
    uint32_t n_slots;
    int64_t n_layers, layer_groups, layer_numbers; /* so far; see PLX_LAYERS_MAX */
    int n_tasks;
    int *predictions;  /* [n_tasks] nodes of value [rows, 1, outputs], or -1 */
    int *losses;       /* [n_tasks] nodes whose op is a loss, or -1 */
    int *outputs;      /* [n_tasks + 1] once finished: where each task's columns begin in a row of scores */
    int n_outputs;     /* columns of a row of scores */
    size_t n_tilewise; /* numbers of the parameter block whose gradients are summed tile by tile; they come first */
    size_t n_gradient; /* numbers with a gradient, states included; behind them lie frozen and lazy tables */
    size_t n_values;   /* numbers of the whole parameter block, padding between tensors included (always 0) */
    int n_lazy;        /* lazy parameters */
    char scope[256];
    int task, task_at; /* as of a node made now */
    plx_error failure;
};

/** Everything lives in the arena. */
void plx_graph_init(plx_graph *graph, plx_arena *arena, int n_tasks);
/** The first mistake, or PLX_ERR_MEMORY, or PLX_OK; then every parameter has its place in the block. */
plx_status plx_graph_finish(plx_graph *graph, plx_error *err);
/** Fills `values` [n_values] with start values; each parameter draws from the stream of its own name. */
void plx_graph_init_values(const plx_graph *graph, uint64_t seed, plx_real *values);
/** Copies a parameter's numbers between the block and a dense array [groups, rows, cols]. */
void plx_param_read(const plx_param *param, const plx_real *values, float *dense);
void plx_param_write(const plx_param *param, plx_real *values, const float *dense);

/** Names made from here on begin with `format`... + "/"; returns where the scope was before, for plx_scope_leave. */
int plx_scope(plx_graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The same with "task0", "task1", ...: the part of a task. */
int plx_task_scope(plx_graph *graph, int task);
void plx_scope_leave(plx_graph *graph, int before);
/** Shows nodes under the names of their tasks [n_tasks] instead of "task0", "task1", ...; NULL: as they are. */
void plx_graph_show_tasks(plx_graph *graph, const char *const *names);

/** Adds a node; `attrs` (may be NULL) is copied. For ops' own functions. */
plx_ref plx_graph_node(plx_graph *graph, const plx_op *op, const plx_ref *inputs, int n_inputs, const void *attrs,
                       size_t attrs_bytes);
/** In an op's shape function: declares the node's next parameter. */
void plx_node_param(plx_graph *graph, plx_node *node, const plx_param_spec *spec);
/** Says that `value` is the prediction of `task`, and that `loss` is its loss. */
void plx_graph_task(plx_graph *graph, int task, plx_ref value, plx_ref loss);
/** Reports a mistake of the model; the first one counts. */
void plx_graph_fail(plx_graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Shape of a value; {0, 0} after a failure. */
plx_shape plx_ref_shape(const plx_graph *graph, plx_ref ref);
/** The shape of input `i` of a node under construction. */
plx_shape plx_node_input_shape(const plx_graph *graph, const plx_node *node, int i);

#endif
