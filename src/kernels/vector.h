/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CPU vector of LANES floats (4, 8 or 16; the including file sets it), with the vector extensions of GCC and clang,
 * and intrinsics where these are not enough. Every kernel computes its last, partial vector with the same functions as
 * the whole ones, on masked data, so that a result never depends on its position in a row. vf_fma is explicit for the
 * same reason: contraction must not be the compiler's choice.
 */
#ifndef PLX_VECTOR_H
#define PLX_VECTOR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined __SSE2__
#include <immintrin.h>
#elif defined __ARM_NEON
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef float vf_unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vf4 __attribute__((vector_size(16)));
typedef int32_t vi4 __attribute__((vector_size(16)));
typedef float vf4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
#if LANES >= 8
typedef float vf8 __attribute__((vector_size(32)));
#endif

INLINE vf vf_load(const float *at)
{
    return *(const vf_unaligned *)at;
}

INLINE void vf_store(float *at, vf v)
{
    *(vf_unaligned *)at = v;
}

INLINE vf vf_all(float x)
{
    return x - (vf){0}; /* not x + 0: that would lose the sign of -0 */
}

INLINE vf vf_abs(vf v)
{
    return (vf)((vi)v & 0x7fffffff);
}

/*
 * By width: `part`, which names the first `left` lanes of a vector, 0 < left <= LANES, and its loads (other lanes are
 * 0) and stores; vf_fma(a, b, c) = a b + c; vf_max(a, b) = a > b ? a : b, so that a NaN in b stays; vf_sqrt;
 * vf_if_less(x, y, a, b) = x < y ? a : b.
 */
#if LANES == 16
typedef __mmask16 part;

INLINE part part_of(ptrdiff_t left)
{
    return (part)((1u << left) - 1);
}

INLINE vf vf_load_part(const float *at, part p)
{
    return (vf)_mm512_maskz_loadu_ps(p, at);
}

INLINE void vf_store_part(float *at, part p, vf v)
{
    _mm512_mask_storeu_ps(at, p, (__m512)v);
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

INLINE vf vf_max(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}

INLINE vf vf_sqrt(vf v)
{
    return (vf)_mm512_sqrt_ps((__m512)v);
}

INLINE vf vf_if_less(vf x, vf y, vf a, vf b)
{
    return (vf)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)x, (__m512)y, _CMP_LT_OQ), (__m512)b, (__m512)a);
}

#elif LANES == 8
typedef struct part {
    __m256i mask;
    ptrdiff_t left;
} part;

INLINE part part_of(ptrdiff_t left)
{
    static const int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return (part){_mm256_loadu_si256((const __m256i_u *)(lanes + 8 - left)), left};
}

INLINE vf vf_load_part(const float *at, part p)
{
    return (vf)_mm256_maskload_ps(at, p.mask);
}

/** In pieces: on some processors the masked store is microcode, and a load after it would stall. */
INLINE void vf_store_part(float *at, part p, vf v)
{
    if (p.left == 8) {
        vf_store(at, v);
        return;
    }
    vf4 four = __builtin_shufflevector(v, v, 0, 1, 2, 3);
    ptrdiff_t i = 0;
    if (p.left & 4) {
        *(vf4_unaligned *)at = four;
        four = __builtin_shufflevector(v, v, 4, 5, 6, 7);
        i = 4;
    }
    if (p.left & 2) {
        at[i] = four[0];
        at[i + 1] = four[1];
        four = __builtin_shufflevector(four, four, 2, 3, 2, 3);
        i += 2;
    }
    if (p.left & 1) at[i] = four[0];
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE vf vf_max(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}

INLINE vf vf_sqrt(vf v)
{
    return (vf)_mm256_sqrt_ps((__m256)v);
}

INLINE vf vf_if_less(vf x, vf y, vf a, vf b)
{
    return (vf)_mm256_blendv_ps((__m256)b, (__m256)a, _mm256_cmp_ps((__m256)x, (__m256)y, _CMP_LT_OQ));
}

#elif LANES == 4
typedef int part;

INLINE part part_of(ptrdiff_t left)
{
    return (part)left;
}

INLINE vf vf_load_part(const float *at, part p)
{
    if (p == 4) return vf_load(at);
    return (vf){at[0], p > 1 ? at[1] : 0.0f, p > 2 ? at[2] : 0.0f, 0.0f};
}

INLINE void vf_store_part(float *at, part p, vf v)
{
    at[0] = v[0];
    if (p > 1) at[1] = v[1];
    if (p > 2) at[2] = v[2];
    if (p > 3) at[3] = v[3];
}

INLINE vf vf_if_less(vf x, vf y, vf a, vf b)
{
    vi less = x < y;
    return (vf)((less & (vi)a) | (~less & (vi)b));
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
#if defined __ARM_NEON
    return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

INLINE vf vf_max(vf a, vf b)
{
#if defined __SSE2__
    return (vf)_mm_max_ps((__m128)a, (__m128)b);
#else
    return vf_if_less(b, a, a, b);
#endif
}

INLINE vf vf_sqrt(vf v)
{
#if defined __SSE2__
    return (vf)_mm_sqrt_ps((__m128)v);
#elif defined __ARM_NEON
    return (vf)vsqrtq_f32((float32x4_t)v);
#else
    return (vf){sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3])};
#endif
}
#else
#error "LANES must be 4, 8 or 16"
#endif

