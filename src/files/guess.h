/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that was given as CSV and is none, told by its first bytes: for messages alone. */
#ifndef PLX_GUESS_H
#define PLX_GUESS_H

#include <stddef.h>

#include "base/text.h"

/** "is ...; what to do", where the first bytes are those of no text with rows; NULL: they may be rows. */
const char *plx_guess_other(const char *bytes, size_t n);

/**
 * Why a header, as it stands in the file, may lack a column: "; ..." to `out` [room], or nothing. `n_cells` is how many
 * cells it was read as, ended by `delimiter`.
 */
void plx_guess_header(plx_slice header, size_t n_cells, const char *delimiter, char *out, size_t room);

#endif
