/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vocabularies from raw columns. A table that one sparse feature reads takes the texts of its column where they lie;
 * one that lists or several features read needs a count of its own over all of them. Each different cell is looked at
 * once.
 */
#include <stdlib.h>

#include "data/lists.h"
#include "files/find.h"

enum { BLOCK_ROWS = 256 };

/* A column's texts among the rows, and how many rows have each. */
typedef struct found_texts {
    uint32_t *counts; /* [dictionary.n]: rows of each code */
    uint32_t *codes;  /* [n]: in the order of their first rows */
    size_t n;
} found_texts;

static void release_found(found_texts *found, const plx_allocator *allocator)
{
    plx_free(allocator, found->counts);
    plx_free(allocator, found->codes);
}

/* To be released after a failure too. */
static plx_status find_texts(found_texts *found, const plx_raw_column *column, const uint32_t *order, size_t n,
                             const plx_allocator *allocator, plx_error *err)
{
    uint32_t block[BLOCK_ROWS];
    *found = (found_texts){.counts = plx_alloc_zero(allocator, column->dictionary.n, sizeof *found->counts),
                           .codes = plx_alloc(allocator, column->dictionary.n, sizeof *found->codes)};
    if (!found->counts || !found->codes) return plx_error_memory(err);
    for (size_t first = 0; first < n; first += BLOCK_ROWS) {
        size_t rows = n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
        plx_column_codes(column, order + first, rows, block);
        for (size_t i = 0; i < rows; i++)
            if (found->counts[block[i]]++ == 0) found->codes[found->n++] = block[i];
    }
    return PLX_OK;
}

/* The id of most rows. */
static int64_t commonest(const plx_sparse_encoder *sparse, const plx_dictionary *texts, const found_texts *found)
{
    const plx_vocabulary *vocabulary = sparse->vocabulary;
    int64_t best = 0;
    uint32_t most = 0;
    for (uint32_t code = 0; code < texts->n; code++) {
        const uint32_t count = found->counts[code];
        if (count == 0 || count < most) continue;
        const plx_slice text = plx_vocabulary_cell(vocabulary, sparse->spec, plx_dictionary_text(texts, code));
        const int64_t id = plx_vocabulary_id(vocabulary, text);
        if (count > most || id < best) {
            most = count;
            best = id;
        }
    }
    return best;
}

static plx_status take_texts(plx_vocabulary *vocabulary, const plx_dictionary *texts, const found_texts *found,
                             plx_error *err)
{
    const plx_allocator *allocator = vocabulary->texts.allocator;
    plx_counted *counted = plx_alloc(allocator, found->n, sizeof *counted);
    if (!counted) return plx_error_memory(err);
    for (size_t i = 0; i < found->n; i++)
        counted[i] = (plx_counted){plx_dictionary_text(texts, found->codes[i]), found->counts[found->codes[i]]};
    plx_status status = plx_vocabulary_take(vocabulary, counted, found->n, err);
    plx_free(allocator, counted);
    return status;
}

/* -- Tables of lists, and shared ones --------------------------------------------------------------------------------
 */

/* Texts of several columns, counted by what they are as categories. */
typedef struct tally {
    const plx_vocabulary *vocabulary;
    const plx_feature_spec *sparse; /* whose cells are counted; of lists NULL */
    plx_dictionary texts;
    uint64_t *counts; /* [texts.n] */
    size_t capacity;
} tally;

