/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as operators of ONNX: what becomes of those that dense features and buckets read. */
#ifndef PLX_ONNX_NUMBERS_H
#define PLX_ONNX_NUMBERS_H

#include "data/feature_dense.h"
#include "store/onnx_graph.h"

/** How many of the rising numbers `sorted` [n] lie at or below each of x [rows, 1]: int64 [rows, 1]; 0 for NaN. */
const char *plx_onnx_count_below(plx_onnx *onnx, const double *sorted, int n, const char *x);
/** What the `n` encoders make of their raw matrix: float. Several have neither transform, knots nor indicators. */
plx_status plx_onnx_numbers(plx_onnx *onnx, const plx_dense_encoder *const *dense, int n, const char *raw,
                            const char **out, plx_error *err);

#endif
