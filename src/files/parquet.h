/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parquet files as streams of record batches, one a row group. All that knows the library which reads them (carquet) is
 * behind these calls; a build without it knows such files and says what to do.
 */
#ifndef PLX_PARQUET_H
#define PLX_PARQUET_H

#include <stdbool.h>

#include "base/alloc.h"
#include "files/arrow_column.h"

/** Formats of columns that Arrow has no words for: timestamps of 12 bytes, UUIDs, and decimals of a number of bytes
 * (0: as many as each has), the highest first, and a scale. */
#define PLX_PARQUET_INT96   "plx:int96"
#define PLX_PARQUET_UUID    "plx:uuid"
#define PLX_PARQUET_DECIMAL "plx:decimal:%d,%d"

/** Whether the file begins as Parquet files do. False for what cannot be opened, and for pipes and devices. */
bool plx_parquet_is_at(const char *path);

/** Whether this build has what plx_parquet_open needs. */
bool plx_parquet_is_readable(void);

/** The caller releases the stream. PLX_ERR_IO, PLX_ERR_FORMAT, PLX_ERR_UNSUPPORTED: a build without Parquet. */
plx_status plx_parquet_open(const plx_allocator *allocator, const char *path, struct ArrowArrayStream *out,
                            plx_error *err);

#endif
