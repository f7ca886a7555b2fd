/* SPDX-License-Identifier: Apache-2.0 */
/* The rule for sums over a batch's rows (graph/leaves.h): gradients by id have the bits of a plain summation. */
#include <limits.h>

#include "graph/plan.h"
#include "op_cases.h"
#include "ops/op_joined.h"

enum { N_ROWS = 2100 };

/* -- The rule ------------------------------------------------------------------------------------------------------ */

static void test_number_of_leaves(void)
{
    CHECK(plx_leaf_tiles(1, 100) == 1);
    CHECK(plx_leaf_tiles(64, 100) == 1);
    CHECK(plx_leaf_tiles(65, 100) == 2);
    CHECK(plx_leaf_tiles(1024, 0) == 16);
    CHECK(plx_leaf_tiles(64, (size_t)1 << 30) == 8); /* never fewer than 8 leaves */
    CHECK(plx_leaf_tiles(7, (size_t)1 << 30) == 1);
    for (int rows = 1; rows < 3000; rows += 7) {
        for (int sum_rows = 0; sum_rows < 70000; sum_rows = 3 * sum_rows + 1) {
            const int leaves = plx_id_leaf_leaves(64, rows, sum_rows);
            CHECK((leaves & (leaves - 1)) == 0);
            CHECK(rows <= 64 || 64 * leaves < rows); /* two at least */
        }
    }
}

/* The order of additions from a left to right pass is that of the tree. */
static void test_order_of_additions(void)
{
    for (int n = 1; n <= PLX_LEAVES_MAX; n++) {
        int first[8], size[8], last[8], count = 0;
        for (int leaf = 0; leaf < n; leaf++) {
            first[count] = last[count] = leaf;
            size[count++] = 1;
            while (count > 1 && plx_tree_adds(last[count - 2], leaf, leaf + 1 < n ? leaf + 1 : INT_MAX)) {
                count--;
                CHECK(first[count - 1] + size[count - 1] == first[count]);
                CHECK(size[count - 1] >= size[count] && first[count - 1] % (2 * size[count - 1]) == 0);
                CHECK(size[count - 1] == size[count] || leaf + 1 == n);
                size[count - 1] *= 2;
                last[count - 1] = leaf;
            }
        }
        CHECK(count == 1);
    }
}

/* -- Sums by id ---------------------------------------------------------------------------------------------------- */

typedef void leaf_sum(const network *net, const plx_node *node, int first, int end, plx_real *sums);

/* Sums of leaves first .. first + size - 1 by the tree: the definition. Returns false if there are none. */
static bool plain_sum(const network *net, const plx_node *node, leaf_sum *sum, int first, int size, plx_real *sums)
{
    const plx_leaves leaves = plx_run_id_leaves(net->run);
    plx_real right[TABLES_VOCABULARY * TABLES_DIM] = {0};
    memset(sums, 0, sizeof right);
    if (first >= leaves.end) return false;
    if (size == 1) {
        sum(net, node, plx_run_leaf_row(net->run, &leaves, first), plx_run_leaf_row(net->run, &leaves, first + 1),
            sums);
        return true;
    }
    plain_sum(net, node, sum, first, size / 2, sums);
    if (!plain_sum(net, node, sum, first + size / 2, size / 2, right)) return true;
    for (int i = 0; i < TABLES_VOCABULARY * TABLES_DIM; i++)
        sums[i] += right[i];
    return true;
}

static void sum_embedding(const network *net, const plx_node *node, int first, int end, plx_real *sums)
{
    const plx_view dy = plx_run_gradient(net->run, node);
    for (int row = first; row < end; row++) {
        uint32_t id;
        plx_records_ids(&net->layout, net->rows.records + (size_t)row * net->layout.record_bytes, 1, 0, &id);
        for (int c = 0; c < TABLES_DIM; c++)
            sums[id * TABLES_DIM + (uint32_t)c] += dy.at[row * dy.stride + c];
    }
}

static void add_row(plx_real *sums, uint32_t id, const plx_real *dy)
{
    for (int c = 0; c < TABLES_DIM; c++)
        sums[id * TABLES_DIM + (uint32_t)c] += dy[c];
}

