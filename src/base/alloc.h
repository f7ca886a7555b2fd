/* SPDX-License-Identifier: Apache-2.0 */
/* All memory of the library goes through one allocator, so that tests can make the n-th allocation fail. */
#ifndef PLX_ALLOC_H
#define PLX_ALLOC_H

#include <stddef.h>

#include "plexus_base.h"

/** realloc and free of the C library. */
extern const plx_allocator plx_allocator_default;

/** `count * size` bytes, not cleared; NULL on failure or if the product overflows. `count` 0 gives a pointer. */
void *plx_alloc(const plx_allocator *a, size_t count, size_t size);
/** The same, cleared. */
void *plx_alloc_zero(const plx_allocator *a, size_t count, size_t size);
/** The same, aligned to 64 bytes and cleared; free it with plx_free_aligned. */
void *plx_alloc_aligned(const plx_allocator *a, size_t count, size_t size);
/** NULL on failure; `memory` is then unchanged. */
void *plx_realloc(const plx_allocator *a, void *memory, size_t count, size_t size);
/** NULL is fine. */
void plx_free(const plx_allocator *a, void *memory);
void plx_free_aligned(const plx_allocator *a, void *memory);

/**
 * Grows the array `*items`, of `*capacity` items of `size` bytes each, to hold `needed` items.
 * Doubles the capacity, starting at 16. 0 on success, -1 when out of memory (the array is unchanged).
 */
int plx_grow(const plx_allocator *a, void *items, size_t *capacity, size_t needed, size_t size);

#endif
