/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded rows: the layout of records, and copies of records and of their parts. */
#include "rows/records.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Prefetch distance for shuffled records, in rows: enough to hide a miss of all caches at a few ns per row. */
enum { PREFETCH_ROWS = 16, CACHE_LINE = 64 };

static uint32_t id_bytes_for(uint32_t vocabulary)
{
    return vocabulary <= 0x100 ? 1 : vocabulary <= 0x10000 ? 2 : 4;
}

/* The id of all ones ends a list, so there is one valid id less. */
static uint32_t list_id_bytes_for(uint32_t vocabulary)
{
    return vocabulary <= 0xff ? 1 : vocabulary <= 0xffff ? 2 : 4;
}

static uint32_t take(uint32_t *offset, uint32_t bytes)
{
    uint32_t at = *offset;
    *offset += bytes;
    return at;
}

void plx_layout_init(plx_layout *layout, const plx_layout_parts *parts)
{
    const uint32_t number = sizeof(float), n_tasks = (uint32_t)parts->n_tasks;
    uint32_t offset = (uint32_t)parts->n_dense * number;
    *layout = (plx_layout){.n_sparse = parts->n_sparse,
                           .n_lists = parts->n_lists,
                           .n_dense = parts->n_dense,
                           .n_tasks = parts->n_tasks,
                           .sparse = parts->sparse,
                           .lists = parts->lists,
                           .classes = parts->classes,
                           .has_weights = parts->has_weights,
                           .has_group = parts->has_group};
    layout->label_offset = take(&offset, n_tasks * number);
    layout->weight_offset = take(&offset, parts->has_weights ? n_tasks * number : 0);
    for (int i = 0; i < parts->n_lists; i++)
        parts->lists[i].weights_offset =
            take(&offset, parts->lists[i].has_weights ? parts->lists[i].length * number : 0);
    layout->group_offset = take(&offset, parts->has_group ? 2 * (uint32_t)sizeof(uint32_t) : 0);
    for (uint32_t bytes = 4; bytes; bytes /= 2) {
        for (int i = 0; i < parts->n_sparse; i++) {
            if (id_bytes_for(parts->sparse[i].vocabulary) != bytes) continue;
            parts->sparse[i].id_bytes = bytes;
            parts->sparse[i].offset = take(&offset, bytes);
        }
        for (int i = 0; i < parts->n_lists; i++) {
            if (list_id_bytes_for(parts->lists[i].vocabulary) != bytes) continue;
            parts->lists[i].id_bytes = bytes;
            parts->lists[i].offset = take(&offset, bytes * parts->lists[i].length);
        }
    }
    layout->record_bytes = (offset + 3) & ~3u;
}

/*
 * A step reads its rows in shuffled order, so almost each is in another page. In pages of 2 MiB the processor finds
 * them without a look-up in memory. Only whole pages of the block are advised; it is untouched yet.
 */
static void use_large_pages(uint8_t *records, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)1 << 21, low = (uintptr_t)records;
    const uintptr_t first = (low + page - 1) / page * page, end = (low + bytes) / page * page;
    if (first < end) (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)records, (void)bytes;
#endif
}

plx_status plx_rows_init(plx_rows *rows, const plx_allocator *allocator, const plx_layout *layout, size_t n,
                         plx_error *err)
{
    *rows = (plx_rows){.layout = layout};
    uint8_t *records = plx_alloc(allocator, n, layout->record_bytes);
    if (!records) return plx_error_memory(err);
    use_large_pages(records, n * layout->record_bytes);
    memset(records, 0, n * layout->record_bytes);
    rows->records = records;
    rows->n = n;
    return PLX_OK;
}

void plx_rows_release(plx_rows *rows, const plx_allocator *allocator)
{
    if (rows->mapping) {
        munmap(rows->mapping, rows->mapping_bytes);
        close(rows->descriptor);
    } else {
        plx_free(allocator, rows->records);
    }
    *rows = (plx_rows){0};
}

/* A page fault also maps the pages around it, within an aligned span of this size. All of them are dropped, else they
   would accumulate. */
