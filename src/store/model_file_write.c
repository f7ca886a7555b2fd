/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes model files. Tensors are in the order of the reference writer, wide dtypes first, then by name, so that each
 * is aligned to its numbers. The header is built twice in memory: first with a checksum of zeros, over which the
 * checksum is computed, then with the checksum.
 */
#include "store/model_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/checksum.h"
#include "store/dtype.h"

enum { DATA_ALIGNMENT = 64, CHECKSUM_DIGITS = 16 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");

static int compare_places(const void *a, const void *b)
{
    const plx_tensor *const *x = a, *const *y = b;
    size_t x_bytes = plx_dtype_bytes((*x)->dtype), y_bytes = plx_dtype_bytes((*y)->dtype);
    if (x_bytes != y_bytes) return x_bytes > y_bytes ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

static int compare_names(const void *a, const void *b)
{
    const plx_tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/** Refuses duplicate names; `order` becomes the order in the file. */
static plx_status sort_tensors(const plx_tensor **order, const plx_tensor *tensors, int n, plx_error *err)
{
    for (int i = 0; i < n; i++)
        order[i] = &tensors[i];
    qsort(order, (size_t)n, sizeof *order, compare_names);
    for (int i = 1; i < n; i++) {
        if (strcmp(order[i - 1]->name, order[i]->name) == 0) {
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "two tensors are called '%s'", order[i]->name);
        }
    }
    qsort(order, (size_t)n, sizeof *order, compare_places);
    return PLX_OK;
}

static plx_status check_meta(const plx_meta *meta, int n, plx_error *err)
{
    static const char *const own[] = {"format", "format_version", "data_checksum"};
    for (int i = 0; i < n; i++) {
        bool is_twice = false;
        for (int j = 0; j < i; j++)
            is_twice = is_twice || strcmp(meta[j].key, meta[i].key) == 0;
        for (size_t j = 0; j < sizeof own / sizeof *own; j++)
            is_twice = is_twice || strcmp(own[j], meta[i].key) == 0;
        if (is_twice) PLX_FAIL(err, PLX_ERR_ARGUMENT, "two texts are called '%s'", meta[i].key);
    }
    return PLX_OK;
}

static void add_tensor(plx_string *header, const plx_tensor *tensor, uint64_t begin, uint64_t end)
{
    plx_string_add(header, ",", 1);
    plx_string_json(header, plx_slice_of(tensor->name));
    plx_string_format(header, ":{\"dtype\":\"%s\",\"shape\":[", plx_dtype_name(tensor->dtype));
    for (int i = 0; i < tensor->n_dims; i++) {
        plx_string_format(header, "%s%" PRId64, i > 0 ? "," : "", tensor->dims[i]);
    }
    plx_string_format(header, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", begin, end);
}

/** The padded header without its length; `*checksum_at` is the start of the checksum's digits. */
static plx_status make_header(plx_string *header, const plx_tensor *const *order, int n_tensors, const plx_meta *meta,
                              int n_meta, size_t *checksum_at, plx_error *err)
{
    plx_string_format(header, "{\"__metadata__\":{\"data_checksum\":\"");
    *checksum_at = header->length;
    plx_string_format(header, "%0*d\",\"format\":\"plexus\",\"format_version\":\"%d\"", CHECKSUM_DIGITS, 0,
                      (int)PLX_FILE_FORMAT_VERSION);
    for (int i = 0; i < n_meta; i++) {
        plx_string_add(header, ",", 1);
        plx_string_json(header, plx_slice_of(meta[i].key));
        plx_string_add(header, ":", 1);
        plx_string_json(header, plx_slice_of(meta[i].value));
    }
    plx_string_add(header, "}", 1);
    uint64_t begin = 0;
    for (int i = 0; i < n_tensors; i++) {
        uint64_t bytes = 0, end = 0;
        if (!plx_tensor_bytes(order[i], &bytes) || __builtin_add_overflow(begin, bytes, &end)) {
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "tensor '%s' is too large", order[i]->name);
        }
        add_tensor(header, order[i], begin, end);
        begin = end;
    }
    plx_string_add(header, "}", 1);
    while (!header->failed && (header->length + 8) % DATA_ALIGNMENT != 0)
        plx_string_add(header, " ", 1);
    return header->failed ? plx_error_memory(err) : PLX_OK;
}

static void put_checksum(plx_string *header, size_t at, const unsigned char length[8], const plx_tensor *const *order,
                         int n_tensors)
{
    plx_checksum sum;
    plx_checksum_init(&sum);
    plx_checksum_add(&sum, length, 8);
    plx_checksum_add(&sum, header->text, header->length);
    for (int i = 0; i < n_tensors; i++) {
        uint64_t bytes = 0;
        plx_tensor_bytes(order[i], &bytes);
        plx_checksum_add(&sum, order[i]->data, (size_t)bytes);
    }
    char digits[CHECKSUM_DIGITS + 1];
    snprintf(digits, sizeof digits, "%016" PRIx64, plx_checksum_value(&sum));
    memcpy(header->text + at, digits, CHECKSUM_DIGITS);
}

static plx_status write_parts(const char *path, const plx_allocator *allocator, const unsigned char length[8],
                              const plx_string *header, const plx_tensor *const *order, int n_tensors, plx_error *err)
{
    plx_writer writer;
    PLX_TRY(plx_writer_init(&writer, allocator, path, err));
    plx_writer_add(&writer, length, 8);
    plx_writer_add(&writer, header->text, header->length);
    for (int i = 0; i < n_tensors; i++) {
        uint64_t bytes = 0;
        plx_tensor_bytes(order[i], &bytes);
        if (bytes > 0) plx_writer_add(&writer, order[i]->data, (size_t)bytes);
    }
    plx_status status = plx_writer_commit(&writer, err);
    plx_writer_release(&writer);
    return status;
}

plx_status plx_model_file_write(const char *path, const plx_allocator *allocator, const plx_tensor *tensors,
                                int n_tensors, const plx_meta *meta, int n_meta, plx_error *err)
{
    PLX_TRY(check_meta(meta, n_meta, err));
    const plx_tensor **order = plx_alloc(allocator, (size_t)n_tensors, sizeof *order);
    if (!order) return plx_error_memory(err);
    plx_string header;
    plx_string_init(&header, allocator);
    size_t checksum_at = 0;
    plx_status status = sort_tensors(order, tensors, n_tensors, err);
    if (status != PLX_OK) goto done;
    status = make_header(&header, order, n_tensors, meta, n_meta, &checksum_at, err);
    if (status != PLX_OK) goto done;
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)header.length >> (8 * i));
    put_checksum(&header, checksum_at, length, order, n_tensors);
    status = write_parts(path, allocator, length, &header, order, n_tensors, err);
done:
    plx_string_release(&header);
    plx_free(allocator, order);
    return status;
}
