/* SPDX-License-Identifier: Apache-2.0 */
/* A frozen copy of a model for serving, shared by threads. */
#ifndef PLX_PREDICTOR_H
#define PLX_PREDICTOR_H

#include "model/handles.h"

plx_status plx_predictor_make(const plx_model *model, plx_predictor **out, plx_error *err);
/** NULL is valid. */
void plx_predictor_destroy(plx_predictor *predictor);
/** `scores` [rows, n_outputs]. Allocates only if more calls run concurrently than ever before. */
plx_status plx_predictor_run(plx_predictor *predictor, const plx_column *columns, int n_columns, size_t rows,
                             float *scores, plx_error *err);
/** Non-empty unknown cells so far, over all threads. */
int64_t plx_predictor_n_unknown(const plx_predictor *predictor);

#endif
