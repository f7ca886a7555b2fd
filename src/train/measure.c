/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of rows: one thread per task. */
#include "train/measure.h"

plx_status plx_measured_init(plx_measured *m, const plx_train_job *job, size_t n_max, const plx_groups *groups,
                             const plx_metric_choices *choices, plx_error *err)
{
    const plx_allocator *a = job->machine.allocator;
    const size_t n_tasks = (size_t)job->graph->n_tasks, threads = (size_t)plx_pool_threads(job->machine.pool);
    *m = (plx_measured){.job = job, .n_max = n_max, .groups = groups, .choices = choices};
    m->n_parallel = (int)(threads < n_tasks ? threads : n_tasks);
    bool any_soft = false;
    for (size_t task = 0; job->soft_tasks && task < n_tasks; task++)
        any_soft |= job->soft_tasks[task];
    m->scratch_bytes = plx_score_scratch(n_max, groups ? groups->n_groups : 0, groups && groups->of_row, any_soft);
    m->scores = plx_alloc_zero(a, n_max * (size_t)job->graph->n_outputs, sizeof *m->scores);
    m->labels = plx_alloc(a, n_max * n_tasks, sizeof *m->labels);
    m->scratch = plx_alloc(a, (size_t)m->n_parallel, m->scratch_bytes);
    m->metrics = plx_alloc_zero(a, n_tasks, sizeof *m->metrics);
    return m->scores && m->labels && m->scratch && m->metrics ? PLX_OK : plx_error_memory(err);
}

void plx_measured_release(plx_measured *m)
{
    if (!m->job) return;
    const plx_allocator *a = m->job->machine.allocator;
    plx_free(a, m->metrics);
    plx_free(a, m->scratch);
    plx_free(a, m->labels);
    plx_free(a, m->scores);
}

void plx_measured_add(plx_measured *m, const plx_run *run)
{
    const size_t n_outputs = (size_t)run->graph->n_outputs, rows = (size_t)run->n_rows;
    for (size_t i = 0; i < rows * n_outputs; i++)
        m->scores[m->n * n_outputs + i] = (float)run->scores[i];
    for (int task = 0; task < run->graph->n_tasks; task++)
        plx_records_labels(run->layout, run->records, rows, task, m->labels + (size_t)task * m->n_max + m->n);
    m->n += rows;
}

/** Tasks slot, slot + n_parallel, and so on. */
static void measure_tasks(void *user, int slot, int thread)
{
    plx_measured *m = user;
    const plx_graph *graph = m->job->graph;
    (void)thread;
    for (int task = slot; task < graph->n_tasks; task += m->n_parallel) {
        const plx_scored scored = {
            .form = plx_task_forms[m->job->task_kinds[task]],
            .is_soft = m->job->soft_tasks && m->job->soft_tasks[task],
            .quantile = m->job->quantiles ? m->job->quantiles[task] : 0,
            .n_outputs = graph->outputs[task + 1] - graph->outputs[task],
            .predictions = m->scores + graph->outputs[task],
            .prediction_stride = (size_t)graph->n_outputs,
            .labels = m->labels + (size_t)task * m->n_max,
            .label_stride = 1,
            .n = m->n,
            .groups = m->groups ? m->groups->of_row : NULL,
            .n_groups = m->groups ? m->groups->n_groups : 0,
            .choices = m->choices,
        };
        plx_score_with_scratch(&scored, m->scratch + (size_t)slot * m->scratch_bytes, &m->metrics[task]);
        m->metrics[task].task = m->job->task_names ? m->job->task_names[task] : NULL;
    }
}

void plx_measured_run(plx_measured *m)
{
    plx_pool_run(m->job->machine.pool, m->n_parallel, measure_tasks, m);
}
