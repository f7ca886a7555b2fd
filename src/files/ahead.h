/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source read ahead: a thread of its own reads (and so decompresses) some blocks while the caller works on the ones
 * before. The bytes, and the error where one comes, are the same as without.
 */
#ifndef PLX_AHEAD_H
#define PLX_AHEAD_H

#include "files/csv.h"

typedef struct plx_ahead plx_ahead;

/** `source` is used by the thread alone from here to plx_ahead_free. Where the system gives no thread, reads without.
 */
plx_status plx_ahead_create(const plx_allocator *allocator, plx_byte_source source, plx_ahead **out, plx_error *err);
/** Ends the thread, wherever it is; waits for the read that is under way. NULL is fine. */
void plx_ahead_free(plx_ahead *ahead);
plx_byte_source plx_ahead_source(plx_ahead *ahead);

#endif
