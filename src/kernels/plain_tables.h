/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of kernels_plain.c for rows of tables: embeddings, lists of ids, pooling. */
#ifndef PLX_PLAIN_TABLES_H
#define PLX_PLAIN_TABLES_H

static void kernel_gather(int rows, int n, plx_view table, const uint32_t *ids, plx_view y)
{
    for (int r = 0; r < rows; r++)
        memcpy(y.at + r * y.stride, table.at + (ptrdiff_t)ids[r] * table.stride, (size_t)n * sizeof(plx_real));
}

static void kernel_scatter_add(int rows, int n, plx_view dy, const uint32_t *ids, plx_view table)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            table.at[(ptrdiff_t)ids[r] * table.stride + i] += dy.at[r * dy.stride + i];
}

static void kernel_pool_sum(int rows, int n, plx_view table, const uint32_t *ids, const plx_real *scale, int length,
                            plx_view y)
{
    for (int r = 0; r < rows; r++, ids += length, scale += length) {
        plx_real *sum = y.at + r * y.stride;
        for (int i = 0; i < n; i++)
            sum[i] = ZERO;
        for (int k = 0; k < length && ids[k] != PLX_NO_ID; k++)
            for (int i = 0; i < n; i++)
                sum[i] += scale[k] * table.at[(ptrdiff_t)ids[k] * table.stride + i];
    }
}

/** NaN is larger than any number. */
static void kernel_pool_max(int rows, int n, plx_view table, const uint32_t *ids, int length, plx_view y,
                            uint32_t *winners)
{
    for (int r = 0; r < rows; r++, ids += length) {
        for (int i = 0; i < n; i++) {
            plx_real most = ZERO;
            uint32_t winner = PLX_NO_ID;
            for (int k = 0; k < length && ids[k] != PLX_NO_ID; k++) {
                const plx_real next = table.at[(ptrdiff_t)ids[k] * table.stride + i];
                if (k > 0 && (most >= next || isnan(most))) continue;
                most = next;
                winner = ids[k];
            }
            y.at[r * y.stride + i] = most;
            if (winners) winners[(ptrdiff_t)r * n + i] = winner;
        }
    }
}

static void kernel_scatter_scaled(int count, int n, const plx_real *dy, const size_t *from, const plx_real *scale,
                                  const uint32_t *to, plx_view table)
{
    for (int j = 0; j < count; j++)
        for (int i = 0; i < n; i++)
            table.at[(ptrdiff_t)to[j] * table.stride + i] += scale[j] * dy[from[j] + (size_t)i];
}

static uint32_t id_at(const uint8_t *at, uint32_t bytes)
{
    uint16_t two;
    uint32_t four;
    if (bytes == 1) return *at;
    if (bytes == 2) {
        memcpy(&two, at, sizeof two);
        return two;
    }
    memcpy(&four, at, sizeof four);
    return four;
}

int plx_kernel_list_ids(int rows, const uint8_t *records, size_t record_bytes, const plx_id_tables *tables,
                        uint32_t *entries, uint16_t *counts)
{
    int n = 0;
    for (int r = 0; r < rows; r++) {
        const uint8_t *record = records + (size_t)r * record_bytes;
        const int first = n;
        for (int t = 0; t < tables->n; t++) {
            const uint32_t id = id_at(record + tables->offset[t], tables->bytes[t]);
            entries[n] = (uint32_t)r << 16 | (tables->first_row[t] + id);
            n += id != tables->common[t];
        }
        counts[r] = (uint16_t)(n - first);
    }
    return n;
}

static void kernel_sum_listed(int rows, int n, plx_view table, const uint32_t *entries, const uint16_t *counts,
                              const plx_real *base, plx_view y)
{
    for (int r = 0; r < rows; r++) {
        plx_real *sum = y.at + r * y.stride;
        memcpy(sum, base, (size_t)n * sizeof *sum);
        for (int k = 0; k < counts[r]; k++, entries++)
            for (int i = 0; i < n; i++)
                sum[i] += table.at[(ptrdiff_t)(*entries & 0xffff) * table.stride + i];
    }
}

/* By the tree of pairs: a leaf completes as many subtrees as its number has trailing ones. */
static plx_real sum_leaves(const plx_real *sums, int n)
{
    plx_real subtrees[PLX_LEAF_LEVELS], sum = sums[0]; /* before the one in `sum` */
    int top = 0;
    for (int leaf = 1; leaf < n; leaf++) {
        subtrees[top++] = sum;
        sum = sums[leaf];
        for (int m = leaf; m & 1; m >>= 1)
            sum = subtrees[--top] + sum;
    }
    while (top > 0)
        sum = subtrees[--top] + sum;
    return sum;
}

static void kernel_sum_lists(int lists, int n, plx_view x, const plx_row_lists *leaves, int n_leaves, plx_view y)
{
    plx_real sums[PLX_LEAVES_MAX];
    for (int list = 0; list < lists; list++) {
        for (int i = 0; i < n; i++) {
            for (int leaf = 0; leaf < n_leaves; leaf++) {
                const plx_row_lists *own = &leaves[leaf];
                sums[leaf] = ZERO;
                for (uint32_t k = own->starts[list]; k < own->starts[list + 1]; k++)
                    sums[leaf] += x.at[(ptrdiff_t)own->rows[k] * x.stride + i];
            }
            y.at[list * y.stride + i] = sum_leaves(sums, n_leaves);
        }
    }
}

#endif
