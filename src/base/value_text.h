/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value, one text: the text that a value has as a category, wherever it comes from. A cell of a text file and a
 * value in memory that mean the same have the same text. docs/data.md explains the rule to users.
 *
 * What is returned is the given text, or lies in `room`, or is constant. Up to 7 bytes after it may be read, whatever
 * they hold, where the given text allows that.
 */
#ifndef PLX_VALUE_TEXT_H
#define PLX_VALUE_TEXT_H

#include "base/text.h"

enum {
    PLX_VALUE_ROOM = 48,                   /* bytes: enough for every text made here */
    PLX_DECIMAL_ROOM = PLX_VALUE_ROOM + 48 /* for 77 digits */
};

/**
 * The number of this rule, which model files hold. Those without a number are of rule 0: texts are as they stand, and
 * numbers in memory as plx_value_of_rule_0 writes them.
 */
enum { PLX_VALUE_RULE = 1 };

/**
 * The text of a cell of text: the cell itself, except that a whole number loses a fraction of zeros, True, TRUE and
 * their opposites become true and false, and a date with a time becomes ISO 8601: T between, seconds always, no zeros
 * at the end of the fraction (nor of a time of day's), another offset converted to UTC and written Z, midnight without
 * an offset the date alone.
 * Of a text made here it makes the same text again.
 */
static inline plx_slice plx_value_of_text(plx_slice cell, char room[PLX_VALUE_ROOM]);
/** The same, for what a look at a few bytes does not rule out. */
plx_slice plx_value_of_odd_text(plx_slice cell, char room[PLX_VALUE_ROOM]);

/** Whether a text is one of those that mean true or false. */
bool plx_value_is_truth(plx_slice cell, bool *value);
/** Whether a text is a date, YYYY-MM-DD, with a time after it or without; `*seconds` (may be NULL): whole ones since
 * 1970-01-01 00:00:00, in UTC where it has a zone. */
bool plx_value_is_date(plx_slice cell, int64_t *seconds);

plx_slice plx_value_of_int64(int64_t value, char room[PLX_VALUE_ROOM]);
plx_slice plx_value_of_uint64(uint64_t value, char room[PLX_VALUE_ROOM]);
/** true or false. */
plx_slice plx_value_of_bool(bool value);

/**
 * The shortest text that reads back as the same number of its width, as Python's repr writes it, but whole numbers
 * below 2^63 as integers: 0.1, 1e-05, 12, 1e+22, inf. NaN is the empty text.
 */
plx_slice plx_value_of_double(double value, char room[PLX_VALUE_ROOM]);
plx_slice plx_value_of_float(float value, char room[PLX_VALUE_ROOM]);
/** `bits`: IEEE 754 binary16. */
plx_slice plx_value_of_half(uint16_t bits, char room[PLX_VALUE_ROOM]);

/** Floor division, for counts before 1970: number = quotient * by + rest, 0 <= rest < by. */
int64_t plx_floor_divide(int64_t number, int64_t by, int64_t *rest);

/** A day of the Gregorian calendar, which holds for all years; that of `days` since 1970-01-01. */
typedef struct plx_day {
    int64_t year;
    int month, day; /* from 1 */
} plx_day;
plx_day plx_day_of(int64_t days);

/** `days` since 1970-01-01. */
plx_slice plx_value_of_date(int64_t days, char room[PLX_VALUE_ROOM]);
/**
 * `count` since 1970-01-01 00:00:00 in seconds (`unit_digits` 0), milliseconds (3), microseconds (6) or nanoseconds
 * (9); `is_utc`: the column has a time zone, so that the text ends in Z.
 */
plx_slice plx_value_of_timestamp(int64_t count, int unit_digits, bool is_utc, char room[PLX_VALUE_ROOM]);
/** A time of day, `count` since midnight in the same units. */
plx_slice plx_value_of_time(int64_t count, int unit_digits, char room[PLX_VALUE_ROOM]);

/**
 * A decimal number, in two's complement of `bytes` (at most 32) bytes, the lowest first, times 10^-scale. It has the
 * text that Python's str(Decimal) gives, 1.50 or 1E-7, without a fraction of zeros.
 */
plx_slice plx_value_of_decimal(const uint8_t *number, int bytes, int scale, char room[PLX_DECIMAL_ROOM]);

/* Whether a text ends as a fraction of zeros or of a time does, begins as truths do, or has a date's first dash. */
static inline bool plx_value_is_odd(plx_slice cell)
{
    if (cell.length < 3) return false;
    const char *end = cell.text + cell.length, first = (char)(cell.text[0] | 0x20);
    if (end[-1] == '0' && (end[-2] == '0' || end[-2] == '.' || cell.text[2] == ':')) return true;
    return cell.length >= 16 ? cell.text[4] == '-' : cell.length <= 5 && (first == 't' || first == 'f');
}

static inline plx_slice plx_value_of_text(plx_slice cell, char room[PLX_VALUE_ROOM])
{
    return plx_value_is_odd(cell) ? plx_value_of_odd_text(cell, room) : cell;
}

#endif
