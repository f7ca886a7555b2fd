/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training epochs of every model at large shapes, where arithmetic counts: embedding 16, experts [256, 128], towers
 * [64], batch 4,096, generated rows. JSON lines: the machine, the peak of each number of threads, then one line a model
 * and number of threads: the multiply-adds of a step and their share of that peak.
 *
 *     bench_large [--budget SECONDS] [--threads A,B,...] [--level LEVEL] [--rows N] [MODEL...]
 *
 * Multiply-adds a row, in dense form, of a layer from [a] to [b] in each of g groups:
 *
 *     g a b       forward
 *     g a b       the kernel's gradient
 *     g a' b      the input's gradient, where a' numbers depend on parameters (dense features do not)
 *
 * and of a mixture of e experts of width w: e w forward, 2 e w backward. Nothing else is counted: no activation, no
 * gathered embedding row, no optimizer. The executed count takes the plan's products instead: siblings as one product;
 * a table of v rows of d numbers, multiplied with the first layer (b wide in all) once a batch, counts 3 v d b a batch,
 * without the additions of its rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"
#include "ops/op_defs.h"
#include "options.h"
#include "peak.h"
#include "training.h"

enum { EPOCHS = 50, WARM_UP = 1, BATCH = 4096, BATCHES = 24 };

static const bench_model models[] = {
    {.model = "single_task", .tower = {256, 128, 64}},
    {.model = "shared_bottom", .bottom = {256, 128}, .tower = {64}},
    {.model = "esmm", .tower = {256, 128, 64}},
    {.model = "mmoe", .expert = {256, 128}, .tower = {64}, .experts = 8},
    {.model = "cgc", .expert = {256, 128}, .tower = {64}, .specific = 4, .shared = 4},
    {.model = "ple", .expert = {256, 128}, .tower = {64}, .specific = 4, .shared = 4, .levels = 2},
};

typedef struct options {
    double budget;
    int n_threads, threads[BENCH_THREADS_MAX];
    int rows;
    const plx_kernels *kernels;
    bench_names names;
} options;

/* -- Multiply-adds ----------------------------------------------------------------------------------------------- */

/** How many numbers of the node's value depend on parameters. */
static double trained_numbers(const plx_graph *graph, const plx_node *node)
{
    double numbers = 0;
    if (node->n_params > 0 || node->n_inputs == 0) return node->n_params > 0 ? plx_shape_numbers(node->shape) : 0;
    for (int k = 0; k < node->n_inputs; k++) {
        const double of_input = trained_numbers(graph, graph->nodes[node->inputs[k]]);
        if (!node->op->concatenates && of_input > 0) return plx_shape_numbers(node->shape);
        numbers += of_input;
    }
    return numbers;
}

static double count_mixture(const plx_graph *graph, const plx_node *node)
{
    return 3.0 * graph->nodes[node->inputs[0]]->shape.width * node->shape.width;
}

/** A bank that reads one value is one wide layer; a bank that reads a bank is one layer a group. */
static double count_linear(const plx_graph *graph, const plx_node *node)
{
    const plx_node *input = graph->nodes[node->inputs[0]];
    return (2.0 * input->shape.width + trained_numbers(graph, input) / input->shape.groups) *
           plx_shape_numbers(node->shape);
}

/** Multiply-adds of a row, in dense form. */
static double count_dense(const plx_graph *graph)
{
    double count = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        if (node->op == &plx_op_linear) count += count_linear(graph, node);
        if (node->op == &plx_op_mixture) count += count_mixture(graph, node);
    }
    return count;
}

/** Multiply-adds of a row in a product that the plan made: all columns of its input get a gradient, or none. */
static double count_joined(const plx_plan *plan, const plx_node *node)
{
    if (node->n_inputs == 0) return 0;
    return (plan->nodes[node->index].wants[0] ? 3.0 : 2.0) * plan->all[node->inputs[0]]->shape.width *
           node->shape.width;
}

/**
 * Multiply-adds of a row, as executed. A table's product, as wide in all models here, is made once a batch for all
 * rows.
 */
static double count_executed(const plx_plan *plan, int *tables)
{
    const plx_graph *graph = plan->graph;
    double count = 0, table_numbers = 0, collapsed_width = 0;
    *tables = 0;
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        if (node->op == &plx_op_linear) count += count_linear(graph, node);
        if (node->op == &plx_op_mixture) count += count_mixture(graph, node);
        if (node->index >= graph->n_nodes && !node->op->concatenates) count += count_joined(plan, node);
        if (node->op->backward_join.run && node->index >= graph->n_nodes) collapsed_width = node->shape.width;
        if (node->op == &plx_op_embedding && !plan->nodes[node->index].runs) {
            table_numbers += (double)((const plx_embedding_attrs *)node->attrs)->vocabulary * node->shape.width;
            ++*tables;
        }
    }
    return count + 3 * table_numbers * collapsed_width / plan->options.batch_rows;
}

