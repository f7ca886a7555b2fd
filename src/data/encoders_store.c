/* SPDX-License-Identifier: Apache-2.0 */
/* The fitted state as tensors, and encoders from such tensors. What comes in is not trusted. */
#include <math.h>

#include "data/encoders_dense.h"

static void add_tensor(plx_tensor *tensor, const char *name, plx_dtype dtype, int64_t n, const void *data)
{
    *tensor = (plx_tensor){.name = name, .dtype = dtype, .n_dims = 1, .dims = {n}, .data = data};
}

/* The names are in `arena`. Of hashed ids there is nothing to keep. */
static plx_tensor *add_vocabulary(plx_tensor *next, const plx_vocabulary *vocabulary, plx_arena *arena)
{
    const plx_dictionary *texts = &vocabulary->texts;
    const int64_t values = texts->n, bytes = values ? texts->ends[values - 1] : 0;
    if (vocabulary->hash_buckets) return next;
    add_tensor(next++, plx_arena_format(arena, "vocabulary/%s/bytes", vocabulary->name), PLX_DTYPE_U8, bytes,
               texts->bytes);
    add_tensor(next++, plx_arena_format(arena, "vocabulary/%s/ends", vocabulary->name), PLX_DTYPE_I64, values,
               texts->ends);
    return next;
}

plx_status plx_encoders_tensors(const plx_encoders *e, plx_arena *arena, const plx_tensor **tensors, int *n,
                                plx_error *err)
{
    const size_t room = 2 * (size_t)e->n_vocabularies + (size_t)e->n_sparse +
                        PLX_NUMBER_TENSORS * ((size_t)e->n_buckets + (size_t)e->n_dense);
    plx_tensor *list = plx_arena_take(arena, room, sizeof *list), *next = list;
    if (!list) return plx_error_memory(err);
    for (int i = 0; i < e->n_vocabularies; i++)
        next = add_vocabulary(next, &e->vocabularies[i], arena);
    for (int i = 0; i < e->n_sparse; i++)
        add_tensor(next++, plx_arena_format(arena, "vocabulary/%s/common", e->sparse[i].spec->name), PLX_DTYPE_I64, 1,
                   &e->sparse[i].common);
    for (int i = 0; i < e->n_buckets; i++)
        next = plx_buckets_tensors(&e->buckets[i], arena, next);
    for (int i = 0; i < e->n_dense; i++)
        next = plx_dense_tensors(&e->dense[i], arena, next);
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    *tensors = list;
    *n = (int)(next - list);
    return PLX_OK;
}

/* How tensors are found, and an arena for their names. */
typedef struct loader {
    plx_arena arena;
    plx_tensor_find *find;
    const void *user;
} loader;

/* `n` below 0: any length. */
static plx_status find_tensor(loader *l, const char *name, plx_dtype dtype, int64_t n, const plx_tensor **out,
                              plx_error *err)
{
    if (!name) return plx_error_memory(err);
    const plx_tensor *tensor = l->find(l->user, name);
    if (!tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' lacks", name);
    if (tensor->dtype != dtype || tensor->n_dims != 1 || tensor->dims[0] < 0 || (n >= 0 && tensor->dims[0] != n))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' has another type or shape than it should have", name);
    *out = tensor;
    return PLX_OK;
}

static plx_status load_vocabulary(loader *l, plx_vocabulary *vocabulary, plx_error *err)
{
    const char *name = vocabulary->name;
    const plx_tensor *bytes = NULL, *ends = NULL;
    int64_t begin = 0;
    if (vocabulary->hash_buckets) return PLX_OK;
    PLX_TRY(find_tensor(l, plx_arena_format(&l->arena, "vocabulary/%s/bytes", name), PLX_DTYPE_U8, -1, &bytes, err));
    PLX_TRY(find_tensor(l, plx_arena_format(&l->arena, "vocabulary/%s/ends", name), PLX_DTYPE_I64, -1, &ends, err));
    int64_t n = ends->dims[0];
    const int64_t *end = ends->data;
    if (n >= PLX_DICTIONARY_MAX || (n ? end[n - 1] : 0) != bytes->dims[0])
        PLX_FAIL(err, PLX_ERR_FORMAT, "the vocabulary of '%s' does not end where its texts end", name);
    for (int64_t i = 0; i < n; begin = end[i++]) {
        if (end[i] < begin || end[i] > bytes->dims[0])
            PLX_FAIL(err, PLX_ERR_FORMAT, "the vocabulary of '%s' has ends that fall", name);
        plx_slice text = {(const char *)bytes->data + begin, (size_t)(end[i] - begin)};
        uint64_t hash = plx_text_hash(text.text, text.length);
        if (plx_dictionary_find(&vocabulary->texts, text, hash) != PLX_NOT_FOUND)
            PLX_FAIL(err, PLX_ERR_FORMAT, "the vocabulary of '%s' holds a text twice", name);
        if (!plx_dictionary_add(&vocabulary->texts, text, hash)) return plx_error_memory(err);
    }
    return PLX_OK;
}

static plx_status load_common(loader *l, plx_sparse_encoder *sparse, plx_error *err)
{
    const char *name = sparse->spec->name;
    const plx_tensor *common = NULL;
    PLX_TRY(find_tensor(l, plx_arena_format(&l->arena, "vocabulary/%s/common", name), PLX_DTYPE_I64, 1, &common, err));
    sparse->common = *(const int64_t *)common->data;
    if (sparse->common < 0 || sparse->common >= plx_vocabulary_rows(sparse->vocabulary))
        PLX_FAIL(err, PLX_ERR_FORMAT, "the commonest value of '%s' is not in its vocabulary", name);
    return PLX_OK;
}

static plx_status load_state(plx_encoders *e, loader *l, plx_error *err)
{
    const plx_number_loader numbers = {e, &l->arena, l->find, l->user};
    for (int i = 0; i < e->n_vocabularies; i++)
        PLX_TRY(load_vocabulary(l, &e->vocabularies[i], err));
    for (int i = 0; i < e->n_sparse; i++)
        PLX_TRY(load_common(l, &e->sparse[i], err));
    for (int i = 0; i < e->n_buckets; i++)
        PLX_TRY(plx_buckets_load(&e->buckets[i], &numbers, err));
    for (int i = 0; i < e->n_dense; i++)
        PLX_TRY(plx_dense_load(&e->dense[i], &numbers, err));
    plx_encoders_seal(e);
    return PLX_OK;
}

plx_status plx_encoders_from_tensors(const plx_allocator *allocator, const plx_table_spec *spec, plx_tensor_find *find,
                                     const void *user, plx_encoders **out, plx_error *err)
{
    plx_encoders *e = NULL;
    loader l = {.find = find, .user = user};
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
