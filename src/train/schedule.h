/* SPDX-License-Identifier: Apache-2.0 */
/* The learning rate as a function of the step, and what training has shown so far. */
#ifndef PLX_SCHEDULE_H
#define PLX_SCHEDULE_H

#include "train/train.h"

/** Values of train.schedule. */
typedef enum plx_schedule_kind {
    PLX_SCHEDULE_CONSTANT,
    PLX_SCHEDULE_STEP,
    PLX_SCHEDULE_EXPONENTIAL,
    PLX_SCHEDULE_COSINE,
    PLX_SCHEDULE_PLATEAU
} plx_schedule_kind;

extern const char *const plx_schedule_names[];

typedef struct plx_schedule {
    const plx_train_spec *spec; /* borrowed */
    int64_t epoch_steps;
    /* Of plateau. */
    double scale;   /* what is left of the rate */
    double best;    /* lowest value so far */
    int64_t waited; /* epochs without a lower one, since the last or the last reduction */
} plx_schedule;

void plx_schedule_init(plx_schedule *schedule, const plx_train_spec *spec, int64_t epoch_steps);
/** Adds what later steps depend on. */
void plx_schedule_keep(plx_schedule *schedule, plx_kept_list *list);
/** The learning rate of step `step` of training, which counts from 1. */
double plx_schedule_rate(const plx_schedule *schedule, int64_t step);
/** Tells the value of an epoch that ended; lower is better. */
void plx_schedule_epoch(plx_schedule *schedule, double monitored);

#endif
