/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalings from raw columns, and raw columns into records. Each different text is looked up once;
 * after that a row costs two array reads a feature. Records are written in blocks of rows that stay in the cache while
 * feature after feature is added to them.
 */
#include <math.h>

#include "data/cells.h"
#include "data/encoders_dense.h"
#include "data/encoders_lists.h"
#include "data/group_column.h"
#include "data/labels.h"
#include "data/unknown.h"

enum { BLOCK_ROWS = 256 };

static size_t block_rows(size_t n, size_t first)
{
    return n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
}
plx_status plx_encoders_fit(plx_encoders *e, const plx_columns *columns, const uint32_t *order, size_t n,
                            plx_error *err)
{
    PLX_TRY(plx_vocabularies_fit(e, columns, order, n, err));
    for (int i = 0; i < e->n_buckets; i++) {
        const int input = e->buckets[i].input;
        PLX_TRY(plx_buckets_fit(e, &e->buckets[i], columns->items[input].numbers, order, n, err));
        plx_column_forget(columns, input);
    }
    for (int i = 0; i < e->n_dense; i++) {
        const int input = e->dense[i].input;
        PLX_TRY(plx_dense_fit(&e->dense[i], columns->items[input].numbers, order, n, &e->allocator, err));
        plx_column_forget(columns, input);
    }
    PLX_TRY(plx_labels_fit(e, columns, order, n, err));
    plx_encoders_seal(e);
    return PLX_OK;
}

/* For each sparse feature the id of each code of its column, and what tasks need. */
typedef struct code_maps {
    plx_arena arena;
    uint32_t **ids;
    const plx_label_map *labels; /* NULL: without labels */
    const uint64_t *groups;      /* NULL: none, or without labels */
    plx_list_memory lists;
} code_maps;

static plx_status make_maps(const plx_encoders *e, const plx_columns *columns, size_t n, bool with_labels,
                            code_maps *maps, plx_error *err)
{
    plx_arena *arena = &maps->arena;
    maps->ids = plx_arena_take(arena, (size_t)e->n_sparse, sizeof *maps->ids);
    for (int i = 0; i < e->n_sparse; i++) {
        const plx_dictionary *texts = &columns->items[e->sparse[i].input].dictionary;
        uint32_t *ids = plx_arena_take(arena, texts->n, sizeof *ids);
        if (!ids) return plx_error_memory(err);
        const plx_vocabulary *vocabulary = e->sparse[i].vocabulary;
        for (uint32_t code = 0; code < texts->n; code++)
            ids[code] = plx_vocabulary_id(
                vocabulary, plx_vocabulary_cell(vocabulary, e->sparse[i].spec, plx_dictionary_text(texts, code)));
        maps->ids[i] = ids;
    }
    PLX_TRY(plx_list_memory_init(&maps->lists, arena, e, columns, n, err));
    if (with_labels) PLX_TRY(plx_labels_map(e, columns, arena, &maps->labels, err));
    if (with_labels) PLX_TRY(plx_group_map(e, columns, arena, &maps->groups, err));
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

static void encode_block(const plx_encoders *e, const plx_columns *columns, const code_maps *maps,
                         const uint32_t *order, size_t n, uint8_t *records)
{
    uint32_t codes[BLOCK_ROWS];
    size_t stride = e->layout.record_bytes;
    for (int k = 0; k < e->n_sparse; k++) {
        const plx_id_field field = e->layout.sparse[k];
        const uint32_t *ids = maps->ids[k];
        plx_column_codes(&columns->items[e->sparse[k].input], order, n, codes);
        for (size_t i = 0; i < n; i++)
            plx_put_id(records + i * stride, &field, ids[codes[i]]);
    }
    for (int k = 0; k < e->n_buckets; k++) {
        const plx_id_field field = e->layout.sparse[e->n_sparse + k];
        const double *numbers = columns->items[e->buckets[k].input].numbers;
        for (size_t i = 0; i < n; i++)
            plx_put_id(records + i * stride, &field, plx_buckets_id(&e->buckets[k], numbers[order[i]]));
    }
    for (int k = 0; k < e->n_dense; k++)
        plx_dense_put_rows(&e->dense[k], columns->items[e->dense[k].input].numbers, order, n, records, stride);
}

struct plx_encoding {
    const plx_encoders *encoders;
    const plx_columns *columns;
    code_maps maps;
    plx_unknown *unknown; /* NULL: not counted */
};

plx_status plx_encoding_create(const plx_encoders *e, const plx_columns *columns, size_t n, bool whole,
                               bool with_labels, plx_encoding **out, plx_error *err)
{
    plx_encoding *encoding = plx_alloc_zero(&e->allocator, 1, sizeof *encoding);
    *out = NULL;
    if (!encoding) return plx_error_memory(err);
    *encoding = (plx_encoding){.encoders = e, .columns = columns};
    plx_arena_init(&encoding->maps.arena, &e->allocator);
    plx_status status = make_maps(e, columns, whole ? n : 0, with_labels, &encoding->maps, err);
    if (status)
        plx_encoding_free(encoding);
    else
        *out = encoding;
    return status;
}

void plx_encoding_free(plx_encoding *encoding)
{
    if (!encoding) return;
    plx_arena_release(&encoding->maps.arena);
    plx_free(&encoding->encoders->allocator, encoding);
}

plx_status plx_encoding_rows(const plx_encoding *encoding, const uint32_t *order, size_t n, plx_rows *out, size_t first,
                             plx_error *err)
{
    const plx_encoders *e = encoding->encoders;
    const plx_columns *columns = encoding->columns;
    const code_maps *maps = &encoding->maps;
    for (size_t done = 0; done < n; done += BLOCK_ROWS) {
        uint8_t *records = out->records + (first + done) * e->layout.record_bytes;
        size_t rows = block_rows(n, done);
        encode_block(e, columns, maps, order + done, rows, records);
        PLX_TRY(plx_encode_lists(e, columns, &maps->lists, order + done, rows, out, first + done, err));
        PLX_TRY(plx_labels_encode(e, columns, maps->labels, order + done, rows, records, &out->has_all_labels, err));
        plx_group_encode(e, columns, maps->groups, order + done, rows, records);
        for (int i = 0; encoding->unknown && i < plx_encoders_n_vocabularies(e); i++)
            plx_unknown_count(e, columns, i, order + done, rows, records, encoding->unknown);
    }
    return PLX_OK;
}

plx_status plx_encoders_encode_told(const plx_encoders *e, const plx_allocator *allocator, const plx_columns *columns,
                                    const uint32_t *order, size_t n, bool with_labels, plx_unknown *unknown,
                                    plx_rows *out, plx_error *err)
{
    plx_encoding *encoding = NULL;
    plx_rows rows = {0};
    plx_status status = plx_encoding_create(e, columns, n, true, with_labels, &encoding, err);
    if (!status) status = plx_rows_init(&rows, allocator, &e->layout, n, err);
    rows.has_all_labels = with_labels;
    if (!status) encoding->unknown = unknown;
    if (!status) status = plx_encoding_rows(encoding, order, n, &rows, 0, err);
    plx_encoding_free(encoding);
    if (status) {
        plx_rows_release(&rows, allocator);
        return status;
    }
    *out = rows;
    return PLX_OK;
}

plx_status plx_encoders_encode(const plx_encoders *e, const plx_allocator *allocator, const plx_columns *columns,
                               const uint32_t *order, size_t n, bool with_labels, plx_rows *out, plx_error *err)
{
    return plx_encoders_encode_told(e, allocator, columns, order, n, with_labels, NULL, out, err);
}
