/* SPDX-License-Identifier: Apache-2.0 */
/* Words that stand for numbers in fields, for reading (fields.c) and writing (fields_write.c). */
#ifndef PLX_FIELDS_WORDS_H
#define PLX_FIELDS_WORDS_H

/** What each of a REAL field's words stands for: not-a-number, infinity. */
enum { PLX_WORDS = 2 };
extern const double plx_word_values[PLX_WORDS];

/** In falling order; the binary ones come first, since they are also how sizes are written. */
enum { PLX_SIZE_UNITS = 9, PLX_BINARY_UNITS = 4 };
typedef struct plx_size_unit {
    const char *name;
    double bytes;
} plx_size_unit;
extern const plx_size_unit plx_size_units[PLX_SIZE_UNITS];

#endif
