/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vector kernels, compiled once per level: the including file defines LANES, LEVEL_TABLE, LEVEL_NAME and
 * LEVEL_NUMBER. A product plus a sum is always vf_fma, so that compiler options do not affect rounding.
 */
#include <string.h>

#include "kernels/vector.h"

/* Passes rows that fill at most half a 512-bit vector to the AVX2 table, and returns. */
#if LANES == 16
#define NARROW_TO_AVX2(n, call)                                                                                        \
    if ((n) <= 8) {                                                                                                    \
        plx_kernels_avx2.call;                                                                                         \
        return;                                                                                                        \
    }
#else
#define NARROW_TO_AVX2(n, call)
#endif

#include "kernels/math_body.h"

#include "kernels/rearrange_body.h"

#include "kernels/gemm_body.h"

#include "kernels/pointwise_body.h"

#include "kernels/activation_kernels.h"

#include "kernels/slopes_body.h"

#include "kernels/columns_body.h"

#include "kernels/gates_body.h"

#include "kernels/pools_body.h"

#include "kernels/ids_body.h"

#include "kernels/listed_body.h"

#include "kernels/losses_body.h"

#include "kernels/parameters_body.h"

#define kernel_dropout plx_kernel_dropout
#if LANES != 16
#define kernel_list_ids plx_kernel_list_ids
#endif
#define KERNEL_FIELD(kernel) .kernel = kernel_##kernel,

const plx_kernels LEVEL_TABLE = {.name = LEVEL_NAME, .level = LEVEL_NUMBER, PLX_KERNEL_LIST(KERNEL_FIELD)};
