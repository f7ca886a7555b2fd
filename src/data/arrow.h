/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in memory as the Arrow C data interface hands them over: batches of columns, read where they lie.
 */
#ifndef PLX_ARROW_H
#define PLX_ARROW_H

#include <stdint.h>

#include "data/filling.h"
#include "plexus_arrow.h"

/** What a column's numbers or texts are made of. */
typedef enum plx_arrow_kind {
    PLX_ARROW_NULL,
    PLX_ARROW_BOOL,
    PLX_ARROW_INT,
    PLX_ARROW_UINT,
    PLX_ARROW_HALF,
    PLX_ARROW_FLOAT,
    PLX_ARROW_DOUBLE,
    PLX_ARROW_TEXT,
    PLX_ARROW_LARGE_TEXT,
    PLX_ARROW_TEXT_VIEW,
    PLX_ARROW_FIXED_TEXT,
    PLX_ARROW_LIST,
    PLX_ARROW_LARGE_LIST,
    PLX_ARROW_FIXED_LIST, /* of item_bytes items each */
    PLX_ARROW_OTHER       /* dates, structs and so on, which no feature reads */
} plx_arrow_kind;

/** Values of one batch: borrowed, and as the producer says; what its buffers point to cannot be checked. */
typedef struct plx_arrow_values {
    plx_arrow_kind kind;
    int64_t item_bytes; /* of numbers, offsets, views, fixed texts */
    int64_t first, n;   /* items first..first+n-1 of the buffers are these */
    const uint8_t *valid;
    const void *items;
    const char *bytes;         /* of texts with offsets */
    const void *const *blocks; /* of views */
} plx_arrow_values;

typedef struct plx_arrow_column {
    plx_arrow_values own;
    bool is_dictionary; /* `own` are places in `values` */
    bool is_list;       /* `own` are ranges of `values` */
    plx_arrow_values values;
} plx_arrow_column;

typedef struct plx_arrow_value {
    bool is_missing, is_number;
    double number;
    plx_slice text;    /* of a number: its shortest decimal, where that was wanted */
    const char *limit; /* of texts: behind the last byte that may be read */
} plx_arrow_value;

/** PLX_ERR_SCHEMA where no feature can read such a column: the message says what to do, not which column. */
plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, plx_error *err);
/** The value in `row` of 0..n-1; a number's text goes to `room` [32], NULL: it is not wanted. PLX_ERR_FORMAT: a
 * dictionary does not have the place. */
plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *room, plx_arrow_value *out,
                              plx_error *err);

/** The items of a list in `row`: `*n` of them from number `*first` on; a null has none. */
void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n);
/** Item number `at` of all lists' items; `room` as above. */
plx_arrow_value plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *room);

/** Rows of a stream, some at a time. */
typedef struct plx_arrow_reader plx_arrow_reader;

/** What `to` points to, `stream` and `name` are borrowed until plx_arrow_reader_close; the stream is not released. */
plx_status plx_arrow_reader_open(const plx_filling *to, struct ArrowArrayStream *stream, const char *name,
                                 plx_arrow_reader **out, plx_error *err);
/** Adds at most `most` rows to the columns; `*more` is false once all have come. */
plx_status plx_arrow_reader_rows(plx_arrow_reader *reader, size_t most, bool *more, plx_error *err);
/** NULL is fine. */
void plx_arrow_reader_close(plx_arrow_reader *reader);

/**
 * Adds all rows of a stream of record batches to raw columns; `name` stands for it in messages. The stream is read to
 * its end and not released.
 *
 * Texts mean what they would mean in a file without quotes; integers, floats and booleans (1 and 0) are numbers, and
 * where a feature reads categories their shortest decimal; a null, and a float that is no number, is the empty cell. A
 * list is its items with the reading feature's separator between them.
 */
plx_status plx_arrow_read(const plx_filling *to, struct ArrowArrayStream *stream, const char *name, plx_error *err);

#endif
