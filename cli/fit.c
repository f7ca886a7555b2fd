/* SPDX-License-Identifier: Apache-2.0 */
/* plexus fit: from a configuration to a trained, saved and evaluated model. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const cli_option options[] = {
    {"out", "DIR", "where to write (default: plexus-out/NAME, NAME the configuration's)", CLI_TEXT,
     offsetof(cli_options, out), 0, 0},
    {"data", "DIR", "look for relative data files here first", CLI_TEXT, offsetof(cli_options, data), 0, 0},
    {"seed", "N", "same as --set train.seed=N", CLI_INT, offsetof(cli_options, seed), 0, 9007199254740992.0},
    {"set", "KEY=VALUE", "change the configuration: train.epochs=3; may be repeated", CLI_TEXTS,
     offsetof(cli_options, set), 0, 0},
    {"threads", "N", "threads; 0, the default: one a processor", CLI_INT, offsetof(cli_options, threads), 0, 1024},
    {"cpu", "LEVEL", "highest kernel level: plain, simd128, avx2 or avx512", CLI_TEXT, offsetof(cli_options, cpu), 0,
     0},
    {"tensorboard", "DIR", "write losses and figures of each epoch for TensorBoard", CLI_TEXT,
     offsetof(cli_options, tensorboard), 0, 0},
    {"resume", NULL, "go on from the checkpoint in DIR, if there is one", CLI_FLAG, offsetof(cli_options, resume), 0,
     0},
    {"json", NULL, "print one JSON object instead of tables", CLI_FLAG, offsetof(cli_options, json), 0, 0},
    {"quiet", NULL, "no progress, no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0},
};

enum { N_PARTS = 3 };
static const char *const part_names[N_PARTS] = {"train", "validation", "test"};

/** One run: what it writes and what it found. */
typedef struct fit_run {
    cli_session session;
    char out[CLI_MAX_PATH], model_path[CLI_MAX_PATH], config_path[CLI_MAX_PATH], log_path[CLI_MAX_PATH],
        partial_log[CLI_MAX_PATH], checkpoint[CLI_MAX_PATH];
    const char **task_names; /* [n_tasks] */
    int n_tasks;
    bool has_taken_log; /* from its last name back to the one that it has while it runs */
    cli_progress progress;
    plx_train_report report;
    plx_metrics *metrics[N_PARTS]; /* [n_tasks] of validation and test; NULL where there are no rows */
} fit_run;

/* Set by the signal handler, which can reach nothing else. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

/** The first signal ends training cleanly, the second ends the program. */
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool show_progress(void *user, const plx_progress *state)
{
    fit_run *run = user;
    cli_progress_show(&run->progress, state);
    return !interrupted;
}

static int choose_paths(fit_run *run, const cli_options *given)
{
    char stem[CLI_MAX_PATH];
    bool fits = true;
    if (given->out)
        fits = snprintf(run->out, CLI_MAX_PATH, "%s", given->out) < CLI_MAX_PATH;
    else
        fits = cli_path_stem(stem, given->arguments[0]) && cli_path_join(run->out, "plexus-out", stem);
    fits = fits && cli_path_join(run->model_path, run->out, "model.plexus") &&
           cli_path_join(run->config_path, run->out, "config.yaml") &&
           cli_path_join(run->log_path, run->out, "metrics.jsonl") &&
           cli_path_join(run->partial_log, run->out, "metrics.jsonl.partial") &&
           cli_path_join(run->checkpoint, run->out, "checkpoint.plexus");
    return fits ? CLI_DONE : cli_fail("the path of the output folder is too long");
}

static int read_tasks(fit_run *run)
{
    const plx_config *config = run->session.config;
    run->n_tasks = plx_config_n_tasks(config);
    run->task_names = calloc((size_t)run->n_tasks, sizeof *run->task_names);
    if (!run->task_names) return cli_fail("out of memory");
    for (int task = 0; task < run->n_tasks; task++)
        run->task_names[task] = plx_config_task_name(config, task);
    return CLI_DONE;
}

