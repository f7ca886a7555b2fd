/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Arrow schema that most writers put into a Parquet file's footer, as base64 of a flatbuffer (Arrow's Message.fbs
 * and Schema.fbs). Only this schema marks integers as durations, for which Parquet has no type. Its bytes are
 * untrusted: invalid parts are ignored.
 */
#ifndef PLX_ARROW_FOOTER_H
#define PLX_ARROW_FOOTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

typedef struct plx_arrow_footer {
    uint8_t *bytes; /* [n] */
    size_t n;
} plx_arrow_footer;

/** Decodes `base64`; NULL: no schema. False when out of memory. */
bool plx_arrow_footer_init(plx_arrow_footer *footer, const plx_allocator *allocator, const char *base64);
void plx_arrow_footer_release(plx_arrow_footer *footer, const plx_allocator *allocator);

/** The position of the table of column `i`, if it has this name; 0: none. */
size_t plx_arrow_footer_column(const plx_arrow_footer *footer, int64_t i, const char *name);
/** The position of the table of child `i` of a field, for example of a list's items; 0: none. */
size_t plx_arrow_footer_child(const plx_arrow_footer *footer, size_t field, int64_t i);
/** The letter of a duration's unit in Arrow formats: s, m, u or n; 0: the field is no duration. */
char plx_arrow_footer_duration(const plx_arrow_footer *footer, size_t field);

#endif
