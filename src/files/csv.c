/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokenizer. A row is parsed in place in the buffer. If the buffer ends before the row, the row is moved to the
 * front, more bytes are read after it, and it is parsed again: once in some thousands of rows, so that no state must be
 * kept in the middle of a cell. A line feed follows the last byte, so that no loop needs to check for the end of the
 * buffer.
 */
#include "files/csv.h"

#include <string.h>
#include <strings.h>

#include "files/csv_special.h"
#include "files/guess.h"
#include "files/scan.h"

enum { FIRST_CAPACITY = 1 << 18, FIRST_CELLS = 64 };

/* Properties of a row, found in parsing. */
typedef struct row_facts {
    bool cut;     /* the buffer ends before the row does */
    bool quoted;  /* a cell is quoted */
    bool doubled; /* with quotes inside */
} row_facts;

/* The scanner's state: the current block and its cell ends that are still to come. */
typedef struct scan {
    const char *block;
    uint64_t mask;
    char delimiter, feed;
} scan;

static void scan_from(scan *s, const char *at)
{
    s->block = at;
    s->mask = plx_scan_mask(at, s->delimiter, s->feed);
}

/* The next end of a cell; there always is one, the line feed after the last byte. */
static const char *scan_next(scan *s)
{
    while (!s->mask) {
        s->block += PLX_SCAN_BLOCK;
        s->mask = plx_scan_mask(s->block, s->delimiter, s->feed);
    }
    const char *found = s->block + __builtin_ctzll(s->mask);
    s->mask &= s->mask - 1;
    return found;
}

static bool is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

/* Puts the place of the byte at `offset` in the row before the message in `err`. */
static void add_place(const plx_csv *csv, size_t offset, plx_error *err)
{
    uint64_t line = csv->line;
    const char *begin = csv->buffer + csv->row, *at = begin + offset;
    for (const char *feed; (feed = memchr(begin, csv->feed, (size_t)(at - begin)));) {
        begin = feed + 1;
        line++;
    }
    plx_error_prefix(err, "%s:%llu:%llu", csv->name, (unsigned long long)line, (unsigned long long)(at - begin) + 1);
}

plx_status plx_csv_fail(const plx_csv *csv, size_t offset, plx_error *err, const char *message)
{
    plx_error_set(err, PLX_ERR_FORMAT, "%s", message);
    add_place(csv, offset, err);
    return PLX_ERR_FORMAT;
}

plx_status plx_csv_init(plx_csv *csv, const plx_allocator *allocator, const plx_csv_options *options,
                        plx_byte_source source, const char *name, plx_error *err)
{
    *csv = (plx_csv){
        .allocator = allocator, .source = source, .options = *options, .name = name, .feed = '\n', .next_line = 1};
    csv->buffer = plx_alloc(allocator, FIRST_CAPACITY + PLX_SCAN_BLOCK, 1);
    csv->cells = plx_alloc(allocator, FIRST_CELLS, sizeof *csv->cells);
    if (!csv->buffer || !csv->cells) return plx_error_memory(err);
    csv->capacity = FIRST_CAPACITY;
    csv->cells_capacity = FIRST_CELLS;
    return PLX_OK;
}

void plx_csv_init_pieces(plx_csv *piece, const plx_csv *csv)
{
    *piece = (plx_csv){
        .allocator = csv->allocator, .options = csv->options, .name = csv->name, .feed = csv->feed, .has_begun = true};
}

void plx_csv_begin_piece(plx_csv *piece, char *bytes, size_t n, uint64_t line, bool at_end)
{
    piece->buffer = bytes;
    piece->row = piece->next = 0;
    piece->end = n;
    piece->next_line = line;
    piece->at_end = at_end;
}

void plx_csv_go_on(plx_csv *csv, plx_byte_source source, uint64_t line)
{
    csv->source = source;
    csv->row = csv->next = csv->end = 0;
    csv->next_line = line;
    csv->at_end = false;
}

/* The buffer belongs to the tokenizer only if it has a source. */
static bool has_source(const plx_csv *csv)
{
    return csv->source.read != NULL;
}

void plx_csv_release(plx_csv *csv)
{
    if (!csv->allocator) return;
    if (has_source(csv)) plx_free(csv->allocator, csv->buffer);
    plx_free(csv->allocator, csv->cells);
    plx_free(csv->allocator, csv->unquoted);
    *csv = (plx_csv){0};
}

