/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is fitted from raw columns, and raw columns into records. Records are written in blocks of rows that stay in the
 * cache while feature after feature is added to them.
 */
#include "data/encoder_def.h"
#include "data/unknown.h"
#include "files/find.h"

plx_status plx_vocabularies_read(plx_encoders *e, const plx_load_options *options, plx_error *err)
{
    plx_arena arena;
    plx_status status = PLX_OK;
    plx_arena_init(&arena, &e->allocator);
    for (int i = 0; !status && i < e->n_vocabularies; i++) {
        const char *path, *name = e->vocabularies[i].spec->vocabulary_file;
        if (!*name) continue;
        status = plx_find_file(&arena, name, options->folders, options->n_folders, &path, err);
        if (!status) status = plx_vocabulary_read(&e->vocabularies[i], path, e->csv.trim, &options->listener, err);
    }
    plx_arena_release(&arena);
    return status;
}

plx_status plx_encoders_fit(plx_encoders *e, const plx_columns *columns, const uint32_t *order, size_t n,
                            plx_error *err)
{
    for (int i = 0; i < e->n_vocabularies; i++)
        if (e->vocabularies[i].is_fitted && e->vocabularies[i].n_features > 1)
            PLX_TRY(plx_vocabulary_fit(e, &e->vocabularies[i], columns, order, n, err));
    for (int i = 0; i < e->n_all; i++) {
        plx_encoder *one = &e->all[i];
        if (one->def->fit) PLX_TRY(one->def->fit(e, one, columns, order, n, err));
        PLX_TRY(plx_known_share_fit(e, one, columns, order, n, err));
    }
    plx_encoders_seal(e);
    return PLX_OK;
}

struct plx_encoding {
    const plx_encoders *encoders;
    const plx_columns *columns;
    plx_arena arena;
    void **prepared;      /* [n_all]: by their rows */
    plx_unknown *unknown; /* NULL: not counted */
};

static plx_status prepare(plx_encoding *encoding, size_t n, bool with_labels, plx_error *err)
{
    const plx_encoders *e = encoding->encoders;
    plx_arena *arena = &encoding->arena;
    const int n_encoders = with_labels ? e->n_all : e->n_features;
    encoding->prepared = plx_arena_take(arena, (size_t)e->n_all, sizeof *encoding->prepared);
    if (!encoding->prepared) return plx_error_memory(err);
    for (int i = 0; i < n_encoders; i++)
        if (e->all[i].def->prepare)
            PLX_TRY(e->all[i].def->prepare(e, &e->all[i], encoding->columns, n, arena, &encoding->prepared[i], err));
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_encoding_create(const plx_encoders *e, const plx_columns *columns, size_t n, bool whole,
                               bool with_labels, plx_encoding **out, plx_error *err)
{
    plx_encoding *encoding = plx_alloc_zero(&e->allocator, 1, sizeof *encoding);
    *out = NULL;
    if (!encoding) return plx_error_memory(err);
    *encoding = (plx_encoding){.encoders = e, .columns = columns};
    plx_arena_init(&encoding->arena, &e->allocator);
    plx_status status = prepare(encoding, whole ? n : 0, with_labels, err);
    if (status)
        plx_encoding_free(encoding);
    else
        *out = encoding;
    return status;
}

void plx_encoding_free(plx_encoding *encoding)
{
    if (!encoding) return;
    plx_arena_release(&encoding->arena);
    plx_free(&encoding->encoders->allocator, encoding);
}

plx_status plx_encoding_rows(const plx_encoding *encoding, const uint32_t *order, size_t n, plx_rows *out, size_t first,
                             plx_error *err)
{
    const plx_encoders *e = encoding->encoders;
    const size_t stride = e->layout.record_bytes;
    plx_encoded_rows rows = {
        .encoders = e, .columns = encoding->columns, .all = out->records, .has_all_labels = &out->has_all_labels};
    for (size_t done = 0; done < n; done += rows.n) {
        rows.n = n - done < PLX_ENCODED_ROWS ? n - done : PLX_ENCODED_ROWS;
        rows.order = order + done;
        rows.first = first + done;
        rows.records = out->records + rows.first * stride;
        for (int i = 0; i < e->n_all; i++)
            PLX_TRY(e->all[i].def->encode_rows(&e->all[i], &rows, encoding->prepared[i], err));
        for (int i = 0; encoding->unknown && i < e->n_features; i++)
            plx_unknown_count(&e->features[i], &rows, &encoding->unknown[i]);
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
