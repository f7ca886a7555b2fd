/* SPDX-License-Identifier: Apache-2.0 */
/* Reads values of struct fields from text. */
#include "base/fields.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields_words.h"

static bool in_range(const plx_field *field, double value)
{
    if (!plx_field_has_range(field)) return true;
    return value >= field->min && value <= field->max && !(field->above_min && value == field->min) &&
           !(field->below_max && value == field->max);
}

const double plx_word_values[PLX_WORDS] = {NAN, INFINITY};

/* NaN is allowed only if it is the field's default, "not given", or has a name. */
static bool read_real(const plx_field *field, plx_slice value, double *out)
{
    double real;
    bool may_be_nan = field->choices || (field->fallback && strcmp(field->fallback, "nan") == 0);
    for (int i = 0; i < PLX_WORDS && field->choices && field->choices[i]; i++) {
        if (!plx_slice_equal(value, plx_slice_of(field->choices[i]))) continue;
        *out = plx_word_values[i];
        return true;
    }
    if (!plx_parse_double(value, &real) || isinf(real)) return false;
    if (isnan(real) ? !may_be_nan : !in_range(field, real)) return false;
    *out = real;
    return true;
}

static bool is_text(plx_slice value)
{
    return !value.length || !memchr(value.text, '\0', value.length);
}

static bool read_text(plx_slice value, plx_arena *arena, char **out)
{
    if (!is_text(value)) return false;
    *out = plx_arena_text(arena, value.text, value.length);
    return true;
}

static bool read_choice(const plx_field *field, plx_slice value, int *out)
{
    for (int i = 0; field->choices[i]; i++) {
        if (!plx_slice_equal(value, plx_slice_of(field->choices[i]))) continue;
        *out = i;
        return true;
    }
    return false;
}

static bool read_int(const plx_field *field, plx_slice value, int64_t *out)
{
    int64_t whole = 0;
    bool is_word = field->zero && plx_slice_equal(value, plx_slice_of(field->zero));
    if (!is_word && (!plx_parse_int64(value, &whole) || !in_range(field, (double)whole))) return false;
    *out = whole;
    return true;
}

const plx_size_unit plx_size_units[PLX_SIZE_UNITS] = {{"TiB", 1099511627776.0},
                                                      {"GiB", 1073741824.0},
                                                      {"MiB", 1048576.0},
                                                      {"KiB", 1024.0},
                                                      {"TB", 1e12},
                                                      {"GB", 1e9},
                                                      {"MB", 1e6},
                                                      {"kB", 1e3},
                                                      {"B", 1}};

/* A number of bytes, or a number with a unit. */
static bool read_size(plx_slice value, int64_t *out)
{
    double number, factor = 1;
    size_t length = value.length;
    for (int i = 0; i < PLX_SIZE_UNITS && length == value.length; i++) {
        size_t end = strlen(plx_size_units[i].name);
        if (length <= end || memcmp(value.text + length - end, plx_size_units[i].name, end) != 0) continue;
        factor = plx_size_units[i].bytes;
        length -= end;
    }
    plx_slice digits = plx_slice_trim((plx_slice){value.text, length});
    if (!plx_parse_double(digits, &number) || !(number >= 0) || number * factor > 0x1p62) return false;
    *out = (int64_t)(number * factor);
    return true;
}

static bool read_scalar(const plx_field *field, void *at, plx_slice value, plx_arena *arena)
{
    switch (field->type) {
    case PLX_FIELD_BOOL:
        return plx_parse_bool(value, at);
    case PLX_FIELD_INT:
        return read_int(field, value, at);
    case PLX_FIELD_SIZE:
        return read_size(value, at);
    case PLX_FIELD_REAL:
        return read_real(field, value, at);
    case PLX_FIELD_TEXT:
        return read_text(value, arena, at);
    case PLX_FIELD_CHOICE:
        return read_choice(field, value, at);
    default:
        return false;
    }
}

static bool read_list_int(const plx_field *field, plx_slice item, int *out)
{
    int64_t whole;
    if (!plx_parse_int64(item, &whole) || !in_range(field, (double)whole)) return false;
    if (whole < INT_MIN || whole > INT_MAX) return false;
    *out = (int)whole;
    return true;
}

/* The readers of lists store only complete valid lists; NULL items after true mean that the arena is full. */
static bool read_int_list(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_int_list *out)
{
    if (!value->is_list) return false;
    plx_int_list list = {plx_arena_take(arena, (size_t)value->n_items, sizeof *list.items), value->n_items};
    for (int i = 0; i < list.n; i++) {
        const plx_raw *item = &value->items[i];
        int whole;
        if (item->is_list || !read_list_int(field, item->scalar, &whole)) return false;
        if (list.items) list.items[i] = whole;
    }
    *out = list;
    return true;
}

