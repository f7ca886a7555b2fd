/* SPDX-License-Identifier: Apache-2.0 */
/* One Arrow column: its format, and the value in a row. */
#include "data/arrow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static plx_arrow_kind kind_of(const char *format, int64_t *item_bytes)
{
    static const struct {
        char format;
        plx_arrow_kind kind;
        int64_t item_bytes;
    } kinds[] = {
        {'n', PLX_ARROW_NULL, 0},   {'b', PLX_ARROW_BOOL, 0},       {'c', PLX_ARROW_INT, 1},
        {'s', PLX_ARROW_INT, 2},    {'i', PLX_ARROW_INT, 4},        {'l', PLX_ARROW_INT, 8},
        {'C', PLX_ARROW_UINT, 1},   {'S', PLX_ARROW_UINT, 2},       {'I', PLX_ARROW_UINT, 4},
        {'L', PLX_ARROW_UINT, 8},   {'e', PLX_ARROW_HALF, 2},       {'f', PLX_ARROW_FLOAT, 4},
        {'g', PLX_ARROW_DOUBLE, 8}, {'u', PLX_ARROW_TEXT, 4},       {'U', PLX_ARROW_LARGE_TEXT, 8},
        {'z', PLX_ARROW_TEXT, 4},   {'Z', PLX_ARROW_LARGE_TEXT, 8},
    };
    *item_bytes = 0;
    if (!strcmp(format, "vu") || !strcmp(format, "vz")) {
        *item_bytes = 16;
        return PLX_ARROW_TEXT_VIEW;
    }
    if (!strncmp(format, "w:", 2)) {
        *item_bytes = strtoll(format + 2, NULL, 10);
        return *item_bytes >= 0 ? PLX_ARROW_FIXED_TEXT : PLX_ARROW_OTHER;
    }
    if (!strcmp(format, "+l") || !strcmp(format, "+L")) return format[1] == 'l' ? PLX_ARROW_LIST : PLX_ARROW_LARGE_LIST;
    if (!strncmp(format, "+w:", 3)) {
        *item_bytes = strtoll(format + 3, NULL, 10);
        return *item_bytes >= 0 ? PLX_ARROW_FIXED_LIST : PLX_ARROW_OTHER;
    }
    for (size_t i = 0; format[0] && !format[1] && i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].format != format[0]) continue;
        *item_bytes = kinds[i].item_bytes;
        return kinds[i].kind;
    }
    return PLX_ARROW_OTHER;
}

static bool is_list(plx_arrow_kind kind)
{
    return kind == PLX_ARROW_LIST || kind == PLX_ARROW_LARGE_LIST || kind == PLX_ARROW_FIXED_LIST;
}

static int buffers_of(plx_arrow_kind kind)
{
    switch (kind) {
    case PLX_ARROW_NULL:
    case PLX_ARROW_OTHER:
        return 0;
    case PLX_ARROW_FIXED_LIST:
        return 1;
    case PLX_ARROW_TEXT:
    case PLX_ARROW_LARGE_TEXT:
    case PLX_ARROW_TEXT_VIEW: /* views, then any number of blocks and their lengths */
        return 3;
    default:
        return 2;
    }
}

static plx_status fail_format(const struct ArrowSchema *schema, plx_error *err)
{
    const char *format = schema->format, *what = "values of a type that no feature reads";
    if (!strncmp(format, "td", 2) || !strncmp(format, "ts", 2) || !strncmp(format, "tt", 2))
        what = "dates or times";
    else if (!strncmp(format, "tD", 2) || !strncmp(format, "ti", 2))
        what = "durations";
    else if (!strncmp(format, "d:", 2))
        what = "decimals";
    else if (!strncmp(format, "+s", 2) || !strncmp(format, "+m", 2))
        what = "structs";
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s (Arrow format '%.20s'); cast the column to numbers or texts", what, format);
}

