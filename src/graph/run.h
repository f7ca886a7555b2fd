/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a network. The plan is the compiler: it cuts a batch into tiles, sorts the work into phases and lays out
 * memory once. A run is the memory to execute a plan; it allocates nothing after its creation.
 *
 * A tile of some 64 rows runs forward and backward through the network while it lies in the cache. Tiles belong to
 * chunks of consecutive tiles; a chunk is one job, sums the weight gradients of its tiles in order, and the chunks'
 * sums are added in order: results do not depend on the number of threads. Where an op must see the whole batch (a
 * join) a phase ends: all tiles pass before any goes on.
 */
#ifndef PLX_RUN_H
#define PLX_RUN_H

#include "base/machine.h"
#include "graph/graph.h"
#include "kernels/kernels.h"
#include "rows/records.h"

typedef struct plx_plan plx_plan;

enum { PLX_TILE_ROWS_MAX = 256 };

typedef struct plx_plan_options {
    int batch_rows;   /* most rows of a batch; >= 1 */
    bool training;    /* losses and their gradients; else scores, with losses where they are asked for */
    bool with_scores; /* training makes scores, too, by the weights that the step begins with */
    int tile_rows;    /* 0: the plan chooses */
    bool is_plain;    /* no rewrites, no value shares another's memory: what every faster plan is tested against */
    plx_collapse collapse;
} plx_plan_options;

/** The graph is borrowed and must outlive the plan, as the plan its runs. */
plx_status plx_plan_create(const plx_machine *machine, const plx_graph *graph, const plx_plan_options *options,
                           plx_plan **out, plx_error *err);
void plx_plan_free(plx_plan *plan);
/** The plan's choices as text for people: tiles, memory, rewrites, and the steps of each phase. */
void plx_plan_describe(const plx_plan *plan, plx_string *out);

/**
 * Rows to run through the network: a step's batch, or a part of one that several runs share. Then the parts' losses,
 * and their gradients, add up to those of the whole, since each row has the same dropout and counts for as much.
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
 * Part of a lazy table's gradient: rows that the batch touched, each in one part and there once, in an order that
 * depends on the batch alone.
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

    /* Of the batch in hand. */
    plx_real *values; /* the parameter block [graph->n_values]; written by state parameters alone */
    int n_rows, n_tiles;
    const plx_layout *layout;
    const uint8_t *records; /* [n_rows][record_bytes]: the batch's own where its rows lie together, else copies */
    size_t rows_before;
    int64_t *loss_rows; /* [n_tasks], in training: what the losses are means over, the step's rows with a label */
    uint64_t seed;
    uint32_t step;              /* for random numbers */
    const double *task_weights; /* [n_tasks] */
    bool counts_gates;          /* mixtures sum up what they give to each expert */

    /* Results. */
    plx_real *gradient; /* [graph->n_gradient], of the weighted mean losses, without regularisers; 0 where state */
    plx_touched_rows *touched; /* [graph->n_lazy, PLX_TOUCHED_PARTS]: what else there is of it */
    plx_real *scores;          /* [n_rows, graph->n_outputs] predictions, where the plan makes them */
    double *task_losses;       /* [n_tasks] sums over the batch's own rows with a label, unweighted */
    int64_t *task_rows;        /* [n_tasks] those rows */

    struct plx_run_memory *memory;
};

/** What an op's tile functions get. */
struct plx_tile {
    const plx_run *run;
    int index; /* in the batch */
    int first_row, rows;
    const uint8_t *records; /* [rows][record_bytes] */
    plx_real *block;        /* this tile's memory for values that live as long as the tile */
    plx_real *gradient;     /* the chunk's gradients of tilewise parameters [n_tilewise] */
    bool adds_gradient;     /* false for a chunk's first tile: parameter gradients are written, not added to */
};

/** By the kernels of the plan. `layout` is borrowed. */
plx_status plx_run_create(const plx_machine *machine, const plx_plan *plan, const plx_layout *layout, plx_run **out,
                          plx_error *err);
void plx_run_free(plx_run *run);

/**
 * Prepares for `values` once: later calls of plx_run_score with the same values do without. For serving; the values
 * must not change while the run is used.
 */
void plx_run_freeze(plx_run *run, plx_real *values);
/** By a plan for scoring: fills scores, and with `with_losses` task_losses and task_rows from the rows' labels. */
void plx_run_score(plx_run *run, plx_real *values, const plx_batch *batch, bool with_losses);
/** By a plan for training, with run->seed, run->step, run->task_weights: fills gradient, task_losses and task_rows. */
void plx_run_step(plx_run *run, plx_real *values, const plx_batch *batch);

/** The node's value of the batch before, of a plain plan without a pool, whose batch had one tile; at NULL where the
 * plan does not make it. Row r begins at at + r * stride. */
plx_view plx_run_value(const plx_run *run, const plx_node *node);

/* -- For ops --------------------------------------------------------------------------------------------------- */

plx_view plx_tile_value(const plx_tile *tile, const plx_node *node);
plx_view plx_tile_input(const plx_tile *tile, const plx_node *node, int i);
/** The gradient of the node's value for the tile's rows. */
plx_view plx_tile_gradient(const plx_tile *tile, const plx_node *node);
/** Where to put the gradient of input `i`; at NULL where nobody wants it. `*adds`: add to it, else write all of it. */
plx_view plx_tile_input_gradient(const plx_tile *tile, const plx_node *node, int i, bool *adds);
/** The first row of tile `index` in the batch; of tile n_tiles: the number of rows. */
int plx_run_tile_first(const plx_run *run, int index);
/** The node's scratch of these rows: rows * row_numbers numbers, without gaps. */
plx_real *plx_tile_rows(const plx_tile *tile, const plx_node *node);
/** The partial sums of tile `tile_index` [tile_numbers]; other tiles' may be read in joins. */
plx_real *plx_run_tile_numbers(const plx_run *run, const plx_node *node, int tile_index);
/** The node's sums over this chunk's tiles [chunk_numbers], to be written or added to by tile->adds_gradient. */
plx_real *plx_tile_chunk_numbers(const plx_tile *tile, const plx_node *node);
/** Those of all chunks, summed: for finish. */
plx_real *plx_run_summed_numbers(const plx_run *run, const plx_node *node);
/** For joins: the node's row scratch of all rows; needs op->join_reads_rows. */
plx_real *plx_run_rows(const plx_run *run, const plx_node *node);
/** The node's scratch of the run [batch_numbers]. */
plx_real *plx_run_batch_numbers(const plx_run *run, const plx_node *node);
/** Group `group` of the node's p-th parameter, and its gradient of this chunk, to be written or added to by
 * tile->adds_gradient. */
plx_view plx_run_param(const plx_run *run, const plx_node *node, int p, int group);
plx_view plx_tile_param_gradient(const plx_tile *tile, const plx_node *node, int p, int group);
/** Whether anybody wants the gradient of input `i`. */
bool plx_run_wants_gradient(const plx_run *run, const plx_node *node, int i);
/** For joins and finish: group `group` of the final gradient of a parameter, to be written whole. */
plx_view plx_run_param_gradient(const plx_run *run, const plx_node *node, int p, int group);
/** For backward_join: where to say what part `part` of the gradient of a lazy parameter is. */
plx_touched_rows *plx_run_touched(const plx_run *run, const plx_node *node, int p, int part);
/** For joins: the node's gradient of all rows; needs op->join_reads_gradient. */
plx_view plx_run_gradient(const plx_run *run, const plx_node *node);
const plx_node *plx_run_input_node(const plx_run *run, const plx_node *node, int i);

#endif
