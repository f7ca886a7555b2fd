/* SPDX-License-Identifier: Apache-2.0 */
/* If several folders name a column, the innermost one is used. */
#include "files/partition.h"

#include <string.h>

enum { AHEAD = 8 };

bool plx_partition_is_name(const char *name)
{
    return strchr(name, '=') > name;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)((found - digits) & 15) : -1;
}

/* `text` with %XX decoded, to `out` [text.length + AHEAD]. */
static plx_slice decode(plx_slice text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++) {
        const bool may_be = text.text[i] == '%' && i + 2 < text.length;
        const int high = may_be ? digit_of(text.text[i + 1]) : -1, low = high >= 0 ? digit_of(text.text[i + 2]) : -1;
        const int byte = low >= 0 ? high << 4 | low : 0; /* no text has the byte 0 */
        out[n++] = (char)(byte ? byte : text.text[i]);
        if (byte) i += 2;
    }
    memset(out + n, 0, AHEAD);
    return (plx_slice){out, n};
}

bool plx_partition_next(plx_arena *arena, const char **path, plx_slice *column, plx_slice *value)
{
    static const plx_slice missing = {"__HIVE_DEFAULT_PARTITION__", 26};
    const char *at = *path, *end;
    for (; (end = strchr(at, '/')); at = end + 1) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (!equals || equals == at) continue;
        char *texts = plx_arena_take(arena, (size_t)(end - at) + AHEAD + AHEAD, 1);
        if (!texts) return false;
        *column = decode((plx_slice){at, (size_t)(equals - at)}, texts);
        *value = decode((plx_slice){equals + 1, (size_t)(end - equals - 1)}, texts + column->length + AHEAD);
        if (plx_slice_equal(*value, missing)) value->length = 0;
        *path = end + 1;
        return true;
    }
    return false;
}

plx_slice plx_partition_value(plx_arena *arena, const char *path, const char *column)
{
    const plx_slice wanted = plx_slice_of(column);
    plx_slice found = {0}, name, value;
    while (plx_partition_next(arena, &path, &name, &value))
        if (plx_slice_equal(name, wanted)) found = value;
    return found;
}
