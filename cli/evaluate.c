/* SPDX-License-Identifier: Apache-2.0 */
/* plexus evaluate: a model's metrics on raw files. */
#include <stddef.h>
#include <stdlib.h>

#include "cli.h"

static const cli_option options[] = {
    {"weighted", NULL, "weight rows as in training, by data.row_weight, weight_column and class_weights", CLI_FLAG,
     offsetof(cli_options, weighted), 0, 0, 0},
    {"metric", "NAME@N", "a further metric, such as accuracy@3 or pinball@0.9; may be repeated", CLI_TEXTS,
     offsetof(cli_options, metric), 0, 0, 0},
    {"json", NULL, "print one JSON object instead of a table", CLI_FLAG, offsetof(cli_options, json), 0, 0, 0},
    {"threads", "N", "threads; 0 means one per processor", CLI_INT, offsetof(cli_options, threads), 0, 1024, 0},
    {"cpu", "LEVEL", "highest kernel level: plain, simd128, avx2 or avx512", CLI_TEXT, offsetof(cli_options, cpu), 0, 0,
     0},
    {"quiet", NULL, "no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0, 0},
};

static int print_json(const cli_session *session, const cli_options *given, const plx_metrics *metrics, double seconds)
{
    return cli_print_json(
        json_pack("{s:s, s:I, s:{s:f, s:f, s:f}, s:o, s:o}", "model", given->arguments[0], "rows",
                  (json_int_t)session->report.rows, "seconds", "load", session->load_seconds, "evaluate", seconds,
                  "total", cli_seconds() - session->start, "test",
                  cli_metrics_json(metrics, plx_model_inspect(session->model)->n_tasks, &given->metric), "skipped",
                  cli_session_wrong_json(session)));
}

static int evaluate_files(cli_session *session, const cli_options *given)
{
    int code = cli_session_load_model(session, given->arguments[0]);
    if (code != CLI_DONE) return code;
    int n_tasks = plx_model_inspect(session->model)->n_tasks;
    plx_metrics *metrics = calloc((size_t)n_tasks, sizeof *metrics);
    if (!metrics) return cli_fail("out of memory");
    double start = cli_seconds();
    plx_error error;
    const plx_source files = {.size = sizeof files, .paths = given->arguments + 1, .n_paths = given->n_arguments - 1};
    const plx_evaluation wanted = {.size = sizeof wanted,
                                   .source = &files,
                                   .loss_weights = given->weighted,
                                   .metrics = given->metric.items,
                                   .n_metrics = given->metric.n};
    plx_status status = plx_model_evaluate(session->model, &wanted, metrics, &session->report, &error);
    cli_reading_close(&session->reading);
    if (status != PLX_OK)
        code = cli_fail_error(&error);
    else if (given->json)
        code = print_json(session, given, metrics, cli_seconds() - start);
    else
        cli_print_metrics(stdout, "task", metrics, n_tasks, &given->metric);
    free(metrics);
    if (code == CLI_DONE) cli_session_print_wrong_rows(session);
    return code;
}

static int evaluate(const cli_options *given)
{
    return cli_session_run(evaluate_files, given);
}

const cli_verb cli_evaluate = {
    .name = "evaluate",
    .arguments = "MODEL FILE...",
    .summary = "print the metrics of a model for each task on raw files",
    .details =
        "The files have the format and columns of the training files, labels included; - is standard input.\n"
        "--json prints one object: model (the path), rows, seconds (load, evaluate, total), test (metrics by task,\n"
        "as 'plexus fit' prints them, whatever the rows are; null for an undefined metric) and skipped (number\n"
        "of rows, and of the first ones row, column and message; null where unknown).\n",
    .examples = "plexus evaluate visits/model.plexus new.csv\n"
                "zcat new.csv.gz | plexus evaluate visits/model.plexus - --json\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 2,
    .max_arguments = CLI_MAX_ARGUMENTS,
    .run = evaluate,
};
