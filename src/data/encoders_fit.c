/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is fitted from raw columns, and raw columns into records. Records are written in blocks of rows that stay in the
 * cache while feature after feature is added to them.
 */
#include "data/encoder_def.h"
#include "data/group_column.h"
#include "data/labels.h"
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
    for (int i = 0; i < e->n_features; i++) {
        plx_encoder *feature = &e->features[i];
        if (feature->def->fit) PLX_TRY(feature->def->fit(e, feature, columns, order, n, err));
        PLX_TRY(plx_known_share_fit(e, feature, columns, order, n, err));
    }
    PLX_TRY(plx_labels_fit(e, columns, order, n, err));
    plx_encoders_seal(e);
    return PLX_OK;
}

struct plx_encoding {
    const plx_encoders *encoders;
    const plx_columns *columns;
    plx_arena arena;
    void **prepared;             /* [n_features]: by their rows */
    const plx_label_map *labels; /* NULL: without labels */
    const uint64_t *groups;      /* NULL: none, or without labels */
    plx_unknown *unknown;        /* NULL: not counted */
};

static plx_status prepare(plx_encoding *encoding, size_t n, bool with_labels, plx_error *err)
{
    const plx_encoders *e = encoding->encoders;
    plx_arena *arena = &encoding->arena;
    encoding->prepared = plx_arena_take(arena, (size_t)e->n_features, sizeof *encoding->prepared);
    if (!encoding->prepared) return plx_error_memory(err);
    for (int i = 0; i < e->n_features; i++) {
        const plx_encoder *feature = &e->features[i];
        if (!feature->def->prepare) continue;
        PLX_TRY(feature->def->prepare(e, feature, encoding->columns, n, arena, &encoding->prepared[i], err));
    }
    if (with_labels) PLX_TRY(plx_labels_map(e, encoding->columns, arena, &encoding->labels, err));
    if (with_labels) PLX_TRY(plx_group_map(e, encoding->columns, arena, &encoding->groups, err));
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
    const plx_columns *columns = encoding->columns;
    const size_t stride = e->layout.record_bytes;
    plx_encoded_rows rows = {.encoders = e, .columns = columns, .all = out->records};
    for (size_t done = 0; done < n; done += rows.n) {
        rows.n = n - done < PLX_ENCODED_ROWS ? n - done : PLX_ENCODED_ROWS;
        rows.order = order + done;
        rows.first = first + done;
        rows.records = out->records + rows.first * stride;
        for (int i = 0; i < e->n_features; i++)
            PLX_TRY(e->features[i].def->encode_rows(&e->features[i], &rows, encoding->prepared[i], err));
        PLX_TRY(plx_labels_encode(e, columns, encoding->labels, rows.order, rows.n, rows.records, &out->has_all_labels,
                                  err));
        plx_group_encode(e, columns, encoding->groups, rows.order, rows.n, rows.records);
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
