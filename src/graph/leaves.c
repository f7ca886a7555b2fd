/* SPDX-License-Identifier: Apache-2.0 */
/* How many leaves a batch has. The constants were chosen by measurement: docs/performance.md. */
#include "graph/leaves.h"

#include <stdint.h>

enum {
    LEAVES_MIN = 8,          /* where there are as many tiles */
    LEAVES_BYTES = 8 << 20,  /* of the partial sums of all leaves */
    ID_LEAF_ROWS = 256,      /* fewest rows of a leaf of sums by id, if two leaves remain */
    ID_LEAF_ROWS_PER_ROW = 2 /* the same, for each row of the sum */
};

int plx_leaf_tiles(int tiles, size_t numbers)
{
    int most = PLX_LEAVES_MAX;
    while (most > LEAVES_MIN && (size_t)most * numbers * sizeof(float) > LEAVES_BYTES)
        most /= 2;
    return (tiles + most - 1) / most;
}

/* Fewest rows of a leaf of sums by id, if two leaves remain. */
static int64_t id_leaf_rows(int sum_rows)
{
    const int64_t rows = (int64_t)sum_rows * ID_LEAF_ROWS_PER_ROW;
    return rows > ID_LEAF_ROWS ? rows : ID_LEAF_ROWS;
}

int plx_id_leaf_leaves(int rows, int batch_rows, int sum_rows)
{
    int leaves = 1;
    while ((int64_t)rows * leaves < id_leaf_rows(sum_rows) && (int64_t)rows * leaves * 2 < batch_rows)
        leaves *= 2;
    return leaves;
}

int plx_id_leaves_most(int batch_rows, int sum_rows)
{
    const int64_t rows = id_leaf_rows(sum_rows), leaves = (batch_rows + rows - 1) / rows;
    return leaves < 2 ? 2 : leaves < PLX_LEAVES_MAX ? (int)leaves : PLX_LEAVES_MAX;
}
