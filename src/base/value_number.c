/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of floats and decimals. The shortest digits of a float are found by trying: the number rounded to n digits, or
 * the next one above, since below a power of two floats are closer together than above it.
 */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/value_text.h"

typedef enum float_kind { HALF, FLOAT, DOUBLE } float_kind;

/* Reads a decimal number as `kind`; `text` has no point, so the locale does not matter. */
static double read_back(const char *text, float_kind kind)
{
    if (kind == FLOAT) return (double)strtof(text, NULL);
    const double value = strtod(text, NULL);
    if (kind == DOUBLE || value == 0) return value;
    int exponent;
    frexp(value, &exponent);
    const double step = ldexp(1, (exponent - 1 < -14 ? -14 : exponent - 1) - 10);
    return rint(value / step) * step; /* few digits: no double rounding */
}

/* digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* `value` > 0 rounded to `n` digits. */
static decimal round_to(double value, int n)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", n - 1, value);
    decimal number = {0};
    const char *at = text;
    for (; *at && *at != 'e'; at++) /* whatever point the locale uses */
        if ((unsigned char)(*at - '0') < 10) number.digits = number.digits * 10 + (uint64_t)(*at - '0');
    number.exponent = (int)strtol(at + 1, NULL, 10) - (n - 1);
    return number;
}

static bool reads_back(decimal number, double value, float_kind kind)
{
    char text[48];
    snprintf(text, sizeof text, "%" PRIu64 "e%d", number.digits, number.exponent);
    return read_back(text, kind) == value;
}

static decimal shortest(double value, float_kind kind)
{
    static const int most[] = {5, FLT_DECIMAL_DIG, DBL_DECIMAL_DIG};
    /* This many digits also show any shorter decimal number, unless the float is subnormal, which has fewer bits. */
    static const int enough[] = {1, FLT_DIG, DBL_DIG};
    static const double least[] = {0, FLT_MIN, DBL_MIN};
    decimal number;
    for (int n = value < least[kind] ? 1 : enough[kind]; n <= most[kind]; n++) {
        number = round_to(value, n);
        if (reads_back(number, value, kind)) break;
        const decimal above = {number.digits + 1, number.exponent};
        if (!reads_back(above, value, kind)) continue;
        number = above;
        break;
    }
    for (; number.digits % 10 == 0; number.exponent++)
        number.digits /= 10;
    return number;
}

/* Like Python's repr: with an exponent below 1e-4 and from 1e16 on. */
static plx_slice write_real(double value, float_kind kind, char buffer[PLX_VALUE_SIZE])
{
    enum { FIRST_PLACE = -3, LAST_PLACE = 16 };
    const char *sign = value < 0 ? "-" : "";
    if (isnan(value)) return (plx_slice){buffer, 0};
    if (fabs(value) < 0x1p63 && value == trunc(value)) return plx_value_of_int64((int64_t)value, buffer);
    if (isinf(value)) return (plx_slice){buffer, (size_t)snprintf(buffer, PLX_VALUE_SIZE, "%sinf", sign)};
    const decimal number = shortest(fabs(value), kind);
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%" PRIu64, number.digits), point = n + number.exponent;
    int length;
    if (point < FIRST_PLACE || point > LAST_PLACE)
        length = snprintf(buffer, PLX_VALUE_SIZE, "%s%c%s%se%c%02d", sign, digits[0], n > 1 ? "." : "", digits + 1,
                          point < 1 ? '-' : '+', abs(point - 1));
    else if (point <= 0)
        length = snprintf(buffer, PLX_VALUE_SIZE, "%s0.%.*s%s", sign, -point, "000", digits);
    else
        length = snprintf(buffer, PLX_VALUE_SIZE, "%s%.*s.%s", sign, point, digits, digits + point);
    return (plx_slice){buffer, (size_t)length};
}

plx_slice plx_value_of_double(double value, char buffer[PLX_VALUE_SIZE])
{
    return write_real(value, DOUBLE, buffer);
}

plx_slice plx_value_of_float(float value, char buffer[PLX_VALUE_SIZE])
{
    return write_real((double)value, FLOAT, buffer);
}

plx_slice plx_value_of_half(uint16_t bits, char buffer[PLX_VALUE_SIZE])
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? ldexp(fraction + 1024, exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) value = fraction ? (double)NAN : (double)INFINITY;
    return write_real(bits >> 15 ? -value : value, HALF, buffer);
}

/* The digits of a number of `bytes` bytes, the highest first; returns their number. Divides by ten until 0 is left. */
static int write_digits(uint8_t *number, int bytes, char *out)
{
    char reversed[80];
    int n = 0;
    bool is_zero;
    do {
        int rest = 0;
        is_zero = true;
        for (int i = bytes; i-- > 0;) {
            rest = rest << 8 | number[i];
            number[i] = (uint8_t)(rest / 10);
            rest %= 10;
            is_zero = is_zero && number[i] == 0;
        }
        reversed[n++] = (char)('0' + rest);
    } while (!is_zero);
    for (int i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = '\0';
    return n;
}

plx_slice plx_value_of_decimal(const uint8_t *number, int bytes, int scale, char buffer[PLX_DECIMAL_SIZE])
{
    enum { MOST_BYTES = 32, FIRST_PLACE = -6 };
    uint8_t magnitude[MOST_BYTES];
    const bool is_negative = number[bytes - 1] >> 7;
    int carry = is_negative;
    for (int i = 0; i < bytes; i++) {
        const int byte = (is_negative ? number[i] ^ 0xff : number[i]) + carry;
        magnitude[i] = (uint8_t)byte;
        carry = byte >> 8;
    }
    char digits[80];
    const char *sign = is_negative ? "-" : "";
    const int n = write_digits(magnitude, bytes, digits), place = n - 1 - scale; /* of the first digit: 10^place */
    const size_t size = PLX_DECIMAL_SIZE;
    int length;
    if (n == 1 && digits[0] == '0') return plx_value_of_int64(0, buffer); /* at any scale */
    if (scale < 0 || place < FIRST_PLACE)
        length = snprintf(buffer, size, "%s%c%s%sE%+d", sign, digits[0], n > 1 ? "." : "", digits + 1, place);
    else if (place < 0)
        length = snprintf(buffer, size, "%s0.%.*s%s", sign, -place - 1, "00000", digits);
    else
        length = snprintf(buffer, size, "%s%.*s%s%s", sign, n - scale, digits, scale ? "." : "", digits + n - scale);
    return plx_value_of_text((plx_slice){buffer, (size_t)length}, buffer); /* not a date, so `buffer` is not written */
}
