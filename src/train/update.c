/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters' step. Numbers between tensors are 0, have gradient 0, and so stay 0. */
#include "train/update.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPAN = 4096 }; /* numbers: with two slots 80 KiB, within a second-level cache */

static int compare_bands(const void *a, const void *b)
{
    const plx_band *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/** Contiguous rows are one long row. */
static void flatten(plx_band *band)
{
    if (band->cols != band->stride && band->rows != 1) return;
    band->cols *= band->rows;
    band->rows = 1;
    band->stride = band->cols;
}

/** Merges `next` into `band` if its rows are adjacent. */
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

/** Sorts the bands and merges adjacent ones. */
static void join_bands(plx_bands *bands)
{
    size_t kept = 0;
    if (bands->n > 0) qsort(bands->items, bands->n, sizeof *bands->items, compare_bands);
    for (size_t i = 0; i < bands->n; i++) {
        if (kept == 0 || !absorb(&bands->items[kept - 1], &bands->items[i])) bands->items[kept++] = bands->items[i];
    }
    bands->n = kept;
}

static void add_bands(plx_bands *bands, const plx_param *param, double l2)
{
    for (int g = 0; g < param->spec.groups; g++) {
        plx_band *band = &bands->items[bands->n++];
        *band = (plx_band){param->offset + (size_t)g * param->group_stride, param->row_stride, (size_t)param->spec.rows,
                           (size_t)param->spec.cols, l2};
        flatten(band);
    }
}

static void find_bands(plx_update *update, const plx_graph *graph, const double l2[PLX_L2_KINDS])
{
    const bool decays = update->optimizer->decays && update->spec->weight_decay > 0;
    for (int p = 0; p < graph->n_params; p++) {
        const plx_param *param = &graph->params[p];
        double factor = l2[param->spec.regulariser];
        if (param->spec.is_state || param->spec.is_frozen || param->spec.is_lazy) continue;
        if (factor > 0) add_bands(&update->regularised, param, factor);
        if (decays && !param->spec.is_bias) add_bands(&update->decaying, param, 0);
        if (update->variables.items) add_bands(&update->variables, param, 0);
    }
    join_bands(&update->regularised);
    join_bands(&update->decaying);
}

static bool take_memory(plx_update *update, const plx_graph *graph)
{
    plx_arena *arena = &update->arena;
    const size_t n_spans = (size_t)update->n_spans;
    size_t n_bands = 0;
    bool has_slots = true;
    for (int p = 0; p < graph->n_params; p++)
        n_bands += (size_t)graph->params[p].spec.groups;
    plx_arena_init(arena, update->machine.allocator);
    update->regularised.items = plx_arena_take(arena, n_bands, sizeof *update->regularised.items);
    update->decaying.items = plx_arena_take(arena, n_bands, sizeof *update->decaying.items);
    update->penalties = plx_arena_take(arena, n_spans, sizeof *update->penalties);
    if (update->spec->clip_variable_norm > 0)
        update->variables.items = plx_arena_take(arena, n_bands, sizeof *update->variables.items);
    if (update->spec->clip_norm > 0) update->squares = plx_arena_take(arena, n_spans, sizeof *update->squares);
    for (int i = 0; i < update->optimizer->n_slots; i++) {
        update->slots[i] = plx_alloc_aligned(update->machine.allocator, update->n, sizeof *update->slots[i]);
        has_slots &= update->slots[i] != NULL;
    }
    return has_slots && !plx_arena_failed(arena);
}

plx_status plx_update_init(plx_update *update, const plx_machine *machine, const plx_graph *graph,
                           const plx_train_spec *spec, const double l2[PLX_L2_KINDS], int64_t epoch_steps,
                           plx_error *err)
{
    *update = (plx_update){.machine = *machine, .spec = spec, .rate_factor = 1};
    plx_error first;
    plx_problems problems = plx_problems_first(&first);
    plx_train_check(spec, &problems);
    PLX_TRY(plx_problem_status(&first, err));
    update->optimizer = plx_optimizer_for(spec);
    plx_schedule_init(&update->schedule, spec, epoch_steps);
    update->n = graph->n_gradient;
    update->n_spans = (int)((graph->n_gradient + SPAN - 1) / SPAN);
    if (!take_memory(update, graph)) {
        plx_update_release(update);
        return plx_error_memory(err);
    }
    for (int i = 0; i < update->optimizer->n_slots && update->optimizer->start; i++)
        plx_optimizer_start(update->optimizer, spec, i, update->n, update->slots[i]);
    find_bands(update, graph, l2);
    return PLX_OK;
}

void plx_update_release(plx_update *update)
{
    if (!update->machine.allocator) return;
    for (int i = 0; i < PLX_OPTIMIZER_SLOTS_MAX; i++)
        plx_free_aligned(update->machine.allocator, update->slots[i]);
    plx_arena_release(&update->arena);
    *update = (plx_update){0};
}

void plx_update_list_state(plx_update *update, plx_state_list *list)
{
    plx_state_add_integers(list, "optimizer/step", &update->step, 1);
    plx_state_add_doubles(list, "optimizer/rate_factor", &update->rate_factor, 1);
    plx_schedule_list_state(&update->schedule, list);
    for (int i = 0; i < update->optimizer->n_slots; i++) {
        char name[PLX_STATE_NAME];
        snprintf(name, sizeof name, "optimizer/slot%d", i);
        plx_state_add_reals(list, name, update->slots[i], update->n);
    }
}

/** Calls `work` with the band's rows within [begin, end); returns the sum of the results. */
static double each_row(const plx_update *update, const plx_band *band, size_t begin, size_t end,
                       double work(const plx_update *update, const plx_band *band, size_t from, size_t n))
{
    double sum = 0;
    size_t first_end = band->offset + band->cols;
    size_t row = begin < first_end ? 0 : (begin - first_end) / band->stride + 1;
    for (; row < band->rows; row++) {
        size_t from = band->offset + row * band->stride, to = from + band->cols;
        if (from >= end) break;
        if (from < begin) from = begin;
        if (to > end) to = end;
        if (from < to) sum += work(update, band, from, to - from);
    }
    return sum;
}

/** Adds the regulariser's gradient; returns the sum of squares. */
static double regularise(const plx_update *update, const plx_band *band, size_t from, size_t n)
{
    return update->machine.kernels->add_l2(n, update->values + from, (plx_real)band->l2, update->gradient + from);
}

static double decay(const plx_update *update, const plx_band *band, size_t from, size_t n)
{
    (void)band;
    update->machine.kernels->sgd(n, update->values + from, update->values + from, update->decay);
    return 0;
}

static void regularise_span(void *user, int span, int thread)
{
    plx_update *update = user;
    size_t begin = (size_t)span * SPAN, end = begin + SPAN < update->n ? begin + SPAN : update->n;
    const plx_bands *bands = &update->regularised;
    double penalty = 0;
    (void)thread;
    for (size_t b = 0; b < bands->n && bands->items[b].offset < end; b++)
        penalty += bands->items[b].l2 * each_row(update, &bands->items[b], begin, end, regularise);
    update->penalties[span] = penalty;
}

static void measure_span(void *user, int span, int thread)
{
    plx_update *update = user;
    size_t begin = (size_t)span * SPAN, end = begin + SPAN < update->n ? begin + SPAN : update->n;
    regularise_span(user, span, thread);
    update->squares[span] = update->machine.kernels->sum_squares(end - begin, update->gradient + begin);
}

static double square(const plx_update *update, const plx_band *band, size_t from, size_t n)
{
    (void)band;
    return update->machine.kernels->sum_squares(n, update->gradient + from);
}

static double shorten(const plx_update *update, const plx_band *band, size_t from, size_t n)
{
    update->machine.kernels->limit(n, update->gradient + from, (plx_real)band->l2, 0);
    return 0;
}

/* One variable is summed by one thread, so the sum does not depend on their number. */
static void clip_variable(void *user, int number, int thread)
{
    const plx_update *update = user;
    plx_band band = update->variables.items[number];
    (void)thread;
    const double norm = sqrt(each_row(update, &band, 0, update->n, square));
    if (!(norm > update->spec->clip_variable_norm)) return;
    band.l2 = update->spec->clip_variable_norm / norm;
    each_row(update, &band, 0, update->n, shorten);
}

static void move_span(void *user, int span, int thread)
{
    plx_update *update = user;
    size_t begin = (size_t)span * SPAN, end = begin + SPAN < update->n ? begin + SPAN : update->n;
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX] = {NULL};
    (void)thread;
    if (update->shortening < 1 || update->most > 0)
        update->machine.kernels->limit(end - begin, update->gradient + begin, update->shortening, update->most);
    for (size_t b = 0; b < update->decaying.n && update->decaying.items[b].offset < end; b++)
        each_row(update, &update->decaying.items[b], begin, end, decay);
    for (int i = 0; i < update->optimizer->n_slots; i++)
        slots[i] = update->slots[i] + begin;
    update->optimizer->step(update->machine.kernels, update->spec, update->rate, end - begin, update->values + begin,
                            update->gradient + begin, slots);
}

