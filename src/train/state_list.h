/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoint state is a list of named arrays, each in its owner's memory. The loop builds the list once, after all
 * memory is allocated; saving copies from the arrays, restoring copies into them. A component of training with state
 * registers its own arrays in its `_list_state` function; no other code knows them.
 */
#ifndef PLX_STATE_LIST_H
#define PLX_STATE_LIST_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/real.h"
#include "base/tensor.h"

enum { PLX_STATE_NAME = 64 };

typedef struct plx_state_item {
    char name[PLX_STATE_NAME];
    plx_dtype dtype;
    size_t n; /* numbers */
    void *data;
} plx_state_item;

typedef struct plx_state_list {
    const plx_allocator *allocator;
    plx_state_item *items;
    size_t n, capacity;
    bool failed; /* memory ran out: reported at the end */
} plx_state_list;

void plx_state_list_init(plx_state_list *list, const plx_allocator *allocator);
void plx_state_list_release(plx_state_list *list);

/** Adds an array that does not move during training. Names are unique; they are stored in files. */
void plx_state_add_reals(plx_state_list *list, const char *name, plx_real *data, size_t n);
void plx_state_add_doubles(plx_state_list *list, const char *name, double *data, size_t n);
void plx_state_add_integers(plx_state_list *list, const char *name, int64_t *data, size_t n);

/** Saves and restores checkpoints. Called only between steps. */
typedef struct plx_checkpointer {
    void *user;
    /** Copies a checkpoint into the arrays; NULL: there is none to resume from. Called once, before the first step. */
    plx_status (*restore)(void *user, const plx_state_list *list, plx_error *err);
    /** Replaces the last checkpoint; returns whether that succeeded. Training continues either way. */
    bool (*save)(void *user, const plx_state_list *list);
} plx_checkpointer;

#endif
