/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of features, in the model's order: ids before lists before numbers. These rows define the choices of a
 * feature's `kind` and which keys a feature has. "How to add a feature kind": CONTRIBUTING.md.
 */
#ifndef PLX_FEATURE_KINDS_H
#define PLX_FEATURE_KINDS_H

#include "data/keys_buckets.h"
#include "data/keys_datetime.h"

/** Sets of keys that several kinds have. */
enum {
    PLX_KEYS_COLUMN = 1 << 0, /* column */
    PLX_KEYS_TABLE = 1 << 1,  /* embedding_dim, initializer, initializer_scale, frozen */
    PLX_KEYS_FILE = 1 << 2,   /* embedding_file */
    PLX_KEYS_COUNTS = 1 << 3, /* vocabulary, min_count, max_size, hash_buckets */
    PLX_KEYS_TEXTS = 1 << 4,  /* embedding_name, vocabulary_file, text, missing: texts */
    PLX_KEYS_LIST = 1 << 5,   /* max_length to normalize_weights */
    PLX_KEYS_VECTOR = 1 << 6, /* size */
    PLX_KEYS_NUMBER = 1 << 7, /* missing: a number, missing_indicator, clip, transform, scaling */
    PLX_KEYS_ID = PLX_KEYS_COLUMN | PLX_KEYS_TABLE,
    PLX_KEYS_CATEGORY = PLX_KEYS_ID | PLX_KEYS_FILE | PLX_KEYS_COUNTS | PLX_KEYS_TEXTS
};

/* KIND(NUMBER, name, keys, doc): `const plx_encoder_def plx_feature_NAME` (data/encoder_def.h), of number
 * PLX_FEATURE_NUMBER; `doc`: what a cell is. */
/* clang-format off */
#define PLX_FEATURE_KINDS(KIND)                                                                                        \
    KIND(SPARSE, sparse, PLX_KEYS_CATEGORY, "each text is a category with a learned embedding")                        \
    KIND(BUCKETS, buckets, PLX_KEYS_ID | PLX_KEYS_FILE, "each range of numbers is a category")                         \
    KIND(DATETIME, datetime, PLX_KEYS_ID | PLX_KEYS_NUMBER, "parts of a date are categories")                          \
    KIND(LIST, list, PLX_KEYS_CATEGORY | PLX_KEYS_LIST, "each item of the cell is a category")                         \
    KIND(DENSE, dense, PLX_KEYS_COLUMN | PLX_KEYS_VECTOR | PLX_KEYS_NUMBER, "one number or several")
/* clang-format on */

/* OWN(name): those with keys of their own, in data/keys_NAME.h: PLX_MEMBERS_OF_NAME, members of plx_feature_spec, and
 * PLX_ROWS_OF_NAME, their rows in the table of fields. */
#define PLX_FEATURE_KEYS(OWN) OWN(buckets) OWN(datetime)

#define PLX_FEATURE_NUMBER(number, name, keys, doc) PLX_FEATURE_##number,
typedef enum plx_feature_kind { PLX_FEATURE_KINDS(PLX_FEATURE_NUMBER) } plx_feature_kind;
#undef PLX_FEATURE_NUMBER

#endif
