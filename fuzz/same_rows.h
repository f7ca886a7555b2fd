/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that were read in two ways must be equal: the same status, message and records. */
#ifndef SAME_ROWS_H
#define SAME_ROWS_H

#include <stdlib.h>
#include <string.h>

#include "data/encoders.h"

/* The encoders that read the rows, or failed to. */
typedef struct reading {
    plx_encoders *encoders;
    plx_rows rows;
    plx_error error;
    plx_status status;
} reading;

static inline void reading_init(reading *r, const plx_allocator *allocator, const plx_table_spec *spec)
{
    *r = (reading){.error = {.message = ""}};
    if (plx_encoders_create(allocator, spec, &r->encoders, NULL)) abort();
}

/* Compares both, and frees them. */
static inline void end_same_rows(reading *a, reading *b, const plx_allocator *allocator)
{
    if (a->status != b->status || strcmp(a->error.message, b->error.message) != 0 || a->rows.n != b->rows.n) abort();
    if (a->rows.n && memcmp(a->rows.records, b->rows.records, a->rows.n * a->rows.layout->record_bytes) != 0) abort();
    plx_rows_release(&a->rows, allocator);
    plx_rows_release(&b->rows, allocator);
    plx_encoders_release(a->encoders);
    plx_encoders_release(b->encoders);
}

#endif
