/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Arrow arrays. Offsets and block numbers are checked with each value that is read. */
#include "files/arrow_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DECIMAL_BYTES = 32, DAY_SECONDS = 86400, JULIAN_1970 = 2440588 };

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { N_POWERS = sizeof powers / sizeof *powers };

int64_t plx_arrow_integer(const plx_arrow_values *values, int64_t at)
{
    const uint8_t *item = (const uint8_t *)values->items + at * values->item_bytes;
    uint64_t bits = 0;
    memcpy(&bits, item, (size_t)values->item_bytes); /* both are little-endian */
    const unsigned spare = 64 - 8 * (unsigned)values->item_bytes;
    return values->kind == PLX_ARROW_UINT ? (int64_t)bits : (int64_t)(bits << spare) >> spare;
}

/* -- Numbers ----------------------------------------------------------------------------------------------------- */

static double half_value(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return half >> 15 ? -value : value;
}

/* The shortest decimal of at most `most` digits that reads back as the float, as a double and in `buffer`; false:
 * none. */
static bool shorten(float value, int most, char *buffer, size_t *length, double *back)
{
    for (int digits = most > 8 ? 1 : 6; digits <= most; digits++) { /* few digits distinguish tiny floats */
        char text[32];
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (!plx_parse_double(plx_slice_of(text), back) || (float)*back != value) continue;
        *length = plx_format_double(*back, buffer);
        return true;
    }
    return false;
}

double plx_arrow_decimal_of(float value, bool is_rule_0)
{
    const int most = is_rule_0 ? 8 : 9;
    const double x = (double)value, size = fabs(x);
    char buffer[32];
    size_t length;
    double back;
    if (!isfinite(x) || (x == trunc(x) && size < (is_rule_0 ? 1e15 : 0x1p63))) return x; /* written in full */
    const bool is_usual = size >= 1e-9 && size < 1e15;
    const int exponent = is_usual ? (int)floor(log10(size)) : 0;
    for (int digits = 6; is_usual && digits <= most; digits++) {
        /* A single division or multiplication of two exact doubles gives the number that the decimal reads back as. */
        const int shift = digits - 1 - exponent;
        const double moved = shift >= 0 ? x * powers[shift] : x / powers[-shift], whole = nearbyint(moved);
        if (fabs(fabs(moved - whole) - 0.5) < 1e-5) return shorten(value, most, buffer, &length, &back) ? back : x;
        back = shift >= 0 ? whole / powers[shift] : whole * powers[-shift];
        if ((float)back == value) return back;
    }
    return !is_usual && shorten(value, most, buffer, &length, &back) ? back : x;
}

/* The text by rule 0, for model files without a rule. */
static plx_slice rule_0_text(double value, bool is_float, char *buffer)
{
    if (fabs(value) < 1e15 && value == floor(value)) return plx_value_of_int64((int64_t)value, buffer);
    double back;
    size_t length;
    if (is_float && isfinite(value) && shorten((float)value, 8, buffer, &length, &back))
        return (plx_slice){buffer, length};
    return (plx_slice){buffer, plx_format_double(value, buffer)};
}

static plx_arrow_value from_integer(const plx_arrow_values *values, int64_t at, char *buffer)
{
    const int64_t value = plx_arrow_integer(values, at);
    const bool is_signed = values->kind == PLX_ARROW_INT;
    plx_arrow_value out = {.is_number = true, .number = is_signed ? (double)value : (double)(uint64_t)value};
    if (buffer) out.text = is_signed ? plx_value_of_int64(value, buffer) : plx_value_of_uint64((uint64_t)value, buffer);
    return out;
}