/* -- Measuring --------------------------------------------------------------------------------------------------- */

typedef struct work {
    double dense, executed; /* multiply-adds a row */
    int tables;             /* multiplied with the first layer once a batch */
} work;

static work count_work(const bench_table *table, const bench_model *model, const plx_kernels *kernels)
{
    const plx_plan_options planned = {.batch_rows = BATCH, .training = true};
    plx_arena arena;
    plx_graph graph;
    plx_plan *plan;
    plx_error err;
    work w;
    plx_arena_init(&arena, &plx_allocator_default);
    bench_build(&graph, &arena, table, model);
    const plx_machine machine = {&plx_allocator_default, kernels, NULL};
    if (plx_plan_create(&machine, &graph, &planned, &plan, &err) != PLX_OK) bench_stop(err.message);
    w.dense = count_dense(&graph);
    w.executed = count_executed(plan, &w.tables);
    plx_plan_free(plan);
    plx_arena_release(&arena);
    return w;
}

static void measure(const options *o, const bench_table *table, const bench_model *model, int threads, double peak)
{
    const bench_training training = {.table = table,
                                     .model = model,
                                     .kernels = o->kernels,
                                     .threads = threads,
                                     .batch = BATCH,
                                     .learning_rate = 0.001,
                                     .epochs = EPOCHS,
                                     .warm_up = WARM_UP,
                                     .budget = o->budget};
    const work w = count_work(table, model, o->kernels);
    bench_times t;
    bench_train(&training, &t);
    const double rows = (double)table->rows.n, possible = peak * t.median;
    printf(
        "{\"bench\": \"large\", \"model\": \"%s\", \"threads\": %d, \"level\": \"%s\", \"rows\": %zu, \"batch\": %d, "
        "\"parameters\": %zu, \"epochs\": %d, \"share_of_epoch\": %.3f, \"seconds\": {\"median\": %.5f, "
        "\"min\": %.5f, \"max\": %.5f}, \"processor_seconds\": %.5f, \"multiply_adds\": {\"dense\": %.4e, "
        "\"executed\": %.4e}, \"tables_once_a_batch\": %d, \"share_of_peak\": {\"dense\": %.3f, "
        "\"executed\": %.3f}}\n",
        model->model, threads, o->kernels->name, table->rows.n, BATCH, t.parameters, t.epochs, t.share, t.median,
        t.least, t.most, t.processor, w.dense * rows, w.executed * rows, w.tables, w.dense * rows / possible,
        w.executed * rows / possible);
    fflush(stdout);
}

static void read_options(options *o, int argc, char **argv)
{
    *o = (options){.budget = 6,
                   .n_threads = 2,
                   .threads = {1, 2},
                   .rows = BATCHES * BATCH,
                   .kernels = plx_kernels_for(plx_cpu_best())};
    const bench_option choices[] = {
        {"--budget", "SECONDS", .real = &o->budget},
        {"--threads", "A,B,...", .whole = o->threads, .n = &o->n_threads},
        {"--level", "LEVEL", .level = &o->kernels},
        {"--rows", "N", .whole = &o->rows},
    };
    o->names = bench_read(choices, (int)(sizeof choices / sizeof *choices), argc, argv);
}

int main(int argc, char **argv)
{
    static bench_table table;
    options o;
    double peaks[BENCH_THREADS_MAX];
    read_options(&o, argc, argv);
    bench_print_machine(o.kernels);
    for (int i = 0; i < o.n_threads; i++) {
        peaks[i] = bench_peak(o.kernels->level, o.threads[i]);
        printf("{\"bench\": \"peak\", \"threads\": %d, \"level\": \"%s\", \"multiply_adds_per_second\": %.4e}\n",
               o.threads[i], o.kernels->name, peaks[i]);
    }
    bench_data data = {.rows = (size_t)o.rows, .n_dense = 13, .n_tasks = 2, .embedding_dim = 16};
    for (int feature = 0; feature < 26; feature++)
        data.vocabularies[feature] = 1000;
    bench_table_init(&table, &data);
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        for (int i = 0; i < o.n_threads && bench_is_selected(&o.names, models[m].model); i++)
            measure(&o, &table, &models[m], o.threads[i], peaks[i]);
    }
    bench_table_release(&table);
    return 0;
}
