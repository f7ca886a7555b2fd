/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of rows: each different text is hashed once. */
#include "data/group_column.h"

#include "base/hash.h"

enum { BLOCK_ROWS = 256 };

uint64_t plx_group_hash(plx_slice cell)
{
    if (cell.length == 0) return 0;
    uint64_t hash = plx_hash(cell.text, cell.length);
    return hash ? hash : 1;
}

plx_status plx_group_link(plx_encoders *e, plx_error *err)
{
    const char *column = e->spec.data.group;
    e->group = -1;
    e->layout.has_group = *column != '\0';
    if (!*column) return PLX_OK;
    e->group = plx_encoders_input(e, column);
    if (e->group < 0) return plx_error_memory(err);
    e->inputs[e->group].label_texts = true;
    return PLX_OK;
}

plx_status plx_group_map(const plx_encoders *e, const plx_columns *columns, plx_arena *arena, const uint64_t **out,
                         plx_error *err)
{
    char room[PLX_VALUE_ROOM];
    *out = NULL;
    if (e->group < 0) return PLX_OK;
    const plx_dictionary *texts = &columns->items[e->group].dictionary;
    uint64_t *hashes = plx_arena_take(arena, texts->n, sizeof *hashes);
    if (!hashes) return plx_error_memory(err);
    for (uint32_t code = 0; code < texts->n; code++)
        hashes[code] = plx_group_hash(plx_encoders_value(e, plx_dictionary_text(texts, code), room));
    *out = hashes;
    return PLX_OK;
}

void plx_group_encode(const plx_encoders *e, const plx_columns *columns, const uint64_t *hashes, const uint32_t *order,
                      size_t n, uint8_t *records)
{
    uint32_t codes[BLOCK_ROWS];
    const size_t stride = e->layout.record_bytes;
    for (size_t first = 0; hashes && first < n; first += BLOCK_ROWS) {
        size_t rows = n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
        plx_column_codes(&columns->items[e->group], order + first, rows, codes);
        for (size_t i = 0; i < rows; i++)
            plx_record_put_group(&e->layout, records + (first + i) * stride, hashes[codes[i]]);
    }
}
