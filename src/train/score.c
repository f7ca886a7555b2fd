/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring of many rows. */
#include "train/score.h"

#include <math.h>

plx_status plx_scorer_init(plx_scorer *scorer, const plx_machine *machine, const plx_graph *graph,
                           const plx_layout *layout, size_t n_rows, plx_error *err)
{
    const plx_allocator *allocator = machine->allocator;
    *scorer = (plx_scorer){.allocator = allocator, .n_tasks = graph->n_tasks, .n_outputs = graph->n_outputs};
    scorer->batch_rows = n_rows < 1 ? 1 : n_rows < PLX_SCORE_ROWS ? (int)n_rows : PLX_SCORE_ROWS;
    plx_plan_options options = {.batch_rows = scorer->batch_rows};
    plx_status status = plx_plan_create(machine, graph, &options, &scorer->plan, err);
    if (status != PLX_OK) goto done;
    status = plx_run_create(machine, scorer->plan, layout, &scorer->run, err);
    if (status != PLX_OK) goto done;
    scorer->labelled = plx_alloc_zero(allocator, (size_t)graph->n_tasks, sizeof *scorer->labelled);
    if (!scorer->labelled) status = plx_error_memory(err);
done:
    if (status != PLX_OK) plx_scorer_release(scorer);
    return status;
}

void plx_scorer_release(plx_scorer *scorer)
{
    if (!scorer->allocator) return;
    plx_free(scorer->allocator, scorer->labelled);
    plx_run_free(scorer->run);
    plx_plan_free(scorer->plan);
    *scorer = (plx_scorer){0};
}

void plx_scorer_run(plx_scorer *scorer, plx_real *values, const plx_rows *rows, float *scores, double *losses)
{
    const plx_run *run = scorer->run;
    size_t n_tasks = (size_t)scorer->n_tasks, n_outputs = (size_t)scorer->n_outputs;
    plx_run_freeze(scorer->run, values);
    scorer->run->counts_gates = scorer->gates != NULL;
    if (scorer->gates) plx_gate_uses_clear(scorer->gates);
    for (size_t task = 0; task < n_tasks; task++) {
        scorer->labelled[task] = 0;
        if (losses) losses[task] = 0;
    }
    for (size_t first = 0; first < rows->n; first += (size_t)scorer->batch_rows) {
        size_t left = rows->n - first;
        plx_batch batch = {.rows = rows, .first = first};
        batch.n = left < (size_t)scorer->batch_rows ? (int)left : scorer->batch_rows;
        plx_run_score(scorer->run, values, &batch, losses != NULL);
        plx_rows_drop_pages(rows, first, (size_t)batch.n);
        if (scorer->gates) plx_gate_uses_add(scorer->gates, run);
        for (size_t i = 0; i < (size_t)batch.n * n_outputs; i++)
            scores[first * n_outputs + i] = (float)run->scores[i];
        for (size_t task = 0; losses && task < n_tasks; task++) {
            losses[task] += run->task_losses[task];
            scorer->labelled[task] += run->task_rows[task];
        }
    }
    if (scorer->gates) plx_gate_uses_end(scorer->gates, rows->n);
    for (size_t task = 0; losses && task < n_tasks; task++)
        losses[task] = scorer->labelled[task] > 0 ? losses[task] / (double)scorer->labelled[task] : NAN;
}

plx_status plx_score_rows(const plx_machine *machine, const plx_graph *graph, plx_real *values, const plx_rows *rows,
                          float *scores, double *losses, plx_error *err)
{
    plx_scorer scorer;
    PLX_TRY(plx_scorer_init(&scorer, machine, graph, rows->layout, rows->n, err));
    plx_scorer_run(&scorer, values, rows, scores, losses);
    plx_scorer_release(&scorer);
    return PLX_OK;
}
