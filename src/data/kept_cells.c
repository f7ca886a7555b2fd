/* SPDX-License-Identifier: Apache-2.0 */
/* Kept cells, one after the other. */
#include "data/kept_cells.h"

void plx_kept_cells_init(plx_kept_cells *kept, const plx_allocator *allocator, const char *const *names, int n_names)
{
    *kept = (plx_kept_cells){.allocator = allocator, .names = names, .n_names = n_names};
    plx_string_init(&kept->bytes, allocator);
}

void plx_kept_cells_release(plx_kept_cells *kept)
{
    plx_string_release(&kept->bytes);
    plx_free(kept->allocator, kept->ends);
    plx_free(kept->allocator, kept->skipped);
    *kept = (plx_kept_cells){.allocator = kept->allocator};
}

void plx_kept_cells_clear(plx_kept_cells *kept)
{
    kept->bytes.length = 0;
    kept->n_ends = kept->n_rows = 0;
}

plx_status plx_kept_cells_add(plx_kept_cells *kept, plx_slice cell, plx_error *err)
{
    plx_string_add(&kept->bytes, cell.text, cell.length);
    if (kept->bytes.failed ||
        plx_grow(kept->allocator, &kept->ends, &kept->ends_capacity, kept->n_ends + 1, sizeof *kept->ends))
        return plx_error_memory(err);
    kept->ends[kept->n_ends++] = kept->bytes.length;
    return PLX_OK;
}

plx_status plx_kept_cells_end_row(plx_kept_cells *kept, bool is_skipped, plx_error *err)
{
    if (plx_grow(kept->allocator, &kept->skipped, &kept->rows_capacity, kept->n_rows + 1, sizeof *kept->skipped))
        return plx_error_memory(err);
    while (kept->n_ends < (kept->n_rows + 1) * (size_t)kept->n_names)
        PLX_TRY(plx_kept_cells_add(kept, (plx_slice){"", 0}, err));
    kept->skipped[kept->n_rows++] = is_skipped;
    return PLX_OK;
}
