/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step in separate pieces, each a run of leaves with a plx_run of its own, has the bits of the whole batch: every op,
 * in 1, 2, 3, 4 and 8 pieces.
 */
#include "graph/plan.h"
#include "graph/stages.h"
#include "op_cases.h"

enum { N_ROWS = 2100, PIECES_MAX = 8, TREES_MAX = 64 };

/* The sums of one subtree: all that the sums of a step produce, one after another. */
typedef struct subtree {
    int first, size; /* leaves of sums by id */
    plx_real *sums;
} subtree;

typedef struct pieces {
    network *net;
    int n, n_units; /* a unit is a leaf of sums by id, which is some leaves */
    plx_run *runs[PIECES_MAX];
    plx_real *values[PIECES_MAX];
    subtree trees[TREES_MAX];
    int n_trees;
    size_t n_lazy, n_sums; /* numbers of the lazy tables' sums, and of all */
} pieces;

static int first_unit(const pieces *p, int number)
{
    return p->n_units * number / p->n;
}

static void take_units(const pieces *p, plx_run *run, int first, int end)
{
    const plx_plan *plan = p->net->plan;
    const int n_leaves = (run->n_tiles + plan->leaf_tiles - 1) / plan->leaf_tiles;
    run->first_leaf = first * plan->id_leaf_leaves < n_leaves ? first * plan->id_leaf_leaves : n_leaves;
    run->end_leaf = end * plan->id_leaf_leaves < n_leaves ? end * plan->id_leaf_leaves : n_leaves;
}

static int piece_of_tile(const pieces *p, int tile)
{
    const int unit = tile / p->net->plan->leaf_tiles / p->net->plan->id_leaf_leaves;
    int number = 0;
    while (unit >= first_unit(p, number + 1))
        number++;
    return number;
}

/* Each piece gets the others' tile numbers. */
static void exchange_tile_numbers(const pieces *p)
{
    const plx_plan *plan = p->net->plan;
    for (int n = 0; n < plan->n_order; n++) {
        const plx_node *node = plan->order[n];
        for (int tile = 0; tile < p->runs[0]->n_tiles && plan->nodes[node->index].runs; tile++) {
            const plx_real *from = plx_run_tile_numbers(p->runs[piece_of_tile(p, tile)], node, tile);
            for (int i = 0; i < p->n; i++)
                memmove(plx_run_tile_numbers(p->runs[i], node, tile), from, (size_t)node->tile_numbers * sizeof *from);
        }
    }
}

/* Copies sums between a run and an array; `into_run`: the other way. */
static void move(plx_real *own, plx_real **array, size_t n, bool into_run)
{
    memcpy(into_run ? own : *array, into_run ? *array : own, n * sizeof *own);
    *array += n;
}

/* The gradients of all lazy tables. */
static void move_lazy(const pieces *p, plx_run *run, plx_real **array)
{
    for (int i = 0; i < p->net->graph.n_params; i++) {
        const plx_param *param = &p->net->graph.params[i];
        if (param->lazy < 0) continue;
        network_spread_touched(run, param, *array);
        *array += (size_t)param->spec.rows * (size_t)param->spec.cols;
    }
}

/* All sums of a run, lazy tables' first, which are only read. Returns how many numbers they are. */
static size_t move_sums(const pieces *p, plx_run *run, plx_real *array, bool into_run)
{
    const plx_plan *plan = p->net->plan;
    const plx_real *start = array;
    if (into_run) {
        array += p->n_lazy;
    } else {
        move_lazy(p, run, &array);
    }
    move(run->gradient, &array, p->net->graph.n_tilewise, into_run);
    for (int i = 0; i < plan->n_order; i++) {
        const plx_node *node = plan->order[i];
        if (!plan->nodes[node->index].runs_backward) continue;
        move(plx_run_summed_numbers(run, node), &array, node->leaf_numbers, into_run);
        if (!node->op->id_sums.run) continue;
        plx_real *sums = plx_run_id_sums(run, node, 0);
        if (!into_run && node->id_sum_numbers) plx_run_id_sum(run, node, 0, node->id_sum_numbers, sums);
        move(sums, &array, node->id_sum_numbers, into_run);
        for (int k = 0; k < node->n_params; k++) {
            const plx_param *param = &p->net->graph.params[node->params[k]];
            if (param->lazy >= 0 || param->spec.is_frozen) continue;
            move(run->gradient + param->offset, &array, (size_t)param->spec.rows * param->row_stride, into_run);
        }
    }
    return (size_t)(array - start);
}

