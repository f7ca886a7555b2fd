/* SPDX-License-Identifier: Apache-2.0 */
/* Reports mistakes, and keeps the first one. */
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

void plx_problem_add(plx_problems *problems, const char *section, int entry, const char *key, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    problems->n++;
    problems->report(problems->user, section, entry, key, message);
}

void plx_problem_set_first(plx_error *first, const char *section, const char *entry, const char *key,
                           const char *message)
{
    if (first->code) return;
    plx_error_set(first, PLX_ERR_ARGUMENT, "%s%s%.128s%s%s: %s", section, entry ? "." : "", entry ? entry : "",
                  key ? "." : "", key ? key : "", message);
}

static void report_first(void *user, const char *section, int entry, const char *key, const char *message)
{
    (void)entry;
    plx_problem_set_first(user, section, NULL, key, message);
}

plx_problems plx_problems_first(plx_error *first)
{
    first->code = PLX_OK;
    return (plx_problems){.report = report_first, .user = first};
}

plx_status plx_problem_status(const plx_error *first, plx_error *err)
{
    if (err && first->code) *err = *first;
    return first->code;
}
