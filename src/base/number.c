/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text. A number of at most about 15 digits and a small power of ten is one exact product or quotient of two
 * doubles, hence correctly rounded (Clinger, "How to read floating point numbers accurately", PLDI 1990); nearly every
 * cell of a data file is such a number. The others go to the C library, always in the C locale: the calling program may
 * have set a locale with a decimal comma.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/text.h"

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Whether the slice is `word`, ignoring case. */
static bool is_word(plx_slice s, const char *word)
{
    size_t i = 0;
    for (; i < s.length && word[i]; i++) {
        char c = s.text[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i]) return false;
    }
    return i == s.length && !word[i];
}

/* The exponent's digits from `at`; saturates far beyond the range of a double. NULL if there are none. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end || !is_digit(*at)) return NULL;
    int64_t value = 0;
    for (; at < end && is_digit(*at); at++)
        if (value < INT_MAX) value = value * 10 + (*at - '0');
    *exponent = negative ? -value : value;
    return at;
}

/*
 * Any number of digits: the C library gets at most 800 significant ones, and a last 1 if a later one is not 0. No
 * midpoint between two doubles has more than 767, so the rounding is the same.
 */
static double read_slowly(const char *digits, const char *end, int64_t exponent)
{
    enum { MOST_DIGITS = 800 };
    char text[MOST_DIGITS + 32];
    int n = 0;
    bool after_point = false, more = false;
    for (const char *at = digits; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        if (n == MOST_DIGITS) {
            more |= *at != '0';
            exponent += !after_point;
            continue;
        }
        if (n || *at != '0') text[n++] = *at;
        exponent -= after_point;
    }
    if (n == 0) return 0;
    if (more) {
        text[n++] = '1';
        exponent--;
    }
    snprintf(text + n, sizeof text - (size_t)n, "e%lld", (long long)exponent);
    locale_t c_locale = plx_c_locale();
    if (!c_locale) return strtod(text, NULL); /* `text` has no point, so the locale does not matter */
    double value = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    return value;
}

bool plx_parse_double(plx_slice s, double *out)
{
    const char *at = s.text, *end = s.text + s.length;
    if (at == end) return false;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') at++;

    const char *digits = at;
    uint64_t mantissa = 0;
    for (; at < end && is_digit(*at); at++)
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    int64_t n_digits = at - digits, exponent = 0;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        for (; at < end && is_digit(*at); at++)
            mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        exponent = fraction - at;
        n_digits -= exponent;
    }
    int64_t written = 0; /* the exponent in the text */
    if (n_digits > 0 && at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at + 1, end, &written);
        if (!at) return false;
        exponent += written;
    }
    double value;
    if (n_digits == 0) {
        plx_slice word = {digits, (size_t)(end - digits)};
        if (is_word(word, "inf") || is_word(word, "infinity"))
            value = (double)INFINITY;
        else if (is_word(word, "nan"))
            value = (double)NAN;
        else
            return false;
    } else if (at != end) {
        return false;
    } else if (n_digits <= 19 && mantissa <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
        value = exponent < 0 ? (double)mantissa / powers_of_ten[-exponent] : (double)mantissa * powers_of_ten[exponent];
    } else {
        value = read_slowly(digits, end, written);
    }
    *out = negative ? -value : value;
    return true;
}

bool plx_parse_int64(plx_slice s, int64_t *out)
{
    const char *at = s.text, *end = s.text + s.length;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end) return false;
    int64_t value = 0; /* always negative: the range has one more number there */
    for (; at < end; at++) {
        if (!is_digit(*at) || value < INT64_MIN / 10) return false;
        value *= 10;
        if (value < INT64_MIN + (*at - '0')) return false;
        value -= *at - '0';
    }
    if (!negative && value == INT64_MIN) return false;
    *out = negative ? value : -value;
    return true;
}

bool plx_parse_bool(plx_slice s, bool *out)
{
    static const char *const names[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};
    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < 3; i++) {
            if (!is_word(s, names[value][i])) continue;
            *out = value;
            return true;
        }
    }
    return false;
}

/* printf's %.*g with a point, whatever the locale uses (which may be several bytes). */
static size_t print_with_point(double value, int digits, char *out)
{
    char text[48];
    int length = snprintf(text, sizeof text, "%.*g", digits, value);
    size_t n = 0;
    bool in_point = false;
    for (int i = 0; i < length; i++) {
        char c = text[i];
        bool plain = is_digit(c) || c == '-' || c == '+' || c == 'e';
        if (plain)
            out[n++] = c;
        else if (!in_point)
            out[n++] = '.';
        in_point = !plain;
    }
    out[n] = '\0';
    return n;
}

size_t plx_format_double(double value, char *out)
{
    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return strlen(out);
    }
    for (int digits = 15;; digits++) { /* 15 digits also show any shorter decimal: %g drops zeros at the end */
        size_t length = print_with_point(value, digits, out);
        double back = 0;
        if (digits == 17 || (plx_parse_double((plx_slice){out, length}, &back) && back == value)) return length;
    }
}

/* Digits of an integer, without leading zeros. */
static size_t put_digits(uint64_t whole, char *out)
{
    char digits[24];
    size_t n = 0, length = 0;
    do
        digits[n++] = (char)('0' + whole % 10);
    while ((whole /= 10) > 0);
    while (n > 0)
        out[length++] = digits[--n];
    return length;
}

/* Nine digits distinguish all floats; an error in a double's last bit is far below the ninth digit. */
size_t plx_format_float(float value, char *out)
{
    enum { DIGITS = 9 };
    const double size = fabs((double)value), least = 1e-12, log10_of_2 = 0.301029995663981195;
    size_t length = 0;
    int binary;
    if (!(size < 1e22) || (size == 0 ? signbit(value) != 0 : size < least)) return 0;
    if (value < 0) out[length++] = '-';
    if (size < powers_of_ten[DIGITS] && size == floor(size)) return length + put_digits((uint64_t)size, out + length);
    (void)frexp(size, &binary);
    /* Moves nine digits before the point, or ten. */
    const int shift = DIGITS - 1 - (int)floor((binary - 1) * log10_of_2);
    const double moved = shift >= 0 ? size * powers_of_ten[shift] : size / powers_of_ten[-shift];
    length += put_digits((uint64_t)(moved + 0.5), out + length);
    if (shift == 0) return length;
    out[length++] = 'e';
    if (shift > 0) out[length++] = '-';
    return length + put_digits((uint64_t)(shift > 0 ? shift : -shift), out + length);
}
