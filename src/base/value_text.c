/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of cells, integers, booleans, dates and times. The header already excludes most cells. Floats and decimals are
 * in value_number.c.
 */
#include "base/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400, DAYS_OF_400_YEARS = 146097, MOST_UNIT_DIGITS = 9 };

/* Longer than the texts, since readers take 8 bytes at a time. */
static const char truths[2][16] = {"false", "true"};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

plx_slice plx_value_of_bool(bool value)
{
    return plx_slice_of(truths[value]);
}

static size_t put_digits(uint64_t value, char *out)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

plx_slice plx_value_of_int64(int64_t value, char buffer[PLX_VALUE_SIZE])
{
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    buffer[0] = '-';
    return (plx_slice){buffer, (value < 0) + put_digits(magnitude, buffer + (value < 0))};
}

plx_slice plx_value_of_uint64(uint64_t value, char buffer[PLX_VALUE_SIZE])
{
    return (plx_slice){buffer, put_digits(value, buffer)};
}

int64_t plx_floor_divide(int64_t number, int64_t by, int64_t *rest)
{
    int64_t quotient = number / by;
    *rest = number % by;
    if (*rest < 0) {
        *rest += by;
        quotient--;
    }
    return quotient;
}

/* "Chrono-compatible low-level date algorithms" (Howard Hinnant): years start in March, so that a leap day is last.
 * Whole periods of 400 years are removed first, so that no number of days overflows. */
plx_day plx_day_of(int64_t days)
{
    int64_t in_era, era = plx_floor_divide(days, DAYS_OF_400_YEARS, &in_era) + 4;
    in_era += 719468 - 4 * DAYS_OF_400_YEARS; /* from 1600-03-01 to 1970-01-01 */
    if (in_era >= DAYS_OF_400_YEARS) {
        in_era -= DAYS_OF_400_YEARS;
        era++;
    }
    const int64_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int month_from_march = (int)((5 * in_year + 2) / 153);
    const int day = (int)(in_year - (153 * month_from_march + 2) / 5) + 1;
    const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (plx_day){era * 400 + year_of_era + (month <= 2), month, day};
}

plx_slice plx_value_of_date(int64_t days, char buffer[PLX_VALUE_SIZE])
{
    const plx_day day = plx_day_of(days);
    int length = snprintf(buffer, PLX_VALUE_SIZE, "%s%04" PRId64 "-%02d-%02d", day.year < 0 ? "-" : "",
                          day.year < 0 ? -day.year : day.year, day.month, day.day);
    return (plx_slice){buffer, (size_t)length};
}

/* The inverse of plx_day_of. */
static int64_t days_of(int year, int month, int day)
{
    const int from_march = month > 2 ? month - 3 : month + 9;
    const int64_t y = year - (month <= 2) + 400; /* above 0 */
    const int64_t in_era = 365 * (y % 400) + y % 400 / 4 - y % 400 / 100 + (153 * from_march + 2) / 5 + day - 1;
    return (y / 400 - 1) * DAYS_OF_400_YEARS + in_era - 719468;
}

