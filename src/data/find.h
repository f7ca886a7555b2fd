/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for a data file in folders, under its name and with or without the ending of a compressed file. */
#ifndef PLX_FIND_H
#define PLX_FIND_H

#include "base/arena.h"
#include "base/error.h"

/**
 * `*path`, in the arena, is the first that exists of NAME, NAME.gz, NAME.zst, and NAME without such an ending, in each
 * of `folders` in turn; with none, or for an absolute name, of NAME as it is. "-", the standard input, stays.
 * PLX_ERR_IO: the message names every folder.
 */
plx_status plx_find_file(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                         const char **path, plx_error *err);

#endif