plx_slice plx_csv_row(const plx_csv *csv)
{
    const char *begin = csv->buffer + csv->row, *end = csv->buffer + csv->next;
    while (end > begin && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    return (plx_slice){begin, (size_t)(end - begin)};
}

void plx_csv_place(const plx_csv *csv, size_t cell, plx_error *err)
{
    add_place(csv, csv->cells[cell].start, err);
}

/* Moves the current row to the front, doubles the buffer if that row fills it, and reads: at first until it is full,
 * later as many bytes as the row has, so that a long row is not parsed again for every few bytes. */
static plx_status fill(plx_csv *csv, plx_error *err)
{
    size_t kept = csv->end - csv->row;
    memmove(csv->buffer, csv->buffer + csv->row, kept);
    csv->row = 0;
    csv->next = 0;
    csv->end = kept;
    if (kept == csv->capacity) {
        if (csv->capacity >= PLX_CSV_MAX_ROW) {
            const char *hint = csv->options.has_quote ? "; is a quote left open? " PLX_PLAIN_QUOTES : "";
            PLX_FAIL(err, PLX_ERR_FORMAT, "%s:%llu:1: a row of more than %d MiB%s", csv->name,
                     (unsigned long long)csv->line, PLX_CSV_MAX_ROW >> 20, hint);
        }
        char *larger = plx_realloc(csv->allocator, csv->buffer, 2 * csv->capacity + PLX_SCAN_BLOCK, 1);
        if (!larger) return plx_error_memory(err);
        csv->buffer = larger;
        csv->capacity *= 2;
    }
    do {
        size_t got = 0;
        PLX_TRY(csv->source.read(csv->source.user, csv->buffer + csv->end, csv->capacity - csv->end, &got, err));
        csv->end += got;
        csv->at_end = got == 0;
    } while (csv->end < csv->capacity && !csv->at_end && (!csv->has_begun || csv->end < 2 * kept));
    memset(csv->buffer + csv->end, csv->feed, PLX_SCAN_BLOCK);
    return PLX_OK;
}

/*
 * The line end: CR if there is one outside quotes and the buffer has neither LF nor CR LF outside quotes, as old Mac
 * programs write it.
 */
static char find_feed(const plx_csv *csv)
{
    const plx_csv_options *o = &csv->options;
    const char *begin = csv->buffer + csv->next, *limit = csv->buffer + csv->end;
    bool is_quoted = false, has_cr = false, is_start = true;
    for (const char *at = begin; at < limit; at++) {
        if (o->has_quote && *at == o->quote && (is_quoted || is_start)) is_quoted = !is_quoted;
        if (!is_quoted && *at == '\n') return '\n';
        has_cr |= !is_quoted && *at == '\r' && (at + 1 < limit || csv->at_end);
        is_start = *at == o->delimiter || *at == '\r' || is_blank(*at, o->delimiter);
    }
    return has_cr ? '\r' : '\n';
}

/* Excel's first line `sep=;` sets the delimiter. */
static plx_status skip_separator_line(plx_csv *csv, plx_error *err)
{
    const plx_csv_options *o = &csv->options;
    const char *begin = csv->buffer + csv->next, *at = begin, *limit = csv->buffer + csv->end;
    const bool is_quoted = o->has_quote && *at == o->quote;
    at += is_quoted;
    if (!o->delimiter || o->long_delimiter || limit - at < 5 || strncasecmp(at, "sep=", 4) != 0) return PLX_OK;
    const char separator = at[4];
    at += 5;
    at += is_quoted && *at == o->quote;
    at += *at == '\r' && csv->feed == '\n';
    if (*at != csv->feed || (*o->comment && strncmp(begin, o->comment, strlen(o->comment)) == 0)) return PLX_OK;
    const char shown[] = {'\'', separator, '\'', '\0'};
    if (separator != o->delimiter)
        PLX_FAIL(err, PLX_ERR_FORMAT, "%s:1: the line says that the delimiter is %s; set data.delimiter to it",
                 csv->name, separator == '\t' ? "tab" : shown);
    csv->next = at < limit ? (size_t)(at + 1 - csv->buffer) : csv->end;
    csv->next_line++;
    return PLX_OK;
}

/* The first bytes of the file are in the buffer. */
static plx_status look_at_begin(plx_csv *csv, plx_error *err)
{
    const char *other = plx_guess_other(csv->buffer, csv->end);
    if (other) PLX_FAIL(err, PLX_ERR_FORMAT, "%s: %s", csv->name, other);
    if (csv->end >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0) csv->next = 3;
    csv->feed = find_feed(csv);
    memset(csv->buffer + csv->end, csv->feed, PLX_SCAN_BLOCK);
    return skip_separator_line(csv, err);
}

/* Skips empty lines and comments, up to a row at `next`. False if the buffer ends before that is known. */
static bool skip_lines(plx_csv *csv)
{
    const char *limit = csv->buffer + csv->end, *comment = csv->options.comment;
    size_t comment_length = strlen(comment);
    while (csv->next < csv->end) {
        const char *at = csv->buffer + csv->next, *stop = at;
        bool is_comment =
            comment_length && comment_length <= (size_t)(limit - at) && memcmp(at, comment, comment_length) == 0;
        if (is_comment) {
            stop = memchr(at, csv->feed, (size_t)(limit - at) + 1);
        } else {
            while (csv->options.trim && is_blank(*stop, csv->options.delimiter))
                stop++;
            if (*stop == '\r' && stop[1] == csv->feed) stop++;
        }
        if (stop >= limit && !csv->at_end) return false;
        if (*stop != csv->feed) return csv->at_end || comment_length <= (size_t)(limit - at);
        csv->next_line++;
        csv->next = stop < limit ? (size_t)(stop + 1 - csv->buffer) : csv->end;
    }
    return csv->at_end;
}

plx_status plx_csv_reserve_cell(plx_csv *csv, size_t offset, plx_error *err)
{
    if (csv->n_cells >= PLX_CSV_MAX_CELLS) return plx_csv_fail(csv, offset, err, "a row of more than 65536 cells");
    if (plx_grow(csv->allocator, &csv->cells, &csv->cells_capacity, csv->n_cells + 1, sizeof *csv->cells))
        return plx_error_memory(err);
    return PLX_OK;
}

/*
 * A quoted cell at `*at`: stores its text, quotes still doubled, in `cell`, and advances `*at` to the byte that ends
 * it, a delimiter or line feed.
 */
static plx_status quoted_cell(const plx_csv *csv, const char **at, plx_csv_cell *cell, row_facts *found, plx_error *err)
{
    const plx_csv_options *options = &csv->options;
    const char *limit = csv->buffer + csv->end, *open = *at, *close = open + 1;
    found->quoted = true;
    for (;; close += 2) {
        close = close < limit ? memchr(close, options->quote, (size_t)(limit - close)) : NULL;
        if (!csv->at_end) /* the second half of a doubled quote may follow */
            found->cut = !close || close + 1 == limit;
        else if (!close)
            return plx_csv_fail(csv, cell->start, err,
                                "the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
        if (found->cut) return PLX_OK;
        if (close + 1 == limit || close[1] != options->quote) break;
        found->doubled = true;
    }
    const char *after = close + 1;
    while (options->trim && is_blank(*after, options->delimiter))
        after++;
    if (*after == '\r' && after[1] == '\n' && csv->feed == '\n') after++;
    const bool ends = *after == options->delimiter || *after == csv->feed;
    if (!ends && memchr(open, csv->feed, (size_t)(close - open)))
        return plx_csv_fail(csv, cell->start, err,
                            "the quote that starts this cell ends on a later line, with text after it: is it left "
                            "open? " PLX_PLAIN_QUOTES);
    if (!ends)
        return plx_csv_fail(csv, (size_t)(after - (csv->buffer + csv->row)), err,
                            "text after the closing quote; a quote inside a quoted cell must be doubled");
    cell->text = open + 1;
    cell->length = (uint32_t)(close - open - 1);
    *at = after;
    return PLX_OK;
}

/* The unquoted cell from `at` to its end `stop`. */
static void plain_cell(const plx_csv_options *options, char feed, const char *at, const char *stop, plx_csv_cell *cell)
{
    if (*stop == '\n' && feed == '\n' && stop > at && stop[-1] == '\r') stop--;
    if (options->trim)
        while (stop > at && is_blank(stop[-1], options->delimiter))
            stop--;
    cell->text = at;
    cell->length = (uint32_t)(stop - at);
}

static plx_status parse_row(plx_csv *csv, row_facts *found, plx_error *err)
{
    const plx_csv_options options = csv->options;
    const char feed = csv->feed;
    const char *row = csv->buffer + csv->row, *limit = csv->buffer + csv->end, *at = row;
    scan s = {.delimiter = options.delimiter, .feed = feed};
    scan_from(&s, row);
    for (csv->n_cells = 0;; at++) {
        if (csv->n_cells == csv->cells_capacity) PLX_TRY(plx_csv_reserve_cell(csv, (size_t)(at - row), err));
        while (options.trim && is_blank(*at, options.delimiter))
            at++;
        plx_csv_cell *cell = &csv->cells[csv->n_cells++];
        cell->start = (uint32_t)(at - row);
        if (options.has_quote && *at == options.quote && at < limit) {
            PLX_TRY(quoted_cell(csv, &at, cell, found, err));
            if (found->cut) return PLX_OK;
            scan_from(&s, at);
            s.mask &= s.mask - 1; /* the end of this cell */
        } else {
            const char *begin = at;
            at = scan_next(&s);
            plain_cell(&options, feed, begin, at, cell);
        }
        found->cut = at >= limit && !csv->at_end;
        if (found->cut) return PLX_OK;
        if (cell->length > PLX_CSV_MAX_CELL) return plx_csv_fail(csv, cell->start, err, "a cell of more than 1 MiB");
        if (*at == feed) break;
    }
    csv->next = at < limit ? (size_t)(at + 1 - csv->buffer) : csv->end;
    return PLX_OK;
}

static void trim_cell(plx_csv_cell *cell)
{
    const plx_slice text = plx_slice_trim((plx_slice){cell->text, cell->length});
    cell->text = text.text;
    cell->length = (uint32_t)text.length;
}

/* Counts the lines inside quoted cells, trims blanks and undoubles quotes. */
static plx_status finish_quoted(plx_csv *csv, bool doubled, plx_error *err)
{
    const char *row = csv->buffer + csv->row;
    const char quote = csv->options.quote;
    size_t used = 0;
    if (doubled && plx_grow(csv->allocator, &csv->unquoted, &csv->unquoted_capacity, csv->next - csv->row + 8, 1))
        return plx_error_memory(err);
    for (size_t i = 0; i < csv->n_cells; i++) {
        plx_csv_cell *cell = &csv->cells[i];
        if (row[cell->start] != quote) continue;
        const char *end = cell->text + cell->length;
        for (const char *at = cell->text; (at = memchr(at, csv->feed, (size_t)(end - at))); at++)
            csv->next_line++;
        if (csv->options.trims_quoted) trim_cell(cell);
        end = cell->text + cell->length;
        if (!doubled || !memchr(cell->text, quote, cell->length)) continue;
        char *out = csv->unquoted + used;
        size_t length = 0;
        for (const char *at = cell->text; at < end; at += 1 + (*at == quote))
            out[length++] = *at;
        cell->text = out;
        cell->length = (uint32_t)length;
        used += length;
    }
    return PLX_OK;
}

plx_status plx_csv_next(plx_csv *csv, bool *more, plx_error *err)
{
    if (!csv->has_begun) {
        PLX_TRY(fill(csv, err));
        PLX_TRY(look_at_begin(csv, err));
        csv->has_begun = true;
    }
    for (;;) {
        bool ready = skip_lines(csv);
        csv->row = csv->next;
        csv->line = csv->next_line;
        if (ready) {
            *more = csv->next < csv->end;
            if (!*more) return PLX_OK;
            row_facts found = {0};
            PLX_TRY(csv->options.long_delimiter || csv->options.escape ? plx_csv_special(csv, &found.cut, err)
                                                                       : parse_row(csv, &found, err));
            if (!found.cut) {
                csv->next_line++;
                return found.quoted ? finish_quoted(csv, found.doubled, err) : PLX_OK;
            }
        }
        *more = has_source(csv);
        if (!*more) return PLX_OK;
        PLX_TRY(fill(csv, err));
    }
}

plx_status plx_csv_skip_line(plx_csv *csv, plx_error *err)
{
    const char *feed;
    for (size_t looked = 0;;) {
        const char *from = csv->buffer + csv->row + looked;
        feed = memchr(from, csv->feed, (size_t)(csv->buffer + csv->end - from));
        if (feed || csv->at_end) break;
        if (!has_source(csv)) PLX_FAIL(err, PLX_ERR_FORMAT, "an invalid row continues after the piece");
        looked = csv->end - csv->row;
        PLX_TRY(fill(csv, err));
    }
    csv->next = feed ? (size_t)(feed + 1 - csv->buffer) : csv->end;
    csv->next_line = csv->line + 1;
    return PLX_OK;
}
