/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes that never change. plx_hash is xxh64 with seed 0, which has libraries in all languages: it may be stored
 * in files and computed elsewhere. For tables in memory see data/dictionary.h.
 */
#ifndef PLX_HASH_H
#define PLX_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The same result on machines of any byte order. */
uint64_t plx_hash(const void *bytes, size_t length);

/** A faster hash, for checksums in files that only this machine reads: it depends on the byte order. */
uint64_t plx_quick_hash(const void *bytes, size_t length);

/** CRC-32C: polynomial 0x1edc6f41, reflected. Bit by bit, for a few kilobytes. */
uint32_t plx_crc32c(const void *bytes, size_t length);

#endif