static void update_span(void *user, int span, int thread)
{
    regularise_span(user, span, thread);
    move_span(user, span, thread);
}

static double run_spans(plx_update *update, plx_job *job, plx_real *values, plx_real *gradient)
{
    double penalty = 0;
    update->values = values;
    update->gradient = gradient;
    plx_pool_compute(update->machine.pool, update->n_spans, job, update);
    for (int span = 0; span < update->n_spans; span++)
        penalty += update->penalties[span];
    return penalty;
}

/** Clips by the norm of the whole gradient, summed span by span: the same for any number of threads. */
static plx_real shortening(const plx_update *update)
{
    double squares = 0;
    for (int span = 0; span < update->n_spans; span++)
        squares += update->squares[span];
    const double norm = sqrt(squares);
    return norm > update->spec->clip_norm ? (plx_real)(update->spec->clip_norm / norm) : 1;
}

double plx_update_step(plx_update *update, plx_real *values, plx_real *gradient)
{
    update->step++;
    update->learning_rate = update->rate_factor * plx_schedule_rate(&update->schedule, update->step);
    update->rate = plx_optimizer_rate(update->optimizer, update->spec, update->learning_rate, update->step);
    update->decay = (plx_real)(update->learning_rate * update->spec->weight_decay);
    update->most = (plx_real)update->spec->clip_value;
    update->shortening = 1;
    if (update->variables.n > 0) {
        run_spans(update, regularise_span, values, gradient);
        plx_pool_compute(update->machine.pool, (int)update->variables.n, clip_variable, update);
        return run_spans(update, move_span, values, gradient);
    }
    if (!update->squares) return run_spans(update, update_span, values, gradient);
    run_spans(update, measure_span, values, gradient);
    update->shortening = shortening(update);
    return run_spans(update, move_span, values, gradient);
}

/** The parameter of the number at `place` of the block. */
static const char *name_at(const plx_graph *graph, size_t place)
{
    const plx_param *found = NULL;
    for (int p = 0; p < graph->n_params; p++) {
        const plx_param *param = &graph->params[p];
        if (param->offset <= place && (!found || param->offset > found->offset)) found = param;
    }
    return found ? found->spec.name : "";
}

const char *plx_update_not_finite(const plx_update *update, const plx_graph *graph)
{
    for (int i = 0; i < update->optimizer->n_slots; i++) {
        const size_t place = plx_find_not_finite(update->slots[i], update->n);
        if (place < update->n) return name_at(graph, place);
    }
    return NULL;
}

double plx_update_penalty(plx_update *update, plx_real *values, plx_real *gradient)
{
    return run_spans(update, regularise_span, values, gradient);
}
