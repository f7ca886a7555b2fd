/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads batches by several threads. One thread at a time gets the next batch of the stream, of which each takes a run
 * of rows: a piece, which goes to its own raw columns. Pieces are taken in order. The rows of a piece in which
 * something is to be reported (an error, too many wrong rows, a first warning) are read again in order, which reports
 * it. A batch lives until its last piece is taken, so that at most one more than with one thread is in memory.
 */
#include <errno.h>
#include <stdatomic.h>

#include "base/ordered.h"
#include "data/arrow_reader.h"
#include "data/encoders.h"

typedef struct batch {
    struct ArrowArray array;
    atomic_int holders;
    int64_t row; /* rows before it */
} batch;

typedef struct piece {
    plx_arrow_reader reader; /* of the batch: shares schema and places with the reader of the stream */
    plx_columns columns;
    plx_read_report wrong;
    plx_kept_cells kept;
    batch *batch;
    int64_t first, n; /* rows of the batch */
    plx_status status;
} piece;

struct plx_arrow_pieces {
    plx_arrow_reader *reader;
    plx_ordered *ordered;
    piece *pieces; /* [n_pieces] */
    int n_pieces;
    batch *batch; /* to cut */
    int64_t next; /* its next row */
    int code;     /* of the stream, at its end */
    piece *again; /* the one to read in order; NULL: none */
    int64_t done; /* its rows that have been read */
};

/* -- Batches ------------------------------------------------------------------------------------------------------- */

static void drop(batch *b, const plx_allocator *allocator)
{
    if (!b || atomic_fetch_sub_explicit(&b->holders, 1, memory_order_acq_rel) != 1) return;
    if (b->array.release) b->array.release(&b->array);
    plx_free(allocator, b);
}

static batch *take_over(struct ArrowArray *array, int64_t row, const plx_allocator *allocator)
{
    batch *b = plx_alloc_zero(allocator, 1, sizeof *b);
    if (b) {
        b->array = *array;
        b->row = row;
        atomic_init(&b->holders, 1);
    } else if (array->release) {
        array->release(array);
    }
    *array = (struct ArrowArray){0};
    return b;
}

/* The next batch that has rows left; false: none, or `code` says why. */
static bool has_rows(plx_arrow_pieces *f)
{
    const plx_allocator *allocator = &f->reader->to.encoders->allocator;
    struct ArrowArrayStream *stream = f->reader->stream;
    while (!f->code && f->batch && f->next >= f->batch->array.length) {
        struct ArrowArray array = {0};
        const int64_t row = f->batch->row + f->batch->array.length;
        drop(f->batch, allocator);
        f->batch = NULL;
        f->next = 0;
        f->code = stream->get_next(stream, &array);
        if (f->code || !array.release) return false;
        f->batch = take_over(&array, row, allocator);
        if (!f->batch) f->code = ENOMEM;
    }
    return !f->code && f->batch;
}

/* -- Pieces, by any thread ----------------------------------------------------------------------------------------- */

static bool fetch_piece(void *user, int slot)
{
    plx_arrow_pieces *f = user;
    piece *p = &f->pieces[slot];
    drop(p->batch, &f->reader->to.encoders->allocator);
    p->batch = NULL;
    if (!has_rows(f)) return false;
    const int64_t left = f->batch->array.length - f->next;
    p->batch = f->batch;
    p->first = f->next;
    p->n = left < f->reader->piece_rows ? left : f->reader->piece_rows;
    atomic_fetch_add_explicit(&f->batch->holders, 1, memory_order_relaxed);
    f->next += p->n;
    return true;
}

/* The reader sees the batch, which it does not own. */
static plx_status show_batch(plx_arrow_reader *reader, const batch *b, plx_error *err)
{
    reader->batch = b->array;
    reader->batch.release = NULL;
    reader->row = b->row;
    return plx_arrow_begin_batch(reader, err);
}

static plx_status read_piece(piece *p, plx_error *err)
{
    plx_columns_clear(&p->columns);
    plx_kept_cells_clear(&p->kept);
    p->wrong.wrong_rows = 0;
    for (int i = 0; i < p->reader.n_sources; i++)
        p->reader.sources[i].has_warned = false;
    PLX_TRY(show_batch(&p->reader, p->batch, err));
    for (int64_t i = 0; i < p->n; i++)
        PLX_TRY(plx_arrow_add_row(&p->reader, p->first + i, err));
    return PLX_OK;
}

static void work_on_piece(void *user, int slot, int thread)
{
    plx_error error; /* describes skipped rows */
    plx_arrow_pieces *f = user;
    const plx_piece_hooks *hooks = f->reader->parallel.hooks;
    piece *p = &f->pieces[slot];
    p->status = read_piece(p, &error);
    if (!p->status && hooks) p->status = hooks->make(hooks->user, slot, thread, &p->columns, &error);
}

