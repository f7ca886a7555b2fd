/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training on more rows than fit into memory, as JSON lines: `plexus fit` on generated rows of 20 categories, one of
 * them with millions of values, 10 numbers and two tasks. A NAME selects; without one, all run in this order:
 *
 *   memory   every row in memory
 *   cold     with a memory budget, from the raw file through a new cache
 *   warm     the same again, from the cache
 *
 *     bench_stream [--rows N] [--categories N] [--budget SIZE] [--epochs N] [--set KEY=VALUE] [--folder DIR]
 *                  [--plexus FILE] [NAME...]
 *
 * The folder keeps rows and cache for the next run with the same numbers; without --folder they go to a temporary
 * folder. Resident memory is the command's peak, with pages of mapped files.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "options.h"
#include "training.h"

extern char **environ;

enum { CATEGORIES = 20, NUMBERS = 10, ROW_BYTES = 512, BUFFER_BYTES = 1 << 20, PATH_BYTES = 512 };

typedef struct settings {
    int rows, categories, epochs;
    const char *budget, *folder, *plexus, *set;
    bench_names names;
    char made[PATH_BYTES]; /* the temporary folder; unused with --folder */
} settings;

/* -- Rows ------------------------------------------------------------------------------------------------------ */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    int n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

/* Below n; small ones are more frequent. */
static uint64_t skewed(uint64_t random, uint64_t n)
{
    const double share = (double)(random >> 11) * 0x1p-53;
    return (uint64_t)(share * share * share * (double)n);
}

static char *put_row(char *at, uint64_t *state, const settings *s)
{
    static const uint64_t sizes[CATEGORIES] = {0,  2,  3,   5,   7,   9,   12,   17,   24,   52,
                                               91, 99, 120, 200, 400, 800, 1500, 5000, 9000, 40000};
    const uint64_t pick = next_random(state), n = (uint64_t)s->categories;
    const uint64_t item = pick & 1 ? pick % n : skewed(pick, n);
    *at++ = 'u';
    at = put_number(at, item);
    uint64_t sum = item % 7;
    for (int i = 1; i < CATEGORIES; i++) {
        const uint64_t value = skewed(next_random(state), sizes[i]);
        if (i < 6) sum += value;
        *at++ = ',';
        *at++ = (char)('a' + i);
        at = put_number(at, value);
    }
    for (int i = 0; i < NUMBERS; i++) {
        *at++ = ',';
        at = put_number(at, next_random(state) % 10000);
    }
    for (int task = 0; task < 2; task++) {
        *at++ = ',';
        *at++ = (char)('0' + (next_random(state) % 32 < sum + 2 * (unsigned)task));
    }
    *at++ = '\n';
    return at;
}

static void write_head(FILE *file)
{
    for (int i = 0; i < CATEGORIES; i++)
        fprintf(file, "c%d,", i);
    for (int i = 0; i < NUMBERS; i++)
        fprintf(file, "x%d,", i);
    fprintf(file, "click,buy\n");
}

static void write_rows(const settings *s, const char *path)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    FILE *file = fopen(path, "w");
    char *buffer = malloc(BUFFER_BYTES), *at = buffer;
    if (!file || !buffer) bench_stop("the rows cannot be written");
    write_head(file);
    for (int row = 0; row < s->rows; row++) {
        at = put_row(at, &state, s);
        if (at - buffer < BUFFER_BYTES - ROW_BYTES && row + 1 < s->rows) continue;
        if (fwrite(buffer, 1, (size_t)(at - buffer), file) != (size_t)(at - buffer)) break;
        at = buffer;
    }
    if (ferror(file) || fclose(file) != 0) bench_stop("the rows cannot be written");
    free(buffer);
}

static void write_config(const settings *s, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) bench_stop("the configuration cannot be written");
    fprintf(file, "data: {train: [rows-%d-%d.csv]}\nfeatures:\n", s->rows, s->categories);
    for (int i = 0; i < CATEGORIES; i++)
        fprintf(file, "  - {name: c%d, kind: sparse, embedding_dim: 8}\n", i);
    for (int i = 0; i < NUMBERS; i++)
        fprintf(file, "  - {name: x%d, kind: dense}\n", i);
    fprintf(file,
            "tasks: [{name: click}, {name: buy}]\n"
            "model: {name: mmoe, num_experts: 4, expert_dnn_units: [64, 32]}\n"
            "train: {epochs: %d, batch_size: 4096, table_optimizer: lazy_adam}\n",
            s->epochs);
    if (fclose(file) != 0) bench_stop("the configuration cannot be written");
}

