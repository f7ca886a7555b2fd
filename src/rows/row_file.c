/* SPDX-License-Identifier: Apache-2.0 */
/* Files of encoded rows: written through base/file.h, mapped to be read. */
#include "rows/row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { HEADER_BYTES = 4096, FORMAT = 1 };

typedef struct header {
    char magic[8];
    uint32_t format, record_bytes;
    uint64_t id, n_rows;
    uint64_t sum; /* of what is before it */
} header;

static const char magic[8] = "plx-rows";

static uint64_t sum_of(const void *bytes, size_t length)
{
    return plx_quick_hash(bytes, length);
}

static header make_header(const plx_layout *layout, uint64_t id, size_t n_rows)
{
    header h = {.format = FORMAT, .record_bytes = layout->record_bytes, .id = id, .n_rows = n_rows};
    memcpy(h.magic, magic, sizeof h.magic);
    h.sum = sum_of(&h, offsetof(header, sum));
    return h;
}

static size_t blocks_of(size_t n_rows)
{
    return n_rows / PLX_BLOCK_ROWS + (n_rows % PLX_BLOCK_ROWS != 0);
}

static size_t block_rows(size_t n_rows, size_t block)
{
    const size_t first = block * PLX_BLOCK_ROWS;
    return n_rows - first < PLX_BLOCK_ROWS ? n_rows - first : PLX_BLOCK_ROWS;
}

/* -- Writing --------------------------------------------------------------------------------------------------- */

plx_status plx_row_writer_init(plx_row_writer *writer, const plx_allocator *allocator, const char *path,
                               const plx_layout *layout, uint64_t id, size_t n_rows, plx_error *err)
{
    static const uint8_t nothing[HEADER_BYTES - sizeof(header)];
    *writer = (plx_row_writer){.layout = layout, .n_rows = n_rows};
    PLX_TRY(plx_writer_init(&writer->file, allocator, path, err));
    writer->allocator = allocator;
    writer->sums = plx_alloc(allocator, blocks_of(n_rows), sizeof *writer->sums);
    if (!writer->sums) return plx_error_memory(err);
    const header h = make_header(layout, id, n_rows);
    plx_writer_add(&writer->file, &h, sizeof h);
    plx_writer_add(&writer->file, nothing, sizeof nothing);
    return PLX_OK;
}

void plx_row_writer_add(plx_row_writer *writer, const uint8_t *records, size_t n)
{
    const size_t bytes = writer->layout->record_bytes;
    plx_writer_add(&writer->file, records, n * bytes);
    for (const uint8_t *end = records + n * bytes; records < end;) {
        const size_t block = writer->n / PLX_BLOCK_ROWS, rows = block_rows(writer->n_rows, block);
        writer->sums[block] = sum_of(records, rows * bytes);
        writer->n += rows;
        records += rows * bytes;
    }
}

plx_status plx_row_writer_commit(plx_row_writer *writer, plx_error *err)
{
    plx_writer_add(&writer->file, writer->sums, blocks_of(writer->n_rows) * sizeof *writer->sums);
    return plx_writer_commit(&writer->file, err);
}

void plx_row_writer_release(plx_row_writer *writer)
{
    if (!writer->allocator) return;
    plx_writer_release(&writer->file);
    plx_free(writer->allocator, writer->sums);
    *writer = (plx_row_writer){0};
}

/* -- Reading --------------------------------------------------------------------------------------------------- */

typedef struct found {
    const char *path;
    int descriptor;
    uint8_t *bytes;
    size_t length;
    const plx_layout *layout;
    size_t n_rows;
} found;

static plx_status fail_system(const found *file, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be read: %s", file->path, strerror(errno));
}

static plx_status fail_format(const found *file, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s: does not contain the expected rows", file->path);
}

static plx_status map_file(found *file, plx_error *err)
{
    struct stat info;
    file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->descriptor < 0 || fstat(file->descriptor, &info)) return fail_system(file, err);
    if (!S_ISREG(info.st_mode) || info.st_size < HEADER_BYTES) return fail_format(file, err);
    file->length = (size_t)info.st_size;
    void *bytes = mmap(NULL, file->length, PROT_READ, MAP_SHARED, file->descriptor, 0);
    if (bytes == MAP_FAILED || !bytes) return fail_system(file, err);
    /* Huge pages would load megabytes around each block. */
    (void)madvise(bytes, file->length, MADV_NOHUGEPAGE);
    file->bytes = bytes;
    return PLX_OK;
}

