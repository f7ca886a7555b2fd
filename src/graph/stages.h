/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a training step. plx_run_step runs all leaves of a batch; in pieces, each a run of leaves with a
 * plx_run of its own, a step has the same bits:
 *
 *   begin             each piece, for the whole batch
 *   tiles, joins      phase by phase: each piece runs the tiles of its leaves; then all get each other's tile numbers
 *                     (plx_run_tile_numbers), from which each computes the joins
 *   sums              once for each largest subtree of a piece's leaves, whose sums are added by the tree
 *                     (graph/leaves.h); sums by id have larger leaves, which a piece must have whole
 *   end               with the sums of all pieces and the tile numbers
 */
#ifndef PLX_STAGES_H
#define PLX_STAGES_H

#include "graph/run.h"

/** Prepares; sets first_leaf and end_leaf to all leaves. `batch` is borrowed until plx_run_end. */
void plx_run_begin(plx_run *run, plx_real *values, const plx_batch *batch);
/** Forward and backward of phase `phase` on the tiles of the leaves first_leaf to end_leaf - 1. */
void plx_run_tiles(plx_run *run, int phase);
/** What phase `phase` computes from the tile numbers of all tiles. */
void plx_run_joins(plx_run *run, int phase);
/** The sums over the leaves first_leaf to end_leaf - 1, which are a subtree: writes all results of id_sums, the
 * gradients of tilewise parameters and the nodes' summed numbers. */
void plx_run_sums(plx_run *run);
/** The rest of the gradient, and the losses. */
void plx_run_end(plx_run *run);

#endif
