/* SPDX-License-Identifier: Apache-2.0 */
/* Finds data files in folders: by name, with or without the suffix of a compressed file, by pattern, by folder. */
#ifndef PLX_FIND_H
#define PLX_FIND_H

#include "base/arena.h"
#include "base/error.h"

/**
 * `*path`, in the arena, is the first that exists of NAME, NAME.gz, NAME.zst, and NAME without such an ending, in each
 * of `folders` in turn; with none, or for an absolute name, of NAME as it is. "-", standard input, stays.
 * PLX_ERR_IO: the message names every folder.
 */
plx_status plx_find_file(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                         const char **path, plx_error *err);

/**
 * `*paths` [*n], in the arena, are the files that `name` stands for: the one that plx_find_file finds; where that is a
 * folder, the files in it by the bytes of their paths, those of folders COLUMN=VALUE in it too, without those whose
 * names begin with a dot or an underscore or are plainly of no data (README.md, *.yaml, pictures); where
 * there is no such file and the name has *, ? or [ in it, all files that it matches as a pattern, in the first of
 * `folders` where there are any, by the bytes of their paths. PLX_ERR_IO: there are none.
 */
plx_status plx_find_files(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                          const char *const **paths, int *n, plx_error *err);

#endif
