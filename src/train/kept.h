/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoint state is a list of named arrays, each in its owner's memory. The loop builds the list once, after all
 * memory is allocated; saving copies from the arrays, restoring copies into them. A component of training with state
 * registers its own arrays in its `_keep` function; no other code knows them.
 */
#ifndef PLX_KEPT_H
#define PLX_KEPT_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/real.h"
#include "base/tensor.h"

enum { PLX_KEPT_NAME = 64 };

typedef struct plx_kept {
    char name[PLX_KEPT_NAME];
    plx_dtype dtype;
    size_t n; /* numbers */
    void *data;
} plx_kept;

typedef struct plx_kept_list {
    const plx_allocator *allocator;
    plx_kept *items;
    size_t n, capacity;
    bool failed; /* memory ran out: reported at the end */
} plx_kept_list;

void plx_kept_list_init(plx_kept_list *list, const plx_allocator *allocator);
void plx_kept_list_release(plx_kept_list *list);

/** Adds an array that does not move during training. Names are unique; they are stored in files. */
void plx_keep_reals(plx_kept_list *list, const char *name, plx_real *data, size_t n);
void plx_keep_doubles(plx_kept_list *list, const char *name, double *data, size_t n);
void plx_keep_integers(plx_kept_list *list, const char *name, int64_t *data, size_t n);

/** Saves and restores checkpoints. Called only between steps. */
typedef struct plx_keeper {
    void *user;
    /** Copies a checkpoint into the arrays; NULL: there is none to resume from. Called once, before the first step. */
    plx_status (*restore)(void *user, const plx_kept_list *list, plx_error *err);
    /** Replaces the last checkpoint; returns whether that succeeded. Training continues either way. */
    bool (*keep)(void *user, const plx_kept_list *list);
} plx_keeper;

#endif
