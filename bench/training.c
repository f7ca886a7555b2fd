/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows, a model on them, timed epochs. */
#include "training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"

enum { ROW_NUMBERS = 96, EPOCHS_MAX = 1000 };

void bench_stop(const char *message)
{
    fprintf(stderr, "bench: %s\n", message);
    exit(1);
}

/* -- Rows -------------------------------------------------------------------------------------------------------- */

/** Uniform numbers in the order of a stream. */
typedef struct source {
    plx_random random;
    uint64_t index;
    uint32_t block[4];
} source;

static float next(source *s)
{
    if (s->index % 4 == 0) plx_random_block(&s->random, s->index / 4, 0, s->block);
    return (float)(s->block[s->index++ % 4] >> 8) * 0x1p-24F;
}

static void write_id(uint8_t *record, const plx_id_field *field, uint32_t id)
{
    const uint16_t two = (uint16_t)id;
    if (field->id_bytes == 1) record[field->offset] = (uint8_t)id;
    if (field->id_bytes == 2) memcpy(record + field->offset, &two, sizeof two);
    if (field->id_bytes == 4) memcpy(record + field->offset, &id, sizeof id);
}

static void fill_rows(bench_table *t)
{
    source s = {.random = {1, plx_random_stream("bench rows")}};
    for (size_t r = 0; r < t->rows.n; r++) {
        uint8_t *record = t->rows.records + r * t->layout.record_bytes;
        s.index = r * ROW_NUMBERS;
        for (int i = 0; i < t->n_sparse; i++) {
            double u = (double)next(&s);
            write_id(record, &t->sparse[i], 1 + (uint32_t)(u * u * u * t->data->vocabularies[i]));
        }
        for (int i = 0; i < t->data->n_dense; i++)
            ((float *)(void *)record)[i] = next(&s);
        for (size_t task = 0; task < (size_t)t->data->n_tasks; task++) {
            float label = next(&s) < 0.1F ? 1.0F : 0.0F;
            memcpy(record + t->layout.label_offset + task * sizeof label, &label, sizeof label);
        }
    }
}

void bench_table_init(bench_table *t, const bench_data *data)
{
    plx_error err;
    *t = (bench_table){.data = data};
    for (int i = 0; i < BENCH_INPUTS_MAX; i++)
        snprintf(t->names[i], sizeof t->names[i], "input%d", i);
    for (; t->n_sparse < BENCH_SPARSE_MAX && data->vocabularies[t->n_sparse]; t->n_sparse++) {
        int vocabulary = data->vocabularies[t->n_sparse] + 1;
        t->sparse[t->n_sparse] = (plx_id_field){.vocabulary = (uint32_t)vocabulary, .common = 1};
        t->inputs[t->n_sparse] = (plx_input_spec){
            .name = t->names[t->n_sparse], .vocabulary = vocabulary, .embedding_dim = data->embedding_dim};
    }
    for (int i = 0; i < data->n_dense; i++)
        t->inputs[t->n_sparse + i] = (plx_input_spec){.name = t->names[t->n_sparse + i]};
    plx_layout_init(&t->layout, &(plx_layout_parts){.sparse = t->sparse,
                                                    .n_sparse = t->n_sparse,
                                                    .n_dense = data->n_dense,
                                                    .n_tasks = data->n_tasks});
    if (plx_rows_init(&t->rows, &plx_allocator_default, &t->layout, data->rows, &err) != PLX_OK)
        bench_stop(err.message);
    fill_rows(t);
    t->rows.has_all_labels = true;
}

void bench_table_release(bench_table *t)
{
    plx_rows_release(&t->rows, &plx_allocator_default);
}

/* -- The model --------------------------------------------------------------------------------------------------- */

static plx_int_list list_of(int *list)
{
    int n = 0;
    while (n < BENCH_LAYERS_MAX && list[n])
        n++;
    return (plx_int_list){list, n};
}