/* Field by field, maxima last: those go to the first item with the largest number of a column. */
static void sum_bag(const network *net, const plx_node *node, int first, int end, plx_real *sums)
{
    const plx_view dy = plx_run_gradient(net->run, node), rows = plx_run_param(net->run, node, 0, 0);
    for (int f = 0, column = 0; f < TABLES_FIELDS;
         column += tables_fields[f].kind == PLX_BAG_ITEMS ? TABLES_DIM * NETWORK_LENGTH : TABLES_DIM, f++) {
        for (int row = first; row < end; row++) {
            const uint8_t *record = net->rows.records + (size_t)row * net->layout.record_bytes;
            const plx_real *own = dy.at + row * dy.stride + column;
            uint32_t ids[NETWORK_LENGTH];
            const int n = f == 0 ? 1 : plx_record_list(record, &net->layout.lists[0], ids);
            if (f == 0) ids[0] = plx_record_id(record, &net->layout.sparse[1]);
            for (int i = 0; i < n && tables_fields[f].kind != PLX_BAG_MAX; i++)
                add_row(sums, ids[i], own + (tables_fields[f].kind == PLX_BAG_ITEMS ? i * TABLES_DIM : 0));
            for (int c = 0; c < TABLES_DIM && n > 0 && tables_fields[f].kind == PLX_BAG_MAX; c++) {
                uint32_t most = ids[0];
                for (int i = 1; i < n; i++) {
                    if (rows.at[ids[i] * rows.stride + c] > rows.at[most * rows.stride + c]) most = ids[i];
                }
                sums[most * TABLES_DIM + (uint32_t)c] += own[c];
            }
        }
    }
}

/* Tables gathered row by row have the sums of the definition, lazy or not. */
static void check_tables(bool is_lazy, plx_cpu_level level)
{
    network net;
    plx_real want[TABLES_VOCABULARY * TABLES_DIM], got[TABLES_VOCABULARY * TABLES_DIM];
    const network_shape shape = {2, 2, 1, N_ROWS, TABLES_VOCABULARY, false, false, false};
    REQUIRE(network_init(&net, &shape, build_tables, &is_lazy, 8));
    const plx_plan_options options = {.batch_rows = N_ROWS, .training = true, .collapse = PLX_COLLAPSE_NEVER};
    network_plan(&net, &options, NULL, plx_kernels_for(level));
    network_step(&net);
    int checked = 0;
    for (int i = 0; i < net.plan->n_order; i++) {
        const plx_node *node = net.plan->order[i];
        if (!node->op->id_sums.run) continue;
        const plx_param *param = &net.graph.params[node->params[0]];
        CHECK(plain_sum(&net, node, node->op == &plx_op_bag ? sum_bag : sum_embedding, 0, PLX_LEAVES_MAX, want));
        if (param->lazy >= 0) {
            network_spread_touched(net.run, param, got);
        } else {
            memcpy(got, net.run->gradient + param->offset, sizeof got);
        }
        CHECK(memcmp(got, want, sizeof got) == 0);
        checked++;
    }
    CHECK(checked == 2);
    network_release(&net);
}

static void test_tables_are_summed_by_the_rule(void)
{
    for (int level = PLX_CPU_PLAIN; level < PLX_CPU_LEVELS; level++) {
        check_tables(false, (plx_cpu_level)level);
        check_tables(true, (plx_cpu_level)level);
    }
}

/* The sums by category of a leaf of a collapsed layer, for column `c`: of each row of the tables. */
static void sum_column(const network *net, const plx_node *node, int first, int end, int c, plx_real *sums)
{
    const joined_attrs *attrs = node->attrs;
    const plx_view dy = plx_run_gradient(net->run, node);
    for (int row = first; row < end; row++) {
        const uint8_t *record = net->rows.records + (size_t)row * net->layout.record_bytes;
        for (int t = 0; t < attrs->n_tables; t++) {
            const plx_id_field *field = &net->layout.sparse[attrs->tables[t].feature];
            const uint32_t id = plx_record_id(record, field);
            if (id != field->common) sums[attrs->tables[t].first_row + (int)id] += dy.at[row * dy.stride + c];
        }
    }
}

