/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training epochs of every model at the sizes of two public data sets, on generated rows of the same shape: JSON lines,
 * first the machine, then one for each model, data set and number of threads. Seconds are of training alone.
 *
 *     bench_step [--epochs N] [--threads A,B,...] [--level LEVEL] [NAME...]
 *
 * A NAME selects: a data set, a model or both as DATA/MODEL. N epochs are measured after two of warm-up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "models/model.h"
#include "train/train.h"

enum { TASKS = 2, SPARSE_MAX = 32, INPUTS_MAX = 48, LIST_MAX = 4, EPOCHS_MAX = 1000, WARM_UP = 2 };

/** Hidden layers, ended by 0. */
typedef int units[LIST_MAX];

typedef struct shape {
    const char *model;
    units bottom, expert, gate, tower;
    int specific, shared, experts, levels;
} shape;

typedef struct data_shape {
    const char *name;
    size_t rows;
    int64_t batch;
    double learning_rate;
    int n_dense, embedding_dim;
    int vocabularies[SPARSE_MAX]; /* ended by 0; the row for unknown values is not counted */
    shape shapes[8];              /* ended by a NULL name */
} data_shape;

static const data_shape data_shapes[] = {
    {
        .name = "census",
        .rows = 199523,
        .batch = 1024,
        .learning_rate = 0.01,
        .n_dense = 11,
        .embedding_dim = 4,
        .vocabularies = {9,  52, 47, 17, 3, 24, 15, 5, 10, 2,  3,  6,  8, 6, 6,
                         51, 38, 8,  10, 9, 10, 3,  4, 5,  43, 43, 43, 5, 3},
        .shapes = {{.model = "single_task", .tower = {16, 8}},
                   {.model = "shared_bottom", .bottom = {16}, .tower = {8}},
                   {.model = "esmm", .tower = {8}},
                   {.model = "mmoe", .expert = {16}, .tower = {8}, .experts = 8},
                   {.model = "cgc", .expert = {16}, .tower = {8}, .specific = 4, .shared = 4},
                   {.model = "ple", .expert = {16}, .tower = {8}, .specific = 4, .shared = 4, .levels = 2}},
    },
    {
        .name = "adult",
        .rows = 32561,
        .batch = 256,
        .learning_rate = 0.001,
        .n_dense = 5,
        .embedding_dim = 16,
        .vocabularies = {73, 9, 16, 15, 6, 5, 2, 42},
        .shapes =
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
    int epochs, n_threads, threads[8];
    const plx_kernels *kernels;
    char **names;
    int n_names;
} options;

/** Rows of a data set, and the inputs that a model reads from them. */
typedef struct table {
    const data_shape *shape;
    plx_id_field sparse[SPARSE_MAX];
    plx_input_spec inputs[INPUTS_MAX];
    char names[INPUTS_MAX][16];
    int n_sparse;
    plx_layout layout;
    plx_rows rows;
} table;

/** Seconds of each epoch. */
typedef struct stopwatch {
    size_t rows;
    int n;
    double seconds[EPOCHS_MAX];
} stopwatch;

static void stop(const char *message)
{
    fprintf(stderr, "bench_step: %s\n", message);
    exit(1);
}

/** Ids are skewed, as categories are; labels are mostly 0. */
static void fill_rows(table *t)
{
    const plx_random random = {1, PLX_STREAM_SYNTH};
    for (size_t r = 0; r < t->rows.n; r++) {
        uint8_t *record = t->rows.records + r * t->layout.record_bytes;
        uint64_t index = r * 64;
        for (int i = 0; i < t->n_sparse; i++) {
            double u = (double)plx_random_uniform(&random, index++, 0);
            record[t->sparse[i].offset] = (uint8_t)(1 + (int)(u * u * u * t->shape->vocabularies[i]));
        }
        for (int i = 0; i < t->shape->n_dense; i++)
            plx_record_dense(record)[i] = plx_random_uniform(&random, index++, 0);
        for (size_t task = 0; task < TASKS; task++) {
            float label = plx_random_uniform(&random, index++, 0) < 0.1F ? 1.0F : 0.0F;
            memcpy(record + t->layout.label_offset + task * sizeof label, &label, sizeof label);
        }
    }
}

static void table_init(table *t, const data_shape *source)
{
    plx_error err;
    *t = (table){.shape = source};
    for (int i = 0; i < INPUTS_MAX; i++)
        snprintf(t->names[i], sizeof t->names[i], "input%d", i);
    for (; source->vocabularies[t->n_sparse]; t->n_sparse++) {
        int vocabulary = source->vocabularies[t->n_sparse] + 1;
        t->sparse[t->n_sparse].vocabulary = (uint32_t)vocabulary;
        t->inputs[t->n_sparse] = (plx_input_spec){t->names[t->n_sparse], vocabulary, source->embedding_dim};
    }
    for (int i = 0; i < source->n_dense; i++)
        t->inputs[t->n_sparse + i] = (plx_input_spec){t->names[t->n_sparse + i], 0, 0};
    plx_layout_init(&t->layout, t->sparse, t->n_sparse, source->n_dense, TASKS);
    if (plx_rows_init(&t->rows, &plx_allocator_default, &t->layout, source->rows, &err) != PLX_OK) stop(err.message);
    fill_rows(t);
}

static plx_int_list list_of(int *list)
{
    int n = 0;
    while (n < LIST_MAX && list[n])
        n++;
    return (plx_int_list){list, n};
}

static void build_graph(plx_graph *graph, plx_arena *arena, const table *t, const shape *s)
{
    static const plx_target_spec targets[TASKS] = {{"first", true}, {"second", true}};
    shape copy = *s;
    plx_int_list towers[TASKS] = {list_of(copy.tower), list_of(copy.tower)};
    plx_model_spec spec = {.bottom_dnn_units = list_of(copy.bottom),
                           .expert_dnn_units = list_of(copy.expert),
                           .gate_dnn_units = list_of(copy.gate),
                           .tower_dnn_units_lists = {towers, TASKS},
                           .num_experts = s->experts,
                           .num_experts_specific = s->specific,
                           .num_experts_shared = s->shared,
                           .num_levels = s->levels,
                           .l2_reg_embedding = 1e-5};
    plx_build build = {&spec, t->inputs, t->n_sparse + t->shape->n_dense, targets, TASKS};
    const plx_model_def *def = plx_model_find(plx_slice_of(s->model));
    plx_error err;
    if (!def) stop(s->model);
    plx_graph_init(graph, arena, TASKS);
    def->build(graph, &build);
    if (plx_graph_finish(graph, &err) != PLX_OK) stop(err.message);
}

static bool note_epoch(void *user, const plx_train_state *state)
{
    stopwatch *watch = user;
    if (state->epoch_ended) watch->seconds[watch->n++] = (double)watch->rows / state->rows_per_second;
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_line(const options *o, const table *t, const shape *s, int threads, stopwatch *watch)
{
    double *seconds = watch->seconds + WARM_UP;
    int n = watch->n - WARM_UP;
    qsort(seconds, (size_t)n, sizeof *seconds, compare_doubles);
    double median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    printf("{\"bench\": \"step\", \"data\": \"%s\", \"model\": \"%s\", \"threads\": %d, \"level\": \"%s\", "
           "\"rows\": %zu, \"batch\": %lld, \"epochs\": %d, \"seconds\": {\"median\": %.5f, \"min\": %.5f, "
           "\"max\": %.5f}, \"rows_per_second\": %.0f}\n",
           t->shape->name, s->model, threads, o->kernels->name, t->shape->rows, (long long)t->shape->batch, n, median,
           seconds[0], seconds[n - 1], (double)t->shape->rows / median);
    fflush(stdout);
}

static void measure(const options *o, const table *t, const shape *s, int threads)
{
    static const double weights[TASKS] = {1, 1};
    static const char *const names[TASKS] = {"first", "second"};
    static const bool is_binary[TASKS] = {true, true};
    char optimizer[] = "adam";
    plx_train_spec spec = {.epochs = o->epochs + WARM_UP,
                           .batch_size = t->shape->batch,
                           .seed = 1,
                           .optimizer = optimizer,
                           .learning_rate = t->shape->learning_rate,
                           .beta1 = 0.9,
                           .beta2 = 0.999,
                           .epsilon = 1e-7,
                           .shuffle = true};
    stopwatch watch = {.rows = t->rows.n};
    plx_arena arena;
    plx_graph graph;
    plx_pool *pool = NULL;
    plx_train_result result;
    plx_error err;
    plx_arena_init(&arena, &plx_allocator_default);
    build_graph(&graph, &arena, t, s);
    plx_real *values = plx_alloc_aligned(&plx_allocator_default, graph.n_values, sizeof *values);
    if (!values) stop("out of memory");
    if (plx_pool_create(&plx_allocator_default, threads, &pool, &err) != PLX_OK) stop(err.message);
    plx_graph_init_values(&graph, 1, values);
    plx_train_job job = {.graph = &graph,
                         .kernels = o->kernels,
                         .allocator = &plx_allocator_default,
                         .pool = pool,
                         .spec = &spec,
                         .l2_embedding = 1e-5,
                         .task_weights = weights,
                         .task_names = names,
                         .task_is_binary = is_binary,
                         .train = &t->rows,
                         .values = values,
                         .listener = note_epoch,
                         .user = &watch};
    if (plx_train(&job, &result, &err) != PLX_OK) stop(err.message);
    print_line(o, t, s, threads, &watch);
    plx_pool_free(pool);
    plx_free_aligned(&plx_allocator_default, values);
    plx_arena_release(&arena);
}

static bool is_selected(const options *o, const char *data, const char *model)
{
    char both[64];
    snprintf(both, sizeof both, "%s/%s", data, model);
    for (int i = 0; i < o->n_names; i++) {
        if (!strcmp(o->names[i], data) || !strcmp(o->names[i], model) || !strcmp(o->names[i], both)) return true;
    }
    return o->n_names == 0;
}

static void print_machine(const options *o)
{
    char line[256], name[256] = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "model name : %255[^\n]", name) == 1) break;
    }
    if (file) fclose(file);
    printf("{\"bench\": \"machine\", \"cpu\": \"%s\", \"processors\": %d, \"level\": \"%s\", \"compiler\": \"%s\"}\n",
           name, plx_cpu_count(), o->kernels->name, __VERSION__);
}

