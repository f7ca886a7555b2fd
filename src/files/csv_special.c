/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows with a delimiter of several bytes, or with escaped bytes: read byte by byte, so that the usual tokenizer need
 * not handle them. A row that reaches the end of the buffer is read again when more bytes are there.
 */
#include "files/csv_special.h"

#include <string.h>

/* Reads a row byte by byte: texts go to csv->unquoted. */
typedef struct special {
    plx_csv *csv;
    const char *at, *limit;
    char *out;
    bool is_cut;
} special;

static size_t delimiter_at(const special *s)
{
    const plx_csv_options *o = &s->csv->options;
    if (!o->long_delimiter) return s->at < s->limit && *s->at == o->delimiter;
    const size_t length = strlen(o->long_delimiter);
    return (size_t)(s->limit - s->at) >= length && memcmp(s->at, o->long_delimiter, length) == 0 ? length : 0;
}

/* Whether the row ends here; the end of the buffer ends it only at the end of the source. */
static bool is_row_end(special *s)
{
    if (s->at == s->limit) {
        s->is_cut = !s->csv->at_end;
        return true;
    }
    if (*s->at == s->csv->feed) return true;
    if (*s->at != '\r' || s->csv->feed != '\n') return false;
    return s->at + 1 < s->limit ? s->at[1] == '\n' : s->csv->at_end;
}

static void skip_blanks(special *s)
{
    while (s->csv->options.trim && s->at < s->limit && (*s->at == ' ' || *s->at == '\t') && !delimiter_at(s))
        s->at++;
}

/* An escaped byte, or both bytes of CR LF, as text. */
static void take_escaped(special *s)
{
    s->is_cut = s->at + 2 >= s->limit && !s->csv->at_end;
    if (s->is_cut) return;
    if (s->at + 1 < s->limit) s->at++; /* else it is a normal byte */
    s->csv->next_line += *s->at == s->csv->feed;
    *s->out++ = *s->at++;
    if (s->at[-1] != '\r' || s->at >= s->limit || *s->at != '\n' || s->csv->feed != '\n') return;
    s->csv->next_line++;
    *s->out++ = *s->at++;
}

static plx_status special_quoted(special *s, const plx_csv_cell *cell, plx_error *err)
{
    const plx_csv_options *o = &s->csv->options;
    const uint64_t line = s->csv->next_line;
    for (s->at++; !s->is_cut;) {
        if (s->at == s->limit && s->csv->at_end)
            return plx_csv_fail(s->csv, cell->start, err,
                                "the quote that starts this cell is never closed; " PLX_PLAIN_QUOTES);
        s->is_cut = s->at + (s->at < s->limit && *s->at == o->quote) >= s->limit && !s->csv->at_end;
        if (s->is_cut) return PLX_OK;
        if (o->escape && *s->at == o->escape) {
            take_escaped(s);
            continue;
        }
        const bool is_quote = *s->at == o->quote;
        if (is_quote && (s->at + 1 == s->limit || s->at[1] != o->quote)) break;
        s->at += is_quote;
        s->csv->next_line += *s->at == s->csv->feed;
        *s->out++ = *s->at++;
    }
    s->at += !s->is_cut;
    skip_blanks(s);
    if (s->is_cut || delimiter_at(s) || is_row_end(s)) return PLX_OK;
    s->is_cut = (s->limit - s->at) < PLX_CSV_MAX_DELIMITER && !s->csv->at_end;
    if (s->is_cut) return PLX_OK;
    if (s->csv->next_line > line)
        return plx_csv_fail(s->csv, cell->start, err,
                            "the quote that starts this cell ends on a later line, with text after it: is it left "
                            "open? " PLX_PLAIN_QUOTES);
    return plx_csv_fail(s->csv, (size_t)(s->at - (s->csv->buffer + s->csv->row)), err, "text after the closing quote");
}

static void special_plain(special *s)
{
    const char *begin = s->at, *text = s->out, *kept = s->out;
    const char escape = s->csv->options.escape;
    while (!delimiter_at(s) && !is_row_end(s) && !s->is_cut) {
        if (escape && *s->at == escape) {
            take_escaped(s);
            kept = s->out;
        } else {
            *s->out++ = *s->at++;
        }
    }
    while (s->csv->options.trim && s->out > kept && (s->out[-1] == ' ' || s->out[-1] == '\t'))
        s->out--;
    const bool is_null = escape && s->out == text + 1 && s->at >= begin + 2 && begin[0] == escape && begin[1] == 'N';
    if (!is_null) return;
    s->out[-1] = escape; /* keeps the NULL of databases as it is */
    *s->out++ = 'N';
}

plx_status plx_csv_special(plx_csv *csv, bool *cut, plx_error *err)
{
    const char *row = csv->buffer + csv->row;
    const uint64_t line = csv->next_line;
    special s = {.csv = csv, .at = row, .limit = csv->buffer + csv->end};
    if (plx_grow(csv->allocator, &csv->unquoted, &csv->unquoted_capacity, csv->end - csv->row + 8, 1))
        return plx_error_memory(err);
    s.out = csv->unquoted;
    for (csv->n_cells = 0;; s.at += delimiter_at(&s)) {
        if (csv->n_cells == csv->cells_capacity) PLX_TRY(plx_csv_reserve_cell(csv, (size_t)(s.at - row), err));
        skip_blanks(&s);
        plx_csv_cell *cell = &csv->cells[csv->n_cells++];
        cell->start = (uint32_t)(s.at - row);
        cell->text = s.out;
        if (csv->options.has_quote && s.at < s.limit && *s.at == csv->options.quote)
            PLX_TRY(special_quoted(&s, cell, err));
        else
            special_plain(&s);
        *cut = s.is_cut;
        if (s.is_cut) csv->next_line = line;
        if (s.is_cut) return PLX_OK;
        const size_t length = (size_t)(s.out - cell->text);
        if (length > PLX_CSV_MAX_CELL) return plx_csv_fail(csv, cell->start, err, "a cell of more than 1 MiB");
        cell->length = (uint32_t)length;
        if (!delimiter_at(&s)) break;
    }
    s.at += s.at < s.limit && *s.at == '\r' && csv->feed == '\n';
    csv->next = s.at < s.limit ? (size_t)(s.at + 1 - csv->buffer) : csv->end;
    return PLX_OK;
}
