/* SPDX-License-Identifier: Apache-2.0 */
/* Saves and loads models. */
#include "api/structs.h"
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
    plx_onnx_options given;
    plx_onnx_report own;
    if (!model || !path) PLX_FAIL(err, PLX_ERR_ARGUMENT, "model and path must not be NULL");
    PLX_TRY(plx_struct_read(&given, sizeof given, options, "plx_onnx_options", err));
    PLX_TRY(plx_struct_begin(&own, sizeof own, report, "plx_onnx_report", err));
    PLX_TRY(plx_model_write_onnx(model, path, &given, &own, err));
    plx_struct_write(report, &own, sizeof own);
    return PLX_OK;
}
