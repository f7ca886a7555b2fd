/* SPDX-License-Identifier: Apache-2.0 */
/* How the string interner grows. Lookup is in the header, since it runs once per cell. */
#include "data/dictionary.h"

#include <time.h>
#include <unistd.h>

enum { FIRST_SLOTS = 16, BLOCK_TEXTS = 32 };

/* Without random numbers of the system: addresses and the time, which no text can know either. */
plx_hash_seed plx_hash_seed_draw(void)
{
    plx_hash_seed seed;
    struct timespec now;
    if (getentropy(&seed, sizeof seed) == 0) return seed;
    clock_gettime(CLOCK_MONOTONIC, &now);
    seed.start = plx_hash_fold((uint64_t)now.tv_nsec ^ UINT64_C(0x9e3779b97f4a7c15), (uint64_t)(uintptr_t)&seed);
    seed.key = plx_hash_fold(seed.start, (uint64_t)now.tv_sec ^ UINT64_C(0xc2b2ae3d27d4eb4f));
    return seed;
}

void plx_dictionary_init(plx_dictionary *dictionary, const plx_allocator *allocator, plx_hash_seed seed)
{
    *dictionary = (plx_dictionary){.allocator = allocator, .seed = seed};
}

void plx_dictionary_release(plx_dictionary *dictionary)
{
    if (!dictionary->allocator) return;
    plx_free(dictionary->allocator, dictionary->bytes);
    plx_free(dictionary->allocator, dictionary->ends);
    plx_free(dictionary->allocator, dictionary->slots);
    *dictionary = (plx_dictionary){0};
}

static void put(plx_dictionary_slot *slots, size_t n_slots, plx_dictionary_slot slot)
{
    size_t at = slot.hash & (n_slots - 1);
    while (slots[at].value != PLX_NOT_FOUND)
        at = (at + 1) & (n_slots - 1);
    slots[at] = slot;
}

/* Hashes are truncated to 32 bits, enough for every slot: a table of 2^32 would hold more values than are allowed. */
static bool grow_slots(plx_dictionary *dictionary)
{
    size_t n_slots = dictionary->n_slots ? dictionary->n_slots * 2 : FIRST_SLOTS;
    plx_dictionary_slot *slots = plx_alloc(dictionary->allocator, n_slots, sizeof *slots);
    if (!slots) return false;
    memset(slots, 0xff, n_slots * sizeof *slots); /* PLX_NOT_FOUND in every slot */
    for (size_t i = 0; i < dictionary->n_slots; i++)
        if (dictionary->slots[i].value != PLX_NOT_FOUND) put(slots, n_slots, dictionary->slots[i]);
    plx_free(dictionary->allocator, dictionary->slots);
    dictionary->slots = slots;
    dictionary->n_slots = n_slots;
    return true;
}

bool plx_dictionary_add(plx_dictionary *dictionary, plx_slice text, uint64_t hash)
{
    const plx_allocator *allocator = dictionary->allocator;
    uint32_t n = dictionary->n;
    size_t begin = n ? (size_t)dictionary->ends[n - 1] : 0;
    if (n >= PLX_DICTIONARY_MAX) return false;
    if (4 * ((size_t)n + 1) > 3 * dictionary->n_slots && !grow_slots(dictionary)) return false;
    if (plx_grow(allocator, &dictionary->ends, &dictionary->ends_capacity, (size_t)n + 1, sizeof(int64_t)))
        return false;
    /* One more byte, so that `bytes` is not NULL when all texts are empty. */
    if (plx_grow(allocator, &dictionary->bytes, &dictionary->bytes_capacity, begin + text.length + 1, 1)) return false;
    if (text.length) memcpy(dictionary->bytes + begin, text.text, text.length);
    dictionary->ends[n] = (int64_t)(begin + text.length);
    put(dictionary->slots, dictionary->n_slots, (plx_dictionary_slot){(uint32_t)hash, n, plx_text_start(text)});
    dictionary->n = n + 1;
    return true;
}

