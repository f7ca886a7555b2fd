/* SPDX-License-Identifier: Apache-2.0 */
/* plexus fit: trains, saves and evaluates the model of a configuration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const cli_option options[] = {
    {"out", "DIR", "output folder (default: plexus-out/NAME, after the configuration's name)", CLI_TEXT,
     offsetof(cli_options, out), 0, 0, 0},
    {"data", "DIR", "look for relative data files in DIR first", CLI_TEXT, offsetof(cli_options, data), 0, 0, 0},
    {"seed", "N", "same as --set train.seed=N", CLI_INT, offsetof(cli_options, seed), 0, 9007199254740992.0, -1},
    {"set", "KEY=VALUE", "change the configuration: train.epochs=3; may be repeated", CLI_TEXTS,
     offsetof(cli_options, set), 0, 0, 0},
    {"threads", "N", "threads; 0 means one per processor", CLI_INT, offsetof(cli_options, threads), 0, 1024, 0},
    {"cpu", "LEVEL", "highest kernel level: plain, simd128, avx2 or avx512", CLI_TEXT, offsetof(cli_options, cpu), 0, 0,
     0},
    {"tensorboard", "DIR", "write losses and metrics of each epoch for TensorBoard", CLI_TEXT,
     offsetof(cli_options, tensorboard), 0, 0, 0},
    {"resume", NULL, "resume from the checkpoint in DIR, if there is one", CLI_FLAG, offsetof(cli_options, resume), 0,
     0, 0},
    {"force", NULL, "replace a finished run in DIR; without it, its files move to DIR/previous", CLI_FLAG,
     offsetof(cli_options, force), 0, 0, 0},
    {"metric", "NAME@N", "a further metric, such as accuracy@3 or pinball@0.9; may be repeated", CLI_TEXTS,
     offsetof(cli_options, metric), 0, 0, 0},
    {"json", NULL, "print one JSON object instead of tables", CLI_FLAG, offsetof(cli_options, json), 0, 0, 0},
    {"quiet", NULL, "no progress, no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0, 0},
};

enum { N_PARTS = 3 };
static const char *const part_names[N_PARTS] = {"train", "validation", "test"};

/** One run: its outputs and results. */
typedef struct fit_run {
    cli_session session;
    cli_run_folder folder;
    const char **task_names; /* [n_tasks] */
    int n_tasks;
    cli_progress progress;
    plx_train_report report;
    plx_error failure;             /* of training; the best epoch is kept anyway */
    plx_metrics *metrics[N_PARTS]; /* [n_tasks] of validation and test; NULL if there are no rows */
} fit_run;

static bool show_progress(void *user, const plx_progress *state)
{
    fit_run *run = user;
    cli_progress_show(&run->progress, state);
    return !cli_signals_caught();
}

static int read_tasks(fit_run *run)
{
    const plx_config *config = run->session.config;
    while (plx_config_task(config, run->n_tasks))
        run->n_tasks++;
    run->task_names = calloc((size_t)run->n_tasks, sizeof *run->task_names);
    if (!run->task_names) return cli_fail("out of memory");
    for (int task = 0; task < run->n_tasks; task++)
        run->task_names[task] = plx_config_task(config, task)->name;
    return CLI_DONE;
}

static int load(fit_run *run, const cli_options *given)
{
    cli_session *session = &run->session;
    int code = cli_session_load_data(session, given->arguments[0], given);
    if (code != CLI_DONE) return code;
    plx_error error;
    if (plx_model_create(session->config, session->data, &session->model, &error) != PLX_OK)
        return cli_fail_error(&error);
    if (given->quiet) return CLI_DONE;
    fprintf(stderr, "read %lld training, %lld validation and %lld test rows in %.2f s\n",
            (long long)plx_data_rows(session->data, PLX_PART_TRAIN),
            (long long)plx_data_rows(session->data, PLX_PART_VALIDATION),
            (long long)plx_data_rows(session->data, PLX_PART_TEST), session->load_seconds);
    const plx_context_info *machine = plx_context_inspect(session->context);
    const plx_model_info *model = plx_model_inspect(session->model);
    fprintf(stderr, "%s: %d task%s, %lld parameters, %d thread%s, %s kernels\n", model->network, model->n_tasks,
            cli_plural(model->n_tasks), (long long)model->n_parameters, machine->threads, cli_plural(machine->threads),
            machine->cpu_level);
    return CLI_DONE;
}

