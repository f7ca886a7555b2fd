/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times every kernel on one thread, as JSON lines: the median of RUNS runs, each of many calls on data in cache.
 * Products are also reported as a share of the core's peak, which is measured first.
 *
 *     bench_kernels [--level plain|simd128|avx2|avx512]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"
#include "peak.h"

enum { RUNS = 9, FLOATS = 1 << 21, LIST = 16 };
static const double run_seconds = 0.004;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** What a measured call works on. */
typedef struct job {
    const plx_kernels *kernels;
    int m, n, k;
    float *a, *b, *c, *d;
    uint32_t *ids;
    uint32_t *entries, *lists;
    uint16_t *counts;
    uint8_t *records;
} job;

typedef void job_function(const job *j);

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/** Median seconds of a call; `best` gets the smallest. */
static double measure(job_function *f, const job *j, double *best)
{
    long calls = 1;
    for (;;) { /* also warms the caches */
        double start = now();
        for (long i = 0; i < calls; i++)
            f(j);
        if (now() - start > run_seconds / 2) break;
        calls *= 2;
    }
    double seconds[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        for (long i = 0; i < calls; i++)
            f(j);
        seconds[run] = (now() - start) / (double)calls;
    }
    qsort(seconds, RUNS, sizeof *seconds, by_value);
    *best = seconds[0];
    return seconds[RUNS / 2];
}

static volatile float sink;

/* -- products ---------------------------------------------------------------------------------------------------- */

static void run_gemm_nn(const job *j)
{
    j->kernels->gemm_nn(j->m, j->n, j->k, (plx_view){j->a, j->k}, (plx_view){j->b, j->n}, (plx_view){j->c, j->n}, j->d,
                        false);
}

static void run_gemm_tn(const job *j)
{
    j->kernels->gemm_tn(j->m, j->n, j->k, (plx_view){j->a, j->k}, (plx_view){j->b, j->n}, (plx_view){j->c, j->n}, true);
}

static void bench_products(job j, double peak)
{
    static const int shapes[][3] = {
        {64, 127, 128}, {64, 128, 127}, {128, 127, 128},  {128, 128, 127},  {64, 144, 127}, {64, 64, 64},
        {64, 16, 127},  {64, 8, 127},   {64, 8, 16},      {64, 8, 8},       {64, 16, 16},   {64, 32, 16},
        {64, 128, 8},   {64, 128, 16},  {64, 1, 8},       {64, 1, 32},      {64, 1, 128},   {64, 2, 32},
        {64, 33, 40},   {64, 512, 512}, {128, 256, 1000}, {128, 1000, 256}, {64, 2000, 64}, {1, 128, 127},
        {1, 16, 127},   {1, 8, 16},     {4096, 128, 127},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        j.m = shapes[i][0], j.n = shapes[i][1], j.k = shapes[i][2];
        for (int t = 0; t < 2; t++) {
            memset(j.c, 0, FLOATS * sizeof *j.c);
            double best, seconds = measure(t ? run_gemm_tn : run_gemm_nn, &j, &best);
            double gflops = 2.0 * j.m * j.n * j.k / seconds * 1e-9;
            printf("{\"kernel\": \"%s\", \"level\": \"%s\", \"m\": %d, \"n\": %d, \"k\": %d, \"ns\": %.0f, "
                   "\"gflops\": %.1f, \"share\": %.3f, \"best_ns\": %.0f}\n",
                   t ? "gemm_tn" : "gemm_nn", j.kernels->name, j.m, j.n, j.k, seconds * 1e9, gflops, gflops / peak,
                   best * 1e9);
            fflush(stdout);
        }
    }
}

/* -- the others: m rows of n; for gates, m rows of k experts of n ------------------------------------------------- */

#define VIEW(array) ((plx_view){(array), j->n})

static void run_transpose(const job *j)
{
    j->kernels->transpose(j->m, j->n, VIEW(j->a), (plx_view){j->c, j->m});
}

static void run_column_sum(const job *j)
{
    j->kernels->column_sum(j->m, j->n, VIEW(j->a), j->c, false);
}

