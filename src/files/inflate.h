/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompresses gzip, and the file of a zip archive, with zlib. Stored checksums and lengths are verified: a flipped bit
 * is an error, never different rows. Consecutive members are one text; zeros after the last one are padding, other
 * bytes an error.
 */
#ifndef PLX_INFLATE_H
#define PLX_INFLATE_H

#include "base/alloc.h"
#include "files/csv.h"
#include "files/zip.h"

typedef struct plx_inflate plx_inflate;

/** Whether a file that begins with these bytes is gzip. */
bool plx_gzip_begins(const char *bytes, size_t n);

/** Decompresses `source`; `name`: the file name, borrowed. PLX_ERR_MEMORY. */
plx_status plx_gzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name, plx_inflate **out,
                           plx_error *err);
/** The same for the file of a zip archive; `source` starts at the file's first byte. */
plx_status plx_unzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name,
                            const plx_zip_member *member, plx_inflate **out, plx_error *err);
/** NULL is fine. */
void plx_inflate_free(plx_inflate *inflate);
/** The decompressed bytes. PLX_ERR_FORMAT: the data is damaged, truncated, or followed by other bytes. */
plx_byte_source plx_inflate_source(plx_inflate *inflate);

#endif
