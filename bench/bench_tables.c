/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of a training step by the number of rows of one table: MMoE on nine small features and a large one. Its ids
 * are uniform, so that most rows are far apart in memory. JSON lines: the machine, then one for each optimizer and
 * number of rows, with the processor time of a step on one thread.
 *
 *     bench_tables [--budget SECONDS] [--batch N] [--most ROWS] [OPTIMIZER...]
 *
 * Optimizers are adam (whole tables, up to 10^6 rows), lazy_adam and rowwise_adagrad. 10^7 rows of 16 numbers take 2
 * GB: values and two slots.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "train/table_update.h"
#include "train/update.h"
#include "training.h"

enum { ROWS = 1000000, DIM = 16, STEPS_LEAST = 100, STEPS_MAX = 100000, WHOLE_MOST = 1000000 };

typedef struct options {
    double budget, most;
    int batch;
    bench_names names;
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

/* Processor time of this thread, which does all the work: other processes disturb it less than wall time. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs complete steps for so many seconds; returns their number and the time of each. */
static int run_steps(const options *o, const bench_table *table, const plx_graph *graph, const char *optimizer,
                     plx_real *values, double *seconds)
{
    static const double l2[PLX_L2_KINDS] = {[PLX_L2_EMBEDDING] = 1e-5}, weights[] = {1, 1};
    const plx_machine machine = {&plx_allocator_default, plx_kernels_for(plx_cpu_best()), NULL};
    const plx_plan_options choices = {.batch_rows = o->batch, .training = true};
    char adam[] = "adam", name[32];
    snprintf(name, sizeof name, "%s", optimizer);
    const plx_train_spec spec = {.optimizer = adam,
                                 .table_optimizer = name,
                                 .learning_rate = 0.001,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-7};
    plx_update update;
    plx_table_update tables;
    plx_plan *plan;
    plx_run *run;
    plx_error err;
    if (plx_update_init(&update, &machine, graph, &spec, l2, 1000, &err) != PLX_OK ||
        plx_table_update_init(&tables, &machine, graph, &spec, 1e-5, &err) != PLX_OK ||
        plx_plan_create(&machine, graph, &choices, &plan, &err) != PLX_OK ||
        plx_run_create(&machine, plan, &table->layout, &run, &err) != PLX_OK)
        bench_stop(err.message);
    run->task_weights = weights;
    int n = 0;
    const double start = now();
    for (size_t first = 0; n < STEPS_MAX && (n < STEPS_LEAST || now() - start < o->budget); n++) {
        const double before = now();
        plx_run_step(run, values, &(plx_batch){.rows = &table->rows, .first = first, .n = o->batch});
        plx_update_step(&update, values, run->gradient);
        plx_table_update_step(&tables, values, run->touched, update.learning_rate, update.step);
        seconds[n] = now() - before;
        first += (size_t)o->batch;
        if (first + (size_t)o->batch > ROWS) first = 0;
    }
    plx_run_free(run);
    plx_plan_free(plan);
    plx_table_update_release(&tables);
    plx_update_release(&update);
    return n;
}

static void measure(const options *o, const char *optimizer, int vocabulary)
{
    static bench_table table;
    static double seconds[STEPS_MAX];
    const bool is_lazy = strcmp(optimizer, "adam") != 0;
    bench_data data = {.rows = ROWS, .n_dense = 5, .n_tasks = 2, .embedding_dim = DIM, .vocabularies = {vocabulary}};
    for (int feature = 1; feature < 10; feature++)
        data.vocabularies[feature] = 100;
    const bench_model model = {
        .model = "mmoe", .expert = {16}, .tower = {8}, .experts = 8, .lazy_rows = is_lazy ? 10000 : 0};
    plx_arena arena;
    plx_graph graph;
    plx_arena_init(&arena, &plx_allocator_default);
    bench_table_init(&table, &data);
    spread_ids(&table);
    bench_build(&graph, &arena, &table, &model);
    plx_real *values = plx_alloc_aligned(&plx_allocator_default, graph.n_values, sizeof *values);
    if (!values) bench_stop("out of memory");
    plx_graph_init_values(&graph, 1, values);
    const int n = run_steps(o, &table, &graph, is_lazy ? optimizer : "", values, seconds);
    qsort(seconds, (size_t)n, sizeof *seconds, compare);
    printf("{\"bench\": \"tables\", \"optimizer\": \"%s\", \"table_rows\": %d, \"dim\": %d, \"batch\": %d, "
           "\"steps\": %d, \"processor_ms_per_step\": {\"median\": %.4f, \"p10\": %.4f, \"p90\": %.4f}}\n",
           optimizer, vocabulary, DIM, o->batch, n, seconds[n / 2] * 1e3, seconds[n / 10] * 1e3,
           seconds[n * 9 / 10] * 1e3);
    fflush(stdout);
    plx_free_aligned(&plx_allocator_default, values);
    bench_table_release(&table);
    plx_arena_release(&arena);
}

static void read_options(options *o, int argc, char **argv)
{
    *o = (options){.budget = 3, .most = 1e7, .batch = 1024};
    const bench_option choices[] = {
        {"--budget", "SECONDS", .real = &o->budget},
        {"--batch", "N", .whole = &o->batch},
        {"--most", "ROWS", .real = &o->most},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
}

int main(int argc, char **argv)
{
    static const char *const optimizers[] = {"lazy_adam", "rowwise_adagrad", "adam"};
    options o;
    read_options(&o, argc, argv);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        const int most = strcmp(optimizers[i], "adam") == 0 ? WHOLE_MOST : 10000000;
        for (int rows = 10000; rows <= most && rows <= o.most && bench_is_selected(&o.names, optimizers[i]); rows *= 10)
            measure(&o, optimizers[i], rows);
    }
    return 0;
}
