/* SPDX-License-Identifier: Apache-2.0 */
/* Counting is done on records, which have ids: 0 is what is not known. Hashed ids are never 0. */
#include "data/unknown.h"

#include <stdio.h>

#include "data/cells.h"

enum { BLOCK_ROWS = 256, LEAST_CELLS = 100, MOST_PERCENT = 1, TRAINING_PERCENT = 99, SHOWN = 40, KNOWN_SHOWN = 2 };

static uint32_t read_id(const uint8_t *at, uint32_t id_bytes)
{
    uint16_t narrow;
    uint32_t id;
    if (id_bytes == 1) return *at;
    if (id_bytes == 4) return memcpy(&id, at, sizeof id), id;
    return memcpy(&narrow, at, sizeof narrow), narrow;
}

/* How many items a record's list has, and how many of them are known. */
static int list_items(const plx_list_field *field, const uint8_t *record, int *known)
{
    const uint32_t none = field->id_bytes == 1 ? UINT8_MAX : field->id_bytes == 2 ? UINT16_MAX : UINT32_MAX;
    int n = 0;
    *known = 0;
    for (uint32_t i = 0; i < field->length; i++, n++) {
        const uint32_t id = read_id(record + field->offset + (size_t)i * field->id_bytes, field->id_bytes);
        if (id == none) break;
        *known += id > 0;
    }
    return n;
}

bool plx_unknown_list(const plx_list_field *field, const uint8_t *record)
{
    int known;
    return list_items(field, record, &known) > 0 && known == 0;
}

static bool is_hashed(const plx_encoders *e, int feature)
{
    return (feature < e->n_sparse ? e->sparse[feature].vocabulary : e->lists[feature - e->n_sparse].vocabulary)
               ->hash_buckets > 0;
}

static void show_example(plx_unknown *unknown, plx_slice cell)
{
    if (*unknown->example) return;
    snprintf(unknown->example, sizeof unknown->example, "%.*s", (int)(cell.length < SHOWN ? cell.length : SHOWN),
             cell.text);
}

void plx_unknown_cell(const plx_encoders *e, int feature, plx_slice cell, const uint8_t *record, plx_unknown *unknown)
{
    int known, n = cell.length > 0;
    if (feature < e->n_sparse) {
        const plx_id_field *field = &e->layout.sparse[feature];
        known = n && read_id(record + field->offset, field->id_bytes) > 0;
    } else {
        n = list_items(&e->layout.lists[feature - e->n_sparse], record, &known);
    }
    unknown[feature].cells += n > 0;
    unknown[feature].known += known > 0;
    if (n && !known) show_example(&unknown[feature], cell);
}

/* Columns of sparse features are many, and nearly all cells known. */
static void count_sparse(const plx_encoders *e, const plx_raw_column *column, int feature, const uint32_t *codes,
                         size_t n, const uint8_t *records, plx_unknown *unknown)
{
    const plx_dictionary *texts = &column->dictionary;
    const plx_slice nothing = {"", 0};
    const uint32_t empty = plx_dictionary_find(texts, nothing, plx_dictionary_hash(texts, nothing));
    const plx_id_field *field = &e->layout.sparse[feature];
    const size_t stride = e->layout.record_bytes;
    size_t n_cells = 0, n_unknown = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_cell = codes[i] != empty;
        const bool is_unknown = is_cell && read_id(records + i * stride + field->offset, field->id_bytes) == 0;
        n_cells += is_cell;
        n_unknown += is_unknown;
        if (is_unknown) last = i;
    }
    unknown->cells += n_cells;
    unknown->known += n_cells - n_unknown;
    if (n_unknown) show_example(unknown, plx_dictionary_text(texts, codes[last]));
}

void plx_unknown_count(const plx_encoders *e, const plx_columns *columns, int feature, const uint32_t *order, size_t n,
                       const uint8_t *records, plx_unknown *unknown)
{
    uint32_t codes[BLOCK_ROWS];
    const bool is_list = feature >= e->n_sparse;
    const plx_raw_column *column =
        &columns->items[is_list ? e->lists[feature - e->n_sparse].input : e->sparse[feature].input];
    if (is_hashed(e, feature)) return;
    for (size_t first = 0; first < n; first += BLOCK_ROWS, records += (size_t)BLOCK_ROWS * e->layout.record_bytes) {
        const size_t rows = n - first < BLOCK_ROWS ? n - first : BLOCK_ROWS;
        plx_column_codes(column, order + first, rows, codes);
        if (!is_list) count_sparse(e, column, feature, codes, rows, records, &unknown[feature]);
        for (size_t i = 0; is_list && i < rows; i++)
            plx_unknown_cell(e, feature, plx_dictionary_text(&column->dictionary, codes[i]),
                             records + i * e->layout.record_bytes, unknown);
    }
}

int plx_encoders_n_vocabularies(const plx_encoders *e)
{
    return e->n_sparse + e->layout.n_lists;
}

/* Some of the categories that are known. */
static void list_known(const plx_dictionary *texts, char *out, size_t room)
{
    size_t used = 0;
    *out = '\0';
    for (uint32_t i = 0, n = 0; i < texts->n && n < KNOWN_SHOWN; i++) {
        const plx_slice text = plx_dictionary_text(texts, i);
        if (!text.length) continue;
        used += (size_t)snprintf(out + used, room - used, "%s'%.*s'", n ? ", " : "",
                                 (int)(text.length < SHOWN ? text.length : SHOWN), text.text);
        n++;
    }
}

bool plx_encoders_tell_unknown(const plx_encoders *e, int feature, const plx_unknown *unknown, char *line, size_t room)
{
    const bool is_list = feature >= e->n_sparse;
    const plx_vocabulary *vocabulary =
        is_list ? e->lists[feature - e->n_sparse].vocabulary : e->sparse[feature].vocabulary;
    const double share = is_list ? e->lists[feature - e->n_sparse].known_share : e->sparse[feature].known_share;
    const bool was_known = plx_vocabulary_knows_fit(vocabulary) || share * 100 >= TRAINING_PERCENT;
    const plx_feature_spec *spec = is_list ? e->lists[feature - e->n_sparse].spec : e->sparse[feature].spec;
    char known[2 * SHOWN + 16];
    if (vocabulary->hash_buckets || unknown->cells < LEAST_CELLS) return false;
    if (unknown->known && (!was_known || unknown->known * 100 >= unknown->cells * MOST_PERCENT)) return false;
    list_known(&vocabulary->texts, known, sizeof known);
    snprintf(line, room,
             "column '%.100s': of %llu cells %llu hold%s a category that the model knows: '%s' is here, %s are known; "
             "is the column written as for training? (docs/data.md)",
             plx_column_of(spec->column, spec->name), (unsigned long long)unknown->cells,
             (unsigned long long)unknown->known, unknown->known == 1 ? "s" : "", unknown->example, known);
    return true;
}
