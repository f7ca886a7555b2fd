/* SPDX-License-Identifier: Apache-2.0 */
/* plexus predict: scores for raw rows, as CSV. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_option options[] = {
    {"out", "FILE", "write to FILE instead of stdout", CLI_TEXT, offsetof(cli_options, out), 0, 0},
    {"threads", "N", "threads; 0, the default: one a processor", CLI_INT, offsetof(cli_options, threads), 0, 1024},
    {"cpu", "LEVEL", "highest kernel level: plain, simd128, avx2 or avx512", CLI_TEXT, offsetof(cli_options, cpu), 0,
     0},
    {"quiet", NULL, "no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0},
};

/** A cell by RFC 4180, quoted where it must be: NAME, or NAME:PART. */
static void write_cell(cli_output *out, const char *name, const char *part)
{
    const char *const texts[] = {name, part ? ":" : "", part ? part : ""};
    bool is_quoted = false;
    for (int i = 0; i < 3; i++)
        is_quoted = is_quoted || strpbrk(texts[i], ",\"\r\n");
    if (is_quoted) cli_write(out, "\"", 1);
    for (int i = 0; i < 3; i++) {
        for (const char *text = texts[i]; *text; text++) {
            if (*text == '"') cli_write(out, text, 1);
            cli_write(out, text, 1);
        }
    }
    if (is_quoted) cli_write(out, "\"", 1);
}

/** One column a task; of a multiclass task one a class, TASK:CLASS. */
static void write_header(cli_output *out, const plx_model *model)
{
    for (int task = 0; task < plx_model_n_tasks(model); task++) {
        const char *name = plx_model_task_name(model, task), *class_name;
        if (task) cli_write(out, ",", 1);
        if (plx_model_task_kind(model, task) != PLX_TASK_MULTICLASS) write_cell(out, name, NULL);
        for (int i = 0; (class_name = plx_model_class_name(model, task, i)); i++) {
            if (i) cli_write(out, ",", 1);
            write_cell(out, name, class_name);
        }
    }
    cli_write(out, "\n", 1);
}

typedef struct printer {
    cli_output output;
    const plx_model *model;
    bool has_head;
} printer;

static void write_head(printer *p)
{
    if (p->has_head) return;
    p->has_head = true;
    write_header(&p->output, p->model);
}

/** Nine digits: reading them back gives the same float. */
static bool write_scores(void *user, const float *scores, int64_t rows)
{
    printer *p = user;
    const int n_outputs = plx_model_n_outputs(p->model);
    write_head(p);
    for (int64_t row = 0; row < rows && !p->output.has_failed; row++)
        for (int i = 0; i < n_outputs; i++)
            cli_print(&p->output, "%.9g%c", (double)scores[row * n_outputs + i], i + 1 < n_outputs ? ',' : '\n');
    return !p->output.has_failed;
}

static int predict_files(cli_session *session, const cli_options *given)
{
    plx_error error;
    printer p = {.has_head = false};
    int code = cli_session_load_model(session, given->arguments[0]);
    if (code == CLI_DONE) code = cli_output_open(&p.output, session->context, given->out);
    if (code != CLI_DONE) return code;
    p.model = session->model;
    plx_status status = plx_model_predict_files(session->model, given->arguments + 1, given->n_arguments - 1,
                                                write_scores, &p, &session->report, &error);
    cli_session_take_report(session);
    const bool is_scored = status == PLX_OK || p.output.has_failed; /* the closing tells what kept it from it */
    if (!is_scored) code = cli_fail_error(&error);
    if (status == PLX_OK) write_head(&p);
    int closed = cli_output_close(&p.output, is_scored);
    if (code == CLI_DONE) code = closed;
    if (code == CLI_DONE) cli_session_tell_wrong_rows(session);
    return code;
}

static int predict(const cli_options *given)
{
    return cli_session_run(predict_files, given);
}

const cli_verb cli_predict = {
    .name = "predict",
    .arguments = "MODEL FILE...",
    .summary = "score raw rows: CSV with one column a task, or a class",
    .details = "The files have the training files' format; label columns may be missing if the files have a header.\n"
               "- is the standard input. --out writes through links, pipes and devices, and a plain file appears\n"
               "whole or not at all.\n"
               "Scores are probabilities for binary tasks and values for regressions, in the order of the rows.\n"
               "Rows that the model's data.on_error skips have no line; they are listed on stderr.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 2,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .run = predict,
};
