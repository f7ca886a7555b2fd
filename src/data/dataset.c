/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded rows: where things lie in a record, and copies of records and of their parts. */
#include "data/dataset.h"

#include <string.h>

/* Shuffled records are fetched this many rows ahead: enough to hide a miss of all caches at a few ns a row. */
enum { PREFETCH_ROWS = 16, CACHE_LINE = 64 };

static uint32_t id_bytes_for(uint32_t vocabulary)
{
    return vocabulary <= 0x100 ? 1 : vocabulary <= 0x10000 ? 2 : 4;
}

void plx_layout_init(plx_layout *layout, plx_id_field *sparse, int n_sparse, int n_dense, int n_tasks)
{
    uint32_t offset = (uint32_t)(n_dense + n_tasks) * (uint32_t)sizeof(float);
    for (uint32_t bytes = 4; bytes; bytes /= 2) {
        for (int i = 0; i < n_sparse; i++) {
            if (id_bytes_for(sparse[i].vocabulary) != bytes) continue;
            sparse[i].id_bytes = bytes;
            sparse[i].offset = offset;
            offset += bytes;
        }
    }
    *layout = (plx_layout){.n_sparse = n_sparse,
                           .n_dense = n_dense,
                           .n_tasks = n_tasks,
                           .sparse = sparse,
                           .label_offset = (uint32_t)n_dense * (uint32_t)sizeof(float),
                           .record_bytes = (offset + 3) & ~3u};
}

plx_status plx_rows_init(plx_rows *rows, const plx_allocator *allocator, const plx_layout *layout, size_t n,
                         plx_error *err)
{
    *rows = (plx_rows){.layout = layout};
    uint8_t *records = plx_alloc_zero(allocator, n, layout->record_bytes);
    if (!records) return plx_error_memory(err);
    rows->records = records;
    rows->n = n;
    return PLX_OK;
}

void plx_rows_release(plx_rows *rows, const plx_allocator *allocator)
{
    plx_free(allocator, rows->records);
    *rows = (plx_rows){0};
}

void plx_rows_gather(const plx_rows *rows, const uint32_t *order, size_t first, size_t n, uint8_t *out)
{
    size_t bytes = rows->layout->record_bytes;
    if (n == 0) return;
    if (!order) {
        memcpy(out, rows->records + first * bytes, n * bytes);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (i + PREFETCH_ROWS < n) {
            const uint8_t *ahead = rows->records + order[i + PREFETCH_ROWS] * bytes;
            for (size_t line = 0; line < bytes; line += CACHE_LINE)
                __builtin_prefetch(ahead + line);
            __builtin_prefetch(ahead + bytes - 1); /* a record need not begin with a cache line */
        }
        memcpy(out + i * bytes, rows->records + order[i] * bytes, bytes);
    }
}

void plx_records_ids(const plx_layout *layout, const uint8_t *records, size_t n, int feature, uint32_t *out)
{
    const plx_id_field *field = &layout->sparse[feature];
    const uint8_t *at = records + field->offset;
    size_t stride = layout->record_bytes;
    if (field->id_bytes == 1) {
        for (size_t i = 0; i < n; i++)
            out[i] = at[i * stride];
    } else if (field->id_bytes == 2) {
        for (size_t i = 0; i < n; i++) {
            uint16_t id;
            memcpy(&id, at + i * stride, sizeof id);
            out[i] = id;
        }
    } else {
        for (size_t i = 0; i < n; i++)
            memcpy(&out[i], at + i * stride, sizeof *out);
    }
}

void plx_records_labels(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out)
{
    const uint8_t *at = records + layout->label_offset + (size_t)task * sizeof(float);
    for (size_t i = 0; i < n; i++)
        memcpy(&out[i], at + i * layout->record_bytes, sizeof *out);
}
