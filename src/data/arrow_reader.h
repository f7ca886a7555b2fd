/* SPDX-License-Identifier: Apache-2.0 */
/* Internals of plx_arrow_reader: arrow_read.c reads rows in order, arrow_pieces.c by several threads. */
#ifndef PLX_ARROW_READER_H
#define PLX_ARROW_READER_H

#include "data/arrow_read.h"
#include "files/arrow_column.h"

/** How one column is read. */
typedef struct plx_arrow_source {
    plx_slice separator; /* between the items of a list in a cell; empty: no feature reads lists here */
    bool is_weights;     /* the only reader takes weights */
    plx_arrow_column column;
    bool has_warned; /* the warning about ids that a float cannot hold was given */
} plx_arrow_source;

typedef struct plx_arrow_pieces plx_arrow_pieces;

struct plx_arrow_reader {
    plx_filling to;
    const char *name;
    struct ArrowArrayStream *stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t row;               /* rows before the batch */
    int64_t next;              /* next row of the batch */
    plx_arrow_source *sources; /* [n_inputs], then the columns of to.kept */
    int n_sources;             /* plx_filling_n_places */
    int *places;               /* [n_sources]: columns of a batch */
    plx_string buffer;         /* for texts at the end of their buffer, and lists */
    plx_parallel parallel;     /* threads that read: plx_arrow_reader_share */
    int64_t piece_rows;
    plx_arrow_pieces *pieces; /* NULL: one thread reads so far */
};

/** Reports the code of a function of the stream. */
plx_status plx_arrow_fail_stream(const plx_arrow_reader *reader, int code, plx_error *err);
/** Checks reader->batch, and finds its columns. */
plx_status plx_arrow_begin_batch(plx_arrow_reader *reader, plx_error *err);
/** Adds row `row` of the batch. */
plx_status plx_arrow_add_row(plx_arrow_reader *reader, int64_t row, plx_error *err);

/** Takes over the reader's batch, from its next row on, and the stream. */
plx_status plx_arrow_pieces_create(plx_arrow_reader *reader, plx_arrow_pieces **out, plx_error *err);
/** Adds at most `most` rows to the reader's columns, or takes a piece; `*more` is false at the end. */
plx_status plx_arrow_pieces_rows(plx_arrow_pieces *pieces, size_t most, bool *more, plx_error *err);
void plx_arrow_pieces_free(plx_arrow_pieces *pieces);

#endif
