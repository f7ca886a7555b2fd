/* SPDX-License-Identifier: Apache-2.0 */
/* Checks across options of a feature and across features. */
#ifndef PLX_FEATURES_H
#define PLX_FEATURES_H

#include "base/problem.h"
#include "data/dictionary.h"
#include "data/spec.h"

/** Reports all mistakes. Returns only PLX_OK or PLX_ERR_MEMORY. */
plx_status plx_features_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);

/** Features being checked, for the hooks of their kinds. */
typedef struct plx_feature_checker {
    const plx_table_spec *table;
    plx_problems *problems;
    int feature;           /* being checked */
    plx_dictionary names;  /* of features; in the order of `table` */
    plx_dictionary tables; /* names of tables; `first` has the first feature of each */
    int *first;
    size_t first_capacity;
    size_t list_bytes;      /* bytes of a record for lists so far */
    plx_dictionary numbers; /* columns that features read as numbers */
} plx_feature_checker;

/** Reports a mistake in a key of the feature being checked. */
void plx_feature_problem_of(const plx_feature_checker *checker, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The feature with that name, or NULL. */
const plx_feature_spec *plx_feature_named(const plx_feature_checker *checker, const char *name);
/** Whether a feature reads numbers from the column. */
bool plx_feature_reads_number(const plx_feature_checker *checker, const char *column);
/** Whether a text of the spec is neither NULL nor empty. */
static inline bool plx_is_given(const char *text)
{
    return text && *text;
}
enum { PLX_SEPARATOR_MAX = 8 }; /* bytes */

bool plx_feature_is_separator(const char *text);
/** Checks `separator`. */
void plx_feature_check_separator(const plx_feature_checker *checker, const plx_feature_spec *feature);
/** Checks the options for the categories of a table of texts. */
void plx_feature_check_vocabulary(const plx_feature_checker *checker, const plx_feature_spec *feature);
bool plx_is_rising(const plx_real_list *list);

/** The name of the embedding table of a feature of a kind with tables. */
static inline const char *plx_table_of(const plx_feature_spec *feature)
{
    return feature->embedding_name && *feature->embedding_name ? feature->embedding_name : feature->name;
}

#endif
