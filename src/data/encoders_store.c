/* SPDX-License-Identifier: Apache-2.0 */
/* Stores the fitted state as tensors, and loads encoders from them. Loaded tensors are not trusted. */
#include <math.h>

#include "data/encoder_def.h"

plx_tensor *plx_tensor_add(plx_tensor *next, const char *name, plx_dtype dtype, int64_t n, const void *data)
{
    *next = (plx_tensor){.name = name, .dtype = dtype, .n_dims = 1, .dims = {n}, .data = data};
    return next + 1;
}

plx_tensor *plx_tensor_add_numbers(plx_tensor *next, const char *name, int64_t rows, int64_t columns,
                                   const double *numbers)
{
    plx_tensor *after = plx_tensor_add(next, name, PLX_DTYPE_F64, columns, numbers);
    if (rows > 1) {
        next->n_dims = 2;
        next->dims[0] = rows;
        next->dims[1] = columns;
    }
    return after;
}

plx_tensor *plx_tensor_add_texts(plx_tensor *next, plx_arena *arena, const char *kind, const char *name,
                                 const plx_dictionary *texts)
{
    const int64_t n = texts->n, bytes = n ? texts->ends[n - 1] : 0;
    next = plx_tensor_add(next, plx_arena_format(arena, "%s/%s/bytes", kind, name), PLX_DTYPE_U8, bytes, texts->bytes);
    next = plx_tensor_add(next, plx_arena_format(arena, "%s/%s/ends", kind, name), PLX_DTYPE_I64, n, texts->ends);
    return next;
}

/* Hashed ids have no state to store. */
static plx_tensor *add_vocabulary(plx_tensor *next, const plx_vocabulary *vocabulary, plx_arena *arena)
{
    if (vocabulary->hash_buckets) return next;
    return plx_tensor_add_texts(next, arena, "vocabulary", vocabulary->name, &vocabulary->texts);
}

/* Missing in older files, and if the feature knew no share. */
static plx_tensor *add_known_share(plx_tensor *next, const plx_encoder *feature, plx_arena *arena)
{
    if (feature->known_share <= 0) return next;
    return plx_tensor_add(next, plx_arena_format(arena, "vocabulary/%s/known", feature->spec->name), PLX_DTYPE_F64, 1,
                          &feature->known_share);
}

/* The states of features with a vocabulary, or of the others. */
static plx_tensor *add_states(plx_tensor *next, const plx_encoders *e, bool have_vocabularies, plx_arena *arena)
{
    for (int i = 0; i < e->n_all; i++) {
        const plx_encoder *one = &e->all[i];
        if (one->def->store && (one->vocabulary != NULL) == have_vocabularies) next = one->def->store(one, arena, next);
    }
    return next;
}

plx_status plx_encoders_tensors(const plx_encoders *e, plx_arena *arena, const plx_tensor **tensors, int *n,
                                plx_error *err)
{
    const size_t capacity = 2 * (size_t)e->n_vocabularies + (PLX_FEATURE_TENSORS + 1) * (size_t)e->n_all;
    plx_tensor *list = plx_arena_take(arena, capacity, sizeof *list), *next = list;
    if (!list) return plx_error_memory(err);
    for (int i = 0; i < e->n_vocabularies; i++)
        next = add_vocabulary(next, &e->vocabularies[i], arena);
    next = add_states(next, e, true, arena);
    for (int i = 0; i < e->n_features; i++)
        next = add_known_share(next, &e->features[i], arena);
    next = add_states(next, e, false, arena);
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    *tensors = list;
    *n = (int)(next - list);
    return PLX_OK;
}

