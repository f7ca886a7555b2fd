/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of TensorBoard's event files for numbers over time. A file is a sequence of records:
 *
 *   u64 length | u32 mask(CRC-32C of these 8 bytes) | length bytes | u32 mask(CRC-32C of the bytes)
 *
 * little-endian, with mask(c) = (c rotated right by 15) + 0xa282ead8. The bytes are an Event of TensorFlow in the wire
 * format of Protocol Buffers: 1 wall_time double, 2 step int64, 3 file_version text (only in the first record),
 * 5 summary, which has a 1 value for each number: 1 tag text, 2 simple_value float.
 *
 * A record is written by one call, and the file is truncated if the disk is full, so a file always ends with a complete
 * record.
 */
#ifndef PLX_EVENT_FILE_H
#define PLX_EVENT_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

typedef struct plx_event_file {
    plx_string path, summary, record;
    int descriptor; /* -1: closed */
    off_t length;   /* of complete records */
    bool has_events;
    pid_t process; /* the creator: a forked child does not touch the file */
} plx_event_file;

/** Creates `folder`, its parents, and a new file with a name that TensorBoard recognises. Release it after a failure,
 * too. PLX_ERR_IO, PLX_ERR_MEMORY. */
plx_status plx_event_file_init(plx_event_file *file, const plx_allocator *allocator, const char *folder,
                               plx_error *err);
/** Closes the file, and removes it if it has no event. */
void plx_event_file_release(plx_event_file *file);

/** Adds a number to the next event; skips one that is not finite. */
void plx_event_file_add(plx_event_file *file, const char *tag, double value);
/** Writes the event with all numbers added since the last one. PLX_ERR_IO, PLX_ERR_MEMORY: the file is unchanged. */
plx_status plx_event_file_write(plx_event_file *file, double wall_time, int64_t step, plx_error *err);

#endif