/* The header must equal, byte for byte, the one that would be written; all lengths follow from it. */
static plx_status check_header(found *file, uint64_t id, plx_error *err)
{
    header h;
    memcpy(&h, file->bytes, sizeof h);
    const header expected = make_header(file->layout, id, h.n_rows);
    const size_t most = (SIZE_MAX / 2) / (file->layout->record_bytes + sizeof(uint64_t));
    if (memcmp(&h, &expected, sizeof h) != 0 || h.n_rows > most) return fail_format(file, err);
    const size_t n = h.n_rows, length = HEADER_BYTES + n * h.record_bytes + blocks_of(n) * sizeof(uint64_t);
    if (file->length != length) return fail_format(file, err);
    file->n_rows = n;
    return PLX_OK;
}

/* Whether each label of a task with classes is a class index or missing. */
static bool has_valid_labels(const plx_layout *layout, const uint8_t *record)
{
    bool valid = true;
    for (int i = 0; layout->classes && i < layout->n_tasks; i++) {
        float label;
        memcpy(&label, record + layout->label_offset + (size_t)i * sizeof label, sizeof label);
        const float n = (float)layout->classes[i];
        valid &= n == 0 || isnan(label) || (label >= 0 && label < n && label == floorf(label));
    }
    return valid;
}

static bool has_valid_ids(const plx_layout *layout, const uint8_t *record)
{
    bool valid = true;
    for (int i = 0; i < layout->n_sparse; i++)
        valid &= plx_record_id(record, &layout->sparse[i]) < layout->sparse[i].vocabulary;
    for (int i = 0; i < layout->n_lists; i++) {
        const plx_list_field *list = &layout->lists[i];
        const plx_id_field item = {.id_bytes = list->id_bytes, .vocabulary = list->vocabulary};
        const uint32_t none = UINT32_MAX >> (32 - 8 * list->id_bytes);
        for (uint32_t k = 0; k < list->length; k++) {
            const uint32_t id = plx_record_id(record + list->offset + (size_t)k * list->id_bytes, &item);
            valid &= id < list->vocabulary || id == none;
        }
    }
    return valid;
}

static plx_status check_blocks(const found *file, const plx_rows *rows, plx_error *err)
{
    const size_t bytes = file->layout->record_bytes;
    const uint8_t *sums = file->bytes + HEADER_BYTES + file->n_rows * bytes;
    for (size_t block = 0; block < blocks_of(file->n_rows); block++) {
        const uint8_t *records = rows->records + block * PLX_BLOCK_ROWS * bytes;
        const size_t n = block_rows(file->n_rows, block);
        uint64_t sum;
        memcpy(&sum, sums + block * sizeof sum, sizeof sum);
        bool valid = sum == sum_of(records, n * bytes);
        for (size_t i = 0; valid && i < n; i++)
            valid =
                has_valid_ids(file->layout, records + i * bytes) && has_valid_labels(file->layout, records + i * bytes);
        if (!valid) return fail_format(file, err);
        plx_rows_drop_pages(rows, block * PLX_BLOCK_ROWS, n);
    }
    return PLX_OK;
}

static plx_status take_rows(found *file, const plx_allocator *allocator, bool in_memory, plx_rows *rows, plx_error *err)
{
    if (in_memory) {
        PLX_TRY(plx_rows_init(rows, allocator, file->layout, file->n_rows, err));
        memcpy(rows->records, file->bytes + HEADER_BYTES, file->n_rows * file->layout->record_bytes);
        return PLX_OK;
    }
    *rows = (plx_rows){.layout = file->layout,
                       .records = file->bytes + HEADER_BYTES,
                       .n = file->n_rows,
                       .mapping = file->bytes,
                       .mapping_bytes = file->length,
                       .descriptor = file->descriptor};
    return PLX_OK;
}

plx_status plx_row_file_open(const char *path, const plx_allocator *allocator, const plx_layout *layout, uint64_t id,
                             bool in_memory, bool is_trusted, plx_rows *out, plx_error *err)
{
    found file = {.path = path, .descriptor = -1, .layout = layout};
    plx_rows rows = {0};
    plx_status status = map_file(&file, err);
    if (!status) status = check_header(&file, id, err);
    if (!status) status = take_rows(&file, allocator, in_memory, &rows, err);
    if (!status && !is_trusted) status = check_blocks(&file, &rows, err);
    const bool is_kept = !status && !in_memory;
    if (file.descriptor >= 0 && !is_kept) close(file.descriptor);
    if (file.bytes && !is_kept) munmap(file.bytes, file.length);
    if (!status) {
        *out = rows;
    } else if (in_memory) {
        plx_rows_release(&rows, allocator);
    }
    return status;
}
