/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Predictions and metrics of raw files and streams of any size. Rows are scored in chunks as they are read; for exact
 * metrics, the scores, labels, weights and groups of all evaluated rows are kept.
 */
#include <math.h>
#include <string.h>

#include "data/kept_cells.h"
#include "model/model.h"
#include "model/scoring.h"
#include "model/training.h"
#include "train/score.h"

/* Scores of a slot's rows. */
typedef struct slot_scores {
    float *at; /* [capacity, n_outputs] */
    size_t capacity;
} slot_scores;

typedef struct scoring {
    const plx_model *model;
    plx_machine machine;
    plx_scorer *scorers; /* [n_scorers], created on first use: one per reading thread, and one that uses all threads */
    int n_scorers;
    slot_scores *slots; /* [n_slots] */
    int n_slots;
    size_t n_scored;
    const plx_prediction *what; /* its taker gets the rows; NULL: evaluation */
    bool keeps_rows;            /* includes skipped rows and kept cells */
    plx_kept_cells cells;       /* for keeps_rows: cells of rows that are read in order */
    float *scores;              /* [capacity, n_outputs]: all rows to hand over or evaluate */
    size_t n, capacity;
    plx_layout layout; /* of `kept`: only labels, weights and groups */
    uint8_t *kept;     /* [kept_capacity][layout.record_bytes] */
    size_t kept_capacity;
} scoring;

static plx_status score_rows(void *user, int slot, int thread, const plx_rows *rows, plx_error *err)
{
    scoring *p = user;
    const plx_graph *graph = &p->model->graph;
    plx_scorer *scorer = &p->scorers[thread];
    slot_scores *to = &p->slots[slot];
    const plx_machine *machine = thread == p->n_scorers - 1 ? &p->machine : &p->model->context->machine;
    if (!scorer->plan)
        PLX_TRY(plx_scorer_init(scorer, machine, graph, plx_encoders_layout(p->model->encoders), PLX_SCORE_ROWS, err));
    if (plx_grow(&p->model->context->allocator, &to->at, &to->capacity, rows->n,
                 (size_t)graph->n_outputs * sizeof(float)))
        return plx_error_memory(err);
    plx_scorer_run(scorer, p->model->values, rows, to->at, NULL);
    return PLX_OK;
}

static plx_status give(const scoring *p, const plx_scored_rows *rows, plx_error *err)
{
    if (p->what->take(p->what->user, rows)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "stopped by the callback");
}

static plx_status hand_over(void *user, int slot, const plx_rows *rows, const plx_kept_cells *cells, plx_error *err)
{
    scoring *p = user;
    (void)cells;
    p->n_scored += rows->n;
    return give(p, &(plx_scored_rows){.rows = (int64_t)rows->n, .scores = p->slots[slot].at}, err);
}

/* Hands over the scores of rows, with NaN for skipped rows in between. */
static plx_status hand_all_over(void *user, int slot, const plx_rows *rows, const plx_kept_cells *cells, plx_error *err)
{
    scoring *p = user;
    const size_t n_outputs = (size_t)p->model->graph.n_outputs, n = cells->n_rows;
    if (plx_grow(&p->model->context->allocator, &p->scores, &p->capacity, n, n_outputs * sizeof(float)))
        return plx_error_memory(err);
    const float *from = p->slots[slot].at;
    for (size_t row = 0; row < n; row++)
        for (size_t i = 0; i < n_outputs; i++)
            p->scores[row * n_outputs + i] = cells->skipped[row] ? NAN : *from++;
    const plx_scored_rows scored = {
        .rows = (int64_t)n, .scores = p->scores, .kept = cells->bytes.text, .kept_ends = cells->ends};
    p->n_scored += rows->n;
    return n ? give(p, &scored, err) : PLX_OK;
}

/* Labels and weights are adjacent, and so are the two halves of a group. */
static plx_status keep(void *user, int slot, const plx_rows *rows, const plx_kept_cells *cells, plx_error *err)
{
    scoring *p = user;
    const size_t n_outputs = (size_t)p->model->graph.n_outputs;
    const plx_layout *from = rows->layout, *to = &p->layout;
    const size_t bytes = to->record_bytes, numbers = (size_t)to->n_tasks * sizeof(float);
    (void)cells;
    if (plx_grow(&p->model->context->allocator, &p->scores, &p->capacity, p->n + rows->n, n_outputs * sizeof(float)) ||
        plx_grow(&p->model->context->allocator, &p->kept, &p->kept_capacity, p->n + rows->n, bytes))
        return plx_error_memory(err);
    if (rows->n) memcpy(p->scores + p->n * n_outputs, p->slots[slot].at, rows->n * n_outputs * sizeof(float));
    for (size_t row = 0; row < rows->n; row++) {
        const uint8_t *record = rows->records + row * from->record_bytes;
        uint8_t *kept = p->kept + (p->n + row) * bytes;
        memcpy(kept + to->label_offset, record + from->label_offset, numbers);
        if (to->has_weights) memcpy(kept + to->weight_offset, record + from->weight_offset, numbers);
        if (to->has_group) memcpy(kept + to->group_offset, record + from->group_offset, 2 * sizeof(uint32_t));
    }
    p->n += rows->n;
    p->n_scored += rows->n;
    return PLX_OK;
}

