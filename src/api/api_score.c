/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and metrics. */
#include "api/structs.h"
#include "model/scoring.h"
#include "plexus.h"

static plx_status check_evaluation(const plx_evaluation *how, plx_error *err)
{
    if (!!how->data + !!how->dataset + !!how->source != 1)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "give one of data, dataset and source to be evaluated");
    if (how->part < PLX_PART_TRAIN || how->part > PLX_PART_TEST)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no part %d", how->part);
    if (how->weights && how->loss_weights)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "rows count either the weights that are given or those of their losses");
    if (how->weights && how->source && !how->source->columns)
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "weights cannot be given for files and streams, whose rows are not known: name "
                 "columns of weights in the configuration and set loss_weights");
    return PLX_OK;
}

plx_status plx_model_evaluate(const plx_model *model, const plx_evaluation *evaluation, plx_metrics *metrics,
                              plx_read_report *report, plx_error *err)
{
    plx_evaluation how;
    plx_source source;
    plx_read_report own;
    if (!model || !evaluation || !metrics)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, evaluation and metrics must not be NULL");
    PLX_TRY(plx_struct_read(&how, sizeof how, evaluation, "plx_evaluation", err));
    if (how.source) {
        PLX_TRY(plx_source_read(&source, how.source, "source", err));
        how.source = &source;
    }
    PLX_TRY(check_evaluation(&how, err));
    PLX_TRY(plx_struct_begin(&own, sizeof own, report, "plx_read_report", err));
    plx_status status = plx_evaluate(model, &how, metrics, &own, err);
    plx_struct_write(report, &own, sizeof own);
    return status;
}

static plx_status check_prediction(const plx_prediction *what, plx_error *err)
{
    const bool is_stored = what->dataset || what->source->columns;
    if (!!what->scores + !!what->take != 1) PLX_FAIL(err, PLX_ERR_ARGUMENT, "give one of scores and take");
    if (what->scores && !is_stored)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "the rows of files and streams are not known: give take in place of scores");
    if (what->n_columns < 0 || (what->n_columns > 0 && !what->columns))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "columns is NULL, or n_columns is below 0");
    if (is_stored && (what->n_columns || what->all_rows))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "only cells and invalid rows of files and streams can be kept");
    return PLX_OK;
}

plx_status plx_model_predict(const plx_model *model, const plx_prediction *prediction, plx_read_report *report,
                             plx_error *err)
{
    plx_prediction what;
    plx_source source;
    plx_read_report own;
    if (!model || !prediction) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and prediction must not be NULL");
    PLX_TRY(plx_struct_read(&what, sizeof what, prediction, "plx_prediction", err));
    if (!what.dataset == !what.source) PLX_FAIL(err, PLX_ERR_ARGUMENT, "give one of dataset and source to be scored");
    if (what.source) {
        PLX_TRY(plx_source_read(&source, what.source, "source", err));
        what.source = &source;
    }
    PLX_TRY(check_prediction(&what, err));
    PLX_TRY(plx_struct_begin(&own, sizeof own, report, "plx_read_report", err));
    plx_status status = plx_predict(model, &what, &own, err);
    plx_struct_write(report, &own, sizeof own);
    return status;
}
