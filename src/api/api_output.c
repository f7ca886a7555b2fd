/* SPDX-License-Identifier: Apache-2.0 */
/* The library's file writer, for callers. */
#include "base/file.h"
#include "model/handles.h"
#include "plexus.h"

struct plx_output {
    plx_allocator allocator;
    plx_writer writer;
};

plx_status plx_output_create(plx_context *context, const char *path, plx_output **out, plx_error *err)
{
    if (!out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (!context || !path || !path[0])
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "context and path must not be NULL, nor the path empty");
    plx_output *output = plx_alloc_zero(&context->allocator, 1, sizeof *output);
    if (!output) return plx_error_memory(err);
    output->allocator = context->allocator;
    plx_status status = plx_writer_init(&output->writer, &output->allocator, path, err);
    if (status == PLX_OK)
        *out = output;
    else
        plx_free(&context->allocator, output);
    return status;
}

bool plx_output_add(plx_output *output, const void *bytes, size_t length)
{
    if (!output) return false;
    plx_writer_add(&output->writer, bytes, length);
    return output->writer.failure.code == PLX_OK;
}

plx_status plx_output_commit(plx_output *output, plx_error *err)
{
    if (!output) PLX_FAIL(err, PLX_ERR_ARGUMENT, "output is NULL");
    return plx_writer_commit(&output->writer, err);
}

const char *plx_output_temporary(const plx_output *output)
{
    return output && output->writer.temporary[0] ? output->writer.temporary : NULL;
}

void plx_output_free(plx_output *output)
{
    if (!output) return;
    const plx_allocator allocator = output->allocator;
    plx_writer_release(&output->writer);
    plx_free(&allocator, output);
}
