/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file, decompressed if it is compressed (.gz, .zst, .xz, .bz2, .lz4, a .zip of one file, detected from
 * its first bytes). If a regular file changes in size or time while it is read, the end of the file is an error.
 */
#ifndef PLX_STREAM_H
#define PLX_STREAM_H

#include <stdint.h>

#include "base/error.h"
#include "files/csv.h"
#include "files/inflate.h"

struct archive;

typedef struct plx_stream {
    const char *path;               /* borrowed; also for messages */
    const plx_allocator *allocator; /* borrowed */
    plx_inflate *gzip;              /* gzip or zip; NULL: neither */
    struct archive *archive;        /* NULL: it is plain, or gzip */
    char *input;                    /* the buffer of the archive's reader */
    char first[8];                  /* the file's first bytes, passed on after format detection */
    size_t n_first, first_taken;
    int descriptor;
    bool is_compressed, is_empty;
    bool is_regular;
    int64_t begin; /* start of the rows: a file given as standard input may have been read partly */
    int64_t size, seconds, nanoseconds; /* size and time of last change, when opened */
} plx_stream;

/** `path` "-" is standard input. Must not move until it is released, also after a failure.
 * PLX_ERR_IO, PLX_ERR_FORMAT, PLX_ERR_MEMORY. */
plx_status plx_stream_init(plx_stream *stream, const plx_allocator *allocator, const char *path, plx_error *err);
void plx_stream_release(plx_stream *stream);
/** The fraction of the file's bytes on disk that has been read, also ahead; NaN if it is not a regular file. */
double plx_stream_share(const plx_stream *stream);
/** The stream as a source for the tokenizer. */
plx_byte_source plx_stream_source(plx_stream *stream);

#endif
