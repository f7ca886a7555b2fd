/* SPDX-License-Identifier: Apache-2.0 */
/* The categories of a table of embeddings, and the id of each: of a number of features that share the table. */
#ifndef PLX_VOCABULARY_H
#define PLX_VOCABULARY_H

#include "base/error.h"
#include "base/hash.h"
#include "base/value_text.h"
#include "data/cells.h"
#include "data/dictionary.h"
#include "data/spec.h"
#include "files/csv.h"

typedef struct plx_vocabulary {
    const char *name;             /* of the table */
    const plx_feature_spec *spec; /* of the first feature that reads it: its rules are those of all */
    int n_features;               /* that read it */
    bool is_fitted;               /* taken from rows: neither hashed nor of a file */
    bool is_exact;                /* texts stand for their bytes, not for their values */
    uint32_t hash_buckets;        /* the id of a text is 1 + its hash modulo this number; 0: */
    plx_dictionary texts;         /* value v has id v + 1 */
} plx_vocabulary;

/** A text of the rows, and how often it is there. */
typedef struct plx_counted {
    plx_slice text;
    uint64_t count;
} plx_counted;

/** `texts` borrows the allocator. */
void plx_vocabulary_init(plx_vocabulary *vocabulary, const char *name, const plx_feature_spec *spec, bool is_exact,
                         const plx_allocator *allocator, plx_hash_seed seed);
void plx_vocabulary_release(plx_vocabulary *vocabulary);

/**
 * Takes the categories from the `n` different texts of the rows, given in the order of their first rows; what the
 * rules leave out is unknown. Reorders `counted`.
 */
plx_status plx_vocabulary_take(plx_vocabulary *vocabulary, plx_counted *counted, size_t n, plx_error *err);
/** The lines of the file at `path`, as cells without quotes are read; an empty line is no category. Lines that mean one
 * value are one category, which the listener is told. */
plx_status plx_vocabulary_read(plx_vocabulary *vocabulary, const char *path, bool trim, const plx_listener *listener,
                               plx_error *err);

/** The text that a cell or an item has as a category. */
static inline plx_slice plx_vocabulary_text(const plx_vocabulary *vocabulary, plx_slice cell, char room[PLX_VALUE_ROOM])
{
    return vocabulary->is_exact ? cell : plx_value_of_text(cell, room);
}

/** The id of a cell or an item: 0 when it is not known. */
static inline uint32_t plx_vocabulary_id(const plx_vocabulary *vocabulary, plx_slice cell)
{
    char room[PLX_VALUE_ROOM];
    const plx_slice text = plx_vocabulary_text(vocabulary, cell, room);
    if (vocabulary->hash_buckets) return 1 + (uint32_t)(plx_hash(text.text, text.length) % vocabulary->hash_buckets);
    /* PLX_NOT_FOUND + 1 = 0 */
    return plx_dictionary_find(&vocabulary->texts, text, plx_dictionary_hash(&vocabulary->texts, text)) + 1;
}

/** The cell that a feature of the table reads: empty for one of its `missing`, which hold values. */
static inline plx_slice plx_vocabulary_cell(const plx_vocabulary *vocabulary, const plx_feature_spec *feature,
                                            plx_slice cell)
{
    char room[PLX_VALUE_ROOM];
    if (!feature->missing_texts.n) return cell;
    return plx_cell_is_listed(&feature->missing_texts, plx_vocabulary_text(vocabulary, cell, room)) ? (plx_slice){"", 0}
                                                                                                    : cell;
}

/** Whether all cells of the fit were known: nothing was left out, and no vocabulary was given. */
static inline bool plx_vocabulary_knows_fit(const plx_vocabulary *vocabulary)
{
    if (vocabulary->hash_buckets) return true;
    return vocabulary->is_fitted && vocabulary->spec->min_count <= 1 && vocabulary->spec->max_size == 0;
}

/** Whether it is taken from rows, of one feature alone. */
static inline bool plx_vocabulary_is_own(const plx_vocabulary *vocabulary)
{
    return vocabulary->n_features == 1 && vocabulary->is_fitted;
}

/** Rows of the table, the unknown one counted. */
static inline uint32_t plx_vocabulary_rows(const plx_vocabulary *vocabulary)
{
    return 1 + (vocabulary->hash_buckets ? vocabulary->hash_buckets : vocabulary->texts.n);
}

#endif
