/* SPDX-License-Identifier: Apache-2.0 */
/* Finds data files in folders: by name, with or without the suffix of a compressed file, by pattern, by folder. */
#ifndef PLX_FIND_H
#define PLX_FIND_H

#include "base/arena.h"
#include "base/error.h"

/**
 * `*path`, in the arena: the first existing file of NAME, NAME.gz, NAME.zst, and NAME without .gz or .zst, in each of
 * `folders` in turn; without folders, or for an absolute name, NAME is a path. "-", standard input, is unchanged.
 * PLX_ERR_IO: no such file; the message names every folder.
 */
plx_status plx_find_file(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                         const char **path, plx_error *err);

/**
 * `*paths` [*n], in the arena: the files that `name` means, sorted by the bytes of their paths.
 * - If plx_find_file finds a file: this file.
 * - If it finds a folder: the files in it and in its folders COLUMN=VALUE, except names that begin with a dot or an
 *   underscore and names that are clearly not data (README.md, *.yaml, pictures).
 * - Else, if the name contains *, ? or [: all matches of this pattern in the first of `folders` that has any.
 * PLX_ERR_IO: no files.
 */
plx_status plx_find_files(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                          const char *const **paths, int *n, plx_error *err);

#endif
