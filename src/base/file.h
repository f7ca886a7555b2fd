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

/** PLX_ERR_IO: `path` is a pipe or device, for example, whose opening may block forever. */
plx_status plx_file_check_regular(const char *path, plx_error *err);

/**
 * Writes next to `path` (PATH.tmp-PID-N) and renames in plx_writer_commit, after fsync: readers see the old file or the
 * complete new one. After a failed write, calls do nothing and the commit reports the failure. Without a commit,
 * release removes the temporary file. A symbolic link stays and its target is replaced; a device or pipe is written to
 * directly.
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
/** Writes all bytes, with as many calls as needed; false with errno on failure. */
bool plx_write_all(int descriptor, const void *bytes, size_t length);
/** Creates a folder and its parents. 0, or the length of the prefix of `path` that cannot be created, with errno. */
size_t plx_folder_make(const char *path);
/** Removes the files of a folder whose names begin with `start`; ignores failures. */
void plx_folder_clean(const char *folder, const char *start);

#endif
