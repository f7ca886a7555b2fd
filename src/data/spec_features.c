/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of section `features`. Defaults are written as in a configuration file. */
#include "data/spec.h"

#define NAMED(number, name) #name,
const char *const plx_feature_kinds[] = {PLX_FEATURE_KINDS(NAMED) NULL};
static const char *const initializers[] = {"normal", "uniform", "zeros", "glorot_normal", "glorot_uniform", NULL};
static const char *const vocabulary_orders[] = {"sorted", "first_seen", NULL};
static const char *const text_meanings[] = {"value", "exact", NULL};
static const char *const keeps[] = {"first", "last", NULL};
static const char *const weight_norms[] = {"false", "true", "softmax", "softmax_mean", NULL};
static const char *const combiners[] = {"mean", "sum", "max", "attention", NULL};
static const char *const missing_words[] = {"error", "mean", NULL};
static const char *const transforms[] = {"none", "log1p", "is_zero", NULL};
static const char *const date_parts[] = {"hour", "weekday", "month", "age", NULL};
static const char *const scalings[] = {"none", "minmax", "standard", "quantile", NULL};

#define MAX_EMBEDDING  4096
#define MAX_CATEGORIES 2147483645.0 /* with the unknown row they are counted by an int */
#define MAX_LENGTH     65536
#define MAX_VECTOR     65536
#define MAX_BUCKETS    65536

#define KIND(kind)    (1u << (kind))
#define OF_TEXTS      (KIND(PLX_FEATURE_SPARSE) | KIND(PLX_FEATURE_LIST))
#define OF_LISTS      KIND(PLX_FEATURE_LIST)
#define OF_NUMBERS    KIND(PLX_FEATURE_DENSE)
#define OF_BUCKETS    KIND(PLX_FEATURE_BUCKETS)
#define OF_DATES      KIND(PLX_FEATURE_DATETIME)
#define FIELD(member) .name = #member, .offset = offsetof(plx_feature_spec, member)

