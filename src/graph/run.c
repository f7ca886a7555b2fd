/* SPDX-License-Identifier: Apache-2.0 */
/* Executing a plan: memory is allocated once, then batches run. A chunk of tiles is a job; joins and spans of gradients
   are jobs too. */
#include "graph/run.h"

#include <string.h>

#include "graph/plan.h"

struct plx_run_memory {
    plx_machine machine;
    plx_real *tiles;   /* [threads][plan->tile_memory] */
    plx_real *batch;   /* [plan->batch_memory] */
    plx_real *partial; /* [tiles_max][plan->tile_numbers] */
    plx_real *numbers; /* [plan->batch_numbers] */
    plx_real *chunks;  /* [chunks_max][n_tilewise + plan->chunk_numbers], training alone */
    plx_real *summed;  /* [plan->chunk_numbers] */
    int *first_parts;  /* of run_work: [largest number of steps + 1] */
    uint8_t *gathered; /* [batch_rows][record_bytes], training alone */
    bool is_frozen;
    double *weights; /* [n_tasks] of 1, for a caller without weights */
    const plx_batch *in_hand;
    bool with_losses;
};

/* -- Creation --------------------------------------------------------------------------------------------------------
 */

/* Numbers of a chunk's block: gradients of tilewise parameters, then nodes' chunk numbers. */
static size_t chunk_block(const plx_plan *plan)
{
    return plan->graph->n_tilewise + plan->chunk_numbers;
}

