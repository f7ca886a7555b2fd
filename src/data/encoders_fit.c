/* SPDX-License-Identifier: Apache-2.0 */
/* Fits encoders to raw columns. */
#include "data/encoder_def.h"
#include "files/find.h"

plx_status plx_vocabularies_read(plx_encoders *e, const plx_load_options *options, plx_error *err)
{
    plx_arena arena;
    plx_status status = PLX_OK;
    plx_arena_init(&arena, &e->allocator);
    for (int i = 0; !status && i < e->n_vocabularies; i++) {
        const char *path, *name = e->vocabularies[i].spec->vocabulary_file;
        if (!*name) continue;
        status = plx_find_file(&arena, name, options->folders, options->n_folders, &path, err);
        if (!status) status = plx_vocabulary_read(&e->vocabularies[i], path, e->csv.trim, &options->listener, err);
    }
    plx_arena_release(&arena);
    return status;
}

/* The arguments of a fit on some rows. */
typedef struct fitting {
    plx_encoders *encoders;
    const plx_columns *columns;
    const uint32_t *order; /* [n] */
    size_t n;
} fitting;

/* For a table that several features share. */
static plx_status fit_vocabulary(void *user, int job, int thread, plx_error *err)
{
    const fitting *f = user;
    plx_vocabulary *vocabulary = &f->encoders->vocabularies[job];
    (void)thread;
    if (!vocabulary->is_fitted || vocabulary->n_features < 2) return PLX_OK;
    return plx_vocabulary_fit(f->encoders, vocabulary, f->columns, f->order, f->n, err);
}

static plx_status fit_encoder(void *user, int job, int thread, plx_error *err)
{
    const fitting *f = user;
    plx_encoder *one = &f->encoders->all[job];
    (void)thread;
    if (one->def->fit) PLX_TRY(one->def->fit(f->encoders, one, f->columns, f->order, f->n, err));
    return plx_known_share_fit(f->encoders, one, f->columns, f->order, f->n, err);
}

plx_status plx_encoders_fit(plx_encoders *e, const plx_columns *columns, const uint32_t *order, size_t n,
                            plx_pool *pool, plx_error *err)
{
    fitting f = {.encoders = e, .columns = columns, .order = order, .n = n};
    if (columns->is_spilled) pool = NULL;
    PLX_TRY(plx_pool_try(pool, e->n_vocabularies, fit_vocabulary, &f, err));
    PLX_TRY(plx_pool_try(pool, e->n_all, fit_encoder, &f, err));
    plx_encoders_seal(e);
    return PLX_OK;
}

/* -- Without rows -------------------------------------------------------------------------------------------------- */

/* Categories "0", "1" and so on, as placeholders for those of later rows. */
static plx_status declare_vocabulary(plx_vocabulary *vocabulary, plx_arena *arena, plx_error *err)
{
    const int64_t size = vocabulary->spec->max_size;
    if (!vocabulary->is_fitted) return PLX_OK;
    if (size <= 0)
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "feature '%s' declares no vocabulary: give max_size, hash_buckets or vocabulary_file, or rows to fit",
                 vocabulary->spec->name);
    plx_counted *counted = plx_arena_take(arena, (size_t)size, sizeof *counted);
    for (int64_t i = 0; counted && i < size; i++) {
        const char *text = plx_arena_format(arena, "%lld", (long long)i);
        if (!text) break;
        counted[i] = (plx_counted){.text = plx_slice_of(text), .count = INT64_MAX};
    }
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    return plx_vocabulary_take(vocabulary, counted, (size_t)size, err);
}

static plx_status declare(plx_encoders *e, const plx_load_options *options, plx_arena *arena, plx_error *err)
{
    plx_columns none = {0};
    PLX_TRY(plx_vocabularies_read(e, options, err));
    plx_status status = plx_encoders_raw(e, true, &none, err);
    if (!status) status = plx_encoders_fit(e, &none, NULL, 0, NULL, err);
    plx_columns_release(&none);
    for (int i = 0; !status && i < e->n_vocabularies; i++)
        status = declare_vocabulary(&e->vocabularies[i], arena, err);
    if (!status) plx_encoders_seal(e);
    return status;
}

plx_status plx_encoders_declare(const plx_allocator *allocator, const plx_table_spec *spec,
                                const plx_load_options *options, plx_encoders **out, plx_error *err)
{
    plx_arena arena;
    plx_encoders *e = NULL;
    PLX_TRY(plx_encoders_create(allocator, spec, &e, err));
    plx_arena_init(&arena, allocator);
    const plx_status status = declare(e, options, &arena, err);
    plx_arena_release(&arena);
    if (status)
        plx_encoders_release(e);
    else
        *out = e;
    return status;
}