static bool read_int_lists(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_int_lists *out)
{
    if (!value->is_list) return false;
    plx_int_lists lists = {.items = plx_arena_take(arena, (size_t)value->n_items, sizeof *lists.items),
                           .n = value->n_items,
                           .each = out->each};
    for (int i = 0; i < lists.n; i++) {
        plx_int_list list;
        if (!read_int_list(field, &value->items[i], arena, &list)) return false;
        if (lists.items) lists.items[i] = list;
    }
    *out = lists;
    return true;
}

static bool read_real_list(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_real_list *out)
{
    if (!value->is_list) return false;
    plx_real_list list = {plx_arena_take(arena, (size_t)value->n_items, sizeof *list.items), value->n_items};
    for (int i = 0; i < list.n; i++) {
        double real;
        if (value->items[i].is_list || !read_real(field, value->items[i].scalar, &real)) return false;
        if (list.items) list.items[i] = real;
    }
    *out = list;
    return true;
}

static bool read_named(const plx_field *field, const plx_raw *item, int *out)
{
    bool truth = false;
    if (item->is_list) return false;
    if (field->type == PLX_FIELD_CHOICE_LIST) return read_choice(field, item->scalar, out);
    if (!plx_parse_bool(item->scalar, &truth)) return false;
    *out = truth;
    return true;
}

static bool read_named_list(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_int_list *out)
{
    if (!value->is_list) return false;
    plx_int_list list = {plx_arena_take(arena, (size_t)value->n_items, sizeof *list.items), value->n_items};
    for (int i = 0; i < list.n; i++) {
        int named;
        if (!read_named(field, &value->items[i], &named)) return false;
        if (list.items) list.items[i] = named;
    }
    *out = list;
    return true;
}

static bool read_text_list(const plx_raw *value, plx_arena *arena, plx_text_list *out)
{
    if (!value->is_list) return false;
    plx_text_list list = {plx_arena_take(arena, (size_t)value->n_items, sizeof *list.items), value->n_items};
    for (int i = 0; i < list.n; i++) {
        char *text;
        if (value->items[i].is_list || !read_text(value->items[i].scalar, arena, &text)) return false;
        if (list.items) list.items[i] = text;
    }
    *out = list;
    return true;
}

static bool read_weight(const plx_field *field, const plx_raw *item, double *out)
{
    return !item->is_list && !item->is_mapping && read_real(field, item->scalar, out) && !isnan(*out);
}

static bool read_weight_list(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_weight_list *out)
{
    const int step = value->is_mapping ? 2 : 1, n = value->n_items / step;
    plx_weight_list list = {.n = n};
    if (!value->is_list && !value->is_mapping) {
        out->is_word = plx_slice_equal(value->scalar, plx_slice_of(field->choices[0]));
        return out->is_word;
    }
    list.items = plx_arena_take(arena, (size_t)n, sizeof *list.items);
    if (value->is_mapping) list.names = plx_arena_take(arena, (size_t)n + 1, sizeof *list.names);
    for (int i = 0; i < n; i++) {
        const plx_raw *item = &value->items[(size_t)i * (size_t)step];
        double real;
        char *name = NULL;
        if (value->is_mapping && !read_text((item++)->scalar, arena, &name)) return false;
        if (!read_weight(field, item, &real)) return false;
        if (list.items) list.items[i] = real;
        if (list.names) list.names[i] = name;
    }
    *out = list;
    return true;
}

const plx_field *plx_field_find_for(const plx_field *fields, size_t n, plx_slice name, int kind)
{
    const plx_field *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!plx_slice_equal(name, plx_slice_of(fields[i].name))) continue;
        if (kind < 0 || plx_field_is_for(&fields[i], kind)) return &fields[i];
        if (!first) first = &fields[i];
    }
    return first;
}

const plx_field *plx_field_find(const plx_field *fields, size_t n, plx_slice name)
{
    return plx_field_find_for(fields, n, name, -1);
}

static bool is_list_type(plx_field_type type)
{
    return type == PLX_FIELD_INT_LIST || type == PLX_FIELD_INT_LISTS || type == PLX_FIELD_REAL_LIST ||
           type == PLX_FIELD_BOOL_LIST || type == PLX_FIELD_CHOICE_LIST || type == PLX_FIELD_TEXT_LIST ||
           type == PLX_FIELD_WEIGHT_LIST;
}

/* Whether a list of this field may contain the text. */
static bool takes_item(const plx_field *field, plx_slice item)
{
    double real;
    int number;
    switch (field->type) {
    case PLX_FIELD_INT_LIST:
    case PLX_FIELD_INT_LISTS:
        return read_list_int(field, item, &number);
    case PLX_FIELD_REAL_LIST:
        return read_real(field, item, &real);
    case PLX_FIELD_TEXT_LIST:
        return is_text(item);
    default:
        return read_named(field, &(plx_raw){.scalar = item}, &number);
    }
}

/* The invalid part of the value, the value itself or an item in it; `depth` is the required depth of nested lists.
 * NULL: none. */
