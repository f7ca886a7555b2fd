/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that pool lists of table rows into one row, and their gradients. */
#include "kernels_check.h"

enum { POOL_ROWS = 11 };

/** Lists of 0 to `length` ids, some twice. */
static uint32_t *pool_ids(int rows, int length)
{
    uint32_t *ids = malloc(sizeof *ids * (size_t)(rows * length + 1));
    if (!ids) abort();
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < length; k++)
            ids[r * length + k] = k < r * 3 % (length + 1) ? (uint32_t)((r * 7 + k / 2 * 5) % POOL_ROWS) : PLX_NO_ID;
    return ids;
}

static void check_pool(const plx_kernels *kernels, int rows, int n, int length, int gap, bool is_max)
{
    describe(kernels, is_max ? "pool_max" : "pool_sum", rows, n, length, gap);
    matrix table = matrix_make(POOL_ROWS, n, gap), y = matrix_make(rows, n, gap),
           scale = matrix_make(1, rows * length, 0);
    uint32_t *ids = pool_ids(rows, length), *winners = calloc((size_t)(rows * n + 1), sizeof *winners);
    if (!winners) abort();
    winners[rows * n] = 0xdead;
    if (is_max)
        kernels->pool_max(rows, n, table.view, ids, length, y.view, gap > 0 ? winners : NULL);
    else
        kernels->pool_sum(rows, n, table.view, ids, scale.view.at, length, y.view);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            double sum = 0, size = 0, most = -INFINITY;
            uint32_t winner = PLX_NO_ID;
            int k = 0;
            for (; k < length && ids[r * length + k] != PLX_NO_ID; k++) {
                const double number = (double)*matrix_at(&table, (int)ids[r * length + k], i);
                sum += number * (double)scale.view.at[r * length + k];
                size += fabs(number * (double)scale.view.at[r * length + k]);
                if (number > most) winner = ids[r * length + k];
                most = fmax(most, number);
            }
            if (is_max && gap > 0 && winners[r * n + i] != winner) check_here("not the winner");
            if (is_max)
                near_to("y", (double)*matrix_at(&y, r, i), k > 0 ? most : 0, 0);
            else
                near_to("y", (double)*matrix_at(&y, r, i), sum, (length + 1) * UNIT * size);
        }
    }
    if (winners[rows * n] != 0xdead) check_here("written after the winners");
    free(ids), free(winners);
    matrix_done(&table), matrix_done(&y), matrix_done(&scale);
}

/** A NaN in any item is the maximum, only in its column. */
static void check_pool_nan(const plx_kernels *kernels, int n)
{
    describe(kernels, "pool_max", 1, n, 3, 1);
    for (uint32_t place = 0; place < 3; place++) {
        static const uint32_t ids[] = {0, 1, 2};
        matrix table = matrix_make(POOL_ROWS, n, 0), y = matrix_make(1, n, 0);
        *matrix_at(&table, (int)place, n / 2) = NAN;
        kernels->pool_max(1, n, table.view, ids, 3, y.view, NULL);
        for (int i = 0; i < n; i++)
            if (isnan(*matrix_at(&y, 0, i)) != (i == n / 2)) check_here("NaN lost, or in another column");
        matrix_done(&table), matrix_done(&y);
    }
}

static void check_pools(const plx_kernels *k, bool is_max)
{
    static const int list_lengths[] = {0, 1, 2, 5, 20};
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int in = 0; in < COUNT(lengths); in++)
            for (int il = 0; il < COUNT(list_lengths); il++)
                check_pool(k, row_counts[ir], lengths[in], list_lengths[il], (ir + in + il) % 2 * 3, is_max);
    for (int in = 1; in < COUNT(lengths) && is_max; in++)
        check_pool_nan(k, lengths[in]);
}

static void check_pool_sum(const plx_kernels *k)
{
    check_pools(k, false);
}

static void check_pool_max(const plx_kernels *k)
{
    check_pools(k, true);
}

/** Items anywhere in dy, and rows that occur twice, adjacent and apart. */
static void check_scatter_of(const plx_kernels *k, int count, int n, int gap)
{
    describe(k, "scatter_scaled", count, n, gap, 0);
    matrix table = matrix_make(POOL_ROWS, n, gap), dy = matrix_make(1, n + count, 0), scale = matrix_make(1, count, 0);
    size_t *from = malloc(sizeof *from * (size_t)(count + 1));
    uint32_t *to = malloc(sizeof *to * (size_t)(count + 1));
    double *want = calloc((size_t)(POOL_ROWS * n + 1), sizeof *want),
           *size = calloc((size_t)(POOL_ROWS * n + 1), sizeof *size);
    if (!from || !to || !want || !size) abort();
    for (int i = 0; i < POOL_ROWS * n; i++)
        want[i] = (double)*matrix_at(&table, i / n, i % n), size[i] = fabs(want[i]);
    for (int j = 0; j < count; j++) {
        from[j] = (size_t)(j * 5 % (count + 1));
        to[j] = j % 3 == 1 ? to[j - 1] : (uint32_t)(j * 7 % POOL_ROWS);
        for (int i = 0; i < n; i++) {
            const double term = (double)scale.view.at[j] * (double)dy.view.at[from[j] + (size_t)i];
            want[(int)to[j] * n + i] += term;
            size[(int)to[j] * n + i] += fabs(term);
        }
    }
    k->scatter_scaled(count, n, dy.view.at, from, scale.view.at, to, table.view);
    for (int i = 0; i < POOL_ROWS * n; i++)
        near_to("table", (double)*matrix_at(&table, i / n, i % n), want[i], (count + 1) * UNIT * size[i]);
    free(from), free(to), free(want), free(size);
    matrix_done(&table), matrix_done(&dy), matrix_done(&scale);
}

static void check_scatter_scaled(const plx_kernels *k)
{
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int in = 0; in < COUNT(lengths); in++)
            check_scatter_of(k, row_counts[ir], lengths[in], (ir + in) % 2 * 3);
}

KERNELS_POOLS(KERNEL_TEST)

int main(int argc, char **argv)
{
    static const check_test tests[] = {KERNELS_POOLS(KERNEL_ROW)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
