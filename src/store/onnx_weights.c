/* SPDX-License-Identifier: Apache-2.0 */
/* Scales the weights of list items, as operators; in doubles, like the encoder. */
#include <float.h>

#include "store/onnx_network.h"

/* Divides by the sum of their magnitudes, in doubles like the encoder; weights that are all 0 stay. */
static const char *normalized(plx_onnx *onnx, const char *weights)
{
    weights = plx_onnx_cast(onnx, weights, PLX_ONNX_DOUBLE);
    const char *sum = plx_onnx_axis(onnx, "ReduceSum", plx_onnx_one(onnx, "Abs", weights), 1);
    const char *is_zero = plx_onnx_two(onnx, "Equal", sum, plx_onnx_double(onnx, 0));
    const char *divisor = plx_onnx_three(onnx, "Where", is_zero, plx_onnx_double(onnx, 1), sum);
    return plx_onnx_cast(onnx, plx_onnx_two(onnx, "Div", weights, divisor), PLX_ONNX_FLOAT);
}

/* Their softmax over the kept items, in doubles; `divides`: divided by the number of kept items. */
static const char *softmax(plx_onnx *onnx, const char *weights, const char *is_kept, bool divides)
{
    const char *there = plx_onnx_cast(onnx, is_kept, PLX_ONNX_DOUBLE);
    const char *count = plx_onnx_axis(onnx, "ReduceSum", there, 1);
    const char *least = plx_onnx_double(onnx, -DBL_MAX), *one = plx_onnx_double(onnx, 1);
    weights = plx_onnx_three(onnx, "Where", is_kept, plx_onnx_cast(onnx, weights, PLX_ONNX_DOUBLE), least);
    const char *greatest = plx_onnx_axis(onnx, "ReduceMax", weights, 1);
    const char *powers = plx_onnx_one(onnx, "Exp", plx_onnx_two(onnx, "Sub", weights, greatest));
    powers = plx_onnx_two(onnx, "Mul", powers, there);
    const char *sum = plx_onnx_two(onnx, "Max", plx_onnx_axis(onnx, "ReduceSum", powers, 1), one); /* at least 1 */
    weights = plx_onnx_two(onnx, "Div", powers, sum);
    if (divides) weights = plx_onnx_two(onnx, "Div", weights, plx_onnx_two(onnx, "Max", count, one));
    return plx_onnx_cast(onnx, weights, PLX_ONNX_FLOAT);
}

const char *plx_onnx_weights(plx_onnx *onnx, const plx_feature_spec *spec, const char *weights, const char *is_kept)
{
    if (spec->normalize_weights == PLX_WEIGHTS_PLAIN) return weights;
    if (spec->normalize_weights == PLX_WEIGHTS_BY_SUM) return normalized(onnx, weights);
    return softmax(onnx, weights, is_kept, spec->normalize_weights == PLX_WEIGHTS_SOFTMAX_MEAN);
}
