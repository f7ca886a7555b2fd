/* SPDX-License-Identifier: Apache-2.0 */
/* plexus predict: scores for raw rows, as CSV. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "score_text.h"

static const cli_option options[] = {
    {"out", "FILE", "write to FILE instead of stdout (-)", CLI_TEXT, offsetof(cli_options, out), 0, 0, 0},
    {"keep", "NAMES",
     "columns to copy before the scores: id or user_id,movie_id; a name with a comma is quoted as in CSV: '\"a, "
     "b\",id'",
     CLI_TEXTS, offsetof(cli_options, keep), 0, 0, 0},
    {"threads", "N", "threads; 0 means one per processor", CLI_INT, offsetof(cli_options, threads), 0, 1024, 0},
    {"cpu", "LEVEL", "highest kernel level: plain, simd128, avx2 or avx512", CLI_TEXT, offsetof(cli_options, cpu), 0, 0,
     0},
    {"quiet", NULL, "no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0, 0},
};

/** Writes bytes of a cell, with quotes doubled if the cell is quoted. */
static void write_bytes(cli_output *out, const char *text, size_t length, bool is_quoted)
{
    for (const char *quote; is_quoted && (quote = memchr(text, '"', length));) {
        const size_t n = (size_t)(quote - text) + 1;
        cli_write(out, text, n);
        cli_write(out, "\"", 1);
        text += n;
        length -= n;
    }
    cli_write(out, text, length);
}

static bool needs_quotes(const char *text, size_t length)
{
    static const char special[] = {',', '"', '\r', '\n'};
    for (size_t i = 0; i < length; i++)
        if (memchr(special, text[i], sizeof special)) return true;
    return false;
}

/** Writes a cell, NAME or NAME:PART, quoted if RFC 4180 requires it. */
static void write_cell(cli_output *out, const char *name, const char *part)
{
    const size_t length = strlen(name), part_length = part ? strlen(part) : 0;
    const bool is_quoted = needs_quotes(name, length) || (part && needs_quotes(part, part_length));
    cli_write(out, "\"", is_quoted);
    write_bytes(out, name, length, is_quoted);
    cli_write(out, ":", part != NULL);
    if (part) write_bytes(out, part, part_length, is_quoted);
    cli_write(out, "\"", is_quoted);
}

typedef struct printer {
    cli_output output;
    const plx_model *model;
    const char *kept[CLI_MAX_ARGUMENTS]; /* [n_kept]: columns before the scores */
    char *titles[CLI_MAX_ARGUMENTS];     /* their headings */
    int n_kept;
    char *names; /* storage of their names */
    bool has_head;
} printer;

/** Whether a column of scores, or one of the first `n` kept columns, has this heading. */
static bool is_taken(const printer *p, int n, const char *title)
{
    const plx_task_info *task;
    for (int i = 0; i < n; i++)
        if (strcmp(p->titles[i], title) == 0) return true;
    for (int t = 0; (task = plx_model_task(p->model, t)); t++) {
        const size_t length = strlen(task->name);
        if (!task->classes && strcmp(task->name, title) == 0) return true;
        if (!task->classes || strncmp(task->name, title, length) != 0 || title[length] != ':') continue;
        for (int i = 0; i < task->n_outputs; i++)
            if (strcmp(title + length + 1, task->classes[i]) == 0) return true;
    }
    return false;
}

/** Makes headings distinct: a kept column y is y_kept if there are scores y. */
static int name_kept(printer *p)
{
    static const char end[] = "_kept";
    for (int i = 0; i < p->n_kept; i++) {
        size_t length = strlen(p->kept[i]);
        char *title = malloc(length + 1);
        if (title) memcpy(title, p->kept[i], length + 1);
        while (title && is_taken(p, i, title)) {
            char *longer = realloc(title, length + sizeof end);
            if (!longer) free(title);
            title = longer;
            if (title) memcpy(title + length, end, sizeof end);
            length += sizeof end - 1;
        }
        p->titles[i] = title;
        if (!title) return cli_fail("out of memory");
    }
    return CLI_DONE;
}

/** Writes the headings of the kept columns, and of one column per task, or per class (TASK:CLASS) if multiclass. */
static void write_head(printer *p)
{
    cli_output *out = &p->output;
    if (p->has_head) return;
    p->has_head = true;
    for (int i = 0; i < p->n_kept; i++) {
        write_cell(out, p->titles[i], NULL);
        cli_write(out, ",", 1);
    }
    const plx_task_info *task;
    for (int i = 0; (task = plx_model_task(p->model, i)); i++) {
        for (int k = 0; k < task->n_outputs; k++) {
            if (i || k) cli_write(out, ",", 1);
            write_cell(out, task->name, task->classes ? task->classes[k] : NULL);
        }
    }
    cli_write(out, "\n", 1);
}

