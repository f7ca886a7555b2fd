/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a network. The plan is the compiler: it cuts a batch into tiles, sorts the work into phases and lays out
 * memory once. A run is the memory to execute a plan; it allocates nothing after its creation.
 *
 * A tile of about 64 rows runs forward and backward through the network while it is in the cache. A leaf of
 * consecutive tiles is one job, which sums the weight gradients of its tiles in order; leaves are added by a tree
 * (graph/leaves.h). So results do not depend on the number of threads. An op that must see the whole batch (a join)
 * ends a phase: all tiles finish the phase before any starts the next.
 */
#ifndef PLX_RUN_H
#define PLX_RUN_H

#include "base/machine.h"
#include "graph/graph.h"
#include "graph/leaves.h"
#include "kernels/kernels.h"
#include "rows/records.h"

typedef struct plx_plan plx_plan;

enum { PLX_TILE_ROWS_MAX = 256 };

typedef struct plx_plan_options {
    int batch_rows;   /* most rows of a batch; >= 1 */
    bool training;    /* losses and their gradients; else scores, with losses on request */
    bool with_scores; /* training computes scores, too, by the weights at the start of the step */
    int tile_rows;    /* 0: the plan chooses */
    bool is_plain;    /* no rewrites, no shared memory: the reference for tests of faster plans */
    plx_collapse collapse;
} plx_plan_options;

/** The graph is borrowed and must outlive the plan, as the plan its runs. */
plx_status plx_plan_create(const plx_machine *machine, const plx_graph *graph, const plx_plan_options *options,
                           plx_plan **out, plx_error *err);
void plx_plan_free(plx_plan *plan);
/** Describes the plan as text: tiles, memory, rewrites, and the steps of each phase. */
void plx_plan_describe(const plx_plan *plan, plx_string *out);

/**
 * Rows to run: a step's batch, or one part of a batch split over several runs. Losses and gradients of the parts add up
 * to those of the whole, since every row has the same dropout and the same weight.
 */
typedef struct plx_batch {
    const plx_rows *rows;
    const uint32_t *order; /* row numbers are order[first..first+n-1]; NULL: first..first+n-1 themselves */
    size_t first;
    int n;
    size_t rows_before;       /* of the step's batch, in parts before this one */
    const int64_t *task_rows; /* [n_tasks] rows of the step's batch with a label; NULL: these are all its rows */
} plx_batch;

enum { PLX_TOUCHED_PARTS = 8 };

/**
 * Part of a lazy table's gradient: rows that the batch touched, each exactly once in exactly one part, in an order that
 * depends only on the batch.
 */
typedef struct plx_touched_rows {
    const uint32_t *ids; /* [n] */
    plx_real *gradient;  /* [n, cols] */
    int n;
} plx_touched_rows;

struct plx_run {
    const plx_plan *plan;
    const plx_graph *graph;
    const plx_kernels *kernels;
    bool training;

    /* The current batch. */
    plx_real *values; /* the parameter block [graph->n_values]; only state parameters are written */
    int n_rows, n_tiles;
    int first_leaf, end_leaf; /* the leaves to sum: all, or those of a subtree of its tree (graph/stages.h) */
    const plx_layout *layout;
    const uint8_t *records; /* [n_rows][record_bytes]: the rows themselves if contiguous, else copies */
    size_t rows_before;
    int64_t *loss_rows; /* [n_tasks], in training: labelled rows of the step, the divisors of the losses */
    uint64_t seed;
    uint32_t step;              /* for random numbers */
    const double *task_weights; /* [n_tasks] */
    bool counts_gates;          /* mixtures sum their gates for each expert */

    /* Results. */
    plx_real *gradient; /* [graph->n_gradient], of the weighted mean losses, without regularisers; 0 where state */
    plx_touched_rows *touched; /* [graph->n_lazy, PLX_TOUCHED_PARTS]: gradients of lazy tables */
    plx_real *scores;          /* [n_rows, graph->n_outputs] predictions, if the plan computes them */
    double *task_losses;       /* [n_tasks] sums over this batch's labelled rows, not times task weights */
    int64_t *task_rows;        /* [n_tasks] number of these rows */

    struct plx_run_memory *memory;
};

/** The argument of an op's tile functions. */
struct plx_tile {
    const plx_run *run;
    int index; /* in the batch */
    int first_row, rows;
    const uint8_t *records; /* [rows][record_bytes] */
    plx_real *block;        /* memory of values that live as long as the tile */
    plx_real *gradient;     /* the leaf's gradients of tilewise parameters [n_tilewise] */
    bool adds_gradient;     /* false for a leaf's first tile: parameter gradients are written, not added to */
};

/** Uses the plan's kernels. `layout` is borrowed. */
plx_status plx_run_create(const plx_machine *machine, const plx_plan *plan, const plx_layout *layout, plx_run **out,
                          plx_error *err);
void plx_run_free(plx_run *run);

