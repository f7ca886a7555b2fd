/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of raw columns into records. Cells that come again and again, such as a film's genres, are taken apart once and
 * copied from the record that had them first; where most cells differ, remembering them would not pay.
 */
#include "data/encoders_lists.h"

#include "data/lists.h"

enum { BLOCK_ROWS = 256 };

static const plx_dictionary *texts_of(const plx_columns *columns, int input)
{
    return &columns->items[input].dictionary;
}

plx_status plx_list_memory_init(plx_list_memory *memory, plx_arena *arena, const plx_encoders *e,
                                const plx_columns *columns, size_t n, plx_error *err)
{
    *memory = (plx_list_memory){.first = plx_arena_take(arena, (size_t)e->layout.n_lists, sizeof *memory->first)};
    for (int i = 0; memory->first && i < e->layout.n_lists; i++) {
        const size_t n_texts = texts_of(columns, e->lists[i].input)->n;
        const bool is_worth = e->lists[i].weight_input < 0 && n_texts < n / 2;
        if (is_worth) memory->first[i] = plx_arena_take(arena, n_texts, sizeof **memory->first);
    }
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

static void copy_list(const plx_list_field *field, const uint8_t *from, uint8_t *to)
{
    memcpy(to + field->offset, from + field->offset, (size_t)field->length * field->id_bytes);
    if (field->has_weights)
        memcpy(to + field->weights_offset, from + field->weights_offset, field->length * sizeof(float));
}

static plx_slice weights_of(const plx_list_encoder *list, const plx_columns *columns, uint32_t row)
{
    uint32_t code;
    if (list->weight_input < 0) return (plx_slice){"", 0};
    plx_column_codes(&columns->items[list->weight_input], &row, 1, &code);
    return plx_dictionary_text(texts_of(columns, list->weight_input), code);
}

static plx_status encode_list(const plx_encoders *e, int index, const plx_columns *columns, uint32_t *known,
                              const uint32_t *order, size_t n, plx_rows *out, size_t first, plx_error *err)
{
    const plx_list_encoder *list = &e->lists[index];
    const plx_list_field *field = &e->layout.lists[index];
    const plx_dictionary *texts = texts_of(columns, list->input);
    const size_t stride = e->layout.record_bytes;
    uint32_t codes[BLOCK_ROWS];
    plx_column_codes(&columns->items[list->input], order, n, codes);
    for (size_t i = 0; i < n; i++) {
        uint8_t *record = out->records + (first + i) * stride;
        if (known && known[codes[i]]) {
            copy_list(field, out->records + (known[codes[i]] - 1) * stride, record);
            continue;
        }
        PLX_TRY(plx_list_encode(list, field, plx_dictionary_text(texts, codes[i]), weights_of(list, columns, order[i]),
                                record, err));
        if (known) known[codes[i]] = (uint32_t)(first + i + 1);
    }
    return PLX_OK;
}

plx_status plx_encode_lists(const plx_encoders *e, const plx_columns *columns, const plx_list_memory *memory,
                            const uint32_t *order, size_t n, plx_rows *out, size_t first, plx_error *err)
{
    for (int i = 0; i < e->layout.n_lists; i++)
        for (size_t block = 0; block < n; block += BLOCK_ROWS) {
            const size_t rows = n - block < BLOCK_ROWS ? n - block : BLOCK_ROWS;
            PLX_TRY(encode_list(e, i, columns, memory->first[i], order + block, rows, out, first + block, err));
        }
    return PLX_OK;
}

/* -- What only the two cells of a row together can show ---------------------------------------------------------------
 */

plx_status plx_check_list_cell(const plx_encoders *e, int input, plx_slice cell, plx_error *err)
{
    for (int i = 0; i < e->layout.n_lists; i++)
        if (e->lists[i].input == input && e->lists[i].weight_separator)
            PLX_TRY(plx_list_encode(&e->lists[i], &e->list_fields[i], cell, (plx_slice){"", 0}, NULL, err));
    return PLX_OK;
}

plx_status plx_check_list_rows(const plx_encoders *e, const plx_columns *columns, int *input, plx_error *err)
{
    const uint32_t row = (uint32_t)columns->n;
    for (int i = 0; i < e->layout.n_lists; i++) {
        const plx_list_encoder *list = &e->lists[i];
        uint32_t code;
        if (list->weight_input < 0) continue;
        plx_column_codes(&columns->items[list->input], &row, 1, &code);
        *input = list->weight_input;
        PLX_TRY(plx_list_encode(list, &e->list_fields[i], plx_dictionary_text(texts_of(columns, list->input), code),
                                weights_of(list, columns, row), NULL, err));
    }
    return PLX_OK;
}
