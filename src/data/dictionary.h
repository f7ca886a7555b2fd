/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A string interner: texts numbered from 0 in order of insertion, with a hash table. Used for the values of a raw
 * column and the vocabulary of a feature. All bytes are contiguous, as in a model file.
 */
#ifndef PLX_DICTIONARY_H
#define PLX_DICTIONARY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { PLX_DICTIONARY_MAX = 0x7ffffffe }; /* most values: with the unknown row, an int can count them */
#define PLX_NOT_FOUND UINT32_MAX

/** A look-up of a text of up to 7 bytes, such as most ids, reads the slot alone: one cache miss in a large table. */
typedef struct plx_dictionary_slot {
    uint32_t hash;  /* the low bits */
    uint32_t value; /* PLX_NOT_FOUND: free */
    uint64_t word;  /* plx_text_start */
} plx_dictionary_slot;

/** Secret seeds of the hash: with known ones, an attacker could choose colliding texts to make searches slow. */
typedef struct plx_hash_seed {
    uint64_t start, key;
} plx_hash_seed;

typedef struct plx_dictionary {
    const plx_allocator *allocator; /* borrowed */
    char *bytes;                    /* all texts concatenated */
    int64_t *ends;                  /* [n]: end of each text in `bytes` */
    plx_dictionary_slot *slots;     /* [n_slots], a power of two, at most three quarters full; linear probing */
    size_t n_slots;
    plx_hash_seed seed;
    size_t bytes_capacity, ends_capacity;
    uint32_t n;
} plx_dictionary;

/** A seed from the system's random source. Content and order of a dictionary do not depend on it. */
plx_hash_seed plx_hash_seed_draw(void);
void plx_dictionary_init(plx_dictionary *dictionary, const plx_allocator *allocator, plx_hash_seed seed);
void plx_dictionary_release(plx_dictionary *dictionary);
/** Adds a new text; `hash` is its plx_dictionary_hash. False, and unchanged, when out of memory or full. */
bool plx_dictionary_add(plx_dictionary *dictionary, plx_slice text, uint64_t hash);

/** Removes all texts, and keeps the memory. */
void plx_dictionary_clear(plx_dictionary *dictionary);
/** Adds the new texts of `from`, a dictionary of equal seed, in its order; `values` [from->n] receives the numbers of
 * all. False when out of memory or full; earlier texts have then been added. */
bool plx_dictionary_add_all(plx_dictionary *dictionary, const plx_dictionary *from, uint32_t *values);

/** Removes the last text; there must be one. */
void plx_dictionary_drop(plx_dictionary *dictionary);

static inline uint64_t plx_text_word(const char *text, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, text, bytes);
    return word;
}

/** Both halves of the product; with seeds in both factors, neither factor is known. */
static inline uint64_t plx_hash_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** Valid only for this dictionary: others, and other runs, have other seeds. Reads no byte outside the text. */
static inline uint64_t plx_dictionary_hash(const plx_dictionary *dictionary, plx_slice text)
{
    const uint64_t key = dictionary->seed.key;
    const char *at = text.text;
    size_t left = text.length;
    uint64_t hash = dictionary->seed.start ^ left, a = 0, b = 0;
    for (; left > 16; at += 16, left -= 16)
        hash = plx_hash_fold(plx_text_word(at, 8) ^ key, plx_text_word(at + 8, 8) ^ hash);
    if (left >= 8) { /* two reads that may overlap cover any length */
        a = plx_text_word(at, 8);
        b = plx_text_word(at + left - 8, 8);
    } else if (left >= 4) {
        a = plx_text_word(at, 4);
        b = plx_text_word(at + left - 4, 4);
    } else if (left) {
        a = (uint8_t)at[0];
        b = (uint64_t)(uint8_t)at[left / 2] << 8 | (uint8_t)at[left - 1];
    }
    hash = plx_hash_fold(a ^ key, b ^ hash);
    return plx_hash_fold(hash ^ key, UINT64_C(0x9e3779b97f4a7c15));
}

/** memcmp without the call: cells are short. */
static inline bool plx_text_same(const char *a, const char *b, size_t length)
{
    for (; length > 8; a += 8, b += 8, length -= 8)
        if (plx_text_word(a, 8) != plx_text_word(b, 8)) return false;
    if (length == 8) return plx_text_word(a, 8) == plx_text_word(b, 8);
    if (length >= 4)
        return plx_text_word(a, 4) == plx_text_word(b, 4) &&
               plx_text_word(a + length - 4, 4) == plx_text_word(b + length - 4, 4);
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i]) return false;
    return true;
}

static inline plx_slice plx_dictionary_text(const plx_dictionary *dictionary, uint32_t value)
{
    int64_t begin = value ? dictionary->ends[value - 1] : 0;
    return (plx_slice){dictionary->bytes + begin, (size_t)(dictionary->ends[value] - begin)};
}

/** Four bytes, the first one lowest. */
static inline uint64_t plx_text_four(const char *text)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

enum { PLX_START_BYTES = 7 };

/** The first 7 bytes, then the length, at most 8: equal for texts of up to 7 bytes only if they are equal. Reads no
 * byte outside the text. */
static inline uint64_t plx_text_start(plx_slice text)
{
    const char *at = text.text;
    const size_t n = text.length;
    const uint64_t length = (uint64_t)(n > PLX_START_BYTES ? PLX_START_BYTES + 1 : n) << 56;
    if (n > PLX_START_BYTES) return plx_text_four(at) | (plx_text_four(at + 4) & 0xffffff) << 32 | length;
    if (n >= 4) return plx_text_four(at) | plx_text_four(at + n - 4) << 8 * (n - 4) | length;
    if (n == 0) return length;
    return (uint64_t)(uint8_t)at[0] | (uint64_t)(uint8_t)at[n / 2] << 8 * (n / 2) |
           (uint64_t)(uint8_t)at[n - 1] << 8 * (n - 1) | length;
}

/** Loads the slot of a text into the cache: for several texts before the first is looked up. */
static inline void plx_dictionary_prefetch(const plx_dictionary *dictionary, uint64_t hash)
{
    if (dictionary->n_slots) __builtin_prefetch(&dictionary->slots[hash & (dictionary->n_slots - 1)]);
}

/** The number of a text, or PLX_NOT_FOUND. */
static inline uint32_t plx_dictionary_find(const plx_dictionary *dictionary, plx_slice text, uint64_t hash)
{
    if (!dictionary->n_slots) return PLX_NOT_FOUND;
    const uint64_t word = plx_text_start(text);
    size_t last = dictionary->n_slots - 1;
    for (size_t at = hash & last;; at = (at + 1) & last) {
        plx_dictionary_slot slot = dictionary->slots[at];
        if (slot.value == PLX_NOT_FOUND) return PLX_NOT_FOUND;
        if (slot.hash != (uint32_t)hash || slot.word != word) continue;
        if (text.length <= PLX_START_BYTES) return slot.value;
        plx_slice known = plx_dictionary_text(dictionary, slot.value);
        if (known.length == text.length && plx_text_same(known.text, text.text, text.length)) return slot.value;
    }
}

#endif
