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

/** A cell by RFC 4180: quoted where it must be. */
static void write_cell(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/** Nine digits: reading them back gives the same float. */
static void write_scores(FILE *out, const plx_model *model, const float *scores, int64_t rows)
{
    int n_tasks = plx_model_n_tasks(model), n_outputs = plx_model_n_outputs(model);
    for (int task = 0; task < n_tasks; task++) {
        if (task) fputc(',', out);
        write_cell(out, plx_model_task_name(model, task));
    }
    fputc('\n', out);
    for (int64_t row = 0; row < rows && !ferror(out); row++)
        for (int i = 0; i < n_outputs; i++)
            fprintf(out, "%.9g%c", (double)scores[row * n_outputs + i], i + 1 < n_outputs ? ',' : '\n');
}

static int predict_files(cli_session *session, const cli_options *given)
{
    int code = cli_session_load_files(session, given, false);
    if (code != CLI_DONE) return code;
    int64_t rows = plx_dataset_rows(session->dataset);
    float *scores = calloc((size_t)rows * (size_t)plx_model_n_outputs(session->model) + 1, sizeof *scores);
    if (!scores) return cli_fail("out of memory for the scores of %lld rows", (long long)rows);
    plx_error error;
    cli_output output;
    if (plx_model_predict(session->model, session->dataset, scores, &error) != PLX_OK)
        code = cli_fail_error(&error);
    else
        code = cli_output_open(&output, given->out);
    if (code == CLI_DONE) {
        write_scores(output.stream, session->model, scores, rows);
        code = cli_output_close(&output, true);
    }
    free(scores);
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
    .summary = "score raw rows: CSV with one column a task",
    .details = "The files have the training files' format; label columns may be missing if the files have a header.\n"
               "- is the standard input.\n"
               "Scores are probabilities for binary tasks and values for regressions, in the order of the rows.\n"
               "Rows that the model's data.on_error skips have no line; they are listed on stderr.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 2,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .run = predict,
};
