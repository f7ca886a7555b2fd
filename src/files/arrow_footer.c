/* SPDX-License-Identifier: Apache-2.0 */
/* A flatbuffers reader: each number is read only if it is inside the bytes, else it is 0. */
#include "files/arrow_footer.h"

#include <string.h>

/* Slots of Arrow's tables, and values of its enumerations. */
enum { MESSAGE_HEADER = 2, SCHEMA_FIELDS = 1, FIELD_NAME = 0, FIELD_TYPE_KIND = 2, FIELD_TYPE = 3, FIELD_CHILDREN = 5 };
enum { DURATION = 18, DURATION_UNIT = 0, MILLISECONDS = 1, N_UNITS = 4 };

/* -- Base64 ------------------------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Up to the first character that is not a digit. */
static size_t decode(const char *base64, uint8_t *out)
{
    uint32_t bits = 0;
    size_t n = 0;
    for (size_t i = 0; digit_of(base64[i]) >= 0; i++) {
        bits = bits << 6 | (uint32_t)digit_of(base64[i]);
        if (i % 4 > 0) out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return n;
}

bool plx_arrow_footer_init(plx_arrow_footer *footer, const plx_allocator *allocator, const char *base64)
{
    *footer = (plx_arrow_footer){0};
    if (!base64) return true;
    footer->bytes = plx_alloc(allocator, strlen(base64) + 1, 1);
    if (!footer->bytes) return false;
    footer->n = decode(base64, footer->bytes);
    return true;
}

void plx_arrow_footer_release(plx_arrow_footer *footer, const plx_allocator *allocator)
{
    plx_free(allocator, footer->bytes);
    *footer = (plx_arrow_footer){0};
}

/* -- Flatbuffers -------------------------------------------------------------------------------------------------- */

static uint32_t number_at(const plx_arrow_footer *f, size_t at, size_t bytes)
{
    uint32_t number = 0;
    if (at > f->n || bytes > f->n - at) return 0;
    memcpy(&number, f->bytes + at, bytes); /* both are little-endian */
    return number;
}

/* The target of the offset at `at`. */
static size_t follow(const plx_arrow_footer *f, size_t at)
{
    const size_t offset = at ? number_at(f, at, 4) : 0;
    return offset && offset < f->n - at ? at + offset : 0;
}

/* The place of this slot in a table; 0: none. */
static size_t slot_of(const plx_arrow_footer *f, size_t table, size_t slot)
{
    const int64_t vtable = (int64_t)table - (int32_t)number_at(f, table, 4);
    if (!table || vtable <= 0 || (uint64_t)vtable >= f->n) return 0;
    const size_t place = 4 + 2 * slot;
    if (place >= number_at(f, (size_t)vtable, 2)) return 0;
    const size_t offset = number_at(f, (size_t)vtable + place, 2);
    return offset && offset < f->n - table ? table + offset : 0;
}

/* Item `i` of a vector of tables. */
static size_t item_of(const plx_arrow_footer *f, size_t vector, int64_t i)
{
    if (!vector || i < 0 || i >= (int64_t)number_at(f, vector, 4)) return 0;
    const size_t at = vector + 4 + 4 * (size_t)i;
    return at < f->n ? follow(f, at) : 0;
}

/* -- Arrow's tables ----------------------------------------------------------------------------------------------- */

static bool is_named(const plx_arrow_footer *f, size_t field, const char *name)
{
    const size_t text = follow(f, slot_of(f, field, FIELD_NAME)), length = strlen(name);
    return text && number_at(f, text, 4) == length && text + 4 + length <= f->n &&
           memcmp(f->bytes + text + 4, name, length) == 0;
}

size_t plx_arrow_footer_column(const plx_arrow_footer *f, int64_t i, const char *name)
{
    const size_t begin = number_at(f, 0, 4) == UINT32_MAX ? 8 : 4; /* preceded by a marker and the length */
    const size_t message = begin < f->n ? follow(f, begin) : 0, schema = follow(f, slot_of(f, message, MESSAGE_HEADER));
    const size_t field = item_of(f, follow(f, slot_of(f, schema, SCHEMA_FIELDS)), i);
    return field && is_named(f, field, name) ? field : 0;
}

size_t plx_arrow_footer_child(const plx_arrow_footer *f, size_t field, int64_t i)
{
    return field ? item_of(f, follow(f, slot_of(f, field, FIELD_CHILDREN)), i) : 0;
}

char plx_arrow_footer_duration(const plx_arrow_footer *f, size_t field)
{
    const size_t kind = slot_of(f, field, FIELD_TYPE_KIND), type = follow(f, slot_of(f, field, FIELD_TYPE));
    if (!kind || number_at(f, kind, 1) != DURATION || !type) return 0;
    const size_t unit = slot_of(f, type, DURATION_UNIT);
    const uint32_t number = unit ? number_at(f, unit, 2) : MILLISECONDS;
    return "smun"[number < N_UNITS ? number : N_UNITS]; /* an unknown unit gives the string's end */
}
