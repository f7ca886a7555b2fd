/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a command line by a table of options. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "training.h"

static int read_numbers(const char *text, int *numbers, int capacity)
{
    char *end;
    int n = 0;
    for (; n < capacity && *text; text = *end ? end + 1 : end) {
        const long number = strtol(text, &end, 10);
        if (end == text || number < 1 || number > 1000000000) bench_stop("numbers are given as 1,2,4");
        numbers[n++] = (int)number;
    }
    return n;
}

static double read_real(const char *text)
{
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end || !(number > 0)) bench_stop("a number above 0 is needed");
    return number;
}

static const plx_kernels *read_level(const char *name)
{
    plx_cpu_level level;
    if (!plx_cpu_level_named(name, &level)) bench_stop("--level takes plain, simd128, avx2 or avx512");
    return plx_kernels_for(level);
}

static void read_value(const bench_option *option, const char *value)
{
    if (option->text) *option->text = value;
    if (option->real) *option->real = read_real(value);
    if (option->level) *option->level = read_level(value);
    if (!option->whole) return;
    const int n = read_numbers(value, option->whole, option->n ? BENCH_THREADS_MAX : 1);
    if (option->n) *option->n = n;
}

_Noreturn static void stop_with_options(const bench_option *options, int n)
{
    char message[512] = "options are";
    for (int i = 0; i < n; i++) {
        const size_t length = strlen(message);
        snprintf(message + length, sizeof message - length, "%s %s %s", i ? "," : "", options[i].name,
                 options[i].argument);
    }
    bench_stop(message);
}

bench_names bench_read(const bench_option *options, int n, int argc, char **argv)
{
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        int i = 0;
        while (i < n && strcmp(argv[at], options[i].name) != 0)
            i++;
        if (i == n || at + 1 == argc) stop_with_options(options, n);
        read_value(&options[i], argv[at + 1]);
    }
    return (bench_names){argv + at, argc - at};
}

bool bench_is_selected(const bench_names *names, const char *name)
{
    for (int i = 0; i < names->n; i++) {
        if (strcmp(names->items[i], name) == 0) return true;
    }
    return names->n == 0;
}
