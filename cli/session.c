/* SPDX-License-Identifier: Apache-2.0 */
/* The library objects of a verb: context, configuration, data, model. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/** Prints a repeated warning, such as of a full disk at every checkpoint, only once. */
static void warn(void *user, const char *line)
{
    cli_session *session = user;
    cli_reading_close(&session->reading);
    for (int i = 0; i < session->n_warnings; i++)
        if (strcmp(session->warnings[i], line) == 0) return;
    char *copy = session->n_warnings < CLI_MAX_WARNINGS ? strdup(line) : NULL;
    if (copy) session->warnings[session->n_warnings++] = copy;
    fprintf(stderr, "plexus: warning: %s\n", line);
}

static void show_reading(void *user, const char *path, int64_t rows, double share)
{
    cli_session *session = user;
    cli_reading_show(&session->reading, path, rows, share);
}

int cli_session_open(cli_session *session, const cli_options *options)
{
    *session = (cli_session){.start = cli_seconds(), .report.size = sizeof session->report};
    plx_context_options wanted = {
        .size = sizeof wanted, .threads = (int)options->threads, .cpu_level = options->cpu, .user = session};
    if (!options->quiet) wanted.warn = warn;
    wanted.reading = show_reading;
    cli_reading_open(&session->reading, !options->quiet);
    plx_error error;
    plx_status status = plx_context_create(&wanted, &session->context, &error);
    if (status == PLX_OK) return CLI_DONE;
    cli_fail_error(&error);
    return status == PLX_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

void cli_session_close(cli_session *session)
{
    plx_model_free(session->model);
    plx_data_free(session->data);
    plx_config_free(session->config);
    plx_context_free(session->context);
    for (int i = 0; i < session->n_warnings; i++)
        free(session->warnings[i]);
    *session = (cli_session){.context = NULL};
}

int cli_session_run(int (*work)(cli_session *session, const cli_options *options), const cli_options *options)
{
    static cli_session session; /* too large for some stacks */
    int code = cli_session_open(&session, options);
    if (code == CLI_DONE) code = work(&session, options);
    cli_session_close(&session);
    return code;
}

/** Applies every --set in order, repeatedly, because one may be valid only after a later one. */
static int assign(cli_session *session, const cli_texts *sets)
{
    plx_error first;
    for (int n_wrong = 0, before = sets->n + 1;; before = n_wrong) {
        n_wrong = 0;
        for (int i = 0; i < sets->n; i++) {
            plx_error error;
            if (plx_config_set(session->config, sets->items[i], &error) == PLX_OK) continue;
            if (n_wrong++ == 0) first = error;
        }
        if (n_wrong == 0) return CLI_DONE;
        if (n_wrong >= before) break;
    }
    cli_fail_error(&first);
    return CLI_USAGE;
}

int cli_session_configure(cli_session *session, const char *path, const cli_options *options)
{
    plx_error error;
    const char *place = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    if (plx_config_read(session->context, place, &session->config, &error) != PLX_OK) return cli_fail_error(&error);
    const int code = assign(session, &options->set);
    if (code != CLI_DONE) return code;
    if (options->seed >= 0) {
        char assignment[64];
        snprintf(assignment, sizeof assignment, "train.seed=%lld", (long long)options->seed);
        if (plx_config_set(session->config, assignment, &error) != PLX_OK) return cli_fail_error(&error);
    }
    return CLI_DONE;
}

int cli_session_load_data(cli_session *session, const char *config_path, const cli_options *options)
{
    cli_folders *folders = &session->folders;
    int code = cli_folders_find(folders, config_path, options);
    if (code != CLI_DONE) return code;
    double start = cli_seconds();
    plx_error error;
    const plx_data_options wanted = {.size = sizeof wanted, .folders = folders->list, .n_folders = folders->n};
    plx_status status = plx_data_load(session->config, &wanted, &session->data, &error);
    cli_reading_close(&session->reading);
    if (status != PLX_OK) return cli_fail_error(&error);
    session->load_seconds = cli_seconds() - start;
    session->report = *plx_data_report(session->data);
    return CLI_DONE;
}

int cli_session_load_model(cli_session *session, const char *path)
{
    plx_error error;
    double start = cli_seconds();
    if (plx_model_load(session->context, path, &session->model, &error) != PLX_OK) return cli_fail_error(&error);
    session->load_seconds = cli_seconds() - start;
    return CLI_DONE;
}

/** How many of the skipped rows are reported one by one. */
static int n_reported(const plx_read_report *report)
{
    return report->wrong_rows < PLX_REPORTED_ROWS ? (int)report->wrong_rows : PLX_REPORTED_ROWS;
}

void cli_session_print_wrong_rows(const cli_session *session)
{
    const plx_read_report *report = &session->report;
    const int n = n_reported(report);
    if (report->wrong_rows == 0) return;
    fprintf(stderr, "plexus: %lld invalid row%s skipped\n", (long long)report->wrong_rows,
            cli_plural(report->wrong_rows));
    for (int i = 0; i < n; i++)
        fprintf(stderr, "  %s\n", report->wrong_row[i].message);
    if (report->wrong_rows > n) fprintf(stderr, "  and %lld more\n", (long long)(report->wrong_rows - n));
}

/* Null for a number or column that is unknown. */
static json_t *row_json(const plx_wrong_row *one)
{
    return json_pack("{s:o, s:s?, s:s}", "row", one->row > 0 ? json_integer((json_int_t)one->row) : json_null(),
                     "column", one->column[0] ? one->column : NULL, "message", one->message);
}

json_t *cli_session_wrong_json(const cli_session *session)
{
    const plx_read_report *report = &session->report;
    json_t *rows = json_array();
    int failed = 0;
    for (int i = 0; i < n_reported(report); i++)
        failed |= json_array_append_new(rows, row_json(&report->wrong_row[i]));
    json_t *object = failed ? NULL : json_pack("{s:I, s:O}", "rows", (json_int_t)report->wrong_rows, "first", rows);
    json_decref(rows);
    return object;
}
