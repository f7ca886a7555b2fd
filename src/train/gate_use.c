/* SPDX-License-Identifier: Apache-2.0 */
/* Gates are found through their mixtures; sums are added in the order of tiles and batches. */
#include "train/gate_use.h"

#include <string.h>

#include "ops/ops.h"

plx_status plx_gate_uses_init(plx_gate_uses *uses, const plx_allocator *allocator, const plx_graph *graph,
                              plx_error *err)
{
    *uses = (plx_gate_uses){0};
    plx_arena_init(&uses->arena, allocator);
    uses->gates = plx_arena_take(&uses->arena, (size_t)graph->n_nodes, sizeof *uses->gates);
    for (int i = 0; uses->gates && i < graph->n_nodes; i++) {
        const plx_node *node = graph->nodes[i];
        if (!plx_is_mixture(node)) continue;
        plx_gate_use *gate = &uses->gates[uses->n++];
        const char *end = strrchr(node->shown, '/');
        gate->node = node;
        gate->name = (plx_slice){node->shown, end ? (size_t)(end - node->shown) : strlen(node->shown)};
        gate->n_experts = node->tile_numbers;
        gate->shares = plx_arena_take(&uses->arena, (size_t)gate->n_experts, sizeof *gate->shares);
    }
    return plx_arena_failed(&uses->arena) ? plx_error_memory(err) : PLX_OK;
}

void plx_gate_uses_release(plx_gate_uses *uses)
{
    plx_arena_release(&uses->arena);
    *uses = (plx_gate_uses){0};
}

void plx_gate_uses_clear(plx_gate_uses *uses)
{
    for (int i = 0; i < uses->n; i++)
        memset(uses->gates[i].shares, 0, (size_t)uses->gates[i].n_experts * sizeof *uses->gates[i].shares);
}

void plx_gate_uses_add(plx_gate_uses *uses, const plx_run *run)
{
    for (int i = 0; i < uses->n; i++)
        plx_mixture_add_gate(run, uses->gates[i].node, uses->gates[i].shares);
}

void plx_gate_uses_end(plx_gate_uses *uses, size_t n_rows)
{
    for (int i = 0; i < uses->n; i++)
        for (int expert = 0; expert < uses->gates[i].n_experts; expert++)
            uses->gates[i].shares[expert] /= (double)n_rows;
}
