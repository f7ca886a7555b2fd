/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xxh64 by its published specification: four sums over stripes of 32 bytes, then the remaining bytes in words of 8, 4
 * and 1 bytes, then a mix of all bits. Words are read as little-endian.
 */
#include "base/hash.h"

#include <string.h>

enum { STRIPE = 32 };

static const uint64_t primes[] = {0,
                                  UINT64_C(0x9e3779b185ebca87),
                                  UINT64_C(0xc2b2ae3d27d4eb4f),
                                  UINT64_C(0x165667b19e3779f9),
                                  UINT64_C(0x85ebca77c2b2ae63),
                                  UINT64_C(0x27d4eb2f165667c5)};

static uint64_t turn(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static uint64_t read8(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static uint64_t read4(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

static uint64_t take_in(uint64_t sum, uint64_t word)
{
    return turn(sum + word * primes[2], 31) * primes[1];
}

/* Hashes the stripes from `*at` on, and advances it. */
static uint64_t hash_stripes(const uint8_t **at, const uint8_t *end)
{
    uint64_t sums[4] = {primes[1] + primes[2], primes[2], 0, 0 - primes[1]}, hash = 0;
    for (; end - *at >= STRIPE; *at += STRIPE)
        for (size_t i = 0; i < 4; i++)
            sums[i] = take_in(sums[i], read8(*at + 8 * i));
    hash = turn(sums[0], 1) + turn(sums[1], 7) + turn(sums[2], 12) + turn(sums[3], 18);
    for (int i = 0; i < 4; i++)
        hash = (hash ^ take_in(0, sums[i])) * primes[1] + primes[4];
    return hash;
}

uint64_t plx_hash(const void *bytes, size_t length)
{
    const uint8_t *at = bytes, *end = at + length;
    uint64_t hash = length >= STRIPE ? hash_stripes(&at, end) : primes[5];
    hash += length;
    for (; end - at >= 8; at += 8)
        hash = turn(hash ^ take_in(0, read8(at)), 27) * primes[1] + primes[4];
    if (end - at >= 4) {
        hash = turn(hash ^ read4(at) * primes[1], 23) * primes[2] + primes[3];
        at += 4;
    }
    for (; at < end; at++)
        hash = turn(hash ^ *at * primes[5], 11) * primes[1];
    hash = (hash ^ hash >> 33) * primes[2];
    hash = (hash ^ hash >> 29) * primes[3];
    return hash ^ hash >> 32;
}

static uint64_t word_at(const char *text, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, text, bytes);
    return word;
}

uint64_t plx_quick_hash(const void *bytes, size_t length)
{
    const uint64_t k1 = UINT64_C(0x9e3779b97f4a7c15), k2 = UINT64_C(0xc2b2ae3d27d4eb4f);
    const char *text = bytes;
    uint64_t hash = length * k2, a = 0, b = 0;
    for (; length > 16; text += 16, length -= 16) {
        hash = (hash ^ word_at(text, 8)) * k1;
        hash = (hash ^ (hash >> 29) ^ word_at(text + 8, 8)) * k2;
        hash ^= hash >> 32;
    }
    if (length >= 8) { /* two reads that may overlap cover any length */
        a = word_at(text, 8);
        b = word_at(text + length - 8, 8);
    } else if (length >= 4) {
        a = word_at(text, 4);
        b = word_at(text + length - 4, 4);
    } else if (length) {
        a = (uint8_t)text[0];
        b = (uint64_t)(uint8_t)text[length / 2] << 8 | (uint8_t)text[length - 1];
    }
    hash ^= a * k1 ^ ((b << 31 | b >> 33) * k2);
    hash = (hash ^ hash >> 32) * k1;
    return hash ^ hash >> 29;
}

uint32_t plx_crc32c(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82f63b78 & -(crc & 1));
    }
    return ~crc;
}
