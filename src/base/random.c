/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of counter words and key words is part of the meaning of a seed (random.h): it must never change, or the
 * same seed gives other models.
 */
#include "base/random.h"

#include <math.h>

/* Random123's header expands to conversions and names that trigger our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

void plx_random_block(const plx_random *random, uint64_t index, uint32_t step, uint32_t out[4])
{
    philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), step, random->stream}};
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    philox4x32_ctr_t block = philox4x32_R(10, counter, key);
    for (int i = 0; i < 4; i++)
        out[i] = block.v[i];
}

uint32_t plx_random_bits(const plx_random *random, uint64_t index, uint32_t step)
{
    uint32_t block[4];
    plx_random_block(random, index / 4, step, block);
    return block[index % 4];
}

float plx_random_uniform(const plx_random *random, uint64_t index, uint32_t step)
{
    return (float)(plx_random_bits(random, index, step) >> 8) * 0x1p-24f;
}

double plx_random_normal(const plx_random *random, uint64_t index, uint32_t step)
{
    const double two_pi = 6.283185307179586;
    uint32_t block[4];
    plx_random_block(random, index / 4, step, block);
    const uint32_t *pair = block + index % 4 / 2 * 2;
    double radius = sqrt(-2.0 * log(((double)pair[0] + 0.5) * 0x1p-32)); /* + 0.5: never log(0) */
    double angle = two_pi * ((double)pair[1] * 0x1p-32);
    return radius * (index % 2 ? sin(angle) : cos(angle));
}

uint32_t plx_random_below(const plx_random *random, uint64_t index, uint32_t step, uint32_t n)
{
    return (uint32_t)((uint64_t)plx_random_bits(random, index, step) * n >> 32);
}

uint32_t plx_random_stream(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash | PLX_STREAM_NAMED;
}

void plx_random_shuffle(const plx_random *random, uint32_t step, uint32_t *items, size_t n)
{
    uint32_t block[4] = {0};
    size_t in_block = SIZE_MAX; /* index of the block in `block`: one block serves four items */
    for (size_t i = n; i-- > 1;) {
        if (i / 4 != in_block) {
            in_block = i / 4;
            plx_random_block(random, in_block, step, block);
        }
        size_t j = (size_t)((uint64_t)block[i % 4] * (i + 1) >> 32);
        uint32_t kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
}
