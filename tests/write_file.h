/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a whole file with the writer of base/file.h. */
#ifndef WRITE_FILE_H
#define WRITE_FILE_H

#include "base/file.h"

static inline plx_status write_file(const char *path, const plx_allocator *allocator, const void *bytes, size_t length,
                                    plx_error *err)
{
    plx_writer w;
    PLX_TRY(plx_writer_init(&w, allocator, path, err));
    plx_writer_add(&w, bytes, length);
    plx_status status = plx_writer_commit(&w, err);
    plx_writer_release(&w);
    return status;
}

#endif