/* Later slots of the run may have to move up, so that no search ends early at the freed slot. */
void plx_dictionary_drop(plx_dictionary *dictionary)
{
    const uint32_t value = dictionary->n - 1;
    const plx_slice text = plx_dictionary_text(dictionary, value);
    plx_dictionary_slot *slots = dictionary->slots;
    size_t last = dictionary->n_slots - 1, at = plx_dictionary_hash(dictionary, text) & last;
    while (slots[at].value != value)
        at = (at + 1) & last;
    slots[at].value = PLX_NOT_FOUND;
    for (at = (at + 1) & last; slots[at].value != PLX_NOT_FOUND; at = (at + 1) & last) {
        const plx_dictionary_slot moved = slots[at];
        slots[at].value = PLX_NOT_FOUND;
        put(slots, dictionary->n_slots, moved);
    }
    dictionary->n = value;
}

void plx_dictionary_clear(plx_dictionary *dictionary)
{
    dictionary->n = 0;
    if (dictionary->n_slots) memset(dictionary->slots, 0xff, dictionary->n_slots * sizeof *dictionary->slots);
}

static bool is_long(const plx_dictionary_slot *slot)
{
    return slot->value != PLX_NOT_FOUND && slot->word >> 56 > PLX_START_BYTES;
}

/* In a large dictionary a text costs a cache miss, its slot, and a long one two more: its end and its bytes. A block of
 * texts waits for them together. */
static void prefetch(const plx_dictionary *dictionary, const uint32_t *hashes, size_t n)
{
    const size_t last = dictionary->n_slots - 1;
    if (!dictionary->n_slots) return;
    for (size_t i = 0; i < n; i++)
        plx_dictionary_prefetch(dictionary, hashes[i]);
    for (size_t i = 0; i < n; i++) {
        const plx_dictionary_slot *slot = &dictionary->slots[hashes[i] & last];
        if (is_long(slot)) __builtin_prefetch(&dictionary->ends[slot->value]);
    }
    for (size_t i = 0; i < n; i++) {
        const plx_dictionary_slot *slot = &dictionary->slots[hashes[i] & last];
        if (is_long(slot)) __builtin_prefetch(dictionary->bytes + dictionary->ends[slot->value]);
    }
}

static bool add_block(plx_dictionary *dictionary, const plx_dictionary *from, const uint32_t *hashes, uint32_t first,
                      uint32_t n, uint32_t *values)
{
    prefetch(dictionary, hashes + first, n);
    for (uint32_t i = first; i < first + n; i++) {
        const plx_slice text = plx_dictionary_text(from, i);
        values[i] = plx_dictionary_find(dictionary, text, hashes[i]);
        if (values[i] != PLX_NOT_FOUND) continue;
        values[i] = dictionary->n;
        if (!plx_dictionary_add(dictionary, text, hashes[i])) return false;
    }
    return true;
}

/* The table uses only the low bits of a hash, which the slots hold. */
bool plx_dictionary_add_all(plx_dictionary *dictionary, const plx_dictionary *from, uint32_t *values)
{
    uint32_t *hashes = plx_alloc(dictionary->allocator, from->n, sizeof *hashes);
    bool is_done = hashes != NULL;
    for (size_t i = 0; is_done && i < from->n_slots; i++)
        if (from->slots[i].value != PLX_NOT_FOUND) hashes[from->slots[i].value] = from->slots[i].hash;
    for (uint32_t first = 0; is_done && first < from->n; first += BLOCK_TEXTS) {
        const uint32_t n = from->n - first < BLOCK_TEXTS ? from->n - first : BLOCK_TEXTS;
        is_done = add_block(dictionary, from, hashes, first, n, values);
    }
    plx_free(dictionary->allocator, hashes);
    return is_done;
}