static void read_threads(options *o, const char *text)
{
    char *end;
    for (o->n_threads = 0; o->n_threads < 8 && *text; text = *end ? end + 1 : end) {
        long threads = strtol(text, &end, 10);
        if (end == text || threads < 1 || threads > 1024) stop("--threads takes numbers such as 1,2");
        o->threads[o->n_threads++] = (int)threads;
    }
}

static void read_options(options *o, int argc, char **argv)
{
    plx_cpu_level level = plx_cpu_best();
    int i = 1;
    *o = (options){.epochs = 7, .n_threads = 2, .threads = {1, 2}};
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--epochs")) {
            o->epochs = atoi(argv[i + 1]);
        } else if (!strcmp(argv[i], "--threads")) {
            read_threads(o, argv[i + 1]);
        } else if (!strcmp(argv[i], "--level")) {
            if (!plx_cpu_level_named(argv[i + 1], &level)) stop("--level takes plain, simd128, avx2 or avx512");
        } else {
            stop("options are --epochs N, --threads A,B,... and --level LEVEL");
        }
    }
    if (o->epochs < 1 || o->epochs + WARM_UP > EPOCHS_MAX) stop("--epochs takes a number from 1 to 998");
    o->kernels = plx_kernels_for(level);
    o->names = argv + i;
    o->n_names = argc - i;
}

int main(int argc, char **argv)
{
    static table t;
    options o;
    read_options(&o, argc, argv);
    print_machine(&o);
    for (size_t d = 0; d < sizeof data_shapes / sizeof *data_shapes; d++) {
        table_init(&t, &data_shapes[d]);
        for (const shape *s = data_shapes[d].shapes; s->model; s++) {
            for (int i = 0; i < o.n_threads && is_selected(&o, data_shapes[d].name, s->model); i++)
                measure(&o, &t, s, o.threads[i]);
        }
        plx_rows_release(&t.rows, &plx_allocator_default);
    }
    return 0;
}
