/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of messages: the key has the field's number and the encoding of the value's length. */
#include "store/protobuf.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2, WIRE_32_BITS = 5 };

/* Seven bits per byte, the lowest first; the eighth bit is set if more follow. */
static void add_varint(plx_string *out, uint64_t value)
{
    unsigned char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (unsigned char)(value | 0x80);
    bytes[n++] = (unsigned char)value;
    plx_string_add(out, bytes, n);
}

static void add_key(plx_string *out, int field, int wire)
{
    add_varint(out, (uint64_t)field << 3 | (uint64_t)wire);
}

void plx_pb_int(plx_string *out, int field, int64_t value)
{
    add_key(out, field, WIRE_VARINT);
    add_varint(out, (uint64_t)value);
}

void plx_pb_float(plx_string *out, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const unsigned char bytes[] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                                   (unsigned char)(bits >> 24)};
    add_key(out, field, WIRE_32_BITS);
    plx_string_add(out, bytes, sizeof bytes);
}

void plx_pb_head(plx_string *out, int field, uint64_t length)
{
    add_key(out, field, WIRE_LENGTH);
    add_varint(out, length);
}

void plx_pb_bytes(plx_string *out, int field, const void *bytes, size_t length)
{
    plx_pb_head(out, field, length);
    plx_string_add(out, bytes, length);
}

void plx_pb_text(plx_string *out, int field, const char *text)
{
    if (text) plx_pb_bytes(out, field, text, strlen(text));
}
