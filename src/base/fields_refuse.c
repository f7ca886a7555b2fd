/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for an invalid value: what the field takes, and what was given. */
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
    const char *form = field->below_max   ? field->above_min ? " above %s and below %s" : " from %s and below %s"
                       : field->above_min ? " above %s and at most %s"
                                          : " from %s to %s";
    plx_string_format(out, form, min, max);
}

static void add_choices(plx_string *out, const plx_field *field)
{
    for (int i = 0; field->choices[i]; i++)
        plx_string_format(out, "%s%s", i ? ", " : "", field->choices[i]);
}

/* Describes the values of each type; the range of numbers goes between the two texts. */
static const struct type_words {
    const char *kind, *example;
    bool has_range;
} types[] = {[PLX_FIELD_BOOL] = {"true or false", "", false},
             [PLX_FIELD_INT] = {"a whole number", "", true},
             [PLX_FIELD_SIZE] = {"a size, such as 512MiB or 2GiB, or 0", "", false},
             [PLX_FIELD_REAL] = {"a number", "", true},
             [PLX_FIELD_TEXT] = {"a text", "", false},
             [PLX_FIELD_CHOICE] = {"one of ", "", false},
             [PLX_FIELD_INT_LIST] = {"a list of whole numbers", ", such as [64, 32]", true},
             [PLX_FIELD_INT_LISTS] = {"a list of lists of whole numbers", ", such as [[16, 8], [8]]", true},
             [PLX_FIELD_REAL_LIST] = {"a list of numbers", ", such as [0.5, 2]", true},
             [PLX_FIELD_BOOL_LIST] = {"true, false", "", false},
             [PLX_FIELD_CHOICE_LIST] = {"one of ", "", false},
             [PLX_FIELD_TEXT_LIST] = {"a list of texts, such as [a, b]", "", false},
             [PLX_FIELD_WEIGHT_LIST] = {"numbers", ", such as [0.5, 2] or {a: 0.5, b: 2},", true}};

/* What the field takes, to follow the word "takes". */
static void add_type(plx_string *out, const plx_field *field)
{
    const bool is_choice = field->type == PLX_FIELD_CHOICE || field->type == PLX_FIELD_CHOICE_LIST;
    const struct type_words *type = &types[field->type];
    if (field->type == PLX_FIELD_REAL_LIST && field->or_one) type = &types[PLX_FIELD_REAL];
    plx_string_format(out, "%s", type->kind);
    if (is_choice) add_choices(out, field);
    if (type->has_range) add_range(out, field);
    plx_string_format(out, "%s", type->example);
    if (field->zero) plx_string_format(out, " or %s", field->zero);
    for (int i = 0; !is_choice && field->choices && field->choices[i]; i++)
        plx_string_format(out, " or %s", field->choices[i]);
    if (field->or_one) plx_string_format(out, ", or a list of them");
}

/* The given value, short and without control characters. */
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
