/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checksum of model files: FNV-1a on 8-byte little-endian words, with a shift after each product so that high bits
 * reach low ones. Every step is a bijection of the state and of the word, so a file that differs within one word always
 * has another checksum. It guards against accidents, not against forgery.
 */
#ifndef PLX_CHECKSUM_H
#define PLX_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

typedef struct plx_checksum {
    uint64_t state;
    unsigned char pending[8]; /* bytes of an incomplete word */
    size_t n_pending;
} plx_checksum;

void plx_checksum_init(plx_checksum *sum);
/** The result does not depend on how the bytes are split into calls. */
void plx_checksum_add(plx_checksum *sum, const void *bytes, size_t length);
/** The checksum of all bytes added; an incomplete word is padded with zeros. */
uint64_t plx_checksum_value(const plx_checksum *sum);

#endif
