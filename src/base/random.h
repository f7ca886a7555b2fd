/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers by counter (Philox4x32-10; Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): a number depends on seed, stream, index and step, never on the order of calls.
 *
 * Block b of a stream at a step is Philox4x32-10 of the counter {b low, b high, step, stream} under the key
 * {seed low, seed high}, 32-bit words each. Number i is word i % 4 of block i / 4.
 */
#ifndef PLX_RANDOM_H
#define PLX_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** Streams: the uses of numbers. plx_random_stream makes the stream of a name (a parameter, a node). */
enum {
    PLX_STREAM_SHUFFLE = 1,
    PLX_STREAM_SPLIT = 2,
    PLX_STREAM_BLOCKS = 3,           /* the order of blocks of rows */
    PLX_STREAM_WINDOWS = 0x10000000, /* + w: the order of rows within window w */
    PLX_STREAM_NAMED = 0x40000000
};

typedef struct plx_random {
    uint64_t seed;
    uint32_t stream; /* the use of the numbers */
} plx_random;

/** The four independent 32-bit numbers of block `index` at `step`. */
void plx_random_block(const plx_random *random, uint64_t index, uint32_t step, uint32_t out[4]);
/** Number `index` at `step`: element index % 4 of block index / 4. */
uint32_t plx_random_bits(const plx_random *random, uint64_t index, uint32_t step);
/** In [0, 1), multiples of 2^-24. */
float plx_random_uniform(const plx_random *random, uint64_t index, uint32_t step);
/**
 * Standard normal by Box-Muller on the pair (a, b) of words that `index` belongs to: sqrt(-2 ln((a + 1/2) / 2^32))
 * times cos(2 pi b / 2^32) for an even index, times the sine for an odd one.
 */
double plx_random_normal(const plx_random *random, uint64_t index, uint32_t step);
/** In [0, n), n > 0: the upper 32 bits of number * n, so the bias of each value is at most 2^-32. */
uint32_t plx_random_below(const plx_random *random, uint64_t index, uint32_t step, uint32_t n);
/** The stream that belongs to a name: its 32-bit FNV-1a hash with the bit PLX_STREAM_NAMED set. */
uint32_t plx_random_stream(const char *name);
/**
 * Fisher-Yates over `items` [n] from the last to the second: item i is swapped with item
 * (number i * (i + 1)) >> 32. `step` distinguishes epochs.
 */
void plx_random_shuffle(const plx_random *random, uint32_t step, uint32_t *items, size_t n);

#endif
