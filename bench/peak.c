/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the peak of multiply-adds: independent chains of them in registers. */
#include "peak.h"

#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>
#elif defined __ARM_NEON
#include <arm_neon.h>
#endif

#include "base/pool.h"

enum { CHAINS = 10, STEPS = 400000, RUNS = 200, THREADS_MAX = 64 };

/* Independent sums in registers: CHAINS is above latency times throughput of any core. */
#define EACH_CHAIN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#define START(i)      s##i = numbers[i + 2] - x,
#define STEP(i)       s##i = MULTIPLY_ADD(s##i, x, y);
#define ADD(i)        +s##i

/** A function that runs chains of `type`, on numbers from memory, so that the compiler cannot precompute them. */
#define PEAK_FUNCTION(name, type)                                                                                      \
    static float name(const volatile float *numbers)                                                                   \
    {                                                                                                                  \
        type x = numbers[0] - (type){0}, y = numbers[1] - (type){0}, EACH_CHAIN(START) unused = x;                     \
        for (int step = 0; step < STEPS; step++) {                                                                     \
            EACH_CHAIN(STEP)                                                                                           \
        }                                                                                                              \
        x = unused EACH_CHAIN(ADD);                                                                                    \
        return x[0];                                                                                                   \
    }

/* clang-format off */
#ifdef __x86_64__
#define MULTIPLY_ADD _mm512_fmadd_ps
__attribute__((target("avx512f"))) PEAK_FUNCTION(run_avx512, __m512)
#undef MULTIPLY_ADD
#define MULTIPLY_ADD _mm256_fmadd_ps
__attribute__((target("avx2,fma"))) PEAK_FUNCTION(run_avx2, __m256)
#undef MULTIPLY_ADD
#endif
#ifdef __ARM_NEON
#define MULTIPLY_ADD(a, b, c) vfmaq_f32(c, a, b)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif
typedef float four __attribute__((vector_size(16)));
PEAK_FUNCTION(run_simd128, four)
/* clang-format on */

typedef struct chains {
    float (*run)(const volatile float *numbers);
    float results[THREADS_MAX];
} chains;

static void run_job(void *user, int job, int thread)
{
    static const volatile float numbers[CHAINS + 2] = {0.5F, 0.25F, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    chains *all = user;
    (void)thread;
    all->results[job] = all->run(numbers);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_peak(plx_cpu_level level, int threads)
{
    chains all = {.run = run_simd128};
    double lanes = 4, best = 0;
    plx_pool *pool;
    plx_error err;
    if (threads > THREADS_MAX || plx_pool_create(&plx_allocator_default, threads, &pool, &err) != PLX_OK) return 0;
#ifdef __x86_64__
    if (level == PLX_CPU_AVX512) all.run = run_avx512, lanes = 16;
    if (level == PLX_CPU_AVX2) all.run = run_avx2, lanes = 8;
#else
    (void)level;
#endif
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        plx_pool_run(pool, threads, run_job, &all);
        double speed = threads * lanes * CHAINS * STEPS / (now() - start);
        best = speed > best ? speed : best;
    }
    plx_pool_free(pool);
    return best;
}
