/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file, decompressed where it is compressed (.gz, .zst, .xz, .bz2, .lz4, a .zip of one file, detected
 * from its first bytes). If a regular file changes in size or time while it is read, that is an error at its end.
 */
#ifndef PLX_STREAM_H
#define PLX_STREAM_H

#include <stdint.h>

#include "base/error.h"
#include "files/csv.h"
#include "files/inflate.h"

struct archive;

typedef struct plx_stream {
    const char *path;               /* borrowed; in messages, too */
    const plx_allocator *allocator; /* borrowed */
    plx_inflate *gzip;              /* or zip; NULL: the file is neither */
    struct archive *archive;        /* NULL: it is plain, or gzip */
    char *input;                    /* of the archive's reader */
    char first[8];                  /* the file's first bytes, passed on after they showed what it is */
    size_t n_first, first_taken;
    int descriptor;
    bool is_compressed, is_empty;
    bool is_regular;
    int64_t begin; /* where its rows begin: a file given as standard input may have been read from before */
    int64_t size, seconds, nanoseconds; /* of the file and of its last change, when opened */
} plx_stream;

/** `path` "-" is standard input. Must not move until it is released, also after a failure.
 * PLX_ERR_IO, PLX_ERR_FORMAT, PLX_ERR_MEMORY. */
plx_status plx_stream_init(plx_stream *stream, const plx_allocator *allocator, const char *path, plx_error *err);
void plx_stream_release(plx_stream *stream);
/** Fraction of its bytes on disk that have been read, ahead included; NaN for other than regular files. */
double plx_stream_share(const plx_stream *stream);
/** The stream as a source for the tokenizer. */
plx_byte_source plx_stream_source(plx_stream *stream);

#endif
