/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a spec, by its key, as JSON. */
#include <math.h>
#include <string.h>

#include "config/config.h"

static void write_quoted(const char *text, plx_string *out)
{
    plx_string_json(out, plx_slice_of(text ? text : ""));
}

static void write_texts(const plx_text_list *list, plx_string *out)
{
    plx_string_add(out, "[", 1);
    for (int i = 0; i < list->n; i++) {
        if (i) plx_string_add(out, ", ", 2);
        write_quoted(list->items[i], out);
    }
    plx_string_add(out, "]", 1);
}

static void write_choices(const plx_field *field, const plx_int_list *list, plx_string *out)
{
    plx_string_add(out, "[", 1);
    for (int i = 0; i < list->n; i++) {
        if (i) plx_string_add(out, ", ", 2);
        write_quoted(field->choices[list->items[i]], out);
    }
    plx_string_add(out, "]", 1);
}

/* Words are quoted; numbers, booleans and lists of them are written as in YAML. */
static void write_value(const plx_field *field, const void *object, plx_string *out)
{
    const void *at = (const unsigned char *)object + field->offset;
    if (field->type == PLX_FIELD_TEXT) {
        write_quoted(*(char *const *)at, out);
    } else if (field->type == PLX_FIELD_TEXT_LIST) {
        write_texts(at, out);
    } else if (field->type == PLX_FIELD_CHOICE) {
        write_quoted(field->choices[*(const int *)at], out);
    } else if (field->type == PLX_FIELD_CHOICE_LIST) {
        write_choices(field, at, out);
    } else if (field->type == PLX_FIELD_SIZE) {
        plx_string_format(out, "%lld", (long long)*(const int64_t *)at);
    } else {
        const bool is_word = (field->type == PLX_FIELD_WEIGHT_LIST && ((const plx_weight_list *)at)->is_word) ||
                             (field->type == PLX_FIELD_INT && field->zero && *(const int64_t *)at == 0) ||
                             (field->type == PLX_FIELD_REAL && !isfinite(*(const double *)at));
        if (is_word) plx_string_add(out, "\"", 1);
        plx_field_write(field, object, out);
        if (is_word) plx_string_add(out, "\"", 1);
    }
}

/** A parsed key: section [. name] . key. */
typedef struct place {
    plx_slice section, name, key;
} place;

static plx_slice between(const char *from, const char *to)
{
    return (plx_slice){from, (size_t)(to - from)};
}

/* The struct that `at` is in, and its fields; NULL: no such section or entry. */
static const void *find(const plx_spec *spec, const place *at, const plx_field **fields, size_t *n)
{
    const plx_table_spec *table = &spec->table;
    const bool has_name = at->name.length > 0;
    if (plx_slice_equal(at->section, plx_slice_of("data")) && !has_name) {
        *fields = plx_data_fields, *n = plx_data_n_fields;
        return &table->data;
    }
    if (plx_slice_equal(at->section, plx_slice_of("model")) && !has_name) {
        *fields = spec->def->fields, *n = *spec->def->n_fields;
        return &spec->model;
    }
    if (plx_slice_equal(at->section, plx_slice_of("train")) && !has_name) {
        *fields = plx_train_fields, *n = plx_train_n_fields;
        return &spec->train;
    }
    *fields = plx_feature_fields, *n = plx_feature_n_fields;
    for (int i = 0; plx_slice_equal(at->section, plx_slice_of("features")) && i < table->n_features; i++)
        if (plx_slice_equal(at->name, plx_slice_of(table->features[i].name))) return &table->features[i];
    *fields = plx_task_fields, *n = plx_task_n_fields;
    for (int i = 0; plx_slice_equal(at->section, plx_slice_of("tasks")) && i < table->n_tasks; i++)
        if (plx_slice_equal(at->name, plx_slice_of(table->tasks[i].name))) return &table->tasks[i];
    return NULL;
}

static bool cut_key(const char *key, place *out)
{
    const char *first = strchr(key, '.'), *last = strrchr(key, '.');
    if (!first) return false;
    *out = (place){.section = between(key, first),
                   .name = last > first ? between(first + 1, last) : (plx_slice){"", 0},
                   .key = plx_slice_of(last + 1)};
    return true;
}

