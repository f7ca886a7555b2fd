/* SPDX-License-Identifier: Apache-2.0 */
/* The mean weight of each expert in each gate of a network, over the scored rows. */
#ifndef PLX_GATE_USE_H
#define PLX_GATE_USE_H

#include "base/arena.h"
#include "graph/run.h"

typedef struct plx_gate_use {
    const plx_node *node; /* the mixture */
    plx_slice name;       /* its scope: "click/gate" */
    int n_experts;
    double *shares; /* [n_experts] */
} plx_gate_use;

typedef struct plx_gate_uses {
    plx_arena arena;
    plx_gate_use *gates; /* [n] in the order of the network */
    int n;
} plx_gate_uses;

/** Release it after a failure, too. PLX_ERR_MEMORY. */
plx_status plx_gate_uses_init(plx_gate_uses *uses, const plx_allocator *allocator, const plx_graph *graph,
                              plx_error *err);
void plx_gate_uses_release(plx_gate_uses *uses);
void plx_gate_uses_clear(plx_gate_uses *uses);
/** Adds the batch that the run has just scored. */
void plx_gate_uses_add(plx_gate_uses *uses, const plx_run *run);
/** Turns the sums over `n_rows` rows into means. */
void plx_gate_uses_end(plx_gate_uses *uses, size_t n_rows);

#endif