static const plx_raw *find_wrong(const plx_field *field, const plx_raw *value, int depth)
{
    const plx_raw *wrong = NULL;
    if (value->is_mapping || value->is_list != (depth > 0)) return value;
    if (depth == 0) return takes_item(field, value->scalar) ? NULL : value;
    for (int i = 0; !wrong && i < value->n_items; i++)
        wrong = find_wrong(field, &value->items[i], depth - 1);
    return wrong;
}

/* The first invalid weight, with its name in a mapping. */
static plx_status refuse_weights(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_error *err)
{
    const int step = value->is_mapping ? 2 : 1;
    char where[80];
    for (int i = 0; i < value->n_items; i += step) {
        const plx_raw *name = &value->items[i], *item = name + step - 1;
        double real;
        if (read_weight(field, item, &real)) continue;
        const int length = (int)(name->scalar.length < 60 ? name->scalar.length : 60);
        snprintf(where, sizeof where, "%.*s: ", length, name->scalar.text);
        return plx_field_refuse(field, item, value->is_mapping ? where : "a list with ", arena, err);
    }
    return plx_field_refuse(field, value, "", arena, err);
}

static plx_status refuse_list(const plx_field *field, const plx_raw *value, plx_arena *arena, plx_error *err)
{
    if (field->type == PLX_FIELD_WEIGHT_LIST) return refuse_weights(field, value, arena, err);
    const plx_raw *wrong = find_wrong(field, value, field->type == PLX_FIELD_INT_LISTS ? 2 : 1);
    if (!wrong) wrong = value;
    return plx_field_refuse(field, wrong, !field->or_one && wrong != value ? "a list with " : "", arena, err);
}

plx_status plx_field_set(const plx_field *field, void *object, const plx_raw *value, plx_arena *arena, plx_error *err)
{
    void *at = (unsigned char *)object + field->offset;
    const plx_raw list_of_one = {.is_list = true, .items = value, .n_items = 1};
    bool right;
    if (field->or_one && !value->is_list) value = &list_of_one;
    if (field->type == PLX_FIELD_WEIGHT_LIST)
        right = read_weight_list(field, value, arena, at);
    else if (value->is_mapping)
        right = false;
    else if (field->type == PLX_FIELD_INT_LIST)
        right = read_int_list(field, value, arena, at);
    else if (field->type == PLX_FIELD_INT_LISTS)
        right = read_int_lists(field, value, arena, at);
    else if (field->type == PLX_FIELD_REAL_LIST)
        right = read_real_list(field, value, arena, at);
    else if (field->type == PLX_FIELD_TEXT_LIST)
        right = read_text_list(value, arena, at);
    else if (field->type == PLX_FIELD_BOOL_LIST || field->type == PLX_FIELD_CHOICE_LIST)
        right = read_named_list(field, value, arena, at);
    else
        right = !value->is_list && read_scalar(field, at, value->scalar, arena);
    if (!right && is_list_type(field->type)) return refuse_list(field, value, arena, err);
    if (!right) return plx_field_refuse(field, value, "", arena, err);
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

/* Defaults are trusted, so this reader supports only their syntax: items without quotes, nested lists. */
static plx_raw read_default_list(const char **at, plx_arena *arena)
{
    plx_raw *items = plx_arena_take(arena, strlen(*at), sizeof *items); /* an item has at least one byte */
    int n = 0;
    (*at)++; /* the bracket */
    while (items && **at && **at != ']') {
        *at += strspn(*at, " ,");
        if (**at == '[') {
            items[n++] = read_default_list(at, arena);
        } else if (**at && **at != ']') {
            size_t length = strcspn(*at, ",]");
            items[n++] = (plx_raw){.scalar = plx_slice_trim((plx_slice){*at, length})};
            *at += length;
        }
    }
    if (**at == ']') (*at)++;
    return (plx_raw){.is_list = true, .items = items, .n_items = n};
}

static plx_status set_each(const plx_field *field, void *object, plx_arena *arena, plx_error *err)
{
    const char *at = field->each ? field->each : "[]";
    plx_int_lists *lists = (void *)((unsigned char *)object + field->offset);
    const plx_raw value = read_default_list(&at, arena);
    if (!plx_arena_failed(arena) && !read_int_list(field, &value, arena, &lists->each))
        return plx_field_refuse(field, &value, "", arena, err);
    return plx_arena_failed(arena) ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_fields_default(const plx_field *fields, size_t n, void *object, plx_arena *arena, plx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const plx_field *field = &fields[i];
        const char *at = field->fallback;
        if (!at) continue;
        bool is_list = is_list_type(field->type) && !(field->or_one && *at != '[');
        plx_raw value = {.is_list = is_list, .scalar = plx_slice_of(at)};
        if (is_list && *at == '[') value = read_default_list(&at, arena);
        if (plx_arena_failed(arena)) return plx_error_memory(err);
        PLX_TRY(plx_field_set(field, object, &value, arena, err));
        if (field->type == PLX_FIELD_INT_LISTS) PLX_TRY(set_each(field, object, arena, err));
    }
    return PLX_OK;
}
