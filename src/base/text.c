/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, growing strings and the most similar name. Numbers are in number.c. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

plx_slice plx_slice_of(const char *text)
{
    return (plx_slice){text, strlen(text)};
}

bool plx_slice_equal(plx_slice a, plx_slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0);
}

int plx_slice_compare(plx_slice a, plx_slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

plx_slice plx_slice_trim(plx_slice s)
{
    while (s.length && (s.text[0] == ' ' || s.text[0] == '\t')) {
        s.text++;
        s.length--;
    }
    while (s.length && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
        s.length--;
    return s;
}

void plx_string_init(plx_string *s, const plx_allocator *allocator)
{
    *s = (plx_string){.allocator = allocator};
}

void plx_string_release(plx_string *s)
{
    plx_free(s->allocator, s->text);
    *s = (plx_string){.allocator = s->allocator};
}

plx_status plx_string_give(plx_string *s, plx_status status, char **out, plx_error *err)
{
    if (!status && s->failed) status = plx_error_memory(err);
    if (status)
        plx_string_release(s);
    else
        *out = s->text;
    return status;
}

/* Reserves `length` more bytes and the NUL. */
static bool reserve(plx_string *s, size_t length)
{
    if (!s->failed)
        s->failed = length >= SIZE_MAX - s->length ||
                    plx_grow(s->allocator, &s->text, &s->capacity, s->length + length + 1, 1) != 0;
    return !s->failed;
}

void plx_string_add(plx_string *s, const void *bytes, size_t length)
{
    if (!reserve(s, length)) return;
    if (length) memcpy(s->text + s->length, bytes, length);
    s->length += length;
    s->text[s->length] = '\0';
}

void plx_string_format(plx_string *s, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = reserve(s, 0) ? vsnprintf(s->text + s->length, s->capacity - s->length, format, arguments) : 0;
    va_end(arguments);
    if (length < 0) s->failed = true;
    if (!s->failed) {
        if ((size_t)length < s->capacity - s->length)
            s->length += (size_t)length;
        else if (reserve(s, (size_t)length))
            s->length += (size_t)vsnprintf(s->text + s->length, s->capacity - s->length, format, again);
        s->text[s->length] = '\0';
    }
    va_end(again);
}

/*
 * The code of a character that readers of JSON or YAML refuse or change if it is unescaped in quotes: control
 * characters, line separators, the byte order mark, two noncharacters. 0 bytes: the character is safe.
 */
static size_t unsafe_character(const unsigned char *at, size_t left, unsigned *code)
{
    *code = at[0];
    if (at[0] < 0x20 || at[0] == 0x7F) return 1;
    if (left >= 2 && at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0) {
        *code = at[1];
        return 2;
    }
    if (left < 3 || (at[0] & 0xF0) != 0xE0) return 0;
    *code = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    return *code == 0x2028 || *code == 0x2029 || *code == 0xFEFF || *code >= 0xFFFE ? 3 : 0;
}

void plx_string_json(plx_string *s, plx_slice value)
{
    const unsigned char *bytes = (const unsigned char *)value.text;
    size_t from = 0, i = 0; /* bytes from..i-1 are copied unchanged */
    plx_string_add(s, "\"", 1);
    while (i < value.length) {
        unsigned code;
        size_t length = unsafe_character(bytes + i, value.length - i, &code);
        if (!length && bytes[i] != '"' && bytes[i] != '\\') {
            i++;
            continue;
        }
        plx_string_add(s, value.text + from, i - from);
        if (length)
            plx_string_format(s, "\\u%04x", code);
        else
            plx_string_format(s, "\\%c", bytes[i]);
        i += length ? length : 1;
        from = i;
    }
    plx_string_add(s, value.text + from, value.length - from);
    plx_string_add(s, "\"", 1);
}

enum { LONGEST_NAME = 64 };

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance, ignoring case, row by row; swapped adjacent letters are one mistake. */
static size_t distance(plx_slice a, plx_slice b)
{
    size_t rows[3][LONGEST_NAME + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            int x = lower(a.text[i - 1]), y = lower(b.text[j - 1]);
            row[j] = least(above[j - 1] + (x != y), 1 + least(above[j], row[j - 1]));
            if (i > 1 && j > 1 && x == lower(b.text[j - 2]) && y == lower(a.text[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b.length];
}

const char *plx_nearest(plx_slice name, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t smallest = SIZE_MAX;
    if (name.length == 0 || name.length > LONGEST_NAME) return NULL;
    for (size_t i = 0; i < n; i++) {
        plx_slice candidate = plx_slice_of(names[i]);
        if (candidate.length > LONGEST_NAME) continue;
        size_t longer = name.length > candidate.length ? name.length : candidate.length;
        size_t d = distance(name, candidate);
        if (3 * d <= longer && d < smallest) {
            smallest = d;
            nearest = names[i];
        }
    }
    return nearest;
}
