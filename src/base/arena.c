/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks grow from 4 KiB to 256 KiB as an arena fills; a larger allocation gets its own block. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 256 * 1024 };

typedef struct plx_arena_block {
    struct plx_arena_block *next;
    size_t used, capacity;
    _Alignas(max_align_t) unsigned char bytes[];
} plx_arena_block;

void plx_arena_init(plx_arena *arena, const plx_allocator *allocator)
{
    *arena = (plx_arena){.allocator = allocator};
}

void plx_arena_release(plx_arena *arena)
{
    while (arena->blocks) {
        plx_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        plx_free(arena->allocator, block);
    }
    arena->failed = false;
}

static plx_arena_block *add_block(plx_arena *arena, size_t needed)
{
    size_t capacity = arena->blocks ? arena->blocks->capacity * 2 : FIRST_BLOCK;
    if (capacity > LARGEST_BLOCK) capacity = LARGEST_BLOCK;
    if (capacity < needed) capacity = needed;
    plx_arena_block *block = plx_alloc(arena->allocator, 1, sizeof *block + capacity);
    if (!block) return NULL;
    *block = (plx_arena_block){.next = arena->blocks, .capacity = capacity};
    arena->blocks = block;
    return block;
}

void *plx_arena_take(plx_arena *arena, size_t count, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    if (arena->failed) return NULL;
    if (size && count > (size_t)PTRDIFF_MAX / 2 / size) {
        arena->failed = true;
        return NULL;
    }
    size_t bytes = count && size ? (count * size + alignment - 1) / alignment * alignment : alignment;
    plx_arena_block *block = arena->blocks;
    if (!block || block->capacity - block->used < bytes) block = add_block(arena, bytes);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *taken = block->bytes + block->used;
    block->used += bytes;
    return memset(taken, 0, bytes);
}

void *plx_arena_copy(plx_arena *arena, const void *source, size_t bytes)
{
    void *copy = plx_arena_take(arena, bytes, 1);
    if (copy && bytes) memcpy(copy, source, bytes);
    return copy;
}

char *plx_arena_text(plx_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? plx_arena_take(arena, length + 1, 1) : NULL;
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

__attribute__((format(printf, 2, 0))) static char *format_list(plx_arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = NULL;
    if (length < 0)
        arena->failed = true;
    else
        text = plx_arena_take(arena, (size_t)length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *plx_arena_format(plx_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_list(arena, format, arguments);
    va_end(arguments);
    return text;
}

bool plx_arena_failed(const plx_arena *arena)
{
    return arena->failed;
}
