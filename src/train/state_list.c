/* SPDX-License-Identifier: Apache-2.0 */
/* The list of arrays that make up a checkpoint. */
#include "train/state_list.h"

#include <stdio.h>

void plx_state_list_init(plx_state_list *list, const plx_allocator *allocator)
{
    *list = (plx_state_list){.allocator = allocator};
}

void plx_state_list_release(plx_state_list *list)
{
    if (list->allocator) plx_free(list->allocator, list->items);
    *list = (plx_state_list){0};
}

static void add(plx_state_list *list, const char *name, plx_dtype dtype, void *data, size_t n)
{
    if (list->failed || plx_grow(list->allocator, &list->items, &list->capacity, list->n + 1, sizeof *list->items)) {
        list->failed = true;
        return;
    }
    plx_state_item *item = &list->items[list->n++];
    *item = (plx_state_item){.dtype = dtype, .n = n, .data = data};
    snprintf(item->name, sizeof item->name, "%s", name);
}

void plx_state_add_reals(plx_state_list *list, const char *name, plx_real *data, size_t n)
{
    add(list, name, sizeof *data == sizeof(float) ? PLX_DTYPE_F32 : PLX_DTYPE_F64, data, n);
}

void plx_state_add_doubles(plx_state_list *list, const char *name, double *data, size_t n)
{
    add(list, name, PLX_DTYPE_F64, data, n);
}

void plx_state_add_integers(plx_state_list *list, const char *name, int64_t *data, size_t n)
{
    add(list, name, PLX_DTYPE_I64, data, n);
}
