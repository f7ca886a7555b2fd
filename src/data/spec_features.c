/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `features`. Defaults are written as in a configuration file. */
#include "data/spec.h"

#define NAMED(number, name, keys, doc_) #name,
const char *const plx_feature_kinds[] = {PLX_FEATURE_KINDS(NAMED) NULL};
static const char *const initializers[] = {PLX_INIT_CHOICES(PLX_CHOICE_NAME) NULL};
static const char *const vocabulary_orders[] = {"sorted", "first_seen", NULL};
static const char *const text_meanings[] = {"value", "exact", NULL};
static const char *const keeps[] = {"first", "last", NULL};
static const char *const weight_norms[] = {"false", "true", "softmax", "softmax_mean", NULL};
static const char *const combiners[] = {PLX_BAG_CHOICES(PLX_CHOICE_NAME) NULL};
static const char *const missing_words[] = {"error", "mean", NULL};
static const char *const transforms[] = {"none", "log1p", "is_zero", NULL};
static const char *const scalings[] = {"none", "minmax", "standard", "quantile", NULL};

#define MAX_EMBEDDING  4096
#define MAX_CATEGORIES 2147483645.0 /* with the unknown row, an int counts them */
#define MAX_LENGTH     65536
#define MAX_VECTOR     65536

#define KIND(kind) (1u << PLX_FEATURE_##kind)
/* The kinds with a set of keys. */
#define HAS(number, keys, set)               | ((keys)&PLX_KEYS_##set ? KIND(number) : 0)
#define HAS_COLUMN(number, name, keys, doc_) HAS(number, keys, COLUMN)
#define HAS_TABLE(number, name, keys, doc_)  HAS(number, keys, TABLE)
#define HAS_FILE(number, name, keys, doc_)   HAS(number, keys, FILE)
#define HAS_COUNTS(number, name, keys, doc_) HAS(number, keys, COUNTS)
#define HAS_TEXTS(number, name, keys, doc_)  HAS(number, keys, TEXTS)
#define HAS_LIST(number, name, keys, doc_)   HAS(number, keys, LIST)
#define HAS_VECTOR(number, name, keys, doc_) HAS(number, keys, VECTOR)
#define HAS_NUMBER(number, name, keys, doc_) HAS(number, keys, NUMBER)
#define WITH(set)                            (0u PLX_FEATURE_KINDS(HAS_##set))
#define IS_KIND(number, name, keys, doc_)    | KIND(number)
#define EVERY                                (0u PLX_FEATURE_KINDS(IS_KIND))
#define DOC(number, name, keys, doc_)        "; " #name ": " doc_
#define ROWS(name)                           PLX_ROWS_OF_##name
#define FIELD(member)                        .name = #member, .offset = offsetof(plx_feature_spec, member)

