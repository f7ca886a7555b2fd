/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's resources for a computation, in one argument. The struct is copied; what it points to is borrowed. */
#ifndef PLX_MACHINE_H
#define PLX_MACHINE_H

#include "base/alloc.h"
#include "base/pool.h"

typedef struct plx_kernels plx_kernels; /* kernels/kernels.h */

typedef struct plx_machine {
    const plx_allocator *allocator;
    const plx_kernels *kernels;
    plx_pool *pool; /* used during calls only; NULL: the calling thread does all */
} plx_machine;

#endif
