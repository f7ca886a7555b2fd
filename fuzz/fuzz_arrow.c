/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Malformed record batches from bytes: arbitrary types, offsets, views, dictionaries and nulls, in buffers of the right
 * length. Read as one batch and as two they must give the same rows, or the same error.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/arrow_read.h"
#include "data/encoders.h"
#include "same_rows.h"

enum { COLUMNS = 4, BUFFERS_MAX = 4, ROWS_MAX = 12, TEXT_BYTES = 64, MADE_MAX = 64 };

static const char *const formats[] = {
    "n",
    "b",
    "c",
    "C",
    "i",
    "l",
    "L",
    "e",
    "f",
    "g",
    "u",
    "z",
    "U",
    "vu",
    "w:3",
    "tdD",
    "tdm",
    "tsn:UTC",
    "tss:",
    "ttm",
    "ttn",
    "d:9,2,32",
    "d:3,1",
    "d:76,-3,256",
    "plx:int96",
    "plx:uuid",
    "plx:decimal:3,2",
    "plx:decimal:0,1",
    "+l",
    "+L",
    "+w:2",
    "tDs",
};
enum { N_FORMATS = sizeof formats / sizeof *formats, FIRST_LIST = N_FORMATS - 4 };

/* Bytes of an item in buffer 1; of an offset for lists and texts. */
static size_t item_bytes(const char *format)
{
    static const struct {
        const char *format;
        size_t bytes;
    } sizes[] = {{"c", 1},
                 {"C", 1},
                 {"i", 4},
                 {"l", 8},
                 {"L", 8},
                 {"e", 2},
                 {"f", 4},
                 {"g", 8},
                 {"u", 4},
                 {"z", 4},
                 {"U", 8},
                 {"vu", 16},
                 {"w:3", 3},
                 {"tdD", 4},
                 {"tdm", 8},
                 {"tss:", 8},
                 {"tsn:UTC", 8},
                 {"ttm", 4},
                 {"ttn", 8},
                 {"d:9,2,32", 4},
                 {"d:3,1", 16},
                 {"d:76,-3,256", 32},
                 {"plx:int96", 12},
                 {"plx:uuid", 16},
                 {"plx:decimal:3,2", 3},
                 {"plx:decimal:0,1", 4},
                 {"+l", 4},
                 {"+L", 8}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!strcmp(sizes[i].format, format)) return sizes[i].bytes;
    return 1;
}

typedef struct made {
    const uint8_t *at; /* the bytes left */
    size_t left;
    void *all[MADE_MAX];
    int n;
} made;

static uint8_t take(made *m)
{
    if (!m->left) return 0;
    m->left--;
    return *m->at++;
}

/* A buffer of exactly so many bytes: the next ones of the input, then 0. */
static void *make(made *m, size_t bytes)
{
    uint8_t *buffer = calloc(bytes ? bytes : 1, 1);
    const size_t n = bytes < m->left ? bytes : m->left;
    if (!buffer || m->n == MADE_MAX) abort();
    memcpy(buffer, m->at, n);
    m->at += n;
    m->left -= n;
    m->all[m->n++] = buffer;
    return buffer;
}

typedef struct node {
    struct ArrowSchema schema, *schema_child;
    struct ArrowArray array, *array_child;
    const void *buffers[BUFFERS_MAX];
    int64_t block_bytes;
} node;

/* A producer guarantees that the last offset is within the bytes, so it is set right. */
static void bound_offsets(void *offsets, size_t bytes, int64_t n)
{
    if (bytes == sizeof(int32_t))
        ((int32_t *)offsets)[n] = TEXT_BYTES;
    else
        ((int64_t *)offsets)[n] = TEXT_BYTES;
}

static void fill(made *m, node *v, const char *format, const char *name, int64_t n)
{
    const size_t bytes = item_bytes(format);
    const bool has_bytes = strchr("uzU", format[0]) || !strcmp(format, "plx:decimal:0,1");
    *v = (node){.schema = {.format = format, .name = name}, .block_bytes = TEXT_BYTES};
    v->array = (struct ArrowArray){.length = n, .null_count = -1, .n_buffers = 2, .buffers = v->buffers};
    v->buffers[0] = take(m) & 1 ? make(m, (size_t)(n + 7) / 8) : NULL;
    v->buffers[1] = make(m, (size_t)(n + 1) * bytes);
    if (!strcmp(format, "n")) v->array.n_buffers = 0;
    if (!strncmp(format, "+w", 2)) v->array.n_buffers = 1;
    if (!has_bytes && strcmp(format, "vu") != 0) return;
    if (has_bytes) bound_offsets((void *)(uintptr_t)v->buffers[1], bytes, n);
    v->buffers[2] = make(m, TEXT_BYTES);
    v->buffers[3] = &v->block_bytes;
    v->array.n_buffers = has_bytes ? 3 : 4;
}

