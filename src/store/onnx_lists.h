/* SPDX-License-Identifier: Apache-2.0 */
/* The items of lists as ONNX operators; values are [rows, items]. */
#ifndef PLX_ONNX_LISTS_H
#define PLX_ONNX_LISTS_H

#include "data/spec.h"
#include "store/onnx_graph.h"

/** Moves the texts that are not empty to the front, in their order. `beside` (may be NULL): texts whose number of
 * places the result gets. */
const char *plx_onnx_gathered(plx_onnx *onnx, const char *items, const char *beside);

/** Which of the items are kept: at most max_length. */
const char *plx_onnx_kept(plx_onnx *onnx, const plx_feature_spec *spec, const char *is_item);

/** The weights [rows, items] of a list for the network, 0 where `is_kept` is false. */
const char *plx_onnx_weights(plx_onnx *onnx, const plx_feature_spec *spec, const char *weights, const char *is_kept);

#endif
