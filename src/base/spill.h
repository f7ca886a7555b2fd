/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable memory, mapped from unnamed files, so that unused pages need no RAM. The files disappear when the process
 * ends, even if it is killed. Many pieces share a file, because descriptors are limited.
 */
#ifndef PLX_SPILL_H
#define PLX_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

/** The files of any number of pieces. */
typedef struct plx_spill_files {
    const plx_allocator *allocator; /* borrowed, as is the folder */
    const char *folder;
    int *descriptors; /* [n] */
    size_t n, capacity;
    uint64_t used; /* bytes of the last file that belong to a piece, written or not */
} plx_spill_files;

/** A piece. */
typedef struct plx_spill {
    void *at; /* [bytes]; NULL: none yet */
    size_t bytes;
    int descriptor;
    uint64_t offset; /* in its file */
} plx_spill;

void plx_spill_files_init(plx_spill_files *files, const plx_allocator *allocator, const char *folder);
/** The pieces must have been released. */
void plx_spill_files_release(plx_spill_files *files);

/** Resizes to `bytes` > 0; the contents stay. The first call reserves a range for growth to `most` bytes. */
plx_status plx_spill_resize(plx_spill *spill, plx_spill_files *files, size_t bytes, uint64_t most, plx_error *err);
/** Returns the piece's pages to the system; their contents stay in the file. */
void plx_spill_drop_pages(const plx_spill *spill);
void plx_spill_release(plx_spill *spill);

#endif
