/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of features that no single field can make. Texts of the spec may be NULL, which means empty. */
#include "data/features.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/dictionary.h"

/* A record's bytes that lists may take: more would be a mistake in max_length. */
enum { MAX_LIST_BYTES = 1 << 24, MAX_NAME = 128, MAX_SEPARATOR = 8 };

typedef struct checker {
    const plx_table_spec *table;
    plx_feature_problem *tell;
    void *user;
    int feature;           /* under check */
    plx_dictionary names;  /* of features; in the order of `table` */
    plx_dictionary tables; /* names of tables; of each the first feature is in `first` */
    int *first;
} checker;

static bool is_given(const char *text)
{
    return text && *text;
}

static void problem(const checker *c, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void problem(const checker *c, const char *key, const char *format, ...)
{
    char message[512];
    va_list arguments;
    int used = snprintf(message, sizeof message, "'%.100s': ", c->table->features[c->feature].name);
    va_start(arguments, format);
    vsnprintf(message + used, sizeof message - (size_t)used, format, arguments);
    va_end(arguments);
    c->tell(c->user, c->feature, key, message);
}

static bool is_visible_byte(const char *text)
{
    return strlen(text) == 1 && !strchr("\r\n", *text);
}

static bool is_separator(const char *text)
{
    const size_t length = strlen(text);
    return length >= 1 && length <= MAX_SEPARATOR && !strpbrk(text, "\r\n");
}

static void check_separators(const checker *c, const plx_feature_spec *f)
{
    const char *separator = f->separator ? f->separator : "", *weights = f->weight_separator;
    if (!is_separator(separator))
        problem(c, "separator", "'separator' is 1 to %d bytes or the word tab, not '%.60s'", MAX_SEPARATOR, separator);
    if (is_given(weights) && !is_visible_byte(weights))
        problem(c, "weight_separator", "'weight_separator' is one byte, or empty for none, not '%.60s'", weights);
    if (is_given(weights) && strcmp(separator, weights) == 0)
        problem(c, "weight_separator", "'weight_separator' and 'separator' are the same byte");
}

static void check_weights(const checker *c, const plx_feature_spec *f)
{
    bool in_cell = is_given(f->weight_separator), beside = is_given(f->weight_column);
    if (in_cell && beside)
        problem(c, "weight_column", "weights come by 'weight_separator' or by 'weight_column': give one or the other");
    if (f->normalize_weights && !in_cell && !beside)
        problem(c, "normalize_weights",
                "'normalize_weights' needs weights, by 'weight_separator' or by 'weight_column'");
    if (f->combiner != PLX_LIST_MEAN && f->combiner != PLX_LIST_SUM && (in_cell || beside))
        problem(c, in_cell ? "weight_separator" : "weight_column", "weights belong to the combiners mean and sum");
}

static void check_attention(const checker *c, const plx_feature_spec *f)
{
    if (f->combiner != PLX_LIST_ATTENTION) {
        if (is_given(f->attention_on)) problem(c, "attention_on", "'attention_on' belongs to combiner attention");
        return;
    }
    if (!is_given(f->attention_on)) {
        problem(c, "combiner",
                "combiner attention needs 'attention_on': the sparse feature that items are compared with");
        return;
    }
    plx_slice name = plx_slice_of(f->attention_on);
    uint32_t other = plx_dictionary_find(&c->names, name, plx_dictionary_hash(&c->names, name));
    if (other == PLX_NOT_FOUND || c->table->features[other].kind != PLX_FEATURE_SPARSE)
        problem(c, "attention_on", "'attention_on' names no sparse feature: '%.100s'", f->attention_on);
    else if (c->table->features[other].embedding_dim != f->embedding_dim)
        problem(c, "attention_on", "'attention_on' needs a feature of the same 'embedding_dim', which '%.100s' has not",
                f->attention_on);
}

static void check_vocabulary(const checker *c, const plx_feature_spec *f)
{
    const char *instead = f->hash_buckets ? "hash_buckets" : is_given(f->vocabulary_file) ? "vocabulary_file" : NULL;
    if (!instead) return;
    if (f->hash_buckets && is_given(f->vocabulary_file))
        problem(c, "hash_buckets", "'hash_buckets' needs no 'vocabulary_file': give one or the other");
    if (f->min_count > 1)
        problem(c, "min_count", "'min_count' chooses among fitted categories: not with '%s'", instead);
    if (f->max_size) problem(c, "max_size", "'max_size' chooses among fitted categories: not with '%s'", instead);
}

static bool is_rising(const plx_real_list *list)
{
    for (int i = 1; i < list->n; i++)
        if (!(list->items[i - 1] < list->items[i])) return false;
    return true;
}

static void check_dense(const checker *c, const plx_feature_spec *f)
{
    const char *separator = f->separator ? f->separator : "";
    if (f->clip.n > 0 && (f->clip.n != 2 || !is_rising(&f->clip)))
        problem(c, "clip", "'clip' takes two numbers, the lower one first");
    const char *decimal = c->table->data.decimal;
    if (f->size > 1 && !is_separator(separator))
        problem(c, "separator", "'separator' is 1 to %d bytes or the word tab, not '%.60s'", MAX_SEPARATOR, separator);
    if (f->size > 1 && decimal && strcmp(separator, decimal) == 0)
        problem(c, "separator", "'separator' is data.decimal, '%s'; choose another", decimal);
}

static void check_buckets(const checker *c, const plx_feature_spec *f)
{
    const int n_ways = (f->borders.n > 0) + (f->quantiles > 0) + (f->exact > 0);
    if (n_ways == 0) problem(c, "kind", "buckets need one of 'borders', 'quantiles' and 'exact'");
    if (n_ways > 1)
        problem(c, f->exact ? "exact" : "quantiles", "of 'borders', 'quantiles' and 'exact', buckets take one alone");
    if (!is_rising(&f->borders)) problem(c, "borders", "'borders' must rise");
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The first option in which two features of one table differ, NULL where there is none. */
static const char *find_difference(const plx_feature_spec *a, const plx_feature_spec *b)
{
    if (a->embedding_dim != b->embedding_dim) return "embedding_dim";
    if (a->initializer != b->initializer) return "initializer";
    if (a->initializer_scale < b->initializer_scale || a->initializer_scale > b->initializer_scale ||
        isnan(a->initializer_scale) != isnan(b->initializer_scale))
        return "initializer_scale";
    if (!is_same_text(a->embedding_file, b->embedding_file)) return "embedding_file";
    if (a->frozen != b->frozen) return "frozen";
    if (a->vocabulary != b->vocabulary) return "vocabulary";
    if (!is_same_text(a->vocabulary_file, b->vocabulary_file)) return "vocabulary_file";
    if (a->min_count != b->min_count) return "min_count";
    if (a->max_size != b->max_size) return "max_size";
    if (a->text != b->text) return "text";
    return a->hash_buckets != b->hash_buckets ? "hash_buckets" : NULL;
}

static plx_status check_table(checker *c, const plx_feature_spec *f, plx_error *err)
{
    if (is_given(f->embedding_name) && (strlen(f->embedding_name) > MAX_NAME || strpbrk(f->embedding_name, "\n\t")))
        problem(c, "embedding_name", "'embedding_name' has at most %d characters on one line", MAX_NAME);
    plx_slice name = plx_slice_of(plx_table_of(f));
    uint64_t hash = plx_dictionary_hash(&c->tables, name);
    uint32_t known = plx_dictionary_find(&c->tables, name, hash);
    if (known == PLX_NOT_FOUND) {
        if (!plx_dictionary_add(&c->tables, name, hash)) return plx_error_memory(err);
        c->first[c->tables.n - 1] = c->feature;
        return PLX_OK;
    }
    const plx_feature_spec *first = &c->table->features[c->first[known]];
    const char *key = find_difference(first, f);
    if (first->kind == PLX_FEATURE_BUCKETS || f->kind == PLX_FEATURE_BUCKETS)
        problem(c, "embedding_name", "the table '%.100s' is that of buckets, which no other feature shares",
                plx_table_of(f));
    else if (key)
        problem(c, key, "'%s' differs from that of '%.100s', which has the same table '%.100s'", key, first->name,
                plx_table_of(f));
    return PLX_OK;
}

static plx_status check_all(checker *c, plx_error *err)
{
    const plx_table_spec *table = c->table;
    size_t list_bytes = 0;
    for (int i = 0; i < table->n_features; i++) {
        plx_slice name = plx_slice_of(table->features[i].name);
        if (!plx_dictionary_add(&c->names, name, plx_dictionary_hash(&c->names, name))) return plx_error_memory(err);
    }
    for (c->feature = 0; c->feature < table->n_features; c->feature++) {
        const plx_feature_spec *f = &table->features[c->feature];
        if (f->kind == PLX_FEATURE_DENSE) {
            check_dense(c, f);
            continue;
        }
        if (f->kind == PLX_FEATURE_BUCKETS) check_buckets(c, f);
        check_vocabulary(c, f);
        PLX_TRY(check_table(c, f, err));
        if (f->kind != PLX_FEATURE_LIST) continue;
        check_separators(c, f);
        check_weights(c, f);
        check_attention(c, f);
        list_bytes += (size_t)f->max_length * 8; /* an id and a weight */
        if (f->max_length < 1) problem(c, "max_length", "'max_length' must be 1 at least");
        if (list_bytes > MAX_LIST_BYTES) {
            problem(c, "max_length", "the lists' 'max_length' are more than %d in all", MAX_LIST_BYTES / 8);
            break;
        }
    }
    return PLX_OK;
}

plx_status plx_features_check(const plx_table_spec *table, const plx_allocator *allocator, plx_feature_problem *tell,
                              void *user, plx_error *err)
{
    checker c = {.table = table, .tell = tell, .user = user};
    const plx_hash_seed seed = plx_hash_seed_draw();
    plx_dictionary_init(&c.names, allocator, seed);
    plx_dictionary_init(&c.tables, allocator, seed);
    c.first = plx_alloc(allocator, (size_t)table->n_features, sizeof *c.first);
    plx_status status = c.first ? check_all(&c, err) : plx_error_memory(err);
    plx_free(allocator, c.first);
    plx_dictionary_release(&c.tables);
    plx_dictionary_release(&c.names);
    return status;
}
