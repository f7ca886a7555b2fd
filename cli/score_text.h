/* SPDX-License-Identifier: Apache-2.0 */
/* A score as text. Millions are written, and a general formatter would take half of the total time. */
#ifndef CLI_SCORE_TEXT_H
#define CLI_SCORE_TEXT_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CLI_SCORE_SIZE = 24, CLI_SCORE_DIGITS = 9 };

/** floor(log10(value)) for a value from 1e-4 to below 1e9. */
static inline int cli_score_exponent(double value)
{
    static const double powers[] = {1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    int exponent = -4;
    while (exponent < CLI_SCORE_DIGITS - 1 && value >= powers[exponent + 4])
        exponent++;
    return exponent;
}

/** value * 10^power for the same values, power 0..12, rounded half to even: exact, since 24 bits * 10^12 fit in 64. */
static inline uint64_t cli_score_scaled(double value, int power)
{
    int exponent;
    uint64_t number = (uint64_t)ldexp(frexp(value, &exponent), 24);
    for (; power > 0; power--)
        number *= 10;
    const int shift = 24 - exponent;
    if (shift <= 0) return number << -shift;
    const uint64_t rest = number & ((UINT64_C(1) << shift) - 1), half = UINT64_C(1) << (shift - 1);
    number >>= shift;
    return number + (rest > half || (rest == half && number % 2));
}

/** Writes `score`, not NaN, in the format "%.9g": nine digits, which read back as the same float. Returns the length;
 * writes no NUL. */
static inline size_t cli_score_text(float score, char out[CLI_SCORE_SIZE])
{
    const double value = fabs((double)score);
    char digits[CLI_SCORE_DIGITS], *at = out;
    if (!(value >= 1e-4 && value < 999999999)) return (size_t)snprintf(out, CLI_SCORE_SIZE, "%.9g", (double)score);
    int point = cli_score_exponent(value), n = CLI_SCORE_DIGITS;
    uint64_t number = cli_score_scaled(value, CLI_SCORE_DIGITS - 1 - point);
    if (number == 1000000000) {
        number /= 10;
        point++;
    }
    for (int i = CLI_SCORE_DIGITS; i-- > 0; number /= 10)
        digits[i] = (char)('0' + number % 10);
    while (n > point + 1 && n > 1 && digits[n - 1] == '0')
        n--;
    *at = '-';
    at += score < 0;
    if (point < 0) {
        memcpy(at, "0.000", 5);
        at += 1 - point;
        memcpy(at, digits, (size_t)n);
        return (size_t)(at - out) + (size_t)n;
    }
    memcpy(at, digits, (size_t)point + 1);
    at += point + 1;
    if (n == point + 1) return (size_t)(at - out);
    *at++ = '.';
    memcpy(at, digits + point + 1, (size_t)(n - point - 1));
    return (size_t)(at - out) + (size_t)(n - point - 1);
}

#endif
