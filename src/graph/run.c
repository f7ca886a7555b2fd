/* SPDX-License-Identifier: Apache-2.0 */
/* Executing a plan: memory is allocated once, then batches run. A leaf of tiles is a job; joins and spans of gradients
   are jobs too. */
#include "graph/run.h"

#include <string.h>

#include "graph/run_memory.h"
#include "graph/stages.h"

/* -- Creation --------------------------------------------------------------------------------------------------------
 */

/* Numbers of a leaf's block: gradients of tilewise parameters, then nodes' leaf numbers. */
static size_t leaf_block(const plx_plan *plan)
{
    return plan->graph->n_tilewise + plan->leaf_numbers;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The largest number of steps that run_work gets. */
static int works_max(const plx_plan *plan)
{
    int most = larger(larger(plan->n_prepares, plan->n_finishes), larger(plan->n_id_sorts, plan->n_id_sums));
    for (int p = 0; p < plan->n_phases; p++)
        most = larger(most, plan->phases[p].n_joins);
    return most;
}

static plx_status take_memory(plx_run *run, const plx_layout *layout)
{
    const plx_plan *plan = run->plan;
    struct plx_run_memory *memory = run->memory;
    const plx_allocator *a = memory->machine.allocator;
    const size_t threads = (size_t)plx_pool_threads(memory->machine.pool);
    const size_t n_tasks = (size_t)plan->graph->n_tasks, rows = (size_t)plan->options.batch_rows;
    memory->tiles = plx_alloc_aligned(a, threads * plan->tile_memory, sizeof(plx_real));
    memory->batch = plx_alloc_aligned(a, plan->batch_memory, sizeof(plx_real));
    memory->partial = plx_alloc_aligned(a, (size_t)plan->tiles_max * plan->tile_numbers, sizeof(plx_real));
    memory->numbers = plx_alloc_aligned(a, plan->batch_numbers, sizeof(plx_real));
    memory->weights = plx_alloc_zero(a, n_tasks, sizeof(double));
    memory->first_parts = plx_alloc_zero(a, (size_t)works_max(plan) + 1, sizeof(int));
    run->scores = plx_alloc_zero(a, rows * (size_t)plan->graph->n_outputs, sizeof(plx_real));
    run->task_losses = plx_alloc_zero(a, n_tasks, sizeof(double));
    run->task_rows = plx_alloc_zero(a, n_tasks, sizeof(int64_t));
    bool all = memory->tiles && memory->batch && memory->partial && memory->numbers && memory->weights &&
               memory->first_parts && run->scores && run->task_losses && run->task_rows;
    if (plan->options.training) {
        memory->gathered = plx_alloc_aligned(a, rows, layout->record_bytes);
        memory->leaves = plx_alloc_aligned(a, (size_t)plan->leaves_max * leaf_block(plan), sizeof(plx_real));
        memory->summed = plx_alloc_aligned(a, plan->leaf_numbers, sizeof(plx_real));
        const size_t subtrees = (size_t)plx_run_subtrees_max(plan->id_leaves_max, (int)threads);
        memory->id_sums = plx_alloc_aligned(a, subtrees * plan->id_sum_numbers, sizeof(plx_real));
        memory->id_scratch = plx_alloc_aligned(a, plan->id_scratch, sizeof(plx_real));
        run->gradient = plx_alloc_aligned(a, plan->graph->n_gradient, sizeof(plx_real));
        run->loss_rows = plx_alloc_zero(a, n_tasks, sizeof *run->loss_rows);
        run->touched = plx_alloc_zero(a, (size_t)plan->graph->n_lazy * PLX_TOUCHED_PARTS, sizeof *run->touched);
        all = all && memory->gathered && memory->leaves && memory->summed && memory->id_sums && memory->id_scratch &&
              run->gradient && run->touched && run->loss_rows;
    }
    return all ? PLX_OK : PLX_ERR_MEMORY;
}

plx_status plx_run_create(const plx_machine *machine, const plx_plan *plan, const plx_layout *layout, plx_run **out,
                          plx_error *err)
{
    const plx_allocator *allocator = machine->allocator;
    *out = NULL;
    plx_run *run = plx_alloc_zero(allocator, 1, sizeof *run);
    struct plx_run_memory *memory = plx_alloc_zero(allocator, 1, sizeof *memory);
    if (!run || !memory) {
        plx_free(allocator, run);
        plx_free(allocator, memory);
        return plx_error_memory(err);
    }
    memory->machine = *machine;
    *run = (plx_run){.plan = plan,
                     .graph = plan->graph,
                     .kernels = plan->kernels,
                     .training = plan->options.training,
                     .layout = layout,
                     .memory = memory};
    if (take_memory(run, layout) != PLX_OK) {
        plx_run_free(run);
        return plx_error_memory(err);
    }
    for (int task = 0; task < plan->graph->n_tasks; task++)
        memory->weights[task] = 1.0;
    run->task_weights = memory->weights;
    *out = run;
    return PLX_OK;
}

void plx_run_free(plx_run *run)
{
    if (!run) return;
    struct plx_run_memory *memory = run->memory;
    const plx_allocator *a = memory->machine.allocator;
    plx_free_aligned(a, memory->tiles);
    plx_free_aligned(a, memory->batch);
    plx_free_aligned(a, memory->partial);
    plx_free_aligned(a, memory->numbers);
    plx_free_aligned(a, memory->leaves);
    plx_free_aligned(a, memory->summed);
    plx_free_aligned(a, memory->id_sums);
    plx_free_aligned(a, memory->id_scratch);
    plx_free_aligned(a, memory->gathered);
    plx_free(a, memory->first_parts);
    plx_free_aligned(a, run->gradient);
    plx_free(a, run->touched);
    plx_free(a, run->loss_rows);
    plx_free(a, memory->weights);
    plx_free(a, run->scores);
    plx_free(a, run->task_losses);
    plx_free(a, run->task_rows);
    plx_free(a, memory);
    plx_free(a, run);
}

/* -- Batches
 * ------------------------------------------------------------------------------------------------------------ */

/* A running phase, as its jobs see it. */
typedef struct phase_job {
    plx_run *run;
    const plx_phase *phase;
    bool is_first, is_last;
} phase_job;

static void gather_records(const plx_run *run, const plx_tile *tile)
{
    const plx_batch *batch = run->memory->in_hand;
    const size_t first = batch->first + (size_t)tile->first_row;
    plx_rows_gather(batch->rows, batch->order + first, first, (size_t)tile->rows,
                    run->memory->gathered + (size_t)tile->first_row * run->layout->record_bytes);
}

static void write_scores(plx_run *run, const plx_tile *tile)
{
    const plx_graph *graph = run->graph;
    const size_t n_outputs = (size_t)graph->n_outputs;
    for (int task = 0; task < graph->n_tasks; task++) {
        const int first = graph->outputs[task], n = graph->outputs[task + 1] - first;
        const plx_view value = plx_tile_value(tile, graph->nodes[graph->predictions[task]]);
        plx_real *out = run->scores + (size_t)tile->first_row * n_outputs + (size_t)first;
        for (int row = 0; row < tile->rows; row++, out += n_outputs) {
            for (int i = 0; i < n; i++)
                out[i] = value.at[row * value.stride + i];
        }
    }
}

static void run_tile(const phase_job *job, const plx_tile *tile)
{
    if (job->is_first && job->run->memory->in_hand->order) gather_records(job->run, tile);
    for (int s = 0; s < job->phase->n_steps; s++) {
        const plx_step *step = &job->phase->steps[s];
        if (step->is_backward) {
            step->node->op->backward(tile, step->node);
        } else if (!step->node->op->is_loss || job->run->memory->with_losses) {
            step->node->op->forward(tile, step->node);
        }
    }
    if (job->is_last && (!job->run->training || job->run->plan->options.with_scores)) write_scores(job->run, tile);
}

static void run_leaf(void *user, int number, int thread)
{
    const phase_job *job = user;
    plx_run *run = job->run;
    const plx_plan *plan = run->plan;
    const int leaf = run->first_leaf + number, first = leaf * plan->leaf_tiles;
    plx_real *gradient = run->training ? run->memory->leaves + (size_t)leaf * leaf_block(plan) : NULL;
    for (int i = first; i < first + plan->leaf_tiles && i < run->n_tiles; i++) {
        const int first_row = plx_run_tile_first(run, i);
        const plx_tile tile = {.run = run,
                               .index = i,
                               .first_row = first_row,
                               .rows = plx_run_tile_first(run, i + 1) - first_row,
                               .records = run->records + (size_t)first_row * run->layout->record_bytes,
                               .block = run->memory->tiles + (size_t)thread * plan->tile_memory,
                               .gradient = gradient,
                               .adds_gradient = i > first};
        run_tile(job, &tile);
    }
}

/* Adds up one span of the leaves' gradients. */
static void sum_span(const plx_run *run, const plx_span *span)
{
    const size_t n_tilewise = run->graph->n_tilewise, block = leaf_block(run->plan);
    const plx_real *parts[PLX_LEAVES_MAX];
    const int n_parts = run->end_leaf - run->first_leaf;
    for (int i = 0; i < n_parts; i++)
        parts[i] = run->memory->leaves + (size_t)(run->first_leaf + i) * block + span->first;
    plx_real *out =
        span->first < n_tilewise ? run->gradient + span->first : run->memory->summed + (span->first - n_tilewise);
    run->kernels->sum_tree(span->n, parts, n_parts, out);
}

/* Batch work of several nodes and spans to sum, numbered consecutively: all parts of the first node, and so on. */
typedef struct work_job {
    plx_run *run;
    const plx_step *steps;
    int n_steps;
    const int *first; /* [n_steps + 1]: number of the first part of each step; from first[n_steps] on: spans */
} work_job;

static int parts_of(const plx_run *run, const plx_step *step)
{
    return step->work->parts ? step->work->parts(run, step->node) : 1;
}

static void do_work(void *user, int number, int thread)
{
    (void)thread;
    const work_job *job = user;
    const int n_parts = job->first[job->n_steps];
    if (number >= n_parts) {
        sum_span(job->run, &job->run->plan->spans[number - n_parts]);
        return;
    }
    int low = 0, high = job->n_steps; /* the step is in [low, high): first[low] <= number < first[high] */
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        *(job->first[middle] <= number ? &low : &high) = middle;
    }
    job->steps[low].work->run(job->run, job->steps[low].node, number - job->first[low]);
}

