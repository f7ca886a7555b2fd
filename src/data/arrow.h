/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in memory as the Arrow C data interface hands them over: batches of columns, read where they lie.
 */
#ifndef PLX_ARROW_H
#define PLX_ARROW_H

#include <stdint.h>

#include "data/arrow_value.h"
#include "data/filling.h"
#include "plexus_arrow.h"

typedef struct plx_arrow_column {
    plx_arrow_values own;
    bool is_list;            /* `own` are ranges of `cells` */
    plx_arrow_values cells;  /* what rows hold, or items of lists */
    bool is_dictionary;      /* `cells` are places in `values` */
    plx_arrow_values values; /* else the same as `cells` */
} plx_arrow_column;

/** PLX_ERR_SCHEMA where no feature can read such a column: the message says what to do, not which column. `is_rule_0`:
 * texts of numbers are as model files without a rule have them. */
plx_status plx_arrow_column_init(plx_arrow_column *column, const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, bool is_rule_0, plx_error *err);

/** The value in `row` of 0..n-1 of a column without lists; the text of a number goes to `room` [PLX_ARROW_ROOM], NULL:
 * it is not wanted. PLX_ERR_FORMAT: the array says what cannot be. */
plx_status plx_arrow_value_at(const plx_arrow_column *column, int64_t row, char *room, plx_arrow_value *out,
                              plx_error *err);

/** The items of a list in `row`: `*n` of them from number `*first` on; a null has none. */
void plx_arrow_list_at(const plx_arrow_column *column, int64_t row, int64_t *first, int64_t *n);
/** Item number `at` of all lists' items; `room` and errors as above. */
plx_status plx_arrow_item_at(const plx_arrow_column *column, int64_t at, char *room, plx_arrow_value *out,
                             plx_error *err);

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
 * Texts mean what they would mean in a file; what else a value is as a category, base/value_text.h says. Where a number
 * is read, booleans are 1 and 0, dates days, timestamps seconds since 1970-01-01 UTC. A null, and a float that is no
 * number, is the empty cell, as are all cells of a row that is null as a whole. A list is its items with the reading
 * feature's separator between them.
 */
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
