/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit vectors: SSE2 or NEON, the baseline of the architecture. */
#include "kernels/kernels_levels.h"

#ifdef PLX_HAS_SIMD128

#define LANES        4
#define LEVEL_TABLE  plx_kernels_simd128
#define LEVEL_NAME   "simd128"
#define LEVEL_NUMBER PLX_CPU_SIMD128
#include "kernels/kernels_body.h"

#endif
