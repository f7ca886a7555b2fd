/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of a file of rows, read before they are needed. */
#ifndef PLX_ROWS_AHEAD_H
#define PLX_ROWS_AHEAD_H

#include "rows/records.h"

/** Reads blocks of a file of rows before they are needed, in a thread of its own. */
typedef struct plx_rows_ahead plx_rows_ahead;

/** `rows`, which are mapped, are borrowed. Where the system gives no thread, blocks are read when they are waited for.
 */
plx_status plx_rows_ahead_create(const plx_allocator *allocator, const plx_rows *rows, plx_rows_ahead **out,
                                 plx_error *err);
void plx_rows_ahead_free(plx_rows_ahead *ahead);
/** Begins to read `blocks` [n] to `out`, one behind another; both are borrowed until all is there. */
void plx_rows_ahead_fetch(plx_rows_ahead *ahead, const uint32_t *blocks, size_t n, uint8_t *out);
/** Until all that was asked for is there. PLX_ERR_IO: something is not, from the first failure on. */
plx_status plx_rows_ahead_wait(plx_rows_ahead *ahead, plx_error *err);

#endif