void bench_build(plx_graph *graph, plx_arena *arena, const bench_table *t, const bench_model *model)
{
    bench_model copy = *model;
    plx_int_list towers[BENCH_TASKS_MAX];
    plx_target_spec targets[BENCH_TASKS_MAX];
    const int n_tasks = t->data->n_tasks;
    for (int task = 0; task < n_tasks; task++) {
        towers[task] = list_of(copy.tower);
        targets[task] = (plx_target_spec){.name = t->names[task]};
    }
    plx_model_spec spec = {.bottom_dnn_units = list_of(copy.bottom),
                           .expert_dnn_units = list_of(copy.expert),
                           .gate_dnn_units = list_of(copy.gate),
                           .tower_dnn_units_lists = {.items = towers, .n = n_tasks},
                           .num_experts = model->experts,
                           .num_experts_specific = model->specific,
                           .num_experts_shared = model->shared,
                           .num_levels = model->levels,
                           .l2_reg_embedding = 1e-5};
    plx_build build = {.spec = &spec,
                       .inputs = t->inputs,
                       .n_inputs = t->n_sparse + t->data->n_dense,
                       .targets = targets,
                       .n_tasks = n_tasks,
                       .lazy_rows = model->lazy_rows};
    const plx_model_def *def = plx_model_find(plx_slice_of(model->model));
    plx_error err;
    if (!def) bench_stop(model->model);
    plx_graph_init(graph, arena, n_tasks);
    plx_network_build(graph, def, &build);
    if (plx_graph_finish(graph, &err) != PLX_OK) bench_stop(err.message);
}

/* -- Timed epochs ------------------------------------------------------------------------------------------------ */

typedef struct stopwatch {
    const bench_training *training;
    double rows;
    int n; /* epochs, warm-up included */
    double seconds[EPOCHS_MAX], processor[EPOCHS_MAX];
    clock_t processor_start;    /* of the epoch */
    clock_t processor_first;    /* at the callback's first call in it */
    double first_at;            /* from the epoch's start to the callback's first call in it */
    int64_t first_step;         /* finished by then; 0: no call yet */
    double reckoned, processed; /* an epoch's estimated time, and the share of it that ran */
} stopwatch;

