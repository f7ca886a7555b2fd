/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the time of a training epoch grows with rows, experts, tasks, the vocabulary of one feature, batch size and
 * threads. Each curve varies one of them from a base shape, on generated rows. JSON lines: the machine, then one a
 * point. With several rounds each point is measured again; the smallest of its medians is the least disturbed.
 *
 *     bench_scale [--budget SECONDS] [--rounds N] [--threads N] [--level LEVEL] [--most VALUE] [CURVE...]
 *
 * A point is measured for about SECONDS, the largest for four times as long. Points above VALUE are left out. At most 2
 * GiB of memory are used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "training.h"

enum { POINTS_MAX = 16, EPOCHS = 200, WARM_UP = 2 };

/** A network and how it is trained. */
typedef struct shape {
    int rows, experts, tasks, vocabulary, batch, threads;
} shape;

/** What varies: the number in the shape at `offset`. */
typedef struct curve {
    const char *name;
    size_t offset;
    int points[POINTS_MAX]; /* ascending, ended by 0 */
} curve;

static const shape base_shape = {
    .rows = 200000, .experts = 8, .tasks = 2, .vocabulary = 100, .batch = 1024, .threads = 1};

static const curve curves[] = {
    {"rows", offsetof(shape, rows), {10000, 30000, 100000, 300000, 1000000, 3000000, 10000000}},
    {"experts", offsetof(shape, experts), {1, 2, 4, 8, 16, 32, 64, 128, 256}},
    {"tasks", offsetof(shape, tasks), {2, 4, 8, 16, 32}},
    {"vocabulary", offsetof(shape, vocabulary), {100, 300, 1000, 3000, 10000, 30000, 100000, 1000000, 10000000}},
    {"batch", offsetof(shape, batch), {32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}},
    {"threads", offsetof(shape, threads), {1, 2, 4, 8}},
};

typedef struct options {
    double budget, most;
    int rounds, threads;
    const plx_kernels *kernels;
    bench_names names;
} options;

static void print_point(const options *o, const curve *c, int value, const shape *s, const bench_times *t)
{
    printf("{\"bench\": \"scale\", \"curve\": \"%s\", \"value\": %d, \"rows\": %d, \"experts\": %d, \"tasks\": %d, "
           "\"vocabulary\": %d, \"batch\": %d, \"threads\": %d, \"level\": \"%s\", \"parameters\": %zu, "
           "\"epochs\": %d, \"share\": %.3f, \"seconds\": {\"median\": %.6f, \"min\": %.6f, \"max\": %.6f}, "
           "\"processor_seconds\": %.6f, \"ns_per_row\": %.2f}\n",
           c->name, value, s->rows, s->experts, s->tasks, s->vocabulary, s->batch, s->threads, o->kernels->name,
           t->parameters, t->epochs, t->share, t->median, t->least, t->most, t->processor, t->median / s->rows * 1e9);
    fflush(stdout);
}

static void measure_point(const options *o, const curve *c, int value)
{
    static bench_table table;
    shape s = base_shape;
    s.threads = o->threads;
    memcpy((char *)&s + c->offset, &value, sizeof value);
    bench_data data = {.rows = (size_t)s.rows, .n_dense = 5, .n_tasks = s.tasks, .embedding_dim = 4};
    for (int feature = 0; feature < 10; feature++)
        data.vocabularies[feature] = feature == 0 ? s.vocabulary : base_shape.vocabulary;
    const bench_model model = {.model = "mmoe", .expert = {16}, .tower = {8}, .experts = s.experts};
    const bench_training training = {.table = &table,
                                     .model = &model,
                                     .kernels = o->kernels,
                                     .threads = s.threads,
                                     .batch = s.batch,
                                     .learning_rate = 0.001,
                                     .epochs = EPOCHS,
                                     .warm_up = WARM_UP,
                                     .budget = o->budget};
    bench_times times;
    bench_table_init(&table, &data);
    bench_train(&training, &times);
    bench_table_release(&table);
    print_point(o, c, value, &s, &times);
}

static void read_options(options *o, int argc, char **argv)
{
    *o = (options){.budget = 1.5,
                   .most = 1e9,
                   .rounds = 2,
                   .threads = base_shape.threads,
                   .kernels = plx_kernels_for(plx_cpu_best())};
    const bench_option choices[] = {
        {"--budget", "SECONDS", .real = &o->budget}, {"--rounds", "N", .whole = &o->rounds},
        {"--threads", "N", .whole = &o->threads},    {"--level", "LEVEL", .level = &o->kernels},
        {"--most", "VALUE", .real = &o->most},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
}

int main(int argc, char **argv)
{
    options o;
    read_options(&o, argc, argv);
    bench_print_machine(o.kernels);
    for (int round = 0; round < o.rounds; round++) {
        for (size_t c = 0; c < sizeof curves / sizeof *curves; c++) {
            for (const int *value = curves[c].points; *value && bench_is_selected(&o.names, curves[c].name); value++) {
                if (*value <= o.most) measure_point(&o, &curves[c], *value);
            }
        }
    }
    return 0;
}
