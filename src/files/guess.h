/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that was given as CSV but is not, guessed from its first bytes: only for messages. */
#ifndef PLX_GUESS_H
#define PLX_GUESS_H

#include <stddef.h>

#include "base/text.h"

/** "is ...; what to do" if the first bytes are not those of a text with rows; NULL: they may be rows. */
const char *plx_guess_other(const char *bytes, size_t n);

/**
 * Why a column may be missing from a header, as it is in the file: "; ..." to `out` [room], or nothing. `n_cells` is
 * how many cells it was read as, ended by `delimiter`.
 */
void plx_guess_header(plx_slice header, size_t n_cells, const char *delimiter, char *out, size_t room);

#endif
