/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model for comparisons: its graph, parameter values and rows, one run for training steps and one for scoring. Works
 * in both builds: plx_real is float or double. Parameters are read and written in full precision, without
 * plx_param_read.
 */
#ifndef MODEL_CASE_H
#define MODEL_CASE_H

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "graph/run.h"
#include "networks/network.h"
#include "rows/records.h"

enum { MODEL_CASE_INPUTS_MAX = 16 };

typedef struct model_case {
    plx_arena arena;
    plx_graph graph;
    plx_plan *plan, *score_plan;
    plx_run *run;       /* for training steps: losses and gradients */
    plx_run *score_run; /* for scoring: predictions of a trained model */
    plx_real *values;   /* [graph.n_values] */
    plx_id_field sparse[MODEL_CASE_INPUTS_MAX];
    plx_layout layout;
    plx_rows rows;
} model_case;

static inline void model_case_release(model_case *n)
{
    plx_run_free(n->run);
    plx_run_free(n->score_run);
    plx_plan_free(n->plan);
    plx_plan_free(n->score_plan);
    plx_rows_release(&n->rows, &plx_allocator_default);
    plx_free_aligned(&plx_allocator_default, n->values);
    plx_arena_release(&n->arena);
    memset(n, 0, sizeof *n);
}

/** Fills the records from arrays [rows, n_sparse], [rows, n_dense], [rows, n_tasks], and weights if rows have any. */
static inline void model_case_fill_rows(model_case *n, const double *ids, const double *dense, const double *labels,
                                        const double *weights)
{
    const plx_layout *layout = &n->layout;
    for (size_t r = 0; r < n->rows.n; r++) {
        uint8_t *record = n->rows.records + r * layout->record_bytes;
        for (int i = 0; i < layout->n_dense; i++) {
            ((float *)(void *)record)[i] = (float)dense[r * (size_t)layout->n_dense + (size_t)i];
        }
        for (int i = 0; i < layout->n_tasks; i++) {
            float label = (float)labels[r * (size_t)layout->n_tasks + (size_t)i];
            memcpy(record + layout->label_offset + (size_t)i * sizeof label, &label, sizeof label);
            if (!weights) continue;
            float weight = (float)weights[r * (size_t)layout->n_tasks + (size_t)i];
            memcpy(record + layout->weight_offset + (size_t)i * sizeof weight, &weight, sizeof weight);
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

static inline plx_status model_case_build(model_case *n, const plx_model_def *def, const plx_build *build,
                                          const plx_kernels *kernels, const plx_plan_options *options, size_t rows,
                                          bool has_weights, plx_error *err)
{
    int n_sparse = 0;
    while (n_sparse < build->n_inputs && build->inputs[n_sparse].vocabulary) {
        n->sparse[n_sparse].vocabulary = (uint32_t)build->inputs[n_sparse].vocabulary;
        n_sparse++;
    }
    plx_layout_init(&n->layout, &(plx_layout_parts){.sparse = n->sparse,
                                                    .n_sparse = n_sparse,
                                                    .n_dense = build->n_inputs - n_sparse,
                                                    .n_tasks = build->n_tasks,
                                                    .has_weights = has_weights});
    PLX_TRY(plx_rows_init(&n->rows, &plx_allocator_default, &n->layout, rows, err));
    plx_error first;
    plx_problems problems = plx_problems_first(&first);
    PLX_TRY(plx_model_check(def, build->spec, build->targets, build->n_tasks, &n->arena, &problems));
    PLX_TRY(plx_problem_status(&first, err));
    plx_graph_init(&n->graph, &n->arena, build->n_tasks);
    plx_network_build(&n->graph, def, build);
    PLX_TRY(plx_graph_finish(&n->graph, err));
    n->values = plx_alloc_aligned(&plx_allocator_default, n->graph.n_values, sizeof *n->values);
    if (!n->values) return plx_error_memory(err);
    plx_graph_init_values(&n->graph, 1, n->values);
    plx_plan_options chosen = *options;
    chosen.batch_rows = (int)rows;
    chosen.training = true;
    const plx_machine machine = {&plx_allocator_default, kernels, NULL};
    PLX_TRY(plx_plan_create(&machine, &n->graph, &chosen, &n->plan, err));
    chosen.training = false;
    PLX_TRY(plx_plan_create(&machine, &n->graph, &chosen, &n->score_plan, err));
    PLX_TRY(plx_run_create(&machine, n->plan, &n->layout, &n->run, err));
    return plx_run_create(&machine, n->score_plan, &n->layout, &n->score_run, err);
}

/** `options`: tile_rows and is_plain; `has_weights`: rows have weights. If the model cannot be built, prints the
 * reason, returns false and leaves all empty. */
static inline bool model_case_init(model_case *n, const plx_model_def *def, const plx_build *build,
                                   const plx_kernels *kernels, const plx_plan_options *options, size_t rows,
                                   bool has_weights)
{
    plx_error error = {0};
    memset(n, 0, sizeof *n);
    plx_arena_init(&n->arena, &plx_allocator_default);
    if (model_case_build(n, def, build, kernels, options, rows, has_weights, &error) == PLX_OK) return true;
    printf("  %s\n", error.message);
    model_case_release(n);
    return false;
}

/** Predictions of all rows, to score_run->scores. */
static inline void model_case_score(model_case *n)
{
    plx_run_score(n->score_run, n->values, &(plx_batch){.rows = &n->rows, .n = (int)n->rows.n}, true);
}

/** Predictions, then forward and backward over all rows. */
static inline void model_case_step(model_case *n, const double *task_weights)
{
    model_case_score(n);
    n->run->seed = 1;
    n->run->step = 0;
    n->run->task_weights = task_weights;
    plx_run_step(n->run, n->values, &(plx_batch){.rows = &n->rows, .n = (int)n->rows.n});
}

static inline const plx_param *model_case_param(const model_case *n, const char *name)
{
    for (int i = 0; i < n->graph.n_params; i++) {
        if (!strcmp(n->graph.params[i].spec.name, name)) return &n->graph.params[i];
    }
    return NULL;
}

static inline size_t model_case_param_size(const plx_param *param)
{
    return (size_t)param->spec.groups * (size_t)param->spec.rows * (size_t)param->spec.cols;
}

/** Number `i` of the parameter, counted row-major in [groups, rows, cols], in a block of values or gradients. */
static inline plx_real *model_case_at(const plx_param *param, plx_real *block, size_t i)
{
    size_t cols = (size_t)param->spec.cols, rows = (size_t)param->spec.rows;
    size_t col = i % cols, row = i / cols % rows, group = i / cols / rows;
    return block + param->offset + group * param->group_stride + row * param->row_stride + col;
}

#endif
