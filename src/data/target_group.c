/* SPDX-License-Identifier: Apache-2.0 */
/* data.group, as an encoder like a feature's: it makes a hash per record. Each distinct text is hashed once. */
#include "data/target_group.h"

#include "base/hash.h"
#include "data/encoder_def.h"

uint64_t plx_group_hash(plx_slice cell)
{
    if (cell.length == 0) return 0;
    uint64_t hash = plx_hash(cell.text, cell.length);
    return hash ? hash : 1;
}

static plx_status link_column(plx_encoders *e, plx_encoder *group, plx_error *err)
{
    group->input = plx_encoders_input(e, e->spec.data.group);
    if (group->input < 0) return plx_error_memory(err);
    e->inputs[group->input].label_texts = true;
    e->layout.has_group = true;
    return PLX_OK;
}

/* The hash of each code of the column. */
static plx_status prepare(const plx_encoders *e, const plx_encoder *group, const plx_columns *columns, size_t n,
                          plx_arena *arena, void **out, plx_error *err)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_dictionary *texts = &columns->items[group->input].dictionary;
    uint64_t *hashes = plx_arena_take(arena, texts->n, sizeof *hashes);
    (void)n;
    if (!hashes) return plx_error_memory(err);
    for (uint32_t code = 0; code < texts->n; code++)
        hashes[code] = plx_group_hash(plx_encoders_value(e, plx_dictionary_text(texts, code), buffer));
    *out = hashes;
    return PLX_OK;
}

static plx_status encode_rows(const plx_encoder *group, const plx_encoded_rows *rows, void *prepared, plx_error *err)
{
    const uint64_t *hashes = prepared;
    uint32_t codes[PLX_ENCODED_ROWS];
    (void)err;
    if (!hashes) return PLX_OK; /* groups need labels */
    plx_column_codes(&rows->columns->items[group->input], rows->order, rows->n, codes);
    for (size_t i = 0; i < rows->n; i++)
        plx_record_put_group(&rows->encoders->layout, plx_encoded_record(rows, i), hashes[codes[i]]);
    return PLX_OK;
}

/* It always has a column. */
static plx_status encode_cells(const plx_encoder *group, int n, plx_request *r, plx_error *err)
{
    const plx_encoders *e = r->encoders;
    const plx_column *cells = NULL;
    char buffer[PLX_VALUE_SIZE], value_buffer[PLX_VALUE_SIZE];
    (void)n;
    if (!r->with_labels) return PLX_OK;
    PLX_TRY(plx_request_column(r, group->input, &cells, err));
    for (size_t row = 0; row < r->n; row++) {
        const plx_slice text = plx_encoders_value(e, plx_request_text(r, cells, row, buffer), value_buffer);
        plx_record_put_group(&e->layout, plx_request_record(r, row), plx_group_hash(text));
    }
    return PLX_OK;
}

const plx_encoder_def plx_target_group = {
    .name = "group", .link = link_column, .prepare = prepare, .encode_rows = encode_rows, .encode_cells = encode_cells};
