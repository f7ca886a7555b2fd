/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores Census-Income rows through plexus.h with a model that was trained for one epoch, saved and loaded. Prints JSON
 * lines; a NAME selects:
 *
 *   encoded   plx_model_predict on all rows of the training file, encoded before
 *   raw       the same rows from a plain CSV file: read, encoded, scored
 *   latency   one raw row a call of plx_predictor_score, all columns as texts, a thousand rows in turn
 *
 *     bench_predict [--data DIR] [--config FILE] [--runs N] [--threads A,B,...] [NAME...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/csv.h"
#include "files/stream.h"
#include "measure.h"
#include "training.h"

enum { CELLS = 42, ROWS = 1000, CALLS = 200000, TASKS_MAX = 64 };

/** A model in a context, and where its data is. */
typedef struct scene {
    const bench_options *options;
    bench_folder folder;
    char model_path[128];
    plx_context *context;
    plx_model *model;
    plx_error error;
} scene;

static void check(const scene *s, plx_status status)
{
    bench_check(status, &s->error);
}

static void open_context(scene *s, int threads)
{
    const plx_context_options options = {.size = sizeof options, .threads = threads};
    check(s, plx_context_create(&options, &s->context, &s->error));
}

static void train(scene *s)
{
    plx_config *config;
    plx_data *data;
    plx_model *model;
    const plx_data_options options = {.size = sizeof options, .folders = &s->options->data, .n_folders = 1};
    open_context(s, 0);
    check(s, plx_config_read(s->context, s->options->config, &config, &s->error));
    check(s, plx_config_set(config, "train.epochs=1", &s->error));
    check(s, plx_data_load(config, &options, &data, &s->error));
    check(s, plx_model_create(config, data, &model, &s->error));
    check(s, plx_model_train(model, data, NULL, NULL, &s->error));
    check(s, plx_model_save(model, s->model_path, &s->error));
    plx_model_free(model);
    plx_data_free(data);
    plx_config_free(config);
    plx_context_free(s->context);
}

static void open_model(scene *s, int threads)
{
    open_context(s, threads);
    check(s, plx_model_load(s->context, s->model_path, &s->model, &s->error));
}

static void close_model(scene *s)
{
    plx_model_free(s->model);
    plx_context_free(s->context);
}

static void print_head(const scene *s, const char *bench, const char *form, int threads, int64_t rows)
{
    printf("{\"bench\": \"%s\", \"from\": \"%s\", \"data\": \"census\", \"model\": \"%s\", \"threads\": %d, "
           "\"level\": \"%s\", \"rows\": %lld",
           bench, form, plx_model_inspect(s->model)->network, threads, plx_context_inspect(s->context)->cpu_level,
           (long long)rows);
}

/* -- Many rows --------------------------------------------------------------------------------------------------- */

static plx_dataset *read_rows(scene *s)
{
    const char *path = s->folder.plain[0];
    const plx_source file = {.size = sizeof file, .paths = &path, .n_paths = 1};
    plx_dataset *dataset;
    check(s, plx_dataset_read(s->model, &file, false, &dataset, &s->error));
    return dataset;
}

static void bench_rows(scene *s, int threads, bool is_raw)
{
    static double rates[BENCH_RUNS_MAX], cpus[BENCH_RUNS_MAX];
    plx_dataset *dataset = read_rows(s);
    int64_t rows = plx_dataset_report(dataset)->rows;
    float *scores = malloc((size_t)rows * (size_t)plx_model_inspect(s->model)->n_tasks * sizeof *scores);
    if (!scores) bench_stop("out of memory");
    for (int run = -1; run < s->options->runs; run++) { /* the first is a warm-up */
        bench_watch watch = bench_start();
        if (is_raw) {
            plx_dataset_free(dataset);
            dataset = read_rows(s);
        }
        const plx_prediction wanted = {.size = sizeof wanted, .dataset = dataset, .scores = scores};
        check(s, plx_model_predict(s->model, &wanted, NULL, &s->error));
        watch = bench_stop_watch(watch);
        if (run < 0) continue;
        rates[run] = (double)rows / watch.wall;
        cpus[run] = watch.cpu / (double)rows;
    }
    print_head(s, "predict", is_raw ? "raw" : "encoded", threads, rows);
    printf(", \"runs\": %d", s->options->runs);
    bench_print("rows_per_second", rates, s->options->runs, 1);
    bench_print("cpu_ns_per_row", cpus, s->options->runs, 1e9);
    printf("}\n");
    fflush(stdout);
    free(scores);
    plx_dataset_free(dataset);
}

/* -- One row ------------------------------------------------------------------------------------------------------- */

static void make_texts(const scene *s, const char *texts[ROWS][CELLS])
{
    static const plx_csv_options options = {
        .delimiter = ',', .quote = '"', .has_quote = true, .trim = true, .comment = ""};
    plx_error error;
    plx_stream stream;
    plx_csv csv;
    bench_check(plx_stream_init(&stream, &plx_allocator_default, s->folder.plain[0], &error), &error);
    bench_check(plx_csv_init(&csv, &plx_allocator_default, &options, plx_stream_source(&stream), "rows", &error),
                &error);
    for (int row = 0; row < ROWS; row++) {
        bool more;
        bench_check(plx_csv_next(&csv, &more, &error), &error);
        if (!more || csv.n_cells != CELLS) bench_stop("the rows are not those of Census-Income");
        for (int cell = 0; cell < CELLS; cell++) {
            texts[row][cell] = strndup(csv.cells[cell].text, csv.cells[cell].length);
            if (!texts[row][cell]) bench_stop("out of memory");
        }
    }
    plx_csv_release(&csv);
    plx_stream_release(&stream);
}

/** The columns' names, from the configuration's list; they point into the result, which the caller frees. */
static char *make_names(const scene *s, const char *names[CELLS])
{
    static const char between[] = " ,[]\n-'\"";
    const char *list = strstr(plx_config_text(plx_model_config(s->model)), "columns:");
    char *copy = strdup(list ? list + strlen("columns:") : ""), *rest;
    if (!copy) bench_stop("out of memory");
    for (int i = 0; i < CELLS; i++) {
        names[i] = strtok_r(i == 0 ? copy : NULL, between, &rest);
        if (!names[i]) bench_stop("the configuration lists no columns");
    }
    return copy;
}

static void measure_calls(scene *s, const char *const names[CELLS], const char *texts[ROWS][CELLS], double *seconds)
{
    plx_column columns[CELLS];
    plx_predictor *predictor;
    float scores[TASKS_MAX];
    check(s, plx_predictor_create(s->model, &predictor, &s->error));
    for (int call = -ROWS; call < CALLS; call++) { /* the first rows are a warm-up */
        for (int cell = 0; cell < CELLS; cell++)
            columns[cell] = (plx_column){.name = names[cell], .texts = &texts[(call + ROWS) % ROWS][cell]};
        double start = bench_now();
        check(s, plx_predictor_score(predictor, columns, CELLS, 1, scores, &s->error));
        double end = bench_now();
        if (call >= 0) seconds[call] = end - start;
    }
    plx_predictor_free(predictor);
}

static void bench_latency(scene *s)
{
    static const char *texts[ROWS][CELLS];
    static double seconds[CALLS], medians[BENCH_RUNS_MAX], p99s[BENCH_RUNS_MAX], p999s[BENCH_RUNS_MAX];
    const char *names[CELLS];
    char *list = make_names(s, names);
    make_texts(s, texts);
    for (int run = 0; run < s->options->runs; run++) {
        measure_calls(s, names, texts, seconds);
        medians[run] = bench_quantile(seconds, CALLS, 0.5);
        p99s[run] = bench_quantile(seconds, CALLS, 0.99);
        p999s[run] = bench_quantile(seconds, CALLS, 0.999);
    }
    print_head(s, "latency", "columns", 1, 1);
    printf(", \"calls\": %d, \"runs\": %d", CALLS, s->options->runs);
    bench_print("us_median", medians, s->options->runs, 1e6);
    bench_print("us_p99", p99s, s->options->runs, 1e6);
    bench_print("us_p999", p999s, s->options->runs, 1e6);
    printf("}\n");
    fflush(stdout);
    for (int i = 0; i < ROWS * CELLS; i++)
        free((char *)texts[i / CELLS][i % CELLS]);
    free(list);
}

int main(int argc, char **argv)
{
    bench_options options;
    scene s = {.options = &options};
    bench_read_options(&options, argc, argv);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    bench_folder_make(&s.folder, &options);
    snprintf(s.model_path, sizeof s.model_path, "%s/model.plexus", s.folder.path);
    train(&s);
    for (int i = 0; i < options.n_threads; i++) {
        open_model(&s, options.threads[i]);
        if (bench_is_selected(&options.names, "encoded")) bench_rows(&s, options.threads[i], false);
        if (bench_is_selected(&options.names, "raw")) bench_rows(&s, options.threads[i], true);
        close_model(&s);
    }
    open_model(&s, 1);
    if (bench_is_selected(&options.names, "latency")) bench_latency(&s);
    close_model(&s);
    bench_folder_remove(&s.folder);
    return 0;
}
