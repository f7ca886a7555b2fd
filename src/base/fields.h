/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that describes the fields of a struct: name, type, range, default, one line of text. The configuration's
 * parser and writer, its messages, the help and the reference pages use these tables.
 */
#ifndef PLX_FIELDS_H
#define PLX_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

typedef struct plx_int_list {
    int *items;
    int n;
} plx_int_list;
typedef struct plx_int_lists {
    plx_int_list *items;
    int n;
    plx_int_list each; /* the row's `each`: used for every item if no items are given */
} plx_int_lists;
typedef struct plx_real_list {
    double *items;
    int n;
} plx_real_list;
typedef struct plx_text_list {
    char **items;
    int n;
} plx_text_list;
/** Numbers in order or, with `names`, by name; or the field's word instead. */
typedef struct plx_weight_list {
    double *items; /* [n] */
    char **names;  /* [n]; NULL: by order */
    int n;
    bool is_word;
} plx_weight_list;

/** Each type with the C type of its field. */
typedef enum plx_field_type {
    PLX_FIELD_BOOL,        /* bool */
    PLX_FIELD_INT,         /* int64_t */
    PLX_FIELD_SIZE,        /* int64_t: bytes, from 0 */
    PLX_FIELD_REAL,        /* double */
    PLX_FIELD_TEXT,        /* char *, in the arena */
    PLX_FIELD_CHOICE,      /* int: index into `choices` */
    PLX_FIELD_INT_LIST,    /* plx_int_list */
    PLX_FIELD_INT_LISTS,   /* plx_int_lists: a list of lists */
    PLX_FIELD_REAL_LIST,   /* plx_real_list */
    PLX_FIELD_BOOL_LIST,   /* plx_int_list of 0 and 1 */
    PLX_FIELD_CHOICE_LIST, /* plx_int_list of indices into `choices` */
    PLX_FIELD_TEXT_LIST,   /* plx_text_list */
    PLX_FIELD_WEIGHT_LIST  /* plx_weight_list: a list of numbers, a mapping of names to numbers, or choices[0] */
} plx_field_type;

typedef struct plx_field {
    const char *name;
    plx_field_type type;
    size_t offset;
    double min, max; /* INT, REAL and the items of their lists; both 0: no bounds. `min` itself is allowed */
    /* The default: a TEXT as it is, other types as in YAML, list items without quotes; "" for TEXT and lists: empty;
     * "nan" for REAL: none, and the field may be set to nan; NULL: the field is required. */
    const char *fallback;
    const char *each; /* INT_LISTS: the list used for every item of an empty one; NULL: the empty list */
    const char *doc;  /* one line */
    /* CHOICE: names, NULL-terminated. REAL: words that may replace a number: the first for nan, a second for inf.
     * WEIGHT_LIST: the word that may replace the whole list. */
    const char *const *choices;
    bool or_one;      /* lists: one value means a list of one item, which is also written as one value */
    bool above_min;   /* `min` itself is not allowed (a learning rate must be above 0) */
    bool below_max;   /* nor is `max` (a quantile is below 1) */
    const char *zero; /* INT: a word that means 0, whatever the range ("auto"); NULL: none */
    bool is_column;   /* TEXT, TEXT_LIST: columns of the data; empty: none, or the column with the object's name */
    uint32_t kinds;   /* bit k: the field applies to objects of kind k; 0: to all */
} plx_field;

/** A value of a configuration, not yet typed: a scalar, a list, or a mapping (items alternate between keys and values).
 * Borrowed. */
typedef struct plx_raw {
    bool is_list, is_mapping;
    plx_slice scalar;
    const struct plx_raw *items;
    int n_items;
} plx_raw;

/** Whether `field` applies to an object of `kind`. */
static inline bool plx_field_is_for(const plx_field *field, int kind)
{
    return field->kinds == 0 || (field->kinds >> kind & 1);
}

static inline const plx_int_list *plx_int_lists_item(const plx_int_lists *lists, int i)
{
    return lists->n > 0 ? &lists->items[i] : &lists->each;
}

/** Whether the field's numbers have bounds. */
static inline bool plx_field_has_range(const plx_field *field)
{
    return field->min != 0 || field->max != 0;
}

/** The row named `name` for `kind`, or NULL; `kind` below 0: the first row of that name. Rows with the same name have
 * no kind in common. */
const plx_field *plx_field_find_for(const plx_field *fields, size_t n, plx_slice name, int kind);
/** The first row of that name. */
const plx_field *plx_field_find(const plx_field *fields, size_t n, plx_slice name);
/** Checks `value` and stores it in `object`; strings and lists go to `arena`. The message names the field and the
 * accepted values. */
plx_status plx_field_set(const plx_field *field, void *object, const plx_raw *value, plx_arena *arena, plx_error *err);
/** Fails with the accepted values and, after the words `where`, the given value. */
plx_status plx_field_refuse(const plx_field *field, const plx_raw *value, const char *where, plx_arena *arena,
                            plx_error *err);
enum { PLX_FIELD_KINDS_TEXT = 256 };
/** "'classes' belongs to multiclass tasks, this one is binary", written to `text` and returned. `kinds`: their names,
 * ended by NULL; `what`: the noun for the objects. */
const char *plx_field_show_kinds(const plx_field *field, const char *const *kinds, int kind, const char *what,
                                 char text[PLX_FIELD_KINDS_TEXT]);
/** Sets every field that has a default. */
plx_status plx_fields_default(const plx_field *fields, size_t n, void *object, plx_arena *arena, plx_error *err);
/** The field's value as YAML flow text, which plx_field_set reads back to the same value. */
void plx_field_write(const plx_field *field, const void *object, plx_string *out);

#endif
