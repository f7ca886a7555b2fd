/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks of plexus.h on Census-Income share: clocks, medians, options, data. Errors end the program. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "options.h"
#include "plexus.h"

enum { BENCH_RUNS_MAX = 1000, BENCH_PATH = 4352 };

/** Wall clock, and processor time of all threads and of the calling thread, in seconds. */
typedef struct bench_watch {
    double wall, cpu, caller;
} bench_watch;

double bench_now(void);
bench_watch bench_start(void);
bench_watch bench_stop_watch(bench_watch start);

/** The quantile below which a share of the values lies; sorts them. */
double bench_quantile(double *values, int n, double share);
/** `, "NAME": {"median": ..., "min": ..., "max": ...}` of values times `unit`; sorts them. */
void bench_print(const char *name, double *values, int n, double unit);
void bench_check(plx_status status, const plx_error *error);

typedef struct bench_options {
    const char *data;            /* folder that holds census-income/ */
    const char *config, *plexus; /* a configuration, and the command */
    int runs, threads[BENCH_THREADS_MAX], n_threads;
    bench_names names;
} bench_options;

/** --data DIR, --config FILE, --plexus FILE, --runs N, --threads A,B,..., then names. Also finds the data. */
void bench_read_options(bench_options *options, int argc, char **argv);

/** A temporary folder for a run's files, with a decompressed copy of the data. */
typedef struct bench_folder {
    char path[64];
    char packed[2][BENCH_PATH], plain[2][128]; /* the training file and the test file */
    double plain_bytes[2];
} bench_folder;

void bench_folder_make(bench_folder *folder, const bench_options *options);
void bench_folder_remove(const bench_folder *folder);

#endif