static plx_arrow_value from_real(const plx_arrow_values *values, int64_t at, char *buffer)
{
    const void *items = values->items;
    const uint16_t half = values->kind == PLX_ARROW_HALF ? ((const uint16_t *)items)[at] : 0;
    const double number = values->kind == PLX_ARROW_HALF    ? half_value(half)
                          : values->kind == PLX_ARROW_FLOAT ? (double)((const float *)items)[at]
                                                            : ((const double *)items)[at];
    plx_arrow_value out = {.is_missing = isnan(number), .is_number = true, .number = number, .text = {buffer, 0}};
    if (out.is_missing || !buffer) return out;
    if (values->is_rule_0)
        out.text = rule_0_text(number, values->kind != PLX_ARROW_DOUBLE, buffer);
    else if (values->kind == PLX_ARROW_HALF)
        out.text = plx_value_of_half(half, buffer);
    else if (values->kind == PLX_ARROW_FLOAT)
        out.text = plx_value_of_float((float)number, buffer);
    else
        out.text = plx_value_of_double(number, buffer);
    return out;
}

static plx_arrow_value from_bool(const plx_arrow_values *values, int64_t at, char *buffer)
{
    const bool is_true = plx_arrow_bit(values->items, at);
    plx_arrow_value out = {.is_number = true, .number = is_true};
    if (buffer) out.text = values->is_rule_0 ? plx_value_of_int64(is_true, buffer) : plx_value_of_bool(is_true);
    return out;
}

/* -- Times ------------------------------------------------------------------------------------------------------- */

/* A count of 10^-digits as a double: the same for the same number in any unit. */
static double scaled(int64_t count, int digits)
{
    for (; digits > 0 && count % 10 == 0; digits--)
        count /= 10;
    if (count > -(INT64_C(1) << 53) && count < INT64_C(1) << 53) return (double)count / powers[digits];
    const int64_t unit = (int64_t)powers[digits];
    const int64_t whole = count / unit;
    return (double)whole + (double)(count % unit) / powers[digits];
}

static plx_arrow_value from_date(const plx_arrow_values *values, int64_t at, char *buffer)
{
    const int64_t count = plx_arrow_integer(values, at);
    const bool is_days = values->kind == PLX_ARROW_DATE;
    plx_arrow_value out = {.is_number = true};
    out.number = is_days ? (double)count : (double)count / (1000.0 * DAY_SECONDS);
    if (buffer) out.text = is_days ? plx_value_of_date(count, buffer) : plx_value_of_timestamp(count, 3, false, buffer);
    return out;
}

static plx_arrow_value from_timestamp(const plx_arrow_values *values, int64_t count, int digits, char *buffer)
{
    plx_arrow_value out = {.is_number = true, .number = scaled(count, digits)};
    if (buffer) out.text = plx_value_of_timestamp(count, digits, values->is_utc, buffer);
    return out;
}

static plx_arrow_value from_time(const plx_arrow_values *values, int64_t at, char *buffer)
{
    const int64_t count = plx_arrow_integer(values, at);
    plx_arrow_value out = {.is_number = true, .number = scaled(count, values->digits)};
    if (buffer) out.text = plx_value_of_time(count, values->digits, buffer);
    return out;
}

/* Nanoseconds of the day, then the Julian day. */
static plx_status from_int96(const plx_arrow_values *values, int64_t at, char *buffer, plx_arrow_value *out,
                             plx_error *err)
{
    const int64_t unit = 1000000000;
    const char *item = (const char *)values->items + at * values->item_bytes;
    int64_t nanoseconds, seconds;
    int32_t day;
    memcpy(&nanoseconds, item, sizeof nanoseconds);
    memcpy(&day, item + sizeof nanoseconds, sizeof day);
    if (nanoseconds < 0 || nanoseconds > unit * DAY_SECONDS)
        PLX_FAIL(err, PLX_ERR_FORMAT, "a value of 12 bytes is not a timestamp");
    seconds = ((int64_t)day - JULIAN_1970) * DAY_SECONDS;
    if (seconds > INT64_MAX / unit - DAY_SECONDS || seconds < INT64_MIN / unit + DAY_SECONDS) {
        *out = from_timestamp(values, seconds + nanoseconds / unit, 0, buffer); /* usually without nanoseconds */
        return PLX_OK;
    }
    *out = from_timestamp(values, seconds * unit + nanoseconds, 9, buffer);
    return PLX_OK;
}

