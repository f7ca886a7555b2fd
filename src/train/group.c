/* SPDX-License-Identifier: Apache-2.0 */
/* Group indices by a hash table with linear probing, at most half full. */
#include "train/group.h"

#include <string.h>

typedef struct slot {
    uint64_t hash; /* 0: free; no group has it */
    uint32_t group;
} slot;

static size_t slots_for(size_t n)
{
    size_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    return slots;
}

static void number_groups(plx_groups *groups, const plx_rows *rows, slot *slots, size_t n_slots)
{
    const plx_layout *layout = rows->layout;
    for (size_t row = 0; row < rows->n; row++) {
        const uint64_t hash = plx_record_group(layout, rows->records + row * layout->record_bytes);
        groups->of_row[row] = PLX_NO_GROUP;
        if (hash == 0) continue;
        size_t at = (size_t)((hash ^ hash >> 32) & (n_slots - 1));
        while (slots[at].hash != 0 && slots[at].hash != hash)
            at = (at + 1) & (n_slots - 1);
        if (slots[at].hash == 0) slots[at] = (slot){hash, groups->n_groups++};
        groups->of_row[row] = slots[at].group;
    }
}

plx_status plx_groups_init(plx_groups *groups, const plx_allocator *allocator, const plx_rows *rows, plx_error *err)
{
    *groups = (plx_groups){0};
    if (!rows->layout->has_group || rows->n == 0) return PLX_OK;
    if (rows->n > PLX_GROUPS_MAX)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%zu rows with groups: at most 2^31 - 1 at once", rows->n);
    const size_t n_slots = slots_for(rows->n);
    slot *slots = plx_alloc_zero(allocator, n_slots, sizeof *slots);
    groups->of_row = plx_alloc(allocator, rows->n, sizeof *groups->of_row);
    if (slots && groups->of_row) number_groups(groups, rows, slots, n_slots);
    const bool has_memory = slots && groups->of_row;
    plx_free(allocator, slots);
    if (has_memory) return PLX_OK;
    plx_groups_release(groups, allocator);
    return plx_error_memory(err);
}

void plx_groups_release(plx_groups *groups, const plx_allocator *allocator)
{
    plx_free(allocator, groups->of_row);
    *groups = (plx_groups){0};
}
