/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of this folder: one per level, each in its own translation unit. */
#ifndef PLX_KERNELS_LEVELS_H
#define PLX_KERNELS_LEVELS_H

#include "kernels/kernels.h"

#ifndef PLX_DOUBLE
#define PLX_HAS_SIMD128 1
#ifdef __x86_64__
#define PLX_HAS_X86_LEVELS 1
#endif
#endif

extern const plx_kernels plx_kernels_plain;
#ifdef PLX_HAS_SIMD128
extern const plx_kernels plx_kernels_simd128;
#endif
#ifdef PLX_HAS_X86_LEVELS
extern const plx_kernels plx_kernels_avx2, plx_kernels_avx512;
#endif

/** Shared by all tables: the random numbers cost more than the multiplication. */
void plx_kernel_dropout(int rows, int n, plx_view x, plx_view y, const plx_random *random, uint64_t first_row,
                        uint32_t step, plx_real rate, bool accumulate);

/** In all tables but the highest: a loop over bytes, which vectors only speed up with compressing stores. */
int plx_kernel_list_ids(int rows, const uint8_t *records, size_t record_bytes, const plx_id_tables *tables,
                        uint32_t *entries, uint16_t *counts);

#endif
