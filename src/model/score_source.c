/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Predictions and figures of raw files and streams of any size. Rows are scored chunk by chunk as they are read; of the
 * rows that are measured, scores, labels, weights and groups are kept, since exact figures need them all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/kept_cells.h"
#include "model/model.h"
#include "model/scoring.h"
#include "model/training.h"
#include "train/score.h"

_Static_assert((int)PLX_REPORTED_ROWS == (int)PLX_WRONG_ROWS_TOLD, "all that is told is reported");

typedef struct passage {
    const plx_model *model;
    plx_machine machine;
    plx_scorer scorer;
    float *scores;      /* [capacity, n_outputs] */
    size_t n, capacity; /* scores that are kept */
    size_t n_scored;
    plx_scores_taker *take; /* one of these two; none: rows are measured */
    plx_rows_taker *take_rows;
    void *user;
    plx_kept_cells cells; /* for take_rows: all rows that were read since its last call */
    float *all_scores;    /* [all_capacity, n_outputs]: theirs */
    size_t all_capacity;
    plx_layout layout; /* of `kept`: labels, weights and groups alone */
    uint8_t *kept;     /* [kept_capacity][layout.record_bytes] */
    size_t kept_capacity;
} passage;

static plx_status score_chunk(passage *p, const plx_rows *rows, plx_error *err)
{
    const size_t n_outputs = (size_t)p->model->graph.n_outputs;
    if (plx_grow(&p->model->context->allocator, &p->scores, &p->capacity, p->n + rows->n, n_outputs * sizeof(float)))
        return plx_error_memory(err);
    plx_scorer_run(&p->scorer, p->model->values, rows, p->scores + p->n * n_outputs, NULL);
    return PLX_OK;
}

static plx_status pass_on(void *user, const plx_rows *rows, plx_error *err)
{
    passage *p = user;
    PLX_TRY(score_chunk(p, rows, err));
    p->n_scored += rows->n;
    if (p->take(p->user, p->scores, (int64_t)rows->n)) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "ended by the taker of the scores");
}

/* The scores of `n_scored` rows, and none between them for rows that were skipped. */
static plx_status hand_over(passage *p, size_t n_scored, plx_error *err)
{
    const size_t n_outputs = (size_t)p->model->graph.n_outputs, n = p->cells.n_rows;
    if (plx_grow(&p->model->context->allocator, &p->all_scores, &p->all_capacity, n, n_outputs * sizeof(float)))
        return plx_error_memory(err);
    const float *from = p->scores;
    for (size_t row = 0; row < n; row++)
        for (size_t i = 0; i < n_outputs; i++)
            p->all_scores[row * n_outputs + i] = p->cells.skipped[row] ? NAN : *from++;
    const plx_scored_rows rows = {
        .rows = (int64_t)n, .scores = p->all_scores, .kept = p->cells.bytes.text, .kept_ends = p->cells.ends};
    p->n_scored += n_scored;
    bool goes_on = n == 0 || p->take_rows(p->user, &rows);
    plx_kept_cells_clear(&p->cells);
    if (goes_on) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "ended by the taker of the rows");
}

static plx_status pass_rows_on(void *user, const plx_rows *rows, plx_error *err)
{
    PLX_TRY(score_chunk(user, rows, err));
    return hand_over(user, rows->n, err);
}