static void run_copy(const job *j)
{
    j->kernels->copy(j->m, j->n, VIEW(j->a), VIEW(j->c), false);
}

static void run_affine(const job *j)
{
    j->kernels->affine(j->m, j->n, VIEW(j->a), j->b, j->d, VIEW(j->c));
}

static void run_scale_columns(const job *j)
{
    j->kernels->scale_columns(j->m, j->n, VIEW(j->a), j->b, VIEW(j->c), false);
}

static void run_add_affine(const job *j)
{
    j->kernels->add_affine(j->m, j->n, VIEW(j->a), j->b, j->d, VIEW(j->c));
}

static void run_dropout(const job *j)
{
    plx_random random = {7, 1};
    j->kernels->dropout(j->m, j->n, VIEW(j->a), VIEW(j->c), &random, 0, 1, 0.5f, false);
}

static void run_moments(const job *j)
{
    j->kernels->moments(j->m, j->n, VIEW(j->a), j->c, j->d);
}

static void run_normalise_sums(const job *j)
{
    j->kernels->normalise_sums(j->m, j->n, VIEW(j->a), VIEW(j->b), j->a, j->b, j->c, j->d);
}

static void run_softmax(const job *j)
{
    j->kernels->softmax(j->m, j->n, VIEW(j->a), VIEW(j->c));
}

static void run_softmax_back(const job *j)
{
    j->kernels->softmax_back(j->m, j->n, VIEW(j->a), VIEW(j->b), VIEW(j->c), false);
}

static void run_mix(const job *j)
{
    ptrdiff_t bank = (ptrdiff_t)j->k * j->n;
    const plx_mix_gate gate = {.gate = {j->a, j->k}, .out = VIEW(j->c)};
    j->kernels->mix(j->m, j->k, j->n, (plx_view){j->b, bank}, false, &gate, 1);
}

static void run_mix_back(const job *j)
{
    ptrdiff_t bank = (ptrdiff_t)j->k * j->n;
    const plx_mix_gate gate = {.gate = {j->a, j->k}, .out = VIEW(j->b), .d_gate = {j->d, j->k}};
    j->kernels->mix_back(j->m, j->k, j->n, (plx_view){j->b, bank}, false, &gate, 1, (plx_view){j->c, bank}, false);
}

static void run_gather(const job *j)
{
    j->kernels->gather(j->m, j->n, VIEW(j->a), j->ids, VIEW(j->c));
}

static void run_pool_sum(const job *j)
{
    j->kernels->pool_sum(j->m / 8, j->n, VIEW(j->c), j->ids, j->b, 8, VIEW(j->a));
}

static void run_pool_max(const job *j)
{
    j->kernels->pool_max(j->m / 8, j->n, VIEW(j->c), j->ids, 8, VIEW(j->a), NULL);
}

static void run_scatter_scaled(const job *j)
{
    size_t from[64];
    for (int i = 0; i < 64; i++)
        from[i] = (size_t)(i % j->m * j->n);
    j->kernels->scatter_scaled(j->m < 64 ? j->m : 64, j->n, j->a, from, j->b, j->ids, VIEW(j->c));
}

static void run_scatter_add(const job *j)
{
    j->kernels->scatter_add(j->m, j->n, VIEW(j->a), j->ids, VIEW(j->c));
}

/** 29 tables of one-byte ids; a third of the ids are in the lists. */
static void run_list_ids(const job *j)
{
    enum { TABLES = 29 };
    static uint32_t offset[TABLES], bytes[TABLES], run[TABLES], first_row[TABLES], common[TABLES];
    if (!bytes[0]) {
        for (uint32_t t = 0; t < TABLES; t++)
            offset[t] = t, bytes[t] = 1, run[t] = TABLES - t, first_row[t] = t * 17;
    }
    const plx_id_tables tables = {TABLES, offset, bytes, run, first_row, common};
    j->kernels->list_ids(j->m, j->records, TABLES, &tables, j->lists, j->counts);
}

