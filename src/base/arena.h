/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bump allocator: many small objects with one lifetime, released together. After the first failure every
 * allocation returns NULL; callers that build something large check plx_arena_failed once at the end.
 */
#ifndef PLX_ARENA_H
#define PLX_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "plexus_base.h"

typedef struct plx_arena {
    const plx_allocator *allocator; /* borrowed */
    struct plx_arena_block *blocks; /* newest first */
    bool failed;
} plx_arena;

void plx_arena_init(plx_arena *arena, const plx_allocator *allocator);
void plx_arena_release(plx_arena *arena);
/** `count * size` cleared bytes aligned for any type; NULL after any failure. */
void *plx_arena_take(plx_arena *arena, size_t count, size_t size);
/** A copy of `bytes` bytes. */
void *plx_arena_copy(plx_arena *arena, const void *source, size_t bytes);
/** A NUL-terminated copy of the first `length` bytes of `text`. */
char *plx_arena_text(plx_arena *arena, const char *text, size_t length);
char *plx_arena_format(plx_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool plx_arena_failed(const plx_arena *arena);

#endif
