/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of bytes that never changes: xxh64 with seed 0, which libraries of all languages have. It may stand in files
 * and be computed again elsewhere; for tables in memory there are faster ones.
 */
#ifndef PLX_HASH_H
#define PLX_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The same on machines of any byte order. */
uint64_t plx_hash(const void *bytes, size_t length);

#endif
