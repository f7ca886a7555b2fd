/* SPDX-License-Identifier: Apache-2.0 */
/* Types that every part of plexus shares: status codes, errors, memory. plexus.h includes it. */
#ifndef PLEXUS_BASE_H
#define PLEXUS_BASE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PLX_BUILDING) && defined(__GNUC__)
#define PLX_API __attribute__((visibility("default")))
#else
#define PLX_API
#endif

/** Every status: name, fixed number, sentence. */
#define PLX_STATUS_LIST(X)                                                                                             \
    X(OK, 0, "done")                                                                                                   \
    X(ERR_ARGUMENT, -1, "an argument is not valid")                                                                    \
    X(ERR_MEMORY, -2, "out of memory")                                                                                 \
    X(ERR_IO, -3, "a file could not be read or written")                                                               \
    X(ERR_FORMAT, -4, "a file's contents are not as they should be")                                                   \
    X(ERR_SCHEMA, -5, "data and model or configuration do not fit together")                                           \
    X(ERR_SHAPE, -6, "the parts of a model do not fit together")                                                       \
    X(ERR_UNSUPPORTED, -7, "this build or version cannot do that")                                                     \
    X(ERR_NUMERIC, -8, "a number is not finite")                                                                       \
    X(ERR_CANCELLED, -9, "cancelled by the caller")

typedef enum plx_status {
#define PLX_STATUS_ENUM(name, number, sentence) PLX_##name = (number),
    PLX_STATUS_LIST(PLX_STATUS_ENUM)
#undef PLX_STATUS_ENUM
} plx_status;

/** Receives the reason of a failure: place and remedy. Owned by the caller; optional in every call (NULL is valid). */
typedef struct plx_error {
    plx_status code;
    char message[2048]; /* UTF-8, ended by NUL; several lines if there are several independent mistakes */
} plx_error;

/**
 * The source of memory. `resize(user, NULL, n)` allocates n bytes aligned for any type, `resize(user, p, n)`
 * reallocates and `resize(user, p, 0)` frees; NULL on failure, then `p` stays valid. Called from several threads.
 */
typedef struct plx_allocator {
    void *(*resize)(void *user, void *memory, size_t bytes);
    void *user;
} plx_allocator;

/** What a task predicts: a probability, a number, or a probability of each of several classes. */
typedef enum plx_task_kind { PLX_TASK_BINARY, PLX_TASK_REGRESSION, PLX_TASK_MULTICLASS } plx_task_kind;

/** The sentence of a status; never NULL. */
PLX_API const char *plx_status_text(plx_status status);

#ifdef __cplusplus
}
#endif
#endif
