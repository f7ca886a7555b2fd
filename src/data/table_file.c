/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are parsed in order, as by a single thread. If more text follows and there are several threads, the text is cut
 * into pieces. Each piece is parsed into its own columns, as if a row and the expected line number began there. When
 * parsing in order reaches the start of a piece it knows whether this guess was right; only then are the piece's rows
 * used. Otherwise, as after a cut in a quoted cell or a row that ends reading, the piece's bytes are parsed in order.
 * So a wrong guess costs time only.
 */
#include "data/table_file.h"

#include <string.h>

#include "base/ordered.h"
#include "data/encoders.h"
#include "data/table_rows.h"
#include "files/pieces.h"

/* Work on a piece that does not depend on its rows, once a column, must stay small: a wide table has longer pieces. */
enum { PIECE_BYTES = 1 << 19, PIECE_BYTES_COLUMN = 256, PIECE_BYTES_MAX = 1 << 23 };

typedef struct piece {
    plx_piece_bytes text;
    plx_table_rows rows;
    plx_columns columns;
    plx_read_report wrong;
    plx_kept_cells kept;
    plx_status status;
} piece;

struct plx_table_file {
    plx_table_rows rows;
    plx_byte_source source;
    plx_parallel parallel;

    /* From the first row on, if there are several threads. */
    plx_ordered *ordered; /* NULL: no pieces */
    plx_pieces cutter;
    piece *pieces; /* [n_pieces] */
    int n_pieces;
    piece *current;    /* the one to parse in order; NULL: none */
    size_t eaten;      /* bytes read of `current` */
    bool is_between;   /* the next row begins with the next piece */
    plx_status status; /* the result of cutting */
};

/* -- Pieces, by any thread ----------------------------------------------------------------------------------------- */

static bool fetch_piece(void *user, int slot)
{
    plx_table_file *f = user;
    bool more = false;
    f->status = plx_pieces_next(&f->cutter, &f->pieces[slot].text, &more, NULL);
    return f->status == PLX_OK && more;
}

static plx_status parse_piece(piece *p, plx_error *err)
{
    plx_table_rows *rows = &p->rows;
    plx_columns_clear(&p->columns);
    plx_kept_cells_clear(&p->kept);
    p->wrong.wrong_rows = 0;
    rows->seen = 0;
    plx_csv_begin_piece(&rows->csv, p->text.bytes, p->text.n, p->text.line, p->text.at_end);
    PLX_TRY(plx_table_rows_next(rows, err));
    while (rows->more) {
        PLX_TRY(plx_table_rows_add(rows, err));
        PLX_TRY(plx_table_rows_next(rows, err));
    }
    return PLX_OK;
}

static void work_on_piece(void *user, int slot, int thread)
{
    plx_error error; /* describes skipped rows */
    plx_table_file *f = user;
    const plx_piece_hooks *hooks = f->parallel.hooks;
    piece *p = &f->pieces[slot];
    p->status = parse_piece(p, &error);
    if (!p->status && hooks && plx_csv_is_empty(&p->rows.csv))
        p->status = hooks->make(hooks->user, slot, thread, &p->columns, &error);
}

static plx_status init_piece(const plx_table_file *f, piece *p, plx_error *err)
{
    const plx_filling *to = &f->rows.to;
    plx_filling filling = *to;
    filling.columns = &p->columns;
    filling.wrong = to->wrong ? &p->wrong : NULL;
    filling.kept = to->kept ? &p->kept : NULL;
    plx_kept_cells_init(&p->kept, &to->encoders->allocator, to->kept ? to->kept->names : NULL,
                        to->kept ? to->kept->n_names : 0);
    plx_table_rows_init_piece(&p->rows, &f->rows, &filling);
    return plx_encoders_raw(to->encoders, to->with_labels, &p->columns, err);
}

static void release_piece(piece *p, const plx_allocator *allocator)
{
    plx_table_rows_release(&p->rows);
    plx_columns_release(&p->columns);
    if (p->kept.allocator) plx_kept_cells_release(&p->kept);
    plx_piece_bytes_release(&p->text, allocator);
}

/* -- Rows in order ------------------------------------------------------------------------------------------------- */

/* The next piece; NULL: none, and the source has ended with `status`. */
static piece *next_piece(plx_table_file *f, plx_status *status, plx_error *err)
{
    const int slot = plx_ordered_next(f->ordered);
    *status = PLX_OK;
    if (slot >= 0) return &f->pieces[slot];
    if (f->status)
        *status = plx_error_memory(err);
    else if (f->cutter.status)
        *status = plx_error_set(err, f->cutter.status, "%s", f->cutter.error.message);
    return NULL;
}

/* The bytes of the pieces, for rows that are parsed in order. */
static plx_status read_pieces(void *user, char *out, size_t capacity, size_t *got, plx_error *err)
{
    plx_table_file *f = user;
    plx_status status = PLX_OK;
    if (!f->current || f->eaten == f->current->text.n) {
        f->current = next_piece(f, &status, err);
        f->eaten = 0;
    }
    const size_t left = f->current ? f->current->text.n - f->eaten : 0;
    *got = left < capacity ? left : capacity;
    if (*got) memcpy(out, f->current->text.bytes + f->eaten, *got);
    f->eaten += *got;
    return status;
}

