/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of features that involve more than one field. Texts of the spec may be NULL, which means empty. */
#include "data/features.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/encoder_def.h"

enum { MAX_NAME = 128 };

#define DEFINED(number, name, keys, doc) [PLX_FEATURE_##number] = &plx_feature_##name,
const plx_encoder_def *const plx_feature_defs[] = {PLX_FEATURE_KINDS(DEFINED)};

void plx_feature_problem_of(const plx_feature_checker *c, const char *key, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    plx_problem_add(c->problems, "features", c->feature, key, "%s", message);
}

bool plx_feature_is_separator(const char *text)
{
    const size_t length = strlen(text);
    return length >= 1 && length <= PLX_SEPARATOR_MAX && !strpbrk(text, "\r\n");
}

void plx_feature_check_separator(const plx_feature_checker *c, const plx_feature_spec *f)
{
    const char *separator = f->separator ? f->separator : "";
    if (!plx_feature_is_separator(separator))
        plx_feature_problem_of(c, "separator", "'separator' is 1 to %d bytes or the word tab, not '%.60s'",
                               PLX_SEPARATOR_MAX, separator);
}

void plx_feature_check_vocabulary(const plx_feature_checker *c, const plx_feature_spec *f)
{
    const char *instead = f->hash_buckets                    ? "hash_buckets"
                          : plx_is_given(f->vocabulary_file) ? "vocabulary_file"
                                                             : NULL;
    if (!instead) return;
    if (f->hash_buckets && plx_is_given(f->vocabulary_file))
        plx_feature_problem_of(c, "hash_buckets", "'hash_buckets' needs no 'vocabulary_file': give one or the other");
    if (f->min_count > 1)
        plx_feature_problem_of(c, "min_count", "'min_count' chooses among fitted categories: not with '%s'", instead);
    if (f->max_size)
        plx_feature_problem_of(c, "max_size", "'max_size' chooses among fitted categories: not with '%s'", instead);
}

bool plx_is_rising(const plx_real_list *list)
{
    for (int i = 1; i < list->n; i++)
        if (!(list->items[i - 1] < list->items[i])) return false;
    return true;
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The first option that differs between two features of one table, or NULL. */
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

/* A table that a feature creates or shares. */
static plx_status check_table(plx_feature_checker *c, const plx_feature_spec *f, const char *table)
{
    const plx_slice name = plx_slice_of(table);
    const uint64_t hash = plx_dictionary_hash(&c->tables, name);
    const uint32_t known = plx_dictionary_find(&c->tables, name, hash);
    if (known == PLX_NOT_FOUND) {
        if (plx_grow(c->tables.allocator, &c->first, &c->first_capacity, (size_t)c->tables.n + 1, sizeof *c->first) ||
            !plx_dictionary_add(&c->tables, name, hash))
            return PLX_ERR_MEMORY;
        c->first[c->tables.n - 1] = c->feature;
        return PLX_OK;
    }
    if (c->first[known] == c->feature) return PLX_OK; /* the duplicate output is reported elsewhere */
    const plx_feature_spec *first = &c->table->features[c->first[known]];
    const plx_encoder_def *alone = !plx_feature_defs[first->kind]->shares_table ? plx_feature_defs[first->kind]
                                   : !plx_feature_defs[f->kind]->shares_table   ? plx_feature_defs[f->kind]
                                                                                : NULL;
    const char *key = find_difference(first, f);
    if (alone)
        plx_feature_problem_of(c, "embedding_name", "the table '%.100s' is that of %s, which no other feature shares",
                               table, alone->name);
    else if (key)
        plx_feature_problem_of(c, key, "'%s' differs from that of '%.100s', which has the same table '%.100s'", key,
                               first->name, table);
    return PLX_OK;
}

static plx_status check_tables(plx_feature_checker *c, const plx_feature_spec *f)
{
    const char *shared = f->embedding_name;
    plx_feature_output outputs[PLX_FEATURE_OUTPUTS];
    const int n = plx_feature_defs[f->kind]->outputs(f, outputs);
    plx_string name;
    plx_status status = PLX_OK;
    if (plx_is_given(shared) && (strlen(shared) > MAX_NAME || strpbrk(shared, "\n\t")))
        plx_feature_problem_of(c, "embedding_name", "'embedding_name' has at most %d characters on one line", MAX_NAME);
    plx_string_init(&name, c->tables.allocator);
    for (int i = 0; !status && i < n; i++) {
        if (outputs[i].kind == PLX_MAKES_NUMBERS) continue;
        name.length = 0;
        plx_string_format(&name, "%s", plx_table_of(f));
        if (outputs[i].name) plx_string_format(&name, "/%s", outputs[i].name);
        status = name.failed ? PLX_ERR_MEMORY : check_table(c, f, name.text);
    }
    plx_string_release(&name);
    return status;
}

const plx_feature_spec *plx_feature_named(const plx_feature_checker *c, const char *name)
{
    const plx_slice text = plx_slice_of(name);
    const uint32_t found = plx_dictionary_find(&c->names, text, plx_dictionary_hash(&c->names, text));
    return found == PLX_NOT_FOUND ? NULL : &c->table->features[found];
}

bool plx_feature_reads_number(const plx_feature_checker *c, const char *column)
{
    const plx_slice text = plx_slice_of(column);
    return plx_dictionary_find(&c->numbers, text, plx_dictionary_hash(&c->numbers, text)) != PLX_NOT_FOUND;
}

/* Lists the columns that the feature reads as numbers; false: out of memory. */
static bool list_numbers(plx_feature_checker *c, const plx_feature_spec *f)
{
    plx_input_column read[PLX_FEATURE_COLUMNS];
    const int n = plx_feature_defs[f->kind]->columns(f, read);
    for (int i = 0; i < n; i++) {
        if (read[i].reading != PLX_READS_NUMBER || plx_feature_reads_number(c, read[i].column)) continue;
        const plx_slice column = plx_slice_of(read[i].column);
        if (!plx_dictionary_add(&c->numbers, column, plx_dictionary_hash(&c->numbers, column))) return false;
    }
    return true;
}

static plx_status check_all(plx_feature_checker *c)
{
    const plx_table_spec *table = c->table;
    for (int i = 0; i < table->n_features; i++) {
        plx_slice name = plx_slice_of(table->features[i].name);
        if (!plx_dictionary_add(&c->names, name, plx_dictionary_hash(&c->names, name))) return PLX_ERR_MEMORY;
        if (!list_numbers(c, &table->features[i])) return PLX_ERR_MEMORY;
    }
    for (c->feature = 0; c->feature < table->n_features; c->feature++) {
        const plx_feature_spec *f = &table->features[c->feature];
        plx_feature_defs[f->kind]->check(c, f);
        PLX_TRY(check_tables(c, f));
    }
    return PLX_OK;
}

plx_status plx_features_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems)
{
    plx_feature_checker c = {.table = table, .problems = problems};
    const plx_hash_seed seed = plx_hash_seed_draw();
    plx_dictionary_init(&c.names, allocator, seed);
    plx_dictionary_init(&c.tables, allocator, seed);
    plx_dictionary_init(&c.numbers, allocator, seed);
    const plx_status status = check_all(&c);
    plx_free(allocator, c.first);
    plx_dictionary_release(&c.numbers);
    plx_dictionary_release(&c.tables);
    plx_dictionary_release(&c.names);
    return status;
}