/* -- Decimals ---------------------------------------------------------------------------------------------------- */

static plx_arrow_value from_decimal(const uint8_t *number, int bytes, int scale, char *buffer)
{
    char own[PLX_ARROW_SIZE];
    plx_arrow_value out = {.is_number = true};
    const uint8_t sign = number[bytes - 1] & 0x80 ? 0xff : 0;
    int64_t low;
    memset(&low, sign, sizeof low);
    memcpy(&low, number, bytes < 8 ? (size_t)bytes : sizeof low);
    bool is_small = (low < 0) == (sign != 0) && low > -(INT64_C(1) << 53) && low < INT64_C(1) << 53 && scale >= 0 &&
                    scale < N_POWERS;
    for (int i = 8; i < bytes; i++)
        is_small &= number[i] == sign;
    if (is_small) out.number = (double)low / powers[scale];
    if (is_small && !buffer) return out;
    out.text = plx_value_of_decimal(number, bytes, scale, buffer ? buffer : own);
    if (!is_small) plx_parse_double(out.text, &out.number);
    if (!buffer) out.text = (plx_slice){0};
    return out;
}

/* `length` bytes, the highest first. */
static plx_status from_big_decimal(const uint8_t *number, int64_t length, int scale, char *buffer, plx_arrow_value *out,
                                   plx_error *err)
{
    uint8_t turned[DECIMAL_BYTES];
    if (length <= 0 || length > DECIMAL_BYTES)
        PLX_FAIL(err, PLX_ERR_FORMAT, "a decimal has %lld bytes; it should have 1 to %d", (long long)length,
                 (int)DECIMAL_BYTES);
    memset(turned, number[0] & 0x80 ? 0xff : 0, sizeof turned);
    for (int64_t i = 0; i < length; i++)
        turned[i] = number[length - 1 - i];
    *out = from_decimal(turned, DECIMAL_BYTES, scale, buffer);
    return PLX_OK;
}

/* -- Texts ------------------------------------------------------------------------------------------------------- */

static plx_status outside(plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_FORMAT, "a text of the Arrow array lies outside its bytes; the array is not valid");
}

static plx_status from_offsets(const plx_arrow_values *values, int64_t begin, int64_t end, int64_t last,
                               plx_arrow_value *out, plx_error *err)
{
    if (begin < 0 || end < begin || last < end || (end > begin && !values->bytes)) return outside(err);
    *out = (plx_arrow_value){.text = {end > begin ? values->bytes + begin : "", (size_t)(end - begin)}};
    out->limit = end > begin ? values->bytes + last : out->text.text;
    return PLX_OK;
}

/* A view: its length, then 12 bytes of text, or the first 4 with block number and offset. */
static plx_status from_view(const plx_arrow_values *values, int64_t at, plx_arrow_value *out, plx_error *err)
{
    const char *view = (const char *)values->items + 16 * at;
    int32_t parts[4];
    memcpy(parts, view, sizeof parts);
    if (parts[0] < 0) return outside(err);
    *out = (plx_arrow_value){.text = {view + 4, (size_t)parts[0]}, .limit = view + 16};
    if (parts[0] <= 12) return PLX_OK;
    const int64_t block = parts[2], begin = parts[3];
    if (block < 0 || block >= values->n_blocks || begin < 0 || !values->blocks[block] ||
        begin > values->lengths[block] - parts[0])
        return outside(err);
    out->text.text = (const char *)values->blocks[block] + begin;
    out->limit = (const char *)values->blocks[block] + values->lengths[block];
    return PLX_OK;
}