static plx_status init_values(plx_arrow_values *values, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, plx_error *err)
{
    *values = (plx_arrow_values){.first = array->offset, .n = array->length};
    values->kind = kind_of(schema->format, &values->item_bytes);
    if (values->kind == PLX_ARROW_OTHER) return fail_format(schema, err);
    if (array->length < 0 || array->offset < 0 || array->n_buffers < buffers_of(values->kind))
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow array lacks buffers");
    if (values->kind == PLX_ARROW_NULL) return PLX_OK;
    values->valid = array->null_count != 0 ? array->buffers[0] : NULL;
    if (values->kind == PLX_ARROW_FIXED_LIST) return PLX_OK;
    values->items = array->buffers[1];
    if (values->kind == PLX_ARROW_TEXT || values->kind == PLX_ARROW_LARGE_TEXT) values->bytes = array->buffers[2];
    if (values->kind == PLX_ARROW_TEXT_VIEW) values->blocks = array->buffers + 2;
    bool is_empty = array->length == 0 || (values->kind == PLX_ARROW_FIXED_TEXT && values->item_bytes == 0);
    if (!values->items && !is_empty) PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow array has no values");
    return PLX_OK;
}

static plx_status init_list(plx_arrow_column *column, const struct ArrowSchema *schema, const struct ArrowArray *array,
                            plx_error *err)
{
    if (column->is_dictionary || schema->n_children != 1 || array->n_children != 1 || schema->children[0]->dictionary)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "lists of dictionaries; cast the items to texts or numbers");
    PLX_TRY(init_values(&column->values, schema->children[0], array->children[0], err));
    if (is_list(column->values.kind)) PLX_FAIL(err, PLX_ERR_SCHEMA, "lists of lists, which no feature reads");
    int64_t first, n;
    for (int64_t row = 0; row < column->own.n; row++) {
        plx_arrow_list_at(column, row, &first, &n);
        if (first < 0 || n < 0 || first > column->values.n - n)
            PLX_FAIL(err, PLX_ERR_FORMAT, "a list of the Arrow array lies outside its items");
    }
    return PLX_OK;
}

plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, plx_error *err)
{
    *column = (plx_arrow_column){.is_dictionary = schema->dictionary != NULL};
    PLX_TRY(init_values(&column->own, schema, array, err));
    column->is_list = is_list(column->own.kind);
    if (column->is_list) return init_list(column, schema, array, err);
    if (!column->is_dictionary) return PLX_OK;
    if (column->own.kind != PLX_ARROW_INT && column->own.kind != PLX_ARROW_UINT)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary's indices are no integers");
    if (!array->dictionary || schema->dictionary->dictionary)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary is not there, or has one itself");
    return init_values(&column->values, schema->dictionary, array->dictionary, err);
}

static int64_t integer_at(const plx_arrow_values *values, int64_t at)
{
    const uint8_t *item = (const uint8_t *)values->items + at * values->item_bytes;
    const bool is_signed = values->kind == PLX_ARROW_INT;
    uint64_t bits = 0;
    memcpy(&bits, item, (size_t)values->item_bytes); /* both are little-endian */
    const unsigned spare = 64 - 8 * (unsigned)values->item_bytes;
    return is_signed ? (int64_t)(bits << spare) >> spare : (int64_t)bits;
}

static double half_value(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return half >> 15 ? -value : value;
}

/* The number's decimal; `is_negative` tells the sign of `magnitude`. */
static plx_slice write_integer(uint64_t magnitude, bool is_negative, char *room)
{
    char *at = room + 31;
    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude);
    if (is_negative) *--at = '-';
    return (plx_slice){at, (size_t)(room + 31 - at)};
}

static plx_arrow_value from_integer(const plx_arrow_values *values, int64_t at, char *room)
{
    const int64_t value = integer_at(values, at);
    const bool is_negative = values->kind == PLX_ARROW_INT && value < 0;
    const uint64_t magnitude = is_negative ? 0 - (uint64_t)value : (uint64_t)value;
    plx_arrow_value out = {.is_number = true, .number = is_negative ? -(double)magnitude : (double)magnitude};
    if (room) out.text = write_integer(magnitude, is_negative, room);
    return out;
}

/* A float's shortest decimal is that of the float, not of the double that it becomes. */
static plx_slice write_float(float value, char *room)
{
    for (int digits = 6; digits < 9; digits++) {
        char text[32];
        double back;
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (plx_parse_double(plx_slice_of(text), &back) && (float)back == value)
            return (plx_slice){room, plx_format_double(back, room)};
    }
    return (plx_slice){room, plx_format_double((double)value, room)};
}