/* A column with its items or its dictionary. */
static void fill_column(made *m, node v[3], const char *name, int64_t n)
{
    const size_t kind = take(m) % N_FORMATS;
    const bool is_list = kind >= FIRST_LIST && kind < N_FORMATS - 1;
    fill(m, &v[0], formats[kind], name, n);
    node *inner = &v[0];
    if (is_list) {
        fill(m, &v[1], formats[take(m) % FIRST_LIST], "item", 2 * n);
        inner = &v[1];
        v[0].schema_child = &v[1].schema;
        v[0].array_child = &v[1].array;
        v[0].schema.n_children = v[0].array.n_children = 1;
        v[0].schema.children = &v[0].schema_child;
        v[0].array.children = &v[0].array_child;
    }
    if (strlen(inner->schema.format) != 1 || !strchr("cCilL", inner->schema.format[0]) || take(m) & 1) return;
    fill(m, &v[2], formats[take(m) % N_FORMATS], "word", 3);
    if (v[2].schema.format[0] == '+') return; /* needs children */
    inner->schema.dictionary = &v[2].schema;
    inner->array.dictionary = &v[2].array;
}

typedef struct feed {
    node columns[COLUMNS][3];
    struct ArrowSchema *schemas[COLUMNS];
    struct ArrowArray *arrays[COLUMNS];
    const uint8_t *valid; /* of rows */
    const void *buffers[1];
    int64_t n, cut, at;
} feed;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    feed *f = stream->private_data;
    *out =
        (struct ArrowSchema){.format = "+s", .n_children = COLUMNS, .children = f->schemas, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    feed *f = stream->private_data;
    *out = (struct ArrowArray){0};
    if (f->at == f->n) return 0;
    const int64_t end = f->at < f->cut ? f->cut : f->n;
    f->buffers[0] = f->valid;
    *out = (struct ArrowArray){.length = end - f->at,
                               .offset = f->at,
                               .null_count = -1,
                               .n_buffers = 1,
                               .buffers = f->buffers,
                               .n_children = COLUMNS,
                               .children = f->arrays,
                               .release = release_array};
    f->at = end;
    return 0;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static plx_status encode(plx_encoders *e, feed *f, int64_t cut, plx_rows *out, plx_error *err)
{
    plx_columns columns = {0};
    plx_read_report wrong = {0};
    const plx_filling to = {.encoders = e, .columns = &columns, .with_labels = true, .wrong = &wrong};
    struct ArrowArrayStream stream = {get_schema, get_next, NULL, release_stream, f};
    uint32_t order[ROWS_MAX];
    f->at = 0;
    f->cut = cut;
    *out = (plx_rows){0};
    for (uint32_t i = 0; i < ROWS_MAX; i++)
        order[i] = i;
    plx_status status = plx_encoders_raw(e, true, &columns, err);
    if (!status) status = plx_arrow_read(&to, &stream, "fuzz", err);
    if (!status) status = plx_encoders_fit(e, &columns, order, columns.n, NULL, err);
    if (!status)
        status = plx_encoders_encode(e, &plx_allocator_default, &columns, order, columns.n, true, NULL, out, err);
    plx_columns_release(&columns);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const names[COLUMNS] = {"color", "size", "tags", "sold"};
    static const plx_allocator *allocator = &plx_allocator_default;
    made m = {.at = bytes, .left = length};
    const uint8_t how = take(&m);
    feed f = {.n = 1 + take(&m) % ROWS_MAX};
    plx_feature_spec features[] = {
        {.name = "color", .kind = PLX_FEATURE_SPARSE},
        {.name = "size", .kind = PLX_FEATURE_DENSE, .missing = how & 1 ? NAN : 3, .size = how & 2 ? 2 : 1},
        {.name = "tags", .kind = PLX_FEATURE_LIST, .separator = "|", .max_length = 3}};
    features[1].separator = how & 2 ? "|" : "";
    plx_task_spec tasks[] = {{.name = "sold", .kind = how >> 2 & 1}};
    plx_table_spec spec = {.features = features, .n_features = 3, .tasks = tasks, .n_tasks = 1};
    spec.is_rule_0 = how >> 3 & 1;
    spec.data = (plx_data_spec){.delimiter = ",",
                                .quote = "\"",
                                .header = true,
                                .trim = how >> 4 & 1,
                                .on_error = how >> 5 & 1,
                                .max_errors = 5};
    for (int i = 0; i < COLUMNS; i++) {
        fill_column(&m, f.columns[i], names[i], f.n);
        f.schemas[i] = &f.columns[i][0].schema;
        f.arrays[i] = &f.columns[i][0].array;
    }
    f.valid = how >> 6 & 1 ? make(&m, ROWS_MAX / 8 + 1) : NULL;
    reading whole, pieces;
    reading_init(&whole, allocator, &spec);
    reading_init(&pieces, allocator, &spec);
    whole.status = encode(whole.encoders, &f, f.n, &whole.rows, &whole.error);
    pieces.status = encode(pieces.encoders, &f, f.n / 2, &pieces.rows, &pieces.error);
    end_same_rows(&whole, &pieces, allocator);
    while (m.n > 0)
        free(m.all[--m.n]);
    return 0;
}
