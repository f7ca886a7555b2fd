/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw cells of rows, passed on unchanged with the results, also for wrong rows, so that every row that was read has an
 * entry.
 */
#ifndef PLX_KEPT_CELLS_H
#define PLX_KEPT_CELLS_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

typedef struct plx_kept_cells {
    const plx_allocator *allocator; /* borrowed, like the names */
    const char *const *names;       /* [n_names]: the columns; without any, rows are only counted */
    int n_names;
    plx_string bytes;
    size_t *ends;  /* [n_rows][n_names], in bytes; then those of the current row */
    bool *skipped; /* [n_rows] */
    size_t n_ends, ends_capacity, n_rows, rows_capacity;
} plx_kept_cells;

void plx_kept_cells_init(plx_kept_cells *kept, const plx_allocator *allocator, const char *const *names, int n_names);
void plx_kept_cells_release(plx_kept_cells *kept);
/** Removes all rows. */
void plx_kept_cells_clear(plx_kept_cells *kept);

/** Adds the next cell of the current row, in the order of the names. */
plx_status plx_kept_cells_add(plx_kept_cells *kept, plx_slice cell, plx_error *err);
/** Ends the row; missing cells are empty. */
plx_status plx_kept_cells_end_row(plx_kept_cells *kept, bool is_skipped, plx_error *err);

#endif
