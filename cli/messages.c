/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, the clock, and the abilities of a stream's terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

int cli_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("plexus: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return CLI_FAILED;
}

int cli_fail_error(const plx_error *error)
{
    return cli_fail("%s", error->message[0] ? error->message : plx_status_text(error->code));
}

double cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *cli_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

bool cli_can_redraw(FILE *stream)
{
    const char *terminal = getenv("TERM");
    return isatty(fileno(stream)) && terminal && terminal[0] && strcmp(terminal, "dumb") != 0;
}

bool cli_has_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    return cli_can_redraw(stream) && !(no_colour && no_colour[0]);
}
