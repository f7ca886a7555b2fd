/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.jsonl: one JSON object a line, one line an epoch. A line is written by one call and taken back where it did
 * not fit on the disk, so that the file never ends in half a line. A file that is there is replaced when the first
 * epoch ends, not before.
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
    off_t length; /* of the whole lines */
    bool has_lines;
} plx_train_log;

/** Opens the file for writing, and makes it where there is none. PLX_ERR_IO. */
plx_status plx_train_log_init(plx_train_log *log, const plx_allocator *allocator, const char *path, plx_error *err);
/** Keeps the file's first `bytes`, lines of epochs that ended before this run, and adds to them. PLX_ERR_IO. */
plx_status plx_train_log_resume(plx_train_log *log, int64_t bytes, plx_error *err);
/** All lines so far are on the disk. PLX_ERR_IO. */
plx_status plx_train_log_sync(const plx_train_log *log, plx_error *err);
void plx_train_log_release(plx_train_log *log);
/** Adds the line of an epoch that ended. PLX_ERR_IO, PLX_ERR_MEMORY: the file is as before. */
plx_status plx_train_log_epoch(plx_train_log *log, const plx_train_job *job, const plx_train_state *state,
                               plx_error *err);

#endif
