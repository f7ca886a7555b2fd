/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes raw columns as records. Records are written in blocks of rows that stay in the cache while feature after
 * feature is added; each thread takes a run of blocks.
 */
#include "data/encoder_def.h"
#include "data/unknown.h"

enum { RUN_ROWS = 16 * PLX_ENCODED_ROWS };

struct plx_encoding {
    const plx_encoders *encoders;
    const plx_columns *columns;
    plx_pool *pool;
    int threads;
    size_t n; /* for plx_encoder_def.prepare */
    plx_arena arena;
    plx_arena *arenas; /* [threads]: memory for the prepared state of a thread */
    void ***prepared;  /* [threads][n_all]: prepared for its rows */
};

/* -- Preparation --------------------------------------------------------------------------------------------------- */

static plx_status prepare_one(void *user, int job, int thread, plx_error *err)
{
    plx_encoding *encoding = user;
    const plx_encoders *e = encoding->encoders;
    const plx_encoder *one = &e->all[job];
    if (!one->def->prepare) return PLX_OK;
    for (int i = 0; i < encoding->threads; i++) {
        void **to = &encoding->prepared[i][job];
        if (i == 0 || one->def->remembers)
            PLX_TRY(one->def->prepare(e, one, encoding->columns, encoding->n, &encoding->arenas[thread], to, err));
        else
            *to = encoding->prepared[0][job];
    }
    return PLX_OK;
}

static plx_status prepare(plx_encoding *encoding, bool with_labels, plx_error *err)
{
    const plx_encoders *e = encoding->encoders;
    plx_arena *arena = &encoding->arena;
    const size_t threads = (size_t)encoding->threads;
    encoding->arenas = plx_arena_take(arena, threads, sizeof *encoding->arenas);
    encoding->prepared = plx_arena_take(arena, threads, sizeof *encoding->prepared);
    for (size_t i = 0; !plx_arena_failed(arena) && i < threads; i++) {
        plx_arena_init(&encoding->arenas[i], &e->allocator);
        encoding->prepared[i] = plx_arena_take(arena, (size_t)e->n_all, sizeof **encoding->prepared);
    }
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    PLX_TRY(plx_pool_try(encoding->pool, with_labels ? e->n_all : e->n_features, prepare_one, encoding, err));
    for (size_t i = 0; i < threads; i++)
        if (plx_arena_failed(&encoding->arenas[i])) return plx_error_memory(err);
    return PLX_OK;
}

plx_status plx_encoding_create(const plx_encoders *e, const plx_columns *columns, size_t n, bool whole,
                               bool with_labels, plx_pool *pool, plx_encoding **out, plx_error *err)
{
    plx_encoding *encoding = plx_alloc_zero(&e->allocator, 1, sizeof *encoding);
    *out = NULL;
    if (!encoding) return plx_error_memory(err);
    *encoding = (plx_encoding){
        .encoders = e, .columns = columns, .pool = pool, .threads = plx_pool_threads(pool), .n = whole ? n : 0};
    plx_arena_init(&encoding->arena, &e->allocator);
    plx_status status = prepare(encoding, with_labels, err);
    if (status)
        plx_encoding_free(encoding);
    else
        *out = encoding;
    return status;
}

void plx_encoding_free(plx_encoding *encoding)
{
    if (!encoding) return;
    for (int i = 0; encoding->arenas && i < encoding->threads; i++)
        if (encoding->arenas[i].allocator) plx_arena_release(&encoding->arenas[i]);
    plx_arena_release(&encoding->arena);
    plx_free(&encoding->encoders->allocator, encoding);
}

/* -- Rows ---------------------------------------------------------------------------------------------------------- */

/* Encodes rows order[0..n-1] as the records from `first` on. */
typedef struct encode_job {
    const plx_encoding *encoding;
    const uint32_t *order;
    size_t n, first;
    const plx_rows *out;
    atomic_bool is_unlabelled;
    plx_unknown *unknown;
} encode_job;

