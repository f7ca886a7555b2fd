/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that fails at its n-th request and counts the blocks that were not freed. For tests of the kind
 * "whichever allocation fails: an error and no leak":
 *
 *     failing_allocator memory;
 *     for (long n = 1; n == 1 || memory.failed; n++) {
 *         failing_allocator_init(&memory, n);
 *         plx_status status = work(&memory.allocator);
 *         CHECK(memory.live == 0);
 *         CHECK_STATUS(status, memory.failed ? PLX_ERR_MEMORY : PLX_OK);
 *     }
 *
 * The struct must not move after its initialisation. With n = 0 nothing fails. Threads may share it. `from_then_on`,
 * set after the initialisation: all later requests fail, too.
 */
#ifndef FAILING_ALLOCATOR_H
#define FAILING_ALLOCATOR_H

#include <stdatomic.h>
#include <stdlib.h>

#include "plexus_base.h"

typedef struct failing_allocator {
    plx_allocator allocator;
    long fail_at; /* counted from 1; 0: none */
    bool from_then_on;
    atomic_long calls; /* requests for memory so far, without frees */
    atomic_long live;  /* blocks that were not freed */
    atomic_bool failed;
} failing_allocator;

static inline void *failing_allocator_resize(void *user, void *memory, size_t bytes)
{
    failing_allocator *self = user;
    if (bytes == 0) {
        if (memory) self->live--;
        free(memory);
        return NULL;
    }
    const long call = ++self->calls;
    if (call == self->fail_at || (self->from_then_on && self->failed)) {
        self->failed = true;
        return NULL;
    }
    void *moved = realloc(memory, bytes);
    if (moved && !memory) self->live++;
    return moved;
}

static inline void failing_allocator_init(failing_allocator *self, long fail_at)
{
    self->allocator = (plx_allocator){failing_allocator_resize, self};
    self->fail_at = fail_at;
    self->from_then_on = false;
    self->calls = 0;
    self->live = 0;
    self->failed = false;
}

#endif