static plx_status fail_form(const char *key, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "'%s' is not of the form SECTION.KEY, such as train.epochs", key);
}

plx_status plx_spec_write_value(const plx_spec *spec, const char *key, plx_string *out, plx_error *err)
{
    place at;
    const plx_field *fields = NULL;
    size_t n = 0;
    if (!cut_key(key, &at)) return fail_form(key, err);
    const void *object = find(spec, &at, &fields, &n);
    if (object && plx_slice_equal(at.section, plx_slice_of("model")) && plx_slice_equal(at.key, plx_slice_of("name"))) {
        write_quoted(spec->def->name, out);
        return PLX_OK;
    }
    const int kind = object && fields == plx_feature_fields ? ((const plx_feature_spec *)object)->kind : -1;
    const plx_field *field = object ? plx_field_find_for(fields, n, at.key, kind) : NULL;
    if (!field)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "the configuration has no '%s'; docs/configuration.md lists all keys", key);
    write_value(field, object, out);
    return PLX_OK;
}

/* -- Defaults ------------------------------------------------------------------------------------------------------ */

static bool is_word(plx_slice text, const char *word)
{
    return plx_slice_equal(text, plx_slice_of(word));
}

static int find_word(const char *const *words, plx_slice word)
{
    for (int i = 0; words[i]; i++)
        if (is_word(word, words[i])) return i;
    return -1;
}

/* The fields of a section, and the kind of its entry: -1 if it has no kinds. */
static bool find_fields(const place *at, const plx_field **fields, size_t *n, int *kind)
{
    *kind = -1;
    if (is_word(at->section, "data") && !at->name.length) {
        *fields = plx_data_fields, *n = plx_data_n_fields;
    } else if (is_word(at->section, "train") && !at->name.length) {
        *fields = plx_train_fields, *n = plx_train_n_fields;
    } else if (is_word(at->section, "features")) {
        *fields = plx_feature_fields, *n = plx_feature_n_fields;
        return (*kind = find_word(plx_feature_kinds, at->name)) >= 0;
    } else if (is_word(at->section, "tasks")) {
        *fields = plx_task_fields, *n = plx_task_n_fields;
        return (*kind = find_word(plx_task_kinds, at->name)) >= 0;
    } else {
        const plx_model_def *def = is_word(at->section, "model") ? plx_model_find(at->name) : NULL;
        if (!def) return false;
        *fields = def->fields, *n = *def->n_fields;
    }
    return true;
}

static plx_status fail_key(const char *key, plx_slice word, const plx_field *fields, size_t n, int kind, plx_error *err)
{
    enum { MOST = 128 };
    const char *names[MOST];
    size_t n_names = 0;
    for (size_t i = 0; i < n && n_names < MOST; i++)
        if (kind < 0 || plx_field_is_for(&fields[i], kind)) names[n_names++] = fields[i].name;
    const char *nearest = plx_nearest(word, names, n_names);
    if (nearest) PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no key '%s'; did you mean '%s'?", key, nearest);
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no key '%s'; docs/configuration.md lists all keys", key);
}

plx_status plx_spec_write_default(const plx_allocator *allocator, const char *key, plx_string *out, plx_error *err)
{
    /* Only one is used: a field knows its offset in its struct. */
    union {
        plx_data_spec data;
        plx_feature_spec feature;
        plx_task_spec task;
        plx_model_spec model;
        plx_train_spec train;
    } object;
    place at;
    int kind;
    const plx_field *fields = NULL;
    size_t n = 0;
    memset(&object, 0, sizeof object);
    if (!cut_key(key, &at)) return fail_form(key, err);
    const plx_field *field = find_fields(&at, &fields, &n, &kind) ? plx_field_find_for(fields, n, at.key, kind) : NULL;
    if (!field || (kind >= 0 && !plx_field_is_for(field, kind))) return fail_key(key, at.key, fields, n, kind, err);
    if (!field->fallback) PLX_FAIL(err, PLX_ERR_ARGUMENT, "'%s' has no default: it must be given", key);
    plx_arena arena;
    plx_arena_init(&arena, allocator);
    plx_status status = plx_fields_default(field, 1, &object, &arena, err);
    if (!status) write_value(field, &object, out);
    plx_arena_release(&arena);
    return status;
}
