/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded rows in a file, for this machine and this build alone: a page of header, the records as they lie in memory,
 * and a checksum for each block of PLX_BLOCK_ROWS of them. What is read is not trusted: lengths, checksums and ids are
 * checked before a record is handed out. Files are written whole and never changed.
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

/** For exactly `n_rows` rows. `id`: what plx_row_file_open must be given. To be released after a failure too. */
plx_status plx_row_writer_init(plx_row_writer *writer, const plx_allocator *allocator, const char *path,
                               const plx_layout *layout, uint64_t id, size_t n_rows, plx_error *err);
/** The next `n` records: whole blocks, but for the last ones. */
void plx_row_writer_add(plx_row_writer *writer, const uint8_t *records, size_t n);
plx_status plx_row_writer_commit(plx_row_writer *writer, plx_error *err);
void plx_row_writer_release(plx_row_writer *writer);

/**
 * Maps the file's rows, or with `in_memory` reads them. `is_trusted`: this process has just written them, so that only
 * lengths are checked. PLX_ERR_FORMAT: another file than that of `id` and `layout`, or a damaged one.
 */
plx_status plx_row_file_open(const char *path, const plx_allocator *allocator, const plx_layout *layout, uint64_t id,
                             bool in_memory, bool is_trusted, plx_rows *out, plx_error *err);

#endif
