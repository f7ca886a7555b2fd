/* SPDX-License-Identifier: Apache-2.0 */
/* Words that mean numbers in fields, for reading (fields.c) and writing (fields_write.c). */
#ifndef PLX_FIELDS_WORDS_H
#define PLX_FIELDS_WORDS_H

/** The numbers that a REAL field's words mean: not-a-number, infinity. */
enum { PLX_WORDS = 2 };
extern const double plx_word_values[PLX_WORDS];

/** In descending order; binary units come first, since sizes are written in them. */
enum { PLX_SIZE_UNITS = 9, PLX_BINARY_UNITS = 4 };
typedef struct plx_size_unit {
    const char *name;
    double bytes;
} plx_size_unit;
extern const plx_size_unit plx_size_units[PLX_SIZE_UNITS];

#endif
