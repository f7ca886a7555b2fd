/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of layers for rows. Uses the plain plan, in which every layer has its own memory. */
#include <string.h>

#include "graph/run.h"
#include "model/model.h"
#include "model/training.h"

enum { ROWS = 64 }; /* per call: one tile */

static void copy_out(const plx_view value, int rows, int numbers, float *out)
{
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < numbers; i++)
            out[(size_t)row * (size_t)numbers + (size_t)i] = (float)value.at[row * value.stride + i];
}

static plx_status run_layers(plx_run *run, const plx_model *model, const plx_rows *rows, const plx_node *node,
                             float *out, plx_error *err)
{
    const int numbers = node->shape.groups * node->shape.width;
    for (size_t first = 0; first < rows->n; first += ROWS) {
        const plx_batch batch = {
            .rows = rows, .first = first, .n = (int)(rows->n - first < ROWS ? rows->n - first : ROWS)};
        plx_run_score(run, model->values, &batch, false);
        const plx_view value = plx_run_value(run, node);
        if (!value.at) PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "scoring does not make layer '%s'", node->shown);
        copy_out(value, batch.n, numbers, out + first * (size_t)numbers);
    }
    return PLX_OK;
}

plx_status plx_layer_output(const plx_model *model, const plx_dataset *dataset, const plx_node *node, float *out,
                            plx_error *err)
{
    if (node->op->is_loss) PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "scoring does not make layer '%s'", node->shown);
    PLX_TRY(plx_model_check_encoders(model, dataset->encoders, err));
    PLX_TRY(plx_model_check_weights(model, err));
    const plx_machine *machine = &model->context->machine;
    const plx_plan_options options = {.batch_rows = ROWS, .tile_rows = ROWS, .is_plain = true};
    plx_plan *plan = NULL;
    plx_run *run = NULL;
    plx_status status = plx_plan_create(machine, &model->graph, &options, &plan, err);
    if (!status) status = plx_run_create(machine, plan, dataset->rows.layout, &run, err);
    if (!status) status = run_layers(run, model, &dataset->rows, node, out, err);
    plx_run_free(run);
    plx_plan_free(plan);
    return status;
}
