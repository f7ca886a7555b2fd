/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in a configuration, each with its section, entry and key. */
#ifndef PLX_PROBLEM_H
#define PLX_PROBLEM_H

#include <stdbool.h>

#include "base/error.h"

/**
 * Receives one mistake. `entry`: the number of the entry in a section that is a list; -1: no entry. `key`: NULL: the
 * entry or the section as a whole. `message`: what is wrong and the remedy; it does not name the entry.
 * Texts are valid during the call.
 */
typedef void plx_problem(void *user, const char *section, int entry, const char *key, const char *message);

enum { PLX_PROBLEMS_SHOWN = 25 }; /* of one configuration */

/** The destination of all mistakes that a check finds. */
typedef struct plx_problems {
    plx_problem *report;
    void *user;
    int n; /* reported so far */
} plx_problems;

void plx_problem_add(plx_problems *problems, const char *section, int entry, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** Whether a check can stop: more mistakes than are shown. */
static inline bool plx_problems_are_many(const plx_problems *problems)
{
    return problems->n > PLX_PROBLEMS_SHOWN;
}

/** For callers that need one error: stores the first mistake in `first`, initially PLX_OK, as "SECTION.KEY:
 * MESSAGE". */
plx_problems plx_problems_first(plx_error *first);
/** The same for one mistake, with the entry's name; NULL: no entry. Later mistakes are ignored. */
void plx_problem_set_first(plx_error *first, const char *section, const char *entry, const char *key,
                           const char *message);
/** Copies the stored error, if any, to `err`, which may be NULL, and returns its code. */
plx_status plx_problem_status(const plx_error *first, plx_error *err);

#endif
