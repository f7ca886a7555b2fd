/* SPDX-License-Identifier: Apache-2.0 */
/* Services of a context: warnings and threads. */
#include <stdarg.h>
#include <stdio.h>

#include "graph/plan.h"
#include "model/handles.h"

enum { ROWS_PER_THREAD = 256, ROWS_PER_JOB = 64, JOBS_MIN = 8, NUMBERS_PER_THREAD = 1 << 18 };

void plx_context_warn(const plx_context *context, const char *format, ...)
{
    char line[1024];
    if (!context->warn) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    context->warn(context->user, line);
}

plx_listener plx_context_listener(const plx_context *context)
{
    return (plx_listener){context->warn, context->user};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

plx_status plx_context_pool(const plx_context *context, size_t n_rows, size_t batch_rows, size_t n_moved,
                            plx_pool **out, plx_error *err)
{
    const size_t jobs = batch_rows / ROWS_PER_JOB < PLX_LEAVES_MAX ? batch_rows / ROWS_PER_JOB : PLX_LEAVES_MAX;
    const size_t most = larger(larger(jobs, JOBS_MIN), n_moved / NUMBERS_PER_THREAD);
    size_t useful = n_rows / ROWS_PER_THREAD + 1;
    if (useful > most) useful = most;
    int threads = useful < (size_t)context->threads ? (int)useful : context->threads;
    return plx_pool_create(&context->allocator, threads, out, err);
}
