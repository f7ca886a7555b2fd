/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Arrow column: its format, and the place of a row's value. Formats that begin with "plx:" are for Parquet types
 * that Arrow does not have (files/parquet.h).
 */
#include "files/arrow_column.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/parquet.h"

enum { DECIMAL_BITS = 128, SCALE_LIMIT = 1000 };

/* Formats of one letter. */
static bool find_letter(char format, plx_arrow_values *out)
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
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].format != format) continue;
        out->kind = kinds[i].kind;
        out->item_bytes = kinds[i].item_bytes;
        return true;
    }
    return false;
}

/* Decimal digits of a unit's letter, or -1. */
static int digits_of(char unit)
{
    static const char units[] = "s  m  u  n";
    const char *found = unit && unit != ' ' ? strchr(units, unit) : NULL;
    return found ? (int)(found - units) : -1;
}

/* Dates, times and timestamps: the format after the t. */
static bool find_time(const char *format, plx_arrow_values *out)
{
    if (!strcmp(format, "dD") || !strcmp(format, "dm")) {
        out->kind = format[1] == 'D' ? PLX_ARROW_DATE : PLX_ARROW_DATE_TIME;
        out->item_bytes = format[1] == 'D' ? 4 : 8;
        return true;
    }
    if (format[0] != 't' && format[0] != 's') return false;
    out->digits = digits_of(format[1]);
    if (out->digits < 0) return false;
    if (format[0] == 't') {
        out->kind = PLX_ARROW_TIME;
        out->item_bytes = out->digits <= 3 ? 4 : 8;
        return format[2] == '\0';
    }
    out->kind = PLX_ARROW_TIMESTAMP;
    out->item_bytes = 8;
    out->is_utc = format[2] == ':' && format[3] != '\0';
    return format[2] == ':';
}

/* precision,scale[,bits] */
static bool find_decimal(const char *format, plx_arrow_values *out)
{
    int precision, scale, bits = DECIMAL_BITS;
    if (sscanf(format, "%d,%d,%d", &precision, &scale, &bits) < 2) return false;
    *out = (plx_arrow_values){.kind = PLX_ARROW_DECIMAL, .item_bytes = bits / 8, .digits = scale};
    return (bits == 32 || bits == 64 || bits == 128 || bits == 256) && abs(scale) <= SCALE_LIMIT;
}

/* The format after "plx:". */
static bool find_parquet(const char *format, plx_arrow_values *out)
{
    int bytes = 0, scale = 0;
    if (!strcmp(format, PLX_PARQUET_INT96)) {
        *out = (plx_arrow_values){.kind = PLX_ARROW_INT96, .item_bytes = 12};
    } else if (!strcmp(format, PLX_PARQUET_UUID)) {
        *out = (plx_arrow_values){.kind = PLX_ARROW_UUID, .item_bytes = 16};
    } else if (sscanf(format, PLX_PARQUET_DECIMAL, &bytes, &scale) == 2) {
        *out = (plx_arrow_values){.kind = bytes ? PLX_ARROW_FIXED_DECIMAL : PLX_ARROW_BYTES_DECIMAL,
                                  .item_bytes = bytes ? bytes : 4,
                                  .digits = scale};
    } else {
        return false;
    }
    return bytes >= 0 && bytes <= 32 && abs(scale) <= SCALE_LIMIT;
}

static bool find_kind(const char *format, plx_arrow_values *out)
{
    if (format[0] && !format[1]) return find_letter(format[0], out);
    if (format[0] == 't') return find_time(format + 1, out);
    if (!strncmp(format, "d:", 2)) return find_decimal(format + 2, out);
    if (!strncmp(format, "plx:", 4)) return find_parquet(format, out);
    if (!strcmp(format, "vu") || !strcmp(format, "vz")) {
        *out = (plx_arrow_values){.kind = PLX_ARROW_TEXT_VIEW, .item_bytes = 16};
        return true;
    }
    if (!strcmp(format, "+l") || !strcmp(format, "+L")) {
        out->kind = format[1] == 'l' ? PLX_ARROW_LIST : PLX_ARROW_LARGE_LIST;
        return true;
    }
    const bool is_list = !strncmp(format, "+w:", 3);
    if (!is_list && strncmp(format, "w:", 2) != 0) return false;
    out->kind = is_list ? PLX_ARROW_FIXED_LIST : PLX_ARROW_FIXED_TEXT;
    out->item_bytes = strtoll(format + 2 + is_list, NULL, 10);
    return out->item_bytes >= 0;
}

