/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler: rewrites, order, memory, one after another. */
#include "graph/plan.h"

/*
 * Short rows: a wide tile amortises calls and still fits the second-level cache. Long rows: a narrow tile. Both
 * measured on the census networks: docs/performance.md.
 */
enum {
    WIDE_TILE_ROWS = 128,
    WIDE_TILES_MIN = 8,
    TILE_ROWS = 64,
    WIDE_TILE_BYTES = 512 * 1024,
    CACHE_BYTES = 1024 * 1024
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int chosen_tile_rows(const plx_plan *plan)
{
    size_t numbers = 0;
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        const plx_node_plan *own = &plan->nodes[node->index];
        if (own->runs) numbers += (size_t)(node->shape.groups * node->shape.width) * (own->runs_backward ? 2 : 1);
    }
    const bool has_many = plan->options.batch_rows >= WIDE_TILES_MIN * WIDE_TILE_ROWS;
    const bool is_narrow = numbers * WIDE_TILE_ROWS * sizeof(plx_real) <= WIDE_TILE_BYTES;
    const bool streams_weights = plan->graph->n_tilewise * sizeof(plx_real) > CACHE_BYTES;
    return has_many && (is_narrow || streams_weights) ? WIDE_TILE_ROWS : TILE_ROWS;
}

static void choose_tiles(plx_plan *plan)
{
    const plx_plan_options *options = &plan->options;
    plan->tile_rows = options->tile_rows > 0 ? smaller(options->tile_rows, PLX_TILE_ROWS_MAX) : chosen_tile_rows(plan);
    plan->tile_rows = smaller(plan->tile_rows, options->batch_rows);
    plan->tiles_max = (options->batch_rows + plan->tile_rows - 1) / plan->tile_rows;
}

static plx_status compile(plx_plan *plan, plx_error *err)
{
    PLX_TRY(plx_plan_fuse(plan, err));
    PLX_TRY(plx_plan_order(plan, err));
    choose_tiles(plan);
    return plx_plan_lay_out(plan, err);
}

plx_status plx_plan_create(const plx_machine *machine, const plx_graph *graph, const plx_plan_options *options,
                           plx_plan **out, plx_error *err)
{
    *out = NULL;
    plx_plan *plan = plx_alloc_zero(machine->allocator, 1, sizeof *plan);
    if (!plan) return plx_error_memory(err);
    plan->allocator = machine->allocator;
    plan->graph = graph;
    plan->kernels = machine->kernels;
    plan->options = *options;
    plx_arena_init(&plan->arena, machine->allocator);
    const plx_status status = compile(plan, err);
    if (status != PLX_OK) {
        plx_plan_free(plan);
        return status;
    }
    *out = plan;
    return PLX_OK;
}

void plx_plan_free(plx_plan *plan)
{
    if (!plan) return;
    plx_arena_release(&plan->arena);
    plx_free(plan->allocator, plan);
}
