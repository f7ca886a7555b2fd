/* SPDX-License-Identifier: Apache-2.0 */
/* Columns in the names of folders, as Hive, Spark and others write them: `day=2024-01-31/part-0.parquet`. */
#ifndef PLX_PARTITION_H
#define PLX_PARTITION_H

#include "base/arena.h"
#include "base/text.h"

/** Whether a folder's name is KEY=VALUE. */
bool plx_partition_is_name(const char *name);

/**
 * The value of `column` in the folders of `path`, in the arena, with readable bytes after it; its text is NULL if no
 * folder names the column, or when out of memory. %XX means a byte; __HIVE_DEFAULT_PARTITION__ is the empty cell.
 */
plx_slice plx_partition_value(plx_arena *arena, const char *path, const char *column);

#endif
