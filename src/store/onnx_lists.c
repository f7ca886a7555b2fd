/* SPDX-License-Identifier: Apache-2.0 */
/* The items of lists as operators: their order, which are kept, their weights; in doubles, like the encoder. */
#include "store/onnx_lists.h"

#include <float.h>

#include "store/onnx_texts.h"

/* Ranks of items from 1; `is_item` [rows, places]. */
static const char *ranks(plx_onnx *onnx, const char *is_item)
{
    return plx_onnx_axis(onnx, "CumSum", plx_onnx_cast(onnx, is_item, PLX_ONNX_INT64), 1);
}

const char *plx_onnx_gathered(plx_onnx *onnx, const char *items, const char *beside)
{
    if (beside) { /* at least as many places */
        const char *none = plx_onnx_text_of(onnx, "");
        const char *places = plx_onnx_three(onnx, "Where", plx_onnx_is_given(onnx, beside), none, none);
        items = plx_onnx_along(onnx, "Concat", (const char *[]){items, places}, 2, "axis", 1);
    }
    const char *is_item = plx_onnx_is_given(onnx, items), *last = plx_onnx_int(onnx, INT32_MAX);
    const char *order = plx_onnx_three(onnx, "Where", is_item, ranks(onnx, is_item), last);
    const char *width =
        plx_onnx_two(onnx, "Gather", plx_onnx_one(onnx, "Shape", beside ? beside : items), plx_onnx_int(onnx, 1));
    const plx_onnx_attribute attributes[] = {{.name = "axis", .kind = PLX_ONNX_INT, .number = 1},
                                             {.name = "largest", .kind = PLX_ONNX_INT, .number = 0}};
    const char *outputs[2] = {NULL, NULL};
    plx_onnx_call_of(onnx, &(plx_onnx_call){.op = "TopK",
                                            .inputs = (const char *[]){order, width},
                                            .n_inputs = 2,
                                            .attributes = attributes,
                                            .n_attributes = 2,
                                            .n_outputs = 2,
                                            .outputs = outputs});
    return plx_onnx_along(onnx, "GatherElements", (const char *[]){items, outputs[1]}, 2, "axis", 1);
}

const char *plx_onnx_kept(plx_onnx *onnx, const plx_feature_spec *spec, const char *is_item)
{
    const char *rank = ranks(onnx, is_item), *most = plx_onnx_int(onnx, spec->max_length), *is_kept;
    if (spec->keep == PLX_KEEP_FIRST) {
        is_kept = plx_onnx_two(onnx, "LessOrEqual", rank, most);
    } else {
        const char *n = plx_onnx_axis(onnx, "ReduceMax", rank, 1);
        is_kept = plx_onnx_two(onnx, "Greater", rank, plx_onnx_two(onnx, "Sub", n, most));
    }
    return plx_onnx_two(onnx, "And", is_item, is_kept);
}

/* -- Weights ------------------------------------------------------------------------------------------------------ */

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
