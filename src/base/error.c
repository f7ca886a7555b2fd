/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages are first formatted into a separate buffer: the arguments may point into the message to replace. A message
 * that is too long is truncated between characters.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *plx_status_text(plx_status status)
{
    switch (status) {
#define STATUS_CASE(name, number, sentence)                                                                            \
    case PLX_##name:                                                                                                   \
        return sentence;
        PLX_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "an unknown status";
}

/* The length of `text` without an incomplete character at its end, which has at most three bytes. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 4) {
        unsigned char byte = (unsigned char)text[--start];
        if (byte < 0x80) return length;
        if (byte < 0xC0) continue;
        size_t bytes = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return length - start < bytes ? start : length;
    }
    return length;
}

static void store(plx_error *err, const char *text)
{
    size_t length = strlen(text);
    if (length >= sizeof err->message) length = whole_characters(text, sizeof err->message - 1);
    memcpy(err->message, text, length);
    err->message[length] = '\0';
}

plx_status plx_error_set(plx_error *err, plx_status code, const char *format, ...)
{
    if (err) {
        char text[sizeof err->message + 4];
        va_list arguments;
        va_start(arguments, format);
        if (vsnprintf(text, sizeof text, format, arguments) < 0) snprintf(text, sizeof text, "%s", format);
        va_end(arguments);
        store(err, text);
        err->code = code;
    }
    return code;
}

void plx_error_prefix(plx_error *err, const char *format, ...)
{
    if (!err) return;
    char text[2 * sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof err->message, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", err->message);
    store(err, text);
}

void plx_warn(const plx_listener *listener, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    if (!listener || !listener->warn) return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    listener->warn(listener->user, line);
}
