/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip, and the file of a zip archive, by zlib, with the check sums and lengths that it holds: a flipped bit is an
 * error, not other rows. Several members one after another are one text; zeros after the last one are padding, other
 * bytes an error.
 */
#ifndef PLX_INFLATE_H
#define PLX_INFLATE_H

#include "base/alloc.h"
#include "files/csv.h"
#include "files/zip.h"

typedef struct plx_inflate plx_inflate;

/** Whether the file that begins with these bytes is one for plx_gzip_create. */
bool plx_gzip_begins(const char *bytes, size_t n);

/** Decompresses what `source` gives; `name` is the file's, borrowed. PLX_ERR_MEMORY. */
plx_status plx_gzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name, plx_inflate **out,
                           plx_error *err);
/** The same for the file of a zip archive, whose first byte comes first from `source`. */
plx_status plx_unzip_create(const plx_allocator *allocator, plx_byte_source source, const char *name,
                            const plx_zip_member *member, plx_inflate **out, plx_error *err);
/** NULL is fine. */
void plx_inflate_free(plx_inflate *inflate);
/** The decompressed bytes. PLX_ERR_FORMAT: the data is damaged, cut off, or followed by what is none. */
plx_byte_source plx_inflate_source(plx_inflate *inflate);

#endif
