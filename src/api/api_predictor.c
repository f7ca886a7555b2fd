/* SPDX-License-Identifier: Apache-2.0 */
/* Predictors. */
#include "model/predictor.h"
#include "plexus.h"

plx_status plx_predictor_create(const plx_model *model, plx_predictor **out, plx_error *err)
{
    if (!model || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and out must not be NULL");
    *out = NULL;
    return plx_predictor_make(model, out, err);
}

void plx_predictor_free(plx_predictor *predictor)
{
    plx_predictor_destroy(predictor);
}

int64_t plx_predictor_unknown(const plx_predictor *predictor)
{
    return predictor ? plx_predictor_n_unknown(predictor) : 0;
}

plx_status plx_predictor_score(const plx_predictor *predictor, const plx_column *columns, int n_columns, int64_t rows,
                               float *scores, plx_error *err)
{
    if (!predictor || n_columns < 0 || (n_columns > 0 && !columns) || (rows > 0 && !scores)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "predictor, columns or scores is NULL");
    }
    if (rows < 0 || rows > UINT32_MAX) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "rows is %lld; take 0 to 4294967295", (long long)rows);
    }
    /* Workspaces change slots, and a count changes: nothing visible to the caller. */
    return plx_predictor_run((plx_predictor *)predictor, columns, n_columns, (size_t)rows, scores, err);
}
