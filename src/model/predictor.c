/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Predictors: a copy of a model that never changes, and slots for workspaces. A call takes a free workspace or creates
 * one, and puts it back: there are as many as the most concurrent calls so far, and after that calls allocate nothing.
 * There is no lock: a slot is taken and filled by one atomic exchange, so that a fork cannot happen while a lock is
 * held.
 */
#include <stdatomic.h>
#include <string.h>

#include "graph/run.h"
#include "model/model.h"
#include "model/predictor.h"
#include "model/training.h"

enum { BATCH_ROWS = 256, PLACES = 64 /* workspaces kept after their calls; more are freed */ };

typedef struct workspace {
    plx_run *run;
    uint8_t *records; /* [capacity] bytes */
    size_t capacity;
    int *places; /* places of columns in the previous call: plx_encoders_columns_again */
} workspace;

struct plx_predictor {
    plx_model *model;
    plx_plan *plan;
    const plx_layout *layout;
    _Atomic(workspace *) idle[PLACES];
    atomic_llong n_unknown; /* cells */
};

static const plx_allocator *allocator_of(const plx_predictor *predictor)
{
    return &predictor->model->context->allocator;
}

plx_status plx_predictor_make(const plx_model *model, plx_predictor **out, plx_error *err)
{
    PLX_TRY(plx_model_check_weights(model, err));
    const plx_allocator *allocator = &model->context->allocator;
    plx_predictor *predictor = plx_alloc_zero(allocator, 1, sizeof *predictor);
    if (!predictor) return plx_error_memory(err);
    plx_plan_options options = {.batch_rows = BATCH_ROWS};
    plx_status status = plx_model_clone(model, &predictor->model, err);
    if (status == PLX_OK) {
        status = plx_plan_create(&model->context->machine, &predictor->model->graph, &options, &predictor->plan, err);
    }
    if (status != PLX_OK) {
        plx_model_destroy(predictor->model);
        plx_free(allocator, predictor);
        return status;
    }
    predictor->layout = plx_encoders_layout(predictor->model->encoders);
    *out = predictor;
    return PLX_OK;
}

static void free_workspace(const plx_allocator *allocator, workspace *space)
{
    if (!space) return;
    plx_run_free(space->run);
    plx_free(allocator, space->places);
    plx_free(allocator, space->records);
    plx_free(allocator, space);
}

void plx_predictor_destroy(plx_predictor *predictor)
{
    if (!predictor) return;
    plx_allocator allocator = *allocator_of(predictor);
    for (int i = 0; i < PLACES; i++)
        free_workspace(&allocator, atomic_load(&predictor->idle[i]));
    plx_plan_free(predictor->plan);
    plx_model_destroy(predictor->model);
    plx_free(&allocator, predictor);
}

static plx_status make_workspace(const plx_predictor *predictor, workspace **out, plx_error *err)
{
    const plx_allocator *allocator = allocator_of(predictor);
    plx_model *model = predictor->model;
    workspace *space = plx_alloc_zero(allocator, 1, sizeof *space);
    if (!space) return plx_error_memory(err);
    space->places = plx_alloc_zero(allocator, (size_t)plx_encoders_n_columns(model->encoders), sizeof *space->places);
    plx_status status = space->places ? PLX_OK : plx_error_memory(err);
    if (status == PLX_OK)
        status = plx_run_create(&model->context->machine, predictor->plan, predictor->layout, &space->run, err);
    if (status != PLX_OK) {
        free_workspace(allocator, space);
        return status;
    }
    plx_run_freeze(space->run, model->values);
    *out = space;
    return PLX_OK;
}

static plx_status take(plx_predictor *predictor, workspace **out, plx_error *err)
{
    for (int i = 0; i < PLACES; i++) {
        if (!atomic_load_explicit(&predictor->idle[i], memory_order_relaxed)) continue;
        *out = atomic_exchange(&predictor->idle[i], NULL);
        if (*out) return PLX_OK;
    }
    return make_workspace(predictor, out, err);
}

static void give_back(plx_predictor *predictor, workspace *space)
{
    for (int i = 0; i < PLACES; i++) {
        workspace *none = NULL;
        if (atomic_load_explicit(&predictor->idle[i], memory_order_relaxed)) continue;
        if (atomic_compare_exchange_strong(&predictor->idle[i], &none, space)) return;
    }
    free_workspace(allocator_of(predictor), space);
}

static plx_status encode(plx_predictor *predictor, workspace *space, const plx_column *columns, int n_columns,
                         size_t rows, plx_error *err)
{
    const plx_allocator *allocator = allocator_of(predictor);
    if (plx_grow(allocator, &space->records, &space->capacity, rows * predictor->layout->record_bytes, 1) != 0)
        return plx_error_memory(err);
    int64_t n_unknown;
    PLX_TRY(plx_encoders_columns_again(predictor->model->encoders, space->places, columns, n_columns, rows,
                                       space->records, &n_unknown, err));
    if (n_unknown) atomic_fetch_add_explicit(&predictor->n_unknown, n_unknown, memory_order_relaxed);
    return PLX_OK;
}

static void score(const plx_predictor *predictor, workspace *space, size_t n, float *scores)
{
    const plx_model *model = predictor->model;
    const size_t n_outputs = (size_t)model->graph.n_outputs;
    plx_rows rows = {.layout = predictor->layout, .records = space->records, .n = n};
    for (size_t first = 0; first < n; first += BATCH_ROWS) {
        size_t here = n - first < BATCH_ROWS ? n - first : BATCH_ROWS;
        plx_batch batch = {.rows = &rows, .first = first, .n = (int)here};
        plx_run_score(space->run, model->values, &batch, false);
        memcpy(scores + first * n_outputs, space->run->scores, here * n_outputs * sizeof *scores);
    }
}

int64_t plx_predictor_n_unknown(const plx_predictor *predictor)
{
    return atomic_load_explicit(&predictor->n_unknown, memory_order_relaxed);
}

plx_status plx_predictor_run(plx_predictor *predictor, const plx_column *columns, int n_columns, size_t rows,
                             float *scores, plx_error *err)
{
    workspace *space = NULL;
    PLX_TRY(take(predictor, &space, err));
    plx_status status = encode(predictor, space, columns, n_columns, rows, err);
    if (status == PLX_OK) score(predictor, space, rows, scores);
    give_back(predictor, space);
    return status;
}
