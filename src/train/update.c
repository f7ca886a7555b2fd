/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters' step. Numbers between tensors are 0, have gradient 0, and so stay 0. */
#include "train/update.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPAN = 4096 }; /* numbers: with two slots 80 KiB, within a second-level cache */

static int compare_bands(const void *a, const void *b)
{
    const plx_band *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/** Rows without gaps are one long row. */
static void flatten(plx_band *band)
{
    if (band->cols != band->stride && band->rows != 1) return;
    band->cols *= band->rows;
    band->rows = 1;
    band->stride = band->cols;
}

/** Joins `next` to `band` where it lies right beside it, row for row. */
static bool absorb(plx_band *band, const plx_band *next)
{
    bool are_flat = band->rows == 1 && next->rows == 1;
    bool are_alike = band->rows == next->rows && (are_flat || band->stride == next->stride);
    if (!are_alike || !(band->l2 >= next->l2 && band->l2 <= next->l2)) return false;
    if (next->offset != band->offset + band->cols) return false;
    band->cols += next->cols;
    flatten(band);
    return true;
}

static void find_bands(plx_update *update, const plx_graph *graph, const double l2[PLX_L2_KINDS])
{
    size_t n = 0, kept = 0;
    plx_band *bands = update->bands;
    for (int p = 0; p < graph->n_params; p++) {
        const plx_param *param = &graph->params[p];
        double factor = l2[param->spec.regulariser];
        if (param->spec.is_state || !(factor > 0)) continue;
        for (int g = 0; g < param->spec.groups; g++) {
            bands[n] = (plx_band){param->offset + (size_t)g * param->group_stride, param->row_stride,
                                  (size_t)param->spec.rows, (size_t)param->spec.cols, factor};
            flatten(&bands[n++]);
        }
    }
    qsort(bands, n, sizeof *bands, compare_bands);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || !absorb(&bands[kept - 1], &bands[i])) bands[kept++] = bands[i];
    }
    update->n_bands = kept;
}

plx_status plx_update_init(plx_update *update, const plx_allocator *allocator, const plx_graph *graph,
                           const plx_kernels *kernels, plx_pool *pool, const plx_train_spec *spec,
                           const double l2[PLX_L2_KINDS], plx_error *err)
{
    size_t n_bands = 0;
    *update = (plx_update){.allocator = allocator, .kernels = kernels, .pool = pool, .spec = spec};
    PLX_TRY(plx_train_check(spec, err));
    update->optimizer = plx_optimizer_find(plx_slice_of(spec->optimizer));
    update->n = graph->n_gradient;
    update->n_spans = (int)((graph->n_gradient + SPAN - 1) / SPAN);
    for (int p = 0; p < graph->n_params; p++)
        n_bands += (size_t)graph->params[p].spec.groups;
    update->bands = plx_alloc(allocator, n_bands, sizeof *update->bands);
    update->penalties = plx_alloc_zero(allocator, (size_t)update->n_spans, sizeof *update->penalties);
    bool has_slots = true;
    for (int i = 0; i < update->optimizer->n_slots; i++) {
        update->slots[i] = plx_alloc_aligned(allocator, update->n, sizeof *update->slots[i]);
        has_slots &= update->slots[i] != NULL;
    }
    if (!update->bands || !update->penalties || !has_slots) {
        plx_update_release(update);
        return plx_error_memory(err);
    }
    find_bands(update, graph, l2);
    return PLX_OK;
}

void plx_update_release(plx_update *update)
{
    if (!update->allocator) return;
    for (int i = 0; i < PLX_OPTIMIZER_SLOTS_MAX; i++)
        plx_free_aligned(update->allocator, update->slots[i]);
    plx_free(update->allocator, update->penalties);
    plx_free(update->allocator, update->bands);
    *update = (plx_update){0};
}

void plx_update_keep(plx_update *update, plx_kept_list *list)
{
    plx_keep_integers(list, "optimizer/step", &update->step, 1);
    for (int i = 0; i < update->optimizer->n_slots; i++) {
        char name[PLX_KEPT_NAME];
        snprintf(name, sizeof name, "optimizer/slot%d", i);
        plx_keep_reals(list, name, update->slots[i], update->n);
    }
}

/** Adds the regulariser's gradient for the band's numbers in [begin, end); returns its loss there. */
static double regularise_band(const plx_update *update, const plx_band *band, size_t begin, size_t end)
{
    double squares = 0;
    size_t first_end = band->offset + band->cols;
    size_t row = begin < first_end ? 0 : (begin - first_end) / band->stride + 1;
    for (; row < band->rows; row++) {
        size_t from = band->offset + row * band->stride, to = from + band->cols;
        if (from >= end) break;
        if (from < begin) from = begin;
        if (to > end) to = end;
        if (from < to)
            squares +=
                update->kernels->add_l2(to - from, update->values + from, (plx_real)band->l2, update->gradient + from);
    }
    return band->l2 * squares;
}

static void regularise_span(void *user, int span, int thread)
{
    plx_update *update = user;
    size_t begin = (size_t)span * SPAN, end = begin + SPAN < update->n ? begin + SPAN : update->n;
    double penalty = 0;
    (void)thread;
    for (size_t b = 0; b < update->n_bands && update->bands[b].offset < end; b++)
        penalty += regularise_band(update, &update->bands[b], begin, end);
    update->penalties[span] = penalty;
}

static void update_span(void *user, int span, int thread)
{
    plx_update *update = user;
    size_t begin = (size_t)span * SPAN, end = begin + SPAN < update->n ? begin + SPAN : update->n;
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX] = {NULL};
    regularise_span(user, span, thread);
    for (int i = 0; i < update->optimizer->n_slots; i++)
        slots[i] = update->slots[i] + begin;
    update->optimizer->step(update->kernels, update->spec, update->rate, end - begin, update->values + begin,
                            update->gradient + begin, slots);
}

static double run_spans(plx_update *update, plx_job *job, plx_real *values, plx_real *gradient)
{
    double penalty = 0;
    update->values = values;
    update->gradient = gradient;
    if (update->pool) {
        plx_pool_run(update->pool, update->n_spans, job, update);
    } else {
        for (int span = 0; span < update->n_spans; span++)
            job(update, span, 0);
    }
    for (int span = 0; span < update->n_spans; span++)
        penalty += update->penalties[span];
    return penalty;
}

double plx_update_step(plx_update *update, plx_real *values, plx_real *gradient)
{
    update->step++;
    update->rate = (plx_real)update->optimizer->rate(update->spec, update->step);
    return run_spans(update, update_span, values, gradient);
}

double plx_update_penalty(plx_update *update, plx_real *values, plx_real *gradient)
{
    return run_spans(update, regularise_span, values, gradient);
}
