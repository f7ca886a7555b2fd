/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts become categories, and in which order. */
#include "data/vocabulary.h"

#include <stdlib.h>

#include "data/stream.h"

void plx_vocabulary_init(plx_vocabulary *vocabulary, const char *name, const plx_feature_spec *spec, bool is_exact,
                         const plx_allocator *allocator, plx_hash_seed seed)
{
    *vocabulary = (plx_vocabulary){.name = name,
                                   .spec = spec,
                                   .is_exact = is_exact,
                                   .is_fitted = !spec->hash_buckets && !*spec->vocabulary_file,
                                   .hash_buckets = (uint32_t)spec->hash_buckets};
    plx_dictionary_init(&vocabulary->texts, allocator, seed);
}

void plx_vocabulary_release(plx_vocabulary *vocabulary)
{
    plx_dictionary_release(&vocabulary->texts);
}

static int compare_texts(const void *a, const void *b)
{
    return plx_slice_compare(((const plx_counted *)a)->text, ((const plx_counted *)b)->text);
}

static int compare_counts(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

static size_t drop_rare(plx_counted *counted, size_t n, int64_t min_count)
{
    size_t kept = 0;
    if (min_count <= 1) return n;
    for (size_t i = 0; i < n; i++)
        if (counted[i].count >= (uint64_t)min_count) counted[kept++] = counted[i];
    return kept;
}

/* Keeps the `size` most frequent ones, of equally frequent ones the first; their order stays. */
static plx_status keep_frequent(plx_counted *counted, size_t *n, size_t size, const plx_allocator *allocator,
                                plx_error *err)
{
    size_t kept = 0, n_above = 0;
    if (size == 0 || *n <= size) return PLX_OK;
    uint64_t *counts = plx_alloc(allocator, *n, sizeof *counts);
    if (!counts) return plx_error_memory(err);
    for (size_t i = 0; i < *n; i++)
        counts[i] = counted[i].count;
    qsort(counts, *n, sizeof *counts, compare_counts);
    const uint64_t least = counts[size - 1];
    while (counts[n_above] > least)
        n_above++;
    plx_free(allocator, counts);
    for (size_t i = 0, n_equal = size - n_above; i < *n; i++) {
        if (counted[i].count < least || (counted[i].count == least && n_equal == 0)) continue;
        n_equal -= counted[i].count == least;
        counted[kept++] = counted[i];
    }
    *n = kept;
    return PLX_OK;
}

static plx_status add(plx_vocabulary *vocabulary, plx_slice text, plx_error *err)
{
    if (vocabulary->texts.n >= PLX_DICTIONARY_MAX - 1)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "more than %d categories in a table", PLX_DICTIONARY_MAX - 1);
    if (!plx_dictionary_add(&vocabulary->texts, text, plx_dictionary_hash(&vocabulary->texts, text)))
        return plx_error_memory(err);
    return PLX_OK;
}

plx_status plx_vocabulary_take(plx_vocabulary *vocabulary, plx_counted *counted, size_t n, plx_error *err)
{
    const plx_feature_spec *spec = vocabulary->spec;
    n = drop_rare(counted, n, spec->min_count);
    if (spec->vocabulary == PLX_ORDER_SORTED) qsort(counted, n, sizeof *counted, compare_texts);
    PLX_TRY(keep_frequent(counted, &n, (size_t)spec->max_size, vocabulary->texts.allocator, err));
    for (size_t i = 0; i < n; i++)
        PLX_TRY(add(vocabulary, counted[i].text, err));
    return PLX_OK;
}

static plx_status read_lines(plx_vocabulary *vocabulary, plx_csv *csv, const char *path, plx_error *err)
{
    bool more;
    PLX_TRY(plx_csv_next(csv, &more, err));
    for (; more && csv->n_cells;) {
        const plx_slice text = {csv->cells[0].text, csv->cells[0].length};
        if (csv->n_cells > 1)
            PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: a byte of 0 in a category", path, (unsigned long long)csv->line);
        if (plx_dictionary_find(&vocabulary->texts, text, plx_dictionary_hash(&vocabulary->texts, text)) !=
            PLX_NOT_FOUND)
            PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: this category is there twice", path, (unsigned long long)csv->line);
        if (text.length) PLX_TRY(add(vocabulary, text, err));
        PLX_TRY(plx_csv_next(csv, &more, err));
    }
    if (!vocabulary->texts.n) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the vocabulary has no category", path);
    return PLX_OK;
}

/* A line is a row of one cell: no text holds a byte of 0, which is the delimiter. */
plx_status plx_vocabulary_read(plx_vocabulary *vocabulary, const char *path, bool trim, plx_error *err)
{
    const plx_csv_options options = {.delimiter = '\0', .trim = trim, .comment = ""};
    plx_csv csv = {0};
    plx_stream stream;
    plx_status status = plx_stream_init(&stream, vocabulary->texts.allocator, path, err);
    if (!status)
        status = plx_csv_init(&csv, vocabulary->texts.allocator, &options, plx_stream_source(&stream), path, err);
    if (!status) status = read_lines(vocabulary, &csv, path, err);
    plx_csv_release(&csv);
    plx_stream_release(&stream);
    return status;
}