/* The sum is in the first subtree's place; the most frequent categories' rows are another sum. */
static void check_column(const network *net, const plx_node *node, int c, const plx_real *sums)
{
    const joined_attrs *attrs = node->attrs;
    for (int t = 0; t < attrs->n_tables; t++) {
        const table *own = &attrs->tables[t];
        const plx_real *rows = plx_run_id_sums(net->run, node, 0) + own->first_row * attrs->stride + c;
        for (int id = 0; id < own->vocabulary; id++) {
            if (id != (int)net->layout.sparse[own->feature].common)
                CHECK(memcmp(&rows[id * attrs->stride], &sums[own->first_row + id], sizeof *rows) == 0);
        }
    }
}

static void check_collapsed(const network *net, const plx_node *node)
{
    const joined_attrs *attrs = node->attrs;
    const plx_leaves leaves = plx_run_id_leaves(net->run);
    static plx_real sums[PLX_LEAVES_MAX][2 * TABLES_VOCABULARY];
    REQUIRE(attrs->n_table_rows <= 2 * TABLES_VOCABULARY && leaves.end > 4);
    for (int c = 0; c < attrs->width; c++) {
        memset(sums, 0, sizeof sums);
        for (int leaf = 0; leaf < leaves.end; leaf++)
            sum_column(net, node, plx_run_leaf_row(net->run, &leaves, leaf),
                       plx_run_leaf_row(net->run, &leaves, leaf + 1), c, sums[leaf]);
        for (int size = 1; size < leaves.end; size *= 2) {
            for (int leaf = 0; leaf + size < leaves.end; leaf += 2 * size) {
                for (int r = 0; r < attrs->n_table_rows; r++)
                    sums[leaf][r] += sums[leaf + size][r];
            }
        }
        check_column(net, node, c, sums[0]);
    }
}

static void test_categories_are_summed_by_the_rule(void)
{
    const network_shape shape = {2, 2, 1, N_ROWS, TABLES_VOCABULARY, false, false, false};
    for (int level = PLX_CPU_PLAIN; level < PLX_CPU_LEVELS; level++) {
        network net;
        int checked = 0;
        REQUIRE(network_init(&net, &shape, build_tables, &(bool){false}, 8));
        network_plan(&net, &(plx_plan_options){.batch_rows = N_ROWS, .training = true, .collapse = PLX_COLLAPSE_ALWAYS},
                     NULL, plx_kernels_for((plx_cpu_level)level));
        network_step(&net);
        for (int i = 0; i < net.plan->n_order; i++) {
            if (net.plan->order[i]->op != &plx_op_collapsed) continue;
            check_collapsed(&net, net.plan->order[i]);
            checked++;
        }
        CHECK(checked == 1);
        network_release(&net);
    }
}

/* -- Threads ------------------------------------------------------------------------------------------------------- */

static void check_threads(network *net, plx_collapse collapse)
{
    static const int numbers[] = {1, 2, 3, 16, 32};
    const plx_plan_options options = {.batch_rows = N_ROWS, .training = true, .collapse = collapse};
    const size_t bytes = net->graph.n_gradient * sizeof(plx_real);
    plx_real *alone = malloc(bytes);
    if (!alone) abort();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        plx_pool *pool = NULL;
        REQUIRE(plx_pool_create(&plx_allocator_default, numbers[i], &pool, NULL) == PLX_OK);
        network_plan(net, &options, pool, plx_kernels_for(plx_cpu_best()));
        CHECK(net->plan->leaves_max > 16);
        network_step(net);
        if (i == 0) memcpy(alone, net->run->gradient, bytes);
        CHECK(memcmp(net->run->gradient, alone, bytes) == 0);
        plx_run_free(net->run);
        net->run = NULL;
        plx_pool_free(pool);
    }
    free(alone);
}

static void test_any_number_of_threads(void)
{
    const network_shape shape = {2, 2, 1, N_ROWS, TABLES_VOCABULARY, false, false, false};
    network net;
    REQUIRE(network_init(&net, &shape, build_tables, &(bool){false}, 8));
    check_threads(&net, PLX_COLLAPSE_NEVER);
    check_threads(&net, PLX_COLLAPSE_ALWAYS);
    network_release(&net);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_number_of_leaves), CHECK_TEST(test_order_of_additions),
                                       CHECK_TEST(test_tables_are_summed_by_the_rule),
                                       CHECK_TEST(test_categories_are_summed_by_the_rule),
                                       CHECK_TEST(test_any_number_of_threads)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
