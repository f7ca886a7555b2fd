/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the bytes that end cells, 64 bytes at a time. Cells are about a dozen bytes long, so a separate search for each
 * would cost more than its bytes: instead, a bit mask of all ends in a block is computed once and consumed bit by bit.
 */
#ifndef PLX_SCAN_H
#define PLX_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { PLX_SCAN_BLOCK = 64 };

/** Bit i: byte i of `block` [64] is `delimiter` or `feed`, the end of lines. Eight bytes per step, on any machine. */
static inline uint64_t plx_scan_mask_words(const char *block, char delimiter, char feed)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t delimiters = ones * (uint8_t)delimiter, feeds = ones * (uint8_t)feed, mask = 0;
    for (unsigned i = 0; i < PLX_SCAN_BLOCK; i += 8) {
        uint64_t word = 0;
        for (unsigned k = 0; k < 8; k++)
            word |= (uint64_t)(uint8_t)block[i + k] << (8 * k);
        uint64_t a = word ^ delimiters, b = word ^ feeds;
        /* The top bit of each byte that is zero, without carries from one byte to the next. */
        uint64_t hits = ~(((a & low) + low) | a | low) | ~(((b & low) + low) | b | low);
        mask |= (((hits >> 7) * UINT64_C(0x0102040810204080)) >> 56) << i;
    }
    return mask;
}

/** The same, with 16-byte vectors on architectures that always have them. */
static inline uint64_t plx_scan_mask(const char *block, char delimiter, char feed)
{
#ifdef __SSE2__
    __m128i delimiters = _mm_set1_epi8(delimiter), feeds = _mm_set1_epi8(feed);
    uint64_t mask = 0;
    for (unsigned i = 0; i < PLX_SCAN_BLOCK; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + i));
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, feeds));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << i;
    }
    return mask;
#else
    return plx_scan_mask_words(block, delimiter, feed);
#endif
}

/** The number of occurrences of `byte` in `n` bytes. */
static inline size_t plx_scan_count(const char *begin, size_t n, char byte)
{
    size_t count = 0, done = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8(byte), zero = _mm_setzero_si128();
    __m128i totals = zero;
    while (n - done >= 16) {
        __m128i counts = zero; /* 8 bits each, so at most 255 steps */
        for (unsigned step = 0; step < 255 && n - done >= 16; step++, done += 16) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(begin + done));
            counts = _mm_sub_epi8(counts, _mm_cmpeq_epi8(bytes, wanted));
        }
        totals = _mm_add_epi64(totals, _mm_sad_epu8(counts, zero));
    }
    uint64_t halves[2];
    memcpy(halves, &totals, sizeof halves);
    count = (size_t)(halves[0] + halves[1]);
#endif
    for (; done < n; done++)
        count += begin[done] == byte;
    return count;
}

#endif