static plx_arrow_value from_real(double value, bool is_double, char *room)
{
    plx_arrow_value out = {.is_missing = isnan(value), .is_number = true, .number = value, .text = {room, 0}};
    if (out.is_missing || !room) return out;
    if (fabs(value) < 1e15 && value == floor(value)) {
        out.text = write_integer((uint64_t)fabs(value), value < 0, room);
    } else if (is_double || !isfinite(value)) {
        out.text.length = plx_format_double(value, room);
    } else {
        out.text = write_float((float)value, room);
    }
    return out;
}

static plx_arrow_value from_text(const char *text, int64_t length, const char *limit)
{
    return (plx_arrow_value){.text = {text, length > 0 ? (size_t)length : 0}, .limit = limit};
}

static plx_arrow_value text_at(const plx_arrow_values *values, int64_t at)
{
    const int64_t end = values->first + values->n;
    if (values->kind == PLX_ARROW_TEXT) {
        const int32_t *offsets = values->items;
        return from_text(values->bytes + offsets[at], offsets[at + 1] - offsets[at], values->bytes + offsets[end]);
    }
    if (values->kind == PLX_ARROW_LARGE_TEXT) {
        const int64_t *offsets = values->items;
        return from_text(values->bytes + offsets[at], offsets[at + 1] - offsets[at], values->bytes + offsets[end]);
    }
    if (values->kind == PLX_ARROW_FIXED_TEXT) {
        const char *texts = values->items;
        return from_text(texts + at * values->item_bytes, values->item_bytes, texts + end * values->item_bytes);
    }
    /* A view: length, then 12 bytes of text, or its first 4, the number of its block and its place there. */
    const char *view = (const char *)values->items + 16 * at;
    int32_t parts[4];
    memcpy(parts, view, sizeof parts);
    if (parts[0] <= 12) return from_text(view + 4, parts[0], view + 16);
    const char *text = (const char *)values->blocks[parts[2]] + parts[3];
    return from_text(text, parts[0], text + parts[0]);
}

static bool is_set(const uint8_t *bits, int64_t at)
{
    return bits[at / 8] >> (at % 8) & 1;
}

static bool is_null(const plx_arrow_values *values, int64_t at)
{
    return values->kind == PLX_ARROW_NULL || (values->valid && !is_set(values->valid, at));
}

static plx_arrow_value item_at(const plx_arrow_values *values, int64_t at, char *room)
{
    switch (values->kind) {
    case PLX_ARROW_BOOL:
        return from_real(is_set(values->items, at), true, room);
    case PLX_ARROW_INT:
    case PLX_ARROW_UINT:
        return from_integer(values, at, room);
    case PLX_ARROW_HALF:
        return from_real(half_value(((const uint16_t *)values->items)[at]), false, room);
    case PLX_ARROW_FLOAT:
        return from_real((double)((const float *)values->items)[at], false, room);
    case PLX_ARROW_DOUBLE:
        return from_real(((const double *)values->items)[at], true, room);
    default:
        return text_at(values, at);
    }
}

void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n)
{
    const plx_arrow_values *own = &column->own;
    const int64_t at = own->first + row;
    *first = *n = 0;
    if (is_null(own, at)) return;
    if (own->kind == PLX_ARROW_FIXED_LIST) {
        *first = at * own->item_bytes;
        *n = own->item_bytes;
    } else if (own->kind == PLX_ARROW_LIST) {
        const int32_t *offsets = own->items;
        *first = offsets[at];
        *n = (int64_t)offsets[at + 1] - offsets[at];
    } else {
        const int64_t *offsets = own->items;
        *first = offsets[at];
        *n = offsets[at + 1] - offsets[at];
    }
}

plx_arrow_value plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *room)
{
    const int64_t place = column->values.first + at;
    if (is_null(&column->values, place)) return (plx_arrow_value){.is_missing = true, .number = (double)NAN};
    return item_at(&column->values, place, room);
}

plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *room, plx_arrow_value *out,
                              plx_error *err)
{
    const plx_arrow_values *values = &column->own;
    int64_t at = values->first + row;
    *out = (plx_arrow_value){.is_missing = true, .number = (double)NAN};
    if (is_null(values, at)) return PLX_OK;
    if (column->is_dictionary) {
        const int64_t place = integer_at(values, at);
        values = &column->values;
        if (place < 0 || place >= values->n)
            PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary has no value number %lld", (long long)place);
        at = values->first + place;
        if (is_null(values, at)) return PLX_OK;
    }
    *out = item_at(values, at, room);
    return PLX_OK;
}
