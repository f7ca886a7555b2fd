/* SPDX-License-Identifier: Apache-2.0 */
/* Models to files and back. */
#include "model/store.h"
#include "plexus.h"

plx_status plx_model_save(const plx_model *model, const char *path, plx_error *err)
{
    if (!model || !path) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and path must not be NULL");
    return plx_model_write(model, path, err);
}

plx_status plx_model_load(plx_context *context, const char *path, plx_model **out, plx_error *err)
{
    if (!context || !path || !out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "context, path and out must not be NULL");
    *out = NULL;
    return plx_model_read(context, path, out, err);
}

plx_status plx_model_export_onnx(const plx_model *model, const char *path, const plx_onnx_options *options,
                                 plx_onnx_report *report, plx_error *err)
{
    if (!model || !path) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and path must not be NULL");
    return plx_model_write_onnx(model, path, options, report, err);
}
