/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What training must have back to go on where it was: a list of named arrays, each in its owner's memory. The loop
 * makes the list once, when all is allocated; whoever keeps a state copies from the arrays, whoever brings it back
 * copies into them. A part of training that has a state of its own adds its arrays in its `_keep` function, and
 * nothing else has to know of them.
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
    bool failed; /* memory ran out: told at the end */
} plx_kept_list;

void plx_kept_list_init(plx_kept_list *list, const plx_allocator *allocator);
void plx_kept_list_release(plx_kept_list *list);

/** Adds an array that stays where it is as long as training lasts. Names differ; they go into files. */
void plx_keep_reals(plx_kept_list *list, const char *name, plx_real *data, size_t n);
void plx_keep_doubles(plx_kept_list *list, const char *name, double *data, size_t n);
void plx_keep_integers(plx_kept_list *list, const char *name, int64_t *data, size_t n);

/** Whoever writes states and reads them. Called between steps alone. */
typedef struct plx_keeper {
    void *user;
    /** Copies a state into the arrays; NULL: there is none to go on from. Called once, before the first step. */
    plx_status (*restore)(void *user, const plx_kept_list *list, plx_error *err);
    /** Keeps the state in place of the one before; whether that succeeded. Training goes on either way. */
    bool (*keep)(void *user, const plx_kept_list *list);
} plx_keeper;

#endif