static double processor_since(clock_t start)
{
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static bool note_epoch(stopwatch *w, const plx_train_state *state)
{
    const bench_training *training = w->training;
    w->seconds[w->n] = w->rows / state->progress.rows_per_second;
    w->processor[w->n++] = processor_since(w->processor_start);
    w->processor_start = clock();
    w->first_step = 0;
    return training->budget <= 0 || state->progress.seconds < training->budget;
}

/* The part before the first call, with cold caches and the making of the order, counts once. */
static bool note_part(stopwatch *w, const plx_train_state *state)
{
    const double budget = w->training->budget;
    const double elapsed = (double)state->progress.step * (double)w->training->batch / state->progress.rows_per_second;
    if (w->first_step == 0) {
        w->first_step = state->progress.step;
        w->first_at = elapsed;
        w->processor_first = clock();
    }
    if (budget <= 0) return true;
    if (w->n > 0) return state->progress.seconds < budget;
    if (state->progress.seconds < 4 * budget || state->progress.step == w->first_step) return true;
    const double steps = (double)(state->progress.step - w->first_step),
                 left = (double)(state->progress.steps - w->first_step);
    w->reckoned = w->first_at + (elapsed - w->first_at) * left / steps;
    w->processed = (double)state->progress.step / (double)state->progress.steps;
    w->processor[0] = processor_since(w->processor_first) * (double)state->progress.steps / steps;
    return false;
}

static bool note(void *user, const plx_train_state *state)
{
    return state->epoch_ended ? note_epoch(user, state) : note_part(user, state);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sum_up(stopwatch *w, bench_times *times)
{
    const int warm_up = w->training->warm_up < w->n ? w->training->warm_up : w->n - 1;
    *times = (bench_times){.share = 1};
    if (w->n == 0) {
        *times = (bench_times){.share = w->processed, .processor = w->processor[0]};
        times->median = times->least = times->most = w->reckoned;
        return;
    }
    double *seconds = w->seconds + warm_up;
    const int n = times->epochs = w->n - warm_up;
    for (int i = 0; i < n; i++)
        times->processor += w->processor[warm_up + i] / n;
    qsort(seconds, (size_t)n, sizeof *seconds, compare_doubles);
    times->median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    times->least = seconds[0];
    times->most = seconds[n - 1];
}

static void train(const bench_training *training, const plx_graph *graph, plx_pool *pool, plx_real *values,
                  stopwatch *watch)
{
    double weights[BENCH_TASKS_MAX];
    const char *names[BENCH_TASKS_MAX];
    plx_task_kind kinds[BENCH_TASKS_MAX];
    char optimizer[] = "adam";
    plx_train_spec spec = {.epochs = training->epochs + training->warm_up,
                           .batch_size = training->batch,
                           .seed = 1,
                           .optimizer = optimizer,
                           .learning_rate = training->learning_rate,
                           .beta1 = 0.9,
                           .beta2 = 0.999,
                           .epsilon = 1e-7,
                           .shuffle = true};
    for (int task = 0; task < graph->n_tasks; task++) {
        weights[task] = 1;
        names[task] = training->table->names[task];
        kinds[task] = PLX_TASK_BINARY;
    }
    plx_rows rows = training->table->rows;
    if (training->rows > 0) rows.n = training->rows;
    plx_train_job job = {.machine = {&plx_allocator_default, training->kernels, pool},
                         .graph = graph,
                         .spec = &spec,
                         .l2_embedding = 1e-5,
                         .task_weights = weights,
                         .task_names = names,
                         .task_kinds = kinds,
                         .train = &rows,
                         .values = values,
                         .listener = note,
                         .user = watch};
    plx_train_report result;
    plx_error err;
    watch->training = training;
    watch->rows = (double)rows.n;
    watch->processor_start = clock();
    if (plx_train(&job, &result, &err) != PLX_OK) bench_stop(err.message);
}

void bench_train(const bench_training *training, bench_times *times)
{
    plx_arena arena;
    plx_graph graph;
    plx_pool *pool = NULL;
    plx_error err;
    stopwatch *watch = plx_alloc_zero(&plx_allocator_default, 1, sizeof *watch);
    if (training->epochs < 1 || training->epochs + training->warm_up > EPOCHS_MAX)
        bench_stop("the number of epochs is from 1 to 990");
    plx_arena_init(&arena, &plx_allocator_default);
    bench_build(&graph, &arena, training->table, training->model);
    plx_real *values = plx_alloc_aligned(&plx_allocator_default, graph.n_values, sizeof *values);
    if (!watch || !values) bench_stop("out of memory");
    if (plx_pool_create(&plx_allocator_default, training->threads, &pool, &err) != PLX_OK) bench_stop(err.message);
    plx_graph_init_values(&graph, 1, values);
    train(training, &graph, pool, values, watch);
    sum_up(watch, times);
    times->parameters = graph.n_values;
    plx_pool_free(pool);
    plx_free_aligned(&plx_allocator_default, values);
    plx_free(&plx_allocator_default, watch);
    plx_arena_release(&arena);
}

/* -- Command lines ----------------------------------------------------------------------------------------------- */

void bench_print_machine(const plx_kernels *kernels)
{
    char line[256], name[256] = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "model name : %255[^\n]", name) == 1) break;
    }
    if (file) fclose(file);
    printf("{\"bench\": \"machine\", \"cpu\": \"%s\", \"processors\": %d, \"level\": \"%s\", \"compiler\": \"%s\"}\n",
           name, plx_cpu_count(), kernels->name, __VERSION__);
    fflush(stdout);
}
