/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells from a stream of bytes: delimiter, quotes as in RFC 4180 (delimiters and line ends inside, quotes doubled),
 * comment lines, trimmed blanks, LF, CRLF or CR, a last line without an end. Empty lines, a UTF-8 byte order mark and
 * Excel's line `sep=;` are skipped. A quote inside a cell that does not start with one is an ordinary character.
 */
#ifndef PLX_CSV_H
#define PLX_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

enum { PLX_CSV_MAX_CELL = 1 << 20, PLX_CSV_MAX_ROW = 1 << 24, PLX_CSV_MAX_CELLS = 1 << 16, PLX_CSV_MAX_DELIMITER = 8 };

/** Advice in messages about a probably unclosed quote. */
#define PLX_PLAIN_QUOTES "if quotes are plain text, set data.quote: ''"

/** A source of bytes. `read` writes at most `capacity` > 0 bytes to `out`; `*got` 0: the end. */
typedef struct plx_byte_source {
    plx_status (*read)(void *user, char *out, size_t capacity, size_t *got, plx_error *err);
    void *user;
} plx_byte_source;

typedef struct plx_csv_options {
    char delimiter;
    char quote; /* if has_quote */
    bool has_quote;
    bool trim;
    bool trims_quoted;          /* also trims quoted cells */
    const char *comment;        /* borrowed; "" for none */
    const char *long_delimiter; /* borrowed; several bytes, instead of `delimiter`; NULL: none */
    char escape;                /* the next byte is taken literally; 0: none */
} plx_csv_options;

typedef struct plx_csv_cell {
    const char *text; /* borrowed until the next row; 7 bytes after its end may be read */
    uint32_t length;
    uint32_t start; /* offset in the row of its first significant byte (the opening quote, if any) */
} plx_csv_cell;

typedef struct plx_csv {
    plx_csv_cell *cells; /* [n_cells]: the row */
    size_t n_cells;
    uint64_t line; /* the row's first line, from 1 */

    /* Private. */
    const plx_allocator *allocator;
    plx_byte_source source;
    plx_csv_options options;
    char feed;        /* the byte that ends lines: LF, also after a CR, or CR alone */
    const char *name; /* of the file, for messages; borrowed */
    char *buffer;     /* [capacity + one block of the scanner] */
    size_t capacity;
    size_t row, next, end; /* in buffer: start of the row, start of the next one, end of the bytes */
    bool has_begun;        /* the first bytes have been examined */
    bool at_end;           /* the source is at its end */
    size_t cells_capacity;
    char *unquoted; /* texts of the row's cells with doubled quotes */
    size_t unquoted_capacity;
    uint64_t next_line;
} plx_csv;

/** `name`: the file name in messages. Release it after a failure, too. */
plx_status plx_csv_init(plx_csv *csv, const plx_allocator *allocator, const plx_csv_options *options,
                        plx_byte_source source, const char *name, plx_error *err);
void plx_csv_release(plx_csv *csv);

/** For reading rows piece by piece, with the options and the line ends of `csv`. */
void plx_csv_init_pieces(plx_csv *piece, const plx_csv *csv);
/** The next piece: its bytes, borrowed, with PLX_SCAN_BLOCK line ends after them; it starts with a row, in line `line`.
 * `at_end`: it is the last piece. */
void plx_csv_begin_piece(plx_csv *piece, char *bytes, size_t n, uint64_t line, bool at_end);
/** Continues with another source, in line `line`; drops bytes that were read but not parsed. */
void plx_csv_go_on(plx_csv *csv, plx_byte_source source, uint64_t line);
/** Whether all bytes read have been parsed. */
static inline bool plx_csv_is_empty(const plx_csv *csv)
{
    return csv->next == csv->end;
}

/** The next row into `cells`; `*more` is false at the end of the source or piece. If the last row of a piece
 * continues after it, plx_csv_is_empty is then false. */
plx_status plx_csv_next(plx_csv *csv, bool *more, plx_error *err);

/** After PLX_ERR_FORMAT: continues after the line in which the invalid row starts. Fails if a piece does not contain
 * the end of that line. */
plx_status plx_csv_skip_line(plx_csv *csv, plx_error *err);

/** The raw row, without its line end; borrowed until the next one. */
plx_slice plx_csv_row(const plx_csv *csv);

/** Puts "FILE:LINE:COLUMN: " of the row's cell `cell` before the message in `err`. COLUMN counts bytes from 1. */
void plx_csv_place(const plx_csv *csv, size_t cell, plx_error *err);

#endif
