/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks on random records, for tests of graph, ops and models, in float and in double. */
#ifndef NETWORK_H
#define NETWORK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "check.h"
#include "graph/run.h"
#include "networks/network.h"
#include "ops/ops.h"

#define LOSS(name, graph, task, value) plx_loss_node(graph, task, value, &plx_loss_##name, 0)

enum { NETWORK_TASKS_MAX = 4, NETWORK_FEATURES_MAX = 8, NETWORK_LISTS = 2, NETWORK_LENGTH = 5 };

/* Everything that a step needs; network_init makes it with a function that builds the graph. */
typedef struct network {
    plx_arena arena;
    plx_graph graph;
    plx_id_field fields[NETWORK_FEATURES_MAX];
    plx_list_field lists[NETWORK_LISTS];
    plx_layout layout;
    plx_rows rows;
    plx_real *values;
    double task_weights[NETWORK_TASKS_MAX];
    plx_plan *plan;
    plx_run *run;
} network;

typedef struct network_shape {
    int n_sparse, n_dense, n_tasks, n_rows;
    uint32_t vocabulary; /* of each sparse feature and list */
    bool binary_labels;  /* else any numbers */
    bool has_gaps;       /* some labels are missing; rows have weights, some of them 0 */
    bool soft_labels;    /* probabilities instead */
} network_shape;

/* Lists of 0 to NETWORK_LENGTH items, the second with weights. */
static inline void network_fill_lists(network *net, uint8_t *record, const plx_random *random, uint64_t *index)
{
    for (int i = 0; i < NETWORK_LISTS; i++) {
        const plx_list_field *list = &net->layout.lists[i];
        const int n = (int)plx_random_below(random, (*index)++, 1, NETWORK_LENGTH + 1);
        plx_record_clear_list(record, list);
        for (int k = 0; k < n; k++)
            plx_record_put_item(record, list, (uint32_t)k, plx_random_below(random, (*index)++, 1, list->vocabulary));
        for (int k = 0; k < n && list->has_weights; k++) {
            const float weight = 0.25f + plx_random_uniform(random, (*index)++, 1);
            memcpy(record + list->weights_offset + (size_t)k * sizeof weight, &weight, sizeof weight);
        }
    }
}

/* Random records: ids (with duplicates), dense numbers and labels. */
static inline void network_fill_rows(network *net, const network_shape *shape, uint64_t seed)
{
    for (int i = 0; i < shape->n_sparse; i++)
        net->fields[i] = (plx_id_field){.vocabulary = shape->vocabulary, .common = (uint32_t)i};
    for (int i = 0; i < NETWORK_LISTS; i++) {
        net->lists[i] =
            (plx_list_field){.vocabulary = shape->vocabulary, .length = NETWORK_LENGTH, .has_weights = i == 1};
    }
    plx_layout_init(&net->layout, &(plx_layout_parts){.sparse = net->fields,
                                                      .n_sparse = shape->n_sparse,
                                                      .lists = net->lists,
                                                      .n_lists = NETWORK_LISTS,
                                                      .n_dense = shape->n_dense,
                                                      .n_tasks = shape->n_tasks,
                                                      .has_weights = shape->has_gaps});
    if (plx_rows_init(&net->rows, &plx_allocator_default, &net->layout, (size_t)shape->n_rows, NULL) != PLX_OK) abort();
    const plx_random random = {seed, PLX_STREAM_NAMED};
    uint64_t index = 0;
    for (int row = 0; row < shape->n_rows; row++) {
        uint8_t *record = net->rows.records + (size_t)row * net->layout.record_bytes;
        for (int i = 0; i < shape->n_dense; i++) {
            ((float *)(void *)record)[i] = (float)plx_random_normal(&random, index++, 0);
        }
        for (int task = 0; task < shape->n_tasks; task++) {
            const float uniform = plx_random_uniform(&random, index++, 0);
            const float label = shape->has_gaps && (row + task) % 4 == 1 ? NAN
                                : shape->soft_labels                     ? uniform
                                : shape->binary_labels                   ? (float)(uniform < 0.4f)
                                                                         : 2 * uniform - 1;
            const float weight = (row + task) % 5 == 2 ? 0 : 3 * uniform;
            memcpy(record + net->layout.label_offset + (size_t)task * sizeof label, &label, sizeof label);
            if (shape->has_gaps)
                memcpy(record + net->layout.weight_offset + (size_t)task * sizeof weight, &weight, sizeof weight);
        }
        for (int i = 0; i < shape->n_sparse; i++) {
            const uint32_t id = plx_random_below(&random, index++, 0, shape->vocabulary);
            const plx_id_field *field = &net->layout.sparse[i];
            if (field->id_bytes == 1) record[field->offset] = (uint8_t)id;
            if (field->id_bytes == 2) memcpy(record + field->offset, &(uint16_t){(uint16_t)id}, 2);
            if (field->id_bytes == 4) memcpy(record + field->offset, &id, 4);
        }
        network_fill_lists(net, record, &random, &index);
    }
}

