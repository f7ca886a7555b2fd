/* SPDX-License-Identifier: Apache-2.0 */
/* What several options of a feature, or several features, must agree on. */
#ifndef PLX_FEATURES_H
#define PLX_FEATURES_H

#include "base/problem.h"
#include "data/dictionary.h"
#include "data/spec.h"

/** Reports all mistakes. PLX_ERR_MEMORY alone is returned. */
plx_status plx_features_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);

/** Features under check, for the rows of their kinds. */
typedef struct plx_feature_checker {
    const plx_table_spec *table;
    plx_problems *problems;
    int feature;           /* under check */
    plx_dictionary names;  /* of features; in the order of `table` */
    plx_dictionary tables; /* names of tables; of each the first feature is in `first` */
    int *first;
    size_t first_capacity;
    size_t list_bytes; /* of a record, that lists take so far */
} plx_feature_checker;

/** Reports a mistake in a key of the feature under check. */
void plx_feature_problem_of(const plx_feature_checker *checker, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The feature of that name; NULL: there is none. */
const plx_feature_spec *plx_feature_named(const plx_feature_checker *checker, const char *name);
/** Whether a text of the spec, which may be NULL, says something. */
static inline bool plx_is_given(const char *text)
{
    return text && *text;
}
enum { PLX_SEPARATOR_MAX = 8 }; /* bytes */

bool plx_feature_is_separator(const char *text);
/** Checks `separator`. */
void plx_feature_check_separator(const plx_feature_checker *checker, const plx_feature_spec *feature);
/** Checks what chooses the categories of a table of texts. */
void plx_feature_check_vocabulary(const plx_feature_checker *checker, const plx_feature_spec *feature);
bool plx_is_rising(const plx_real_list *list);

/** What a cell of a feature is to callers. */
typedef enum plx_feature_reads {
    PLX_FEATURE_READS_TEXT,
    PLX_FEATURE_READS_NUMBER,
    PLX_FEATURE_READS_LIST
} plx_feature_reads;

/** The name of the table of embeddings that a feature of such a kind reads. */
static inline const char *plx_table_of(const plx_feature_spec *feature)
{
    return feature->embedding_name && *feature->embedding_name ? feature->embedding_name : feature->name;
}

#endif