plx_status plx_loader_find(plx_loader *l, const char *name, plx_dtype dtype, int64_t n, const plx_tensor **out,
                           plx_error *err)
{
    if (!name) return plx_error_memory(err);
    const plx_tensor *tensor = l->find(l->user, name);
    if (!tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' is missing", name);
    if (tensor->dtype != dtype || tensor->n_dims != 1 || tensor->dims[0] < 0 || (n >= 0 && tensor->dims[0] != n))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' has the wrong type or shape", name);
    *out = tensor;
    return PLX_OK;
}

plx_status plx_loader_numbers(plx_loader *l, const char *name, int64_t rows, int64_t columns, const plx_tensor **out,
                              plx_error *err)
{
    if (!name) return plx_error_memory(err);
    const plx_tensor *tensor = l->find(l->user, name);
    if (!tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' is missing", name);
    const int n_dims = rows > 1 ? 2 : 1;
    const int64_t found = tensor->dims[n_dims - 1];
    if (tensor->dtype != PLX_DTYPE_F64 || tensor->n_dims != n_dims || (rows > 1 && tensor->dims[0] != rows) ||
        found < 0 || (columns >= 0 && found != columns))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' has the wrong type or shape", name);
    const double *numbers = tensor->data;
    for (int64_t i = 0; i < rows * found; i++)
        if (!isfinite(numbers[i]))
            PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' contains a number that is not finite", name);
    *out = tensor;
    return PLX_OK;
}

enum { TEXTS_AHEAD = 16 }; /* whose slots are loaded into the cache */

static plx_slice text_at(const plx_tensor *bytes, const int64_t *end, int64_t i)
{
    const int64_t begin = i ? end[i - 1] : 0;
    return (plx_slice){(const char *)bytes->data + begin, (size_t)(end[i] - begin)};
}

plx_status plx_loader_texts(plx_loader *l, const char *kind, const char *name, plx_dictionary *texts, plx_error *err)
{
    const plx_tensor *bytes = NULL, *ends = NULL;
    int64_t begin = 0;
    PLX_TRY(plx_loader_find(l, plx_arena_format(&l->arena, "%s/%s/bytes", kind, name), PLX_DTYPE_U8, -1, &bytes, err));
    PLX_TRY(plx_loader_find(l, plx_arena_format(&l->arena, "%s/%s/ends", kind, name), PLX_DTYPE_I64, -1, &ends, err));
    int64_t n = ends->dims[0];
    const int64_t *end = ends->data;
    if (n >= PLX_DICTIONARY_MAX || (n ? end[n - 1] : 0) != bytes->dims[0])
        PLX_FAIL(err, PLX_ERR_FORMAT, "the %s of '%s' does not end where its texts end", kind, name);
    for (int64_t i = 0; i < n; begin = end[i++]) {
        if (end[i] < begin || end[i] > bytes->dims[0])
            PLX_FAIL(err, PLX_ERR_FORMAT, "the %s of '%s' has ends that are not ascending", kind, name);
    }
    for (int64_t i = 0; i < n; i++) {
        const plx_slice text = text_at(bytes, end, i);
        const uint64_t hash = plx_dictionary_hash(texts, text);
        if (i + TEXTS_AHEAD < n)
            plx_dictionary_prefetch(texts, plx_dictionary_hash(texts, text_at(bytes, end, i + TEXTS_AHEAD)));
        if (plx_dictionary_find(texts, text, hash) != PLX_NOT_FOUND)
            PLX_FAIL(err, PLX_ERR_FORMAT, "the %s of '%s' holds a text twice", kind, name);
        if (!plx_dictionary_add(texts, text, hash)) return plx_error_memory(err);
    }
    return PLX_OK;
}

static plx_status load_vocabulary(plx_loader *l, plx_vocabulary *vocabulary, plx_error *err)
{
    if (vocabulary->hash_buckets) return PLX_OK;
    return plx_loader_texts(l, "vocabulary", vocabulary->name, &vocabulary->texts, err);
}

static plx_status load_known_share(plx_loader *l, plx_encoder *feature, plx_error *err)
{
    const plx_tensor *found = NULL;
    if (!feature->vocabulary || plx_vocabulary_knows_fit(feature->vocabulary)) return PLX_OK;
    const char *name = plx_arena_format(&l->arena, "vocabulary/%s/known", feature->spec->name);
    if (!name) return plx_error_memory(err);
    if (!l->find(l->user, name)) return PLX_OK;
    PLX_TRY(plx_loader_find(l, name, PLX_DTYPE_F64, 1, &found, err));
    feature->known_share = *(const double *)found->data;
    if (!(feature->known_share > 0 && feature->known_share <= 1))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' is not a fraction above 0", name);
    return PLX_OK;
}

static plx_status load_state(plx_encoders *e, plx_loader *l, plx_error *err)
{
    for (int i = 0; i < e->n_vocabularies; i++)
        PLX_TRY(load_vocabulary(l, &e->vocabularies[i], err));
    for (int i = 0; i < e->n_all; i++) {
        plx_encoder *one = &e->all[i];
        if (one->def->load) PLX_TRY(one->def->load(e, one, l, err));
        PLX_TRY(load_known_share(l, one, err));
    }
    plx_encoders_seal(e);
    return PLX_OK;
}

plx_status plx_encoders_from_tensors(const plx_allocator *allocator, const plx_table_spec *spec, plx_tensor_find *find,
                                     const void *user, plx_encoders **out, plx_error *err)
{
    plx_encoders *e = NULL;
    plx_loader l = {.find = find, .user = user};
    PLX_TRY(plx_encoders_create(allocator, spec, &e, err));
    plx_arena_init(&l.arena, allocator);
    plx_status status = load_state(e, &l, err);
    plx_arena_release(&l.arena);
    if (status) {
        plx_encoders_release(e);
        return status;
    }
    *out = e;
    return PLX_OK;
}
