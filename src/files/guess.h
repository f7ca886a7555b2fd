/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses, for messages only, the format of a file that was given as CSV but is not, from its first bytes. */
#ifndef PLX_GUESS_H
#define PLX_GUESS_H

#include <stddef.h>

#include "base/text.h"

/** "is ...; REMEDY" if the first bytes are not rows of text; NULL: they may be rows. */
const char *plx_guess_other(const char *bytes, size_t n);

/**
 * Writes why a column may be missing from the raw `header`, "; ...", or nothing, to `out` [capacity]. `n_cells`: its
 * cells when split by `delimiter`.
 */
void plx_guess_header(plx_slice header, size_t n_cells, const char *delimiter, char *out, size_t capacity);

#endif
