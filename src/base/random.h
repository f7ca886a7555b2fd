/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers by counter (Philox4x32-10; Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): a number depends on seed, stream, index and step, never on who asks first.
 */
#ifndef PLX_RANDOM_H
#define PLX_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** What a number is for. A stream of an own name (a parameter, a node) is PLX_STREAM_NAMED | hash of the name. */
enum { PLX_STREAM_SHUFFLE = 1, PLX_STREAM_SPLIT = 2, PLX_STREAM_SYNTH = 3, PLX_STREAM_NAMED = 0x40000000 };

typedef struct plx_random {
    uint64_t seed;
    uint32_t stream; /* with the seed: the key */
} plx_random;

/** Four independent 32-bit numbers: those of block `index` at `step`. */
void plx_random_block(const plx_random *random, uint64_t index, uint32_t step, uint32_t out[4]);
/** Number `index` at `step`: element index % 4 of block index / 4. */
uint32_t plx_random_bits(const plx_random *random, uint64_t index, uint32_t step);
/** In [0, 1), multiples of 2^-24. */
float plx_random_uniform(const plx_random *random, uint64_t index, uint32_t step);
/** Standard normal by Box-Muller on pairs; `index` selects the number as in plx_random_bits. */
double plx_random_normal(const plx_random *random, uint64_t index, uint32_t step);
/** In [0, n), n > 0, without modulo bias beyond 2^-32. */
uint32_t plx_random_below(const plx_random *random, uint64_t index, uint32_t step, uint32_t n);
/** The stream that belongs to a name (FNV-1a). */
uint32_t plx_random_stream(const char *name);
/** Fisher-Yates over `items` [n]; `step` tells the epochs apart. */
void plx_random_shuffle(const plx_random *random, uint32_t step, uint32_t *items, size_t n);

#endif
