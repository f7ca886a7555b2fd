/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads files of any size, some rows at a time. Each chunk has its own raw columns, so that its memory does not depend
 * on the number of earlier rows and texts. Pieces of a file that several threads parse are chunks; rows that are parsed
 * in order are collected in one chunk.
 */
#include "data/arrow_read.h"
#include "data/encoders.h"
#include "data/reader.h"

typedef struct chunk {
    plx_rows rows;
    uint32_t *order; /* [order_capacity]: 0, 1, 2... */
    size_t order_capacity;
    plx_unknown *unknown; /* [n_features]; NULL: not counted */
} chunk;

typedef struct chunks {
    plx_filling to;
    plx_columns columns;            /* for rows that are parsed in order */
    const plx_allocator *allocator; /* for the rows */
    const plx_load_options *options;
    const plx_chunk_hooks *hooks;
    plx_piece_hooks piece_hooks;
    plx_parallel parallel;
    chunk *slots; /* [n_slots]: one per piece, and one for rows in order */
    int n_slots;
    size_t rows;   /* per chunk, of those in order */
    size_t n_done; /* rows that were handed over */
} chunks;

static plx_status encode(const chunks *c, chunk *to, const plx_columns *columns, plx_error *err)
{
    const plx_encoders *e = c->to.encoders;
    const size_t n = columns->n, before = to->order_capacity;
    if (plx_grow(c->allocator, &to->order, &to->order_capacity, n, sizeof *to->order)) return plx_error_memory(err);
    for (size_t i = before; i < to->order_capacity; i++)
        to->order[i] = (uint32_t)i;
    if (to->unknown) memset(to->unknown, 0, (size_t)e->n_features * sizeof *to->unknown);
    plx_rows_release(&to->rows, c->allocator);
    to->rows = (plx_rows){0};
    return plx_encoders_encode_counted(e, c->allocator, columns, to->order, n, c->to.with_labels, to->unknown, NULL,
                                       &to->rows, err);
}

static plx_status make(void *user, int slot, int thread, const plx_columns *columns, plx_error *err)
{
    const chunks *c = user;
    PLX_TRY(encode(c, &c->slots[slot], columns, err));
    return c->hooks->make(c->hooks->user, slot, thread, &c->slots[slot].rows, err);
}

static plx_status pass_on(chunks *c, int slot, plx_kept_cells *kept, plx_error *err)
{
    const chunk *from = &c->slots[slot];
    for (int i = 0; from->unknown && i < c->to.encoders->n_features; i++)
        plx_unknown_add(&c->options->unknown[i], &from->unknown[i]);
    c->n_done += from->rows.n;
    return c->hooks->take(c->hooks->user, slot, &from->rows, kept, err);
}

/* Hands over the collected rows, and the rows skipped since the last call. */
static plx_status hand_out(chunks *c, plx_error *err)
{
    const int slot = c->n_slots - 1;
    plx_kept_cells *kept = c->to.kept;
    if (c->columns.n == 0 && !(kept && kept->n_rows)) return PLX_OK;
    PLX_TRY(make(c, slot, c->parallel.threads, &c->columns, err));
    PLX_TRY(pass_on(c, slot, kept, err));
    if (kept) plx_kept_cells_clear(kept);
    plx_columns_release(&c->columns);
    return plx_encoders_raw(c->to.encoders, c->to.with_labels, &c->columns, err);
}

static plx_status take(void *user, int slot, plx_kept_cells *kept, plx_error *err)
{
    PLX_TRY(hand_out(user, err));
    return pass_on(user, slot, kept, err);
}

static plx_status read_file(chunks *c, const char *path, plx_error *err)
{
    plx_reader *reader = NULL;
    bool more = true;
    plx_status status = plx_reader_open(&c->to, path, &c->parallel, &reader, err);
    while (!status && more) {
        status = plx_reader_rows(reader, c->rows - c->columns.n, &more, err);
        if (more) plx_reader_report(reader, c->options->reading, c->n_done + c->columns.n);
        if (!status && c->columns.n == c->rows) status = hand_out(c, err);
    }
    plx_reader_close(reader);
    return status;
}