/** Saves before evaluating, because the model took the time. */
static int save(fit_run *run, const cli_options *given)
{
    char *text = cli_folders_record(&run->session.folders, plx_config_text(run->session.config));
    if (!text) return cli_fail("out of memory");
    int code = cli_run_folder_save(&run->folder, &run->session, text, !run->report.cancelled, given->force);
    free(text);
    return code;
}

static void print_end(const fit_run *run)
{
    const plx_train_report *report = &run->report;
    if (report->cancelled || run->failure.code != PLX_OK)
        fprintf(stderr, "%s; keeping the model of epoch %d\n", report->cancelled ? "interrupted" : "failed",
                report->best_epoch);
    if (report->stopped_early) fprintf(stderr, "stopped early: epoch %d was the best\n", report->best_epoch);
}

static int train(fit_run *run, const cli_options *given)
{
    cli_session *session = &run->session;
    plx_train_hooks hooks = {.size = sizeof hooks,
                             .progress = show_progress,
                             .user = run,
                             .log_path = run->folder.partial_log,
                             .checkpoint_path = run->folder.checkpoint,
                             .resume = given->resume,
                             .tensorboard = given->tensorboard,
                             .metrics = given->metric.items,
                             .n_metrics = given->metric.n};
    run->report.size = sizeof run->report;
    cli_progress_open(&run->progress, given->quiet, run->task_names, run->n_tasks);
    cli_signals_catch();
    plx_status status = plx_model_train(session->model, session->data, &hooks, &run->report, &run->failure);
    cli_progress_close(&run->progress);
    if (status == PLX_OK) run->failure.code = PLX_OK;
    /* Resuming from a checkpoint of a diverging loss would diverge again. */
    if (status == PLX_ERR_NUMERIC && run->report.checkpoints > 0) unlink(run->folder.checkpoint);
    if (status != PLX_OK) cli_fail_error(&run->failure);
    if (status != PLX_OK && (status != PLX_ERR_NUMERIC || run->report.best_epoch == 0)) return CLI_FAILED;
    if (run->report.cancelled && run->report.best_epoch == 0) {
        cli_fail("interrupted before the first epoch ended; %s",
                 run->report.checkpoints > 0 ? "--resume continues from there" : "nothing was saved");
        return CLI_SIGNALLED + cli_signals_caught();
    }
    if (!given->quiet) print_end(run);
    return CLI_DONE;
}

static int evaluate(fit_run *run, const cli_options *given)
{
    for (int part = PLX_PART_VALIDATION; part < N_PARTS; part++) {
        if (plx_data_rows(run->session.data, (plx_part)part) == 0) continue;
        run->metrics[part] = calloc((size_t)run->n_tasks, sizeof *run->metrics[part]);
        if (!run->metrics[part]) return cli_fail("out of memory");
        plx_error error;
        const plx_evaluation wanted = {.size = sizeof wanted,
                                       .data = run->session.data,
                                       .part = (plx_part)part,
                                       .metrics = given->metric.items,
                                       .n_metrics = given->metric.n};
        if (plx_model_evaluate(run->session.model, &wanted, run->metrics[part], NULL, &error) != PLX_OK)
            return cli_fail_error(&error);
    }
    return CLI_DONE;
}

static json_t *part_json(const fit_run *run, plx_part part, const cli_options *given)
{
    return run->metrics[part] ? cli_metrics_json(run->metrics[part], run->n_tasks, &given->metric) : json_object();
}

static json_t *report_json(const fit_run *run, const cli_options *given)
{
    const plx_train_report *report = &run->report;
    return json_pack("{s:s, s:i, s:i, s:{s:f, s:f, s:f}, s:o, s:o, s:o, s:o, s:b, s:b, s:s?}", "model",
                     run->folder.model, "epochs", report->epochs, "best_epoch", report->best_epoch, "seconds", "load",
                     run->session.load_seconds, "train", report->seconds, "total", cli_seconds() - run->session.start,
                     "rows_per_second", cli_number_json(report->rows_per_second), "test",
                     part_json(run, PLX_PART_TEST, given), "validation", part_json(run, PLX_PART_VALIDATION, given),
                     "skipped", cli_session_wrong_json(&run->session), "stopped_early", report->stopped_early,
                     "cancelled", report->cancelled, "error",
                     run->failure.code != PLX_OK ? run->failure.message : NULL);
}

