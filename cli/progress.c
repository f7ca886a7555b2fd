/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training as it runs. On a terminal: one line, redrawn at most ten times a second, and a lasting line for each
 * epoch. Elsewhere, and on a terminal without cursor control: the lasting lines alone.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

enum { MAX_LINE = 1024, PLAIN_WIDTH = 80 };

/** A terminal that obeys more than line feeds. */
static bool can_redraw(FILE *stream)
{
    const char *terminal = getenv("TERM");
    return isatty(fileno(stream)) && terminal && terminal[0] && strcmp(terminal, "dumb") != 0;
}

bool cli_has_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    return can_redraw(stream) && !(no_colour && no_colour[0]);
}

void cli_progress_open(cli_progress *progress, bool quiet, const char *const *task_names, int n_tasks)
{
    *progress = (cli_progress){.is_quiet = quiet,
                               .redraws = can_redraw(stderr),
                               .has_colour = cli_has_colour(stderr),
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

/** What is left when every epoch takes as long as those so far; early stopping may end it sooner. */
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

/** Of plx_progress.validation_scores, by the task's kind. */
static const char *const score_names[] = {"auc", "mse", "accuracy"};

static void add_epoch(text_line *line, const cli_progress *progress, const plx_progress *state)
{
    add(line, "epoch %d/%d  %.1f s", state->epoch, state->epochs, state->seconds);
    add_rate(line, state->rows_per_second);
    if (state->has_schedule) add(line, "  learning rate %.3g", state->learning_rate);
    add(line, "  loss %.4f", state->loss);
    bool is_validated = isfinite(state->validation_loss);
    if (is_validated) add(line, "  validation %.4f", state->validation_loss);
    if (isfinite(state->monitored) && state->monitored != state->validation_loss)
        add(line, "  monitor %.4f", state->monitored);
    for (int task = 0; task < progress->n_tasks && state->task_losses; task++) {
        add(line, "  %s %.4f", progress->task_names[task], state->task_losses[task]);
        if (is_validated && state->validation_scores && isfinite(state->validation_scores[task]))
            add(line, " (%s %.4f)", score_names[state->task_kinds[task]], state->validation_scores[task]);
    }
    if (is_validated && state->is_best) add(line, progress->has_colour ? "  \033[32mbest\033[0m" : "  best");
}

static int terminal_width(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : PLAIN_WIDTH;
}

/** How many bytes of `text` fill at most `columns` columns; never cuts a UTF-8 letter. */
static int bytes_in_columns(const char *text, int columns)
{
    int i = 0;
    for (int used = 0; text[i]; i++) {
        bool starts_letter = ((unsigned char)text[i] & 0xC0) != 0x80;
        if (starts_letter && used++ == columns) break;
    }
    return i;
}

void cli_progress_show(cli_progress *progress, const plx_progress *state)
{
    if (progress->is_quiet) return;
    text_line line = {.length = 0};
    if (state->step == state->steps) {
        cli_progress_close(progress);
        add_epoch(&line, progress, state);
        fprintf(stderr, "%s\n", line.text);
        return;
    }
    double now = cli_seconds();
    if (!progress->redraws || now - progress->last_draw < 0.1) return;
    add_running(&line, progress, state);
    /* The last column stays free: some terminals go to the next line once it is filled. */
    fprintf(stderr, "\r%.*s\033[K", bytes_in_columns(line.text, terminal_width() - 1), line.text);
    fflush(stderr);
    progress->line_is_open = true;
    progress->last_draw = now;
}

void cli_progress_close(cli_progress *progress)
{
    if (progress->line_is_open) fputs("\r\033[K", stderr);
    progress->line_is_open = false;
}
