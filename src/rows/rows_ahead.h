/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of a file of rows, read before they are needed. */
#ifndef PLX_ROWS_AHEAD_H
#define PLX_ROWS_AHEAD_H

#include "rows/records.h"

/** Reads blocks of a row file ahead of their use, in a thread of its own. */
typedef struct plx_rows_ahead plx_rows_ahead;

/** `rows`, which must be mapped, are borrowed. Without a thread, plx_rows_ahead_wait reads the blocks. */
plx_status plx_rows_ahead_create(const plx_allocator *allocator, const plx_rows *rows, plx_rows_ahead **out,
                                 plx_error *err);
void plx_rows_ahead_free(plx_rows_ahead *ahead);
/** Starts to read `blocks` [n] to `out`, in order; both are borrowed until the wait has returned. */
void plx_rows_ahead_fetch(plx_rows_ahead *ahead, const uint32_t *blocks, size_t n, uint8_t *out);
/** Waits until all requested blocks are read. PLX_ERR_IO: a read failed; later calls fail, too. */
plx_status plx_rows_ahead_wait(plx_rows_ahead *ahead, plx_error *err);

#endif
