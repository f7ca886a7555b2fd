/* SPDX-License-Identifier: Apache-2.0 */
/* Columns in the names of folders, as Hive, Spark and others write them: `day=2024-01-31/part-0.parquet`. */
#ifndef PLX_PARTITION_H
#define PLX_PARTITION_H

#include "base/arena.h"
#include "base/text.h"

/** Whether a folder's name is KEY=VALUE. */
bool plx_partition_is_name(const char *name);

/**
 * The next folder COLUMN=VALUE of `*path`, which moves past it: both texts are in the arena, with readable bytes after
 * them. %XX means a byte; __HIVE_DEFAULT_PARTITION__ is the empty cell. False: there is none, or the arena failed.
 */
bool plx_partition_next(plx_arena *arena, const char **path, plx_slice *column, plx_slice *value);
/** The value of `column` in the folders of `path`, the innermost if there are several; its text is NULL if no folder
 * names the column, or when out of memory. */
plx_slice plx_partition_value(plx_arena *arena, const char *path, const char *column);

#endif
