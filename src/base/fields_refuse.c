/* SPDX-License-Identifier: Apache-2.0 */
/* What a field takes and what was given, for the refusal of a value. */
#include "base/fields.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_BYTES = 60 };

static void add_range(plx_string *out, const plx_field *field)
{
    char min[32], max[32];
    if (!plx_field_has_range(field)) return;
    plx_format_double(field->min, min);
    plx_format_double(field->max, max);
    plx_string_format(out, field->above_min ? " above %s and at most %s" : " from %s to %s", min, max);
}

static void add_choices(plx_string *out, const plx_field *field)
{
    plx_string_format(out, "one of ");
    for (int i = 0; field->choices[i]; i++)
        plx_string_format(out, "%s%s", i ? ", " : "", field->choices[i]);
}

/* What the field takes, to follow the word "takes". */
static void add_type(plx_string *out, const plx_field *field)
{
    switch (field->type) {
    case PLX_FIELD_BOOL:
        plx_string_format(out, "true or false");
        break;
    case PLX_FIELD_INT:
        plx_string_format(out, "a whole number");
        add_range(out, field);
        if (field->zero) plx_string_format(out, " or %s", field->zero);
        break;
    case PLX_FIELD_SIZE:
        plx_string_format(out, "a size, such as 512MiB or 2GiB, or 0");
        break;
    case PLX_FIELD_REAL:
        plx_string_format(out, "a number");
        add_range(out, field);
        for (int i = 0; field->choices && field->choices[i]; i++)
            plx_string_format(out, " or %s", field->choices[i]);
        break;
    case PLX_FIELD_TEXT:
        plx_string_format(out, "a text");
        break;
    case PLX_FIELD_CHOICE:
        add_choices(out, field);
        break;
    case PLX_FIELD_INT_LIST:
        plx_string_format(out, "a list of whole numbers");
        add_range(out, field);
        plx_string_format(out, ", such as [64, 32]");
        break;
    case PLX_FIELD_INT_LISTS:
        plx_string_format(out, "a list of lists of whole numbers");
        add_range(out, field);
        plx_string_format(out, ", such as [[16, 8], [8]]");
        break;
    case PLX_FIELD_REAL_LIST:
        plx_string_format(out, field->or_one ? "a number" : "a list of numbers");
        add_range(out, field);
        if (!field->or_one) plx_string_format(out, ", such as [0.5, 2]");
        break;
    case PLX_FIELD_BOOL_LIST:
        plx_string_format(out, "true, false");
        break;
    case PLX_FIELD_CHOICE_LIST:
        add_choices(out, field);
        break;
    case PLX_FIELD_TEXT_LIST:
        plx_string_format(out, "a list of texts, such as [a, b]");
        break;
    case PLX_FIELD_WEIGHT_LIST:
        plx_string_format(out, "numbers");
        add_range(out, field);
        plx_string_format(out, ", such as [0.5, 2] or {a: 0.5, b: 2}, or %s", field->choices[0]);
        break;
    }
    if (field->or_one) plx_string_format(out, ", or a list of them");
}

/* What was given, short and without control characters. */
static void add_given(plx_string *out, const plx_raw *value)
{
    if (value->is_list || value->is_mapping) {
        plx_string_format(out, value->is_mapping ? "a mapping" : value->n_items ? "a list" : "an empty list");
        return;
    }
    plx_slice given = value->scalar;
    size_t shown = given.length <= SHOWN_BYTES ? given.length : SHOWN_BYTES;
    while (shown < given.length && shown > 0 && ((unsigned char)given.text[shown] & 0xC0) == 0x80)
        shown--;
    plx_string_add(out, "'", 1);
    for (size_t i = 0; i < shown; i++)
        plx_string_add(out, (unsigned char)given.text[i] < 0x20 ? "?" : given.text + i, 1);
    plx_string_format(out, "%s'", shown < given.length ? "..." : "");
}

static const char *nearest_choice(const plx_field *field, const plx_raw *value)
{
    size_t n = 0;
    if ((field->type != PLX_FIELD_CHOICE && field->type != PLX_FIELD_CHOICE_LIST) || value->is_list) return NULL;
    while (field->choices[n])
        n++;
    return plx_nearest(value->scalar, field->choices, n);
}

plx_status plx_field_refuse(const plx_field *field, const plx_raw *value, const char *where, plx_arena *arena,
                            plx_error *err)
{
    plx_string text;
    plx_string_init(&text, arena->allocator);
    plx_string_format(&text, "'%s' takes ", field->name);
    add_type(&text, field);
    plx_string_format(&text, ", not %s", where);
    add_given(&text, value);
    const char *nearest = nearest_choice(field, value);
    if (nearest) plx_string_format(&text, "; did you mean '%s'?", nearest);
    plx_status status = text.failed ? plx_error_memory(err) : plx_error_set(err, PLX_ERR_ARGUMENT, "%s", text.text);
    plx_string_release(&text);
    return status;
}

const char *plx_field_show_kinds(const plx_field *field, const char *const *kinds, int kind, const char *what,
                                 char text[PLX_FIELD_KINDS_TEXT])
{
    const int n_takers = __builtin_popcount(field->kinds);
    size_t used = (size_t)snprintf(text, PLX_FIELD_KINDS_TEXT, "'%s' belongs to ", field->name);
    for (int k = 0, n = 0; kinds[k]; k++) {
        if (!plx_field_is_for(field, k)) continue;
        const char *between = n == 0 ? "" : n + 1 < n_takers ? ", " : " and ";
        if (used < PLX_FIELD_KINDS_TEXT)
            used += (size_t)snprintf(text + used, PLX_FIELD_KINDS_TEXT - used, "%s%s", between, kinds[k]);
        n++;
    }
    if (used < PLX_FIELD_KINDS_TEXT)
        snprintf(text + used, PLX_FIELD_KINDS_TEXT - used, " %s, this one is %s", what, kinds[kind]);
    return text;
}
