/* SPDX-License-Identifier: Apache-2.0 */
/* A task's figures for the caller. */
#include "model/scoring.h"

void plx_metrics_set(plx_metrics *metrics, const plx_model *model, int task, const plx_score *score)
{
#define COPY_MEMBER(member, shown, fits, which, text) .member = score->member,
    *metrics = (plx_metrics){
        .task = model->task_names[task],
        .kind = model->task_kinds[task],
        .rows = score->rows,
        .positives = score->positives,
        .groups = score->groups,
        .groups_counted = score->groups_counted,
        PLX_METRIC_LIST(COPY_MEMBER) /* all figures */
    };
#undef COPY_MEMBER
}