static size_t count_sums(const pieces *p)
{
    const plx_plan *plan = p->net->plan;
    size_t n = p->n_lazy + p->net->graph.n_gradient;
    for (int i = 0; i < plan->n_order; i++)
        n += plan->order[i]->leaf_numbers + plan->order[i]->id_sum_numbers;
    return n;
}

/* The sums of each largest subtree of a piece. */
static void sum_piece(pieces *p, int number)
{
    plx_run *run = p->runs[number];
    for (int first = first_unit(p, number), end = first_unit(p, number + 1); first < end;) {
        int size = 1;
        while (first % (2 * size) == 0 && first + 2 * size <= end)
            size *= 2;
        subtree *tree = &p->trees[p->n_trees++];
        *tree = (subtree){first, size, calloc(p->n_sums, sizeof(plx_real))};
        if (!tree->sums) abort();
        take_units(p, run, first, first + size);
        plx_run_sums(run);
        move_sums(p, run, tree->sums, false);
        first += size;
    }
}

/* Adds the subtrees within the units first .. first + size - 1: the definition. `out` is that of one of them. */
static plx_real *add_subtrees(const pieces *p, int first, int size)
{
    for (int i = 0; i < p->n_trees; i++) {
        if (p->trees[i].first == first && p->trees[i].size == size) return p->trees[i].sums;
    }
    if (first >= p->n_units || size == 1) return NULL;
    plx_real *left = add_subtrees(p, first, size / 2), *right = add_subtrees(p, first + size / 2, size / 2);
    for (size_t i = 0; left && right && i < p->n_sums; i++)
        left[i] += right[i];
    return left ? left : right;
}

static void open_pieces(pieces *p, network *net, int n, const plx_kernels *kernels)
{
    const plx_machine machine = {&plx_allocator_default, kernels, NULL};
    const size_t bytes = net->graph.n_values * sizeof(plx_real);
    *p = (pieces){.net = net, .n = n};
    const int unit_rows = net->plan->tile_rows * net->plan->leaf_tiles * net->plan->id_leaf_leaves;
    p->n_units = (N_ROWS + unit_rows - 1) / unit_rows;
    for (int i = 0; i < n; i++) {
        if (plx_run_create(&machine, net->plan, &net->layout, &p->runs[i], NULL) != PLX_OK) abort();
        p->values[i] = malloc(bytes);
        if (!p->values[i]) abort();
        p->runs[i]->seed = net->run->seed;
        p->runs[i]->step = net->run->step;
        p->runs[i]->task_weights = net->task_weights;
        /* Other rows' numbers everywhere, so that those of a piece's own rows cannot be the only ones there. */
        memcpy(p->values[i], net->values, bytes);
        plx_run_step(p->runs[i], p->values[i], &(plx_batch){.rows = &net->rows, .first = N_ROWS, .n = N_ROWS});
        memcpy(p->values[i], net->values, bytes);
    }
}

static void release_pieces(pieces *p)
{
    for (int i = 0; i < p->n; i++) {
        plx_run_free(p->runs[i]);
        free(p->values[i]);
    }
    for (int i = 0; i < p->n_trees; i++)
        free(p->trees[i].sums);
}

/* Returns the sums of all pieces. */
static plx_real *run_pieces(pieces *p, const plx_batch *batch)
{
    const plx_plan *plan = p->net->plan;
    for (int i = 0; i < p->n; i++)
        plx_run_begin(p->runs[i], p->values[i], batch);
    for (int phase = 0; phase < plan->n_phases; phase++) {
        for (int i = 0; i < p->n; i++) {
            take_units(p, p->runs[i], first_unit(p, i), first_unit(p, i + 1));
            plx_run_tiles(p->runs[i], phase);
        }
        exchange_tile_numbers(p);
        for (int i = 0; i < p->n; i++)
            plx_run_joins(p->runs[i], phase);
    }
    for (int i = 0; i < p->n; i++)
        sum_piece(p, i);
    plx_real *sums = add_subtrees(p, 0, TREES_MAX);
    for (int i = 0; i < p->n && sums; i++) {
        take_units(p, p->runs[i], 0, 1);
        move_sums(p, p->runs[i], sums, true);
        plx_run_end(p->runs[i]);
    }
    return sums;
}

