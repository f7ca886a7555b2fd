/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress of reading and training. On a terminal: one line, redrawn at most ten times a second, and a permanent line
 * for each epoch. Elsewhere, and on a terminal without cursor control: only the permanent lines.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli.h"

enum { MAX_LINE = 1024, PLAIN_WIDTH = 80 };

void cli_progress_open(cli_progress *progress, bool quiet, const char *const *task_names, int n_tasks)
{
    *progress = (cli_progress){.is_quiet = quiet,
                               .redraws = cli_can_redraw(stderr),
                               .has_colour = cli_has_colour(stderr),
                               .epoch_start = cli_seconds(),
                               .task_names = task_names,
                               .n_tasks = n_tasks};
}

typedef struct text_line {
    char text[MAX_LINE];
    size_t length;
} text_line;

static void add(text_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(text_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line->text + line->length, MAX_LINE - line->length, format, arguments);
    va_end(arguments);
    if (written > 0) line->length += (size_t)written;
    if (line->length >= MAX_LINE) line->length = MAX_LINE - 1;
}

static void add_rate(text_line *line, double rows_per_second)
{
    if (rows_per_second >= 1e6)
        add(line, "  %.2f M rows/s", rows_per_second / 1e6);
    else
        add(line, "  %.0f k rows/s", rows_per_second / 1e3);
}

static void add_time_left(text_line *line, double seconds)
{
    long whole = lround(seconds);
    if (whole >= 3600)
        add(line, "  %ld:%02ld:%02ld left", whole / 3600, whole / 60 % 60, whole % 60);
    else
        add(line, "  %ld:%02ld left", whole / 60, whole % 60);
}

/** The remaining time if all epochs take equally long; early stopping may end training sooner. */
static double seconds_left(const plx_progress *state)
{
    double done = state->epoch - 1 + (double)state->step / (double)(state->steps > 0 ? state->steps : 1);
    return done > 0 ? state->seconds / done * (state->epochs - done) : NAN;
}

static void add_running(text_line *line, const cli_progress *progress, const plx_progress *state)
{
    add(line, "epoch %d/%d  step %lld/%lld", state->epoch, state->epochs, (long long)state->step,
        (long long)state->steps);
    double left = seconds_left(state);
    if (isfinite(left)) add_time_left(line, left);
    add_rate(line, state->rows_per_second);
    add(line, "  loss %.4f", state->loss);
    for (int task = 0; task < progress->n_tasks && state->task_losses; task++)
        add(line, "  %s %.4f", progress->task_names[task], state->task_losses[task]);
}

int cli_width(FILE *stream)
{
    struct winsize size;
    bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : PLAIN_WIDTH;
}

int cli_letters(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

int cli_bytes_in_columns(const char *text, int columns)
{
    int i = 0;
    for (int used = 0; text[i]; i++) {
        bool starts_letter = ((unsigned char)text[i] & 0xC0) != 0x80;
        if (starts_letter && used++ == columns) break;
    }
    return i;
}

/** Leaves the last column free: some terminals start a new line once it is filled. */
static void redraw(const text_line *line)
{
    fprintf(stderr, "\r%.*s\033[K", cli_bytes_in_columns(line->text, cli_width(stderr) - 1), line->text);
    fflush(stderr);
}

void cli_progress_show(cli_progress *progress, const plx_progress *state)
{
    if (progress->is_quiet) return;
    text_line line = {.length = 0};
    if (state->step == state->steps) {
        cli_progress_close(progress);
        cli_epoch_line(stderr, progress, state, cli_width(stderr));
        return;
    }
    double now = cli_seconds();
    if (!progress->redraws || now - progress->last_draw < 0.1) return;
    add_running(&line, progress, state);
    redraw(&line);
    progress->line_is_open = true;
    progress->last_draw = now;
}

void cli_progress_close(cli_progress *progress)
{
    if (progress->line_is_open) fputs("\r\033[K", stderr);
    progress->line_is_open = false;
}

void cli_reading_open(cli_reading *reading, bool is_wanted)
{
    *reading = (cli_reading){.shows = is_wanted && cli_can_redraw(stderr)};
}

void cli_reading_show(cli_reading *reading, const char *path, int64_t rows, double share)
{
    const double now = cli_seconds();
    if (!reading->shows || now - reading->last_draw < 0.1) return;
    if (!reading->is_open) reading->start = now;
    text_line line = {.length = 0};
    const char *slash = strrchr(path, '/');
    add(&line, "reading %s", slash && slash[1] ? slash + 1 : path);
    if (isfinite(share)) add(&line, "  %.0f %%", 100 * share);
    add(&line, "  %.2f M rows", (double)rows / 1e6);
    if (now - reading->start >= 1) add(&line, "  %.0f s", now - reading->start);
    redraw(&line);
    reading->is_open = true;
    reading->last_draw = now;
}

void cli_reading_close(cli_reading *reading)
{
    if (reading->is_open) fputs("\r\033[K", stderr);
    reading->is_open = false;
}