/** A whole vector, or the lanes of `p`; `whole` is a compile-time constant. */
INLINE vf vf_load_lanes(const float *at, bool whole, part p)
{
    return whole ? vf_load(at) : vf_load_part(at, p);
}

INLINE void vf_store_lanes(float *at, bool whole, part p, vf v)
{
    if (whole)
        vf_store(at, v);
    else
        vf_store_part(at, p, v);
}

/** Lanes of `v` beyond `left` replaced by `other`. */
INLINE vf vf_keep_first(vf v, ptrdiff_t left, float other)
{
#if LANES == 16
    return (vf)_mm512_mask_mov_ps((__m512)vf_all(other), part_of(left), (__m512)v);
#else
#if LANES == 8
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
#else
    const vi lane = {0, 1, 2, 3};
#endif
    vi kept = lane < (int32_t)left;
    return (vf)((kept & (vi)v) | (~kept & (vi)vf_all(other)));
#endif
}

/** The sum of lanes i, i + 4, i + 8 ... in lane i. */
INLINE vf4 vf_fold(vf v)
{
#if LANES == 16
    vf8 half = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    return __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif LANES == 8
    return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
    return v;
#endif
}

INLINE float vf_sum(vf v)
{
    vf4 four = vf_fold(v);
    four += __builtin_shufflevector(four, four, 2, 3, 0, 1);
    return four[0] + four[1];
}

/** Lane i is what `v` has in lane i ^ apart; apart is a power of two below LANES. */
INLINE vf vf_swap(vf v, const int apart)
{
#if LANES == 16
    if (apart == 8) return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    if (apart == 4) return __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    if (apart == 2) return __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    return __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
#elif LANES == 8
    if (apart == 4) return __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    if (apart == 2) return __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    return __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6);
#else
    if (apart == 2) return __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return __builtin_shufflevector(v, v, 1, 0, 3, 2);
#endif
}

/** vf_sum in every lane. */
INLINE vf vf_sum_all(vf v)
{
#if LANES == 16
    v += vf_swap(v, 8);
#endif
#if LANES >= 8
    v += vf_swap(v, 4);
#endif
    v += vf_swap(v, 2);
    return v + vf_swap(v, 1);
}

/** The largest lane, in every lane; unspecified for NaN and for the sign of zero. */
INLINE vf vf_largest_all(vf v)
{
#if LANES == 16
    v = vf_max(v, vf_swap(v, 8));
#endif
#if LANES >= 8
    v = vf_max(v, vf_swap(v, 4));
#endif
    v = vf_max(v, vf_swap(v, 2));
    return vf_max(v, vf_swap(v, 1));
}

/** The sums of four vectors at once, in the order of vf_sum. */
INLINE vf4 vf_sums(vf a, vf b, vf c, vf d)
{
#if LANES == 16
    __m512 x = (__m512)a, y = (__m512)b, z = (__m512)c, t = (__m512)d;
    __m512 xy = _mm512_add_ps(_mm512_shuffle_f32x4(x, y, 0x44), _mm512_shuffle_f32x4(x, y, 0xee));
    __m512 zt = _mm512_add_ps(_mm512_shuffle_f32x4(z, t, 0x44), _mm512_shuffle_f32x4(z, t, 0xee));
    __m512 all = _mm512_add_ps(_mm512_shuffle_f32x4(xy, zt, 0x88), _mm512_shuffle_f32x4(xy, zt, 0xdd));
    all = _mm512_add_ps(all, _mm512_permute_ps(all, 0x4e));
    all = _mm512_add_ps(all, _mm512_permute_ps(all, 0xb1));
    const __m512i first = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
    return (vf4)_mm512_castps512_ps128(_mm512_permutexvar_ps(first, all));
#else
    vf4 fa = vf_fold(a), fb = vf_fold(b), fc = vf_fold(c), fd = vf_fold(d);
    vf4 ab = __builtin_shufflevector(fa, fb, 0, 4, 1, 5) + __builtin_shufflevector(fa, fb, 2, 6, 3, 7);
    vf4 cd = __builtin_shufflevector(fc, fd, 0, 4, 1, 5) + __builtin_shufflevector(fc, fd, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
#endif
}

#endif
