/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a source ahead: a separate thread reads (and so decompresses) some blocks while the caller works on the
 * previous ones. The bytes, and the error if there is one, are the same as without it.
 */
#ifndef PLX_AHEAD_H
#define PLX_AHEAD_H

#include "files/csv.h"

typedef struct plx_ahead plx_ahead;

/** Reads up to `blocks` of 256 KiB ahead; those that are never read take no memory. Only the thread uses `source` from
 * here to plx_ahead_free. If no thread can be created, reads without one. */
plx_status plx_ahead_create(const plx_allocator *allocator, plx_byte_source source, int blocks, plx_ahead **out,
                            plx_error *err);
/** Stops the thread at any point; waits for a read in progress. NULL is fine. */
void plx_ahead_free(plx_ahead *ahead);
plx_byte_source plx_ahead_source(plx_ahead *ahead);

#endif
