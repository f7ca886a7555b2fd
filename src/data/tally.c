/* SPDX-License-Identifier: Apache-2.0 */
/* Counts texts; each distinct cell is looked up once. */
#include "data/tally.h"

#include "data/encoder_def.h"

plx_status plx_found_texts_init(plx_found_texts *found, const plx_raw_column *column, const uint32_t *order, size_t n,
                                const plx_allocator *allocator, plx_error *err)
{
    uint32_t block[PLX_ENCODED_ROWS];
    *found = (plx_found_texts){.counts = plx_alloc_zero(allocator, column->dictionary.n, sizeof *found->counts),
                               .codes = plx_alloc(allocator, column->dictionary.n, sizeof *found->codes)};
    if (!found->counts || !found->codes) return plx_error_memory(err);
    for (size_t first = 0; first < n; first += PLX_ENCODED_ROWS) {
        size_t rows = n - first < PLX_ENCODED_ROWS ? n - first : PLX_ENCODED_ROWS;
        plx_column_codes(column, order + first, rows, block);
        for (size_t i = 0; i < rows; i++)
            if (found->counts[block[i]]++ == 0) found->codes[found->n++] = block[i];
    }
    return PLX_OK;
}

void plx_found_texts_release(plx_found_texts *found, const plx_allocator *allocator)
{
    plx_free(allocator, found->counts);
    plx_free(allocator, found->codes);
}

plx_status plx_tally_add(plx_tally *t, plx_slice cell, uint64_t count, plx_error *err)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_slice text = plx_vocabulary_text(t->vocabulary, cell, buffer);
    const uint64_t hash = plx_dictionary_hash(&t->texts, text);
    uint32_t value = plx_dictionary_find(&t->texts, text, hash);
    if (value == PLX_NOT_FOUND) {
        value = t->texts.n;
        if (value >= PLX_DICTIONARY_MAX)
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than %d different values in a table", PLX_DICTIONARY_MAX);
        if (plx_grow(t->texts.allocator, &t->counts, &t->capacity, (size_t)value + 1, sizeof *t->counts) ||
            !plx_dictionary_add(&t->texts, text, hash))
            return plx_error_memory(err);
        t->counts[value] = 0;
    }
    t->counts[value] += count;
    return PLX_OK;
}

static plx_status count_column(plx_tally *t, const plx_encoder *feature, const plx_columns *columns,
                               const uint32_t *order, size_t n, plx_error *err)
{
    const plx_allocator *allocator = t->texts.allocator;
    const plx_raw_column *column = &columns->items[feature->input];
    plx_found_texts found;
    if (feature->def->count_rows) return feature->def->count_rows(feature, t, columns, order, n, err);
    plx_status status = plx_found_texts_init(&found, column, order, n, allocator, err);
    for (size_t i = 0; !status && i < found.n; i++) {
        const uint32_t code = found.codes[i];
        const plx_slice cell = plx_dictionary_text(&column->dictionary, code);
        status = feature->def->count(feature, t, cell, found.counts[code], err);
    }
    plx_found_texts_release(&found, allocator);
    plx_column_drop_pages(columns, feature->input);
    return status;
}

static plx_status take(plx_vocabulary *vocabulary, const plx_tally *t, plx_error *err)
{
    plx_counted *counted = plx_alloc(t->texts.allocator, t->texts.n, sizeof *counted);
    if (!counted) return plx_error_memory(err);
    for (uint32_t i = 0; i < t->texts.n; i++)
        counted[i] = (plx_counted){.text = plx_dictionary_text(&t->texts, i), .count = t->counts[i]};
    plx_status status = plx_vocabulary_take(vocabulary, counted, t->texts.n, err);
    plx_free(t->texts.allocator, counted);
    return status;
}

/* Feature by feature in the model's order, so that "first seen" is well defined. */
plx_status plx_vocabulary_fit(plx_encoders *e, plx_vocabulary *vocabulary, const plx_columns *columns,
                              const uint32_t *order, size_t n, plx_error *err)
{
    plx_tally t = {.vocabulary = vocabulary};
    plx_status status = PLX_OK;
    plx_dictionary_init(&t.texts, &e->allocator, e->seed);
    for (const plx_encoder *one = vocabulary->first; !status && one; one = one->next_of_table)
        status = count_column(&t, one, columns, order, n, err);
    if (!status) status = take(vocabulary, &t, err);
    plx_free(&e->allocator, t.counts);
    plx_dictionary_release(&t.texts);
    return status;
}

plx_status plx_known_share_fit(const plx_encoders *e, plx_encoder *feature, const plx_columns *columns,
                               const uint32_t *order, size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[feature->input];
    uint64_t n_cells = 0, n_known = 0;
    plx_found_texts found;
    if (!feature->vocabulary || !feature->def->is_known || plx_vocabulary_knows_fit(feature->vocabulary)) return PLX_OK;
    plx_status status = plx_found_texts_init(&found, column, order, n, &e->allocator, err);
    for (size_t i = 0; !status && i < found.n; i++) {
        const uint32_t code = found.codes[i];
        bool is_empty;
        const bool is_known =
            feature->def->is_known(feature, plx_dictionary_text(&column->dictionary, code), &is_empty);
        if (!is_empty) n_cells += found.counts[code];
        if (!is_empty && is_known) n_known += found.counts[code];
    }
    if (n_cells) feature->known_share = (double)n_known / (double)n_cells;
    plx_found_texts_release(&found, &e->allocator);
    plx_column_drop_pages(columns, feature->input);
    return status;
}