static plx_status text_at(const plx_arrow_values *values, int64_t at, plx_arrow_value *out, plx_error *err)
{
    const int64_t end = values->first + values->n;
    if (values->kind == PLX_ARROW_TEXT_VIEW) return from_view(values, at, out, err);
    if (values->item_bytes == sizeof(int32_t)) {
        const int32_t *offsets = values->items;
        return from_offsets(values, offsets[at], offsets[at + 1], offsets[end], out, err);
    }
    const int64_t *offsets = values->items;
    return from_offsets(values, offsets[at], offsets[at + 1], offsets[end], out, err);
}

/* Fixed-size bytes are texts if all of them are valid in a text. */
static plx_status from_fixed(const plx_arrow_values *values, int64_t at, plx_arrow_value *out, plx_error *err)
{
    const char *texts = values->items, *text = texts + at * values->item_bytes;
    for (int64_t i = 0; i < values->item_bytes; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] == 0x7f || (unsigned char)text[i] == 0xff)
            PLX_FAIL(err, PLX_ERR_SCHEMA, "%lld bytes that are not text; cast the column to texts or numbers",
                     (long long)values->item_bytes);
    *out = (plx_arrow_value){.text = {text, (size_t)values->item_bytes},
                             .limit = texts + (values->first + values->n) * values->item_bytes};
    return PLX_OK;
}

static plx_arrow_value from_uuid(const plx_arrow_values *values, int64_t at, char *buffer)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = (const uint8_t *)values->items + 16 * at;
    size_t n = 0;
    for (int i = 0; buffer && i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) buffer[n++] = '-';
        buffer[n++] = digits[bytes[i] >> 4];
        buffer[n++] = digits[bytes[i] & 15];
    }
    return (plx_arrow_value){.text = {buffer ? buffer : "?", buffer ? n : 1}, .limit = buffer ? buffer + n : NULL};
}

plx_status plx_arrow_item(const plx_arrow_values *from, int64_t at, char *buffer, plx_arrow_value *out, plx_error *err)
{
    const uint8_t *items = from->items;
    switch (from->kind) {
    case PLX_ARROW_BOOL:
        *out = from_bool(from, at, buffer);
        return PLX_OK;
    case PLX_ARROW_INT:
    case PLX_ARROW_UINT:
        *out = from_integer(from, at, buffer);
        return PLX_OK;
    case PLX_ARROW_HALF:
    case PLX_ARROW_FLOAT:
    case PLX_ARROW_DOUBLE:
        *out = from_real(from, at, buffer);
        return PLX_OK;
    case PLX_ARROW_DATE:
    case PLX_ARROW_DATE_TIME:
        *out = from_date(from, at, buffer);
        return PLX_OK;
    case PLX_ARROW_TIMESTAMP:
        *out = from_timestamp(from, plx_arrow_integer(from, at), from->digits, buffer);
        return PLX_OK;
    case PLX_ARROW_TIME:
        *out = from_time(from, at, buffer);
        return PLX_OK;
    case PLX_ARROW_INT96:
        return from_int96(from, at, buffer, out, err);
    case PLX_ARROW_DECIMAL:
        *out = from_decimal(items + at * from->item_bytes, (int)from->item_bytes, from->digits, buffer);
        return PLX_OK;
    case PLX_ARROW_FIXED_DECIMAL:
        return from_big_decimal(items + at * from->item_bytes, from->item_bytes, from->digits, buffer, out, err);
    case PLX_ARROW_BYTES_DECIMAL:
        PLX_TRY(text_at(from, at, out, err));
        items = (const uint8_t *)out->text.text;
        return from_big_decimal(items, (int64_t)out->text.length, from->digits, buffer, out, err);
    case PLX_ARROW_FIXED_TEXT:
        return from_fixed(from, at, out, err);
    case PLX_ARROW_UUID:
        *out = from_uuid(from, at, buffer);
        return PLX_OK;
    default:
        return text_at(from, at, out, err);
    }
}
