/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An aligned block is part of a larger one from the allocator; the pointer to that one is just before the aligned
 * bytes.
 */
#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, FIRST_CAPACITY = 16 };

static void *default_resize(void *user, void *memory, size_t bytes)
{
    (void)user;
    if (bytes) return realloc(memory, bytes);
    free(memory);
    return NULL;
}

const plx_allocator plx_allocator_default = {default_resize, NULL};

/* False on overflow. At least one byte, since a resize to 0 bytes would free. */
static bool product(size_t count, size_t size, size_t *bytes)
{
    if (size && count > (size_t)PTRDIFF_MAX / size) return false;
    *bytes = count && size ? count * size : 1;
    return true;
}

void *plx_realloc(const plx_allocator *a, void *memory, size_t count, size_t size)
{
    size_t bytes;
    return product(count, size, &bytes) ? a->resize(a->user, memory, bytes) : NULL;
}

void *plx_alloc(const plx_allocator *a, size_t count, size_t size)
{
    return plx_realloc(a, NULL, count, size);
}

void *plx_alloc_zero(const plx_allocator *a, size_t count, size_t size)
{
    void *memory = plx_alloc(a, count, size);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

void *plx_alloc_aligned(const plx_allocator *a, size_t count, size_t size)
{
    const size_t extra = ALIGNMENT + sizeof(void *);
    size_t bytes;
    if (!product(count, size, &bytes) || bytes > (size_t)PTRDIFF_MAX - extra) return NULL;
    unsigned char *whole = a->resize(a->user, NULL, bytes + extra);
    if (!whole) return NULL;
    unsigned char *aligned = whole + extra - ((uintptr_t)whole + extra) % ALIGNMENT;
    memcpy(aligned - sizeof(void *), &whole, sizeof(void *));
    memset(aligned, 0, bytes);
    return aligned;
}

void plx_free(const plx_allocator *a, void *memory)
{
    if (memory) a->resize(a->user, memory, 0);
}

void plx_free_aligned(const plx_allocator *a, void *memory)
{
    if (!memory) return;
    void *whole;
    memcpy(&whole, (unsigned char *)memory - sizeof(void *), sizeof(void *));
    plx_free(a, whole);
}

int plx_grow(const plx_allocator *a, void *items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity) return 0;
    size_t larger = *capacity < FIRST_CAPACITY ? FIRST_CAPACITY : *capacity;
    while (larger < needed)
        larger = larger > SIZE_MAX / 2 ? needed : larger * 2;
    void *old;
    memcpy(&old, items, sizeof old); /* `items` is the address of a pointer of any type */
    void *moved = plx_realloc(a, old, larger, size);
    if (!moved) return -1;
    memcpy(items, &moved, sizeof moved);
    *capacity = larger;
    return 0;
}
