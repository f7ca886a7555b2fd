/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads model files. Jansson parses the header with its own memory: its allocator is global to the process, so we leave
 * it unchanged.
 */
#include "store/model_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "store/checksum.h"
#include "store/dtype.h"

enum { HEADER_LIMIT = 100000000, DATA_ALIGNMENT = 64, CHECKSUM_DIGITS = 16, TENSOR_DIMS = 4 };

struct plx_model_file_memory {
    plx_arena arena;
    plx_string bytes;       /* the file, if read here */
    unsigned char *aligned; /* a copy of borrowed bytes with the wrong alignment */
};

/** State shared by the steps of reading. */
typedef struct reader {
    const char *name;
    const unsigned char *bytes;
    size_t length;
    size_t header_length;
    plx_arena *arena;
    plx_error *err;
} reader;

/** A tensor with its place, for the check of the places. */
typedef struct entry {
    plx_tensor tensor;
    uint64_t begin, end;
} entry;

static const char *header_text(const reader *r)
{
    return (const char *)r->bytes + 8;
}

static plx_status read_header_length(reader *r)
{
    if (r->length < 8) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: has %zu bytes; a model file has at least 8: it is empty or truncated",
                 r->name, r->length);
    }
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | r->bytes[i];
    if (length < 2 || length > HEADER_LIMIT || (length + 8) % DATA_ALIGNMENT != 0) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT,
                 "%s: is not a model file that plexus wrote: its first 8 bytes are not a header length", r->name);
    }
    if (length > r->length - 8) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: is truncated: its header ends at byte %" PRIu64 ", the file at %zu",
                 r->name, length + 8, r->length);
    }
    r->header_length = (size_t)length;
    if (r->bytes[8] != '{') {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: is not a model file that plexus wrote: no '{' at byte 8", r->name);
    }
    return PLX_OK;
}

static plx_status parse_header(const reader *r, json_t **out)
{
    json_error_t where;
    *out = json_loadb(header_text(r), r->header_length, JSON_REJECT_DUPLICATES, &where);
    if (!*out) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: its header is invalid at byte %d: %s", r->name, 8 + where.position,
                 where.text);
    }
    if (!json_is_object(*out)) PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: its header is not an object", r->name);
    return PLX_OK;
}

static int compare_meta(const void *a, const void *b)
{
    return strcmp(((const plx_meta *)a)->key, ((const plx_meta *)b)->key);
}

static plx_status read_meta(const reader *r, json_t *root, plx_model_file *file)
{
    json_t *map = json_object_get(root, "__metadata__");
    if (!json_is_object(map)) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: is not a model file that plexus wrote: no __metadata__", r->name);
    }
    plx_meta *meta = plx_arena_take(r->arena, json_object_size(map) + 1, sizeof *meta);
    if (!meta) return plx_error_memory(r->err);
    int n = 0;
    const char *key;
    json_t *value;
    json_object_foreach(map, key, value)
    {
        if (!json_is_string(value)) {
            PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: __metadata__ '%s' is not a text", r->name, key);
        }
        meta[n].key = plx_arena_text(r->arena, key, strlen(key));
        meta[n].value = plx_arena_text(r->arena, json_string_value(value), json_string_length(value));
        n++;
    }
    if (plx_arena_failed(r->arena)) return plx_error_memory(r->err);
    qsort(meta, (size_t)n, sizeof *meta, compare_meta);
    file->meta = meta;
    file->n_meta = n;
    return PLX_OK;
}

/** Checks that it is a model file, of a layout that this version knows. */
static plx_status check_kind(const reader *r, const plx_model_file *file)
{
    const char *format = plx_model_file_meta(file, "format"), *version = plx_model_file_meta(file, "format_version");
    int64_t number = 0;
    if (!format || strcmp(format, "plexus") != 0) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: holds tensors, but is not a plexus model: format is '%s', not 'plexus'",
                 r->name, format ? format : "");
    }
    if (!version || !plx_parse_int64(plx_slice_of(version), &number) || number < 1) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: its format_version is not a number", r->name);
    }
    if (number > PLX_FILE_FORMAT_VERSION) {
        PLX_FAIL(r->err, PLX_ERR_UNSUPPORTED,
                 "%s: is of format version %" PRId64 "; this plexus reads up to version %d: update plexus", r->name,
                 number, (int)PLX_FILE_FORMAT_VERSION);
    }
    return PLX_OK;
}

/**
 * The checksum is computed with zeros in place of its digits. Quotes within JSON texts are escaped, so the quoted key
 * is found only as a key.
 */