static void print_report(const fit_run *run, const cli_options *given)
{
    for (int part = PLX_PART_VALIDATION; part < N_PARTS; part++) {
        if (!run->metrics[part]) continue;
        cli_print_metrics(stdout, part_names[part], run->metrics[part], run->n_tasks, &given->metric);
        putchar('\n');
    }
    printf("%d epoch%s, best %d; %.2f s loading, %.2f s training\n", run->report.epochs, cli_plural(run->report.epochs),
           run->report.best_epoch, run->session.load_seconds, run->report.seconds);
    if (run->folder.is_saved) printf("saved %s\n", run->folder.model);
}

static int report(fit_run *run, const cli_options *given)
{
    cli_session_print_wrong_rows(&run->session);
    if (given->json) return cli_print_json(report_json(run, given));
    print_report(run, given);
    return CLI_DONE;
}

/** The first failure of two results. */
static int first_failure(int first, int second)
{
    return first != CLI_DONE ? first : second;
}

/** After training: metrics are reported even if saving failed. */
static int finish(fit_run *run, const cli_options *given)
{
    int code = save(run, given), scored = evaluate(run, given);
    if (scored == CLI_DONE) scored = report(run, given);
    code = first_failure(code, scored);
    if (run->report.cancelled) code = first_failure(code, CLI_SIGNALLED + cli_signals_caught());
    return run->failure.code == PLX_OK ? code : CLI_FAILED;
}

static int run_in_folder(fit_run *run, const cli_options *given)
{
    int code = cli_run_folder_open(&run->folder, run->session.context, given);
    if (code == CLI_DONE) code = load(run, given);
    if (code == CLI_DONE) code = cli_run_folder_check_space(&run->folder, &run->session, given->quiet);
    if (code == CLI_DONE) code = train(run, given);
    if (code == CLI_DONE) code = finish(run, given);
    cli_run_folder_close(&run->folder, code == CLI_DONE);
    return code;
}

static int run_all(fit_run *run, const cli_options *given)
{
    int code = cli_run_folder_name(&run->folder, given->out, given->arguments[0]);
    if (code == CLI_DONE) code = cli_session_open(&run->session, given);
    if (code == CLI_DONE) code = cli_session_configure(&run->session, given->arguments[0], given);
    if (code == CLI_DONE) code = read_tasks(run);
    if (code == CLI_DONE) code = run_in_folder(run, given);
    return code;
}

static int fit(const cli_options *given)
{
    static fit_run run; /* too large for some stacks */
    int code = run_all(&run, given);
    for (int part = 0; part < N_PARTS; part++)
        free(run.metrics[part]);
    free(run.task_names);
    cli_session_close(&run.session);
    return code;
}

const cli_verb cli_fit = {
    .name = "fit",
    .arguments = "CONFIG",
    .summary = "train a model from a configuration, evaluate it and save it",
    .details = "Writes DIR/model.plexus, DIR/config.yaml (with all defaults) and DIR/metrics.jsonl (one object per\n"
               "epoch, called metrics.jsonl.partial during the run). Only one run at a time can write to DIR; the\n"
               "files of an earlier finished run move to DIR/previous and replace those in it.\n\n"
               "If CONFIG is -, it is read from standard input. Relative data files are searched for in --data DIR,\n"
               "then next to CONFIG, then in the folders listed in the first lines of a run's config.yaml, then in\n"
               "the cache folder of 'plexus fetch' ($XDG_CACHE_HOME/plexus or ~/.cache/plexus).\n\n"
               "Ctrl-C or SIGTERM ends training cleanly, saves the best epoch so far and exits with 130 or 143; a\n"
               "second one exits at once. A loss that is not finite also ends training: the best epoch is saved, and\n"
               "the exit code is 1. Other failures leave DIR unchanged.\n\n"
               "During the run, its state is saved to DIR/checkpoint.plexus (how often: train.checkpoint_epochs and\n"
               "others). After Ctrl-C, a crash or a power failure, the same command with --resume continues from\n"
               "there; the result is bit-identical to an uninterrupted run.\n\n"
               "--json prints one object: model (the path), epochs, best_epoch, seconds (load, train, total),\n"
               "rows_per_second, test and validation (metrics by task), skipped (rows, and of the first ones row,\n"
               "column and message, null where unknown), stopped_early, cancelled (by a signal) and error (null, or\n"
               "why training failed).\n",
    .examples = "plexus fit visits.yaml --out visits\n"
                "plexus fit visits.yaml --set model.num_experts=8 --seed 2 --out other\n"
                "plexus fit visits.yaml --out visits --resume\n"
                "plexus fit visits/config.yaml --out again\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = fit,
};
