/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder for rows that are more than the memory allows: raw columns go there while files are read, encoded parts as
 * files of blocks. Rows that, encoded, take at most half of the memory lie in memory as they would without it.
 */
#ifndef PLX_ROW_STORE_H
#define PLX_ROW_STORE_H

#include "data/encoders.h"
#include "rows/row_file.h"

struct plx_row_store {
    const char *folder; /* it exists */
    size_t memory;      /* that rows may take; 0: any */
    bool keeps;         /* the parts' files are written even where all rows fit the memory */
    uint64_t id;        /* of the files */
    bool is_written;    /* set by loading: they are there */
};

/** The name in the folder of the file of part `part`. */
const char *plx_row_store_file(int part);
/** Whether parts of `n_rows` rows together lie in memory. */
bool plx_row_store_fits(const plx_row_store *store, const plx_layout *layout, size_t n_rows);
/** Bytes that raw columns may take before they go to files. */
size_t plx_row_store_raw_bytes(const plx_row_store *store);

/** Encodes rows order[0..n-1], n > 0, of raw columns into the file of `part`. */
plx_status plx_row_store_encode(const plx_row_store *store, const plx_encoders *encoders, const plx_columns *columns,
                                int part, const uint32_t *order, size_t n, plx_pool *pool, plx_error *err);
/** Writes rows that lie in memory to it. */
plx_status plx_row_store_write(const plx_row_store *store, const plx_allocator *allocator, int part,
                               const plx_rows *rows, plx_error *err);
/** The `n` rows of `part` from its file, in memory or mapped; no file is needed for none. */
plx_status plx_row_store_open(const plx_row_store *store, const plx_allocator *allocator, const plx_layout *layout,
                              int part, size_t n, bool in_memory, bool is_trusted, plx_rows *out, plx_error *err);

#endif
