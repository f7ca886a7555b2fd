/* SPDX-License-Identifier: Apache-2.0 */
/* Prefetch distance: touched rows are far apart in memory. */
#include "train/table_update.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_AHEAD = 8, LINE_NUMBERS = 16 };

static const char LAZY[] = "lazy_", ROWWISE_ADAGRAD[] = "rowwise_adagrad";

bool plx_table_optimizer_is_known(const char *name)
{
    if (strcmp(name, ROWWISE_ADAGRAD) == 0) return true;
    const size_t prefix = sizeof LAZY - 1;
    return strncmp(name, LAZY, prefix) == 0 && plx_optimizer_find(plx_slice_of(name + prefix));
}

/** NULL for row-wise Adagrad. */
static const plx_optimizer *optimizer_of(const plx_train_spec *spec)
{
    if (strcmp(spec->table_optimizer, ROWWISE_ADAGRAD) == 0) return NULL;
    const plx_optimizer *row = plx_optimizer_find(plx_slice_of(spec->table_optimizer + sizeof LAZY - 1));
    return row->variant ? row->variant(spec) : row;
}

static void find_tables(plx_table_update *update)
{
    const plx_graph *graph = update->graph;
    size_t rows = 0, end = 0;
    update->first = graph->n_values;
    for (int p = 0; p < graph->n_params; p++) {
        const plx_param *param = &graph->params[p];
        if (param->lazy < 0) continue;
        const size_t numbers = (size_t)param->spec.rows * (size_t)param->spec.cols;
        update->tables[param->lazy] = param;
        update->first_rows[param->lazy] = rows;
        rows += (size_t)param->spec.rows;
        if (param->offset < update->first) update->first = param->offset;
        if (param->offset + numbers > end) end = param->offset + numbers;
    }
    update->n = end > update->first ? end - update->first : 0;
    update->n_slot = update->optimizer ? update->n : rows;
}

plx_status plx_table_update_init(plx_table_update *update, const plx_machine *machine, const plx_graph *graph,
                                 const plx_train_spec *spec, double l2, plx_error *err)
{
    const plx_allocator *allocator = machine->allocator;
    const size_t n = (size_t)graph->n_lazy;
    *update = (plx_table_update){.machine = *machine, .graph = graph, .spec = spec, .l2 = l2};
    if (n == 0) return PLX_OK;
    if (!spec->table_optimizer || !*spec->table_optimizer) {
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "the network has lazy tables: table_optimizer must say how they are trained");
    }
    update->optimizer = optimizer_of(spec);
    update->n_tables = graph->n_lazy;
    update->n_slots = update->optimizer ? update->optimizer->n_slots : 1;
    plx_arena *arena = &update->arena;
    plx_arena_init(arena, allocator);
    update->tables = plx_arena_take(arena, n, sizeof *update->tables);
    update->first_rows = plx_arena_take(arena, n, sizeof *update->first_rows);
    update->penalties = plx_arena_take(arena, n * PLX_TOUCHED_PARTS, sizeof *update->penalties);
    if (spec->clip_variable_norm > 0) {
        update->squares = plx_arena_take(arena, n * PLX_TOUCHED_PARTS, sizeof *update->squares);
        update->factors = plx_arena_take(arena, n, sizeof *update->factors);
    }
    bool has_all = !plx_arena_failed(arena);
    if (has_all) find_tables(update);
    for (int i = 0; i < update->n_slots && has_all; i++) {
        update->slots[i] = plx_alloc_aligned(allocator, update->n_slot, sizeof *update->slots[i]);
        has_all = update->slots[i] != NULL;
        if (has_all && update->optimizer && update->optimizer->start)
            plx_optimizer_start(update->optimizer, spec, i, update->n_slot, update->slots[i]);
    }
    if (has_all) return PLX_OK;
    plx_table_update_release(update);
    return plx_error_memory(err);
}

void plx_table_update_release(plx_table_update *update)
{
    if (!update->machine.allocator) return;
    for (int i = 0; i < PLX_OPTIMIZER_SLOTS_MAX; i++)
        plx_free_aligned(update->machine.allocator, update->slots[i]);
    plx_arena_release(&update->arena);
    *update = (plx_table_update){0};
}

void plx_table_update_list_state(plx_table_update *update, plx_state_list *list)
{
    for (int i = 0; i < update->n_slots; i++) {
        char name[PLX_STATE_NAME];
        snprintf(name, sizeof name, "table_optimizer/slot%d", i);
        plx_state_add_reals(list, name, update->slots[i], update->n_slot);
    }
}

/** The table of the number at `place` of a slot: tables are stored one after another. */
static const char *name_at(const plx_table_update *update, size_t place)
{
    int found = 0;
    for (int i = 0; i < update->n_tables; i++) {
        const size_t first = update->optimizer ? update->tables[i]->offset - update->first : update->first_rows[i];
        if (first <= place) found = i;
    }
    return update->tables[found]->spec.name;
}

const char *plx_table_update_not_finite(const plx_table_update *update)
{
    for (int i = 0; i < update->n_slots; i++) {
        const size_t place = plx_find_not_finite(update->slots[i], update->n_slot);
        if (place < update->n_slot) return name_at(update, place);
    }
    return NULL;
}

/* A row of a table, with its gradient and slots. */
typedef struct table_row {
    size_t n; /* numbers */
    plx_real *weights, *gradient;
    plx_real *slots[PLX_OPTIMIZER_SLOTS_MAX];
} table_row;

