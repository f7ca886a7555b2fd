/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A training step against the rows of one table: MMoE on nine small features and a large one, whose ids are uniform, so
 * that most are far from any other in memory. JSON lines: the machine, then one for each optimizer and number of rows,
 * with the time of a step; the median is over epochs.
 *
 *     bench_tables [--budget SECONDS] [--threads N] [--batch N] [--most ROWS] [OPTIMIZER...]
 *
 * Optimizers are adam (whole tables, up to 10^6 rows), lazy_adam and rowwise_adagrad. 10^7 rows of 16 numbers take 2.6
 * GB: values, a copy of the best, two slots.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "training.h"

enum { ROWS = 200000, DIM = 16, EPOCHS = 100, WARM_UP = 1, WHOLE_MOST = 1000000 };

typedef struct options {
    double budget, most;
    int threads, batch;
    char **names;
    int n_names;
} options;

/* Uniform ids of feature 0, whose vocabulary needs 4 bytes or 2. */
static void spread_ids(bench_table *table)
{
    const plx_random random = {5, PLX_STREAM_NAMED};
    const plx_id_field *field = &table->sparse[0];
    for (size_t row = 0; row < table->rows.n; row++) {
        const uint32_t id = plx_random_below(&random, row, 0, field->vocabulary);
        const uint16_t narrow = (uint16_t)id;
        uint8_t *at = table->rows.records + row * table->layout.record_bytes + field->offset;
        memcpy(at, field->id_bytes == 4 ? (const void *)&id : (const void *)&narrow, field->id_bytes);
    }
}

static void measure(const options *o, const char *optimizer, int vocabulary)
{
    static bench_table table;
    const bool is_lazy = strcmp(optimizer, "adam") != 0;
    bench_data data = {.rows = ROWS, .n_dense = 5, .n_tasks = 2, .embedding_dim = DIM, .vocabularies = {vocabulary}};
    for (int feature = 1; feature < 10; feature++)
        data.vocabularies[feature] = 100;
    const bench_model model = {
        .model = "mmoe", .expert = {64}, .tower = {32}, .experts = 8, .lazy_rows = is_lazy ? 10000 : 0};
    const bench_training training = {.table = &table,
                                     .model = &model,
                                     .kernels = plx_kernels_for(plx_cpu_best()),
                                     .threads = o->threads,
                                     .batch = o->batch,
                                     .learning_rate = 0.001,
                                     .table_optimizer = is_lazy ? optimizer : NULL,
                                     .epochs = EPOCHS,
                                     .warm_up = WARM_UP,
                                     .budget = o->budget};
    bench_times times;
    bench_table_init(&table, &data);
    spread_ids(&table);
    bench_train(&training, &times);
    bench_table_release(&table);
    const double steps = (double)((ROWS + o->batch - 1) / o->batch);
    printf("{\"bench\": \"tables\", \"optimizer\": \"%s\", \"table_rows\": %d, \"dim\": %d, \"batch\": %d, "
           "\"threads\": %d, \"epochs\": %d, \"ms_per_step\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f}, "
           "\"rows_per_second\": %.0f}\n",
           optimizer, vocabulary, DIM, o->batch, o->threads, times.epochs, times.median / steps * 1e3,
           times.least / steps * 1e3, times.most / steps * 1e3, ROWS / times.median);
    fflush(stdout);
}

static bool is_selected(const options *o, const char *name)
{
    for (int i = 0; i < o->n_names; i++) {
        if (!strcmp(o->names[i], name)) return true;
    }
    return o->n_names == 0;
}

static void read_options(options *o, int argc, char **argv)
{
    int i = 1;
    *o = (options){.budget = 3, .most = 1e7, .threads = 1, .batch = 1024};
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--budget")) {
            o->budget = strtod(argv[i + 1], NULL);
        } else if (!strcmp(argv[i], "--threads")) {
            bench_read_numbers(argv[i + 1], &o->threads, 1);
        } else if (!strcmp(argv[i], "--batch")) {
            bench_read_numbers(argv[i + 1], &o->batch, 1);
        } else if (!strcmp(argv[i], "--most")) {
            o->most = strtod(argv[i + 1], NULL);
        } else {
            bench_stop("options are --budget SECONDS, --threads N, --batch N and --most ROWS");
        }
    }
    if (!(o->budget > 0)) bench_stop("--budget takes seconds");
    o->names = argv + i;
    o->n_names = argc - i;
}

int main(int argc, char **argv)
{
    static const char *const optimizers[] = {"lazy_adam", "rowwise_adagrad", "adam"};
    options o;
    read_options(&o, argc, argv);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        const int most = strcmp(optimizers[i], "adam") == 0 ? WHOLE_MOST : 10000000;
        for (int rows = 10000; rows <= most && rows <= o.most && is_selected(&o, optimizers[i]); rows *= 10)
            measure(&o, optimizers[i], rows);
    }
    return 0;
}
