/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entire-space model (Ma et al., SIGIR 2018): the first task is the click, the second click and conversion; two towers
 * share the tables, pCTCVR = pCTR * pCVR, and both losses run over all rows.
 */
#include "networks/blocks.h"
#include "networks/features.h"

static const plx_field fields[] = {PLX_MODEL_FIELDS_COMMON};
static const size_t n_fields = sizeof fields / sizeof *fields;

static plx_ref logit_of(plx_graph *graph, const plx_build *build, int task, plx_ref x)
{
    const int outside = plx_task_scope(graph, task);
    plx_ref logit = plx_logit(graph, plx_tower(graph, build, task, x), 1);
    plx_scope_leave(graph, outside);
    return logit;
}

static void build_esmm(plx_graph *graph, const plx_build *build, plx_task_output *outputs)
{
    plx_ref x = plx_features(graph, build);
    plx_ref click = logit_of(graph, build, 0, x), conversion = logit_of(graph, build, 1, x);

    plx_ref p_click = plx_sigmoid(graph, click);
    plx_ref p_both = plx_multiply(graph, p_click, plx_sigmoid(graph, conversion));
    outputs[0] = (plx_task_output){p_click, plx_loss_node(graph, 0, click, &plx_loss_binary, 0)};
    outputs[1] = (plx_task_output){p_both, plx_pair_loss(graph, 1, click, conversion)};
}

const plx_model_def plx_model_esmm = {
    .name = "esmm",
    .title = "ESMM",
    .summary = "the probability of a click, and that of a click with conversion as a product of two, over all rows",
    .fields = fields,
    .n_fields = &n_fields,
    .tasks_min = 2,
    .tasks_max = 2,
    .needs_binary = true,
    .build = build_esmm,
};
