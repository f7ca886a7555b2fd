/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of model files. */
#include "store/checksum.h"

#include <string.h>

static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * UINT64_C(0x100000001b3);
    return state ^ (state >> 32);
}

static uint64_t load_word(const unsigned char *bytes)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

void plx_checksum_init(plx_checksum *sum)
{
    *sum = (plx_checksum){.state = UINT64_C(0xcbf29ce484222325)};
}

void plx_checksum_add(plx_checksum *sum, const void *bytes, size_t length)
{
    if (length == 0) return;
    const unsigned char *at = bytes, *end = at + length;
    while (at < end && sum->n_pending > 0) {
        sum->pending[sum->n_pending++] = *at++;
        if (sum->n_pending < 8) continue;
        sum->state = mix(sum->state, load_word(sum->pending));
        sum->n_pending = 0;
    }
    uint64_t state = sum->state;
    for (; end - at >= 8; at += 8)
        state = mix(state, load_word(at));
    sum->state = state;
    while (at < end)
        sum->pending[sum->n_pending++] = *at++;
}

uint64_t plx_checksum_value(const plx_checksum *sum)
{
    if (sum->n_pending == 0) return sum->state;
    unsigned char last[8] = {0};
    memcpy(last, sum->pending, sum->n_pending);
    return mix(sum->state, load_word(last));
}
