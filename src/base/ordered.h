/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that are fetched one after the other, worked on by several threads at once, and taken in the order in which
 * they were fetched: a file's pieces. Who takes works, too, while the next item is not ready.
 */
#ifndef PLX_ORDERED_H
#define PLX_ORDERED_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct plx_ordered plx_ordered;

typedef struct plx_ordered_hooks {
    /** Puts the next item into slot `slot`; false: there is none. By one thread at a time, any of them. */
    bool (*fetch)(void *user, int slot);
    /** Works on the item in `slot`, by thread 0..threads-1; the taker is 0. */
    void (*work)(void *user, int slot, int thread);
    void *user;
} plx_ordered_hooks;

/** `threads` >= 1, the taker among them; `n_slots` >= 1 items at most are under way. Where the system gives no thread,
 * the taker does all. */
plx_status plx_ordered_create(const plx_allocator *allocator, int threads, int n_slots, const plx_ordered_hooks *hooks,
                              plx_ordered **out, plx_error *err);
/** Ends the threads; waits for the work that is under way. NULL is fine. */
void plx_ordered_free(plx_ordered *ordered);
/** The slot of the next item, worked on; -1: there is none. It is the caller's until the next call. */
int plx_ordered_next(plx_ordered *ordered);

#endif
