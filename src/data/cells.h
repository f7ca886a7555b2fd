/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of one raw cell, by the same rules for all sources: a number, an encoded value. */
#ifndef PLX_CELLS_H
#define PLX_CELLS_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "data/spec.h"

typedef enum plx_number {
    PLX_NUMBER_GIVEN,
    PLX_NUMBER_MISSING,
    PLX_NUMBER_NONE,
    PLX_NUMBER_TOO_LARGE,
    PLX_NUMBER_NEGATIVE,
    PLX_NUMBER_ABOVE_1
} plx_number;

/** `*out` is NaN unless the cell is a number, true or false. Missing: an empty cell, nan, a cell in the list. */
plx_number plx_cell_number(const plx_text_list *missing, plx_slice cell, double *out);
/** The same with the list and the decimal sign of section `data`. */
plx_number plx_cell_number_by(const plx_data_spec *data, plx_slice cell, double *out);
/** The same for a number in memory. */
plx_number plx_check_number(double number);

enum { PLX_SHOWN_BYTES = 60 };
/** A cell for messages: in quotes, truncated if long, control bytes as \xHH. */
typedef struct plx_shown_cell {
    char text[4 * PLX_SHOWN_BYTES + 8];
} plx_shown_cell;
plx_shown_cell plx_cell_show(plx_slice cell);

/** Describes the reader of a dense feature's column, for the message below. */
static inline const char *plx_dense_reader(plx_number kind)
{
    return kind == PLX_NUMBER_MISSING ? "is declared dense: fill it, or set the feature's `missing`"
                                      : "is declared dense";
}
/** Fails for a cell that is not a number although `reader` needs one. */
plx_status plx_fail_number(plx_number kind, plx_slice cell, const char *column, const char *reader, plx_error *err);

/** The same for a date: `*out` is whole seconds since 1970-01-01 00:00:00 UTC. Missing: an empty cell, a cell in the
 * list. */
plx_number plx_cell_date(const plx_text_list *missing, plx_slice cell, double *out);
/** Fails for a required date that is missing or invalid. */
plx_status plx_fail_date(plx_number kind, plx_slice cell, const char *column, plx_error *err);

/** Whether a float that is read as a category may represent several integers, as from 2^53 on; warns if so. */
bool plx_warn_of_float(const plx_listener *listener, const char *column, double number);

/** The bytes of a separator: itself, or a tab for "tab"; ended by NUL. Empty: no separator. */
plx_slice plx_separator_of(const char *separator);
/** The first occurrence of a separator that is not empty, or NULL. */
static inline const char *plx_separator_find(plx_slice separator, const char *text, size_t length)
{
    if (separator.length == 1) return memchr(text, separator.text[0], length);
    return memmem(text, length, separator.text, separator.length);
}

/** Parses the cell of a column of vectors, number by number. */
typedef struct plx_vector {
    const plx_data_spec *data; /* borrowed, like all texts */
    plx_slice rest;
    const char *column;
    plx_slice separator;
    int size, n;     /* expected numbers of the cell, numbers read so far */
    bool is_missing; /* the whole cell is missing, and so is each number */
    bool has_ended;
} plx_vector;

plx_vector plx_vector_of(const plx_data_spec *data, plx_slice cell, const char *column, plx_slice separator, int size);
/** The next number; NaN if missing, which is an error if `is_needed`. PLX_ERR_SCHEMA. */
plx_status plx_vector_next(plx_vector *vector, bool is_needed, double *out, plx_error *err);
/** Checks that no number follows the first `size` ones. */
plx_status plx_vector_end(const plx_vector *vector, plx_error *err);
/** Fails because the cell has `n` numbers instead of the size. */
plx_status plx_vector_fail_size(const plx_vector *vector, int n, plx_error *err);

/** Whether the list contains the cell. */
bool plx_cell_is_listed(const plx_text_list *list, plx_slice cell);

/** The network's input for a number of a dense feature; missing numbers have been replaced. */
static inline float plx_encode_number(double number, const double scaling[2])
{
    double value = (number - scaling[0]) * scaling[1];
    return (float)(value < -FLT_MAX ? -FLT_MAX : value > FLT_MAX ? FLT_MAX : value);
}

/** The column that a feature or task reads. */
static inline const char *plx_column_of(const char *column, const char *name)
{
    return column && *column ? column : name;
}

#endif
