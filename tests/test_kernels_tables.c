/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels with their own sizes: mixtures, embedding rows, lists of table rows. */
#include "kernels_check.h"

static void check_mixture(const plx_kernels *k, int rows, int experts, int width, int variant)
{
    describe(k, "mix", rows, experts, width, variant);
    bool add = variant & 1, add_bank = variant & 2;
    int gap = variant & 4 ? 3 : 0;
    matrix gate = matrix_make(rows, experts, gap), bank = matrix_make(rows, experts * width, gap);
    matrix out = matrix_make(rows, width, gap), before = matrix_copy(&out, 1), d_out = matrix_make(rows, width, gap);
    matrix d_gate = matrix_make(rows, experts, gap), gate_before = matrix_copy(&d_gate, 0);
    matrix d_bank = matrix_make(rows, experts * width, gap), bank_before = matrix_copy(&d_bank, 0);
    const plx_mix_gate forward = {.gate = gate.view, .out = out.view, .accumulate = add};
    const plx_mix_gate back = {.gate = gate.view, .out = d_out.view, .accumulate = add, .d_gate = d_gate.view};
    k->mix(rows, experts, width, bank.view, false, &forward, 1);
    k->mix_back(rows, experts, width, bank.view, false, &back, 1, d_bank.view, add_bank);
    for (int r = 0; r < rows; r++) {
        for (int w = 0; w < width; w++) {
            double sum = add ? (double)*matrix_at(&before, r, w) : 0, size = fabs(sum);
            for (int e = 0; e < experts; e++) {
                double g = (double)*matrix_at(&gate, r, e), term = g * (double)*matrix_at(&bank, r, e * width + w);
                double change = g * (double)*matrix_at(&d_out, r, w);
                double old = add_bank ? (double)*matrix_at(&bank_before, r, e * width + w) : 0;
                sum += term, size += fabs(term);
                near_to("d_bank", (double)*matrix_at(&d_bank, r, e * width + w), old + change,
                        2.001 * UNIT * (fabs(old) + fabs(change)));
            }
            near_to("out", (double)*matrix_at(&out, r, w), sum, (experts + 2) * UNIT * size);
        }
        for (int e = 0; e < experts; e++) {
            double sum = add ? (double)*matrix_at(&gate_before, r, e) : 0, size = fabs(sum);
            for (int w = 0; w < width; w++) {
                double term = (double)*matrix_at(&d_out, r, w) * (double)*matrix_at(&bank, r, e * width + w);
                sum += term, size += fabs(term);
            }
            near_to("d_gate", (double)*matrix_at(&d_gate, r, e), sum, (width + 3) * UNIT * size);
        }
    }
    matrix_done(&gate), matrix_done(&bank), matrix_done(&out), matrix_done(&before), matrix_done(&d_out);
    matrix_done(&d_gate), matrix_done(&gate_before), matrix_done(&d_bank), matrix_done(&bank_before);
}

