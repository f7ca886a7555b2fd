/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of CSV cut into pieces that begin where rows begin, as far as a count of quotes can tell: all bytes of the
 * source, in their order. A cut may fall into a quoted cell where quotes are text, or a row is longer than several
 * pieces; who parses a piece finds out, since then the row under way has not ended with the piece before.
 */
#ifndef PLX_PIECES_H
#define PLX_PIECES_H

#include "files/csv.h"

typedef struct plx_piece_bytes {
    char *bytes; /* [n + PLX_SCAN_BLOCK]: as plx_csv_begin_piece wants them */
    size_t n, capacity;
    uint64_t line; /* of its first byte */
    bool at_end;   /* the source has no more */
} plx_piece_bytes;

typedef struct plx_pieces {
    const plx_allocator *allocator; /* borrowed */
    plx_byte_source source;
    size_t piece_bytes;
    char quote, feed, escape; /* 0: none */
    uint64_t line;            /* of the next piece */
    char *rest;               /* [rest_capacity]: what is read and lies in no piece are its bytes rest_at.. */
    size_t rest_at, rest_end, rest_capacity;
    bool at_end;       /* of the source */
    plx_status status; /* of the source, once at_end: pieces hold what came before a failure */
    plx_error error;
} plx_pieces;

/** Continues with what `csv` has not parsed yet, then with `source`. Must be released after a failure, too. */
plx_status plx_pieces_init(plx_pieces *pieces, const plx_csv *csv, plx_byte_source source, size_t piece_bytes,
                           plx_error *err);
void plx_pieces_release(plx_pieces *pieces);
/** `*more`: there is another piece. PLX_ERR_MEMORY. */
plx_status plx_pieces_next(plx_pieces *pieces, plx_piece_bytes *piece, bool *more, plx_error *err);
void plx_piece_bytes_release(plx_piece_bytes *piece, const plx_allocator *allocator);

#endif
