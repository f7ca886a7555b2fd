/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages of Protocol Buffers (their "Encoding" page): a sequence of fields, each a key and a value. A nested
 * message is built first and then added as bytes. When memory runs out, the string fails permanently.
 */
#ifndef PLX_PROTOBUF_H
#define PLX_PROTOBUF_H

#include <stdint.h>

#include "base/text.h"

/** int32, int64, bool and enum fields. */
void plx_pb_int(plx_string *out, int field, int64_t value);
/** float fields. */
void plx_pb_float(plx_string *out, int field, float value);
/** string and bytes fields, and messages. */
void plx_pb_bytes(plx_string *out, int field, const void *bytes, size_t length);
/** A text that ends in NUL; NULL: adds nothing. */
void plx_pb_text(plx_string *out, int field, const char *text);
/** The prefix of a field with `length` bytes that are written separately. */
void plx_pb_head(plx_string *out, int field, uint64_t length);

#endif
