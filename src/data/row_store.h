/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder for rows that exceed the memory limit: raw columns while files are read, and encoded parts as files of
 * blocks. Encoded rows that need at most half of the limit stay in memory.
 */
#ifndef PLX_ROW_STORE_H
#define PLX_ROW_STORE_H

#include "data/encoders.h"
#include "rows/row_file.h"

struct plx_row_store {
    const char *folder; /* it exists */
    size_t memory;      /* memory limit of rows; 0: none */
    bool keeps;         /* write the parts' files even if all rows fit in memory */
    uint64_t id;        /* of the files */
    bool is_written;    /* set by loading: the files exist */
};

/** The file name of part `part`. */
const char *plx_row_store_file(int part);
/** Whether parts with `n_rows` rows in total stay in memory. */
bool plx_row_store_fits(const plx_row_store *store, const plx_layout *layout, size_t n_rows);
/** Bytes of raw columns above which they are spilled. */
size_t plx_row_store_raw_bytes(const plx_row_store *store);

/** Encodes rows order[0..n-1], n > 0, of raw columns into the file of `part`. */
plx_status plx_row_store_encode(const plx_row_store *store, const plx_encoders *encoders, const plx_columns *columns,
                                int part, const uint32_t *order, size_t n, plx_pool *pool, plx_error *err);
/** Writes rows in memory to that file. */
plx_status plx_row_store_write(const plx_row_store *store, const plx_allocator *allocator, int part,
                               const plx_rows *rows, plx_error *err);
/** Opens the `n` rows of `part` from its file, in memory or mapped; without rows there is no file. */
plx_status plx_row_store_open(const plx_row_store *store, const plx_allocator *allocator, const plx_layout *layout,
                              int part, size_t n, bool in_memory, bool is_trusted, plx_rows *out, plx_error *err);

#endif
