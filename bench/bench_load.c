/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the raw files of Census-Income to encoded tables, as JSON lines; a NAME selects:
 *
 *   gz      plx_data_load of the two compressed files
 *   plain   plx_data_load of the same files, decompressed before and in the system's cache
 *   fit     the command `plexus fit` with two epochs from the compressed files: seconds, peak resident memory
 *
 * Megabytes are of the decompressed text. The caller's processor time is a lower bound of the wall time.
 *
 *     bench_load [--data DIR] [--config FILE] [--plexus FILE] [--runs N] [--threads A,B,...] [NAME...]
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "training.h"

extern char **environ;

typedef struct loaded {
    double walls[BENCH_RUNS_MAX], cpus[BENCH_RUNS_MAX], callers[BENCH_RUNS_MAX], rates[BENCH_RUNS_MAX],
        core_rates[BENCH_RUNS_MAX];
} loaded;

static void print_head(const char *from, int threads, const bench_options *o)
{
    printf("{\"bench\": \"load\", \"from\": \"%s\", \"data\": \"census\", \"threads\": %d, \"runs\": %d", from, threads,
           o->runs);
}

static void measure_load(const bench_options *o, const bench_folder *folder, int threads, bool is_plain)
{
    static loaded l;
    const double bytes = folder->plain_bytes[0] + folder->plain_bytes[1];
    const plx_context_options context_options = {.size = sizeof context_options, .threads = threads};
    const char *folders[] = {o->data};
    const plx_data_options options = {.size = sizeof options, .folders = folders, .n_folders = 1};
    char files[512];
    plx_error error;
    plx_context *context;
    plx_config *config;
    plx_data *data;
    bench_check(plx_context_create(&context_options, &context, &error), &error);
    bench_check(plx_config_read(context, o->config, &config, &error), &error);
    snprintf(files, sizeof files, "data.train=['%s', '%s']", folder->plain[0], folder->plain[1]);
    if (is_plain) bench_check(plx_config_set(config, files, &error), &error);
    for (int run = -1; run < o->runs; run++) { /* the first is a warm-up */
        bench_watch watch = bench_start();
        bench_check(plx_data_load(config, &options, &data, &error), &error);
        watch = bench_stop_watch(watch);
        plx_data_free(data);
        if (run < 0) continue;
        l.walls[run] = watch.wall;
        l.cpus[run] = watch.cpu;
        l.callers[run] = watch.caller;
        l.rates[run] = bytes / watch.wall;
        l.core_rates[run] = bytes / watch.cpu;
    }
    print_head(is_plain ? "plain" : "gz", threads, o);
    bench_print("seconds", l.walls, o->runs, 1);
    bench_print("cpu_seconds", l.cpus, o->runs, 1);
    bench_print("caller_cpu_seconds", l.callers, o->runs, 1);
    bench_print("megabytes_per_second", l.rates, o->runs, 1e-6);
    bench_print("megabytes_per_cpu_second", l.core_rates, o->runs, 1e-6);
    printf(", \"bytes\": %.0f}\n", bytes);
    fflush(stdout);
    plx_config_free(config);
    plx_context_free(context);
}

/** Runs the command; returns its resource usage. */
static struct rusage run_fit(const bench_options *o, const bench_folder *folder, int threads)
{
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    const char *arguments[] = {o->plexus, "fit",        o->config, "--data",         o->data,
                               "--out",   folder->path, "--set",   "train.epochs=2", "--threads",
                               count,     "--quiet",    NULL};
    posix_spawn_file_actions_t actions;
    struct rusage usage = {0};
    pid_t child;
    int status = 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, o->plexus, &actions, NULL, (char *const *)arguments, environ) != 0 ||
        wait4(child, &status, 0, &usage) != child || status != 0)
        bench_stop("`plexus fit` failed; --plexus FILE names the command");
    posix_spawn_file_actions_destroy(&actions);
    return usage;
}

static void measure_fit(const bench_options *o, const bench_folder *folder, int threads)
{
    static loaded l;
    for (int run = 0; run < o->runs; run++) {
        bench_watch watch = bench_start();
        struct rusage usage = run_fit(o, folder, threads);
        l.walls[run] = bench_stop_watch(watch).wall;
        l.cpus[run] = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                      1e-6 * ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec);
        l.rates[run] = (double)usage.ru_maxrss * 1024;
    }
    print_head("fit", threads, o);
    bench_print("seconds", l.walls, o->runs, 1);
    bench_print("cpu_seconds", l.cpus, o->runs, 1);
    bench_print("resident_megabytes", l.rates, o->runs, 1e-6);
    printf(", \"epochs\": 2}\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bench_options options;
    bench_folder folder;
    bench_read_options(&options, argc, argv);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    bench_folder_make(&folder, &options);
    for (int i = 0; i < options.n_threads; i++) {
        if (bench_is_selected(&options.names, "gz")) measure_load(&options, &folder, options.threads[i], false);
        if (bench_is_selected(&options.names, "plain")) measure_load(&options, &folder, options.threads[i], true);
        if (bench_is_selected(&options.names, "fit")) measure_fit(&options, &folder, options.threads[i]);
    }
    bench_folder_remove(&folder);
    return 0;
}
