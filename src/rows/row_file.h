/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded rows in a file, only for this machine and this build: a page of header, the records in their memory layout,
 * and a checksum for each block of PLX_BLOCK_ROWS records. Files are not trusted: lengths, checksums and ids are
 * checked before a record is used. Files are written completely and never changed.
 */
#ifndef PLX_ROW_FILE_H
#define PLX_ROW_FILE_H

#include "base/file.h"
#include "rows/records.h"

typedef struct plx_row_writer {
    plx_writer file;
    const plx_layout *layout;
    const plx_allocator *allocator;
    uint64_t *sums; /* [n_blocks] */
    size_t n, n_rows;
} plx_row_writer;

/** Creates a file for exactly `n_rows` rows. plx_row_file_open must get the same `id`. Release it after a failure,
 * too. */
plx_status plx_row_writer_init(plx_row_writer *writer, const plx_allocator *allocator, const char *path,
                               const plx_layout *layout, uint64_t id, size_t n_rows, plx_error *err);
/** Appends `n` records: whole blocks, except the last ones. */
void plx_row_writer_add(plx_row_writer *writer, const uint8_t *records, size_t n);
plx_status plx_row_writer_commit(plx_row_writer *writer, plx_error *err);
void plx_row_writer_release(plx_row_writer *writer);

/**
 * Maps the file's rows, or reads them if `in_memory`. `is_trusted`: this process has just written the file, so only
 * lengths are checked. PLX_ERR_FORMAT: `id` or `layout` differ, or the file is damaged.
 */
plx_status plx_row_file_open(const char *path, const plx_allocator *allocator, const plx_layout *layout, uint64_t id,
                             bool in_memory, bool is_trusted, plx_rows *out, plx_error *err);

#endif
