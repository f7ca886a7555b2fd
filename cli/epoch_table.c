/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of epochs: number, seconds, losses, and one metric per task. Columns that do not fit the width are left out,
 * the least important first; metrics.jsonl has all of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { MAX_COLUMNS = 64, MAX_CELL = 64, NUMBER_WIDTH = 6, MOST_NAME = 12 };

typedef struct column {
    const char *above, *title; /* two lines of the heading; the title is truncated to the width */
    char cell[MAX_CELL];
    int width;
    bool is_extra; /* left out if not all columns fit */
} column;

typedef struct line {
    column columns[MAX_COLUMNS];
    int n;
    bool hides_tasks; /* some tasks did not fit */
} line;

/** Writes as many digits as fit into NUMBER_WIDTH. */
static void write_number(char cell[MAX_CELL], double value)
{
    if (!isfinite(value)) {
        strcpy(cell, "-");
        return;
    }
    const double size = fabs(value);
    snprintf(cell, MAX_CELL, "%.*f", size < 9.99995 ? 4 : size < 99.9995 ? 3 : size < 999.995 ? 2 : 1, value);
    for (int digits = 4; digits > 0 && strlen(cell) > NUMBER_WIDTH; digits--)
        snprintf(cell, MAX_CELL, "%.*g", digits, value);
}

static column *add(line *l, const char *above, const char *title, int width)
{
    if (l->n == MAX_COLUMNS) return NULL;
    column *c = &l->columns[l->n++];
    *c = (column){.above = above, .title = title, .width = width};
    return c;
}

static void add_number(line *l, const char *above, const char *title, double value, bool is_extra)
{
    column *c = add(l, above, title, NUMBER_WIDTH);
    if (!c) return;
    write_number(c->cell, value);
    c->is_extra = is_extra;
}

static void add_tasks(line *l, const cli_progress *progress, const plx_progress *state, bool is_validated)
{
    for (int task = 0; task < progress->n_tasks; task++) {
        const bool has_score = is_validated && state->validation_scores;
        const double value = has_score            ? state->validation_scores[task]
                             : state->task_losses ? state->task_losses[task]
                                                  : NAN;
        add_number(l, has_score ? plx_metric_at(state->score_metrics[task])->title : "loss", progress->task_names[task],
                   value, false);
    }
}

static void add_columns(line *l, cli_progress *progress, const plx_progress *state)
{
    const bool is_validated = isfinite(state->validation_loss);
    const double now = cli_seconds();
    char total[16];
    column *c = add(l, "", "epoch", 0);
    c->width = 1 + 2 * snprintf(total, sizeof total, "%d", state->epochs);
    if (c->width < 5) c->width = 5;
    snprintf(c->cell, MAX_CELL, "%d/%d", state->epoch, state->epochs);
    c = add(l, "", "seconds", 7);
    snprintf(c->cell, MAX_CELL, "%.1f", now - progress->epoch_start);
    progress->epoch_start = now;
    add_number(l, "train", "loss", state->loss, false);
    if (is_validated) add_number(l, "valid", "loss", state->validation_loss, false);
    add_tasks(l, progress, state, is_validated);
    if (isfinite(state->monitored) && state->monitored != state->validation_loss)
        add_number(l, "", "monitor", state->monitored, true);
    if (state->has_schedule) add_number(l, "learn", "rate", state->learning_rate, true);
    add_number(l, "1000", "rows/s", state->rows_per_second / 1e3, true);
}

static int width_of(const line *l)
{
    int width = 0;
    for (int i = 0; i < l->n; i++)
        width += 1 + l->columns[i].width;
    return width;
}

/** Drops columns from the end until the rest fits; then widens the names into the remaining space. */
static void fit_width(line *l, int width)
{
    while (l->n > 4 && width_of(l) > width)
        l->hides_tasks = !l->columns[--l->n].is_extra;
    for (bool has_grown = true; has_grown && width_of(l) < width;) {
        has_grown = false;
        for (int i = 0; i < l->n && width_of(l) < width; i++) {
            const int letters = cli_letters(l->columns[i].title);
            if (l->columns[i].width >= MOST_NAME || l->columns[i].width >= letters) continue;
            l->columns[i].width++;
            has_grown = true;
        }
    }
}

static void print_cell(FILE *out, const char *text, int width)
{
    const int letters = cli_letters(text);
    if (letters <= width)
        fprintf(out, " %*s%s", width - letters, "", text);
    else
        fprintf(out, " %.*s.", cli_bytes_in_columns(text, width - 1), text);
}

static void print_heading(FILE *out, const line *l, bool is_bold)
{
    fputs(is_bold ? "\033[1m" : "", out);
    for (int i = 0; i < l->n; i++) {
        const char *above = l->columns[i].above;
        char word[NUMBER_WIDTH];
        snprintf(word, sizeof word, "%.3s.", above);
        print_cell(out, cli_letters(above) > NUMBER_WIDTH ? word : above, l->columns[i].width);
    }
    fputc('\n', out);
    for (int i = 0; i < l->n; i++)
        print_cell(out, l->columns[i].title, l->columns[i].width);
    fprintf(out, "%s%s\n", l->hides_tasks ? " ..." : "", is_bold ? "\033[0m" : "");
}

void cli_epoch_line(FILE *out, cli_progress *progress, const plx_progress *state, int width)
{
    enum { BEST = 5 }; /* width of " best" */
    line l = {.n = 0};
    add_columns(&l, progress, state);
    fit_width(&l, width - BEST);
    if (!progress->has_head) print_heading(out, &l, progress->has_colour);
    progress->has_head = true;
    for (int i = 0; i < l.n; i++) {
        const column *c = &l.columns[i];
        fprintf(out, " %*s", c->width, c->cell);
    }
    if (isfinite(state->validation_loss) && state->is_best)
        fputs(progress->has_colour ? " \033[32mbest\033[0m" : " best", out);
    fputc('\n', out);
}
