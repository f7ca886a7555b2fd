/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole, and replaced atomically. */
#ifndef PLX_FILE_H
#define PLX_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

/** The whole file into `out` (initialised by the caller). Refuses more than `limit` bytes. */
plx_status plx_file_read(const char *path, size_t limit, plx_string *out, plx_error *err);

/** PLX_ERR_IO: there is something at `path`, such as a pipe, whose opening may wait for ever. */
plx_status plx_file_check_regular(const char *path, plx_error *err);

/**
 * Writes beside `path` (PATH.tmp-PID-N) and renames in plx_writer_commit, after fsync: readers see the old file or the
 * whole new one. After a failed write the calls do nothing and the commit reports it. Without a commit, release removes
 * what was written. A link stays and its target is replaced; a device or pipe is written in place.
 */
typedef struct plx_writer {
    char path[4096], temporary[4160];
    int descriptor;
    unsigned char *buffer; /* 64 KiB */
    size_t used;
    const plx_allocator *allocator;
    plx_error failure;
} plx_writer;

plx_status plx_writer_init(plx_writer *w, const plx_allocator *allocator, const char *path, plx_error *err);
void plx_writer_add(plx_writer *w, const void *bytes, size_t length);
plx_status plx_writer_commit(plx_writer *w, plx_error *err);
void plx_writer_release(plx_writer *w);

bool plx_file_exists(const char *path);
/** All of the bytes, however many calls that takes; else false with errno. */
bool plx_write_all(int descriptor, const void *bytes, size_t length);
/** Makes a folder and those above it. 0, or how many bytes of `path` are the folder that cannot be made, with errno. */
size_t plx_folder_make(const char *path);
/** Removes the files of a folder whose names begin with `start`; what cannot be removed stays. */
void plx_folder_clean(const char *folder, const char *start);

#endif