/**
 * Runs prepare for `values` once, so that later calls of plx_run_score with these values skip it. For serving; the
 * values must not change while the run is in use.
 */
void plx_run_freeze(plx_run *run, plx_real *values);
/** Needs a plan for scoring, and rows without `order`. Fills scores and, with `with_losses`, task_losses and task_rows
 * from the rows' labels. */
void plx_run_score(plx_run *run, plx_real *values, const plx_batch *batch, bool with_losses);
/** Needs a plan for training. Reads run->seed, run->step, run->task_weights; fills gradient, task_losses and
 * task_rows. */
void plx_run_step(plx_run *run, plx_real *values, const plx_batch *batch);

/** The node's value in the last batch, for a plain plan without a pool and a batch of one tile; at is NULL if the plan
 * does not compute it. Row r starts at at + r * stride. */
plx_view plx_run_value(const plx_run *run, const plx_node *node);

/* -- For ops --------------------------------------------------------------------------------------------------- */

plx_view plx_tile_value(const plx_tile *tile, const plx_node *node);
plx_view plx_tile_input(const plx_tile *tile, const plx_node *node, int i);
/** The gradient of the node's value for the tile's rows. */
plx_view plx_tile_gradient(const plx_tile *tile, const plx_node *node);
/** Memory for the gradient of input `i`; at is NULL if it is not needed. `*adds`: add to it, else overwrite it. */
plx_view plx_tile_input_gradient(const plx_tile *tile, const plx_node *node, int i, bool *adds);
/** The first row of tile `index` in the batch; of tile n_tiles: the number of rows. */
int plx_run_tile_first(const plx_run *run, int index);
/** The node's scratch of these rows: rows * row_numbers numbers, contiguous. */
plx_real *plx_tile_rows(const plx_tile *tile, const plx_node *node);
/** The partial sums of tile `tile_index` [tile_numbers]; joins, id_sums and finish read all tiles', in order. */
plx_real *plx_run_tile_numbers(const plx_run *run, const plx_node *node, int tile_index);
/** The node's sums over this leaf's tiles [leaf_numbers]: add if tile->adds_gradient, else overwrite. */
plx_real *plx_tile_leaf_numbers(const plx_tile *tile, const plx_node *node);
/** These sums over all leaves: for finish. */
plx_real *plx_run_summed_numbers(const plx_run *run, const plx_node *node);
/** For id_sort and id_sums: the leaves to sum, and the first tile and row of leaf `leaf`; after the last leaf, the
 * number of tiles and rows. */
plx_leaves plx_run_id_leaves(const plx_run *run);
int plx_run_leaf_tile(const plx_run *run, const plx_leaves *leaves, int leaf);
int plx_run_leaf_row(const plx_run *run, const plx_leaves *leaves, int leaf);
/** The node's sums of the subtree with number `subtree` [id_sum_numbers]. */
plx_real *plx_run_id_sums(const plx_run *run, const plx_node *node, int subtree);
/** For finish: `n` of these numbers, from number `first` on, summed over all leaves; `out` may be their place in the
 * first subtree. */
void plx_run_id_sum(const plx_run *run, const plx_node *node, size_t first, size_t n, plx_real *out);
/** The scratch of id_sort and id_sums [id_scratch]. */
plx_real *plx_run_id_scratch(const plx_run *run, const plx_node *node);
/** For id_sort and id_sums: the node's row scratch of all rows; needs op->sums_read_rows. */
plx_real *plx_run_rows(const plx_run *run, const plx_node *node);
/** The node's scratch of the run [batch_numbers]. */
plx_real *plx_run_batch_numbers(const plx_run *run, const plx_node *node);
/** Group `group` of the node's p-th parameter, and its gradient of this leaf: add if tile->adds_gradient, else
 * overwrite. */
plx_view plx_run_param(const plx_run *run, const plx_node *node, int p, int group);
plx_view plx_tile_param_gradient(const plx_tile *tile, const plx_node *node, int p, int group);
/** Whether the gradient of input `i` is needed. */
bool plx_run_wants_gradient(const plx_run *run, const plx_node *node, int i);
/** For joins, id_sums and finish: group `group` of the final gradient of a parameter; write all of it. */
plx_view plx_run_param_gradient(const plx_run *run, const plx_node *node, int p, int group);
/** For id_sums: part `part` of the gradient of a lazy parameter, to be set. */
plx_touched_rows *plx_run_touched(const plx_run *run, const plx_node *node, int p, int part);
/** For id_sums: the node's gradient of all rows; needs op->sums_read_gradient. */
plx_view plx_run_gradient(const plx_run *run, const plx_node *node);
const plx_node *plx_run_input_node(const plx_run *run, const plx_node *node, int i);
/** The node that computes the value of a node of the graph: itself, or a rewrite's, whose value has it from `*column`
 * on. */
const plx_node *plx_run_maker(const plx_run *run, const plx_node *node, int *column);

#endif
