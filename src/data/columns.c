/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How raw columns grow. The number of rows doubles; pages that were never written take no memory, and the C library
 * moves large blocks without copying them.
 */
#include "data/columns.h"

/* Few rows first: a wide table has as many arrays as columns, and a piece of it few rows. */
enum { FIRST_ROWS = 64, SPILLED_ROWS = 1024 };

static const uint64_t MOST_ROWS = UINT64_C(1) << 32;

plx_status plx_columns_init(plx_columns *columns, const plx_allocator *allocator, int n_items, plx_hash_seed seed,
                            plx_error *err)
{
    *columns = (plx_columns){.allocator = allocator};
    columns->items = plx_alloc_zero(allocator, (size_t)n_items, sizeof *columns->items);
    if (!columns->items) return plx_error_memory(err);
    columns->n_items = n_items;
    for (int i = 0; i < n_items; i++) {
        columns->items[i].width = 1;
        plx_dictionary_init(&columns->items[i].dictionary, allocator, seed);
    }
    return PLX_OK;
}

plx_status plx_columns_begin(plx_columns *columns, plx_error *err)
{
    size_t n_texts = 0;
    for (int i = 0; i < columns->n_items; i++)
        n_texts += columns->items[i].has_texts;
    if (n_texts > PLX_RECENT_COLUMNS) n_texts = 0;
    columns->recent = plx_alloc(columns->allocator, n_texts * PLX_RECENT_TEXTS, sizeof *columns->recent);
    if (!columns->recent) return plx_error_memory(err);
    plx_recent_text *next = columns->recent;
    for (int i = 0; i < columns->n_items; i++) {
        if (!columns->items[i].has_texts || !n_texts) continue;
        columns->items[i].recent = next;
        next += PLX_RECENT_TEXTS;
    }
    plx_columns_clear(columns);
    return PLX_OK;
}

/* Clears the cache of the last row and text. */
static void remove_last(plx_raw_column *column)
{
    column->newest_row = SIZE_MAX;
    column->last_length = 0;
}

void plx_columns_clear(plx_columns *columns)
{
    columns->n = 0;
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        column->code_bytes = 1;
        remove_last(column);
        plx_dictionary_clear(&column->dictionary);
        for (int k = 0; k < PLX_RECENT_TEXTS && column->recent; k++)
            column->recent[k].code = PLX_NOT_FOUND;
    }
}

void plx_columns_release(plx_columns *columns)
{
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        if (!column->codes_file.at) plx_free(columns->allocator, column->codes);
        if (!column->numbers_file.at) plx_free(columns->allocator, column->numbers);
        plx_spill_release(&column->codes_file);
        plx_spill_release(&column->numbers_file);
        plx_dictionary_release(&column->dictionary);
    }
    plx_spill_files_release(&columns->files);
    if (columns->allocator) plx_free(columns->allocator, columns->recent);
    if (columns->allocator) plx_free(columns->allocator, columns->items);
    *columns = (plx_columns){0};
}

void plx_column_drop_pages(const plx_columns *columns, int item)
{
    plx_spill_drop_pages(&columns->items[item].codes_file);
    plx_spill_drop_pages(&columns->items[item].numbers_file);
}

void plx_columns_drop_pages(const plx_columns *columns)
{
    for (int i = 0; columns->is_spilled && i < columns->n_items; i++)
        plx_column_drop_pages(columns, i);
}

/* Resizes `*array` to `bytes` in its current storage and keeps the first `used` bytes; it never grows beyond `most`. */
static plx_status resize(plx_columns *columns, void **array, plx_spill *file, size_t used, size_t bytes, uint64_t most,
                         plx_error *err)
{
    if (!columns->is_spilled) {
        void *larger = plx_realloc(columns->allocator, *array, bytes, 1);
        if (!larger) return plx_error_memory(err);
        *array = larger;
        return PLX_OK;
    }
    const bool moves = !file->at;
    PLX_TRY(plx_spill_resize(file, &columns->files, bytes, most, err));
    if (moves && used) memcpy(file->at, *array, used);
    if (moves) plx_free(columns->allocator, *array);
    *array = file->at;
    return PLX_OK;
}

static plx_status resize_codes(plx_columns *columns, plx_raw_column *column, size_t capacity, uint32_t bytes,
                               plx_error *err)
{
    void *codes = column->codes;
    plx_status status = resize(columns, &codes, &column->codes_file, columns->n * column->code_bytes, capacity * bytes,
                               MOST_ROWS * sizeof(uint32_t), err);
    column->codes = codes;
    return status;
}