/* Writes hours, minutes, seconds and the fraction without trailing zeros after `length` bytes of `buffer`. */
static size_t put_time(int64_t seconds, int64_t fraction, int digits, char *buffer, size_t length)
{
    length += (size_t)snprintf(buffer + length, PLX_VALUE_SIZE - length, "%02" PRId64 ":%02d:%02d", seconds / 3600,
                               (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (!fraction) return length;
    for (; fraction % 10 == 0; digits--)
        fraction /= 10;
    return length + (size_t)snprintf(buffer + length, PLX_VALUE_SIZE - length, ".%0*" PRId64, digits, fraction);
}

static int64_t power_of_ten(int digits)
{
    int64_t power = 1;
    while (digits-- > 0)
        power *= 10;
    return power;
}

plx_slice plx_value_of_timestamp(int64_t count, int unit_digits, bool is_utc, char buffer[PLX_VALUE_SIZE])
{
    int64_t fraction, in_day;
    const int64_t seconds = plx_floor_divide(count, power_of_ten(unit_digits), &fraction);
    plx_slice text = plx_value_of_date(plx_floor_divide(seconds, SECONDS_A_DAY, &in_day), buffer);
    if (!is_utc && in_day == 0 && fraction == 0) return text;
    buffer[text.length++] = 'T';
    text.length = put_time(in_day, fraction, unit_digits, buffer, text.length);
    if (is_utc) buffer[text.length++] = 'Z';
    return text;
}

plx_slice plx_value_of_time(int64_t count, int unit_digits, char buffer[PLX_VALUE_SIZE])
{
    int64_t fraction;
    int64_t seconds = plx_floor_divide(count, power_of_ten(unit_digits), &fraction);
    if (seconds < 0) return plx_value_of_int64(count, buffer); /* not a time of day */
    return (plx_slice){buffer, put_time(seconds, fraction, unit_digits, buffer, 0)};
}

/* Reads `n` digits at `*at` and advances it; -1 if there are fewer, or the number is above `most`. */
static int read_digits(const char **at, const char *end, int n, int most)
{
    int value = 0;
    if (end - *at < n) return -1;
    for (int i = 0; i < n; i++, (*at)++) {
        if (!is_digit(**at)) return -1;
        value = value * 10 + (**at - '0');
    }
    return value <= most ? value : -1;
}

static bool skip(const char **at, const char *end, char c)
{
    const bool is_there = *at < end && **at == c;
    *at += is_there;
    return is_there;
}

typedef struct date_time {
    int64_t days, seconds, nanoseconds; /* seconds of the day; nanoseconds of the second */
    bool has_zone;
    int offset; /* seconds ahead of UTC */
} date_time;

static bool read_date(const char **at, const char *end, date_time *out)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = read_digits(at, end, 4, 9999);
    if (year < 0 || !skip(at, end, '-')) return false;
    const int month = read_digits(at, end, 2, 12);
    if (month < 1 || !skip(at, end, '-')) return false;
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int day = read_digits(at, end, 2, month_days[month - 1] + (month == 2 && is_leap));
    if (day < 1) return false;
    out->days = days_of(year, month, day);
    return true;
}

/* Nanoseconds from a fraction; its digits after the ninth must be zeros. */
static bool read_fraction(const char **at, const char *end, date_time *out)
{
    int n = 0;
    for (; *at < end && is_digit(**at); (*at)++, n++) {
        if (n < MOST_UNIT_DIGITS)
            out->nanoseconds = out->nanoseconds * 10 + (**at - '0');
        else if (**at != '0')
            return false;
    }
    for (int i = n; i < MOST_UNIT_DIGITS; i++)
        out->nanoseconds *= 10;
    return n > 0;
}

static bool read_time(const char **at, const char *end, date_time *out)
{
    const int hour = read_digits(at, end, 2, 23);
    if (hour < 0 || !skip(at, end, ':')) return false;
    const int minute = read_digits(at, end, 2, 59);
    if (minute < 0) return false;
    out->seconds = hour * 3600 + minute * 60;
    if (!skip(at, end, ':')) return true;
    const int second = read_digits(at, end, 2, 59);
    if (second < 0) return false;
    out->seconds += second;
    return !skip(at, end, '.') || read_fraction(at, end, out);
}

/* Z, UTC, +HH, +HHMM or +HH:MM, optionally after a blank, up to the end. */
static bool read_zone(const char *at, const char *end, date_time *out)
{
    if (at == end) return true;
    out->has_zone = true;
    skip(&at, end, ' ');
    if (skip(&at, end, 'Z')) return at == end;
    if (end - at == 3 && memcmp(at, "UTC", 3) == 0) return true;
    const bool is_west = at < end && *at == '-';
    if (!skip(&at, end, '+') && !skip(&at, end, '-')) return false;
    const int hours = read_digits(&at, end, 2, 23);
    if (hours < 0) return false;
    const bool has_colon = skip(&at, end, ':');
    const int minutes = at < end || has_colon ? read_digits(&at, end, 2, 59) : 0;
    if (minutes < 0 || at != end) return false;
    out->offset = (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* YYYY-MM-DD, T or a blank, HH:MM, optional seconds with a fraction, optional zone; the year in UTC has four digits
 * too. */
static bool read_date_time(plx_slice cell, date_time *out)
{
    const char *at = cell.text, *end = cell.text + cell.length;
    *out = (date_time){0};
    if (!read_date(&at, end, out) || (!skip(&at, end, 'T') && !skip(&at, end, ' '))) return false;
    if (!read_time(&at, end, out) || !read_zone(at, end, out)) return false;
    out->seconds -= out->offset;
    out->days += plx_floor_divide(out->seconds, SECONDS_A_DAY, &out->seconds);
    return out->days >= days_of(0, 1, 1) && out->days <= days_of(9999, 12, 31);
}

bool plx_value_is_date(plx_slice cell, int64_t *seconds)
{
    date_time when = {0};
    if (!read_date_time(cell, &when)) {
        const char *at = cell.text, *end = cell.text + cell.length;
        when = (date_time){0};
        if (!read_date(&at, end, &when) || at != end) return false;
    }
    if (seconds) *seconds = when.days * SECONDS_A_DAY + when.seconds;
    return true;
}

static plx_slice value_of_date_time(plx_slice cell, char buffer[PLX_VALUE_SIZE])
{
    date_time when;
    if (!read_date_time(cell, &when)) return cell;
    plx_slice text = plx_value_of_date(when.days, buffer);
    if (!when.has_zone && when.seconds == 0 && when.nanoseconds == 0) return text;
    buffer[text.length++] = 'T';
    text.length = put_time(when.seconds, when.nanoseconds, MOST_UNIT_DIGITS, buffer, text.length);
    if (when.has_zone) buffer[text.length++] = 'Z';
    return text;
}

/* A time of day without the trailing zeros of its fraction. */
static plx_slice value_of_time(plx_slice cell)
{
    date_time when = {0};
    const char *at = cell.text, *end = cell.text + cell.length;
    if (!read_time(&at, end, &when) || at != end || !memchr(cell.text, '.', cell.length)) return cell;
    while (cell.text[cell.length - 1] == '0')
        cell.length--;
    cell.length -= cell.text[cell.length - 1] == '.';
    return cell;
}

/* An integer without a fraction of zeros, and then a zero without its sign, like a float. */
static plx_slice without_fraction(plx_slice cell)
{
    const size_t sign = cell.text[0] == '-' || cell.text[0] == '+';
    size_t point = sign, end;
    bool is_zero = true;
    for (; point < cell.length && is_digit(cell.text[point]); point++)
        is_zero = is_zero && cell.text[point] == '0';
    if (point == sign || point + 1 >= cell.length || cell.text[point] != '.') return cell;
    for (end = point + 1; end < cell.length; end++)
        if (cell.text[end] != '0') return cell;
    const size_t begin = is_zero && cell.text[0] == '-';
    return (plx_slice){cell.text + begin, point - begin};
}

bool plx_value_is_truth(plx_slice cell, bool *value)
{
    static const struct {
        char text[8];
        bool value;
    } spellings[] = {{"true", true},   {"True", true},   {"TRUE", true},
                     {"false", false}, {"False", false}, {"FALSE", false}};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (!plx_slice_equal(cell, plx_slice_of(spellings[i].text))) continue;
        *value = spellings[i].value;
        return true;
    }
    return false;
}

plx_slice plx_value_of_odd_text(plx_slice cell, char buffer[PLX_VALUE_SIZE])
{
    enum { SHORTEST_FRACTION = 3, SHORTEST_DATE_TIME = 16 };
    if (cell.length < SHORTEST_FRACTION) return cell;
    const char first = cell.text[0], last = cell.text[cell.length - 1];
    if (first == 't' || first == 'T' || first == 'f' || first == 'F') {
        bool value = false;
        return plx_value_is_truth(cell, &value) ? plx_value_of_bool(value) : cell;
    }
    if (!is_digit(first) && first != '-' && first != '+') return cell;
    if (cell.length >= SHORTEST_DATE_TIME && cell.text[4] == '-' && cell.text[7] == '-')
        return value_of_date_time(cell, buffer);
    if (last != '0') return cell;
    return cell.text[2] == ':' ? value_of_time(cell) : without_fraction(cell);
}
