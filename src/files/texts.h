/* SPDX-License-Identifier: Apache-2.0 */
/* Files as texts, decompressed ahead in separate threads if there are several threads. */
#ifndef PLX_TEXTS_H
#define PLX_TEXTS_H

#include "files/ahead.h"
#include "files/find.h"
#include "files/stream.h"

typedef struct plx_text {
    plx_stream stream;
    plx_ahead *ahead; /* NULL: not read ahead */
    plx_byte_source source;
} plx_text;

/** NULL is fine. */
void plx_text_close(plx_text *text);

/** The texts of several files, requested in order: while one is read, the next compressed files are decompressed ahead,
 * up to 16 MiB each. */
typedef struct plx_texts plx_texts;

/** For the files that `names` [n_names] mean (plx_find_files), as many in parallel as there are threads. */
plx_status plx_texts_create(const plx_allocator *allocator, const char *const *names, int n_names,
                            const char *const *folders, int n_folders, int threads, plx_texts **out, plx_error *err);
/** The files [*n] that name number `name` means. */
const char *const *plx_texts_files(const plx_texts *texts, int name, int *n);
/** NULL is fine. */
void plx_texts_free(plx_texts *texts);
/** The text of `path`, one of these files; the caller closes it. Errors of a file are reported here. */
plx_status plx_texts_open(plx_texts *texts, const char *path, plx_text **out, plx_error *err);

#endif
