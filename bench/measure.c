/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, medians, options, the data. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files/stream.h"
#include "training.h"

static const char *const file_names[2] = {"census-income.data", "census-income.test"};

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

bench_watch bench_start(void)
{
    return (bench_watch){bench_now(), seconds_of(CLOCK_PROCESS_CPUTIME_ID), seconds_of(CLOCK_THREAD_CPUTIME_ID)};
}

bench_watch bench_stop_watch(bench_watch start)
{
    return (bench_watch){bench_now() - start.wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start.cpu,
                         seconds_of(CLOCK_THREAD_CPUTIME_ID) - start.caller};
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(double *values, int n, double share)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return values[(int)(share * (n - 1) + 0.5)];
}

void bench_print(const char *name, double *values, int n, double unit)
{
    double median = bench_quantile(values, n, 0.5);
    printf(", \"%s\": {\"median\": %.6g, \"min\": %.6g, \"max\": %.6g}", name, median * unit, values[0] * unit,
           values[n - 1] * unit);
}

void bench_check(plx_status status, const plx_error *error)
{
    if (status != PLX_OK) bench_stop(error->message);
}

static bool has_data(const char *folder)
{
    char path[BENCH_PATH];
    struct stat info;
    snprintf(path, sizeof path, "%s/census-income/%s.gz", folder, file_names[0]);
    return stat(path, &info) == 0;
}

/* The folder of the option, else ../shared/data, else the folder of `plexus fetch`. */
static const char *find_data(const char *given)
{
    static char folder[4096];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    snprintf(folder, sizeof folder, "%s", given ? given : "../shared/data");
    if (has_data(folder)) return folder;
    if (cache) snprintf(folder, sizeof folder, "%s/plexus", cache);
    if (!cache && home) snprintf(folder, sizeof folder, "%s/.cache/plexus", home);
    if (given || !has_data(folder))
        bench_stop("Census-Income is not there; `plexus fetch census-income` gets it, or --data DIR names its place");
    return folder;
}

void bench_read_options(bench_options *o, int argc, char **argv)
{
    *o = (bench_options){.config = "experiments/census-group1/mmoe.yaml",
                         .plexus = "build/plexus",
                         .runs = 9,
                         .threads = {1, 2},
                         .n_threads = 2};
    const bench_option choices[] = {
        {"--data", "DIR", .text = &o->data},
        {"--config", "FILE", .text = &o->config},
        {"--plexus", "FILE", .text = &o->plexus},
        {"--runs", "N", .whole = &o->runs},
        {"--threads", "A,B,...", .whole = o->threads, .n = &o->n_threads},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
    if (o->runs > BENCH_RUNS_MAX) bench_stop("--runs takes a number from 1 to 1000");
    o->data = find_data(o->data);
}

static double decompress(const char *from, const char *to)
{
    static char bytes[1 << 16];
    plx_error error;
    plx_stream stream;
    size_t got;
    double total = 0;
    FILE *file = fopen(to, "wb");
    if (!file) bench_stop("cannot write to /tmp");
    bench_check(plx_stream_init(&stream, &plx_allocator_default, from, &error), &error);
    plx_byte_source source = plx_stream_source(&stream);
    do {
        bench_check(source.read(source.user, bytes, sizeof bytes, &got, &error), &error);
        if (fwrite(bytes, 1, got, file) != got) bench_stop("cannot write to /tmp");
        total += (double)got;
    } while (got > 0);
    plx_stream_release(&stream);
    if (fclose(file) != 0) bench_stop("cannot write to /tmp");
    return total;
}

void bench_folder_make(bench_folder *folder, const bench_options *o)
{
    strcpy(folder->path, "/tmp/plexus-bench-XXXXXX");
    if (!mkdtemp(folder->path)) bench_stop("cannot make a folder in /tmp");
    for (int i = 0; i < 2; i++) {
        snprintf(folder->packed[i], sizeof folder->packed[i], "%s/census-income/%s.gz", o->data, file_names[i]);
        snprintf(folder->plain[i], sizeof folder->plain[i], "%s/%s", folder->path, file_names[i]);
        folder->plain_bytes[i] = decompress(folder->packed[i], folder->plain[i]);
    }
}

void bench_folder_remove(const bench_folder *folder)
{
    static const char *const others[] = {"model.plexus", "config.yaml", "metrics.jsonl"};
    char path[256];
    for (int i = 0; i < 2; i++)
        unlink(folder->plain[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "%s/%s", folder->path, others[i]);
        unlink(path);
    }
    rmdir(folder->path);
}