static plx_status init_piece(const plx_arrow_reader *whole, piece *p, plx_error *err)
{
    const plx_filling *to = &whole->to;
    const plx_allocator *allocator = &to->encoders->allocator;
    p->reader = *whole;
    p->reader.schema.release = NULL;
    p->reader.batch = (struct ArrowArray){0};
    p->reader.to.columns = &p->columns;
    p->reader.to.wrong = to->wrong ? &p->wrong : NULL;
    p->reader.to.kept = to->kept ? &p->kept : NULL;
    p->reader.to.listener = (plx_listener){0};
    p->reader.sources = plx_alloc(allocator, (size_t)whole->n_sources, sizeof *p->reader.sources);
    plx_string_init(&p->reader.buffer, allocator);
    plx_kept_cells_init(&p->kept, allocator, to->kept ? to->kept->names : NULL, to->kept ? to->kept->n_names : 0);
    if (!p->reader.sources) return plx_error_memory(err);
    memcpy(p->reader.sources, whole->sources, (size_t)whole->n_sources * sizeof *whole->sources);
    return plx_encoders_raw(to->encoders, to->with_labels, &p->columns, err);
}

static void release_piece(piece *p, const plx_allocator *allocator)
{
    plx_free(allocator, p->reader.sources);
    plx_string_release(&p->reader.buffer);
    plx_columns_release(&p->columns);
    plx_kept_cells_release(&p->kept);
    drop(p->batch, allocator);
}

/* -- Rows in order ------------------------------------------------------------------------------------------------- */

/* Whether reading the piece in order would give the same rows and report nothing. */
static bool is_silent(const plx_arrow_reader *reader, const piece *p)
{
    const plx_read_report *wrong = reader->to.wrong;
    if (p->status) return false;
    for (int i = 0; i < reader->n_sources; i++)
        if (p->reader.sources[i].has_warned && !reader->sources[i].has_warned) return false;
    return !p->wrong.wrong_rows || wrong->wrong_rows + p->wrong.wrong_rows <= reader->to.encoders->spec.data.max_errors;
}

static plx_status take(plx_arrow_pieces *f, piece *p, plx_error *err)
{
    const plx_filling *to = &f->reader->to;
    const plx_piece_hooks *hooks = f->reader->parallel.hooks;
    if (p->wrong.wrong_rows) plx_wrong_rows_join(to->wrong, &p->wrong, 0);
    if (!hooks) return plx_columns_append(to->columns, &p->columns, err);
    return hooks->take(hooks->user, (int)(p - f->pieces), to->kept ? &p->kept : NULL, err);
}

static plx_status read_again(plx_arrow_pieces *f, size_t most, plx_error *err)
{
    plx_arrow_reader *reader = f->reader;
    const piece *p = f->again;
    const size_t end = most < SIZE_MAX - reader->to.columns->n ? reader->to.columns->n + most : SIZE_MAX;
    if (f->done == 0) PLX_TRY(show_batch(reader, p->batch, err));
    for (; f->done < p->n && reader->to.columns->n < end; f->done++)
        PLX_TRY(plx_arrow_add_row(reader, p->first + f->done, err));
    if (f->done == p->n) f->again = NULL;
    return PLX_OK;
}

plx_status plx_arrow_pieces_rows(plx_arrow_pieces *f, size_t most, bool *more, plx_error *err)
{
    *more = true;
    if (f->again) return read_again(f, most, err);
    const int slot = plx_ordered_next(f->ordered);
    *more = slot >= 0;
    if (slot < 0) return f->code ? plx_arrow_fail_stream(f->reader, f->code, err) : PLX_OK;
    piece *p = &f->pieces[slot];
    if (is_silent(f->reader, p)) return take(f, p, err);
    f->again = p;
    f->done = 0;
    return read_again(f, most, err);
}

static plx_status start(plx_arrow_pieces *f, plx_error *err)
{
    plx_arrow_reader *reader = f->reader;
    const plx_allocator *allocator = &reader->to.encoders->allocator;
    const int n_slots = plx_parallel_slots(&reader->parallel);
    const plx_ordered_hooks hooks = {.fetch = fetch_piece, .work = work_on_piece, .user = f};
    f->next = reader->next;
    f->batch = take_over(&reader->batch, reader->row, allocator);
    f->pieces = plx_alloc_zero(allocator, (size_t)n_slots, sizeof *f->pieces);
    if (!f->batch || !f->pieces) return plx_error_memory(err);
    for (; f->n_pieces < n_slots; f->n_pieces++) {
        const plx_status status = init_piece(reader, &f->pieces[f->n_pieces], err);
        if (status) release_piece(&f->pieces[f->n_pieces], allocator);
        if (status) return status;
    }
    return plx_ordered_create(allocator, reader->parallel.threads, n_slots, &hooks, &f->ordered, err);
}

plx_status plx_arrow_pieces_create(plx_arrow_reader *reader, plx_arrow_pieces **out, plx_error *err)
{
    *out = NULL;
    plx_arrow_pieces *f = plx_alloc_zero(&reader->to.encoders->allocator, 1, sizeof *f);
    if (!f) return plx_error_memory(err);
    f->reader = reader;
    const plx_status status = start(f, err);
    if (status)
        plx_arrow_pieces_free(f);
    else
        *out = f;
    return status;
}

void plx_arrow_pieces_free(plx_arrow_pieces *f)
{
    if (!f) return;
    const plx_allocator *allocator = &f->reader->to.encoders->allocator;
    plx_ordered_free(f->ordered);
    for (int i = 0; i < f->n_pieces; i++)
        release_piece(&f->pieces[i], allocator);
    plx_free(allocator, f->pieces);
    drop(f->batch, allocator);
    plx_free(allocator, f);
}
