/* SPDX-License-Identifier: Apache-2.0 */
/* Writes values of struct fields as text. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/fields.h"
#include "base/fields_words.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* True if every reader of YAML reads the unquoted text as this text. */
static bool may_stand_bare(plx_slice text)
{
    static const char *const words[] = {"null", "y", "n", "nan", "inf", "infinity"};
    bool truth;
    if (text.length == 0 || !is_letter(text.text[0]) || plx_parse_bool(text, &truth)) return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && !strchr("./-", c)) return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text.length == strlen(words[i]) && strncasecmp(text.text, words[i], text.length) == 0) return false;
    return true;
}

static void write_text(const char *text, plx_string *out)
{
    plx_slice slice = text ? plx_slice_of(text) : (plx_slice){"", 0};
    if (may_stand_bare(slice))
        plx_string_add(out, slice.text, slice.length);
    else
        plx_string_json(out, slice);
}

static void write_int_list(const plx_int_list *list, plx_string *out)
{
    plx_string_add(out, "[", 1);
    for (int i = 0; i < list->n; i++)
        plx_string_format(out, "%s%d", i ? ", " : "", list->items[i]);
    plx_string_add(out, "]", 1);
}

static void write_real(const plx_field *field, double value, plx_string *out)
{
    char number[32];
    for (int i = 0; i < PLX_WORDS && field->choices && field->choices[i]; i++) {
        if (isnan(value) ? i > 0 : value != plx_word_values[i]) continue;
        plx_string_format(out, "%s", field->choices[i]);
        return;
    }
    plx_string_add(out, number, plx_format_double(value, number));
}

/** Reals, or numbers with names. */
static void write_item_list(const plx_field *field, const void *at, plx_string *out)
{
    const plx_int_list *named = at;
    const plx_real_list *reals = at;
    const bool of_reals = field->type == PLX_FIELD_REAL_LIST, is_one = field->or_one && named->n == 1;
    if (!is_one) plx_string_add(out, "[", 1);
    for (int i = 0; i < named->n; i++) {
        if (i) plx_string_add(out, ", ", 2);
        if (of_reals)
            write_real(field, reals->items[i], out);
        else if (field->type == PLX_FIELD_BOOL_LIST)
            plx_string_format(out, named->items[i] ? "true" : "false");
        else
            plx_string_format(out, "%s", field->choices[named->items[i]]);
    }
    if (is_one) return;
    plx_string_add(out, "]", 1);
}

static void write_list(const plx_field *field, const void *at, plx_string *out)
{
    const plx_int_lists *lists = at;
    const plx_text_list *texts = at;
    bool of_texts = field->type == PLX_FIELD_TEXT_LIST;
    int n = of_texts ? texts->n : lists->n;
    plx_string_add(out, "[", 1);
    for (int i = 0; i < n; i++) {
        if (i) plx_string_add(out, ", ", 2);
        if (of_texts)
            write_text(texts->items[i], out);
        else
            write_int_list(&lists->items[i], out);
    }
    plx_string_add(out, "]", 1);
}

/* JSON quotes keys. */
static void write_weight_list(const plx_field *field, const plx_weight_list *list, plx_string *out)
{
    if (list->is_word) {
        plx_string_format(out, "%s", field->choices[0]);
        return;
    }
    plx_string_add(out, list->names ? "{" : "[", 1);
    for (int i = 0; i < list->n; i++) {
        if (i) plx_string_add(out, ", ", 2);
        if (list->names) plx_string_json(out, plx_slice_of(list->names[i]));
        if (list->names) plx_string_add(out, ": ", 2);
        write_real(field, list->items[i], out);
    }
    plx_string_add(out, list->names ? "}" : "]", 1);
}

/* In the largest unit that gives an integer. */
static void write_size(int64_t bytes, plx_string *out)
{
    for (int i = 0; i < PLX_BINARY_UNITS && bytes > 0; i++) {
        const int64_t unit = (int64_t)plx_size_units[i].bytes;
        if (bytes % unit != 0) continue;
        plx_string_format(out, "%lld%s", (long long)(bytes / unit), plx_size_units[i].name);
        return;
    }
    plx_string_format(out, "%lld", (long long)bytes);
}

void plx_field_write(const plx_field *field, const void *object, plx_string *out)
{
    const void *at = (const unsigned char *)object + field->offset;
    switch (field->type) {
    case PLX_FIELD_BOOL:
        plx_string_format(out, *(const bool *)at ? "true" : "false");
        break;
    case PLX_FIELD_INT:
        if (field->zero && *(const int64_t *)at == 0)
            plx_string_format(out, "%s", field->zero);
        else
            plx_string_format(out, "%lld", (long long)*(const int64_t *)at);
        break;
    case PLX_FIELD_SIZE:
        write_size(*(const int64_t *)at, out);
        break;
    case PLX_FIELD_REAL:
        write_real(field, *(const double *)at, out);
        break;
    case PLX_FIELD_TEXT:
        write_text(*(char *const *)at, out);
        break;
    case PLX_FIELD_CHOICE:
        plx_string_format(out, "%s", field->choices[*(const int *)at]);
        break;
    case PLX_FIELD_INT_LIST:
        write_int_list(at, out);
        break;
    case PLX_FIELD_REAL_LIST:
    case PLX_FIELD_BOOL_LIST:
    case PLX_FIELD_CHOICE_LIST:
        write_item_list(field, at, out);
        break;
    case PLX_FIELD_INT_LISTS:
    case PLX_FIELD_TEXT_LIST:
        write_list(field, at, out);
        break;
    case PLX_FIELD_WEIGHT_LIST:
        write_weight_list(field, at, out);
        break;
    }
}
