/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over all parameters per step: regularisers and the optimizer together, while the numbers are in the cache.
 * The block is split into spans of fixed length, each a job, so results do not depend on the number of threads.
 */
#ifndef PLX_UPDATE_H
#define PLX_UPDATE_H

#include "base/arena.h"
#include "base/machine.h"
#include "graph/graph.h"
#include "kernels/kernels.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/state_list.h"

/** Numbers with the same treatment: rows of `cols` numbers, stride apart; adjacent ones have been merged. */
typedef struct plx_band {
    size_t offset, stride, rows, cols;
    double l2;
} plx_band;

/** In ascending order of offset. */
typedef struct plx_bands {
    plx_band *items;
    size_t n;
} plx_bands;

typedef struct plx_update {
    plx_machine machine;
    plx_arena arena;                /* the arrays but the slots */
    const plx_optimizer *optimizer; /* borrowed, like the next */
    const plx_train_spec *spec;
    size_t n; /* numbers of the block */
    int n_spans;
    plx_bands regularised;
    plx_bands decaying;                       /* bands with weight decay; `l2` is unused */
    plx_bands variables;                      /* each clipped by its own norm, not merged; none without that option */
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX]; /* [n] each */
    double *penalties;                        /* [n_spans] of the current call */
    double *squares;                          /* [n_spans] of the gradient; NULL without clipping by norm */
    plx_schedule schedule;
    int64_t step;         /* steps so far */
    double learning_rate; /* of the last step */
    double rate_factor;   /* the caller's factor of the schedule's rate; initially 1 */

    /* Of the current call. */
    plx_real *values, *gradient;
    plx_real rate, decay;
    plx_real shortening, most; /* factor and largest absolute value of the gradient */
} plx_update;

/** `l2` [PLX_L2_KINDS]: the factor of each regulariser; `epoch_steps`: steps of an epoch, for the schedule. */
plx_status plx_update_init(plx_update *update, const plx_machine *machine, const plx_graph *graph,
                           const plx_train_spec *spec, const double l2[PLX_L2_KINDS], int64_t epoch_steps,
                           plx_error *err);
void plx_update_release(plx_update *update);
/** Registers the step count, the optimizer's slots and the schedule's state for checkpoints. */
void plx_update_list_state(plx_update *update, plx_state_list *list);

/** One step; `gradient` is used up. Returns the regularisers' loss of the values before the step. */
double plx_update_step(plx_update *update, plx_real *values, plx_real *gradient);
/** The name of a parameter with a number in the optimizer's state that is not finite; NULL: none. */
const char *plx_update_not_finite(const plx_update *update, const plx_graph *graph);
/** The regularisers' loss only; `gradient` [n] is scratch. */
double plx_update_penalty(plx_update *update, plx_real *values, plx_real *gradient);

#endif