const plx_field plx_feature_fields[] = {
    {FIELD(name), .type = PLX_FIELD_TEXT, .fallback = NULL, .doc = "the feature's name, different from all others'"},
    {FIELD(column), .type = PLX_FIELD_TEXT, .is_column = true, .fallback = "",
     .doc = "the column that it reads; empty: the one of its name. Several features may read one column"},
    {FIELD(kind), .type = PLX_FIELD_CHOICE, .fallback = NULL, .choices = plx_feature_kinds,
     .doc = "sparse: each text is a category with a learned embedding; list: so is each of the cell's items; buckets: "
            "each range of numbers is one; datetime: parts of a date are; dense: a number, or several"},
    {FIELD(embedding_dim), .type = PLX_FIELD_INT, .kinds = OF_TEXTS | OF_BUCKETS | OF_DATES, .min = 1,
     .max = MAX_EMBEDDING, .zero = "auto", .fallback = "4",
     .doc = "sparse, list, buckets, datetime: numbers in each category's embedding; auto: 6 * floor(v^0.25) for v "
            "categories"},
    {FIELD(embedding_name), .type = PLX_FIELD_TEXT, .kinds = OF_TEXTS, .fallback = "",
     .doc = "sparse, list: the name of the table of embeddings; empty: the feature's. Features of one table share "
            "vocabulary and embeddings"},
    {FIELD(initializer), .type = PLX_FIELD_CHOICE, .kinds = OF_TEXTS | OF_BUCKETS | OF_DATES, .fallback = "normal",
     .choices = initializers, .doc = "sparse, list, buckets, datetime: how the table starts"},
    {FIELD(initializer_scale), .type = PLX_FIELD_REAL, .kinds = OF_TEXTS | OF_BUCKETS | OF_DATES, .max = 1e6,
     .fallback = "nan", .above_min = true,
     .doc = "sparse, list, buckets, datetime: normal: deviation; uniform: largest size; glorot_normal, glorot_uniform: "
            "factor; "
            "nan: 0.0001, 0.05, 1"},
    {FIELD(embedding_file), .type = PLX_FIELD_TEXT, .kinds = OF_TEXTS | OF_BUCKETS, .fallback = "",
     .doc = "sparse, list, buckets: .npy or .safetensors (with several matrices NAME.safetensors#TENSOR) with the "
            "table's rows in the vocabulary's order, behind a row for unknown values or without one"},
    {FIELD(frozen), .type = PLX_FIELD_BOOL, .kinds = OF_TEXTS | OF_BUCKETS | OF_DATES, .fallback = "false",
     .doc = "sparse, list, buckets, datetime: whether training leaves the table as it starts"},
    {FIELD(vocabulary), .type = PLX_FIELD_CHOICE, .kinds = OF_TEXTS, .fallback = "sorted", .choices = vocabulary_orders,
     .doc = "sparse, list: how categories are numbered, by the order of their bytes or of their first rows"},
    {FIELD(vocabulary_file), .type = PLX_FIELD_TEXT, .kinds = OF_TEXTS, .fallback = "",
     .doc = "sparse, list: a file with one category a line, looked for like data files; empty: categories are taken "
            "from the rows"},
    {FIELD(min_count), .type = PLX_FIELD_INT, .kinds = OF_TEXTS, .min = 1, .max = PLX_EXACT_INTEGERS, .fallback = "1",
     .doc = "sparse, list: categories that fewer rows (of lists: items) have are unknown, with all that fitting did "
            "not see"},
    {FIELD(max_size), .type = PLX_FIELD_INT, .kinds = OF_TEXTS, .max = MAX_CATEGORIES, .fallback = "0",
     .doc = "sparse, list: how many categories are known at most, the most frequent ones; 0: any number"},
    {FIELD(hash_buckets), .type = PLX_FIELD_INT, .kinds = OF_TEXTS, .max = MAX_CATEGORIES, .fallback = "0",
     .doc = "sparse, list: into how many categories all texts are hashed, known or not (docs/format.md has the hash); "
            "0: no hashing"},
    {FIELD(text), .type = PLX_FIELD_CHOICE, .kinds = OF_TEXTS, .fallback = "value", .choices = text_meanings,
     .doc = "sparse, list: value: cells that mean one value are one category (12.0 is 12, TRUE is true: docs/data.md); "
            "exact: as many categories as there are different texts"},
    {FIELD(separator), .type = PLX_FIELD_TEXT, .kinds = OF_LISTS | OF_NUMBERS, .fallback = "|",
     .doc = "list, dense of size above 1: what stands between a cell's items: a byte or up to 8, or the word tab; a "
            "list's "
            "empty items are dropped, and an empty cell is an empty list"},
    {FIELD(max_length), .type = PLX_FIELD_INT, .kinds = OF_LISTS, .min = 1, .max = MAX_LENGTH, .fallback = "50",
     .doc = "list: items kept of a cell at most; each row has room for so many"},
    {FIELD(keep), .type = PLX_FIELD_CHOICE, .kinds = OF_LISTS, .fallback = "first", .choices = keeps,
     .doc = "list: which items are kept where a cell has more"},
    {FIELD(combiner), .type = PLX_FIELD_CHOICE, .kinds = OF_LISTS, .fallback = "mean", .choices = combiners,
     .doc = "list: how the items' embeddings become one; attention: a mean weighted by each item's likeness to "
            "attention_on"},
    {FIELD(attention_on), .type = PLX_FIELD_TEXT, .kinds = OF_LISTS, .fallback = "",
     .doc = "list: combiner attention: the sparse feature, of equal embedding_dim, that the items are compared with"},
    {FIELD(weight_separator), .type = PLX_FIELD_TEXT, .kinds = OF_LISTS, .fallback = "",
     .doc = "list: one byte between an item and its weight in the cell, such as : in item:0.5; empty: none"},
    {FIELD(weight_column), .type = PLX_FIELD_TEXT, .is_column = true, .kinds = OF_LISTS, .fallback = "",
     .doc = "list: a column with the items' weights, with the same separator between them; empty: none"},
    {FIELD(normalize_weights), .type = PLX_FIELD_CHOICE, .kinds = OF_LISTS, .fallback = "false",
     .choices = weight_norms,
     .doc = "list: what becomes of a row's weights; true: they are divided by the sum of their magnitudes; softmax: "
            "exp(weight) over the sum of these; softmax_mean: that over the number of items, whose sum is the mean of "
            "DeepCTR"},
    {FIELD(size), .type = PLX_FIELD_INT, .kinds = OF_NUMBERS, .min = 1, .max = MAX_VECTOR, .fallback = "1",
     .doc = "dense: how many numbers each cell holds, with a separator between them; each is clipped, transformed and "
            "scaled for itself"},
    {FIELD(missing), .type = PLX_FIELD_REAL, .kinds = OF_NUMBERS | OF_DATES, .choices = missing_words,
     .fallback = "error",
     .doc = "dense, datetime: the number (of datetime the age) that a missing one stands for, before all that follows; "
            "mean: the mean of those that "
            "are there, clipped; error: none may be missing"},
    {.name = "missing",
     .type = PLX_FIELD_TEXT_LIST,
     .offset = offsetof(plx_feature_spec, missing_texts),
     .kinds = OF_TEXTS,
     .fallback = "",
     .doc =
         "sparse, list: cells that stand for the empty cell, such as [\"\\\\N\", NA]; the empty cell is a category of "
         "its own, and an empty list"},
    {FIELD(missing_indicator), .type = PLX_FIELD_BOOL, .kinds = OF_NUMBERS | OF_DATES, .fallback = "false",
     .doc = "dense, datetime: whether each number has one more beside it: 1 where it was missing, else 0"},
    {FIELD(clip), .type = PLX_FIELD_REAL_LIST, .kinds = OF_NUMBERS | OF_DATES, .fallback = "",
     .doc = "dense, datetime: [LOW, HIGH]: numbers outside become the nearer of the two"},
    {FIELD(transform), .type = PLX_FIELD_CHOICE, .kinds = OF_NUMBERS | OF_DATES, .fallback = "none",
     .choices = transforms,
     .doc = "dense, datetime, after clip: log1p: log(1 + x), and -log(1 - x) for x below 0; is_zero: 1 for 0, else 0"},
    {FIELD(scaling), .type = PLX_FIELD_CHOICE, .kinds = OF_NUMBERS | OF_DATES, .fallback = "minmax",
     .choices = scalings,
     .doc = "dense, datetime, after transform: minmax to [0, 1], standard to mean 0 and deviation 1, quantile to the "
            "share of "
            "rows below, or none"},
    {FIELD(borders), .type = PLX_FIELD_REAL_LIST, .kinds = OF_BUCKETS, .fallback = "",
     .doc = "buckets: the numbers, rising, at which a new bucket begins; a missing number is a category of its own"},
    {FIELD(quantiles), .type = PLX_FIELD_INT, .kinds = OF_BUCKETS, .max = MAX_BUCKETS, .fallback = "0",
     .doc = "buckets, instead of borders: buckets at most, of equally many rows; a number that fills one has it for "
            "itself, the most frequent first where there are too few for all of them"},
    {FIELD(exact), .type = PLX_FIELD_INT, .kinds = OF_BUCKETS, .max = PLX_EXACT_INTEGERS, .fallback = "0",
     .doc = "buckets, instead of borders: each number that at least so many rows have is a bucket, and so is what "
            "lies between two such"},
    {FIELD(parts), .type = PLX_FIELD_CHOICE_LIST, .kinds = OF_DATES, .fallback = "[hour, weekday, month, age]",
     .choices = date_parts,
     .doc =
         "datetime: what is read of a date: hour, weekday and month are categories, each with an embedding; age, days "
         "from the date to the reference, is a number. In UTC where a cell has a time zone, else as it stands"},
    {FIELD(reference), .type = PLX_FIELD_TEXT, .kinds = OF_DATES, .fallback = "",
     .doc = "datetime: the date from which age counts back, as a cell; empty: the latest of the rows of the fit, which "
            "the model file keeps"},
};
const size_t plx_feature_n_fields = sizeof plx_feature_fields / sizeof *plx_feature_fields;
