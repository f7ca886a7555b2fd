/* SPDX-License-Identifier: Apache-2.0 */
/* What dense features and buckets were fitted to, as tensors and back. What comes in is not trusted. */
#include "data/encoders_dense.h"

/* Of `rows` rows, which are left out where there is one. */
static plx_tensor *add_numbers(plx_tensor *next, const char *name, int64_t rows, int64_t columns, const double *numbers)
{
    *next = (plx_tensor){.name = name, .dtype = PLX_DTYPE_F64, .n_dims = 1, .dims = {columns}, .data = numbers};
    if (rows > 1) {
        next->n_dims = 2;
        next->dims[0] = rows;
        next->dims[1] = columns;
    }
    return next + 1;
}

/* The name says in which form the knots are. */
static const char *knots_name(plx_arena *arena, const char *feature, bool by_number)
{
    return plx_arena_format(arena, by_number ? "quantile_numbers/%s" : "quantiles/%s", feature);
}

plx_tensor *plx_dense_tensors(const plx_dense_encoder *dense, plx_arena *arena, plx_tensor *next)
{
    const char *name = dense->spec->name;
    if (dense->knots)
        next = add_numbers(next, knots_name(arena, name, dense->by_number), dense->size, PLX_KNOTS, dense->knots);
    else
        next = add_numbers(next, plx_arena_format(arena, "scaling/%s", name), dense->size, 2, dense->scaling);
    if (isinf(dense->spec->missing))
        next = add_numbers(next, plx_arena_format(arena, "missing/%s", name), dense->size, 1, dense->fill);
    return next;
}

plx_tensor *plx_buckets_tensors(const plx_bucket_encoder *buckets, plx_arena *arena, plx_tensor *next)
{
    const char *name = buckets->spec->name;
    next =
        add_numbers(next, plx_arena_format(arena, "buckets/%s/borders", name), 1, buckets->n_borders, buckets->borders);
    *next = (plx_tensor){.name = plx_arena_format(arena, "buckets/%s/common", name),
                         .dtype = PLX_DTYPE_I64,
                         .n_dims = 1,
                         .dims = {1},
                         .data = &buckets->common};
    return next + 1;
}

/* Finds finite numbers; `columns` below 0: any number of them. */
static plx_status find_numbers(const plx_number_loader *l, const char *name, int64_t rows, int64_t columns,
                               const plx_tensor **out, plx_error *err)
{
    if (!name) return plx_error_memory(err);
    const plx_tensor *tensor = l->find(l->user, name);
    if (!tensor) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' lacks", name);
    const int n_dims = rows > 1 ? 2 : 1;
    const int64_t found = tensor->dims[n_dims - 1];
    if (tensor->dtype != PLX_DTYPE_F64 || tensor->n_dims != n_dims || (rows > 1 && tensor->dims[0] != rows) ||
        found < 0 || (columns >= 0 && found != columns))
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' has another type or shape than it should have", name);
    const double *numbers = tensor->data;
    for (int64_t i = 0; i < rows * found; i++)
        if (!isfinite(numbers[i])) PLX_FAIL(err, PLX_ERR_FORMAT, "tensor '%s' holds what is not a finite number", name);
    *out = tensor;
    return PLX_OK;
}

/* Rows of numbers that rise, or at least do not fall. */
static plx_status check_rising(const double *numbers, int rows, int columns, bool may_stay, const char *name,
                               plx_error *err)
{
    for (int i = 0; i < rows * columns; i++) {
        if (i % columns == 0 || numbers[i] > numbers[i - 1] || (may_stay && numbers[i] == numbers[i - 1])) continue;
        PLX_FAIL(err, PLX_ERR_FORMAT, "the quantiles or borders of '%s' do not rise", name);
    }
    return PLX_OK;
}

/* Of a feature that may have them in either form, in that which there is. */
static plx_status load_knots(plx_dense_encoder *dense, const plx_number_loader *l, plx_error *err)
{
    const plx_tensor *tensor = NULL;
    const char *name = dense->spec->name, *old = knots_name(l->arena, name, false);
    if (!old) return plx_error_memory(err);
    if (dense->by_number && l->find(l->user, old)) dense->by_number = false;
    PLX_TRY(find_numbers(l, knots_name(l->arena, name, dense->by_number), dense->size, PLX_KNOTS, &tensor, err));
    memcpy(dense->knots, tensor->data, (size_t)dense->size * PLX_KNOTS * sizeof *dense->knots);
    plx_dense_place_knots(dense);
    return check_rising(dense->knots, dense->size, PLX_KNOTS, true, name, err);
}

plx_status plx_dense_load(plx_dense_encoder *dense, const plx_number_loader *l, plx_error *err)
{
    const char *name = dense->spec->name;
    const size_t size = (size_t)dense->size;
    const plx_tensor *tensor = NULL;
    if (isinf(dense->spec->missing)) {
        PLX_TRY(find_numbers(l, plx_arena_format(l->arena, "missing/%s", name), dense->size, 1, &tensor, err));
        memcpy(dense->fill, tensor->data, size * sizeof *dense->fill);
    }
    if (!dense->knots) {
        PLX_TRY(find_numbers(l, plx_arena_format(l->arena, "scaling/%s", name), dense->size, 2, &tensor, err));
        memcpy(dense->scaling, tensor->data, 2 * size * sizeof *dense->scaling);
        return PLX_OK;
    }
    return load_knots(dense, l, err);
}

plx_status plx_buckets_load(plx_bucket_encoder *buckets, const plx_number_loader *l, plx_error *err)
{
    const char *name = buckets->spec->name;
    const plx_tensor *borders = NULL;
    const int64_t given = buckets->spec->borders.n ? buckets->n_borders : -1;
    PLX_TRY(find_numbers(l, plx_arena_format(l->arena, "buckets/%s/borders", name), 1, given, &borders, err));
    const char *common_name = plx_arena_format(l->arena, "buckets/%s/common", name);
    const plx_tensor *common = common_name ? l->find(l->user, common_name) : NULL;
    if (plx_arena_failed(l->arena)) return plx_error_memory(err);
    if (borders->dims[0] > PLX_BORDERS_MAX)
        PLX_FAIL(err, PLX_ERR_FORMAT, "'%s' has more borders than there may be", name);
    const int n = (int)borders->dims[0];
    PLX_TRY(check_rising(borders->data, 1, n, false, name, err));
    if (given >= 0 && memcmp(borders->data, buckets->borders, (size_t)n * sizeof(double)) != 0)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the borders of '%s' are not those of the configuration", name);
    buckets->borders = plx_arena_copy(&l->encoders->arena, borders->data, (size_t)n * sizeof(double));
    buckets->n_borders = n;
    if (!buckets->borders) return plx_error_memory(err);
    if (!common || common->dtype != PLX_DTYPE_I64 || common->n_dims != 1 || common->dims[0] != 1)
        PLX_FAIL(err, PLX_ERR_FORMAT, "tensor 'buckets/%s/common' lacks, or has another type or shape", name);
    buckets->common = *(const int64_t *)common->data;
    if (buckets->common < 0 || buckets->common > (int64_t)n + 1)
        PLX_FAIL(err, PLX_ERR_FORMAT, "the commonest bucket of '%s' is none of its buckets", name);
    return PLX_OK;
}
