/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of files of any size, some at a time. Each chunk has raw columns of its own, so that what it takes does not
 * depend on how many rows and texts there were before.
 */
#include "data/arrow_read.h"
#include "data/encoders.h"
#include "data/reader.h"
#include "files/find.h"

typedef struct chunks {
    plx_filling to;
    plx_columns columns;
    const plx_allocator *allocator;  /* of the rows */
    const plx_reading_hook *reading; /* borrowed */
    uint32_t *order;                 /* [PLX_CHUNK_ROWS]: 0, 1, 2... */
    plx_unknown *unknown;            /* may be NULL */
    size_t n_done;                   /* rows that were handed out */
    plx_take_rows *take;
    void *user;
} chunks;

static plx_status hand_out(chunks *c, plx_error *err)
{
    plx_rows rows = {0};
    const plx_encoders *e = c->to.encoders;
    const size_t n = c->columns.n;
    if (n == 0) return PLX_OK;
    plx_status status =
        plx_encoders_encode_told(e, c->allocator, &c->columns, c->order, n, c->to.with_labels, c->unknown, &rows, err);
    if (!status) status = c->take(c->user, &rows, err);
    plx_rows_release(&rows, c->allocator);
    c->n_done += n;
    plx_columns_release(&c->columns);
    return status ? status : plx_encoders_raw(e, c->to.with_labels, &c->columns, err);
}

static plx_status read_file(chunks *c, const char *path, int threads, plx_error *err)
{
    plx_reader *reader = NULL;
    bool more = true;
    plx_status status = plx_reader_open(&c->to, path, threads, &reader, err);
    while (!status && more) {
        status = plx_reader_rows(reader, PLX_CHUNK_ROWS - c->columns.n, &more, err);
        if (more) plx_reader_tell(reader, c->reading, c->n_done + c->columns.n);
        if (!status && c->columns.n == PLX_CHUNK_ROWS) status = hand_out(c, err);
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
        status = plx_arrow_reader_rows(reader, PLX_CHUNK_ROWS - c->columns.n, &more, err);
        if (!status && c->columns.n == PLX_CHUNK_ROWS) status = hand_out(c, err);
    }
    plx_arrow_reader_close(reader);
    return status;
}

/* `name` may stand for several. */
static plx_status read_named(chunks *c, const char *name, const plx_load_options *options, plx_error *err)
{
    plx_arena arena;
    const char *const *paths = NULL;
    int n = 0;
    plx_arena_init(&arena, &c->to.encoders->allocator);
    plx_status status = plx_find_files(&arena, name, options->folders, options->n_folders, &paths, &n, err);
    c->to.is_part = n > 1;
    for (int i = 0; !status && i < n; i++)
        status = read_file(c, paths[i], options->threads, err);
    plx_arena_release(&arena);
    return status;
}

plx_status plx_encoders_read_chunks(const plx_encoders *encoders, const plx_allocator *allocator,
                                    const char *const *paths, int n_paths, const plx_load_options *options,
                                    bool with_labels, plx_take_rows *take, void *user, plx_error *err)
{
    chunks c = {.to = {.encoders = encoders,
                       .with_labels = with_labels,
                       .wrong = options->wrong,
                       .kept = options->kept,
                       .listener = options->listener},
                .allocator = allocator,
                .reading = options->reading,
                .unknown = options->unknown,
                .take = take,
                .user = user};
    if (n_paths < 1 && !options->streams) PLX_FAIL(err, PLX_ERR_ARGUMENT, "no file is given");
    c.to.columns = &c.columns;
    c.order = plx_alloc(allocator, PLX_CHUNK_ROWS, sizeof *c.order);
    if (!c.order) return plx_error_memory(err);
    for (uint32_t i = 0; i < PLX_CHUNK_ROWS; i++)
        c.order[i] = i;
    plx_status status = plx_encoders_raw(encoders, with_labels, &c.columns, err);
    if (!status && options->streams) status = read_stream(&c, options->streams[0], err);
    for (int i = 0; !status && i < n_paths; i++)
        status = read_named(&c, paths[i], options, err);
    if (!status) status = hand_out(&c, err);
    plx_columns_release(&c.columns);
    plx_free(allocator, c.order);
    return status;
}