void plx_rows_drop_pages(const plx_rows *rows, size_t first, size_t n)
{
    if (!rows->mapping || !n) return;
    const uintptr_t span = 1 << 16, bytes = rows->layout->record_bytes, low = (uintptr_t)rows->mapping;
    const uintptr_t high = low + rows->mapping_bytes, from = (uintptr_t)rows->records + first * bytes;
    const uintptr_t begin = from / span * span, end = (from + n * bytes + span - 1) / span * span;
    const uintptr_t start = begin < low ? low : begin;
    (void)madvise((void *)start, (end < high ? end : high) - start, MADV_DONTNEED);
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

void plx_rows_count_labels(const plx_rows *rows, const uint32_t *order, size_t first, size_t n, int64_t *counts)
{
    const plx_layout *layout = rows->layout;
    const uint8_t *labels = rows->records + layout->label_offset;
    for (int task = 0; task < layout->n_tasks; task++)
        counts[task] = rows->has_all_labels ? (int64_t)n : 0;
    for (size_t i = 0; i < n && !rows->has_all_labels; i++) {
        size_t row = order ? order[i] : first + i;
        if (order && i + PREFETCH_ROWS < n)
            __builtin_prefetch(labels + order[i + PREFETCH_ROWS] * (size_t)layout->record_bytes);
        for (int task = 0; task < layout->n_tasks; task++) {
            float label;
            memcpy(&label, labels + row * layout->record_bytes + (size_t)task * sizeof label, sizeof label);
            counts[task] += !isnan(label);
        }
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

void plx_rows_labels(const plx_rows *rows, int task, float *out)
{
    for (size_t first = 0; first < rows->n; first += PLX_BLOCK_ROWS) {
        const size_t n = rows->n - first < PLX_BLOCK_ROWS ? rows->n - first : PLX_BLOCK_ROWS;
        plx_records_labels(rows->layout, rows->records + first * rows->layout->record_bytes, n, task, out + first);
        plx_rows_drop_pages(rows, first, n);
    }
}

void plx_records_weights(const plx_layout *layout, const uint8_t *records, size_t n, int task, float *out)
{
    const uint8_t *at = records + layout->weight_offset + (size_t)task * sizeof(float);
    for (size_t i = 0; i < n; i++) {
        out[i] = 1;
        if (layout->has_weights) memcpy(&out[i], at + i * layout->record_bytes, sizeof *out);
    }
}

static uint32_t no_list_id(const plx_list_field *field)
{
    return UINT32_MAX >> (32 - 8 * field->id_bytes);
}

static uint32_t list_id(const uint8_t *at, const plx_list_field *field)
{
    if (field->id_bytes == 1) return *at;
    if (field->id_bytes == 2) return *(const uint16_t *)(const void *)at;
    return *(const uint32_t *)(const void *)at;
}

int plx_record_list(const uint8_t *record, const plx_list_field *field, uint32_t *ids)
{
    const uint8_t *at = record + field->offset;
    for (uint32_t i = 0; i < field->length; i++, at += field->id_bytes) {
        ids[i] = list_id(at, field);
        if (ids[i] == no_list_id(field)) return (int)i;
    }
    return (int)field->length;
}

int plx_record_list_length(const uint8_t *record, const plx_list_field *field)
{
    const uint8_t *at = record + field->offset;
    uint32_t n = 0;
    while (n < field->length && list_id(at + (size_t)n * field->id_bytes, field) != no_list_id(field))
        n++;
    return (int)n;
}

void plx_record_clear_list(uint8_t *record, const plx_list_field *field)
{
    memset(record + field->offset, 0xff, (size_t)field->length * field->id_bytes);
}

void plx_record_put_item(uint8_t *record, const plx_list_field *field, uint32_t item, uint32_t id)
{
    uint8_t *at = record + field->offset + (size_t)item * field->id_bytes;
    const uint16_t narrow = (uint16_t)id;
    if (field->id_bytes == 1)
        *at = (uint8_t)id;
    else if (field->id_bytes == 2)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &id, sizeof id);
}