static bool is_list(plx_arrow_kind kind)
{
    return kind == PLX_ARROW_LIST || kind == PLX_ARROW_LARGE_LIST || kind == PLX_ARROW_FIXED_LIST;
}

static bool has_offsets(plx_arrow_kind kind)
{
    return kind == PLX_ARROW_TEXT || kind == PLX_ARROW_LARGE_TEXT || kind == PLX_ARROW_BYTES_DECIMAL;
}

static int buffers_of(plx_arrow_kind kind)
{
    if (kind == PLX_ARROW_NULL) return 0;
    if (kind == PLX_ARROW_FIXED_LIST) return 1;
    return has_offsets(kind) || kind == PLX_ARROW_TEXT_VIEW ? 3 : 2;
}

static plx_status fail_format(const struct ArrowSchema *schema, plx_error *err)
{
    static const struct {
        const char *begin, *what, *remedy;
    } known[] = {
        {"tD", "durations", "cast the column to numbers, in the unit that you mean"},
        {"ti", "intervals of time", "cast the column to numbers, in the unit that you mean"},
        {"d:", "decimals that no feature reads", "cast the column to decimal128 or to numbers"},
        {"+s", "structs", "use their fields as separate columns"},
        {"+m", "maps", "use their values as lists or as separate columns"},
        {"+r", "run-end encoded values", "decode them (pyarrow.compute.run_end_decode)"},
        {"+v", "list views", "cast the column to lists"},
        {"+u", "unions", "cast the column to numbers or texts"},
        {"", "values of a type that no feature reads", "cast the column to numbers or texts"},
    };
    const char *format = schema->format;
    size_t i = 0;
    while (strncmp(format, known[i].begin, strlen(known[i].begin)) != 0)
        i++;
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s (Arrow format '%.20s'); %s", known[i].what, format, known[i].remedy);
}

/* Whether the schema's metadata (the number of pairs, then length and bytes of each key and value) mark the bytes as a
 * UUID. */
static bool is_uuid(const struct ArrowSchema *schema)
{
    static const char *const words[] = {"ARROW:extension:name", "arrow.uuid"};
    const char *at = schema->metadata;
    int32_t n = 0, length;
    if (at) memcpy(&n, at, sizeof n), at += sizeof n;
    for (int64_t i = 0; i < n; i++) {
        bool fits = true;
        for (int k = 0; k < 2; k++, at += length) {
            memcpy(&length, at, sizeof length), at += sizeof length;
            if (length < 0) return false;
            fits &= (size_t)length == strlen(words[k]) && !memcmp(at, words[k], (size_t)length);
        }
        if (fits) return true;
    }
    return false;
}

static plx_status set_views(plx_arrow_values *values, const struct ArrowArray *array, plx_error *err)
{
    values->n_blocks = array->n_buffers - 3;
    values->blocks = array->buffers + 2;
    values->lengths = array->buffers[array->n_buffers - 1];
    if (values->n_blocks && !values->lengths)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow array does not say how long its blocks of texts are");
    return PLX_OK;
}

static plx_status init_values(plx_arrow_values *values, const struct ArrowSchema *schema,
                              const struct ArrowArray *array, bool is_rule_0, plx_error *err)
{
    *values = (plx_arrow_values){.kind = PLX_ARROW_OTHER};
    if (!find_kind(schema->format, values)) return fail_format(schema, err);
    if (values->kind == PLX_ARROW_FIXED_TEXT && values->item_bytes == 16 && is_uuid(schema))
        values->kind = PLX_ARROW_UUID;
    values->first = array->offset;
    values->n = array->length;
    values->is_rule_0 = is_rule_0;
    const int64_t most = INT64_MAX / 64 / (values->item_bytes > 0 ? values->item_bytes : 1);
    if (array->length < 0 || array->offset < 0 || array->offset > most || array->length > most - array->offset ||
        array->n_buffers < buffers_of(values->kind))
        PLX_FAIL(err, PLX_ERR_FORMAT, "buffers of the Arrow array are missing");
    if (values->kind == PLX_ARROW_NULL) return PLX_OK;
    values->valid = array->null_count != 0 ? array->buffers[0] : NULL;
    if (values->kind == PLX_ARROW_FIXED_LIST) return PLX_OK;
    values->items = array->buffers[1];
    if (has_offsets(values->kind)) values->bytes = array->buffers[2];
    if (values->kind == PLX_ARROW_TEXT_VIEW) PLX_TRY(set_views(values, array, err));
    bool is_empty = array->length == 0 || (values->kind == PLX_ARROW_FIXED_TEXT && values->item_bytes == 0);
    if (!values->items && !is_empty) PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow array has no values");
    return PLX_OK;
}