/** Several gates of one bank at once give the bits of one call for each in turn, and with relu before and after. */
static void check_gates(const plx_kernels *k, int n_gates, int experts, int width, bool add, bool relu)
{
    enum { ROWS_MIXED = 5, GATES_MAX = 7 };
    describe(k, "mix", ROWS_MIXED, experts, width, n_gates);
    matrix bank = matrix_make(ROWS_MIXED, experts * width, 0), gate = matrix_make(ROWS_MIXED, experts * GATES_MAX, 0);
    matrix out = matrix_make(ROWS_MIXED, width * GATES_MAX, 0), one_out = matrix_copy(&out, 0);
    matrix d_gate = matrix_make(ROWS_MIXED, experts * GATES_MAX, 0), one_gate = matrix_copy(&d_gate, 0);
    matrix d_bank = matrix_make(ROWS_MIXED, experts * width, 0), one_bank = matrix_copy(&d_bank, 0);
    matrix active = matrix_copy(&bank, 0);
    if (relu) k->relu(ROWS_MIXED, experts * width, bank.view, active.view);
    plx_mix_gate gates[GATES_MAX];
    for (int g = 0; g < n_gates; g++) {
        const plx_view own = {matrix_at(&gate, 0, g * experts), gate.view.stride};
        gates[g] = (plx_mix_gate){own,
                                  {matrix_at(&one_out, 0, g * width), out.view.stride},
                                  add,
                                  {matrix_at(&one_gate, 0, g * experts), gate.view.stride}};
        k->mix(ROWS_MIXED, experts, width, active.view, false, &gates[g], 1);
        k->mix_back(ROWS_MIXED, experts, width, active.view, false, &gates[g], 1, one_bank.view,
                    (add && !relu) || g > 0);
        gates[g].out.at = matrix_at(&out, 0, g * width);
        gates[g].d_gate.at = matrix_at(&d_gate, 0, g * experts);
    }
    if (relu) k->relu_back(ROWS_MIXED, experts * width, bank.view, active.view, one_bank.view, one_bank.view, false);
    k->mix(ROWS_MIXED, experts, width, bank.view, relu, gates, n_gates);
    k->mix_back(ROWS_MIXED, experts, width, bank.view, relu, gates, n_gates, d_bank.view, add && !relu);
    for (int r = 0; r < ROWS_MIXED; r++) {
        CHECK(memcmp(matrix_at(&out, r, 0), matrix_at(&one_out, r, 0),
                     sizeof(plx_real) * (size_t)(width * GATES_MAX)) == 0);
        CHECK(memcmp(matrix_at(&d_gate, r, 0), matrix_at(&one_gate, r, 0),
                     sizeof(plx_real) * (size_t)(experts * GATES_MAX)) == 0);
        CHECK(memcmp(matrix_at(&d_bank, r, 0), matrix_at(&one_bank, r, 0),
                     sizeof(plx_real) * (size_t)(experts * width)) == 0);
    }
    matrix_done(&bank), matrix_done(&gate), matrix_done(&out), matrix_done(&one_out), matrix_done(&d_gate);
    matrix_done(&one_gate), matrix_done(&d_bank), matrix_done(&one_bank), matrix_done(&active);
}

static void check_mix(const plx_kernels *k)
{
    for (int n_gates = 1; n_gates <= 7; n_gates++) {
        for (int width = 1; width <= 67; width += 3)
            check_gates(k, n_gates, 3 + width % 7, width, n_gates % 2 == 1, width / 3 % 2 == 1);
    }
    static const int expert_counts[] = {0, 1, 2, 3, 4, 5, 8, 9};
    int variant = 0;
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int ie = 0; ie < COUNT(expert_counts); ie++)
            for (int iw = 0; iw < COUNT(lengths); iw++, variant++)
                check_mixture(k, row_counts[ir], expert_counts[ie], lengths[iw], (variant ^ ie) % 8);
}

static void check_mix_back(const plx_kernels *k)
{
    for (int variant = 0; variant < 8; variant++) {
        check_mixture(k, 5, 8, 16, variant);
        check_mixture(k, 5, 6, 19, variant);
    }
}

/** Gathers and scatters with ids that occur twice, adjacent and apart; both are exact. */
static void check_embedding(const plx_kernels *k, int rows, int n, int gap, bool scatter)
{
    describe(k, scatter ? "scatter_add" : "gather", rows, n, gap, 0);
    enum { IDS = 11 };
    matrix table = matrix_make(IDS, n, gap), want = matrix_copy(&table, 0), y = matrix_make(rows, n, gap);
    uint32_t *ids = malloc(sizeof *ids * (size_t)(rows + 1));
    for (int r = 0; r < rows; r++)
        ids[r] = r % 3 == 1 ? ids[r - 1] : (uint32_t)(r * 7 % IDS);
    if (scatter)
        k->scatter_add(rows, n, y.view, ids, table.view);
    else
        k->gather(rows, n, table.view, ids, y.view);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++) {
            if (scatter)
                *matrix_at(&want, (int)ids[r], i) += *matrix_at(&y, r, i);
            else if (!same_bits(*matrix_at(&y, r, i), *matrix_at(&want, (int)ids[r], i)))
                check_here("not the row of the id");
        }
    for (int i = 0; i < IDS * n; i++)
        if (!same_bits(*matrix_at(&table, i / n, i % n), *matrix_at(&want, i / n, i % n))) check_here("table differs");
    free(ids);
    matrix_done(&table), matrix_done(&want), matrix_done(&y);
}

static void check_embeddings(const plx_kernels *k, bool scatter)
{
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int in = 0; in < COUNT(lengths); in++)
            for (int gap = 0; gap < 4; gap += 3)
                check_embedding(k, row_counts[ir], lengths[in], gap, scatter);
}

static void check_gather(const plx_kernels *k)
{
    check_embeddings(k, false);
}