/** 16 of 488 table rows for each row. */
static void run_sum_listed(const job *j)
{
    for (int r = 0; r < j->m; r++)
        j->counts[r] = LIST;
    j->kernels->sum_listed(j->m, j->n, VIEW(j->a), j->entries, j->counts, j->b, VIEW(j->c));
}

/** As many lists of 16 rows each. */
static void run_sum_lists(const job *j)
{
    for (int r = 0; r <= j->m; r++)
        j->lists[r] = (uint32_t)(r * LIST);
    j->kernels->sum_lists(j->m, j->n, VIEW(j->a), &(plx_row_lists){j->lists, j->entries}, 1, VIEW(j->c));
}

static void run_log_loss(const job *j)
{
    j->kernels->log_loss(j->m * j->n, j->a, j->b, j->c, j->d);
}

static void run_pair_log_loss(const job *j)
{
    j->kernels->pair_log_loss(j->m * j->n, j->a, j->b, j->b, j->c, j->d, j->d + FLOATS / 2);
}

static void run_sum_tree(const job *j)
{
    const float *parts[4] = {j->a, j->b, j->a, j->b};
    j->kernels->sum_tree((size_t)j->m * (size_t)j->n, parts, 4, j->c);
}

static void run_add_l2(const job *j)
{
    sink = (float)j->kernels->add_l2((size_t)j->m * (size_t)j->n, j->a, 1e-5f, j->c);
}

#define RUN_ACTIVATION(kernel, by)                                                                                     \
    static void run_##kernel(const job *j)                                                                             \
    {                                                                                                                  \
        j->kernels->kernel(j->m, j->n, VIEW(j->a), VIEW(j->c));                                                        \
    }                                                                                                                  \
    static void run_##kernel##_back(const job *j)                                                                      \
    {                                                                                                                  \
        j->kernels->kernel##_back(j->m, j->n, VIEW(j->a), VIEW(j->a), VIEW(j->b), VIEW(j->c), false);                  \
    }
PLX_POINTWISE_LIST(RUN_ACTIVATION)

static void run_prelu(const job *j)
{
    j->kernels->prelu(j->m, j->n, VIEW(j->a), j->b, VIEW(j->c));
}

static void run_prelu_back(const job *j)
{
    j->kernels->prelu_back(j->m, j->n, VIEW(j->a), j->b, VIEW(j->b), VIEW(j->c), false);
}

static void run_prelu_sums(const job *j)
{
    j->kernels->prelu_sums(j->m, j->n, VIEW(j->a), VIEW(j->b), j->c, false);
}

static void run_dice(const job *j)
{
    j->kernels->dice(j->m, j->n, VIEW(j->a), VIEW(j->b), j->b, VIEW(j->c));
}

static void run_dice_back(const job *j)
{
    j->kernels->dice_back(j->m, j->n, VIEW(j->a), VIEW(j->b), j->b, VIEW(j->b), VIEW(j->c), false, VIEW(j->d), false);
}

static void run_dice_sums(const job *j)
{
    j->kernels->dice_sums(j->m, j->n, VIEW(j->a), VIEW(j->b), VIEW(j->b), j->c, false);
}

static void run_sum_squares(const job *j)
{
    sink = (float)j->kernels->sum_squares((size_t)j->m * (size_t)j->n, j->a);
}

static void run_limit(const job *j)
{
    j->kernels->limit((size_t)j->m * (size_t)j->n, j->c, 0.5f, 0.1f);
}

static void run_sgd(const job *j)
{
    j->kernels->sgd((size_t)j->m * (size_t)j->n, j->c, j->a, 1e-3f);
}

static void run_adam(const job *j)
{
    static const plx_adam_numbers numbers = {1e-3f, 0.1f, 0.001f, 1e-7f};
    j->kernels->adam((size_t)j->m * (size_t)j->n, j->c, j->a, j->d, j->d + FLOATS / 2, &numbers);
}

static void run_momentum(const job *j)
{
    j->kernels->momentum((size_t)j->m * (size_t)j->n, j->c, j->a, j->d, 1e-3f, 0.9f, false);
}

static void run_adagrad(const job *j)
{
    j->kernels->adagrad((size_t)j->m * (size_t)j->n, j->c, j->a, j->d, 1e-3f, 1e-7f);
}

