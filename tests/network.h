/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole network for tests: a model's graph, its plan, a run, parameter values and rows, together. Works in both
 * builds: plx_real is float or double. Parameters are read and written in full precision, past plx_param_read.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/dataset.h"
#include "graph/run.h"
#include "models/model.h"

enum { NETWORK_INPUTS_MAX = 16 };

typedef struct network {
    plx_arena arena;
    plx_graph graph;
    plx_plan *plan;
    plx_run *run;
    plx_real *values; /* [graph.n_values] */
    plx_id_field sparse[NETWORK_INPUTS_MAX];
    plx_layout layout;
    plx_rows rows;
} network;

static inline void network_release(network *n)
{
    plx_run_free(n->run);
    plx_plan_free(n->plan);
    plx_rows_release(&n->rows, &plx_allocator_default);
    plx_free_aligned(&plx_allocator_default, n->values);
    plx_arena_release(&n->arena);
    memset(n, 0, sizeof *n);
}

/** Fills the records from arrays [rows, n_sparse], [rows, n_dense], [rows, n_tasks]. */
static inline void network_fill_rows(network *n, const double *ids, const double *dense, const double *labels)
{
    const plx_layout *layout = &n->layout;
    for (size_t r = 0; r < n->rows.n; r++) {
        uint8_t *record = n->rows.records + r * layout->record_bytes;
        for (int i = 0; i < layout->n_dense; i++) {
            plx_record_dense(record)[i] = (float)dense[r * (size_t)layout->n_dense + (size_t)i];
        }
        for (int i = 0; i < layout->n_tasks; i++) {
            float label = (float)labels[r * (size_t)layout->n_tasks + (size_t)i];
            memcpy(record + layout->label_offset + (size_t)i * sizeof label, &label, sizeof label);
        }
        for (int i = 0; i < layout->n_sparse; i++) {
            const plx_id_field *field = &layout->sparse[i];
            uint32_t id = (uint32_t)ids[r * (size_t)layout->n_sparse + (size_t)i];
            uint16_t narrow = (uint16_t)id;
            if (field->id_bytes == 4)
                memcpy(record + field->offset, &id, sizeof id);
            else if (field->id_bytes == 2)
                memcpy(record + field->offset, &narrow, sizeof narrow);
            else
                record[field->offset] = (uint8_t)id;
        }
    }
}

static inline plx_status network_build(network *n, const plx_model_def *def, const plx_build *build,
                                       const plx_kernels *kernels, const plx_plan_options *options, size_t rows,
                                       plx_error *err)
{
    int n_sparse = 0;
    while (n_sparse < build->n_inputs && build->inputs[n_sparse].vocabulary) {
        n->sparse[n_sparse].vocabulary = (uint32_t)build->inputs[n_sparse].vocabulary;
        n_sparse++;
    }
    plx_layout_init(&n->layout, n->sparse, n_sparse, build->n_inputs - n_sparse, build->n_tasks);
    PLX_TRY(plx_rows_init(&n->rows, &plx_allocator_default, &n->layout, rows, err));
    PLX_TRY(plx_model_check(def, build->spec, build->targets, build->n_tasks, err));
    plx_graph_init(&n->graph, &n->arena, build->n_tasks);
    def->build(&n->graph, build);
    PLX_TRY(plx_graph_finish(&n->graph, err));
    n->values = plx_alloc_aligned(&plx_allocator_default, n->graph.n_values, sizeof *n->values);
    if (!n->values) return plx_error_memory(err);
    plx_graph_init_values(&n->graph, 1, n->values);
    PLX_TRY(plx_plan_create(&plx_allocator_default, &n->graph, kernels, options, &n->plan, err));
    return plx_run_create(&plx_allocator_default, n->plan, &n->layout, NULL, &n->run, err);
}

/** False, with the reason printed, where the model cannot be built; the network is empty then. */
static inline bool network_init(network *n, const plx_model_def *def, const plx_build *build,
                                const plx_kernels *kernels, const plx_plan_options *options, size_t rows)
{
    plx_error error = {0};
    memset(n, 0, sizeof *n);
    plx_arena_init(&n->arena, &plx_allocator_default);
    if (network_build(n, def, build, kernels, options, rows, &error) == PLX_OK) return true;
    printf("  %s\n", error.message);
    network_release(n);
    return false;
}

/** Forward and backward over all rows. */
static inline void network_step(network *n, const double *task_weights)
{
    n->run->seed = 1;
    n->run->step = 0;
    n->run->task_weights = task_weights;
    plx_run_step(n->run, n->values, &(plx_batch){.rows = &n->rows, .n = (int)n->rows.n});
}

/** Forward over all rows, as a trained model serves them. */
static inline void network_score(network *n)
{
    plx_run_score(n->run, n->values, &(plx_batch){.rows = &n->rows, .n = (int)n->rows.n}, true);
}

static inline const plx_param *network_param(const network *n, const char *name)
{
    for (int i = 0; i < n->graph.n_params; i++) {
        if (!strcmp(n->graph.params[i].spec.name, name)) return &n->graph.params[i];
    }
    return NULL;
}

static inline size_t network_param_size(const plx_param *param)
{
    return (size_t)param->spec.groups * (size_t)param->spec.rows * (size_t)param->spec.cols;
}

/** Number `i` of the parameter, counted row-major in [groups, rows, cols], in a block of values or gradients. */
static inline plx_real *network_at(const plx_param *param, plx_real *block, size_t i)
{
    size_t cols = (size_t)param->spec.cols, rows = (size_t)param->spec.rows;
    size_t col = i % cols, row = i / cols % rows, group = i / cols / rows;
    return block + param->offset + group * param->group_stride + row * param->row_stride + col;
}

#endif
