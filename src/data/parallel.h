/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of one file with several threads. */
#ifndef PLX_PARALLEL_H
#define PLX_PARALLEL_H

#include "data/columns.h"
#include "data/kept_cells.h"
#include "files/texts.h"

/** Callbacks for the rows of a piece that are not added to the reader's columns. */
typedef struct plx_piece_hooks {
    /** Processes raw columns for slot 0..plx_parallel_slots-1 in thread 0..threads-1; several slots concurrently. After
     * a failure the rows go to the reader's columns. */
    plx_status (*make)(void *user, int slot, int thread, const plx_columns *columns, plx_error *err);
    /** Takes a slot's result, in the order of the rows, in the reading thread. `kept`: of the rows, or NULL. */
    plx_status (*take)(void *user, int slot, plx_kept_cells *kept, plx_error *err);
    void *user;
} plx_piece_hooks;

typedef struct plx_parallel {
    int threads;                  /* threads that read a file, the caller included; 0 means 1 */
    size_t piece_bytes;           /* bytes of text that a thread parses at a time; 0: the default */
    const plx_piece_hooks *hooks; /* NULL: rows are added to the reader's columns */
    plx_texts *texts;             /* opens the files */
} plx_parallel;

/** Pieces in flight. */
static inline int plx_parallel_slots(const plx_parallel *parallel)
{
    return 2 * parallel->threads;
}

#endif