/* Labels and weights are side by side, and so are the two halves of a group. */
static plx_status keep(void *user, const plx_rows *rows, plx_error *err)
{
    passage *p = user;
    const plx_layout *from = rows->layout, *to = &p->layout;
    const size_t bytes = to->record_bytes, numbers = (size_t)to->n_tasks * sizeof(float);
    PLX_TRY(score_chunk(p, rows, err));
    if (plx_grow(&p->model->context->allocator, &p->kept, &p->kept_capacity, p->n + rows->n, bytes))
        return plx_error_memory(err);
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

static plx_status passage_init(passage *p, const plx_model *model, plx_error *err)
{
    const plx_layout *layout = plx_encoders_layout(model->encoders);
    const plx_layout_parts parts = {
        .n_tasks = layout->n_tasks, .has_weights = layout->has_weights, .has_group = layout->has_group};
    *p = (passage){.model = model, .machine = model->context->machine};
    plx_kept_cells_init(&p->cells, &model->context->allocator, NULL, 0);
    PLX_TRY(plx_model_check_weights(model, err));
    plx_layout_init(&p->layout, &parts);
    PLX_TRY(plx_context_pool(model->context, PLX_SCORE_ROWS, 0, &p->machine.pool, err));
    return plx_scorer_init(&p->scorer, &p->machine, &model->graph, layout, PLX_SCORE_ROWS, err);
}

static void passage_release(passage *p)
{
    const plx_allocator *allocator = &p->model->context->allocator;
    plx_scorer_release(&p->scorer);
    plx_pool_free(p->machine.pool);
    plx_kept_cells_release(&p->cells);
    plx_free(allocator, p->all_scores);
    plx_free(allocator, p->scores);
    plx_free(allocator, p->kept);
}

static plx_status read_source(passage *p, const plx_row_source *from, bool with_labels, plx_take_rows *take,
                              plx_files_report *report, plx_error *err)
{
    const plx_model *model = p->model;
    plx_wrong_rows wrong = {0};
    plx_load_options options = {.threads = model->context->threads,
                                .reading = &model->context->reading,
                                .wrong = from->stream ? NULL : &wrong,
                                .kept = p->take_rows ? &p->cells : NULL,
                                .streams = from->stream ? &from->stream : NULL,
                                .listener = plx_context_listener(model->context)};
    PLX_TRY(plx_model_count_unknown(model, &options.unknown, err));
    plx_status status = plx_encoders_read_chunks(model->encoders, &model->context->allocator, from->paths,
                                                 from->n_paths, &options, with_labels, take, p, err);
    plx_model_tell_unknown(model, options.unknown);
    if (!report) return status;
    report->rows = (int64_t)p->n_scored;
    report->wrong_rows = wrong.n;
    for (int i = 0; i < PLX_WRONG_ROWS_TOLD && i < wrong.n; i++)
        snprintf(report->wrong_row[i], sizeof report->wrong_row[i], "%s", wrong.told[i]);
    return status;
}

plx_status plx_model_predict_source(const plx_model *model, const plx_row_source *from, plx_scores_taker *take,
                                    void *user, plx_files_report *report, plx_error *err)
{
    passage p;
    if (report) *report = (plx_files_report){0};
    plx_status status = passage_init(&p, model, err);
    p.take = take;
    p.user = user;
    if (status == PLX_OK) status = read_source(&p, from, false, pass_on, report, err);
    passage_release(&p);
    return status;
}

plx_status plx_model_predict_kept(const plx_model *model, const plx_row_source *from, const char *const *columns,
                                  int n_columns, plx_rows_taker *take, void *user, plx_files_report *report,
                                  plx_error *err)
{
    passage p;
    if (report) *report = (plx_files_report){0};
    plx_status status = passage_init(&p, model, err);
    p.take_rows = take;
    p.user = user;
    p.cells.names = columns;
    p.cells.n_names = n_columns;
    if (status == PLX_OK) status = read_source(&p, from, false, pass_rows_on, report, err);
    if (status == PLX_OK) status = hand_over(&p, 0, err); /* wrong rows at the end */
    passage_release(&p);
    return status;
}

plx_status plx_model_evaluate_source(const plx_model *model, const plx_row_source *from, plx_weighting weighting,
                                     plx_metrics *metrics, plx_files_report *report, plx_error *err)
{
    passage p;
    double *weights = NULL;
    if (report) *report = (plx_files_report){0};
    plx_status status = passage_init(&p, model, err);
    if (status == PLX_OK) status = read_source(&p, from, true, keep, report, err);
    if (status == PLX_OK && p.n == 0) {
        status = plx_error_set(err, PLX_ERR_SCHEMA, "there are no rows to evaluate");
    }
    if (status == PLX_OK) {
        const plx_rows rows = {.layout = &p.layout, .records = p.kept, .n = p.n};
        if (weighting == PLX_WEIGHTED_AS_LOSS) status = plx_model_row_weights(model, &rows, &weights, err);
        if (status == PLX_OK) status = plx_model_measure(model, &rows, p.scores, weights, metrics, err);
        plx_free(&model->context->allocator, weights);
    }
    passage_release(&p);
    return status;
}
