/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for single cells. */
#include "data/cells.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/value_text.h"

bool plx_cell_is_listed(const plx_text_list *list, plx_slice cell)
{
    for (int i = 0; i < list->n; i++)
        if (plx_slice_equal(plx_slice_of(list->items[i]), cell)) return true;
    return false;
}

/* Most numbers in tables are small counts. */
static bool parse_digits(plx_slice cell, double *out)
{
    unsigned value = 0;
    if (cell.length == 0 || cell.length > 9) return false;
    for (size_t i = 0; i < cell.length; i++) {
        unsigned digit = (unsigned)(unsigned char)cell.text[i] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

plx_number plx_check_number(double number)
{
    if (isnan(number)) return PLX_NUMBER_MISSING;
    return fabs(number) <= (double)FLT_MAX ? PLX_NUMBER_GIVEN : PLX_NUMBER_TOO_LARGE;
}

plx_number plx_cell_number(const plx_text_list *missing, plx_slice cell, double *out)
{
    double number;
    *out = NAN;
    if (cell.length == 0 || plx_cell_is_listed(missing, cell)) return PLX_NUMBER_MISSING;
    if (parse_digits(cell, out)) return PLX_NUMBER_GIVEN;
    if (!plx_parse_double(cell, &number)) {
        bool truth;
        if (!plx_value_is_truth(cell, &truth)) return PLX_NUMBER_NONE;
        number = truth;
    }
    plx_number kind = plx_check_number(number);
    if (kind == PLX_NUMBER_GIVEN) *out = number;
    return kind;
}

bool plx_warn_of_float(const plx_listener *listener, const char *column, double number)
{
    if (!(fabs(number) > 0x1p53) || isinf(number)) return false;
    plx_warn(listener,
             "column '%s' holds floats beyond 2^53 (%.17g) that are read as categories: several integers share one "
             "such float; pass ids as integers or texts",
             column, number);
    return true;
}

plx_slice plx_separator_of(const char *separator)
{
    return plx_slice_of(!separator ? "" : strcmp(separator, "tab") == 0 ? "\t" : separator);
}

/* Swaps points and commas, so that a cell that is no number with a decimal point stays none. */
static plx_slice exchange(plx_slice cell, char *buffer)
{
    for (size_t i = 0; i < cell.length; i++)
        buffer[i] = (char)(cell.text[i] == ',' ? '.' : cell.text[i] == '.' ? ',' : cell.text[i]);
    return (plx_slice){buffer, cell.length};
}

plx_number plx_cell_number_by(const plx_data_spec *data, plx_slice cell, double *out)
{
    enum { LONGEST = 400 }; /* of a number with every digit that a double may have before its point */
    char buffer[LONGEST];
    const bool has_comma = data->decimal && data->decimal[0] == ',';
    if (!has_comma || cell.length > LONGEST || plx_cell_is_listed(&data->missing, cell))
        return plx_cell_number(&data->missing, cell, out);
    return plx_cell_number(&data->missing, exchange(cell, buffer), out);
}

plx_shown_cell plx_cell_show(plx_slice cell)
{
    plx_shown_cell s;
    size_t n = cell.length <= PLX_SHOWN_BYTES ? cell.length : PLX_SHOWN_BYTES;
    while (n < cell.length && n > 0 && (cell.text[n] & 0xC0) == 0x80) /* not inside a character */
        n--;
    size_t used = 0;
    s.text[used++] = '\'';
    for (size_t i = 0; i < n; i++) {
        const unsigned char byte = (unsigned char)cell.text[i];
        const char *name = byte == '\t' ? "\\t" : byte == '\r' ? "\\r" : "\\n";
        if (byte >= 32 && byte != 127)
            s.text[used++] = cell.text[i];
        else if (byte == '\t' || byte == '\r' || byte == '\n')
            used += (size_t)snprintf(s.text + used, sizeof s.text - used, "%s", name);
        else
            used += (size_t)snprintf(s.text + used, sizeof s.text - used, "\\x%02x", byte);
    }
    snprintf(s.text + used, sizeof s.text - used, n < cell.length ? "...'" : "'");
    return s;
}

/* Texts that mean a missing value in other programs. */
static bool means_missing(plx_slice cell)
{
    static const char *const texts[] = {"na", "n/a", "#n/a", "<na>", "none",    "null",   "nil",  "\\n",    "nat",
                                        "-",  "--",  "?",    ".",    "missing", "(null)", "void", "unknown"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strlen(texts[i]) == cell.length && strncasecmp(texts[i], cell.text, cell.length) == 0) return true;
    return false;
}

plx_status plx_fail_number(plx_number kind, plx_slice cell, const char *column, const char *reader, plx_error *err)
{
    if (kind == PLX_NUMBER_MISSING)
        PLX_FAIL(err, PLX_ERR_SCHEMA, "a missing number in column '%s', which %s", column, reader);
    if (kind == PLX_NUMBER_NONE && plx_value_is_date(cell, NULL))
        PLX_FAIL(err, PLX_ERR_SCHEMA,
                 "%s is a date and not a number; column '%s' %s: write days or seconds since 1970-01-01 instead, or "
                 "declare it datetime or sparse",
                 plx_cell_show(cell).text, column, reader);
    const bool may_miss = kind == PLX_NUMBER_NONE && means_missing(cell);
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s is %s; column '%s' %s%s%s%s", plx_cell_show(cell).text,
             kind == PLX_NUMBER_NONE       ? "not a number"
             : kind == PLX_NUMBER_NEGATIVE ? "negative"
             : kind == PLX_NUMBER_ABOVE_1  ? "above 1"
                                           : "too large for a 32-bit number",
             column, reader, may_miss ? "; where it means a missing number, set data.missing: [" : "",
             may_miss ? plx_cell_show(cell).text : "", may_miss ? "]" : "");
}

plx_number plx_cell_date(const plx_text_list *missing, plx_slice cell, double *out)
{
    int64_t seconds;
    *out = (double)NAN;
    if (cell.length == 0 || plx_cell_is_listed(missing, cell)) return PLX_NUMBER_MISSING;
    if (!plx_value_is_date(cell, &seconds)) return PLX_NUMBER_NONE;
    *out = (double)seconds;
    return PLX_NUMBER_GIVEN;
}

plx_status plx_fail_date(plx_number kind, plx_slice cell, const char *column, plx_error *err)
{
    double number;
    if (kind == PLX_NUMBER_MISSING)
        PLX_FAIL(
            err, PLX_ERR_SCHEMA,
            "a missing date in column '%s', which is read as an age: fill it, or set the feature's `missing`, in days",
            column);
    const plx_shown_cell shown = plx_cell_show(cell);
    if (plx_parse_double(cell, &number) && !isnan(number))
        PLX_FAIL(err, PLX_ERR_SCHEMA,
                 "%s is a number and not a date; column '%s' is declared datetime: write YYYY-MM-DD or YYYY-MM-DD "
                 "HH:MM:SS, since a number may count seconds or days",
                 shown.text, column);
    const bool may_miss = means_missing(cell);
    PLX_FAIL(err, PLX_ERR_SCHEMA,
             "%s is not a date; column '%s' is declared datetime: write YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS with or "
             "without a zone%s%s%s",
             shown.text, column, may_miss ? "; where it means a missing date, set data.missing: [" : "",
             may_miss ? shown.text : "", may_miss ? "]" : "");
}

plx_vector plx_vector_of(const plx_data_spec *data, plx_slice cell, const char *column, plx_slice separator, int size)
{
    return (plx_vector){.data = data,
                        .rest = cell,
                        .column = column,
                        .separator = separator,
                        .size = size,
                        .is_missing = cell.length == 0 || plx_cell_is_listed(&data->missing, cell)};
}

plx_status plx_vector_fail_size(const plx_vector *v, int n, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_SCHEMA, "%s%d number%s in column '%s', which is declared dense of size %d with '%s' between",
             n > v->size ? "more than " : "", n > v->size ? v->size : n, n == 1 ? "" : "s", v->column, v->size,
             v->separator.text);
}

plx_status plx_vector_next(plx_vector *v, bool is_needed, double *out, plx_error *err)
{
    plx_slice item = {0};
    if (!v->is_missing) {
        if (v->has_ended) return plx_vector_fail_size(v, v->n, err);
        const char *end = plx_separator_find(v->separator, v->rest.text, v->rest.length);
        item = (plx_slice){v->rest.text, end ? (size_t)(end - v->rest.text) : v->rest.length};
        const size_t used = item.length + v->separator.length;
        v->rest = (plx_slice){end ? v->rest.text + used : NULL, end ? v->rest.length - used : 0};
        v->has_ended = !end;
        item = plx_slice_trim(item);
    }
    v->n++;
    const plx_number kind = plx_cell_number_by(v->data, item, out);
    if (kind == PLX_NUMBER_GIVEN || (kind == PLX_NUMBER_MISSING && !is_needed)) return PLX_OK;
    return plx_fail_number(kind, item, v->column, plx_dense_reader(kind), err);
}

plx_status plx_vector_end(const plx_vector *v, plx_error *err)
{
    return v->is_missing || v->has_ended ? PLX_OK : plx_vector_fail_size(v, v->size + 1, err);
}
