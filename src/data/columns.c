/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw columns: growing. Rows double in number; pages that were never written take no memory, and the C library moves
 * large blocks without copying them.
 */
#include "data/columns.h"

enum { FIRST_ROWS = 1024 };

plx_status plx_columns_init(plx_columns *columns, const plx_allocator *allocator, int n_items, plx_error *err)
{
    *columns = (plx_columns){.allocator = allocator};
    columns->items = plx_alloc_zero(allocator, (size_t)n_items, sizeof *columns->items);
    if (!columns->items) return plx_error_memory(err);
    columns->n_items = n_items;
    for (int i = 0; i < n_items; i++) {
        columns->items[i].code_bytes = 1;
        columns->items[i].last_code = PLX_NOT_FOUND;
        plx_dictionary_init(&columns->items[i].dictionary, allocator);
    }
    return PLX_OK;
}

void plx_columns_release(plx_columns *columns)
{
    for (int i = 0; i < columns->n_items; i++) {
        plx_free(columns->allocator, columns->items[i].codes);
        plx_free(columns->allocator, columns->items[i].numbers);
        plx_dictionary_release(&columns->items[i].dictionary);
    }
    if (columns->allocator) plx_free(columns->allocator, columns->items);
    *columns = (plx_columns){0};
}

plx_status plx_columns_reserve(plx_columns *columns, plx_error *err)
{
    if (columns->n < columns->capacity) return PLX_OK;
    if (columns->n >= UINT32_MAX) PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than 4294967295 rows; use several runs");
    size_t capacity = columns->capacity ? 2 * columns->capacity : FIRST_ROWS;
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        if (column->has_texts) {
            uint8_t *codes = plx_realloc(columns->allocator, column->codes, capacity, column->code_bytes);
            if (!codes) return plx_error_memory(err);
            column->codes = codes;
        }
        if (column->has_numbers) {
            double *numbers = plx_realloc(columns->allocator, column->numbers, capacity, sizeof *numbers);
            if (!numbers) return plx_error_memory(err);
            column->numbers = numbers;
        }
    }
    columns->capacity = capacity;
    return PLX_OK;
}

/* Doubles the bytes of a code, from the last row to the first, so that nothing is overwritten before it is moved. */
static bool widen(const plx_columns *columns, plx_raw_column *column)
{
    uint32_t bytes = column->code_bytes;
    uint8_t *codes = plx_realloc(columns->allocator, column->codes, columns->capacity, 2 * (size_t)bytes);
    if (!codes) return false;
    for (size_t i = columns->n; i-- > 0;) {
        if (bytes == 1) {
            uint16_t wide = codes[i];
            memcpy(codes + 2 * i, &wide, sizeof wide);
        } else {
            uint16_t narrow;
            memcpy(&narrow, codes + 2 * i, sizeof narrow);
            uint32_t wide = narrow;
            memcpy(codes + 4 * i, &wide, sizeof wide);
        }
    }
    column->codes = codes;
    column->code_bytes = 2 * bytes;
    return true;
}

static void store(plx_raw_column *column, size_t row, uint32_t code)
{
    if (column->code_bytes == 1) {
        column->codes[row] = (uint8_t)code;
    } else if (column->code_bytes == 2) {
        uint16_t narrow = (uint16_t)code;
        memcpy(column->codes + 2 * row, &narrow, sizeof narrow);
    } else {
        memcpy(column->codes + 4 * row, &code, sizeof code);
    }
}

static plx_status add_new(const plx_columns *columns, plx_raw_column *column, plx_slice text, uint64_t hash,
                          plx_error *err)
{
    uint32_t code = column->dictionary.n;
    bool is_full = column->code_bytes < 4 && code >> (8 * column->code_bytes);
    if (code >= PLX_DICTIONARY_MAX)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than %d different values in a column", PLX_DICTIONARY_MAX);
    if ((is_full && !widen(columns, column)) || !plx_dictionary_add(&column->dictionary, text, hash))
        return plx_error_memory(err);
    return PLX_OK;
}

plx_status plx_column_add_text(const plx_columns *columns, plx_raw_column *column, plx_slice text, bool *is_new,
                               plx_error *err)
{
    const plx_dictionary *dictionary = &column->dictionary;
    uint32_t code = column->last_code;
    *is_new = false;
    if (code != PLX_NOT_FOUND) {
        plx_slice last = plx_dictionary_text(dictionary, code);
        if (last.length != text.length || !plx_text_same(last.text, text.text, text.length)) code = PLX_NOT_FOUND;
    }
    if (code == PLX_NOT_FOUND) {
        uint64_t hash = plx_text_hash(text.text, text.length);
        code = plx_dictionary_find(dictionary, text, hash);
        if (code == PLX_NOT_FOUND) {
            *is_new = true;
            code = dictionary->n;
            PLX_TRY(add_new(columns, column, text, hash, err));
        }
        column->last_code = code;
    }
    store(column, columns->n, code);
    return PLX_OK;
}

void plx_column_codes(const plx_raw_column *column, const uint32_t *order, size_t n, uint32_t *out)
{
    if (column->code_bytes == 1) {
        for (size_t i = 0; i < n; i++)
            out[i] = column->codes[order[i]];
    } else if (column->code_bytes == 2) {
        for (size_t i = 0; i < n; i++) {
            uint16_t code;
            memcpy(&code, column->codes + 2 * (size_t)order[i], sizeof code);
            out[i] = code;
        }
    } else {
        for (size_t i = 0; i < n; i++)
            memcpy(&out[i], column->codes + 4 * (size_t)order[i], sizeof *out);
    }
}