static void run_rmsprop(const job *j)
{
    static const plx_rmsprop_numbers numbers = {1e-3f, 0.1f, 1e-7f, 0};
    j->kernels->rmsprop((size_t)j->m * (size_t)j->n, j->c, j->a, j->d, NULL, NULL, &numbers);
}

static void run_ftrl(const job *j)
{
    static const plx_ftrl_numbers numbers = {1e-3f, 1, 0.1f, 0.1f};
    j->kernels->ftrl((size_t)j->m * (size_t)j->n, j->c, j->a, j->d, j->d + FLOATS / 2, &numbers);
}

typedef struct other {
    const char *name;
    job_function *run;
} other;

#define OTHER(kernel) {#kernel, run_##kernel},

static void bench_others(job j)
{
    static const other others[] = {PLX_KERNEL_LIST(OTHER)};
    static const int shapes[][3] = {{64, 128, 8}, {64, 16, 8}, {64, 8, 8}, {64, 7, 8}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strncmp(others[i].name, "gemm", 4) == 0) continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            j.m = shapes[s][0], j.n = shapes[s][1], j.k = shapes[s][2];
            memset(j.c, 0, FLOATS * sizeof *j.c);
            memset(j.d, 0, FLOATS * sizeof *j.d);
            double best, seconds = measure(others[i].run, &j, &best);
            bool gate = strncmp(others[i].name, "mix", 3) == 0;
            double elements = (double)j.m * j.n * (gate ? j.k : 1);
            printf("{\"kernel\": \"%s\", \"level\": \"%s\", \"rows\": %d, \"n\": %d, ", others[i].name, j.kernels->name,
                   j.m, j.n);
            if (gate) printf("\"experts\": %d, ", j.k);
            printf("\"ns\": %.0f, \"ns_per_element\": %.3f, \"best_ns\": %.0f}\n", seconds * 1e9,
                   seconds * 1e9 / elements, best * 1e9);
            fflush(stdout);
        }
    }
}

static float *numbers(unsigned seed)
{
    float *at = aligned_alloc(64, FLOATS * sizeof *at);
    for (int i = 0; at && i < FLOATS; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (float)(seed >> 8) * 0x1p-24f;
    }
    return at;
}

int main(int argc, char **argv)
{
    plx_cpu_level level = plx_cpu_best();
    if (argc > 1 && (argc != 3 || strcmp(argv[1], "--level") != 0 || !plx_cpu_level_named(argv[2], &level))) {
        fprintf(stderr, "usage: bench_kernels [--level plain|simd128|avx2|avx512]\n");
        return 2;
    }
    job j = {.kernels = plx_kernels_for(level), .a = numbers(1), .b = numbers(2), .c = numbers(3), .d = numbers(4)};
    j.ids = malloc(FLOATS * sizeof *j.ids);
    j.lists = malloc(FLOATS * sizeof *j.lists);
    j.entries = malloc(FLOATS * sizeof *j.entries);
    j.counts = malloc(FLOATS * sizeof *j.counts);
    j.records = malloc(FLOATS);
    if (!j.lists || !j.entries || !j.counts || !j.records || !j.a || !j.b || !j.c || !j.d || !j.ids) return 1;
    for (unsigned i = 0; i < FLOATS; i++)
        j.ids[i] = i * 2654435761u % 1000;
    for (unsigned i = 0; i < FLOATS; i++)
        j.entries[i] = i * 2654435761u % 488;
    for (unsigned i = 0; i < FLOATS; i++)
        j.records[i] = i * 2654435761u >> 24 < 85 ? (uint8_t)(i % 16 + 1) : 0;
    double peak = 2e-9 * bench_peak(j.kernels->level, 1);
    printf("{\"kernel\": \"peak\", \"level\": \"%s\", \"gflops\": %.1f}\n", j.kernels->name, peak);
    bench_products(j, peak);
    bench_others(j);
    free(j.a), free(j.b), free(j.c), free(j.d), free(j.ids), free(j.lists), free(j.entries), free(j.counts),
        free(j.records);
    return 0;
}
