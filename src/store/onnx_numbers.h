/* SPDX-License-Identifier: Apache-2.0 */
/* Preprocessing of numbers as operators of ONNX, for dense features and buckets. */
#ifndef PLX_ONNX_NUMBERS_H
#define PLX_ONNX_NUMBERS_H

#include "data/feature_dense.h"
#include "store/onnx_graph.h"

/** The number of ascending numbers `sorted` [n] at or below each of x [rows, 1]: int64 [rows, 1]; 0 for NaN. */
const char *plx_onnx_count_below(plx_onnx *onnx, const double *sorted, int n, const char *x);
/** The result of the `n` encoders for their raw matrix: float. Several encoders have no transform, knots or
 * indicators. */
plx_status plx_onnx_numbers(plx_onnx *onnx, const plx_dense_encoder *const *dense, int n, const char *raw,
                            const char **out, plx_error *err);

#endif