static plx_status resize_numbers(plx_columns *columns, plx_raw_column *column, size_t capacity, plx_error *err)
{
    void *numbers = column->numbers;
    const size_t bytes = (size_t)column->width * sizeof *column->numbers;
    plx_status status =
        resize(columns, &numbers, &column->numbers_file, columns->n * bytes, capacity * bytes, MOST_ROWS * bytes, err);
    column->numbers = numbers;
    return status;
}

/* The next capacity in rows. Files grow by less, since they use disk space; moving them costs nothing. */
static size_t next_capacity(plx_columns *columns)
{
    size_t row_bytes = 0, capacity = columns->capacity ? 2 * columns->capacity : FIRST_ROWS;
    for (int i = 0; i < columns->n_items; i++) {
        const plx_raw_column *column = &columns->items[i];
        row_bytes += (column->has_texts ? column->code_bytes : 0) +
                     (column->has_numbers ? (size_t)column->width * sizeof(double) : 0);
    }
    if (!columns->is_spilled && columns->spill_folder && capacity * row_bytes > columns->spill_bytes) {
        columns->is_spilled = true;
        plx_spill_files_init(&columns->files, columns->allocator, columns->spill_folder);
    }
    return columns->is_spilled ? columns->capacity + columns->capacity / 4 + SPILLED_ROWS : capacity;
}

static plx_status grow(plx_columns *columns, plx_error *err)
{
    size_t capacity = next_capacity(columns);
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        if (column->has_texts) PLX_TRY(resize_codes(columns, column, capacity, column->code_bytes, err));
        if (column->has_numbers) PLX_TRY(resize_numbers(columns, column, capacity, err));
    }
    columns->capacity = capacity;
    return PLX_OK;
}

plx_status plx_columns_reserve(plx_columns *columns, size_t rows, plx_error *err)
{
    while (columns->capacity - columns->n < rows) {
        if (columns->n + rows > UINT32_MAX)
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than 4294967295 rows; use several runs");
        PLX_TRY(grow(columns, err));
    }
    return PLX_OK;
}

