/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.jsonl: one JSON object per line, one line per epoch. A line is written in one call and removed if the disk
 * was full, so that the file never ends in half a line. An existing file is replaced when the first epoch ends, not
 * before.
 */
#ifndef PLX_TRAIN_LOG_H
#define PLX_TRAIN_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"
#include "train/train.h"

typedef struct plx_train_log {
    int descriptor;   /* -1: closed */
    const char *path; /* borrowed */
    plx_string line;
    off_t length; /* of complete lines */
    bool has_lines;
} plx_train_log;

/** Opens the file for writing, creates it if missing. PLX_ERR_IO. */
plx_status plx_train_log_init(plx_train_log *log, const plx_allocator *allocator, const char *path, plx_error *err);
/** Truncates the file to `bytes`, the epochs before this run, and appends to it. PLX_ERR_IO. */
plx_status plx_train_log_resume(plx_train_log *log, int64_t bytes, plx_error *err);
/** Syncs all lines so far to the disk. PLX_ERR_IO. */
plx_status plx_train_log_sync(const plx_train_log *log, plx_error *err);
void plx_train_log_release(plx_train_log *log);
/** Adds the line of a completed epoch. PLX_ERR_IO, PLX_ERR_MEMORY: the file is unchanged. */
plx_status plx_train_log_epoch(plx_train_log *log, const plx_train_job *job, const plx_train_state *state,
                               plx_error *err);

#endif
