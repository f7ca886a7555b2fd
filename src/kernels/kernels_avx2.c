/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit vectors with fused multiply-add. Called only if the CPU has AVX2 and FMA. */
#include "kernels/kernels_levels.h"

#ifdef PLX_HAS_X86_LEVELS
#if !defined __AVX2__ || !defined __FMA__
#error "this file needs -mavx2 -mfma"
#endif

#define LANES        8
#define LEVEL_TABLE  plx_kernels_avx2
#define LEVEL_NAME   "avx2"
#define LEVEL_NUMBER PLX_CPU_AVX2
#include "kernels/kernels_body.h"

#endif
