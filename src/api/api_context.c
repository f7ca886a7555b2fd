/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts, versions and functions without another handle. */
#include "api/structs.h"
#include "files/parquet.h"
#include "model/handles.h"
#include "plexus.h"

const char *plx_version(void)
{
    return PLX_VERSION;
}

static plx_status check_options(const plx_context_options *options, plx_cpu_level *level, plx_error *err)
{
    if (options->threads < 0) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "threads is %d; take 0 for one a processor, or a positive number",
                 options->threads);
    }
    if (options->cpu_level && !plx_cpu_level_named(options->cpu_level, level)) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "cpu_level '%s' is unknown; there are plain, simd128, avx2 and avx512",
                 options->cpu_level);
    }
    if (options->allocator && !options->allocator->resize) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "the allocator's resize is NULL");
    }
    return PLX_OK;
}

plx_status plx_context_create(const plx_context_options *options, plx_context **out, plx_error *err)
{
    plx_context_options given;
    if (!out) PLX_FAIL(err, PLX_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    PLX_TRY(plx_struct_read(&given, sizeof given, options, "plx_context_options", err));
    options = &given;
    plx_cpu_level level = plx_cpu_best();
    PLX_TRY(check_options(options, &level, err));
    const plx_allocator *allocator = options->allocator ? options->allocator : &plx_allocator_default;
    plx_context *context = plx_alloc_zero(allocator, 1, sizeof *context);
    if (!context) return plx_error_memory(err);
    context->allocator = *allocator;
    context->threads = options->threads > 0 ? options->threads : plx_cpu_count();
    context->machine = (plx_machine){.allocator = &context->allocator, .kernels = plx_kernels_for(level)};
    context->warn = options->warn;
    context->user = options->user;
    context->reading = (plx_reading_hook){options->reading, options->user};
    context->info = (plx_context_info){.threads = context->threads,
                                       .cpu_level = context->machine.kernels->name,
                                       .reads_parquet = plx_parquet_is_readable()};
    *out = context;
    return PLX_OK;
}

void plx_context_free(plx_context *context)
{
    if (!context) return;
    plx_allocator allocator = context->allocator;
    plx_free(&allocator, context);
}

const plx_context_info *plx_context_inspect(const plx_context *context)
{
    return context ? &context->info : NULL;
}

void plx_text_free(plx_context *context, char *text)
{
    if (context) plx_free(&context->allocator, text);
}
