/* SPDX-License-Identifier: Apache-2.0 */
/* The position of the only file in a zip archive. */
#ifndef PLX_ZIP_H
#define PLX_ZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_zip_member {
    int64_t begin;           /* offset of its bytes in the archive */
    uint64_t packed, length; /* compressed and uncompressed size in bytes */
    uint32_t crc;            /* of the uncompressed bytes */
    bool is_deflated;        /* false: stored uncompressed */
} plx_zip_member;

/**
 * The archive's only file; folders, and names that begin with a dot, an underscore or __MACOSX/, are skipped.
 * PLX_ERR_FORMAT: no file, several files (the message names them), encryption or another compression method, or a
 * damaged archive; the message contains `path`. PLX_ERR_IO, PLX_ERR_MEMORY.
 */
plx_status plx_zip_find(const plx_allocator *allocator, int descriptor, int64_t bytes, const char *path,
                        plx_zip_member *out, plx_error *err);

#endif
