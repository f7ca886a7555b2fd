/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training with lists of items: Shared-Bottom on ten sparse features and two lists of up to 50 of 100000 items, by
 * combiner. bench/peers/lists_torch.py does the same in PyTorch, with EmbeddingBag. JSON lines: the machine, then for
 * each combiner the rows a second, median over epochs.
 *
 *     bench_lists [--rows N] [--threads N] [--epochs N] [--optimizer lazy_adam] [COMBINER...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "training.h"

enum { N_SPARSE = 10, N_LISTS = 2, N_INPUTS = N_SPARSE + N_LISTS, LENGTH = 50, DIM = 16, BATCH = 1024 };
enum { SPARSE_VOCABULARY = 1001, LIST_VOCABULARY = 100001 };

static const char *const combiners[] = {
    [PLX_BAG_MEAN] = "mean", [PLX_BAG_SUM] = "sum", [PLX_BAG_MAX] = "max", [PLX_BAG_ITEMS] = "attention"};
enum { N_COMBINERS = sizeof combiners / sizeof *combiners };

typedef struct options {
    int rows, threads, epochs;
    const char *optimizer; /* of tables; NULL: whole Adam */
    bench_names names;
} options;

typedef struct table {
    plx_id_field sparse[N_SPARSE];
    plx_list_field lists[N_LISTS];
    plx_layout layout;
    plx_rows rows;
} table;

/* Uniform ids and lengths, and random labels. */
static void fill(table *t, int rows)
{
    const plx_random random = {3, PLX_STREAM_NAMED};
    uint64_t index = 0;
    plx_error err;
    for (int i = 0; i < N_SPARSE; i++)
        t->sparse[i] = (plx_id_field){.vocabulary = SPARSE_VOCABULARY};
    for (int i = 0; i < N_LISTS; i++)
        t->lists[i] = (plx_list_field){.vocabulary = LIST_VOCABULARY, .length = LENGTH};
    plx_layout_init(
        &t->layout,
        &(plx_layout_parts){
            .sparse = t->sparse, .n_sparse = N_SPARSE, .lists = t->lists, .n_lists = N_LISTS, .n_tasks = 2});
    if (plx_rows_init(&t->rows, &plx_allocator_default, &t->layout, (size_t)rows, &err) != PLX_OK)
        bench_stop(err.message);
    for (int row = 0; row < rows; row++) {
        uint8_t *record = t->rows.records + (size_t)row * t->layout.record_bytes;
        for (int task = 0; task < 2; task++) {
            const float label = (float)plx_random_below(&random, index++, 0, 2);
            memcpy(record + t->layout.label_offset + (size_t)task * sizeof label, &label, sizeof label);
        }
        for (int i = 0; i < N_SPARSE; i++) {
            const uint16_t id = (uint16_t)(1 + plx_random_below(&random, index++, 0, SPARSE_VOCABULARY - 1));
            memcpy(record + t->sparse[i].offset, &id, sizeof id);
        }
        for (int i = 0; i < N_LISTS; i++) {
            const int n = (int)plx_random_below(&random, index++, 0, LENGTH + 1);
            plx_record_clear_list(record, &t->lists[i]);
            for (int k = 0; k < n; k++)
                plx_record_put_item(record, &t->lists[i], (uint32_t)k,
                                    1 + plx_random_below(&random, index++, 0, LIST_VOCABULARY - 1));
        }
    }
}

static void build(plx_graph *graph, plx_arena *arena, plx_bag_kind combiner, int lazy_rows)
{
    static int bottom[] = {128}, tower[] = {64};
    static plx_int_list towers[] = {{tower, 1}, {tower, 1}};
    static char names[N_INPUTS][16];
    plx_input_spec inputs[N_INPUTS];
    const plx_target_spec targets[] = {{.name = "click"}, {.name = "buy"}};
    const plx_model_spec spec = {.bottom_dnn_units = {bottom, 1}, .tower_dnn_units_lists = {.items = towers, .n = 2}};
    plx_error err;
    for (int i = 0; i < N_INPUTS; i++) {
        snprintf(names[i], sizeof names[i], "input%d", i);
        inputs[i] = (plx_input_spec){.name = names[i],
                                     .vocabulary = i < N_SPARSE ? SPARSE_VOCABULARY : LIST_VOCABULARY,
                                     .embedding_dim = DIM,
                                     .length = i < N_SPARSE ? 0 : LENGTH,
                                     .combiner = (int)combiner};
    }
    const plx_build what = {.spec = &spec,
                            .inputs = inputs,
                            .n_inputs = N_INPUTS,
                            .targets = targets,
                            .n_tasks = 2,
                            .lazy_rows = lazy_rows};
    plx_graph_init(graph, arena, 2);
    plx_network_build(graph, plx_model_find(plx_slice_of("shared_bottom")), &what);
    if (plx_graph_finish(graph, &err) != PLX_OK) bench_stop(err.message);
}

static void measure(const options *o, const table *t, plx_bag_kind combiner)
{
    static const double weights[] = {1, 1};
    static const char *const names[] = {"click", "buy"};
    static const plx_task_kind kinds[] = {PLX_TASK_BINARY, PLX_TASK_BINARY};
    char adam[] = "adam", table_optimizer[32];
    plx_arena arena;
    plx_graph graph;
    plx_pool *pool = NULL;
    plx_train_report result;
    plx_error err;
    snprintf(table_optimizer, sizeof table_optimizer, "%s", o->optimizer ? o->optimizer : "");
    plx_arena_init(&arena, &plx_allocator_default);
    build(&graph, &arena, combiner, o->optimizer ? LIST_VOCABULARY : 0);
    plx_real *values = plx_alloc_aligned(&plx_allocator_default, graph.n_values, sizeof *values);
    if (!values) bench_stop("out of memory");
    if (plx_pool_create(&plx_allocator_default, o->threads, &pool, &err) != PLX_OK) bench_stop(err.message);
    plx_graph_init_values(&graph, 1, values);
    const plx_train_spec spec = {.epochs = o->epochs,
                                 .batch_size = BATCH,
                                 .seed = 1,
                                 .optimizer = adam,
                                 .table_optimizer = table_optimizer,
                                 .learning_rate = 0.001,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-7,
                                 .shuffle = true};
    const plx_train_job job = {.machine = {&plx_allocator_default, plx_kernels_for(plx_cpu_best()), pool},
                               .graph = &graph,
                               .spec = &spec,
                               .task_weights = weights,
                               .task_names = names,
                               .task_kinds = kinds,
                               .train = &t->rows,
                               .values = values};
    if (plx_train(&job, &result, &err) != PLX_OK) bench_stop(err.message);
    printf("{\"bench\": \"lists\", \"combiner\": \"%s\", \"table_optimizer\": \"%s\", \"rows\": %d, \"threads\": %d, "
           "\"epochs\": %d, \"rows_per_second\": %.0f}\n",
           combiners[combiner], table_optimizer, o->rows, o->threads, o->epochs, result.rows_per_second);
    fflush(stdout);
    plx_pool_free(pool);
    plx_free_aligned(&plx_allocator_default, values);
    plx_arena_release(&arena);
}

static void read_options(options *o, int argc, char **argv)
{
    *o = (options){.rows = 100000, .threads = 1, .epochs = 5};
    const bench_option choices[] = {
        {"--rows", "N", .whole = &o->rows},
        {"--threads", "N", .whole = &o->threads},
        {"--epochs", "N", .whole = &o->epochs},
        {"--optimizer", "NAME", .text = &o->optimizer},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
}

int main(int argc, char **argv)
{
    static table t;
    options o;
    read_options(&o, argc, argv);
    bench_print_machine(plx_kernels_for(plx_cpu_best()));
    fill(&t, o.rows);
    for (int combiner = 0; combiner < N_COMBINERS; combiner++) {
        if (bench_is_selected(&o.names, combiners[combiner])) measure(&o, &t, (plx_bag_kind)combiner);
    }
    plx_rows_release(&t.rows, &plx_allocator_default);
    return 0;
}