/** Writes nine digits, which read back as the same float. A skipped row has empty cells. */
static bool write_rows(void *user, const plx_scored_rows *rows)
{
    printer *p = user;
    cli_output *out = &p->output;
    const int n_outputs = plx_model_inspect(p->model)->n_outputs;
    const float *scores = rows->scores;
    size_t begin = 0;
    write_head(p);
    for (int64_t row = 0; row < rows->rows && !out->has_failed; row++, scores += n_outputs) {
        for (int i = 0; i < p->n_kept; i++) {
            const char *cell = rows->kept + begin;
            const size_t end = rows->kept_ends[row * p->n_kept + i], length = end - begin;
            const bool is_quoted = needs_quotes(cell, length);
            cli_write(out, "\"", is_quoted);
            write_bytes(out, cell, length, is_quoted);
            cli_write(out, is_quoted ? "\"," : ",", is_quoted ? 2 : 1);
            begin = end;
        }
        /* Many readers ignore an empty line. */
        if (p->n_kept == 0 && n_outputs == 1 && isnan(scores[0])) cli_write(out, "\"\"", 2);
        for (int i = 0; i < n_outputs; i++) {
            char text[CLI_SCORE_SIZE];
            size_t length = isnan(scores[i]) ? 0 : cli_score_text(scores[i], text);
            text[length++] = i + 1 < n_outputs ? ',' : '\n';
            cli_write(out, text, length);
        }
    }
    return !out->has_failed;
}

/** Ends the name at `at` with NUL if quoted, removing its quotes; returns the position after it, NULL: wrong quotes. */
static char *end_name(char *at)
{
    char *out = at;
    if (*at != '"') {
        at += strcspn(at, ",");
        return at;
    }
    for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
        if (*at == '"') at++;
        *out++ = *at;
    }
    if (*at != '"' || (at[1] && at[1] != ',')) return NULL;
    *out = '\0';
    return at + 1;
}

/** Splits one --keep at its commas. */
static int cut_names(printer *p, const char *names, char *copy)
{
    for (char *name = copy;;) {
        char *end = end_name(name);
        if (!end || end == name || !name[0] || p->n_kept == CLI_MAX_ARGUMENTS) {
            fprintf(stderr,
                    "plexus predict: --keep takes column names separated by commas, not '%s'; a name with a comma or a "
                    "quote is written as in CSV, '\"a, b\",id'\n",
                    names);
            return CLI_USAGE;
        }
        p->kept[p->n_kept++] = name;
        if (!*end) return CLI_DONE;
        *end = '\0';
        name = end + 1;
    }
}

/** Reads the names of every --keep, in order. */
static int read_kept(printer *p, const cli_texts *given)
{
    size_t bytes = 1;
    for (int i = 0; i < given->n; i++)
        bytes += strlen(given->items[i]) + 1;
    char *copy = p->names = malloc(bytes);
    if (!copy) return cli_fail("out of memory");
    for (int i = 0; i < given->n; i++) {
        const size_t length = strlen(given->items[i]) + 1;
        memcpy(copy, given->items[i], length);
        const int code = cut_names(p, given->items[i], copy);
        if (code != CLI_DONE) return code;
        copy += length;
    }
    return CLI_DONE;
}

static int score(cli_session *session, const cli_options *given, printer *p)
{
    plx_error error;
    int code = cli_session_load_model(session, given->arguments[0]);
    if (code == CLI_DONE) code = cli_output_open(&p->output, session->context, given->out);
    if (code != CLI_DONE) return code;
    p->model = session->model;
    code = name_kept(p);
    if (code != CLI_DONE) return code;
    if (!given->out && isatty(STDOUT_FILENO)) session->reading.shows = false; /* the scores are shown on the terminal */
    const plx_source files = {.size = sizeof files, .paths = given->arguments + 1, .n_paths = given->n_arguments - 1};
    const plx_prediction wanted = {.size = sizeof wanted,
                                   .source = &files,
                                   .take = write_rows,
                                   .user = p,
                                   .all_rows = true,
                                   .columns = p->kept,
                                   .n_columns = p->n_kept};
    plx_status status = plx_model_predict(session->model, &wanted, &session->report, &error);
    cli_reading_close(&session->reading);
    const bool is_scored = status == PLX_OK || p->output.has_failed; /* closing reports the failed write */
    if (!is_scored) code = cli_fail_error(&error);
    if (status == PLX_OK) write_head(p);
    int closed = cli_output_close(&p->output, is_scored);
    if (code == CLI_DONE) code = closed;
    if (code == CLI_DONE) cli_session_print_wrong_rows(session);
    return code;
}

static int predict_files(cli_session *session, const cli_options *given)
{
    printer p = {.has_head = false};
    int code = read_kept(&p, &given->keep);
    if (code == CLI_DONE) code = score(session, given, &p);
    for (int i = 0; i < p.n_kept; i++)
        free(p.titles[i]);
    free(p.names);
    return code;
}

static int predict(const cli_options *given)
{
    return cli_session_run(predict_files, given);
}

const cli_verb cli_predict = {
    .name = "predict",
    .arguments = "MODEL FILE...",
    .summary = "score raw rows: writes CSV with one column per task or class",
    .details = "The files have the format of the training files; label columns may be missing if there is a header.\n"
               "- is standard input. --out writes through links, pipes and devices; a regular file appears complete\n"
               "or not at all.\n"
               "A kept column with the name of a column of scores, such as that of a label, is called NAME_kept.\n"
               "Scores are probabilities for binary tasks and values for regressions, in the order of the rows.\n"
               "Every row has a line. If the model's data.on_error is skip, that of an invalid row has empty cells\n"
               "instead of scores; stderr reports the first of them with file and line.\n",
    .examples = "plexus predict visits/model.plexus new.csv --out scores.csv\n"
                "plexus predict visits/model.plexus new.csv --keep user_id,item_id | head\n"
                "cat new.csv | plexus predict visits/model.plexus -\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 2,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .run = predict,
};
