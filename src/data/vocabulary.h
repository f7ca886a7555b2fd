/* SPDX-License-Identifier: Apache-2.0 */
/* The categories of an embedding table, and their ids; features may share the table. */
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
    const plx_feature_spec *spec; /* of its first feature: its rules apply to all */
    int n_features;               /* that read it */
    bool is_fitted;               /* neither hashed nor from a file */
    bool is_exact;                /* texts mean their bytes, not their values */
    uint32_t hash_buckets;        /* the id of a text is 1 + its hash modulo this number; 0: */
    plx_dictionary texts;         /* value v has id v + 1 */

    const struct plx_encoder *first; /* of the features, in order; NULL: none */
} plx_vocabulary;

/** A text of the rows, and its number of occurrences. */
typedef struct plx_counted {
    plx_slice text;
    uint64_t count;
    uint64_t start; /* for sorting: its first 8 bytes, the first one highest */
} plx_counted;

/** `texts` borrows the allocator. */
void plx_vocabulary_init(plx_vocabulary *vocabulary, const char *name, const plx_feature_spec *spec, bool is_exact,
                         const plx_allocator *allocator, plx_hash_seed seed);
void plx_vocabulary_release(plx_vocabulary *vocabulary);

/**
 * Selects the categories among the `n` distinct texts of the rows, in order of first occurrence; texts that the rules
 * exclude are unknown. Reorders `counted`.
 */
plx_status plx_vocabulary_take(plx_vocabulary *vocabulary, plx_counted *counted, size_t n, plx_error *err);
/** Reads the lines of the file at `path` like unquoted cells; an empty line is no category. Lines with the same value
 * are one category, with a warning. */
plx_status plx_vocabulary_read(plx_vocabulary *vocabulary, const char *path, bool trim, const plx_listener *listener,
                               plx_error *err);

/** The category text of a cell or an item. */
static inline plx_slice plx_vocabulary_text(const plx_vocabulary *vocabulary, plx_slice cell,
                                            char buffer[PLX_VALUE_SIZE])
{
    return vocabulary->is_exact ? cell : plx_value_of_text(cell, buffer);
}

/** The id of a cell or an item: 0 when it is not known. */
static inline uint32_t plx_vocabulary_id(const plx_vocabulary *vocabulary, plx_slice cell)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_slice text = plx_vocabulary_text(vocabulary, cell, buffer);
    if (vocabulary->hash_buckets) return 1 + (uint32_t)(plx_hash(text.text, text.length) % vocabulary->hash_buckets);
    /* PLX_NOT_FOUND + 1 = 0 */
    return plx_dictionary_find(&vocabulary->texts, text, plx_dictionary_hash(&vocabulary->texts, text)) + 1;
}

/** plx_vocabulary_id of `n` cells; their cache misses overlap. */
void plx_vocabulary_ids(const plx_vocabulary *vocabulary, const plx_slice *cells, size_t n, uint32_t *ids);

/** The cell as the feature reads it: empty for one in its `missing`, which contains values. */
static inline plx_slice plx_vocabulary_cell(const plx_vocabulary *vocabulary, const plx_feature_spec *feature,
                                            plx_slice cell)
{
    char buffer[PLX_VALUE_SIZE];
    if (!feature->missing_texts.n) return cell;
    return plx_cell_is_listed(&feature->missing_texts, plx_vocabulary_text(vocabulary, cell, buffer))
               ? (plx_slice){"", 0}
               : cell;
}

/** Whether all cells of the fit were known: nothing was excluded, and no vocabulary was given. */
static inline bool plx_vocabulary_knows_fit(const plx_vocabulary *vocabulary)
{
    if (vocabulary->hash_buckets) return true;
    return vocabulary->is_fitted && vocabulary->spec->min_count <= 1 && vocabulary->spec->max_size == 0;
}

/** Whether it is fitted, for one feature only. */
static inline bool plx_vocabulary_is_own(const plx_vocabulary *vocabulary)
{
    return vocabulary->n_features == 1 && vocabulary->is_fitted;
}

/** Rows of the table, the unknown row included. */
static inline uint32_t plx_vocabulary_rows(const plx_vocabulary *vocabulary)
{
    return 1 + (vocabulary->hash_buckets ? vocabulary->hash_buckets : vocabulary->texts.n);
}

#endif
