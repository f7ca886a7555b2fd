/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as ONNX operators: splitting, numbers, and trimming, for which ONNX has no operator. */
#ifndef PLX_ONNX_TEXTS_H
#define PLX_ONNX_TEXTS_H

#include "store/onnx_graph.h"

/**
 * Splits texts at a separator: adds a dimension, padded with empty texts. Part 0 is empty, so that no dimension is 0
 * and a separator such as "::" is found from the left. `counts` (may be NULL): the number of parts, with part 0.
 */
const char *plx_onnx_split(plx_onnx *onnx, const char *texts, const char *separator, const char **counts);

/** Part `i` of texts [rows, places] that were split. */
const char *plx_onnx_part(plx_onnx *onnx, const char *parts, int64_t i);

/** Whether texts are not empty. */
const char *plx_onnx_is_given(plx_onnx *onnx, const char *texts);

/**
 * Texts [rows, places] without blanks and tabs around them, as plx_slice_trim does it. A text with more blanks or tabs
 * inside than every text of `known` has becomes a blank; `known` NULL: with any inside.
 */
const char *plx_onnx_trimmed(plx_onnx *onnx, const char *texts, const plx_dictionary *known);

/**
 * The numbers in texts, as texts that Cast reads; a text that is no number becomes the empty text, which Cast refuses:
 * it would read the 1 of "1x". true is 1, false is 0. `has_comma`: the decimal separator is a comma.
 */
const char *plx_onnx_number_texts(plx_onnx *onnx, const char *texts, bool has_comma);

/** Whether plx_onnx_trimmed can be used with `known`: its tensors grow with the blanks in a text. */
bool plx_onnx_can_trim(const plx_dictionary *known);

#endif