/* Random values everywhere, so that no zero hides an error; states (variances) positive. */
static inline void network_fill_values(network *net, uint64_t seed, double deviation)
{
    const plx_graph *graph = &net->graph;
    plx_graph_init_values(graph, seed, net->values);
    for (int i = 0; i < graph->n_params; i++) {
        const plx_param *param = &graph->params[i];
        const plx_random random = {seed, plx_random_stream(param->spec.name)};
        uint64_t index = 1u << 20;
        for (int g = 0; g < param->spec.groups; g++) {
            for (int r = 0; r < param->spec.rows; r++) {
                for (int c = 0; c < param->spec.cols; c++) {
                    plx_real *value = &net->values[param->offset + (size_t)g * param->group_stride +
                                                   (size_t)r * param->row_stride + (size_t)c];
                    *value = (plx_real)(deviation * plx_random_normal(&random, index++, 0));
                    if (param->spec.is_state || param->spec.init == PLX_INIT_ONE)
                        *value = (plx_real)(1 + 0.1 * fabs((double)*value));
                }
            }
        }
    }
}

typedef void network_builder(plx_graph *graph, const void *user);

static inline bool network_init(network *net, const network_shape *shape, network_builder *build, const void *user,
                                uint64_t seed)
{
    memset(net, 0, sizeof *net);
    plx_arena_init(&net->arena, &plx_allocator_default);
    plx_graph_init(&net->graph, &net->arena, shape->n_tasks);
    build(&net->graph, user);
    plx_error err = {0};
    if (plx_graph_finish(&net->graph, &err) != PLX_OK) {
        printf("  %s\n", err.message);
        plx_arena_release(&net->arena);
        return false;
    }
    network_fill_rows(net, shape, seed);
    net->values = plx_alloc_aligned(&plx_allocator_default, net->graph.n_values, sizeof *net->values);
    if (!net->values) abort();
    network_fill_values(net, seed + 1, 0.5);
    for (int task = 0; task < shape->n_tasks; task++)
        net->task_weights[task] = 1.0 + 0.5 * task;
    return true;
}

/* Plan and run with all rows as one batch. */
static inline void network_plan(network *net, const plx_plan_options *options, plx_pool *pool,
                                const plx_kernels *kernels)
{
    plx_run_free(net->run);
    plx_plan_free(net->plan);
    const plx_machine machine = {&plx_allocator_default, kernels, pool};
    if (plx_plan_create(&machine, &net->graph, options, &net->plan, NULL) != PLX_OK) abort();
    if (plx_run_create(&machine, net->plan, &net->layout, &net->run, NULL) != PLX_OK) abort();
    net->run->seed = 11;
    net->run->step = 3;
    net->run->task_weights = net->task_weights;
}

static inline void network_release(network *net)
{
    plx_run_free(net->run);
    plx_plan_free(net->plan);
    plx_free_aligned(&plx_allocator_default, net->values);
    plx_rows_release(&net->rows, &plx_allocator_default);
    plx_arena_release(&net->arena);
}

/* One step on all rows; returns sum over tasks of weight * loss / labelled rows. */
static inline double network_step(network *net)
{
    const plx_batch batch = {.rows = &net->rows, .n = (int)net->rows.n};
    plx_run_step(net->run, net->values, &batch);
    double loss = 0.0;
    for (int task = 0; task < net->graph.n_tasks; task++) {
        loss += net->task_weights[task] * net->run->task_losses[task] / (double)net->run->task_rows[task];
    }
    return loss;
}

/* A lazy table's gradient as a whole table [rows, cols]; no row occurs twice. */
static inline void network_spread_touched(const plx_run *run, const plx_param *table, plx_real *whole)
{
    const size_t rows = (size_t)table->spec.rows, cols = (size_t)table->spec.cols;
    bool *is_touched = calloc(rows, sizeof *is_touched);
    if (!is_touched) abort();
    memset(whole, 0, rows * cols * sizeof *whole);
    for (int part = 0; part < PLX_TOUCHED_PARTS; part++) {
        const plx_touched_rows *own = &run->touched[table->lazy * PLX_TOUCHED_PARTS + part];
        for (size_t i = 0; i < (size_t)own->n; i++) {
            CHECK(own->ids[i] < rows && !is_touched[own->ids[i]]);
            is_touched[own->ids[i]] = true;
            memcpy(whole + own->ids[i] * cols, own->gradient + i * cols, cols * sizeof *whole);
        }
    }
    free(is_touched);
}

/* -- A model of the list as a builder ---------------------------------------------------------------------------- */

typedef struct network_model {
    const plx_model_def *def;
    plx_build build;
} network_model;

static inline void network_build_model(plx_graph *graph, const void *user)
{
    const network_model *model = user;
    plx_network_build(graph, model->def, &model->build);
}

#endif
