/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of lazy tables update only the rows that a batch touched, so a step takes as long with ten million rows as with
 * ten thousand. A touched row gets the optimizer's usual step. A row that the batch does not touch does not change: its
 * moments do not decay, and the regulariser does not pull it towards 0.
 */
#ifndef PLX_TABLE_UPDATE_H
#define PLX_TABLE_UPDATE_H

#include "base/arena.h"
#include "base/machine.h"
#include "graph/run.h"
#include "train/optimizer.h"
#include "train/state_list.h"

typedef struct plx_table_update {
    plx_machine machine;
    plx_arena arena;        /* the arrays but the slots */
    const plx_graph *graph; /* borrowed, like the next */
    const plx_train_spec *spec;
    double l2;
    const plx_optimizer *optimizer; /* the step of a row; NULL: row-wise Adagrad */
    const plx_param **tables;       /* [n_tables] */
    int n_tables;
    size_t first, n; /* numbers of the tables in the block */
    size_t n_slot;   /* numbers of a slot: n, or one per row */
    int n_slots;
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX]; /* [n_slot] each */
    size_t *first_rows;                       /* [n_tables] total rows of the preceding tables */
    double *penalties;                        /* [n_tables, PLX_TOUCHED_PARTS] of the call in hand */
    double *squares;   /* [n_tables, PLX_TOUCHED_PARTS] norms of the rows' gradients; NULL: no clipping */
    plx_real *factors; /* [n_tables] factors of the gradients */

    /* Of the current call. */
    plx_real *values;
    const plx_touched_rows *touched;
    plx_real rate, decay;
} plx_table_update;

/** Whether `name` is an optimizer of lazy tables: `rowwise_adagrad`, or `lazy_` and the name of an optimizer. */
bool plx_table_optimizer_is_known(const char *name);

/** `l2`: the factor of the embedding tables' regulariser. Without lazy tables nothing is allocated and steps do
 * nothing. */
plx_status plx_table_update_init(plx_table_update *update, const plx_machine *machine, const plx_graph *graph,
                                 const plx_train_spec *spec, double l2, plx_error *err);
void plx_table_update_release(plx_table_update *update);
/** Registers the slots for checkpoints. */
void plx_table_update_list_state(plx_table_update *update, plx_state_list *list);
/** The name of a table with a number in the optimizer's state that is not finite; NULL: none. */
const char *plx_table_update_not_finite(const plx_table_update *update);
/**
 * Step `step`, which counts from 1; the gradients in `touched` [n_lazy, PLX_TOUCHED_PARTS] are used up. Returns the
 * regulariser's loss of the touched rows before the step.
 */
double plx_table_update_step(plx_table_update *update, plx_real *values, const plx_touched_rows *touched,
                             double learning_rate, int64_t step);

#endif