static void check_scatter_add(const plx_kernels *k)
{
    check_embeddings(k, true);
}

enum { TABLES = 75 }; /* sequences of byte-wide ids of every length to 30 and beyond a vector of 32 */

/** `n` tables; some ids have 2 or 4 bytes, so that sequences of 1-byte ids have many lengths. */
static void make_tables(int n, uint32_t arrays[5][TABLES], plx_id_tables *tables)
{
    uint32_t place = 1, row = 0;
    for (int t = 0; t < n; t++) {
        uint32_t bytes = t == 1 || t == 5 || t == 39 ? 2 : t == 2 || t == 12 ? 4 : 1;
        if (t == 20) place += 3; /* a gap also ends a sequence */
        arrays[0][t] = place, arrays[1][t] = bytes, arrays[3][t] = row, arrays[4][t] = (uint32_t)(t * 5 % 7);
        place += bytes, row += 640;
    }
    for (int t = n - 1; t >= 0; t--) {
        bool joined = t + 1 < n && arrays[1][t + 1] == 1 && arrays[0][t + 1] == arrays[0][t] + 1;
        arrays[2][t] = arrays[1][t] != 1 ? 0 : joined ? arrays[2][t + 1] + 1 : 1;
    }
    *tables = (plx_id_tables){n, arrays[0], arrays[1], arrays[2], arrays[3], arrays[4]};
}

static void check_id_lists(const plx_kernels *k, int rows, int n)
{
    describe(k, "list_ids", rows, n, 0, 0);
    uint32_t arrays[5][TABLES] = {{0}};
    plx_id_tables tables;
    make_tables(n, arrays, &tables);
    uint32_t last = n ? tables.offset[n - 1] + tables.bytes[n - 1] : 1;
    size_t record_bytes = last + (uint32_t)(rows % 2), total = (size_t)(rows ? rows - 1 : 0) * record_bytes + last;
    uint8_t *records = calloc(rows ? total : 1, 1); /* nothing may be read after the last record's last id */
    uint32_t *entries = malloc(sizeof *entries * ((size_t)rows * (size_t)n + 1));
    uint16_t *counts = malloc(sizeof *counts * ((size_t)rows + 1));
    if (!records || !entries || !counts) abort();
    entries[rows * n] = 0xdead;
    counts[rows] = 0xdead;
    for (int r = 0; r < rows; r++)
        for (int t = 0; t < n; t++) {
            uint32_t id = any_number() < 0 ? tables.common[t] : (uint32_t)(200 * fabsf(any_number()));
            if (tables.bytes[t] > 1) id *= 3;
            memcpy(records + (size_t)r * record_bytes + tables.offset[t], &id, tables.bytes[t]);
        }
    const int found = k->list_ids(rows, records, record_bytes, &tables, entries, counts);
    int expected = 0;
    for (int r = 0; r < rows; r++) {
        const int first = expected;
        for (int t = 0; t < n; t++) {
            uint32_t id = 0;
            memcpy(&id, records + (size_t)r * record_bytes + tables.offset[t], tables.bytes[t]);
            if (id == tables.common[t]) continue;
            if (expected < found && entries[expected] != ((uint32_t)r << 16 | (tables.first_row[t] + id)))
                check_here("not the row of the record and the id's table row");
            expected++;
        }
        if (counts[r] != expected - first) check_here("not as many as the record has");
    }
    if (found != expected) check_here("not as many as there are");
    if (entries[rows * n] != 0xdead) check_here("written after the entries");
    if (counts[rows] != 0xdead) check_here("written after the counts");
    free(records), free(entries), free(counts);
}

static void check_list_ids(const plx_kernels *k)
{
    for (int rows = 0; rows < 6; rows++)
        for (int n = 0; n <= TABLES; n++)
            check_id_lists(k, rows, n);
}

enum { LISTED_ROWS = 300, LISTED_MOST = 7 };

