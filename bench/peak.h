/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's peak. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include "kernels/kernels.h"

/**
 * float32 multiply-adds a second of `threads` threads together, at the level's vector width: independent chains in
 * registers, the best of several runs. 0: no memory or no threads.
 */
double bench_peak(plx_cpu_level level, int threads);

#endif