static plx_status start(plx_table_file *f, plx_error *err)
{
    plx_csv *csv = &f->rows.csv;
    const plx_allocator *allocator = csv->allocator;
    const plx_ordered_hooks hooks = {.fetch = fetch_piece, .work = work_on_piece, .user = f};
    PLX_TRY(plx_pieces_init(&f->cutter, csv, f->source, f->parallel.piece_bytes, err));
    f->pieces = plx_alloc_zero(allocator, (size_t)plx_parallel_slots(&f->parallel), sizeof *f->pieces);
    if (!f->pieces) return plx_error_memory(err);
    for (; f->n_pieces < plx_parallel_slots(&f->parallel); f->n_pieces++) {
        const plx_status status = init_piece(f, &f->pieces[f->n_pieces], err);
        if (status) release_piece(&f->pieces[f->n_pieces], allocator);
        if (status) return status;
    }
    plx_csv_go_on(csv, (plx_byte_source){read_pieces, f}, csv->next_line);
    return plx_ordered_create(allocator, f->parallel.threads, f->n_pieces, &hooks, &f->ordered, err);
}

/* Whether the text is longer than one thread should parse alone. */
static bool is_long(const plx_table_file *f)
{
    const plx_csv *csv = &f->rows.csv;
    return f->parallel.threads > 1 && (!csv->at_end || csv->end - csv->next > f->parallel.piece_bytes);
}

static plx_status go_on(plx_table_file *f, plx_error *err)
{
    const bool starts = !f->ordered && is_long(f);
    if (starts) PLX_TRY(start(f, err));
    f->is_between = starts || (f->current && f->eaten == f->current->text.n && plx_csv_is_empty(&f->rows.csv));
    return f->is_between ? PLX_OK : plx_table_rows_next(&f->rows, err);
}

/* Whether the piece gives the same rows as parsing in order. */
static bool is_right(const plx_table_file *f, const piece *p)
{
    const plx_read_report *wrong = f->rows.to.wrong;
    if (p->status || !plx_csv_is_empty(&p->rows.csv) || p->text.line != f->rows.csv.next_line) return false;
    return !p->wrong.wrong_rows || wrong->wrong_rows + p->wrong.wrong_rows <= f->rows.to.encoders->spec.data.max_errors;
}

static plx_status take_piece(plx_table_file *f, plx_error *err)
{
    plx_table_rows *rows = &f->rows;
    const plx_piece_hooks *hooks = f->parallel.hooks;
    plx_status status;
    piece *p = next_piece(f, &status, err);
    rows->more = p != NULL;
    if (!p) return status;
    if (!is_right(f, p)) {
        f->current = p;
        f->eaten = 0;
        f->is_between = false;
        return plx_table_rows_next(rows, err);
    }
    f->current = NULL;
    if (p->wrong.wrong_rows) plx_wrong_rows_join(rows->to.wrong, &p->wrong, rows->seen);
    rows->seen += p->rows.seen;
    plx_csv_go_on(&rows->csv, rows->csv.source, p->rows.csv.next_line);
    if (!hooks) return plx_columns_append(rows->to.columns, &p->columns, err);
    return hooks->take(hooks->user, (int)(p - f->pieces), rows->to.kept ? &p->kept : NULL, err);
}

static plx_status read_rows(plx_table_file *f, size_t most, plx_error *err)
{
    plx_table_rows *rows = &f->rows;
    if (!rows->has_begun) PLX_TRY(plx_table_rows_begin(rows, err));
    for (const size_t end = rows->to.columns->n + most; rows->more && rows->to.columns->n < end;) {
        if (f->is_between) return take_piece(f, err);
        PLX_TRY(plx_table_rows_add(rows, err));
        PLX_TRY(go_on(f, err));
    }
    return rows->more ? PLX_OK : plx_table_rows_end(rows, err);
}

plx_status plx_table_file_rows(plx_table_file *f, size_t most, bool *more, plx_error *err)
{
    plx_error own; /* describes skipped rows */
    PLX_TRY(read_rows(f, most, err ? err : &own));
    *more = f->rows.more;
    return PLX_OK;
}

static size_t piece_bytes(const plx_encoders *e)
{
    const size_t wanted = (size_t)e->n_inputs * PIECE_BYTES_COLUMN;
    return wanted < PIECE_BYTES ? PIECE_BYTES : wanted < PIECE_BYTES_MAX ? wanted : PIECE_BYTES_MAX;
}

plx_status plx_table_file_open(const plx_filling *to, plx_byte_source source, const char *name,
                               const plx_parallel *parallel, plx_table_file **out, plx_error *err)
{
    const plx_allocator *allocator = &to->encoders->allocator;
    *out = NULL;
    plx_table_file *f = plx_alloc_zero(allocator, 1, sizeof *f);
    if (!f) return plx_error_memory(err);
    f->source = source;
    f->parallel = *parallel;
    if (!f->parallel.piece_bytes) f->parallel.piece_bytes = piece_bytes(to->encoders);
    const plx_status status = plx_table_rows_init(&f->rows, to, source, name, err);
    if (status) {
        plx_table_file_close(f);
        return status;
    }
    *out = f;
    return PLX_OK;
}

void plx_table_file_close(plx_table_file *f)
{
    if (!f) return;
    const plx_allocator *allocator = &f->rows.to.encoders->allocator;
    plx_ordered_free(f->ordered);
    for (int i = 0; i < f->n_pieces; i++)
        release_piece(&f->pieces[i], allocator);
    plx_free(allocator, f->pieces);
    plx_pieces_release(&f->cutter);
    plx_table_rows_release(&f->rows);
    plx_free(allocator, f);
}
