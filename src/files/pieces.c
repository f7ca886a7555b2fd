/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the cuts: a piece starts with a row, and a line end after an even number of quotes ends a row if quotes follow
 * RFC 4180. If none is found in several times the usual bytes, quotes are probably text, and any line end is used.
 */
#include "files/pieces.h"

#include <string.h>

#include "files/scan.h"

enum { MOST_TIMES = 4 }; /* the most bytes in a piece that ends at a row, as a multiple of the usual bytes */

plx_status plx_pieces_init(plx_pieces *p, const plx_csv *csv, plx_byte_source source, size_t piece_bytes,
                           plx_error *err)
{
    const plx_csv_options *o = &csv->options;
    const size_t n = csv->end - csv->next;
    *p = (plx_pieces){.allocator = csv->allocator,
                      .source = source,
                      .piece_bytes = piece_bytes,
                      .feed = csv->feed,
                      .escape = o->escape,
                      .line = csv->next_line,
                      .at_end = csv->at_end};
    if (o->has_quote) p->quote = o->quote;
    p->rest = plx_alloc(p->allocator, n, 1);
    if (!p->rest) return plx_error_memory(err);
    memcpy(p->rest, csv->buffer + csv->next, n);
    p->rest_end = p->rest_capacity = n;
    return PLX_OK;
}

void plx_pieces_release(plx_pieces *p)
{
    if (p->allocator) plx_free(p->allocator, p->rest);
    *p = (plx_pieces){0};
}

void plx_piece_bytes_release(plx_piece_bytes *piece, const plx_allocator *allocator)
{
    plx_free(allocator, piece->bytes);
    *piece = (plx_piece_bytes){0};
}

/* Reads until there are `wanted` bytes, or the source ends. */
static plx_status fill(plx_pieces *p, plx_piece_bytes *piece, size_t wanted, plx_error *err)
{
    if (plx_grow(p->allocator, &piece->bytes, &piece->capacity, wanted + PLX_SCAN_BLOCK, 1))
        return plx_error_memory(err);
    const size_t left = p->rest_end - p->rest_at, capacity = wanted - piece->n,
                 taken = left < capacity ? left : capacity;
    memcpy(piece->bytes + piece->n, p->rest + p->rest_at, taken);
    p->rest_at += taken;
    for (piece->n += taken; piece->n < wanted && !p->at_end;) {
        size_t got = 0;
        p->status = p->source.read(p->source.user, piece->bytes + piece->n, wanted - piece->n, &got, &p->error);
        piece->n += got;
        p->at_end = p->status || got == 0;
    }
    return PLX_OK;
}

/* Whether the byte is a quote, judged by the previous byte. */
static bool is_quote(const plx_pieces *p, const char *begin, const char *at)
{
    return p->quote && *at == p->quote && !(p->escape && at > begin && at[-1] == p->escape);
}

static size_t count_quotes(const plx_pieces *p, const char *begin, size_t n)
{
    if (!p->quote) return 0;
    if (!p->escape) return plx_scan_count(begin, n, p->quote);
    size_t count = 0;
    for (const char *at = begin; (at = memchr(at, p->quote, n - (size_t)(at - begin))); at++)
        count += is_quote(p, begin, at);
    return count;
}

/* After the last row that seems to end in the `n` bytes; 0: none does. */
static size_t find_cut(const plx_pieces *p, const char *begin, size_t n)
{
    size_t quotes = count_quotes(p, begin, n);
    for (const char *at = begin + n; at-- > begin;) {
        if (*at == p->feed && quotes % 2 == 0) return (size_t)(at - begin) + 1;
        quotes -= is_quote(p, begin, at);
    }
    return 0;
}

/* After the last line end, or all bytes. */
static size_t find_any_cut(const plx_pieces *p, const char *begin, size_t n)
{
    const char *feed = memrchr(begin, p->feed, n);
    return feed ? (size_t)(feed - begin) + 1 : n;
}

/* Moves the bytes after `cut` to the next piece: they came from the rest, or there is none. */
static plx_status give_back(plx_pieces *p, plx_piece_bytes *piece, size_t cut, plx_error *err)
{
    const size_t n = piece->n - cut;
    piece->n = cut;
    if (p->rest_at < p->rest_end) {
        p->rest_at -= n;
        return PLX_OK;
    }
    if (plx_grow(p->allocator, &p->rest, &p->rest_capacity, n, 1)) return plx_error_memory(err);
    memcpy(p->rest, piece->bytes + cut, n);
    p->rest_at = 0;
    p->rest_end = n;
    return PLX_OK;
}

plx_status plx_pieces_next(plx_pieces *p, plx_piece_bytes *piece, bool *more, plx_error *err)
{
    size_t cut = 0;
    piece->n = 0;
    for (size_t wanted = p->piece_bytes; !cut; wanted *= 2) {
        PLX_TRY(fill(p, piece, wanted, err));
        const bool is_last = p->at_end && p->rest_at == p->rest_end;
        cut = is_last ? piece->n : find_cut(p, piece->bytes, piece->n);
        if (!cut && wanted >= MOST_TIMES * p->piece_bytes) cut = find_any_cut(p, piece->bytes, piece->n);
        if (is_last) break;
    }
    PLX_TRY(give_back(p, piece, cut, err));
    piece->at_end = p->at_end && !p->status && p->rest_at == p->rest_end;
    piece->line = p->line;
    p->line += plx_scan_count(piece->bytes, cut, p->feed);
    memset(piece->bytes + cut, p->feed, PLX_SCAN_BLOCK);
    *more = cut > 0;
    return PLX_OK;
}
