/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parquet files as streams of record batches, one per row group. Only the implementation of these functions uses the
 * library carquet; a build without it recognises Parquet files and reports the remedy.
 */
#ifndef PLX_PARQUET_H
#define PLX_PARQUET_H

#include <stdbool.h>

#include "base/alloc.h"
#include "files/arrow_column.h"

/** Formats of columns that Arrow has no format for: 12-byte timestamps, UUIDs, and big-endian decimals with a number of
 * bytes (0: variable) and a scale. */
#define PLX_PARQUET_INT96   "plx:int96"
#define PLX_PARQUET_UUID    "plx:uuid"
#define PLX_PARQUET_DECIMAL "plx:decimal:%d,%d"

/** Whether the file begins like a Parquet file. False if it cannot be opened, and for pipes and devices. */
bool plx_parquet_is_at(const char *path);

/** Whether this build can read Parquet. */
bool plx_parquet_is_readable(void);

/** The caller releases the stream. PLX_ERR_IO, PLX_ERR_FORMAT, PLX_ERR_UNSUPPORTED: a build without Parquet. */
plx_status plx_parquet_open(const plx_allocator *allocator, const char *path, struct ArrowArrayStream *out,
                            plx_error *err);

#endif