const plx_field plx_feature_fields[] = {
    {FIELD(name), .type = PLX_FIELD_TEXT, .fallback = NULL, .doc = "name of the feature, which must be unique"},
    {FIELD(column), .type = PLX_FIELD_TEXT, .is_column = true, .kinds = WITH(COLUMN) == EVERY ? 0 : WITH(COLUMN),
     .fallback = "",
     .doc = "column that the feature reads; empty: the one with its name. Several features may read the same "
            "column"},
    {FIELD(kind), .type = PLX_FIELD_CHOICE, .fallback = NULL, .choices = plx_feature_kinds,
     .doc = "what a cell is" PLX_FEATURE_KINDS(DOC)},
    {FIELD(embedding_dim), .type = PLX_FIELD_INT, .kinds = WITH(TABLE), .min = 1, .max = MAX_EMBEDDING, .zero = "auto",
     .fallback = "4",
     .doc = "size of each category's embedding; auto: 6 * floor(v^0.25) for v "
            "categories"},
    {FIELD(embedding_name), .type = PLX_FIELD_TEXT, .kinds = WITH(TEXTS), .fallback = "",
     .doc = "name of the embedding table; features with the same table share its vocabulary and "
            "embeddings; empty: the feature's name"},
    {FIELD(initializer), .type = PLX_FIELD_CHOICE, .kinds = WITH(TABLE), .fallback = "normal", .choices = initializers,
     .doc = "initial values of the embedding table"},
    {FIELD(initializer_scale), .type = PLX_FIELD_REAL, .kinds = WITH(TABLE), .max = 1e6, .fallback = "nan",
     .above_min = true,
     .doc = "normal: standard deviation; uniform: largest absolute value; "
            "glorot_normal, glorot_uniform: factor; nan: 0.0001, 0.05 and 1, respectively"},
    {FIELD(embedding_file), .type = PLX_FIELD_TEXT, .kinds = WITH(FILE), .fallback = "",
     .doc = ".npy or .safetensors file (NAME.safetensors#TENSOR if it has several "
            "matrices) with the initial embeddings: one row per category in the order of the vocabulary, with "
            "or without a row for unknown values before them"},
    {FIELD(frozen), .type = PLX_FIELD_BOOL, .kinds = WITH(TABLE), .fallback = "false",
     .doc = "whether training leaves the embedding table unchanged"},
    {FIELD(vocabulary), .type = PLX_FIELD_CHOICE, .kinds = WITH(COUNTS), .fallback = "sorted",
     .choices = vocabulary_orders,
     .doc = "how categories are numbered: in the order of their bytes or of their first rows"},
    {FIELD(vocabulary_file), .type = PLX_FIELD_TEXT, .kinds = WITH(TEXTS), .fallback = "",
     .doc = "file with one category per line, found like data files; empty: categories are taken "
            "from the rows"},
    {FIELD(min_count), .type = PLX_FIELD_INT, .kinds = WITH(COUNTS), .min = 1, .max = PLX_EXACT_INTEGERS,
     .fallback = "1", .doc = "categories in fewer rows (lists: items) are unknown, like those not seen in fitting"},
    {FIELD(max_size), .type = PLX_FIELD_INT, .kinds = WITH(COUNTS), .max = MAX_CATEGORIES, .fallback = "0",
     .doc = "maximum number of categories; the most frequent ones are kept; 0: no limit"},
    {FIELD(hash_buckets), .type = PLX_FIELD_INT, .kinds = WITH(COUNTS), .max = MAX_CATEGORIES, .fallback = "0",
     .doc = "number of categories into which all texts are hashed, known or not (docs/format.md "
            "describes the hash); 0: no hashing"},
    {FIELD(text), .type = PLX_FIELD_CHOICE, .kinds = WITH(TEXTS), .fallback = "value", .choices = text_meanings,
     .doc = "value: cells with the same value are one category (12.0 is 12, TRUE is true: "
            "docs/data.md); exact: each different text is a category"},
    {FIELD(separator), .type = PLX_FIELD_TEXT, .kinds = WITH(LIST) | WITH(VECTOR), .fallback = "|",
     .doc = "separator between the items (dense with size above 1: numbers) of a cell: 1 to 8 bytes, or the word "
            "tab; empty items of a list are dropped, and an empty cell is an empty list"},
    {FIELD(max_length), .type = PLX_FIELD_INT, .kinds = WITH(LIST), .min = 1, .max = MAX_LENGTH, .fallback = "50",
     .doc = "maximum number of items that are kept of a cell; every row reserves room for that many"},
    {FIELD(keep), .type = PLX_FIELD_CHOICE, .kinds = WITH(LIST), .fallback = "first", .choices = keeps,
     .doc = "which items are kept if a cell has more"},
    {FIELD(combiner), .type = PLX_FIELD_CHOICE, .kinds = WITH(LIST), .fallback = "mean", .choices = combiners,
     .doc = "how the embeddings of the items are combined; attention: a mean, weighted by the similarity "
            "of each item to attention_on"},
    {FIELD(attention_on), .type = PLX_FIELD_TEXT, .kinds = WITH(LIST), .fallback = "",
     .doc = ", combiner attention: the sparse feature, with the same embedding_dim, with which items are "
            "compared"},
    {FIELD(weight_separator), .type = PLX_FIELD_TEXT, .kinds = WITH(LIST), .fallback = "",
     .doc = "what stands between an item and its weight in the cell, such as : in item:0.5, at most 8 bytes; "
            "empty: no weights"},
    {FIELD(weight_column), .type = PLX_FIELD_TEXT, .is_column = true, .kinds = WITH(LIST), .fallback = "",
     .doc = "column with the weights of the items, with the same separator between them; empty: no "
            "weights"},
    {FIELD(normalize_weights), .type = PLX_FIELD_CHOICE, .kinds = WITH(LIST), .fallback = "false",
     .choices = weight_norms,
     .doc = "how the weights of a row are normalised; true: divided by the sum of their absolute values; "
            "softmax: exp(weight) over the sum of these; softmax_mean: softmax divided by the number of items, "
            "whose sum is the mean of DeepCTR"},
    {FIELD(size), .type = PLX_FIELD_INT, .kinds = WITH(VECTOR), .min = 1, .max = MAX_VECTOR, .fallback = "1",
     .doc = "number of values in a cell, with a separator between them; each is clipped, transformed and "
            "scaled on its own"},
    {FIELD(missing), .type = PLX_FIELD_REAL, .kinds = WITH(NUMBER), .choices = missing_words, .fallback = "error",
     .doc = "value (datetime: age) that replaces a missing one, before all other steps; mean: "
            "mean of the values that are present, after clipping; error: no value may be missing"},
    {.name = "missing",
     .type = PLX_FIELD_TEXT_LIST,
     .offset = offsetof(plx_feature_spec, missing_texts),
     .kinds = WITH(TEXTS),
     .fallback = "",
     .doc = "cells that are treated as empty, such as [\"\\\\N\", NA]; the empty cell is a category of "
            "its own, "
            "or an empty list"},
    {FIELD(missing_indicator), .type = PLX_FIELD_BOOL, .kinds = WITH(NUMBER), .fallback = "false",
     .doc = "whether each value is followed by an indicator: 1 if it was missing, otherwise 0"},
    {FIELD(clip), .type = PLX_FIELD_REAL_LIST, .kinds = WITH(NUMBER), .fallback = "",
     .doc = "[LOW, HIGH]: values outside this range are set to its nearer end"},
    {FIELD(transform), .type = PLX_FIELD_CHOICE, .kinds = WITH(NUMBER), .fallback = "none", .choices = transforms,
     .doc = ", after clip: log1p: log(1 + x), and -log(1 - x) for negative x; is_zero: 1 for 0, "
            "otherwise 0"},
    {FIELD(scaling), .type = PLX_FIELD_CHOICE, .kinds = WITH(NUMBER), .fallback = "minmax", .choices = scalings,
     .doc = ", after transform: minmax: to [0, 1]; standard: to mean 0 and standard deviation 1; "
            "quantile: to the fraction of rows below; none"},
    PLX_FEATURE_KEYS(ROWS)};
const size_t plx_feature_n_fields = sizeof plx_feature_fields / sizeof *plx_feature_fields;