/* The largest number of steps that run_work gets. */
static int works_max(const plx_plan *plan)
{
    int most = plan->n_prepares > plan->n_finishes ? plan->n_prepares : plan->n_finishes;
    for (int p = 0; p < plan->n_phases; p++) {
        if (plan->phases[p].n_joins > most) most = plan->phases[p].n_joins; /* n_sorts is not larger */
    }
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
        memory->chunks = plx_alloc_aligned(a, (size_t)plan->chunks_max * chunk_block(plan), sizeof(plx_real));
        memory->summed = plx_alloc_aligned(a, plan->chunk_numbers, sizeof(plx_real));
        run->gradient = plx_alloc_aligned(a, plan->graph->n_gradient, sizeof(plx_real));
        run->loss_rows = plx_alloc_zero(a, n_tasks, sizeof *run->loss_rows);
        run->touched = plx_alloc_zero(a, (size_t)plan->graph->n_lazy * PLX_TOUCHED_PARTS, sizeof *run->touched);
        all = all && memory->gathered && memory->chunks && memory->summed && run->gradient && run->touched &&
              run->loss_rows;
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
    plx_free_aligned(a, memory->chunks);
    plx_free_aligned(a, memory->summed);
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

/* -- What ops ask for
 * -------------------------------------------------------------------------------------------------- */

static const plx_node_plan *plan_of(const plx_run *run, const plx_node *node)
{
    return &run->plan->nodes[node->index];
}

static plx_view view_of(const plx_tile *tile, const plx_slot *slot)
{
    if (!slot->is_of_batch) return (plx_view){tile->block + slot->offset, slot->stride};
    return (plx_view){tile->run->memory->batch + slot->offset + (ptrdiff_t)tile->first_row * slot->stride,
                      slot->stride};
}

plx_view plx_run_value(const plx_run *run, const plx_node *node)
{
    const plx_tile tile = {.run = run, .block = run->memory->tiles};
    return plan_of(run, node)->value.exists ? view_of(&tile, &plan_of(run, node)->value) : (plx_view){NULL, 0};
}

plx_view plx_tile_value(const plx_tile *tile, const plx_node *node)
{
    return view_of(tile, &plan_of(tile->run, node)->value);
}

plx_view plx_tile_input(const plx_tile *tile, const plx_node *node, int i)
{
    return view_of(tile, &tile->run->plan->nodes[node->inputs[i]].value);
}

plx_view plx_tile_gradient(const plx_tile *tile, const plx_node *node)
{
    return view_of(tile, &plan_of(tile->run, node)->gradient);
}

plx_view plx_tile_input_gradient(const plx_tile *tile, const plx_node *node, int i, bool *adds)
{
    const plx_node_plan *own = plan_of(tile->run, node);
    *adds = own->adds[i];
    if (!own->wants[i]) return (plx_view){NULL, 0};
    return view_of(tile, &tile->run->plan->nodes[node->inputs[i]].gradient);
}

bool plx_run_wants_gradient(const plx_run *run, const plx_node *node, int i)
{
    return plan_of(run, node)->wants[i];
}

int plx_run_tile_first(const plx_run *run, int index)
{
    const int first = index * run->plan->tile_rows;
    return first < run->n_rows ? first : run->n_rows;
}

int plx_run_leaf_tile(const plx_run *run, int leaf, int n_leaves)
{
    const int tiles = (run->plan->tiles_max + n_leaves - 1) / n_leaves, first = leaf * tiles;
    return first < run->n_tiles ? first : run->n_tiles;
}

plx_real *plx_tile_rows(const plx_tile *tile, const plx_node *node)
{
    return view_of(tile, &plan_of(tile->run, node)->scratch).at;
}

plx_real *plx_run_tile_numbers(const plx_run *run, const plx_node *node, int tile_index)
{
    return run->memory->partial + (size_t)tile_index * run->plan->tile_numbers + plan_of(run, node)->tile_offset;
}

plx_real *plx_tile_chunk_numbers(const plx_tile *tile, const plx_node *node)
{
    return tile->gradient + tile->run->graph->n_tilewise + plan_of(tile->run, node)->chunk_offset;
}

plx_real *plx_run_summed_numbers(const plx_run *run, const plx_node *node)
{
    return run->memory->summed + plan_of(run, node)->chunk_offset;
}

plx_real *plx_run_rows(const plx_run *run, const plx_node *node)
{
    return run->memory->batch + plan_of(run, node)->scratch.offset;
}

plx_real *plx_run_batch_numbers(const plx_run *run, const plx_node *node)
{
    return run->memory->numbers + plan_of(run, node)->batch_offset;
}

static plx_view param_view(const plx_run *run, const plx_node *node, int p, int group, plx_real *block)
{
    const plx_param *param = &run->graph->params[node->params[p]];
    return (plx_view){block + param->offset + (size_t)group * param->group_stride, (ptrdiff_t)param->row_stride};
}

plx_view plx_run_param(const plx_run *run, const plx_node *node, int p, int group)
{
    return param_view(run, node, p, group, run->values);
}

plx_view plx_tile_param_gradient(const plx_tile *tile, const plx_node *node, int p, int group)
{
    return param_view(tile->run, node, p, group, tile->gradient);
}

plx_view plx_run_param_gradient(const plx_run *run, const plx_node *node, int p, int group)
{
    return param_view(run, node, p, group, run->gradient);
}

plx_touched_rows *plx_run_touched(const plx_run *run, const plx_node *node, int p, int part)
{
    return &run->touched[run->graph->params[node->params[p]].lazy * PLX_TOUCHED_PARTS + part];
}

plx_view plx_run_gradient(const plx_run *run, const plx_node *node)
{
    const plx_slot *slot = &plan_of(run, node)->gradient;
    return (plx_view){run->memory->batch + slot->offset, slot->stride};
}

const plx_node *plx_run_input_node(const plx_run *run, const plx_node *node, int i)
{
    return run->plan->all[node->inputs[i]];
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

static void run_chunk(void *user, int chunk, int thread)
{
    const phase_job *job = user;
    plx_run *run = job->run;
    const plx_plan *plan = run->plan;
    const int first = chunk * plan->tiles_per_chunk;
    plx_real *gradient = run->training ? run->memory->chunks + (size_t)chunk * chunk_block(plan) : NULL;
    for (int i = first; i < first + plan->tiles_per_chunk && i < run->n_tiles; i++) {
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

static int active_chunks(const plx_run *run)
{
    return (run->n_tiles + run->plan->tiles_per_chunk - 1) / run->plan->tiles_per_chunk;
}

/* Adds up one span of the chunks' gradients, in the chunks' order. */
static void sum_span(const plx_run *run, const plx_span *span)
{
    const size_t n_tilewise = run->graph->n_tilewise, block = chunk_block(run->plan);
    const plx_real *parts[PLX_CHUNKS_MAX];
    const int n_parts = active_chunks(run);
    for (int chunk = 0; chunk < n_parts; chunk++) {
        parts[chunk] = run->memory->chunks + (size_t)chunk * block + span->first;
    }
    plx_real *out =
        span->first < n_tilewise ? run->gradient + span->first : run->memory->summed + (span->first - n_tilewise);
    run->kernels->sum_parts(span->n, parts, n_parts, out);
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

static void run_phase(plx_run *run, int p)
{
    const plx_plan *plan = run->plan;
    phase_job job = {.run = run, .phase = &plan->phases[p], .is_first = p == 0, .is_last = p == plan->n_phases - 1};
    plx_pool_compute(run->memory->machine.pool, active_chunks(run), run_chunk, &job);
    const int n_spans = job.is_last ? plan->n_spans : 0, n_early = job.phase->n_sorts > 0 ? n_spans : 0;
    run_work(run, job.phase->sorts, job.phase->n_sorts, n_early);
    run_work(run, job.phase->joins, job.phase->n_joins, n_spans - n_early);
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

static void run_batch(plx_run *run, plx_real *values, const plx_batch *batch, bool with_losses)
{
    const plx_plan *plan = run->plan;
    run->values = values;
    run->n_rows = batch->n;
    run->n_tiles = (batch->n + plan->tile_rows - 1) / plan->tile_rows;
    run->records =
        batch->order ? run->memory->gathered : batch->rows->records + batch->first * batch->rows->layout->record_bytes;
    run->rows_before = batch->rows_before;
    if (run->training) find_loss_rows(run, batch);
    run->memory->in_hand = batch;
    run->memory->with_losses = with_losses;
    if (!run->memory->is_frozen) run_work(run, plan->prepares, plan->n_prepares, 0);
    for (int p = 0; p < plan->n_phases; p++)
        run_phase(run, p);
    run_work(run, plan->finishes, plan->n_finishes, 0);
    if (with_losses) add_up_losses(run);
}

void plx_run_freeze(plx_run *run, plx_real *values)
{
    run->values = values;
    run_work(run, run->plan->prepares, run->plan->n_prepares, 0);
    run->memory->is_frozen = true;
}

void plx_run_score(plx_run *run, plx_real *values, const plx_batch *batch, bool with_losses)
{
    run_batch(run, values, batch, with_losses);
}

void plx_run_step(plx_run *run, plx_real *values, const plx_batch *batch)
{
    run_batch(run, values, batch, true);
}
