/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value, one text: the text of a value as a category, from any source. A cell of a text file and a value in memory
 * with the same meaning have the same text. docs/data.md explains the rule to users.
 *
 * The result is the given text, or is in `buffer`, or is constant. Up to 7 bytes after it may be read (their value does
 * not matter), if the given text allows that.
 */
#ifndef PLX_VALUE_TEXT_H
#define PLX_VALUE_TEXT_H

#include "base/text.h"

enum {
    PLX_VALUE_SIZE = 48,                   /* bytes: enough for every text made here */
    PLX_DECIMAL_SIZE = PLX_VALUE_SIZE + 48 /* for 77 digits */
};

/**
 * The version of this rule, which model files contain. Files without one have rule 0: texts are unchanged, and numbers
 * in memory are written by plx_value_of_rule_0.
 */
enum { PLX_VALUE_RULE = 1 };

/**
 * The text of a text cell: the cell itself, except that a whole number loses a fraction of zeros, True, TRUE, False
 * and FALSE become true and false, and a date with a time becomes ISO 8601: T as the separator, seconds always, no
 * trailing zeros in the fraction (also of a time of day), any offset converted to UTC and written as Z, midnight
 * without an offset as the date only. Idempotent.
 */
static inline plx_slice plx_value_of_text(plx_slice cell, char buffer[PLX_VALUE_SIZE]);
/** The same, for cells that plx_value_is_odd does not rule out. */
plx_slice plx_value_of_odd_text(plx_slice cell, char buffer[PLX_VALUE_SIZE]);

/** Whether a text means true or false. */
bool plx_value_is_truth(plx_slice cell, bool *value);
/** Whether a text is a date, YYYY-MM-DD, with or without a time; `*seconds` (may be NULL): whole seconds since
 * 1970-01-01 00:00:00, in UTC if it has a time zone. */
bool plx_value_is_date(plx_slice cell, int64_t *seconds);

plx_slice plx_value_of_int64(int64_t value, char buffer[PLX_VALUE_SIZE]);
plx_slice plx_value_of_uint64(uint64_t value, char buffer[PLX_VALUE_SIZE]);
/** true or false. */
plx_slice plx_value_of_bool(bool value);

/**
 * The shortest text that reads back as the same number of its width, in the format of Python's repr, but whole numbers
 * below 2^63 as integers: 0.1, 1e-05, 12, 1e+22, inf. NaN is the empty text.
 */
plx_slice plx_value_of_double(double value, char buffer[PLX_VALUE_SIZE]);
plx_slice plx_value_of_float(float value, char buffer[PLX_VALUE_SIZE]);
/** `bits`: IEEE 754 binary16. */
plx_slice plx_value_of_half(uint16_t bits, char buffer[PLX_VALUE_SIZE]);

/** Floor division, for counts before 1970: number = quotient * by + rest, 0 <= rest < by. */
int64_t plx_floor_divide(int64_t number, int64_t by, int64_t *rest);

/** A day of the Gregorian calendar, which is used for all years: `days` since 1970-01-01. */
typedef struct plx_day {
    int64_t year;
    int month, day; /* from 1 */
} plx_day;
plx_day plx_day_of(int64_t days);

/** `days` since 1970-01-01. */
plx_slice plx_value_of_date(int64_t days, char buffer[PLX_VALUE_SIZE]);
/**
 * `count` since 1970-01-01 00:00:00 in seconds (`unit_digits` 0), milliseconds (3), microseconds (6) or nanoseconds
 * (9); `is_utc`: the column has a time zone, so the text ends in Z.
 */
plx_slice plx_value_of_timestamp(int64_t count, int unit_digits, bool is_utc, char buffer[PLX_VALUE_SIZE]);
/** A time of day, `count` since midnight in the same units. */
plx_slice plx_value_of_time(int64_t count, int unit_digits, char buffer[PLX_VALUE_SIZE]);

/**
 * A decimal number: a little-endian two's complement integer of `bytes` (at most 32) bytes times 10^-scale. The text is
 * that of Python's str(Decimal), 1.50 or 1E-7, without a fraction of zeros.
 */
plx_slice plx_value_of_decimal(const uint8_t *number, int bytes, int scale, char buffer[PLX_DECIMAL_SIZE]);

/* Whether a text ends like a fraction of zeros or of a time, begins like true or false, or has a date's first dash. */
static inline bool plx_value_is_odd(plx_slice cell)
{
    if (cell.length < 3) return false;
    const char *end = cell.text + cell.length, first = (char)(cell.text[0] | 0x20);
    if (end[-1] == '0' && (end[-2] == '0' || end[-2] == '.' || cell.text[2] == ':')) return true;
    return cell.length >= 16 ? cell.text[4] == '-' : cell.length <= 5 && (first == 't' || first == 'f');
}

static inline plx_slice plx_value_of_text(plx_slice cell, char buffer[PLX_VALUE_SIZE])
{
    return plx_value_is_odd(cell) ? plx_value_of_odd_text(cell, buffer) : cell;
}

#endif
