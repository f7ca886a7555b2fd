/* SPDX-License-Identifier: Apache-2.0 */
/* Detects the CPU's level; names of levels. No state: callers keep the pointer to their table. */
#include "kernels/kernels.h"

#include <string.h>

#include "kernels/kernels_levels.h"

static const char *const level_names[PLX_CPU_LEVELS] = {"plain", "simd128", "avx2", "avx512"};

plx_cpu_level plx_cpu_best(void)
{
#ifdef PLX_HAS_X86_LEVELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
            return PLX_CPU_AVX512;
        return PLX_CPU_AVX2;
    }
#endif
#ifdef PLX_HAS_SIMD128
    return PLX_CPU_SIMD128;
#else
    return PLX_CPU_PLAIN;
#endif
}

const plx_kernels *plx_kernels_for(plx_cpu_level level)
{
    plx_cpu_level best = plx_cpu_best();
    switch (level < best ? level : best) {
#ifdef PLX_HAS_X86_LEVELS
    case PLX_CPU_AVX512:
        return &plx_kernels_avx512;
    case PLX_CPU_AVX2:
        return &plx_kernels_avx2;
#endif
#ifdef PLX_HAS_SIMD128
    case PLX_CPU_SIMD128:
        return &plx_kernels_simd128;
#endif
    default:
        return &plx_kernels_plain;
    }
}

bool plx_cpu_level_named(const char *name, plx_cpu_level *out)
{
    for (int level = 0; level < PLX_CPU_LEVELS; level++) {
        if (strcmp(name, level_names[level]) == 0) {
            *out = (plx_cpu_level)level;
            return true;
        }
    }
    return false;
}
