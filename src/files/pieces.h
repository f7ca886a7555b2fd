/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a source of CSV into pieces that begin with a row, as far as a count of quotes can show: all bytes of the
 * source, in order. A split may be inside a quoted cell if quotes are plain text, or if a row is longer than several
 * pieces; the parser detects this, because the previous piece then ends inside a row.
 */
#ifndef PLX_PIECES_H
#define PLX_PIECES_H

#include "files/csv.h"

typedef struct plx_piece_bytes {
    char *bytes; /* [n + PLX_SCAN_BLOCK]: as plx_csv_begin_piece requires */
    size_t n, capacity;
    uint64_t line; /* line number of its first byte */
    bool at_end;   /* it is the last piece */
} plx_piece_bytes;

typedef struct plx_pieces {
    const plx_allocator *allocator; /* borrowed */
    plx_byte_source source;
    size_t piece_bytes;
    char quote, feed, escape; /* 0: none */
    uint64_t line;            /* of the next piece */
    char *rest;               /* [rest_capacity]: bytes rest_at.. have been read but are in no piece yet */
    size_t rest_at, rest_end, rest_capacity;
    bool at_end;       /* of the source */
    plx_status status; /* of the source, once at_end: pieces contain the bytes before a failure */
    plx_error error;
} plx_pieces;

/** Starts with the bytes that `csv` has not parsed yet, then reads `source`. Release it after a failure, too. */
plx_status plx_pieces_init(plx_pieces *pieces, const plx_csv *csv, plx_byte_source source, size_t piece_bytes,
                           plx_error *err);
void plx_pieces_release(plx_pieces *pieces);
/** `*more`: there is another piece. PLX_ERR_MEMORY. */
plx_status plx_pieces_next(plx_pieces *pieces, plx_piece_bytes *piece, bool *more, plx_error *err);
void plx_piece_bytes_release(plx_piece_bytes *piece, const plx_allocator *allocator);

#endif