/* Doubles the bytes per code, from the last row to the first, so that no code is overwritten before it is moved. */
static plx_status widen(plx_columns *columns, plx_raw_column *column, plx_error *err)
{
    const uint32_t bytes = column->code_bytes;
    PLX_TRY(resize_codes(columns, column, columns->capacity, 2 * bytes, err));
    uint8_t *codes = column->codes;
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
    column->code_bytes = 2 * bytes;
    return PLX_OK;
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

static plx_status fail_many(plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than %d different values in a column", PLX_DICTIONARY_MAX);
}

static plx_status add_new(plx_columns *columns, plx_raw_column *column, plx_slice text, uint64_t hash, plx_error *err)
{
    uint32_t code = column->dictionary.n;
    bool is_full = column->code_bytes < 4 && code >> (8 * column->code_bytes);
    if (code >= PLX_DICTIONARY_MAX) return fail_many(err);
    if (is_full) PLX_TRY(widen(columns, column, err));
    if (!plx_dictionary_add(&column->dictionary, text, hash)) return plx_error_memory(err);
    if (column->newest_row != columns->n) {
        column->newest_row = columns->n;
        column->texts_before = code;
    }
    return PLX_OK;
}

/* The first `bytes` <= 8 bytes at `at`, the others 0. */
static uint64_t first_bytes(const char *at, size_t bytes)
{
    const unsigned others = (unsigned)(64 - 8 * bytes); /* bits */
    const uint64_t word = plx_text_word(at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return bytes ? word >> others << others : 0;
#else
    return bytes ? word << others >> others : 0;
#endif
}

static plx_recent_text describe(plx_slice text)
{
    const size_t bytes = text.length < 8 ? text.length : 8;
    return (plx_recent_text){.first = first_bytes(text.text, bytes),
                             .last = first_bytes(text.text + (text.length - bytes), bytes),
                             .length = (uint32_t)text.length,
                             .code = PLX_NOT_FOUND};
}

static plx_recent_text *place_of(plx_raw_column *column, const plx_recent_text *text)
{
    uint64_t hash = (text->first ^ (text->last << 29 | text->last >> 35) ^ text->length) * UINT64_C(0x9e3779b97f4a7c15);
    return &column->recent[hash >> 58];
}
_Static_assert(PLX_RECENT_TEXTS == 64, "a place is 6 bits of a hash");

static bool is_recent(const plx_raw_column *column, const plx_recent_text *recent, const plx_recent_text *given,
                      plx_slice text)
{
    if (recent->first != given->first || recent->last != given->last || recent->length != given->length ||
        recent->code == PLX_NOT_FOUND)
        return false;
    if (text.length <= 16) return true;
    const char *known = plx_dictionary_text(&column->dictionary, recent->code).text;
    return plx_text_same(known + 8, text.text + 8, text.length - 16);
}

static plx_status find_or_add(plx_columns *columns, plx_raw_column *column, plx_slice text, uint32_t *code,
                              bool *is_new, plx_error *err)
{
    uint64_t hash = plx_dictionary_hash(&column->dictionary, text);
    *code = plx_dictionary_find(&column->dictionary, text, hash);
    *is_new = *code == PLX_NOT_FOUND;
    if (!*is_new) return PLX_OK;
    *code = column->dictionary.n;
    return add_new(columns, column, text, hash, err);
}

/* Most columns have few values, and most rows have a common one: one lookup finds it, without branches that depend on
 * the text. */
plx_status plx_column_add_text(plx_columns *columns, plx_raw_column *column, plx_slice text, bool *is_new,
                               plx_error *err)
{
    if (!column->recent) {
        uint32_t code;
        PLX_TRY(find_or_add(columns, column, text, &code, is_new, err));
        store(column, columns->n, code);
        return PLX_OK;
    }
    plx_recent_text given = describe(text), *recent = place_of(column, &given);
    *is_new = false;
    if (!is_recent(column, recent, &given, text)) {
        PLX_TRY(find_or_add(columns, column, text, &given.code, is_new, err));
        *recent = given;
    }
    store(column, columns->n, recent->code);
    return PLX_OK;
}

void plx_columns_drop_row(plx_columns *columns)
{
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        const bool is_new = column->newest_row == columns->n;
        remove_last(column);
        if (!is_new) continue;
        while (column->dictionary.n > column->texts_before)
            plx_dictionary_drop(&column->dictionary);
        for (int k = 0; k < PLX_RECENT_TEXTS && column->recent; k++)
            if (column->recent[k].code >= column->texts_before) column->recent[k].code = PLX_NOT_FOUND;
    }
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

/* The same for rows first..first+n-1. */
static void read_codes(const plx_raw_column *column, size_t first, size_t n, uint32_t *out)
{
    uint32_t rows[PLX_ENCODED_ROWS];
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)(first + i);
    plx_column_codes(column, rows, n, out);
}

/* `codes` [from->dictionary.n]: the codes of that column in this one. */
static void append_codes(plx_raw_column *column, size_t row, const plx_raw_column *from, size_t n,
                         const uint32_t *codes)
{
    uint32_t block[PLX_ENCODED_ROWS];
    for (size_t first = 0; first < n; first += PLX_ENCODED_ROWS) {
        const size_t rows = n - first < PLX_ENCODED_ROWS ? n - first : PLX_ENCODED_ROWS;
        read_codes(from, first, rows, block);
        for (size_t i = 0; i < rows; i++)
            store(column, row + first + i, codes[block[i]]);
    }
}

static plx_status append_texts(plx_columns *columns, plx_raw_column *column, const plx_raw_column *from, size_t n,
                               plx_error *err)
{
    plx_dictionary *texts = &column->dictionary;
    uint32_t *codes = plx_alloc(columns->allocator, from->dictionary.n, sizeof *codes);
    plx_status status = PLX_OK;
    if (!codes || !plx_dictionary_add_all(texts, &from->dictionary, codes))
        status = texts->n >= PLX_DICTIONARY_MAX ? fail_many(err) : plx_error_memory(err);
    while (!status && column->code_bytes < 4 && texts->n && (texts->n - 1) >> (8 * column->code_bytes))
        status = widen(columns, column, err);
    if (!status) append_codes(column, columns->n, from, n, codes);
    plx_free(columns->allocator, codes);
    return status;
}

plx_status plx_columns_append(plx_columns *columns, const plx_columns *from, plx_error *err)
{
    if (from->n == 0) return PLX_OK;
    PLX_TRY(plx_columns_reserve(columns, from->n, err));
    for (int i = 0; i < columns->n_items; i++) {
        plx_raw_column *column = &columns->items[i];
        const size_t width = (size_t)column->width;
        remove_last(column);
        if (column->has_texts) PLX_TRY(append_texts(columns, column, &from->items[i], from->n, err));
        if (column->has_numbers)
            memcpy(column->numbers + columns->n * width, from->items[i].numbers,
                   from->n * width * sizeof *column->numbers);
    }
    columns->n += from->n;
    return PLX_OK;
}
