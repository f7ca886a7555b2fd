/* SPDX-License-Identifier: Apache-2.0 */
/* Models as files: the library's own format (docs/format.md), which can be loaded, and ONNX. */
#ifndef PLX_STORE_H
#define PLX_STORE_H

#include "model/handles.h"

/** Writes the file, atomically. PLX_ERR_NUMERIC: a weight is not finite. */
plx_status plx_model_write(const plx_model *model, const char *path, plx_error *err);
/** PLX_ERR_FORMAT: truncated, corrupted, or no model file; PLX_ERR_UNSUPPORTED: of a later version. */
plx_status plx_model_read(plx_context *context, const char *path, plx_model **out, plx_error *err);

/** Like plx_model_export_onnx; `options` and `report` may be NULL. */
plx_status plx_model_write_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                plx_onnx_report *report, plx_error *err);

#endif
