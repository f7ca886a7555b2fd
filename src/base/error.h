/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and propagating errors. The two macros are the only ones that hide control flow. */
#ifndef PLX_ERROR_H
#define PLX_ERROR_H

#include "plexus_base.h"

/** Formats `message` into `err` (may be NULL) and returns `code`. The message names the place and the remedy. */
plx_status plx_error_set(plx_error *err, plx_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/** Puts "PREFIX: " before the message that `err` (may be NULL) already holds. */
void plx_error_prefix(plx_error *err, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/** Receives warnings. */
typedef struct plx_listener {
    void (*warn)(void *user, const char *line); /* NULL: none */
    void *user;
} plx_listener;

/** One line to the listener, which may be NULL. */
void plx_warn(const plx_listener *listener, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/** The usual message for PLX_ERR_MEMORY. Here, so that a compiler and clang-tidy know that it never returns PLX_OK. */
static inline plx_status plx_error_memory(plx_error *err)
{
    plx_error_set(err, PLX_ERR_MEMORY, "out of memory; use fewer rows, a smaller model or a larger machine");
    return PLX_ERR_MEMORY;
}

/** Returns from the calling function with the status of `expression` unless it is PLX_OK. */
#define PLX_TRY(expression)                                                                                            \
    do {                                                                                                               \
        plx_status plx_try_status = (expression);                                                                      \
        if (plx_try_status != PLX_OK) return plx_try_status;                                                           \
    } while (0)

/** Formats a message and returns its code from the calling function: the constant itself, so that an analyser of one
    file knows that it is an error. */
#define PLX_FAIL(err, code, ...)                                                                                       \
    do {                                                                                                               \
        plx_error_set((err), (code), __VA_ARGS__);                                                                     \
        return (code);                                                                                                 \
    } while (0)

#endif