static plx_status check_checksum(const reader *r, const plx_model_file *file)
{
    static const char key[] = "\"data_checksum\":\"";
    static const char zeros[CHECKSUM_DIGITS + 1] = "0000000000000000";
    const char *stated = plx_model_file_meta(file, "data_checksum");
    const char *header = header_text(r), *place = memmem(header, r->header_length, key, sizeof key - 1);
    if (!stated || strlen(stated) != CHECKSUM_DIGITS || !place) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: has no checksum: it was altered, or written by another program", r->name);
    }
    place += sizeof key - 1;
    size_t before = (size_t)(place - (const char *)r->bytes);
    if (r->length - before < CHECKSUM_DIGITS || memcmp(place, stated, CHECKSUM_DIGITS) != 0) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: its checksum is in the wrong place: it was altered", r->name);
    }
    plx_checksum sum;
    plx_checksum_init(&sum);
    plx_checksum_add(&sum, r->bytes, before);
    plx_checksum_add(&sum, zeros, CHECKSUM_DIGITS);
    plx_checksum_add(&sum, place + CHECKSUM_DIGITS, r->length - before - CHECKSUM_DIGITS);
    char digits[CHECKSUM_DIGITS + 1];
    snprintf(digits, sizeof digits, "%016" PRIx64, plx_checksum_value(&sum));
    if (memcmp(digits, stated, CHECKSUM_DIGITS) != 0) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: was altered: its checksum is %s, its header says %s", r->name, digits,
                 stated);
    }
    return PLX_OK;
}

/** A number that is not negative; false for anything else. */
static bool get_count(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = json_integer_value(value);
    return true;
}

static plx_status read_entry(const reader *r, const char *name, const json_t *value, entry *out)
{
    const json_t *shape = json_object_get(value, "shape"), *offsets = json_object_get(value, "data_offsets");
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    int64_t begin = 0, end = 0;
    if (!dtype || !json_is_array(shape) || json_array_size(offsets) != 2 || json_object_size(value) != 3 ||
        !get_count(json_array_get(offsets, 0), &begin) || !get_count(json_array_get(offsets, 1), &end)) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: tensor '%s' has no dtype, shape or data_offsets", r->name, name);
    }
    plx_tensor *tensor = &out->tensor;
    if (!plx_dtype_named(dtype, &tensor->dtype)) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: tensor '%s' is of dtype '%s', which plexus does not store", r->name, name,
                 dtype);
    }
    if (json_array_size(shape) > TENSOR_DIMS) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: tensor '%s' has more than %d dimensions", r->name, name, TENSOR_DIMS);
    }
    tensor->n_dims = (int)json_array_size(shape);
    bool is_shape = true;
    for (int i = 0; i < tensor->n_dims; i++) {
        is_shape = is_shape && get_count(json_array_get(shape, (size_t)i), &tensor->dims[i]);
    }
    uint64_t bytes = 0;
    if (!is_shape || !plx_tensor_bytes(tensor, &bytes) || end < begin || (uint64_t)(end - begin) != bytes) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: the shape of tensor '%s' does not fit its bytes", r->name, name);
    }
    tensor->name = plx_arena_text(r->arena, name, strlen(name));
    out->begin = (uint64_t)begin;
    out->end = (uint64_t)end;
    return tensor->name ? PLX_OK : plx_error_memory(r->err);
}

static int compare_places(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int compare_tensors(const void *a, const void *b)
{
    return strcmp(((const plx_tensor *)a)->name, ((const plx_tensor *)b)->name);
}

/** Entries follow each other without gap or overlap, up to the end of the file. */
static plx_status check_places(const reader *r, entry *entries, int n)
{
    uint64_t end = 0, data_length = r->length - 8 - r->header_length;
    qsort(entries, (size_t)n, sizeof *entries, compare_places);
    for (int i = 0; i < n; i++) {
        const entry *e = &entries[i];
        if (e->begin != end) {
            PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: tensor '%s' begins at byte %" PRIu64 " of the data, not at %" PRIu64,
                     r->name, e->tensor.name, e->begin, end);
        }
        if (e->begin % plx_dtype_bytes(e->tensor.dtype) != 0) {
            PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: tensor '%s' is not aligned", r->name, e->tensor.name);
        }
        end = e->end;
    }
    if (end != data_length) {
        PLX_FAIL(r->err, PLX_ERR_FORMAT, "%s: %s: it has %" PRIu64 " bytes of data, its header says %" PRIu64, r->name,
                 end > data_length ? "is truncated" : "continues after its end", data_length, end);
    }
    return PLX_OK;
}