/* -- Runs ------------------------------------------------------------------------------------------------------ */

static double number_of(const char *text, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(text, key);
    return at ? atof(at + strlen(key)) : 0;
}

/* Runs the command with its JSON in `result`; returns its resource usage. */
static struct rusage run_fit(const settings *s, const char *config, const char *budget, char *result, size_t capacity)
{
    char out[PATH_BYTES + 16], cache[PATH_BYTES + 32], printed[PATH_BYTES + 16];
    snprintf(out, sizeof out, "%s/out", s->folder);
    snprintf(printed, sizeof printed, "%s/result.json", s->folder);
    snprintf(cache, sizeof cache, "data.cache=%s/cache", s->folder);
    const char *more = budget ? "--set" : NULL;
    const char *arguments[] = {s->plexus, "fit",  config, "--out", out,     "--json", "--quiet",
                               "--set",   s->set, more,   budget,  "--set", cache,    NULL};
    posix_spawn_file_actions_t actions;
    struct rusage usage = {0};
    pid_t child;
    int status = 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, printed, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (posix_spawn(&child, s->plexus, &actions, NULL, (char *const *)arguments, environ) != 0 ||
        wait4(child, &status, 0, &usage) != child || status != 0)
        bench_stop("`plexus fit` failed; --plexus FILE names the command");
    posix_spawn_file_actions_destroy(&actions);
    FILE *file = fopen(printed, "r");
    size_t n = file ? fread(result, 1, capacity - 1, file) : 0;
    result[n] = '\0';
    if (file) fclose(file);
    return usage;
}

static void measure(const settings *s, const char *config, const char *name, bool has_budget)
{
    char result[1 << 14], budget[64];
    snprintf(budget, sizeof budget, "data.memory=%s", s->budget);
    const struct rusage usage = run_fit(s, config, has_budget ? budget : NULL, result, sizeof result);
    printf("{\"bench\": \"stream\", \"from\": \"%s\", \"rows\": %d, \"categories\": %d, \"budget\": \"%s\", "
           "\"load_seconds\": %.2f, \"train_seconds\": %.2f, \"rows_per_second\": %.0f, \"resident_mib\": %.0f}\n",
           name, s->rows, s->categories, has_budget ? s->budget : "none", number_of(result, "load"),
           number_of(result, "train"), number_of(result, "rows_per_second"), (double)usage.ru_maxrss / 1024);
    fflush(stdout);
}

static void remove_tree(const char *folder)
{
    const char *arguments[] = {"rm", "-rf", "--", folder, NULL};
    pid_t child;
    if (posix_spawnp(&child, "rm", NULL, NULL, (char *const *)arguments, environ) == 0) waitpid(child, NULL, 0);
}

static void read_options(settings *s, int argc, char **argv)
{
    *s = (settings){.rows = 2000000,
                    .categories = 10000000,
                    .epochs = 2,
                    .budget = "64MiB",
                    .plexus = "build/plexus",
                    .set = "train.seed=0"};
    const bench_option choices[] = {
        {"--rows", "N", .whole = &s->rows},       {"--categories", "N", .whole = &s->categories},
        {"--epochs", "N", .whole = &s->epochs},   {"--budget", "SIZE", .text = &s->budget},
        {"--set", "KEY=VALUE", .text = &s->set},  {"--folder", "DIR", .text = &s->folder},
        {"--plexus", "FILE", .text = &s->plexus},
    };
    s->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
    if (!s->folder) {
        strcpy(s->made, "stream-XXXXXX");
        if (!mkdtemp(s->made)) bench_stop("no folder can be made here");
        s->folder = s->made;
    }
    (void)mkdir(s->folder, 0777);
}

int main(int argc, char **argv)
{
    settings s;
    char rows[PATH_BYTES + 64], config[PATH_BYTES + 16], cache[PATH_BYTES + 16];
    read_options(&s, argc, argv);
    snprintf(rows, sizeof rows, "%s/rows-%d-%d.csv", s.folder, s.rows, s.categories);
    snprintf(config, sizeof config, "%s/stream.yaml", s.folder);
    snprintf(cache, sizeof cache, "%s/cache", s.folder);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    if (access(rows, R_OK) != 0) write_rows(&s, rows);
    write_config(&s, config);
    if (bench_is_selected(&s.names, "memory")) measure(&s, config, "memory", false);
    if (bench_is_selected(&s.names, "cold")) {
        remove_tree(cache);
        measure(&s, config, "cold", true);
    }
    if (bench_is_selected(&s.names, "warm")) measure(&s, config, "warm", true);
    if (*s.made) remove_tree(s.made);
    return 0;
}
