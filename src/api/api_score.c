/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and figures of rows in memory, files and streams. */
#include "model/model.h"
#include "model/scoring.h"
#include "plexus.h"

plx_status plx_model_predict(const plx_model *model, const plx_dataset *dataset, float *scores, plx_error *err)
{
    if (!model || !dataset || !scores) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, dataset and scores must not be NULL");
    PLX_TRY(plx_model_check_encoders(model, dataset->encoders, err));
    return plx_model_score(model, &dataset->rows, scores, err);
}

static plx_status evaluate_part(const plx_model *model, const plx_data *data, plx_part part, plx_weighting weighting,
                                const double *given, plx_metrics *metrics, plx_error *err)
{
    static const char *const names[PLX_PARTS] = {"train", "validation", "test"};
    if (!model || !data || !metrics) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, data and metrics must not be NULL");
    if (part < PLX_PART_TRAIN || part > PLX_PART_TEST) PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no part %d", part);
    if (data->parts[part].n == 0) {
        PLX_FAIL(err, PLX_ERR_SCHEMA, "part '%s' has no rows: name files or a share for it in section 'data'",
                 names[part]);
    }
    PLX_TRY(plx_model_check_encoders(model, data->encoders, err));
    return plx_model_evaluate_rows(model, &data->parts[part], weighting, given, metrics, err);
}

static plx_status evaluate_dataset(const plx_model *model, const plx_dataset *dataset, plx_weighting weighting,
                                   const double *given, plx_metrics *metrics, plx_error *err)
{
    if (!model || !dataset || !metrics) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model, dataset and metrics must not be NULL");
    if (dataset->rows.n == 0) PLX_FAIL(err, PLX_ERR_SCHEMA, "there are no rows to evaluate");
    PLX_TRY(plx_model_check_encoders(model, dataset->encoders, err));
    return plx_model_evaluate_rows(model, &dataset->rows, weighting, given, metrics, err);
}

plx_status plx_model_evaluate(const plx_model *model, const plx_data *data, plx_part part, plx_metrics *metrics,
                              plx_error *err)
{
    return evaluate_part(model, data, part, PLX_WEIGHTED_ONE, NULL, metrics, err);
}

plx_status plx_model_evaluate_weighted(const plx_model *model, const plx_data *data, plx_part part,
                                       const double *weights, plx_metrics *metrics, plx_error *err)
{
    return evaluate_part(model, data, part, weights ? PLX_WEIGHTED_GIVEN : PLX_WEIGHTED_AS_LOSS, weights, metrics, err);
}

plx_status plx_model_evaluate_dataset(const plx_model *model, const plx_dataset *dataset, plx_metrics *metrics,
                                      plx_error *err)
{
    return evaluate_dataset(model, dataset, PLX_WEIGHTED_ONE, NULL, metrics, err);
}

plx_status plx_model_evaluate_dataset_weighted(const plx_model *model, const plx_dataset *dataset,
                                               const double *weights, plx_metrics *metrics, plx_error *err)
{
    return evaluate_dataset(model, dataset, weights ? PLX_WEIGHTED_GIVEN : PLX_WEIGHTED_AS_LOSS, weights, metrics, err);
}

static plx_status check_source(const plx_row_source *from, plx_error *err)
{
    if (from->stream || (from->paths && from->n_paths > 0)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "paths or the stream is NULL, or there is no path");
}

static plx_status predict(const plx_model *model, const plx_row_source *from, plx_scores_taker *take, void *user,
                          plx_files_report *report, plx_error *err)
{
    if (!model || !take) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model or take is NULL");
    PLX_TRY(check_source(from, err));
    return plx_model_predict_source(model, from, take, user, report, err);
}

plx_status plx_model_predict_files(const plx_model *model, const char *const *paths, int n_paths,
                                   plx_scores_taker *take, void *user, plx_files_report *report, plx_error *err)
{
    return predict(model, &(plx_row_source){.paths = paths, .n_paths = n_paths}, take, user, report, err);
}

plx_status plx_model_predict_arrow(const plx_model *model, struct ArrowArrayStream *stream, plx_scores_taker *take,
                                   void *user, plx_error *err)
{
    return predict(model, &(plx_row_source){.stream = stream}, take, user, NULL, err);
}

plx_status plx_model_predict_rows(const plx_model *model, const char *const *paths, int n_paths,
                                  const char *const *columns, int n_columns, plx_rows_taker *take, void *user,
                                  plx_files_report *report, plx_error *err)
{
    const plx_row_source from = {.paths = paths, .n_paths = n_paths};
    if (!model || !take) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model or take is NULL");
    if (n_columns < 0 || (n_columns > 0 && !columns)) PLX_FAIL(err, PLX_ERR_ARGUMENT, "columns is NULL");
    PLX_TRY(check_source(&from, err));
    return plx_model_predict_kept(model, &from, columns, n_columns, take, user, report, err);
}

static plx_status evaluate(const plx_model *model, const plx_row_source *from, plx_weighting weighting,
                           plx_metrics *metrics, plx_files_report *report, plx_error *err)
{
    if (!model || !metrics) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model or metrics is NULL");
    PLX_TRY(check_source(from, err));
    return plx_model_evaluate_source(model, from, weighting, metrics, report, err);
}

plx_status plx_model_evaluate_files(const plx_model *model, const char *const *paths, int n_paths, plx_metrics *metrics,
                                    plx_files_report *report, plx_error *err)
{
    const plx_row_source from = {.paths = paths, .n_paths = n_paths};
    return evaluate(model, &from, PLX_WEIGHTED_ONE, metrics, report, err);
}

plx_status plx_model_evaluate_files_weighted(const plx_model *model, const char *const *paths, int n_paths,
                                             plx_metrics *metrics, plx_files_report *report, plx_error *err)
{
    const plx_row_source from = {.paths = paths, .n_paths = n_paths};
    return evaluate(model, &from, PLX_WEIGHTED_AS_LOSS, metrics, report, err);
}

plx_status plx_model_evaluate_arrow(const plx_model *model, struct ArrowArrayStream *stream, plx_metrics *metrics,
                                    plx_error *err)
{
    return evaluate(model, &(plx_row_source){.stream = stream}, PLX_WEIGHTED_ONE, metrics, NULL, err);
}

plx_status plx_model_evaluate_arrow_weighted(const plx_model *model, struct ArrowArrayStream *stream,
                                             plx_metrics *metrics, plx_error *err)
{
    return evaluate(model, &(plx_row_source){.stream = stream}, PLX_WEIGHTED_AS_LOSS, metrics, NULL, err);
}