static plx_status scoring_init(scoring *p, const plx_model *model, plx_error *err)
{
    const plx_layout *layout = plx_encoders_layout(model->encoders);
    const plx_layout_parts parts = {
        .n_tasks = layout->n_tasks, .has_weights = layout->has_weights, .has_group = layout->has_group};
    *p = (scoring){.model = model, .machine = model->context->machine};
    plx_kept_cells_init(&p->cells, &model->context->allocator, NULL, 0);
    PLX_TRY(plx_model_check_weights(model, err));
    plx_layout_init(&p->layout, &parts);
    const int threads = model->context->threads, n_slots = plx_chunk_slots(threads);
    p->scorers = plx_alloc_zero(&model->context->allocator, (size_t)threads + 1, sizeof *p->scorers);
    p->slots = plx_alloc_zero(&model->context->allocator, (size_t)n_slots, sizeof *p->slots);
    if (!p->scorers || !p->slots) return plx_error_memory(err);
    p->n_scorers = threads + 1;
    p->n_slots = n_slots;
    return plx_context_pool(model->context, PLX_SCORE_ROWS, PLX_SCORE_ROWS, 0, &p->machine.pool, err);
}

static void scoring_release(scoring *p)
{
    const plx_allocator *allocator = &p->model->context->allocator;
    for (int i = 0; i < p->n_scorers; i++)
        plx_scorer_release(&p->scorers[i]);
    for (int i = 0; i < p->n_slots; i++)
        plx_free(allocator, p->slots[i].at);
    plx_pool_free(p->machine.pool);
    plx_kept_cells_release(&p->cells);
    plx_free(allocator, p->scorers);
    plx_free(allocator, p->slots);
    plx_free(allocator, p->scores);
    plx_free(allocator, p->kept);
}

static plx_status read_source(scoring *p, const plx_source *from, plx_read_report *report, plx_error *err)
{
    const plx_model *model = p->model;
    const plx_chunk_hooks hooks = {.make = score_rows,
                                   .take = !p->what        ? keep
                                           : p->keeps_rows ? hand_all_over
                                                           : hand_over,
                                   .user = p};
    plx_load_options options = {.threads = model->context->threads,
                                .reading = &model->context->reading,
                                .wrong = from->stream ? NULL : report,
                                .kept = p->keeps_rows ? &p->cells : NULL,
                                .streams = from->stream ? &from->stream : NULL,
                                .listener = plx_context_listener(model->context)};
    PLX_TRY(plx_model_count_unknown(model, &options.unknown, err));
    plx_status status = plx_encoders_read_chunks(model->encoders, &model->context->allocator, from->paths,
                                                 from->n_paths, &options, !p->what, &hooks, err);
    plx_model_warn_unknown(model, options.unknown);
    report->rows = (int64_t)p->n_scored;
    return status;
}

plx_status plx_predict_source(const plx_model *model, const plx_prediction *what, plx_read_report *report,
                              plx_error *err)
{
    scoring p;
    plx_status status = scoring_init(&p, model, err);
    p.what = what;
    p.keeps_rows = what->all_rows || what->n_columns > 0;
    p.cells.names = what->columns;
    p.cells.n_names = what->n_columns;
    if (!status) status = read_source(&p, what->source, report, err);
    scoring_release(&p);
    return status;
}

plx_status plx_evaluate_source(const plx_model *model, const plx_evaluation *how, plx_metrics *metrics,
                               plx_read_report *report, plx_error *err)
{
    scoring p;
    double *weights = NULL;
    plx_metric_choices choices;
    PLX_TRY(plx_model_choose(model, how, &choices, err));
    plx_status status = scoring_init(&p, model, err);
    if (status == PLX_OK) status = read_source(&p, how->source, report, err);
    if (status == PLX_OK && p.n == 0) status = plx_error_set(err, PLX_ERR_SCHEMA, "there are no rows to evaluate");
    if (status == PLX_OK) {
        const plx_rows rows = {.layout = &p.layout, .records = p.kept, .n = p.n};
        if (how->loss_weights) status = plx_model_row_weights(model, &rows, &weights, err);
        if (status == PLX_OK) status = plx_model_measure(model, &rows, p.scores, weights, &choices, metrics, err);
        plx_free(&model->context->allocator, weights);
    }
    scoring_release(&p);
    return status;
}
