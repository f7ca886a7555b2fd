/* SPDX-License-Identifier: Apache-2.0 */
/* Text: slices, a growing string, numbers to and from text (independent of the locale), the nearest name. */
#ifndef PLX_TEXT_H
#define PLX_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

/** Borrowed bytes, not NUL-terminated. */
typedef struct plx_slice {
    const char *text;
    size_t length;
} plx_slice;

plx_slice plx_slice_of(const char *text);
bool plx_slice_equal(plx_slice a, plx_slice b);
/** Byte order; for sorting. */
int plx_slice_compare(plx_slice a, plx_slice b);
/** Without leading and trailing blanks and tabs. */
plx_slice plx_slice_trim(plx_slice s);

/**
 * The whole slice as a decimal number: sign, digits, point, exponent; also inf and nan. Correctly rounded
 * (fast path for at most 19 digits, otherwise strtod in the C locale); overflow gives inf. False for any other text and
 * for empty text.
 */
bool plx_parse_double(plx_slice s, double *out);
/** The whole slice as a decimal integer in the type's range. */
bool plx_parse_int64(plx_slice s, int64_t *out);
/** true, false, yes, no, on, off in any case. */
bool plx_parse_bool(plx_slice s, bool *out);
/** The shortest text that reads back as the same double; `out` holds at least 32 bytes. Returns the length. */
size_t plx_format_double(double value, char *out);
/** A text that plx_parse_double, as a float, reads back as the same float: not the shortest one, but made in a fraction
 * of the time; `out` holds at least 32 bytes. Returns the length; 0, no text: not finite, -0, or a magnitude below
 * 1e-12 or from 1e22 on. */
size_t plx_format_float(float value, char *out);

/** A growing string with a sticky failure: after one, calls do nothing. NUL-terminated unless `text` is NULL. */
typedef struct plx_string {
    const plx_allocator *allocator; /* borrowed */
    char *text;
    size_t length, capacity;
    bool failed;
} plx_string;

void plx_string_init(plx_string *s, const plx_allocator *allocator);
void plx_string_release(plx_string *s);
/** Passes the text to the caller, who frees it with the allocator. After a status other than PLX_OK, or when out of
 * memory, releases it. */
plx_status plx_string_give(plx_string *s, plx_status status, char **out, plx_error *err);
void plx_string_add(plx_string *s, const void *bytes, size_t length);
void plx_string_format(plx_string *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/**
 * Appends a JSON string with its quotes, which is also YAML: control characters, line separators and byte order marks
 * are escaped, everything else is unchanged.
 */
void plx_string_json(plx_string *s, plx_slice value);

/**
 * The closest of `names` [n] to `name` by edit distance, or NULL if none is within a third of the length. For
 * "did you mean 'epochs'?".
 */
const char *plx_nearest(plx_slice name, const char *const *names, size_t n);

#endif