/** Entries of 0 to 6 table rows, some twice; exact, since the order of the sums is fixed. */
static void check_listed(const plx_kernels *k, int rows, int n, int gap)
{
    describe(k, "sum_listed", rows, n, gap, 0);
    matrix table = matrix_make(LISTED_ROWS, n, gap), y = matrix_make(rows, n, gap), base = matrix_make(1, n, 0);
    uint32_t *entries = calloc((size_t)rows * LISTED_MOST + 1, sizeof *entries), *next = entries;
    uint16_t *counts = calloc((size_t)rows + 1, sizeof *counts);
    if (!entries || !counts) abort();
    for (int r = 0; r < rows; r++) {
        counts[r] = (uint16_t)(r % LISTED_MOST);
        for (int i = 0; i < counts[r]; i++)
            *next++ = (uint32_t)r << 16 | (uint32_t)(i == 2 ? LISTED_ROWS - 1 : r * 13 % LISTED_ROWS);
    }
    k->sum_listed(rows, n, table.view, entries, counts, base.view.at, y.view);
    next = entries;
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) {
            float sum = base.view.at[i];
            for (int item = 0; item < counts[r]; item++)
                sum += *matrix_at(&table, (int)(next[item] & 0xffff), i);
            if (!same_bits(*matrix_at(&y, r, i), sum)) check_here("not the sum in order");
        }
        next += counts[r];
    }
    free(entries), free(counts);
    matrix_done(&table), matrix_done(&y), matrix_done(&base);
}

static void check_sum_listed(const plx_kernels *k)
{
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int in = 0; in < COUNT(lengths); in++)
            for (int gap = 0; gap < 4; gap += 3)
                check_listed(k, row_counts[ir], lengths[in], gap);
}

enum { MOST_LEAVES = 9 };

/** The sum of leaves `first` .. `first + n - 1`: the first 2^m < n of them, plus the others. */
static float tree_sum(const float *sums, int n)
{
    int half = 1;
    if (n == 1) return sums[0];
    while (half * 2 < n)
        half *= 2;
    return tree_sum(sums, half) + tree_sum(sums + half, n - half);
}

/** Lists of 0 to 6 rows in each leaf; exact, since the order of the sums is fixed. */
static void check_leaves(const plx_kernels *k, int lists, int n, int gap, int n_leaves)
{
    describe(k, "sum_lists", lists, n, gap, n_leaves);
    matrix x = matrix_make(LISTED_ROWS, n, gap), y = matrix_make(lists, n, gap);
    uint32_t *starts = calloc((size_t)n_leaves * (size_t)(lists + 1), sizeof *starts);
    uint32_t *rows = calloc((size_t)n_leaves * (size_t)lists * LISTED_MOST + 1, sizeof *rows), *next = rows;
    plx_row_lists leaves[MOST_LEAVES];
    if (!starts || !rows) abort();
    for (int leaf = 0; leaf < n_leaves; leaf++) {
        uint32_t *own = starts + leaf * (lists + 1), *first = next;
        for (int i = 0; i < lists; i++) {
            for (int item = 0; item < (i + leaf) % LISTED_MOST; item++)
                *next++ = (uint32_t)((i * 31 + leaf * 7 + item * 11) % LISTED_ROWS);
            own[i + 1] = (uint32_t)(next - first);
        }
        leaves[leaf] = (plx_row_lists){own, first};
    }
    k->sum_lists(lists, n, x.view, leaves, n_leaves, y.view);
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < n; i++) {
            float sums[MOST_LEAVES] = {0};
            for (int leaf = 0; leaf < n_leaves; leaf++)
                for (uint32_t item = leaves[leaf].starts[list]; item < leaves[leaf].starts[list + 1]; item++)
                    sums[leaf] += *matrix_at(&x, (int)leaves[leaf].rows[item], i);
            if (!same_bits(*matrix_at(&y, list, i), tree_sum(sums, n_leaves))) check_here("not the tree's sum");
        }
    free(starts), free(rows);
    matrix_done(&x), matrix_done(&y);
}

static void check_sum_lists(const plx_kernels *k)
{
    static const int wide[] = {144, 161, 337}; /* of several blocks, or of the widest */
    for (int in = 0; in < COUNT(wide); in++)
        for (int n_leaves = 1; n_leaves < 4; n_leaves++)
            check_leaves(k, 5, wide[in], 3, n_leaves);
    for (int ir = 0; ir < COUNT(row_counts); ir++)
        for (int in = 0; in < COUNT(lengths); in++)
            for (int gap = 0; gap < 4; gap += 3)
                for (int n_leaves = 1; n_leaves <= MOST_LEAVES; n_leaves += n_leaves < 5 ? 1 : 2)
                    check_leaves(k, row_counts[ir], lengths[in], gap, n_leaves);
}

KERNELS_TABLES(KERNEL_TEST)

int main(int argc, char **argv)
{
    static const check_test tests[] = {KERNELS_TABLES(KERNEL_ROW)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