static int load(fit_run *run, const cli_options *given)
{
    cli_session *session = &run->session;
    int code = cli_session_configure(session, given->arguments[0], given);
    if (code == CLI_DONE) code = read_tasks(run);
    if (code == CLI_DONE) code = cli_session_load_data(session, given->arguments[0], given);
    if (code != CLI_DONE) return code;
    plx_error error;
    if (plx_model_create(session->config, session->data, &session->model, &error) != PLX_OK)
        return cli_fail_error(&error);
    if (given->quiet) return CLI_DONE;
    fprintf(stderr, "read %lld training, %lld validation and %lld test rows in %.2f s\n",
            (long long)plx_data_rows(session->data, PLX_PART_TRAIN),
            (long long)plx_data_rows(session->data, PLX_PART_VALIDATION),
            (long long)plx_data_rows(session->data, PLX_PART_TEST), session->load_seconds);
    int threads = plx_context_threads(session->context);
    fprintf(stderr, "%s: %d task%s, %lld parameters, %d thread%s, %s kernels\n", plx_config_model_name(session->config),
            run->n_tasks, cli_plural(run->n_tasks), (long long)plx_model_n_parameters(session->model), threads,
            cli_plural(threads), plx_context_cpu_level(session->context));
    return CLI_DONE;
}

