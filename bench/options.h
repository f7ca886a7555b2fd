/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of the benchmarks: options with one value each, from a table, then the names of what to measure. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

#include "kernels/kernels.h"

enum { BENCH_THREADS_MAX = 8 };

/** One option. Its value goes to the pointer that is not NULL. */
typedef struct bench_option {
    const char *name;     /* "--rows" */
    const char *argument; /* the value's name in messages */
    const char **text;
    double *real; /* above 0 */
    int *whole;   /* from 1: one number, or with `n` "1,2,4", at most BENCH_THREADS_MAX of them */
    int *n;
    const plx_kernels **level;
} bench_option;

/** What is to be measured: `items` [n], of main's arguments; none: all. */
typedef struct bench_names {
    char **items;
    int n;
} bench_names;

/** Reads argv by `options` [n]. An error ends the program. */
bench_names bench_read(const bench_option *options, int n, int argc, char **argv);
/** Whether `name` is to be measured. */
bool bench_is_selected(const bench_names *names, const char *name);

#endif
