/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items, such as a file's pieces, that are fetched one at a time, processed by several threads in parallel, and taken
 * in the order of fetching. The taking thread also processes items while the next one is not ready.
 */
#ifndef PLX_ORDERED_H
#define PLX_ORDERED_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_ordered plx_ordered;

typedef struct plx_ordered_hooks {
    /** Puts the next item into slot `slot`; false: no more items. Called by any thread, one at a time. */
    bool (*fetch)(void *user, int slot);
    /** Processes the item in `slot`, in thread 0..threads-1; the taking thread is 0. */
    void (*work)(void *user, int slot, int thread);
    void *user;
} plx_ordered_hooks;

/** `threads` >= 1, the taking thread included; at most `n_slots` >= 1 items are in flight. If no thread can be created,
 * the taking thread does all work. */
plx_status plx_ordered_create(const plx_allocator *allocator, int threads, int n_slots, const plx_ordered_hooks *hooks,
                              plx_ordered **out, plx_error *err);
/** Ends the threads; waits for work in progress. NULL is fine. */
void plx_ordered_free(plx_ordered *ordered);
/** The slot of the next processed item, valid until the next call; -1: no more items. */
int plx_ordered_next(plx_ordered *ordered);

#endif
