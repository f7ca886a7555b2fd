/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts numbered from 0 in the order in which they came, with a hash table over them: the values of a raw column, the
 * vocabulary of a feature. All bytes lie one after another, which is also how a model file holds them.
 */
#ifndef PLX_DICTIONARY_H
#define PLX_DICTIONARY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { PLX_DICTIONARY_MAX = 0x7ffffffe }; /* values: with the unknown row they are counted by an int */
#define PLX_NOT_FOUND UINT32_MAX

typedef struct plx_dictionary_slot {
    uint32_t hash;  /* the low bits */
    uint32_t value; /* PLX_NOT_FOUND: free */
} plx_dictionary_slot;

typedef struct plx_dictionary {
    const plx_allocator *allocator; /* borrowed */
    char *bytes;                    /* all texts joined */
    int64_t *ends;                  /* [n]: where each text ends in `bytes` */
    plx_dictionary_slot *slots;     /* [n_slots], a power of two, at most half full; linear probing */
    size_t n_slots;
    size_t bytes_capacity, ends_capacity;
    uint32_t n;
} plx_dictionary;

void plx_dictionary_init(plx_dictionary *dictionary, const plx_allocator *allocator);
void plx_dictionary_release(plx_dictionary *dictionary);
/** Adds a text that is not there yet; `hash` is its plx_text_hash. False when out of memory or full; unchanged then. */
bool plx_dictionary_add(plx_dictionary *dictionary, plx_slice text, uint64_t hash);

/** Removes the text that came last; there must be one. */
void plx_dictionary_drop(plx_dictionary *dictionary);

static inline uint64_t plx_text_word(const char *text, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, text, bytes);
    return word;
}

/** For tables in memory only: it depends on the machine's byte order. Reads no byte outside the text. */
static inline uint64_t plx_text_hash(const char *text, size_t length)
{
    const uint64_t k1 = UINT64_C(0x9e3779b97f4a7c15), k2 = UINT64_C(0xc2b2ae3d27d4eb4f);
    uint64_t hash = length * k2, a = 0, b = 0;
    for (; length > 16; text += 16, length -= 16) {
        hash = (hash ^ plx_text_word(text, 8)) * k1;
        hash = (hash ^ (hash >> 29) ^ plx_text_word(text + 8, 8)) * k2;
        hash ^= hash >> 32;
    }
    if (length >= 8) { /* two reads that may overlap cover any length */
        a = plx_text_word(text, 8);
        b = plx_text_word(text + length - 8, 8);
    } else if (length >= 4) {
        a = plx_text_word(text, 4);
        b = plx_text_word(text + length - 4, 4);
    } else if (length) {
        a = (uint8_t)text[0];
        b = (uint64_t)(uint8_t)text[length / 2] << 8 | (uint8_t)text[length - 1];
    }
    hash ^= a * k1 ^ ((b << 31 | b >> 33) * k2);
    hash = (hash ^ hash >> 32) * k1;
    return hash ^ hash >> 29;
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

/** The number of a text, or PLX_NOT_FOUND. */
static inline uint32_t plx_dictionary_find(const plx_dictionary *dictionary, plx_slice text, uint64_t hash)
{
    if (!dictionary->n_slots) return PLX_NOT_FOUND;
    size_t last = dictionary->n_slots - 1;
    for (size_t at = hash & last;; at = (at + 1) & last) {
        plx_dictionary_slot slot = dictionary->slots[at];
        if (slot.value == PLX_NOT_FOUND) return PLX_NOT_FOUND;
        if (slot.hash != (uint32_t)hash) continue;
        plx_slice known = plx_dictionary_text(dictionary, slot.value);
        if (known.length == text.length && plx_text_same(known.text, text.text, text.length)) return slot.value;
    }
}

#endif
