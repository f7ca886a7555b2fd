/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in records, by their ids: id 0 is unknown. Hashed ids are never 0. */
#include "data/unknown.h"

#include <stdio.h>

enum { LEAST_CELLS = 100, MOST_PERCENT = 1, TRAINING_PERCENT = 99, SHOWN = 40, KNOWN_SHOWN = 2 };

static uint32_t read_id(const uint8_t *at, uint32_t id_bytes)
{
    uint16_t narrow;
    uint32_t id;
    if (id_bytes == 1) return *at;
    if (id_bytes == 4) return memcpy(&id, at, sizeof id), id;
    return memcpy(&narrow, at, sizeof narrow), narrow;
}

/* The number of items in a record's list, and how many are known. */
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

static void show_example(plx_unknown *unknown, plx_slice cell)
{
    if (*unknown->example) return;
    snprintf(unknown->example, sizeof unknown->example, "%.*s", (int)(cell.length < SHOWN ? cell.length : SHOWN),
             cell.text);
}

void plx_unknown_cell(const plx_encoders *e, const plx_encoder *feature, plx_slice cell, const uint8_t *record,
                      plx_unknown *unknown)
{
    int known, n = cell.length > 0;
    if (feature->outputs[0].kind == PLX_MAKES_ID) {
        const plx_id_field *field = plx_encoder_id(e, feature, 0);
        known = n && read_id(record + field->offset, field->id_bytes) > 0;
    } else {
        n = list_items(&e->layout.lists[feature->outputs[0].place], record, &known);
    }
    unknown->cells += n > 0;
    unknown->known += known > 0;
    if (n && !known) show_example(unknown, cell);
}

/* Optimized for many sparse columns with few unknown cells. */
static void count_ids(const plx_encoder *feature, const plx_encoded_rows *rows, const uint32_t *codes,
                      plx_unknown *unknown)
{
    const plx_dictionary *texts = &rows->columns->items[feature->input].dictionary;
    const plx_slice nothing = {"", 0};
    const uint32_t empty = plx_dictionary_find(texts, nothing, plx_dictionary_hash(texts, nothing));
    const plx_id_field *field = plx_encoder_id(rows->encoders, feature, 0);
    size_t n_cells = 0, n_unknown = 0, first = 0;
    for (size_t i = rows->n; i-- > 0;) {
        const bool is_cell = codes[i] != empty;
        const uint8_t *record = plx_encoded_record(rows, i);
        const bool is_unknown = is_cell && read_id(record + field->offset, field->id_bytes) == 0;
        n_cells += is_cell;
        n_unknown += is_unknown;
        if (is_unknown) first = i;
    }
    unknown->cells += n_cells;
    unknown->known += n_cells - n_unknown;
    if (n_unknown) show_example(unknown, plx_dictionary_text(texts, codes[first]));
}

void plx_unknown_add(plx_unknown *unknown, const plx_unknown *more)
{
    unknown->cells += more->cells;
    unknown->known += more->known;
    if (!*unknown->example) memcpy(unknown->example, more->example, sizeof unknown->example);
}

void plx_unknown_count(const plx_encoder *feature, const plx_encoded_rows *rows, plx_unknown *unknown)
{
    uint32_t codes[PLX_ENCODED_ROWS];
    if (!feature->def->is_known || feature->vocabulary->hash_buckets) return;
    const plx_raw_column *column = &rows->columns->items[feature->input];
    plx_column_codes(column, rows->order, rows->n, codes);
    if (feature->outputs[0].kind == PLX_MAKES_ID) {
        count_ids(feature, rows, codes, unknown);
        return;
    }
    for (size_t i = 0; i < rows->n; i++)
        plx_unknown_cell(rows->encoders, feature, plx_dictionary_text(&column->dictionary, codes[i]),
                         plx_encoded_record(rows, i), unknown);
}

int plx_encoders_n_features(const plx_encoders *e)
{
    return e->n_features;
}

/* Lists some of the known categories. */
static void list_known(const plx_dictionary *texts, char *out, size_t capacity)
{
    size_t used = 0;
    *out = '\0';
    for (uint32_t i = 0, n = 0; i < texts->n && n < KNOWN_SHOWN; i++) {
        const plx_slice text = plx_dictionary_text(texts, i);
        if (!text.length) continue;
        used += (size_t)snprintf(out + used, capacity - used, "%s'%.*s'", n ? ", " : "",
                                 (int)(text.length < SHOWN ? text.length : SHOWN), text.text);
        n++;
    }
}

bool plx_encoders_report_unknown(const plx_encoders *e, int feature, const plx_unknown *unknown, char *line,
                                 size_t capacity)
{
    const plx_vocabulary *vocabulary = e->features[feature].vocabulary;
    const plx_feature_spec *spec = e->features[feature].spec;
    char known[2 * SHOWN + 16];
    if (!vocabulary || vocabulary->hash_buckets || unknown->cells < LEAST_CELLS) return false;
    const bool was_known =
        plx_vocabulary_knows_fit(vocabulary) || e->features[feature].known_share * 100 >= TRAINING_PERCENT;
    if (unknown->known && (!was_known || unknown->known * 100 >= unknown->cells * MOST_PERCENT)) return false;
    list_known(&vocabulary->texts, known, sizeof known);
    snprintf(line, capacity,
             "column '%.100s': of %llu cells %llu hold%s a category that the model knows: '%s' is here, %s are known; "
             "does the column have the same format as in training? (docs/data.md)",
             plx_column_of(spec->column, spec->name), (unsigned long long)unknown->cells,
             (unsigned long long)unknown->known, unknown->known == 1 ? "s" : "", unknown->example, known);
    return true;
}
