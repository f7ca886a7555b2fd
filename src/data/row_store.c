/* SPDX-License-Identifier: Apache-2.0 */
/* Divides the memory: an eighth for raw columns in use, a quarter for each of two windows. */
#include "data/row_store.h"

#include <stdio.h>

enum { CHUNK_ROWS = 8 * PLX_BLOCK_ROWS, MAX_PATH = 4096 };

const char *plx_row_store_file(int part)
{
    static const char *const names[PLX_PARTS] = {"train.rows", "validation.rows", "test.rows"};
    return names[part];
}

bool plx_row_store_fits(const plx_row_store *store, const plx_layout *layout, size_t n_rows)
{
    return !store || !store->memory || n_rows <= store->memory / 2 / layout->record_bytes;
}

size_t plx_row_store_raw_bytes(const plx_row_store *store)
{
    return store->memory ? store->memory / 8 : SIZE_MAX;
}

static plx_status make_path(const plx_row_store *store, int part, char path[MAX_PATH], plx_error *err)
{
    int length = snprintf(path, MAX_PATH, "%s/%s", store->folder, plx_row_store_file(part));
    if (length > 0 && length < MAX_PATH) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_IO, "%s: the folder's path is too long", store->folder);
}

static plx_status encode_chunks(plx_row_writer *writer, const plx_encoding *encoding, const plx_columns *columns,
                                const uint32_t *order, size_t n, plx_rows *chunk, plx_error *err)
{
    const size_t bytes = chunk->layout->record_bytes;
    for (size_t first = 0; first < n; first += CHUNK_ROWS) {
        const size_t rows = n - first < CHUNK_ROWS ? n - first : CHUNK_ROWS;
        memset(chunk->records, 0, rows * bytes);
        PLX_TRY(plx_encoding_rows(encoding, order + first, rows, chunk, 0, err));
        plx_row_writer_add(writer, chunk->records, rows);
        plx_columns_drop_pages(columns);
    }
    return PLX_OK;
}

plx_status plx_row_store_encode(const plx_row_store *store, const plx_encoders *e, const plx_columns *columns, int part,
                                const uint32_t *order, size_t n, plx_pool *pool, plx_error *err)
{
    char path[MAX_PATH];
    const plx_layout *layout = plx_encoders_layout(e);
    plx_encoding *encoding = NULL;
    plx_rows chunk = {0};
    plx_row_writer writer = {0};
    plx_status status = make_path(store, part, path, err);
    if (!status) status = plx_encoding_create(e, columns, n, false, true, pool, &encoding, err);
    if (!status) status = plx_rows_init(&chunk, &e->allocator, layout, n < CHUNK_ROWS ? n : CHUNK_ROWS, err);
    if (!status) status = plx_row_writer_init(&writer, &e->allocator, path, layout, store->id, n, err);
    if (!status) status = encode_chunks(&writer, encoding, columns, order, n, &chunk, err);
    if (!status) status = plx_row_writer_commit(&writer, err);
    plx_row_writer_release(&writer);
    plx_rows_release(&chunk, &e->allocator);
    plx_encoding_free(encoding);
    return status;
}

plx_status plx_row_store_write(const plx_row_store *store, const plx_allocator *allocator, int part,
                               const plx_rows *rows, plx_error *err)
{
    char path[MAX_PATH];
    plx_row_writer writer;
    PLX_TRY(make_path(store, part, path, err));
    plx_status status = plx_row_writer_init(&writer, allocator, path, rows->layout, store->id, rows->n, err);
    if (!status) plx_row_writer_add(&writer, rows->records, rows->n);
    if (!status) status = plx_row_writer_commit(&writer, err);
    plx_row_writer_release(&writer);
    return status;
}

plx_status plx_row_store_open(const plx_row_store *store, const plx_allocator *allocator, const plx_layout *layout,
                              int part, size_t n, bool in_memory, bool is_trusted, plx_rows *out, plx_error *err)
{
    char path[MAX_PATH];
    if (n == 0) return plx_rows_init(out, allocator, layout, 0, err);
    PLX_TRY(make_path(store, part, path, err));
    PLX_TRY(plx_row_file_open(path, allocator, layout, store->id, in_memory, is_trusted, out, err));
    if (out->n != n) {
        plx_rows_release(out, allocator);
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s: does not contain the expected rows", path);
    }
    if (in_memory) return PLX_OK;
    const size_t blocks = store->memory / 4 / layout->record_bytes / PLX_BLOCK_ROWS;
    out->window_rows = (blocks ? blocks : 1) * PLX_BLOCK_ROWS;
    return PLX_OK;
}