static void find_row(const plx_table_update *update, int table, const plx_touched_rows *rows, int i, table_row *row)
{
    const plx_param *param = update->tables[table];
    const size_t n = (size_t)param->spec.cols, place = param->offset + (size_t)rows->ids[i] * n;
    const size_t slot = update->optimizer ? place - update->first : update->first_rows[table] + rows->ids[i];
    row->n = n;
    row->weights = update->values + place;
    row->gradient = rows->gradient + (size_t)i * n;
    for (int s = 0; s < update->n_slots; s++)
        row->slots[s] = update->slots[s] + slot;
}

static void fetch(const plx_table_update *update, const table_row *row)
{
    for (size_t i = 0; i < row->n; i += LINE_NUMBERS) {
        __builtin_prefetch(row->weights + i, 1);
        for (int s = 0; s < update->n_slots; s++)
            __builtin_prefetch(row->slots[s] + (update->optimizer ? i : 0), 1);
    }
}

/* a += mean of g^2, w -= rate / (sqrt(a) + epsilon) g, with one number a per row. */
static void step_rowwise(const plx_table_update *update, const table_row *row)
{
    double squares = 0;
    for (size_t i = 0; i < row->n; i++)
        squares += (double)row->gradient[i] * (double)row->gradient[i];
    row->slots[0][0] += (plx_real)(squares / (double)row->n);
    const double rate = (double)update->rate / (sqrt((double)row->slots[0][0]) + update->spec->epsilon);
    update->machine.kernels->sgd(row->n, row->weights, row->gradient, (plx_real)rate);
}

/* Adds the regulariser's gradient to a row's; returns the weights' squares. */
static double regularise(const plx_table_update *update, const table_row *row)
{
    if (!(update->l2 > 0)) return 0;
    return update->machine.kernels->add_l2(row->n, row->weights, (plx_real)update->l2, row->gradient);
}

/* Regularises the rows of one part of one table's gradient and computes their norm, which is needed before the first
   step. */
static void measure_part(void *user, int number, int thread)
{
    (void)thread;
    plx_table_update *update = user;
    const plx_touched_rows *rows = &update->touched[number];
    double weights = 0, gradients = 0;
    for (int i = 0; i < rows->n; i++) {
        table_row row;
        find_row(update, number / PLX_TOUCHED_PARTS, rows, i, &row);
        weights += regularise(update, &row);
        gradients += update->machine.kernels->sum_squares(row.n, row.gradient);
    }
    update->penalties[number] = update->l2 * weights;
    update->squares[number] = gradients;
}

static void settle_factors(plx_table_update *update)
{
    for (int table = 0; table < update->n_tables; table++) {
        double squares = 0;
        for (int part = 0; part < PLX_TOUCHED_PARTS; part++)
            squares += update->squares[table * PLX_TOUCHED_PARTS + part];
        const double most = update->spec->clip_variable_norm, norm = sqrt(squares);
        update->factors[table] = norm > most ? (plx_real)(most / norm) : 1;
    }
}

/* The rows of one part of one table's gradient. */
static void step_part(void *user, int number, int thread)
{
    (void)thread;
    plx_table_update *update = user;
    const plx_touched_rows *rows = &update->touched[number];
    const int table = number / PLX_TOUCHED_PARTS;
    double squares = 0;
    for (int i = 0; i < rows->n; i++) {
        table_row row, ahead;
        find_row(update, table, rows, i, &row);
        if (i + ROWS_AHEAD < rows->n) {
            find_row(update, table, rows, i + ROWS_AHEAD, &ahead);
            fetch(update, &ahead);
        }
        if (!update->squares) squares += regularise(update, &row);
        if (update->squares && update->factors[table] < 1)
            update->machine.kernels->limit(row.n, row.gradient, update->factors[table], 0);
        if (update->spec->clip_value > 0)
            update->machine.kernels->limit(row.n, row.gradient, 1, (plx_real)update->spec->clip_value);
        if (update->decay > 0) update->machine.kernels->sgd(row.n, row.weights, row.weights, update->decay);
        if (update->optimizer) {
            update->optimizer->step(update->machine.kernels, update->spec, update->rate, row.n, row.weights,
                                    row.gradient, row.slots);
        } else {
            step_rowwise(update, &row);
        }
    }
    if (!update->squares) update->penalties[number] = update->l2 * squares;
}

static void run_parts(plx_table_update *update, plx_job *job)
{
    plx_pool_compute(update->machine.pool, update->n_tables * PLX_TOUCHED_PARTS, job, update);
}

double plx_table_update_step(plx_table_update *update, plx_real *values, const plx_touched_rows *touched,
                             double learning_rate, int64_t step)
{
    const int n = update->n_tables * PLX_TOUCHED_PARTS;
    double penalty = 0;
    if (n == 0) return 0;
    update->values = values;
    update->touched = touched;
    update->rate = (plx_real)learning_rate;
    update->decay = 0;
    if (update->optimizer) {
        update->rate = plx_optimizer_rate(update->optimizer, update->spec, learning_rate, step);
        if (update->optimizer->decays) update->decay = (plx_real)(learning_rate * update->spec->weight_decay);
    }
    if (update->squares) {
        run_parts(update, measure_part);
        settle_factors(update);
    }
    run_parts(update, step_part);
    for (int number = 0; number < n; number++)
        penalty += update->penalties[number];
    return penalty;
}