static plx_status read_tensors(const reader *r, json_t *root, plx_model_file *file)
{
    size_t capacity = json_object_size(root) + 1;
    entry *entries = plx_arena_take(r->arena, capacity, sizeof *entries);
    plx_tensor *tensors = plx_arena_take(r->arena, capacity, sizeof *tensors);
    if (!entries || !tensors) return plx_error_memory(r->err);
    int n = 0;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        if (strcmp(key, "__metadata__") == 0) continue;
        PLX_TRY(read_entry(r, key, value, &entries[n]));
        n++;
    }
    PLX_TRY(check_places(r, entries, n));
    const unsigned char *data = r->bytes + 8 + r->header_length;
    for (int i = 0; i < n; i++) {
        tensors[i] = entries[i].tensor;
        tensors[i].data = data + entries[i].begin;
    }
    qsort(tensors, (size_t)n, sizeof *tensors, compare_tensors);
    file->tensors = tensors;
    file->n_tensors = n;
    return PLX_OK;
}

static plx_status parse_bytes(plx_model_file *file, const void *bytes, size_t length, const char *name, plx_error *err)
{
    reader r = {.name = name, .bytes = bytes, .length = length, .arena = &file->memory->arena, .err = err};
    json_t *root = NULL;
    PLX_TRY(read_header_length(&r));
    plx_status status = parse_header(&r, &root);
    if (status == PLX_OK) status = read_meta(&r, root, file);
    if (status == PLX_OK) status = check_kind(&r, file);
    if (status == PLX_OK) status = read_tensors(&r, root, file);
    if (status == PLX_OK) status = check_checksum(&r, file);
    json_decref(root);
    return status;
}

static plx_status init_memory(plx_model_file *file, const plx_allocator *allocator, plx_error *err)
{
    *file = (plx_model_file){0};
    file->memory = plx_alloc_zero(allocator, 1, sizeof *file->memory);
    if (!file->memory) return plx_error_memory(err);
    plx_arena_init(&file->memory->arena, allocator);
    plx_string_init(&file->memory->bytes, allocator);
    return PLX_OK;
}

plx_status plx_model_file_read(plx_model_file *file, const char *path, const plx_allocator *allocator, plx_error *err)
{
    PLX_TRY(init_memory(file, allocator, err));
    plx_string *bytes = &file->memory->bytes;
    plx_status status = plx_file_check_regular(path, err);
    if (status == PLX_OK) status = plx_file_read(path, SIZE_MAX / 2, bytes, err);
    if (status == PLX_OK) status = parse_bytes(file, bytes->text, bytes->length, path, err);
    if (status != PLX_OK) plx_model_file_release(file);
    return status;
}

plx_status plx_model_file_parse(plx_model_file *file, const void *bytes, size_t length, const char *name,
                                const plx_allocator *allocator, plx_error *err)
{
    PLX_TRY(init_memory(file, allocator, err));
    plx_status status = PLX_OK;
    if ((uintptr_t)bytes % 8 != 0) {
        file->memory->aligned = plx_alloc(allocator, length, 1);
        if (file->memory->aligned) memcpy(file->memory->aligned, bytes, length);
        if (!file->memory->aligned) status = plx_error_memory(err);
        bytes = file->memory->aligned;
    }
    if (status == PLX_OK) status = parse_bytes(file, bytes, length, name, err);
    if (status != PLX_OK) plx_model_file_release(file);
    return status;
}

void plx_model_file_release(plx_model_file *file)
{
    struct plx_model_file_memory *memory = file->memory;
    if (memory) {
        const plx_allocator *allocator = memory->arena.allocator;
        plx_free(allocator, memory->aligned);
        plx_string_release(&memory->bytes);
        plx_arena_release(&memory->arena);
        plx_free(allocator, memory);
    }
    *file = (plx_model_file){0};
}

const plx_tensor *plx_model_file_tensor(const plx_model_file *file, const char *name)
{
    plx_tensor key = {.name = name};
    if (file->n_tensors == 0) return NULL;
    return bsearch(&key, file->tensors, (size_t)file->n_tensors, sizeof key, compare_tensors);
}

const char *plx_model_file_meta(const plx_model_file *file, const char *key)
{
    plx_meta wanted = {.key = key};
    if (file->n_meta == 0) return NULL;
    const plx_meta *found = bsearch(&wanted, file->meta, (size_t)file->n_meta, sizeof wanted, compare_meta);
    return found ? found->value : NULL;
}