static void run_work(plx_run *run, const plx_step *steps, int n_steps, int n_spans)
{
    int *first = run->memory->first_parts;
    first[0] = 0;
    for (int i = 0; i < n_steps; i++)
        first[i + 1] = first[i] + parts_of(run, &steps[i]);
    work_job job = {.run = run, .steps = steps, .n_steps = n_steps, .first = first};
    plx_pool_compute(run->memory->machine.pool, first[n_steps] + n_spans, do_work, &job);
}

void plx_run_tiles(plx_run *run, int p)
{
    const plx_plan *plan = run->plan;
    phase_job job = {.run = run, .phase = &plan->phases[p], .is_first = p == 0, .is_last = p == plan->n_phases - 1};
    plx_pool_compute(run->memory->machine.pool, run->end_leaf - run->first_leaf, run_leaf, &job);
}

void plx_run_joins(plx_run *run, int p)
{
    run_work(run, run->plan->phases[p].joins, run->plan->phases[p].n_joins, 0);
}

/* The leaves' gradients are added beside the sorts if there are any, else beside the sums by id. */
void plx_run_sums(plx_run *run)
{
    const plx_plan *plan = run->plan;
    const int n_early = plan->n_id_sorts > 0 ? plan->n_spans : 0;
    run_work(run, plan->id_sorts, plan->n_id_sorts, n_early);
    run_work(run, plan->id_sums, plan->n_id_sums, plan->n_spans - n_early);
}

