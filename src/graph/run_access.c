/* SPDX-License-Identifier: Apache-2.0 */
/* What ops ask for. */
#include "graph/run_memory.h"

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

plx_real *plx_tile_rows(const plx_tile *tile, const plx_node *node)
{
    return view_of(tile, &plan_of(tile->run, node)->scratch).at;
}

plx_real *plx_run_tile_numbers(const plx_run *run, const plx_node *node, int tile_index)
{
    return run->memory->partial + (size_t)tile_index * run->plan->tile_numbers + plan_of(run, node)->tile_offset;
}

plx_real *plx_tile_leaf_numbers(const plx_tile *tile, const plx_node *node)
{
    return tile->gradient + tile->run->graph->n_tilewise + plan_of(tile->run, node)->leaf_offset;
}

plx_real *plx_run_summed_numbers(const plx_run *run, const plx_node *node)
{
    return run->memory->summed + plan_of(run, node)->leaf_offset;
}

int plx_run_subtrees_max(int n_leaves, int threads)
{
    const int most = threads > 1 ? 2 * threads - 2 : 1;
    return most < n_leaves ? most : n_leaves;
}

/* Leaves of a subtree: as many as leave a subtree for each thread, so that it mostly sums rows that it has just run. */
static int subtree_leaves(int n_leaves, int threads)
{
    int leaves = 1;
    while (leaves < n_leaves && (n_leaves + 2 * leaves - 1) / (2 * leaves) >= threads)
        leaves *= 2;
    return leaves;
}

plx_leaves plx_run_id_leaves(const plx_run *run)
{
    const int leaves = run->plan->id_leaf_leaves;
    plx_leaves all = {.first = run->first_leaf / leaves,
                      .end = (run->end_leaf + leaves - 1) / leaves,
                      .tiles = leaves * run->plan->leaf_tiles};
    all.subtree = subtree_leaves(all.end - all.first, plx_pool_threads(run->memory->machine.pool));
    return all;
}

int plx_run_leaf_tile(const plx_run *run, const plx_leaves *leaves, int leaf)
{
    const int tile = leaf * leaves->tiles;
    return tile < run->n_tiles ? tile : run->n_tiles;
}

int plx_run_leaf_row(const plx_run *run, const plx_leaves *leaves, int leaf)
{
    return plx_run_tile_first(run, plx_run_leaf_tile(run, leaves, leaf));
}

plx_real *plx_run_id_sums(const plx_run *run, const plx_node *node, int subtree)
{
    return run->memory->id_sums + (size_t)subtree * run->plan->id_sum_numbers + plan_of(run, node)->id_sum_offset;
}

void plx_run_id_sum(const plx_run *run, const plx_node *node, size_t first, size_t n, plx_real *out)
{
    const plx_leaves leaves = plx_run_id_leaves(run);
    const plx_real *parts[PLX_LEAVES_MAX];
    int n_parts = 0;
    for (int leaf = leaves.first; leaf < leaves.end; leaf += leaves.subtree, n_parts++)
        parts[n_parts] = plx_run_id_sums(run, node, n_parts) + first;
    run->kernels->sum_tree(n, parts, n_parts, out);
}

plx_real *plx_run_id_scratch(const plx_run *run, const plx_node *node)
{
    return run->memory->id_scratch + plan_of(run, node)->id_offset;
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

const plx_node *plx_run_maker(const plx_run *run, const plx_node *node, int *column)
{
    const plx_node_plan *own = plan_of(run, node);
    *column = own->made_by >= 0 ? own->column : 0;
    return own->made_by >= 0 ? run->plan->all[own->made_by] : node;
}
