/* SPDX-License-Identifier: Apache-2.0 */
/* 512-bit vectors and masks. Rows of at most 8 numbers use the AVX2 table: half a vector is faster. */
#include "kernels/kernels_levels.h"

#ifdef PLX_HAS_X86_LEVELS
#if !defined __AVX512F__ || !defined __AVX512DQ__ || !defined __AVX512BW__ || !defined __AVX512VL__
#error "this file needs -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl"
#endif

#define LANES        16
#define LEVEL_TABLE  plx_kernels_avx512
#define LEVEL_NAME   "avx512"
#define LEVEL_NUMBER PLX_CPU_AVX512
#include "kernels/kernels_body.h"

#endif
