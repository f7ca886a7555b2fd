/* SPDX-License-Identifier: Apache-2.0 */
/* Files as texts, decompressed ahead in threads of their own where there are several threads. */
#ifndef PLX_TEXTS_H
#define PLX_TEXTS_H

#include "files/ahead.h"
#include "files/find.h"
#include "files/stream.h"

typedef struct plx_text {
    plx_stream stream;
    plx_ahead *ahead; /* NULL: it is read where it is needed */
    plx_byte_source source;
} plx_text;

/** NULL is fine. */
void plx_text_close(plx_text *text);

/** The texts of several files, asked for in their order: while one is read, the next compressed ones are decompressed
 * as far as 16 MiB each. */
typedef struct plx_texts plx_texts;

/** Of the files that `names` [n_names] stand for (plx_find_files), as many at once as there are threads. */
plx_status plx_texts_create(const plx_allocator *allocator, const char *const *names, int n_names,
                            const char *const *folders, int n_folders, int threads, plx_texts **out, plx_error *err);
/** The files that name `name` stands for, [*n]. */
const char *const *plx_texts_files(const plx_texts *texts, int name, int *n);
/** NULL is fine. */
void plx_texts_free(plx_texts *texts);
/** The text of `path`, one of these files; it is the caller's. What is wrong with a file is told when it is asked for.
 */
plx_status plx_texts_open(plx_texts *texts, const char *path, plx_text **out, plx_error *err);

#endif