static void add_up_losses(plx_run *run)
{
    for (int task = 0; task < run->graph->n_tasks; task++) {
        const plx_node *loss = run->graph->nodes[run->graph->losses[task]];
        double sum = 0.0, rows = 0.0;
        for (int tile = 0; tile < run->n_tiles; tile++) {
            const plx_real *numbers = plx_run_tile_numbers(run, loss, tile);
            sum += (double)numbers[0];
            rows += (double)numbers[1];
        }
        run->task_losses[task] = sum;
        run->task_rows[task] = (int64_t)rows;
    }
}

static void find_loss_rows(plx_run *run, const plx_batch *batch)
{
    if (batch->task_rows) {
        memcpy(run->loss_rows, batch->task_rows, (size_t)run->graph->n_tasks * sizeof *run->loss_rows);
        return;
    }
    const uint32_t *order = batch->order ? batch->order + batch->first : NULL;
    plx_rows_count_labels(batch->rows, order, batch->first, (size_t)batch->n, run->loss_rows);
}

void plx_run_begin(plx_run *run, plx_real *values, const plx_batch *batch)
{
    const plx_plan *plan = run->plan;
    run->values = values;
    run->n_rows = batch->n;
    run->n_tiles = (batch->n + plan->tile_rows - 1) / plan->tile_rows;
    run->first_leaf = 0;
    run->end_leaf = (run->n_tiles + plan->leaf_tiles - 1) / plan->leaf_tiles;
    run->records =
        batch->order ? run->memory->gathered : batch->rows->records + batch->first * batch->rows->layout->record_bytes;
    run->rows_before = batch->rows_before;
    if (run->training) find_loss_rows(run, batch);
    run->memory->in_hand = batch;
    run->memory->with_losses = true;
    if (!run->memory->is_frozen) run_work(run, plan->prepares, plan->n_prepares, 0);
}

void plx_run_end(plx_run *run)
{
    run_work(run, run->plan->finishes, run->plan->n_finishes, 0);
    if (run->memory->with_losses) add_up_losses(run);
}

static void run_phases(plx_run *run)
{
    for (int p = 0; p < run->plan->n_phases; p++) {
        plx_run_tiles(run, p);
        plx_run_joins(run, p);
    }
}

void plx_run_freeze(plx_run *run, plx_real *values)
{
    run->values = values;
    run_work(run, run->plan->prepares, run->plan->n_prepares, 0);
    run->memory->is_frozen = true;
}

void plx_run_score(plx_run *run, plx_real *values, const plx_batch *batch, bool with_losses)
{
    plx_run_begin(run, values, batch);
    run->memory->with_losses = with_losses;
    run_phases(run);
    plx_run_end(run);
}

void plx_run_step(plx_run *run, plx_real *values, const plx_batch *batch)
{
    plx_run_begin(run, values, batch);
    run_phases(run);
    plx_run_sums(run);
    plx_run_end(run);
}
