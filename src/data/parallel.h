/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads read a file, and what becomes of what they read. */
#ifndef PLX_PARALLEL_H
#define PLX_PARALLEL_H

#include "data/columns.h"
#include "data/kept_cells.h"
#include "files/texts.h"

/** What becomes of the rows of a piece that do not go into the reader's columns. */
typedef struct plx_piece_hooks {
    /** Makes something of the raw columns for slot 0..plx_parallel_slots-1, by thread 0..threads-1; several slots at
     * once. After a failure the rows go into the reader's columns. */
    plx_status (*make)(void *user, int slot, int thread, const plx_columns *columns, plx_error *err);
    /** Takes it, in the order of the rows, by the thread that reads. `kept`: of the rows; NULL where none are kept. */
    plx_status (*take)(void *user, int slot, plx_kept_cells *kept, plx_error *err);
    void *user;
} plx_piece_hooks;

typedef struct plx_parallel {
    int threads;                  /* that read a file, the caller among them; 0 counts as 1 */
    size_t piece_bytes;           /* of text that a thread parses at a time; 0: as many as are fast */
    const plx_piece_hooks *hooks; /* NULL: rows are added to the reader's columns */
    plx_texts *texts;             /* where files are opened */
} plx_parallel;

/** Pieces under way at a time. */
static inline int plx_parallel_slots(const plx_parallel *parallel)
{
    return 2 * parallel->threads;
}

#endif
