/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules. Steps are counted from the end of the warm-up; the formulae are those of PyTorch's schedulers of the same
 * names and of Keras' CosineDecay, ExponentialDecay and ReduceLROnPlateau.
 */
#include "train/schedule.h"

#include <math.h>

const char *const plx_schedule_names[] = {"constant", "step", "exponential", "cosine", "plateau", NULL};

static const double PI = 3.14159265358979323846;

void plx_schedule_init(plx_schedule *schedule, const plx_train_spec *spec, int64_t epoch_steps)
{
    *schedule = (plx_schedule){.spec = spec, .epoch_steps = epoch_steps, .scale = 1, .best = INFINITY};
}

void plx_schedule_list_state(plx_schedule *schedule, plx_state_list *list)
{
    plx_state_add_doubles(list, "schedule/scale", &schedule->scale, 1);
    plx_state_add_doubles(list, "schedule/best", &schedule->best, 1);
    plx_state_add_integers(list, "schedule/waited", &schedule->waited, 1);
}

/** How far the rate has decayed at step `t` after the warm-up, from 0: 0 at the highest rate, 1 at the lowest. */
static double cosine(const plx_schedule *schedule, int64_t t)
{
    const plx_train_spec *spec = schedule->spec;
    int64_t steps = spec->schedule_steps;
    if (steps == 0) steps = spec->epochs * schedule->epoch_steps - spec->warmup_steps;
    const double share = t < steps ? (double)t / (double)steps : 1;
    return spec->min_learning_rate + (spec->learning_rate - spec->min_learning_rate) * (1 + cos(PI * share)) / 2;
}

double plx_schedule_rate(const plx_schedule *schedule, int64_t step)
{
    const plx_train_spec *spec = schedule->spec;
    const int64_t t = step - 1 - spec->warmup_steps;
    const double period = (double)(spec->schedule_steps > 0 ? spec->schedule_steps : schedule->epoch_steps);
    double rate = spec->learning_rate;
    if (t < 0) return rate * schedule->scale * (double)step / (double)spec->warmup_steps;
    switch ((plx_schedule_kind)spec->schedule) {
    case PLX_SCHEDULE_CONSTANT:
        return rate;
    case PLX_SCHEDULE_STEP:
        rate *= pow(spec->schedule_factor, floor((double)t / period));
        break;
    case PLX_SCHEDULE_EXPONENTIAL:
        rate *= pow(spec->schedule_factor, (double)t / period);
        break;
    case PLX_SCHEDULE_COSINE:
        return cosine(schedule, t);
    case PLX_SCHEDULE_PLATEAU:
        rate *= schedule->scale;
        break;
    }
    return fmax(rate, spec->min_learning_rate);
}

void plx_schedule_epoch(plx_schedule *schedule, double monitored)
{
    const plx_train_spec *spec = schedule->spec;
    if (spec->schedule != PLX_SCHEDULE_PLATEAU) return;
    if (monitored < schedule->best - spec->min_delta) {
        schedule->best = monitored;
        schedule->waited = 0;
    } else if (++schedule->waited >= spec->schedule_patience) {
        schedule->scale *= spec->schedule_factor;
        schedule->waited = 0;
    }
}
