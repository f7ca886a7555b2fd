/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over all parameters a step: regularisers and the optimizer together, while the numbers lie in the cache. The
 * block is cut into spans of fixed length, each a job, so results do not depend on the number of threads.
 */
#ifndef PLX_UPDATE_H
#define PLX_UPDATE_H

#include "base/arena.h"
#include "base/machine.h"
#include "graph/graph.h"
#include "kernels/kernels.h"
#include "train/kept.h"
#include "train/optimizer.h"
#include "train/schedule.h"

/** Numbers that are treated alike: rows of `cols` numbers, stride apart; what lies side by side has been joined. */
typedef struct plx_band {
    size_t offset, stride, rows, cols;
    double l2;
} plx_band;

/** By rising offset. */
typedef struct plx_bands {
    plx_band *items;
    size_t n;
} plx_bands;

typedef struct plx_update {
    plx_machine machine;
    plx_arena arena;                /* the arrays but the slots */
    const plx_optimizer *optimizer; /* borrowed, as the next */
    const plx_train_spec *spec;
    size_t n; /* numbers of the block */
    int n_spans;
    plx_bands regularised;
    plx_bands decaying;                       /* where the optimizer decays weights; `l2` means nothing */
    plx_bands variables;                      /* each clipped by its own norm, not joined; none where that is off */
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX]; /* [n] each */
    double *penalties;                        /* [n_spans] of the call in hand */
    double *squares;                          /* [n_spans] of the gradient; NULL where its norm is not clipped */
    plx_schedule schedule;
    int64_t step;         /* steps made */
    double learning_rate; /* of the last step */
    double rate_factor;   /* that the caller multiplies the schedule's rate by; 1 at first */

    /* Of the call in hand. */
    plx_real *values, *gradient;
    plx_real rate, decay;
    plx_real shortening, most; /* what the gradient is multiplied by, and the largest number that it may have */
} plx_update;

/** `l2` [PLX_L2_KINDS]: the factor of each regulariser; `epoch_steps`: steps of an epoch, for the schedule. */
plx_status plx_update_init(plx_update *update, const plx_machine *machine, const plx_graph *graph,
                           const plx_train_spec *spec, const double l2[PLX_L2_KINDS], int64_t epoch_steps,
                           plx_error *err);
void plx_update_release(plx_update *update);
/** Adds the steps made, the optimizer's slots and the schedule's state: all that later steps depend on. */
void plx_update_keep(plx_update *update, plx_kept_list *list);

/** One step; `gradient` is used up. Returns the regularisers' loss of the values before the step. */
double plx_update_step(plx_update *update, plx_real *values, plx_real *gradient);
/** The name of a parameter of which the optimizer holds a number that is not finite; NULL: there is none. */
const char *plx_update_not_finite(const plx_update *update, const plx_graph *graph);
/** The regularisers' loss alone; `gradient` [n] is scratch. */
double plx_update_penalty(plx_update *update, plx_real *values, plx_real *gradient);

#endif
