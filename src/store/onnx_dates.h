/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of dates as operators of ONNX. */
#ifndef PLX_ONNX_DATES_H
#define PLX_ONNX_DATES_H

#include "store/onnx_graph.h"

/** The id of a part of a date that is one (plx_date_part), from whole seconds since 1970-01-01 UTC: int64 of their
 * shape. */
const char *plx_onnx_date_part(plx_onnx *onnx, int part, const char *seconds);

#endif