static void check_pieces(network *net, const plx_kernels *kernels, int n, const plx_real *whole_values)
{
    pieces p;
    const plx_batch batch = {.rows = &net->rows, .n = N_ROWS};
    open_pieces(&p, net, n, kernels);
    plx_real *lazy = calloc(net->graph.n_values, sizeof *lazy), *end = lazy;
    if (!lazy) abort();
    move_lazy(&p, net->run, &end);
    p.n_lazy = (size_t)(end - lazy);
    p.n_sums = count_sums(&p);
    const plx_real *sums = run_pieces(&p, &batch);
    REQUIRE(sums);
    CHECK(memcmp(sums, lazy, p.n_lazy * sizeof *lazy) == 0);
    for (int i = 0; i < n; i++) {
        const plx_run *run = p.runs[i];
        CHECK(memcmp(run->gradient, net->run->gradient, net->graph.n_gradient * sizeof(plx_real)) == 0);
        CHECK(memcmp(p.values[i], whole_values, net->graph.n_values * sizeof(plx_real)) == 0);
        CHECK(memcmp(run->task_losses, net->run->task_losses, (size_t)net->graph.n_tasks * sizeof(double)) == 0);
        CHECK(memcmp(run->task_rows, net->run->task_rows, (size_t)net->graph.n_tasks * sizeof(int64_t)) == 0);
    }
    free(lazy);
    release_pieces(&p);
}

/* One step as a whole, then in pieces. Returns the number of leaves of sums by id. */
static int check_network(network *net, plx_collapse collapse, plx_cpu_level level)
{
    const plx_kernels *kernels = plx_kernels_for(level);
    const size_t bytes = net->graph.n_values * sizeof(plx_real);
    plx_real *start = malloc(bytes), *after = malloc(bytes);
    if (!start || !after) abort();
    network_plan(net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .collapse = collapse}, NULL, kernels);
    memcpy(start, net->values, bytes);
    plx_run_step(net->run, net->values, &(plx_batch){.rows = &net->rows, .n = N_ROWS});
    memcpy(after, net->values, bytes);
    memcpy(net->values, start, bytes);
    static const int numbers[] = {1, 2, 3, 4, 8};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        check_pieces(net, kernels, numbers[i], after);
    free(start);
    free(after);
    return net->plan->id_leaves_max;
}

static bool seen[64];

static void check_case(const char *name, network_builder *build, const void *user, const network_shape *shape)
{
    network net;
    network_shape own = *shape;
    const int before = check_failures;
    own.n_rows = 2 * N_ROWS;
    REQUIRE(network_init(&net, &own, build, user, 21));
    note_ops(&net.graph, seen);
    for (int collapse = PLX_COLLAPSE_AUTO; collapse <= PLX_COLLAPSE_ALWAYS; collapse++)
        CHECK(check_network(&net, (plx_collapse)collapse, plx_cpu_best()) >= PIECES_MAX);
    if (check_failures > before) printf("  in %s\n", name);
    network_release(&net);
}

static void test_every_op_in_pieces(void)
{
    visit_ops(check_case);
    visit_losses(check_case);
    check_all_seen(seen);
}

static void test_lazy_tables_in_pieces(void)
{
    const network_shape shape = {2, 2, 1, 2 * N_ROWS, TABLES_VOCABULARY, false, false, false};
    for (int lazy = 0; lazy < 2; lazy++) {
        network net;
        REQUIRE(network_init(&net, &shape, build_tables, &(bool){lazy}, 8));
        CHECK(check_network(&net, PLX_COLLAPSE_NEVER, plx_cpu_best()) >= PIECES_MAX);
        network_release(&net);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_every_op_in_pieces), CHECK_TEST(test_lazy_tables_in_pieces)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
