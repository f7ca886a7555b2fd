/* SPDX-License-Identifier: Apache-2.0 */
/* Selects the texts that become categories, and their order. */
#include "data/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "files/stream.h"

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

/* Most comparisons need no text: in a large vocabulary it would cost a cache miss. */
static int compare_texts(const void *a, const void *b)
{
    const plx_counted *x = a, *y = b;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return plx_slice_compare(x->text, y->text);
}

static void sort(plx_counted *counted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const plx_slice text = counted[i].text;
        uint64_t start = 0;
        for (size_t k = 0; k < sizeof start; k++)
            start = start << 8 | (k < text.length ? (uint8_t)text.text[k] : 0);
        counted[i].start = start;
    }
    qsort(counted, n, sizeof *counted, compare_texts);
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

/* Keeps the `size` most frequent ones, the first ones of a tie; their order stays. */
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

enum { BLOCK_CELLS = 32 }; /* whose cache misses overlap */

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
    if (spec->vocabulary == PLX_ORDER_SORTED) sort(counted, n);
    PLX_TRY(keep_frequent(counted, &n, (size_t)spec->max_size, vocabulary->texts.allocator, err));
    for (size_t i = 0; i < n; i++) {
        const size_t hashed = i + BLOCK_CELLS, read = hashed + BLOCK_CELLS;
        if (read < n) __builtin_prefetch(counted[read].text.text);
        if (hashed < n)
            plx_dictionary_prefetch(&vocabulary->texts, plx_dictionary_hash(&vocabulary->texts, counted[hashed].text));
        PLX_TRY(add(vocabulary, counted[i].text, err));
    }
    return PLX_OK;
}

void plx_vocabulary_ids(const plx_vocabulary *vocabulary, const plx_slice *cells, size_t n, uint32_t *ids)
{
    char buffers[BLOCK_CELLS][PLX_VALUE_SIZE];
    plx_slice texts[BLOCK_CELLS];
    uint64_t hashes[BLOCK_CELLS];
    for (size_t first = 0; first < n; first += BLOCK_CELLS) {
        const size_t rows = n - first < BLOCK_CELLS ? n - first : BLOCK_CELLS;
        for (size_t i = 0; i < rows && !vocabulary->hash_buckets; i++) {
            texts[i] = plx_vocabulary_text(vocabulary, cells[first + i], buffers[i]);
            hashes[i] = plx_dictionary_hash(&vocabulary->texts, texts[i]);
            plx_dictionary_prefetch(&vocabulary->texts, hashes[i]);
        }
        for (size_t i = 0; i < rows; i++)
            ids[first + i] = vocabulary->hash_buckets
                                 ? plx_vocabulary_id(vocabulary, cells[first + i])
                                 : plx_dictionary_find(&vocabulary->texts, texts[i], hashes[i]) + 1;
    }
}

/* Reads a file. Two lines with the same text are a mistake; two texts of the same value are one category. */
typedef struct lines {
    plx_vocabulary *vocabulary;
    plx_csv csv;
    plx_dictionary texts; /* the lines as written */
    const char *path;
    uint64_t n_merged, merged_line;
    char merged[64], into[64]; /* the first pair */
} lines;

static bool has(const plx_dictionary *texts, plx_slice text)
{
    return plx_dictionary_find(texts, text, plx_dictionary_hash(texts, text)) != PLX_NOT_FOUND;
}

static plx_status read_line(lines *l, plx_slice text, plx_error *err)
{
    char buffer[PLX_VALUE_SIZE];
    const plx_slice value = plx_vocabulary_text(l->vocabulary, text, buffer);
    if (has(&l->texts, text))
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: this category appears twice", l->path, (unsigned long long)l->csv.line);
    if (!plx_dictionary_add(&l->texts, text, plx_dictionary_hash(&l->texts, text))) return plx_error_memory(err);
    if (!has(&l->vocabulary->texts, value)) return add(l->vocabulary, value, err);
    if (l->n_merged++ > 0) return PLX_OK;
    l->merged_line = l->csv.line;
    snprintf(l->merged, sizeof l->merged, "%.*s", (int)(text.length < 40 ? text.length : 40), text.text);
    snprintf(l->into, sizeof l->into, "%.*s", (int)value.length, value.text);
    return PLX_OK;
}

static plx_status read_lines(lines *l, plx_error *err)
{
    bool more;
    PLX_TRY(plx_csv_next(&l->csv, &more, err));
    for (; more && l->csv.n_cells;) {
        const plx_slice text = {l->csv.cells[0].text, l->csv.cells[0].length};
        if (l->csv.n_cells > 1)
            PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu: a NUL byte in a category", l->path,
                     (unsigned long long)l->csv.line);
        if (text.length) PLX_TRY(read_line(l, text, err));
        PLX_TRY(plx_csv_next(&l->csv, &more, err));
    }
    if (!l->vocabulary->texts.n) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: the vocabulary has no category", l->path);
    return PLX_OK;
}

/* A line is a row of one cell: the delimiter is the byte 0, which no text contains. */
plx_status plx_vocabulary_read(plx_vocabulary *vocabulary, const char *path, bool trim, const plx_listener *listener,
                               plx_error *err)
{
    const plx_allocator *allocator = vocabulary->texts.allocator;
    const plx_csv_options options = {.delimiter = '\0', .trim = trim, .comment = ""};
    lines l = {.vocabulary = vocabulary, .path = path};
    plx_stream stream;
    PLX_TRY(plx_file_check_regular(path, err));
    plx_dictionary_init(&l.texts, allocator, vocabulary->texts.seed);
    plx_status status = plx_stream_init(&stream, allocator, path, err);
    if (!status) status = plx_csv_init(&l.csv, allocator, &options, plx_stream_source(&stream), path, err);
    if (!status) status = read_lines(&l, err);
    if (!status && l.n_merged)
        plx_warn(listener,
                 "%s:%llu: '%s' is the category '%s', which appears before (docs/data.md): %llu line%s such; `text: "
                 "exact` keeps them apart",
                 path, (unsigned long long)l.merged_line, l.merged, l.into, (unsigned long long)l.n_merged,
                 l.n_merged == 1 ? " is" : "s are");
    plx_csv_release(&l.csv);
    plx_dictionary_release(&l.texts);
    plx_stream_release(&stream);
    return status;
}
