/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of bytes that never change. plx_hash is xxh64 with seed 0, which libraries of all languages have: it may stand
 * in files and be computed again elsewhere. For tables in memory see data/dictionary.h.
 */
#ifndef PLX_HASH_H
#define PLX_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The same on machines of any byte order. */
uint64_t plx_hash(const void *bytes, size_t length);

/** A faster one, for sums in files of this machine alone: it depends on the machine's byte order. */
uint64_t plx_quick_hash(const void *bytes, size_t length);

/** CRC-32C: polynomial 0x1edc6f41, reflected. Bit by bit, for a few kilobytes. */
uint32_t plx_crc32c(const void *bytes, size_t length);

#endif
