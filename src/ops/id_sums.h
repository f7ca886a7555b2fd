/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums by id where most leaves touch few rows of the sum: each row has a tree of its own. A row holds the sum of the
 * latest leaf that touched it; when the next one does, its sum is set aside, after it has been added to those that were
 * waiting for it (graph/leaves.h). Leaves without the row add nothing, as zeros would.
 */
#ifndef PLX_ID_SUMS_H
#define PLX_ID_SUMS_H

#include "graph/run.h"

/** A sum that waits for its right neighbours, beside its numbers. */
typedef struct plx_set_aside {
    uint32_t row;
    uint32_t before; /* 1 + the one of the same row that has waited longer; 0: none */
    int leaf;
} plx_set_aside;

typedef struct plx_id_sums {
    const plx_kernels *kernels;
    int width;
    plx_view sums;  /* [rows, width] */
    uint8_t *leaf;  /* [rows], cleared by the caller: 1 + the latest leaf with the row; 0: none */
    uint32_t *last; /* [rows]: 1 + the latest sum set aside; 0: none. Valid where `leaf` is not 0. */
    /* With the rows touched, as many as there are additions at most. */
    plx_set_aside *aside;
    plx_real *numbers_end; /* their numbers, `width` each, end here: the first has the last place */
    uint32_t n_aside;
} plx_id_sums;

/** Before numbers of leaf `leaf` are added to row `row`. Leaves come in ascending order. */
static inline void plx_id_sums_open(plx_id_sums *s, uint32_t row, int leaf);
/** After the last leaf. */
void plx_id_sums_close(plx_id_sums *s);

/** The part of plx_id_sums_open for a row that an earlier leaf touched. */
void plx_id_sums_set_aside(plx_id_sums *s, uint32_t row, int leaf);

static inline void plx_id_sums_open(plx_id_sums *s, uint32_t row, int leaf)
{
    if (s->leaf[row] == leaf + 1) return;
    if (s->leaf[row] == 0)
        s->last[row] = 0;
    else
        plx_id_sums_set_aside(s, row, leaf);
    s->leaf[row] = (uint8_t)(leaf + 1);
}

#endif
