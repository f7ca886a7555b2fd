/* SPDX-License-Identifier: Apache-2.0 */
/* Learning-rate schedules: a function of the step and, for plateau, of the progress of training. */
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
    double scale;   /* factor of the rate */
    double best;    /* lowest value so far */
    int64_t waited; /* epochs since the lowest value or the last reduction */
} plx_schedule;

void plx_schedule_init(plx_schedule *schedule, const plx_train_spec *spec, int64_t epoch_steps);
/** Registers the state for checkpoints. */
void plx_schedule_list_state(plx_schedule *schedule, plx_state_list *list);
/** The learning rate of step `step`, from 1. */
double plx_schedule_rate(const plx_schedule *schedule, int64_t step);
/** Reports the monitored value of an epoch that ended; lower is better. */
void plx_schedule_epoch(plx_schedule *schedule, double monitored);

#endif
