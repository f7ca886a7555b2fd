/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lies in a file without a name: it grows, and what of it is not in use needs no memory. The file goes with
 * the process, whatever ends it.
 */
#ifndef PLX_SPILL_H
#define PLX_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct plx_spill {
    void *at; /* [bytes]; NULL: there is none yet */
    size_t bytes;
    int descriptor;
} plx_spill;

/** Room for `bytes` > 0; what was there stays. The file is made in `folder` by the first call. */
plx_status plx_spill_resize(plx_spill *spill, const char *folder, size_t bytes, plx_error *err);
/** Gives its pages back to the system; their contents stay in the file. */
void plx_spill_forget(const plx_spill *spill);
void plx_spill_release(plx_spill *spill);

#endif
