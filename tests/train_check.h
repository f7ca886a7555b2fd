/* SPDX-License-Identifier: Apache-2.0 */
/* The first mistake in section `train`, as an error. */
#ifndef TRAIN_CHECK_H
#define TRAIN_CHECK_H

#include "train/train.h"

static inline plx_status train_check(const plx_train_spec *spec, plx_error *err)
{
    plx_error first;
    plx_problems problems = plx_problems_first(&first);
    plx_train_check(spec, &problems);
    return plx_problem_status(&first, err);
}

#endif
