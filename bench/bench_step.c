/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training epochs of every model at the sizes of two public data sets, on generated rows of the same shape. JSON lines:
 * the machine, then one for each model, data set and number of threads. Seconds count training alone.
 *
 *     bench_step [--epochs N] [--threads A,B,...] [--level LEVEL] [NAME...]
 *
 * A NAME selects: a data set, a model or both as DATA/MODEL. N epochs are measured after two warm-up epochs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "training.h"

enum { MODELS_MAX = 8, WARM_UP = 2 };

typedef struct data_shape {
    const char *name;
    int64_t batch;
    double learning_rate;
    bench_data data;
    bench_model models[MODELS_MAX]; /* ended by a NULL name */
} data_shape;

static const data_shape data_shapes[] = {
    {
        .name = "census",
        .batch = 1024,
        .learning_rate = 0.01,
        .data = {.rows = 199523,
                 .n_dense = 11,
                 .n_tasks = 2,
                 .embedding_dim = 4,
                 .vocabularies = {9,  52, 47, 17, 3, 24, 15, 5, 10, 2,  3,  6,  8, 6, 6,
                                  51, 38, 8,  10, 9, 10, 3,  4, 5,  43, 43, 43, 5, 3}},
        .models = {{.model = "single_task", .tower = {16, 8}},
                   {.model = "shared_bottom", .bottom = {16}, .tower = {8}},
                   {.model = "esmm", .tower = {8}},
                   {.model = "mmoe", .expert = {16}, .tower = {8}, .experts = 8},
                   {.model = "cgc", .expert = {16}, .tower = {8}, .specific = 4, .shared = 4},
                   {.model = "ple", .expert = {16}, .tower = {8}, .specific = 4, .shared = 4, .levels = 2}},
    },
    {
        .name = "adult",
        .batch = 256,
        .learning_rate = 0.001,
        .data = {.rows = 32561,
                 .n_dense = 5,
                 .n_tasks = 2,
                 .embedding_dim = 16,
                 .vocabularies = {73, 9, 16, 15, 6, 5, 2, 42}},
        .models =
            {{.model = "single_task", .tower = {128, 128}},
             {.model = "shared_bottom", .bottom = {128, 128}, .tower = {64, 32}},
             {.model = "esmm", .tower = {64, 64}},
             {.model = "mmoe", .expert = {64, 64}, .gate = {32, 32}, .tower = {32, 32}, .experts = 8},
             {.model = "cgc", .expert = {64, 64}, .gate = {16, 16}, .tower = {32, 32}, .specific = 8, .shared = 4},
             {.model = "ple",
              .expert = {64, 64},
              .gate = {16, 16},
              .tower = {32, 32},
              .specific = 8,
              .shared = 4,
              .levels = 2}},
    },
};

typedef struct options {
    int epochs, n_threads, threads[BENCH_THREADS_MAX];
    const plx_kernels *kernels;
    bench_names names;
} options;

static void measure(const options *o, const data_shape *shape, const bench_table *table, const bench_model *model,
                    int threads)
{
    const bench_training training = {.table = table,
                                     .model = model,
                                     .kernels = o->kernels,
                                     .threads = threads,
                                     .batch = shape->batch,
                                     .learning_rate = shape->learning_rate,
                                     .epochs = o->epochs,
                                     .warm_up = WARM_UP};
    bench_times times;
    bench_train(&training, &times);
    printf("{\"bench\": \"step\", \"data\": \"%s\", \"model\": \"%s\", \"threads\": %d, \"level\": \"%s\", "
           "\"rows\": %zu, \"batch\": %lld, \"epochs\": %d, \"seconds\": {\"median\": %.5f, \"min\": %.5f, "
           "\"max\": %.5f}, \"processor_seconds\": %.5f, \"rows_per_second\": %.0f}\n",
           shape->name, model->model, threads, o->kernels->name, table->rows.n, (long long)shape->batch, times.epochs,
           times.median, times.least, times.most, times.processor, (double)table->rows.n / times.median);
    fflush(stdout);
}

static bool is_selected(const bench_names *names, const char *data, const char *model)
{
    char both[64];
    snprintf(both, sizeof both, "%s/%s", data, model);
    return bench_is_selected(names, data) || bench_is_selected(names, model) || bench_is_selected(names, both);
}

static void read_options(options *o, int argc, char **argv)
{
    *o = (options){.epochs = 7, .n_threads = 2, .threads = {1, 2}, .kernels = plx_kernels_for(plx_cpu_best())};
    const bench_option choices[] = {
        {"--epochs", "N", .whole = &o->epochs},
        {"--threads", "A,B,...", .whole = o->threads, .n = &o->n_threads},
        {"--level", "LEVEL", .level = &o->kernels},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
}

int main(int argc, char **argv)
{
    static bench_table table;
    options o;
    read_options(&o, argc, argv);
    bench_print_machine(o.kernels);
    for (size_t d = 0; d < sizeof data_shapes / sizeof *data_shapes; d++) {
        const data_shape *shape = &data_shapes[d];
        bench_table_init(&table, &shape->data);
        for (const bench_model *model = shape->models; model->model; model++) {
            for (int i = 0; i < o.n_threads && is_selected(&o.names, shape->name, model->model); i++)
                measure(&o, shape, &table, model, o.threads[i]);
        }
        bench_table_release(&table);
    }
    return 0;
}