static plx_status read_stream(chunks *c, struct ArrowArrayStream *stream, plx_error *err)
{
    plx_arrow_reader *reader = NULL;
    bool more = true;
    plx_status status = plx_arrow_reader_open(&c->to, stream, "rows", &reader, err);
    while (!status && more) {
        status = plx_arrow_reader_rows(reader, c->rows - c->columns.n, &more, err);
        if (!status && c->columns.n == c->rows) status = hand_out(c, err);
    }
    plx_arrow_reader_close(reader);
    return status;
}

static plx_status read_files(chunks *c, const char *const *names, int n_names, plx_error *err)
{
    plx_status status = plx_texts_create(c->allocator, names, n_names, c->options->folders, c->options->n_folders,
                                         c->parallel.threads, &c->parallel.texts, err);
    for (int i = 0; !status && i < n_names; i++) {
        int n;
        const char *const *paths = plx_texts_files(c->parallel.texts, i, &n);
        c->to.is_part = n > 1;
        for (int k = 0; !status && k < n; k++)
            status = read_file(c, paths[k], err);
    }
    plx_texts_free(c->parallel.texts);
    return status;
}

/* At least one block of rows. */
static size_t chunk_rows(const chunks *c)
{
    size_t bytes = c->to.encoders->layout.record_bytes;
    for (int i = 0; i < c->columns.n_items; i++) {
        const plx_raw_column *column = &c->columns.items[i];
        bytes += (column->has_texts ? sizeof(uint32_t) : 0) +
                 (column->has_numbers ? (size_t)column->width * sizeof *column->numbers : 0);
    }
    const size_t rows = PLX_CHUNK_BYTES / bytes;
    return rows < PLX_ENCODED_ROWS ? PLX_ENCODED_ROWS : rows < PLX_CHUNK_ROWS ? rows : PLX_CHUNK_ROWS;
}

static plx_status init(chunks *c, plx_error *err)
{
    c->to.columns = &c->columns;
    c->piece_hooks = (plx_piece_hooks){.make = make, .take = take, .user = c};
    c->parallel = (plx_parallel){
        .threads = c->options->threads, .piece_bytes = c->options->piece_bytes, .hooks = &c->piece_hooks};
    c->slots = plx_alloc_zero(c->allocator, (size_t)plx_parallel_slots(&c->parallel) + 1, sizeof *c->slots);
    if (!c->slots) return plx_error_memory(err);
    c->n_slots = plx_parallel_slots(&c->parallel) + 1;
    for (int i = 0; c->options->unknown && i < c->n_slots; i++) {
        c->slots[i].unknown =
            plx_alloc_zero(c->allocator, (size_t)c->to.encoders->n_features, sizeof *c->slots[i].unknown);
        if (!c->slots[i].unknown) return plx_error_memory(err);
    }
    PLX_TRY(plx_encoders_raw(c->to.encoders, c->to.with_labels, &c->columns, err));
    c->rows = chunk_rows(c);
    return PLX_OK;
}

static void release(chunks *c)
{
    for (int i = 0; i < c->n_slots; i++) {
        plx_rows_release(&c->slots[i].rows, c->allocator);
        plx_free(c->allocator, c->slots[i].order);
        plx_free(c->allocator, c->slots[i].unknown);
    }
    plx_free(c->allocator, c->slots);
    plx_columns_release(&c->columns);
}

plx_status plx_encoders_read_chunks(const plx_encoders *encoders, const plx_allocator *allocator,
                                    const char *const *paths, int n_paths, const plx_load_options *options,
                                    bool with_labels, const plx_chunk_hooks *hooks, plx_error *err)
{
    chunks c = {.to = {.encoders = encoders,
                       .with_labels = with_labels,
                       .wrong = options->wrong,
                       .kept = options->kept,
                       .listener = options->listener},
                .allocator = allocator,
                .options = options,
                .hooks = hooks};
    if (n_paths < 1 && !options->streams) PLX_FAIL(err, PLX_ERR_ARGUMENT, "no file is given");
    plx_status status = init(&c, err);
    if (!status && options->streams) status = read_stream(&c, options->streams[0], err);
    if (!status) status = read_files(&c, paths, n_paths, err);
    if (!status) status = hand_out(&c, err);
    release(&c);
    return status;
}