/* One block of the rows, from `done` on. */
static plx_encoded_rows block_of(const encode_job *p, size_t done, bool *has_all_labels)
{
    const plx_encoders *e = p->encoding->encoders;
    return (plx_encoded_rows){
        .encoders = e,
        .columns = p->encoding->columns,
        .order = p->order + done,
        .n = p->n - done < PLX_ENCODED_ROWS ? p->n - done : PLX_ENCODED_ROWS,
        .records = p->out->records + (p->first + done) * e->layout.record_bytes,
        .all = p->out->records,
        .first = p->first + done,
        .has_all_labels = has_all_labels,
    };
}

static plx_status encode_run(void *user, int job, int thread, plx_error *err)
{
    encode_job *p = user;
    const plx_encoders *e = p->encoding->encoders;
    const size_t begin = (size_t)job * RUN_ROWS, end = p->n - begin < RUN_ROWS ? p->n : begin + RUN_ROWS;
    bool has_all_labels = true;
    for (size_t done = begin; done < end; done += PLX_ENCODED_ROWS) {
        const plx_encoded_rows rows = block_of(p, done, &has_all_labels);
        for (int i = 0; i < e->n_all; i++)
            PLX_TRY(e->all[i].def->encode_rows(&e->all[i], &rows, p->encoding->prepared[thread][i], err));
    }
    if (!has_all_labels) atomic_store(&p->is_unlabelled, true);
    return PLX_OK;
}

/* Row by row, so that the example of an unknown cell is the first one. */
static void count_unknown(void *user, int job, int thread)
{
    const encode_job *p = user;
    (void)thread;
    for (size_t done = 0; done < p->n; done += PLX_ENCODED_ROWS) {
        const plx_encoded_rows rows = block_of(p, done, NULL);
        plx_unknown_count(&p->encoding->encoders->features[job], &rows, &p->unknown[job]);
    }
}

plx_status plx_encoding_rows(const plx_encoding *encoding, const uint32_t *order, size_t n, plx_rows *out, size_t first,
                             plx_error *err)
{
    encode_job p = {.encoding = encoding, .order = order, .n = n, .first = first, .out = out};
    PLX_TRY(plx_pool_try(encoding->pool, (int)((n + RUN_ROWS - 1) / RUN_ROWS), encode_run, &p, err));
    if (p.is_unlabelled) out->has_all_labels = false;
    return PLX_OK;
}

plx_status plx_encoders_encode_counted(const plx_encoders *e, const plx_allocator *allocator,
                                       const plx_columns *columns, const uint32_t *order, size_t n, bool with_labels,
                                       plx_unknown *unknown, plx_pool *pool, plx_rows *out, plx_error *err)
{
    plx_encoding *encoding = NULL;
    plx_rows rows = {0};
    plx_status status = plx_encoding_create(e, columns, n, true, with_labels, pool, &encoding, err);
    if (!status) status = plx_rows_init(&rows, allocator, &e->layout, n, err);
    rows.has_all_labels = with_labels;
    if (!status) status = plx_encoding_rows(encoding, order, n, &rows, 0, err);
    if (!status && unknown) {
        encode_job p = {.encoding = encoding, .order = order, .n = n, .out = &rows, .unknown = unknown};
        plx_pool_run(pool, e->n_features, count_unknown, &p);
    }
    plx_encoding_free(encoding);
    if (status) {
        plx_rows_release(&rows, allocator);
        return status;
    }
    *out = rows;
    return PLX_OK;
}

plx_status plx_encoders_encode(const plx_encoders *e, const plx_allocator *allocator, const plx_columns *columns,
                               const uint32_t *order, size_t n, bool with_labels, plx_pool *pool, plx_rows *out,
                               plx_error *err)
{
    return plx_encoders_encode_counted(e, allocator, columns, order, n, with_labels, NULL, pool, out, err);
}