/** Writes the model before anything else: it is what took the time. */
static int save(const fit_run *run)
{
    plx_error error;
    if (plx_model_save(run->session.model, run->model_path, &error) != PLX_OK) return cli_fail_error(&error);
    int code = cli_write_text(run->config_path, plx_config_text(run->session.config));
    if (code != CLI_DONE) return code;
    if (rename(run->partial_log, run->log_path) != 0)
        return cli_fail("cannot write %s: %s", run->log_path, strerror(errno));
    if (!run->report.cancelled) unlink(run->checkpoint); /* an interrupted run can be gone on with */
    return CLI_DONE;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/** Says what --resume finds. A run that had ended its log, or was interrupted, has given it its last name already. */
static int find_checkpoint(fit_run *run, const cli_options *given)
{
    bool is_found = is_there(run->checkpoint);
    if (given->resume && is_found && !is_there(run->partial_log) && is_there(run->log_path)) {
        if (rename(run->log_path, run->partial_log) != 0)
            return cli_fail("cannot rename %s: %s", run->log_path, strerror(errno));
        run->has_taken_log = true;
    }
    if (given->quiet || (!given->resume && !is_found)) return CLI_DONE;
    if (!given->resume)
        fprintf(stderr, "starting anew; --resume would go on from %s\n", run->checkpoint);
    else if (is_found)
        fprintf(stderr, "going on from %s\n", run->checkpoint);
    else
        fprintf(stderr, "there is no %s: starting anew\n", run->checkpoint);
    return CLI_DONE;
}

static int train(fit_run *run, const cli_options *given)
{
    cli_session *session = &run->session;
    plx_train_hooks hooks = {.progress = show_progress,
                             .user = run,
                             .log_path = run->partial_log,
                             .checkpoint_path = run->checkpoint,
                             .resume = given->resume,
                             .tensorboard = given->tensorboard};
    plx_error error;
    cli_progress_open(&run->progress, given->quiet, run->task_names, run->n_tasks);
    catch_interrupts();
    plx_status status = plx_model_train(session->model, session->data, &hooks, &run->report, &error);
    cli_progress_close(&run->progress);
    /* Going on from where a loss ran away would end there again. */
    if (status == PLX_ERR_NUMERIC && run->report.checkpoints > 0) unlink(run->checkpoint);
    if (status != PLX_OK) return cli_fail_error(&error);
    if (run->report.cancelled && run->report.best_epoch == 0)
        return cli_fail("interrupted before the first epoch ended; %s",
                        run->report.checkpoints > 0 ? "--resume goes on from there" : "nothing was saved");
    if (run->report.cancelled && !given->quiet)
        fprintf(stderr, "interrupted; keeping the model of epoch %d\n", run->report.best_epoch);
    if (run->report.stopped_early && !given->quiet)
        fprintf(stderr, "stopped early: epoch %d was the best\n", run->report.best_epoch);
    return CLI_DONE;
}

static int evaluate(fit_run *run)
{
    for (int part = PLX_PART_VALIDATION; part < N_PARTS; part++) {
        if (plx_data_rows(run->session.data, (plx_part)part) == 0) continue;
        run->metrics[part] = calloc((size_t)run->n_tasks, sizeof *run->metrics[part]);
        if (!run->metrics[part]) return cli_fail("out of memory");
        plx_error error;
        if (plx_model_evaluate(run->session.model, run->session.data, (plx_part)part, run->metrics[part], &error) !=
            PLX_OK)
            return cli_fail_error(&error);
    }
    return CLI_DONE;
}

static json_t *part_json(const fit_run *run, plx_part part)
{
    return run->metrics[part] ? cli_metrics_json(run->metrics[part], run->n_tasks) : json_object();
}

static json_t *report_json(const fit_run *run)
{
    const plx_train_report *report = &run->report;
    return json_pack("{s:s, s:i, s:i, s:{s:f, s:f, s:f}, s:o, s:o, s:o, s:o, s:b, s:b}", "model", run->model_path,
                     "epochs", report->epochs, "best_epoch", report->best_epoch, "seconds", "load",
                     run->session.load_seconds, "train", report->seconds, "total", cli_seconds() - run->session.start,
                     "rows_per_second", cli_number_json(report->rows_per_second), "test", part_json(run, PLX_PART_TEST),
                     "validation", part_json(run, PLX_PART_VALIDATION), "skipped",
                     cli_session_wrong_json(&run->session), "stopped_early", report->stopped_early, "cancelled",
                     report->cancelled);
}

static void print_report(const fit_run *run)
{
    for (int part = PLX_PART_VALIDATION; part < N_PARTS; part++) {
        if (!run->metrics[part]) continue;
        cli_print_metrics(stdout, part_names[part], run->metrics[part], run->n_tasks);
        putchar('\n');
    }
    printf("%d epoch%s, best %d; %.2f s loading, %.2f s training\nsaved %s\n", run->report.epochs,
           cli_plural(run->report.epochs), run->report.best_epoch, run->session.load_seconds, run->report.seconds,
           run->model_path);
}

/** A failure leaves the folder as it was, but for a checkpoint, from which --resume goes on. */
static int fill_folder(fit_run *run, const cli_options *given)
{
    size_t n_kept;
    int code = cli_make_folder(run->out, &n_kept);
    if (code == CLI_DONE) cli_drop_leftovers(run->out);
    if (code == CLI_DONE) code = find_checkpoint(run, given);
    if (code == CLI_DONE) code = train(run, given);
    if (code == CLI_DONE) code = evaluate(run);
    if (code == CLI_DONE) code = save(run);
    if (code == CLI_DONE) return CLI_DONE;
    if (run->has_taken_log) rename(run->partial_log, run->log_path);
    if (!is_there(run->checkpoint)) unlink(run->partial_log); /* else --resume needs it */
    cli_drop_folder(run->out, n_kept);
    return code;
}

static int run_all(fit_run *run, const cli_options *given)
{
    int code = choose_paths(run, given);
    if (code == CLI_DONE) code = cli_session_open(&run->session, given);
    if (code == CLI_DONE) code = load(run, given);
    if (code == CLI_DONE) code = fill_folder(run, given);
    if (code != CLI_DONE) return code;
    cli_session_tell_wrong_rows(&run->session);
    if (given->json) return cli_print_json(report_json(run));
    print_report(run);
    return CLI_DONE;
}

static int fit(const cli_options *given)
{
    static fit_run run; /* its paths are too large for some stacks */
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
    .summary = "train a model as a configuration says, evaluate it and save it",
    .details = "Writes DIR/model.plexus, DIR/config.yaml (every default written out) and DIR/metrics.jsonl (one\n"
               "object an epoch, called metrics.jsonl.partial while it runs).\n"
               "Relative data files are looked for in --data DIR, then beside CONFIG, then in the cache folder to\n"
               "which 'plexus fetch' writes ($XDG_CACHE_HOME/plexus or ~/.cache/plexus).\n"
               "Ctrl-C ends training cleanly and saves the best epoch so far; a second one ends at once.\n"
               "While it runs, DIR/checkpoint.plexus keeps its state (train.checkpoint_epochs and others say how\n"
               "often): after Ctrl-C, a crash or a power failure, the same command with --resume goes on from there\n"
               "and ends with the same bits as if it had never been broken off.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = fit,
};