/* Sets up the cells or the items of lists, and their dictionary. */
static plx_status init_cells(plx_arrow_column *column, const struct ArrowSchema *schema, const struct ArrowArray *array,
                             bool is_rule_0, plx_error *err)
{
    PLX_TRY(init_values(&column->cells, schema, array, is_rule_0, err));
    column->values = column->cells;
    column->is_dictionary = schema->dictionary != NULL;
    if (!column->is_dictionary) return PLX_OK;
    if (column->cells.kind != PLX_ARROW_INT && column->cells.kind != PLX_ARROW_UINT)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary's indices are not integers");
    if (!array->dictionary || schema->dictionary->dictionary)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary is missing, or has a dictionary itself");
    PLX_TRY(init_values(&column->values, schema->dictionary, array->dictionary, is_rule_0, err));
    if (is_list(column->values.kind))
        PLX_FAIL(err, PLX_ERR_SCHEMA, "a dictionary of lists; decode it (dictionary_decode in pyarrow)");
    return PLX_OK;
}

static plx_status init_list(plx_arrow_column *column, const struct ArrowSchema *schema, const struct ArrowArray *array,
                            bool is_rule_0, plx_error *err)
{
    if (schema->n_children != 1 || array->n_children != 1)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow array's lists have no items");
    column->own = column->cells;
    PLX_TRY(init_cells(column, schema->children[0], array->children[0], is_rule_0, err));
    if (is_list(column->cells.kind)) PLX_FAIL(err, PLX_ERR_SCHEMA, "lists of lists, which no feature reads");
    int64_t first, n;
    for (int64_t row = 0; row < column->own.n; row++) {
        plx_arrow_list_at(column, row, &first, &n);
        if (first < 0 || n < 0 || first > column->cells.n - n)
            PLX_FAIL(err, PLX_ERR_FORMAT, "a list of the Arrow array lies outside its items");
    }
    return PLX_OK;
}

plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, bool is_rule_0, plx_error *err)
{
    *column = (plx_arrow_column){.is_list = false};
    PLX_TRY(init_cells(column, schema, array, is_rule_0, err));
    column->own = column->cells;
    column->is_list = is_list(column->cells.kind);
    return column->is_list ? init_list(column, schema, array, is_rule_0, err) : PLX_OK;
}

void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n)
{
    const plx_arrow_values *own = &column->own;
    const int64_t at = own->first + row;
    *first = *n = 0;
    if (plx_arrow_is_null(own, at)) return;
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
        *n = offsets[at + 1] < offsets[at] ? -1 : offsets[at] < 0 ? -1 : offsets[at + 1] - offsets[at];
    }
}

plx_status plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *buffer, plx_arrow_value *out,
                             plx_error *err)
{
    const plx_arrow_values *values = &column->cells;
    int64_t place = values->first + at;
    *out = (plx_arrow_value){.is_missing = true, .number = (double)NAN};
    if (plx_arrow_is_null(values, place)) return PLX_OK;
    if (column->is_dictionary) {
        const int64_t number = plx_arrow_integer(values, place);
        values = &column->values;
        if (number < 0 || number >= values->n)
            PLX_FAIL(err, PLX_ERR_FORMAT, "the Arrow dictionary has no value number %lld", (long long)number);
        place = values->first + number;
        if (plx_arrow_is_null(values, place)) return PLX_OK;
    }
    return plx_arrow_item(values, place, buffer, out, err);
}

plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *buffer, plx_arrow_value *out,
                              plx_error *err)
{
    return plx_arrow_item_at(column, row, buffer, out, err);
}