static plx_status count_text(tally *t, plx_slice cell, uint64_t count, plx_error *err)
{
    char room[PLX_VALUE_ROOM];
    const plx_slice text = plx_vocabulary_text(t->vocabulary, cell, room);
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

/* `list` NULL: the cells are the texts. */
static plx_status count_cell(tally *t, const plx_list_encoder *list, plx_slice cell, uint64_t count, plx_error *err)
{
    plx_slice item;
    if (!list) return count_text(t, plx_vocabulary_cell(t->vocabulary, t->sparse, cell), count, err);
    plx_list_walk walk = plx_list_items(list, cell);
    while (plx_list_next(&walk, &item))
        PLX_TRY(count_text(t, plx_list_text(list, item), count, err));
    return PLX_OK;
}

static plx_status count_column(tally *t, const plx_list_encoder *list, const plx_columns *columns, int input,
                               const uint32_t *order, size_t n, plx_error *err)
{
    const plx_allocator *allocator = t->texts.allocator;
    const plx_raw_column *column = &columns->items[input];
    found_texts found;
    plx_status status = find_texts(&found, column, order, n, allocator, err);
    for (size_t i = 0; !status && i < found.n; i++) {
        const uint32_t code = found.codes[i];
        status = count_cell(t, list, plx_dictionary_text(&column->dictionary, code), found.counts[code], err);
    }
    release_found(&found, allocator);
    plx_column_forget(columns, input);
    return status;
}

static plx_status take_tally(plx_vocabulary *vocabulary, const tally *t, plx_error *err)
{
    plx_counted *counted = plx_alloc(t->texts.allocator, t->texts.n, sizeof *counted);
    if (!counted) return plx_error_memory(err);
    for (uint32_t i = 0; i < t->texts.n; i++)
        counted[i] = (plx_counted){plx_dictionary_text(&t->texts, i), t->counts[i]};
    plx_status status = plx_vocabulary_take(vocabulary, counted, t->texts.n, err);
    plx_free(t->texts.allocator, counted);
    return status;
}

/* Feature by feature in the model's order, so that "first seen" is well defined. */
static plx_status fit_shared(plx_encoders *e, plx_vocabulary *vocabulary, const plx_columns *columns,
                             const uint32_t *order, size_t n, plx_error *err)
{
    tally t = {.vocabulary = vocabulary};
    plx_status status = PLX_OK;
    plx_dictionary_init(&t.texts, &e->allocator, e->seed);
    for (int i = 0; !status && i < e->n_sparse; i++) {
        t.sparse = e->sparse[i].spec;
        if (e->sparse[i].vocabulary == vocabulary)
            status = count_column(&t, NULL, columns, e->sparse[i].input, order, n, err);
    }
    for (int i = 0; !status && i < e->layout.n_lists; i++)
        if (e->lists[i].vocabulary == vocabulary)
            status = count_column(&t, &e->lists[i], columns, e->lists[i].input, order, n, err);
    if (!status) status = take_tally(vocabulary, &t, err);
    plx_free(&e->allocator, t.counts);
    plx_dictionary_release(&t.texts);
    return status;
}

static bool is_own(const plx_vocabulary *vocabulary)
{
    return vocabulary->n_features == 1 && vocabulary->is_fitted;
}

/* Whether cells are other texts as categories than they are: two may be one then. */
static bool changes_texts(const plx_sparse_encoder *sparse, const plx_dictionary *texts)
{
    char room[PLX_VALUE_ROOM];
    const plx_vocabulary *vocabulary = sparse->vocabulary;
    if (sparse->spec->missing_texts.n) return true;
    for (uint32_t code = 0; !vocabulary->is_exact && code < texts->n; code++) {
        const plx_slice text = plx_dictionary_text(texts, code);
        if (!plx_slice_equal(text, plx_vocabulary_text(vocabulary, text, room))) return true;
    }
    return false;
}

static bool is_known(const plx_vocabulary *vocabulary, const plx_sparse_encoder *sparse, const plx_list_encoder *list,
                     plx_slice cell, bool *is_empty)
{
    plx_slice item;
    bool is_found = false;
    *is_empty = cell.length == 0;
    if (!list) return plx_vocabulary_id(vocabulary, plx_vocabulary_cell(vocabulary, sparse->spec, cell)) > 0;
    plx_list_walk walk = plx_list_items(list, cell);
    for (*is_empty = true; plx_list_next(&walk, &item); *is_empty = false)
        is_found |= plx_vocabulary_id(vocabulary, plx_list_text(list, item)) > 0;
    return is_found;
}

/* Of the cells that are not empty; 0 without any. Each is a sparse feature's, or one of `list`. */
static double known_share(const plx_sparse_encoder *sparse, const plx_list_encoder *list, const plx_dictionary *texts,
                          const found_texts *found)
{
    const plx_vocabulary *vocabulary = list ? list->vocabulary : sparse->vocabulary;
    uint64_t n_cells = 0, n_known = 0;
    for (size_t i = 0; i < found->n; i++) {
        const uint32_t code = found->codes[i];
        bool is_empty;
        const bool knows = is_known(vocabulary, sparse, list, plx_dictionary_text(texts, code), &is_empty);
        if (!is_empty) n_cells += found->counts[code];
        if (!is_empty && knows) n_known += found->counts[code];
    }
    return n_cells ? (double)n_known / (double)n_cells : 0;
}

/* The commonest id, and before it the vocabulary where the feature alone has it. */
static plx_status fit_sparse(plx_encoders *e, plx_sparse_encoder *sparse, const plx_columns *columns,
                             const uint32_t *order, size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[sparse->input];
    const plx_dictionary *texts = &column->dictionary;
    plx_vocabulary *vocabulary = sparse->vocabulary;
    found_texts found;
    plx_status status = find_texts(&found, column, order, n, &e->allocator, err);
    if (!status && is_own(vocabulary))
        status = changes_texts(sparse, texts) ? fit_shared(e, vocabulary, columns, order, n, err)
                                              : take_texts(vocabulary, texts, &found, err);
    if (!status) sparse->common = commonest(sparse, texts, &found);
    if (!status && !plx_vocabulary_knows_fit(vocabulary))
        sparse->known_share = known_share(sparse, NULL, texts, &found);
    release_found(&found, &e->allocator);
    plx_column_forget(columns, sparse->input);
    return status;
}

/* What is to be known of a list beside its vocabulary. */
static plx_status fit_list(plx_encoders *e, plx_list_encoder *list, const plx_columns *columns, const uint32_t *order,
                           size_t n, plx_error *err)
{
    const plx_raw_column *column = &columns->items[list->input];
    found_texts found;
    if (plx_vocabulary_knows_fit(list->vocabulary)) return PLX_OK;
    plx_status status = find_texts(&found, column, order, n, &e->allocator, err);
    if (!status) list->known_share = known_share(NULL, list, &column->dictionary, &found);
    release_found(&found, &e->allocator);
    plx_column_forget(columns, list->input);
    return status;
}

/* Whether a vocabulary is to be taken from rows, and not as those of sparse features alone are. */
static bool needs_tally(const plx_vocabulary *vocabulary)
{
    return vocabulary->is_fitted && (vocabulary->n_features > 1 || vocabulary->spec->kind == PLX_FEATURE_LIST);
}

plx_status plx_vocabularies_fit(plx_encoders *e, const plx_columns *columns, const uint32_t *order, size_t n,
                                plx_error *err)
{
    for (int i = 0; i < e->n_vocabularies; i++)
        if (needs_tally(&e->vocabularies[i])) PLX_TRY(fit_shared(e, &e->vocabularies[i], columns, order, n, err));
    for (int i = 0; i < e->n_sparse; i++)
        PLX_TRY(fit_sparse(e, &e->sparse[i], columns, order, n, err));
    for (int i = 0; i < e->layout.n_lists; i++)
        PLX_TRY(fit_list(e, &e->lists[i], columns, order, n, err));
    return PLX_OK;
}

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
