/* SPDX-License-Identifier: Apache-2.0 */
/* Where the one file of a zip archive lies. */
#ifndef PLX_ZIP_H
#define PLX_ZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_zip_member {
    int64_t begin;           /* of its bytes in the archive */
    uint64_t packed, length; /* bytes there, and when unpacked */
    uint32_t crc;            /* of what is unpacked */
    bool is_deflated;        /* else the bytes are as they are */
} plx_zip_member;

/**
 * The archive's one file; folders, and names that begin with a dot, an underscore or __MACOSX/, are skipped.
 * PLX_ERR_FORMAT: there is none, there are several (the message names them), it is encrypted or compressed in another
 * way, or the archive is damaged; `path` stands in the message. PLX_ERR_IO, PLX_ERR_MEMORY.
 */
plx_status plx_zip_find(const plx_allocator *allocator, int descriptor, int64_t bytes, const char *path,
                        plx_zip_member *out, plx_error *err);

#endif
