/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Arrow schema that most writers put into a Parquet file's footer, as base64 of a flatbuffer (Arrow's Message.fbs
 * and Schema.fbs). It alone says which integers are durations, for which Parquet has no type. Its bytes are not
 * trusted: what does not fit is as if it were not there.
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

/** Decodes `base64`, which may be NULL: there is no schema. False when out of memory. */
bool plx_arrow_footer_init(plx_arrow_footer *footer, const plx_allocator *allocator, const char *base64);
void plx_arrow_footer_release(plx_arrow_footer *footer, const plx_allocator *allocator);

/** Where the table of column `i` is, if it has this name; 0: nowhere. */
size_t plx_arrow_footer_column(const plx_arrow_footer *footer, int64_t i, const char *name);
/** Where that of field `i` within a field is, such as of a list's items; 0: nowhere. */
size_t plx_arrow_footer_child(const plx_arrow_footer *footer, size_t field, int64_t i);
/** The letter of a duration's unit in Arrow formats: s, m, u or n; 0: the field is no duration. */
char plx_arrow_footer_duration(const plx_arrow_footer *footer, size_t field);

#endif
