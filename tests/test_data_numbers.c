/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense features and buckets: every transform and scaling compared with plain doubles, vectors, missing numbers,
 * borders; files compared with columns in memory; to tensors and back; wrong use; failing allocations.
 */
#include "check.h"

#include <float.h>

#include "data/quantiles.h"
#include "data_support.h"
#include "failing_allocator.h"

enum { ROWS = 400, SIZE = 3, KNOTS = 1001 };

/* Numbers with many zeros, some outliers, some missing. */
static double draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    const unsigned kind = *seed >> 28, small = *seed >> 8 & 0xffff;
    if (kind < 5) return 0;
    if (kind < 6) return NAN;
    if (kind < 7) return 1e6 + small;
    return ((double)small - 20000) / 128;
}

static void fill(double *numbers, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        numbers[i] = draw(&seed);
}

/* -- The expected encodings, in plain code ----------------------------------------------------------------------- */

static double clip_plainly(const plx_feature_spec *f, double x)
{
    if (f->clip.n == 0) return x;
    return fmin(fmax(x, f->clip.items[0]), f->clip.items[1]);
}

static double transform_plainly(const plx_feature_spec *f, double x)
{
    if (f->transform == PLX_TRANSFORM_LOG1P) return x < 0 ? -log1p(-x) : log1p(x);
    if (f->transform == PLX_TRANSFORM_IS_ZERO) return x == 0 ? 1 : 0;
    return x;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The mean of two interpolations, from below and from above, as in scikit-learn. */
static double interpolate(const double *knots, double x)
{
    double below = 0, above = 1;
    for (int i = 0; i + 1 < KNOTS; i++) {
        const double a = knots[i], b = knots[i + 1], low = i / 1000.0;
        if (x >= b) below = (i + 1) / 1000.0;
        if (x >= a && x < b) below = low + 0.001 * (x - a) / (b - a);
    }
    for (int i = KNOTS - 1; i > 0; i--) {
        const double a = knots[i - 1], b = knots[i], high = i / 1000.0;
        if (x <= a) above = high - 0.001;
        if (x > a && x <= b) above = high - 0.001 * (b - x) / (b - a);
    }
    return x <= knots[0] ? 0 : x >= knots[KNOTS - 1] ? 1 : 0.5 * (below + above);
}

/* Column `at` of numbers [ROWS][size] as the network should see it, and whether each was missing. */
static void encode_plainly(const plx_feature_spec *f, const double *numbers, int size, int at, double *out)
{
    static double sorted[ROWS], knots[KNOTS];
    double mean = 0, first = 0, spread = 1, deviation = 0;
    int n_given = 0;
    for (int i = 0; i < ROWS; i++) {
        out[i] = numbers[i * size + at];
        if (isnan(out[i])) continue;
        mean += clip_plainly(f, out[i]);
        n_given++;
    }
    for (int i = 0; i < ROWS; i++) {
        const double stands_for = isinf(f->missing) ? mean / n_given : f->missing;
        out[i] = transform_plainly(f, clip_plainly(f, isnan(out[i]) ? stands_for : out[i]));
        sorted[i] = out[i];
    }
    qsort(sorted, ROWS, sizeof *sorted, compare);
    for (int i = 0; i < ROWS; i++)
        first += out[i] / ROWS;
    for (int i = 0; i < ROWS; i++)
        deviation += (out[i] - first) * (out[i] - first) / ROWS;
    spread = sqrt(deviation);
    if (f->scaling == PLX_SCALE_MINMAX) {
        first = sorted[0];
        spread = sorted[ROWS - 1] - sorted[0];
    }
    for (int i = 0; i < KNOTS; i++) {
        const double place = i * (ROWS - 1) / 1000.0;
        const int low = (int)place < ROWS - 1 ? (int)place : ROWS - 2;
        knots[i] = sorted[low] + (place - low) * (sorted[low + 1] - sorted[low]);
    }
    for (int i = 0; i < ROWS; i++) {
        if (f->scaling == PLX_SCALE_QUANTILE)
            out[i] = interpolate(knots, out[i]);
        else if (f->scaling != PLX_SCALE_NONE)
            out[i] = spread > 0 ? (out[i] - first) / spread : 0;
    }
}

/* -- Files and specs --------------------------------------------------------------------------------------------- */

static size_t add_number(char *text, size_t used, double number)
{
    return isnan(number) ? used : used + (size_t)sprintf(text + used, "%.17g", number);
}

/* `numbers` [ROWS][size] as a file with columns x and sold; the caller frees it. */
static char *make_text(const double *numbers, int size, char separator)
{
    char *text = malloc(ROWS * ((size_t)size * 32 + 8) + 64);
    size_t used = (size_t)sprintf(text, "x,sold\n");
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < size; k++) {
            if (k) text[used++] = separator;
            used = add_number(text, used, numbers[i * size + k]);
        }
        used += (size_t)sprintf(text + used, ",%d\n", i % 2);
    }
    return text;
}

static plx_table_spec *number_spec(small_spec *s, plx_feature_spec feature)
{
    plx_table_spec *spec = small_spec_init(s);
    feature.column = "x";
    if (!feature.separator) feature.separator = "|";
    s->features[0] = feature;
    s->features[0].name = "f";
    spec->n_features = 1;
    return spec;
}

static bool equal_records(const plx_rows *a, const uint8_t *records)
{
    return memcmp(a->records, records, a->n * a->layout->record_bytes) == 0;
}

/* Texts of the cells, and the columns of `numbers`, give the same bits as the file. */
static void check_columns(const loaded *l, const char *text, const double *numbers, int size)
{
    static char copies[ROWS][SIZE * 32 + 8];
    static const char *cells[ROWS];
    static double labels[ROWS];
    const plx_rows *rows = &l->parts[0];
    uint8_t *records = malloc(rows->n * rows->layout->record_bytes);
    const char *line = strchr(text, '\n') + 1;
    for (int i = 0; i < ROWS; i++) {
        snprintf(copies[i], sizeof copies[i], "%.*s", (int)strcspn(line, ","), line);
        cells[i] = copies[i];
        labels[i] = i % 2;
        line = strchr(line, '\n') + 1;
    }
    plx_column columns[] = {{.name = "sold", .numbers = labels}, {.name = "x", .texts = cells}};
    CHECK_STATUS(encode_cells(l->encoders, columns, 2, ROWS, true, records, NULL), PLX_OK);
    CHECK(equal_records(rows, records));
    columns[1] = (plx_column){.name = "x", .numbers = numbers, .width = size};
    CHECK_STATUS(encode_cells(l->encoders, columns, 2, ROWS, true, records, NULL), PLX_OK);
    CHECK(equal_records(rows, records));
    free(records);
}

static void check_round_trip(const loaded *l, const plx_table_spec *spec, const folder *f)
{
    plx_encoders *again = NULL;
    plx_rows rows = {0};
    plx_arena arena;
    char path[700];
    snprintf(path, sizeof path, "%s/train.csv", f->path);
    const char *const paths[] = {path};
    const plx_load_options options = {.threads = 1};
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(l->encoders, &arena);
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, &list, &again, NULL), PLX_OK);
    REQUIRE(again);
    CHECK_STATUS(plx_encoders_read(again, &plx_allocator_default, paths, 1, &options, true, &rows, NULL), PLX_OK);
    CHECK(rows.n == l->parts[0].n && equal_records(&l->parts[0], rows.records));
    plx_rows_release(&rows, &plx_allocator_default);
    plx_encoders_release(again);
    plx_arena_release(&arena);
}

/* -- Dense features ---------------------------------------------------------------------------------------------- */

static void check_values(const loaded *l, const plx_feature_spec *f, const double *numbers, int size)
{
    static double expected[ROWS];
    const int width = f->missing_indicator ? 2 * size : size;
    CHECK(l->parts[0].layout->n_dense == width);
    for (int at = 0; at < size; at++) {
        encode_plainly(f, numbers, size, at, expected);
        for (size_t i = 0; i < ROWS; i++) {
            const float got = dense_at(&l->parts[0], i, at);
            if (!(fabs(got - expected[i]) <= 1e-6 * (1 + fabs(expected[i])))) {
                printf("  row %zu, number %d: %g, expected %g\n", i, at, (double)got, expected[i]);
                CHECK(false);
            }
            if (f->missing_indicator)
                CHECK(dense_at(&l->parts[0], i, size + at) == (isnan(numbers[i * (size_t)size + (size_t)at]) ? 1 : 0));
        }
    }
}

static void check_dense(plx_feature_spec feature, int size)
{
    static double numbers[ROWS * SIZE];
    folder f = folder_make();
    small_spec s;
    loaded l;
    feature.kind = PLX_FEATURE_DENSE;
    feature.size = size;
    fill(numbers, ROWS * (size_t)size, 7 + (unsigned)size);
    plx_table_spec *spec = number_spec(&s, feature);
    char *text = make_text(numbers, size, feature.separator ? feature.separator[0] : '|');
    write_text(&f, "train.csv", text);
    if (load_spec(&l, &f, spec) == PLX_OK) {
        check_values(&l, &s.features[0], numbers, size);
        check_columns(&l, text, numbers, size);
        check_round_trip(&l, spec, &f);
        loaded_release(&l);
    } else {
        check_report(__FILE__, __LINE__, l.error.message);
    }
    free(text);
    folder_remove(&f);
}

static void test_every_dense_option(void)
{
    static double limits[] = {-50, 120.5};
    static const double fills[] = {0, -7.25, INFINITY};
    for (int scaling = PLX_SCALE_NONE; scaling <= PLX_SCALE_QUANTILE; scaling++)
        for (int transform = PLX_TRANSFORM_NONE; transform <= PLX_TRANSFORM_IS_ZERO; transform++)
            for (int how = 0; how < 12; how++)
                check_dense((plx_feature_spec){.scaling = scaling,
                                               .transform = transform,
                                               .missing = fills[how % 3],
                                               .clip = {limits, how / 3 % 2 ? 2 : 0},
                                               .missing_indicator = how % 2 == 1,
                                               .separator = how % 5 == 0   ? ";"
                                                            : how % 5 == 1 ? ":"
                                                                           : NULL},
                            how / 6 ? SIZE : 1);
}

static void test_vectors_that_are_missing(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    static char *marks[] = {"?"};
    plx_table_spec *spec = number_spec(
        &s, (plx_feature_spec){.kind = PLX_FEATURE_DENSE, .size = 2, .missing = 5, .missing_indicator = true});
    spec->data.missing = (plx_text_list){marks, 1};
    write_text(&f, "train.csv", "x,sold\n1|2,0\n,1\n?,0\n3|,1\n | 4 ,0\n?|6,1\n");
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    static const float expected[6][4] = {{1, 2, 0, 0}, {5, 5, 1, 1}, {5, 5, 1, 1},
                                         {3, 5, 0, 1}, {5, 4, 1, 0}, {5, 6, 1, 0}};
    for (size_t i = 0; i < 6; i++)
        for (int k = 0; k < 4; k++)
            CHECK(dense_at(&l.parts[0], i, k) == expected[i][k]);
    loaded_release(&l);
    folder_remove(&f);
}

/* A vector between scalars, with indicators: each feature has its own place in the record. */
static void test_features_side_by_side(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_table_spec *spec = small_spec_init(&s);
    const plx_feature_spec dense = {.kind = PLX_FEATURE_DENSE, .separator = "|", .missing = NAN};
    for (int i = 0; i < 4; i++)
        s.features[i] = dense;
    s.features[0].name = "a";
    s.features[1].name = "v";
    s.features[1].size = 2;
    s.features[1].missing = 9;
    s.features[1].missing_indicator = true;
    s.features[2].name = "w";
    s.features[2].column = "v";
    s.features[2].size = 2;
    s.features[2].missing = -9;
    s.features[3].name = "b";
    spec->n_features = 4;
    write_text(&f, "train.csv", "a,v,b,sold\n1,2|3,4,0\n5,|6,7,1\n");
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    static const float expected[2][8] = {{1, 2, 3, 0, 0, 2, 3, 4}, {5, 9, 6, 1, 0, -9, 6, 7}};
    CHECK(l.parts[0].layout->n_dense == 8);
    for (size_t i = 0; i < 2; i++)
        for (int k = 0; k < 8; k++)
            CHECK(dense_at(&l.parts[0], i, k) == expected[i][k]);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_constant_columns_scale_to_zero(void)
{
    for (int scaling = PLX_SCALE_MINMAX; scaling <= PLX_SCALE_QUANTILE; scaling++) {
        folder f = folder_make();
        small_spec s;
        loaded l;
        plx_table_spec *spec =
            number_spec(&s, (plx_feature_spec){.kind = PLX_FEATURE_DENSE, .scaling = scaling, .missing = INFINITY});
        write_text(&f, "train.csv", "x,sold\n2,0\n2,1\n,1\n");
        REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
        for (size_t i = 0; i < 3; i++)
            CHECK(dense_at(&l.parts[0], i, 0) == 0);
        loaded_release(&l);
        write_text(&f, "train.csv", "x,sold\n,0\n,1\n"); /* no number is present: the mean is 0 */
        REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
        CHECK(dense_at(&l.parts[0], 0, 0) == 0);
        loaded_release(&l);
        folder_remove(&f);
    }
}

/* -- Buckets ----------------------------------------------------------------------------------------------------- */

static void test_bucket_of(void)
{
    static const double borders[] = {-2, 0, 0.5, 3, 7, 7.5, 100};
    for (int n = 0; n <= COUNT(borders); n++) {
        for (double x = -4; x < 110; x += 0.25) {
            uint32_t expected = 0;
            for (int i = 0; i < n; i++)
                expected += borders[i] <= x;
            CHECK(plx_bucket_of(borders, n, x) == expected);
        }
    }
}

static void test_quantile_borders(void)
{
    static const double numbers[] = {0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 9};
    double borders[32];
    plx_number_run scratch[32];
    /* Cuts into four fall on 0, 0, 1 and 4: zeros fill a bucket. */
    CHECK(plx_quantile_borders(numbers, 12, 4, borders, scratch) == 2 && borders[0] == 0.5 && borders[1] == 3.5);
    CHECK(plx_quantile_borders(numbers, 12, 2, borders, scratch) == 1 && borders[0] == 0.5);
    CHECK(plx_quantile_borders(numbers, 12, 1, borders, scratch) == 0);
    CHECK(plx_quantile_borders(numbers + 6, 6, 3, borders, scratch) == 2 && borders[0] == 2.5 && borders[1] == 5);
    CHECK(plx_quantile_borders(numbers, 12, 30, borders, scratch) == 6); /* each number */
    CHECK(plx_quantile_borders(numbers, 0, 4, borders, scratch) == 0);
    const double close[] = {1, nextafter(1, 2)};
    CHECK(plx_quantile_borders(close, 2, 2, borders, scratch) == 1 && borders[0] == close[1]);
    /* Three rows fill a bucket: 0 and 1 do, and 2 gets the rest. */
    static const double nine[] = {0, 0, 0, 0, 0, 1, 1, 1, 2};
    CHECK(plx_quantile_borders(nine, 9, 3, borders, scratch) == 2 && borders[0] == 0.5 && borders[1] == 1.5);
    /* With two buckets 1 cannot be separated from its neighbours on both sides. */
    static const double four[] = {0, 1, 1, 2};
    CHECK(plx_quantile_borders(four, 4, 2, borders, scratch) == 1);
    /* Of three such numbers with others between them the most frequent has precedence. */
    static const double more[] = {0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 6};
    const int n_borders = plx_quantile_borders(more, 17, 5, borders, scratch);
    CHECK(n_borders == 4 && borders[1] == 2.5 && borders[2] == 3.5);
}

/** 0 .. n - 1 */
static size_t draw_below(unsigned *seed, size_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/** How often the number at `first` occurs. */
static size_t count_of(const double *sorted, size_t n, size_t first)
{
    size_t end = first;
    while (end < n && sorted[end] <= sorted[first])
        end++;
    return end - first;
}

/** For any numbers: one that fills a bucket has it alone, unless there are too few buckets. */
static void test_full_buckets_hold_one_number(void)
{
    unsigned seed = 11;
    for (int round = 0; round < 2000; round++) {
        double numbers[200], borders[64];
        plx_number_run scratch[64];
        size_t n = 0, counts[64] = {0};
        const int n_buckets = 2 + (int)draw_below(&seed, 60), values = 1 + (int)draw_below(&seed, 40);
        const size_t size = 1 + draw_below(&seed, 200);
        while (n < size)
            numbers[n++] = (double)(draw_below(&seed, (size_t)values) * draw_below(&seed, (size_t)values));
        plx_numbers_sort(numbers, n);
        const int n_borders = plx_quantile_borders(numbers, n, n_buckets, borders, scratch);
        REQUIRE(n_borders < n_buckets);
        int n_full = 0, n_gaps = 0;
        bool in_gap = false;
        for (size_t i = 0; i < n; i += count_of(numbers, n, i)) {
            const size_t count = count_of(numbers, n, i);
            const bool is_full = count * (size_t)n_buckets >= n;
            n_full += is_full;
            n_gaps += !is_full && !in_gap;
            in_gap = !is_full;
            counts[plx_bucket_of(borders, n_borders, numbers[i])] += count;
        }
        for (int i = 0; i <= n_borders; i++)
            CHECK(counts[i] > 0 && (i == 0 || i == n_borders || borders[i] > borders[i - 1]));
        for (size_t i = 0; n_full + n_gaps <= n_buckets && i < n; i += count_of(numbers, n, i)) {
            const size_t count = count_of(numbers, n, i);
            if (count * (size_t)n_buckets < n) continue;
            CHECK(counts[plx_bucket_of(borders, n_borders, numbers[i])] == count);
        }
    }
}

static void test_exact_borders(void)
{
    static const double numbers[] = {-3, -1, 0, 0, 0, 1, 2, 5, 5, 6, 6, 6, 8};
    static const double expected[] = {-0.5, 0.5, 3.5, 5.5, 7};
    double borders[8];
    /* At least twice: 0, 5 and 6; of the others, -3 and -1 share a bucket, so do 1 and 2; 8 is alone. */
    CHECK(plx_exact_borders(numbers, 13, 2, NULL, 100) == 5);
    CHECK(plx_exact_borders(numbers, 13, 2, borders, 5) == 5 && memcmp(borders, expected, sizeof expected) == 0);
    CHECK(plx_exact_borders(numbers, 13, 2, borders, 3) == 3);
    CHECK(plx_exact_borders(numbers, 13, 1, NULL, 100) == 7);
    CHECK(plx_exact_borders(numbers, 13, 4, NULL, 100) == 0);
}

/* For random numbers no bucket is empty, and sizes are about equal if no number is too frequent. */
static void test_fitted_buckets_are_full(void)
{
    static double numbers[ROWS], borders[64];
    plx_number_run scratch[16];
    size_t n = 0, counts[64] = {0};
    unsigned seed = 5;
    while (n < ROWS) {
        numbers[n] = draw(&seed);
        n += !isnan(numbers[n]) && numbers[n] != 0;
    }
    plx_numbers_sort(numbers, n);
    const int n_borders = plx_quantile_borders(numbers, n, 16, borders, scratch);
    CHECK(n_borders == 15);
    for (size_t i = 0; i < n; i++)
        counts[plx_bucket_of(borders, n_borders, numbers[i])]++;
    for (int i = 0; i <= n_borders; i++)
        CHECK(counts[i] >= ROWS / 16 - 4 && counts[i] <= ROWS / 16 + 4);
}

static void check_ids(plx_feature_spec feature, const uint32_t *expected, int vocabulary, uint32_t common)
{
    static const char text[] = "x,sold\n3,0\n,1\n1,0\n2,1\n2.0,0\n 1e1 ,1\n-4,0\n2,1\n";
    static const double numbers[] = {3, NAN, 1, 2, 2, 10, -4, 2}, labels[] = {0, 1, 0, 1, 0, 1, 0, 1};
    folder f = folder_make();
    small_spec s;
    loaded l;
    uint8_t records[8 * 16];
    feature.kind = PLX_FEATURE_BUCKETS;
    plx_table_spec *spec = number_spec(&s, feature);
    write_text(&f, "train.csv", text);
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    CHECK(vocabulary_of(l.encoders, 0) == vocabulary);
    CHECK(l.parts[0].layout->sparse[0].common == common);
    for (size_t i = 0; i < 8; i++)
        CHECK(id_at(&l.parts[0], i, 0) == expected[i]);
    const plx_column columns[] = {{.name = "x", .numbers = numbers}, {.name = "sold", .numbers = labels}};
    REQUIRE(l.parts[0].layout->record_bytes <= 16);
    CHECK_STATUS(encode_cells(l.encoders, columns, 2, 8, true, records, NULL), PLX_OK);
    CHECK(equal_records(&l.parts[0], records));
    check_round_trip(&l, spec, &f);
    loaded_release(&l);
    folder_remove(&f);
}

static void test_buckets(void)
{
    static double borders[] = {2, 3};
    /* Given: below 2, from 2 to 3, from 3 on. */
    check_ids((plx_feature_spec){.borders = {borders, 2}}, (const uint32_t[]){3, 0, 1, 2, 2, 3, 1, 2}, 4, 2);
    /* At least twice: the number 2 alone. */
    check_ids((plx_feature_spec){.exact = 2}, (const uint32_t[]){3, 0, 1, 2, 2, 3, 1, 2}, 4, 2);
    /* For -4 1 2 2 2 3 10, cuts into three fall on -4, 2 and 2. */
    check_ids((plx_feature_spec){.quantiles = 3}, (const uint32_t[]){3, 0, 1, 2, 2, 3, 1, 2}, 4, 2);
    /* One bucket, and the bucket for missing numbers. */
    check_ids((plx_feature_spec){.quantiles = 1}, (const uint32_t[]){1, 0, 1, 1, 1, 1, 1, 1}, 2, 1);
}

/* One column as a sparse feature, buckets and a number; ids of buckets follow those of sparse features. */
static void test_views_of_a_column(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_table_spec *spec = small_spec_init(&s);
    s.features[0] = (plx_feature_spec){.name = "x/text", .column = "x", .kind = PLX_FEATURE_SPARSE};
    s.features[1] = (plx_feature_spec){.name = "x/exact", .column = "x", .kind = PLX_FEATURE_BUCKETS, .exact = 1};
    s.features[2] = (plx_feature_spec){.name = "x/bins", .column = "x", .kind = PLX_FEATURE_BUCKETS, .quantiles = 2};
    s.features[3] = (plx_feature_spec){.name = "x", .kind = PLX_FEATURE_DENSE, .missing = NAN};
    spec->n_features = 4;
    write_text(&f, "train.csv", "x,sold\n10,0\n2,1\n2.0,0\n3,1\n");
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    static const uint32_t ids[3][4] = {{1, 2, 2, 3}, {3, 1, 1, 2}, {2, 1, 1, 2}};
    for (size_t i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            CHECK(id_at(&l.parts[0], i, k) == ids[k][i]);
    CHECK(dense_at(&l.parts[0], 0, 0) == 10);
    CHECK(vocabulary_of(l.encoders, 0) == 4 && vocabulary_of(l.encoders, 1) == 4);
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Wrong use --------------------------------------------------------------------------------------------------- */

static void check_file_refused(plx_feature_spec feature, const char *cell, plx_status status, const char *message)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    char text[200];
    snprintf(text, sizeof text, "x,sold\n%s,0\n", cell);
    write_text(&f, "train.csv", text);
    CHECK_STATUS(load_spec(&l, &f, number_spec(&s, feature)), status);
    CHECK_TEXT(l.error.message, message);
    folder_remove(&f);
}

static void test_wrong_cells(void)
{
    plx_feature_spec vector = {.kind = PLX_FEATURE_DENSE, .size = 2, .missing = NAN};
    check_file_refused(vector, "1", PLX_ERR_SCHEMA, "train.csv:2:1: 1 number in column 'x', which is declared dense");
    check_file_refused(vector, "1|2|3", PLX_ERR_SCHEMA, "more than 2 numbers in column 'x'");
    check_file_refused(vector, "1|2|", PLX_ERR_SCHEMA, "more than 2 numbers in column 'x'");
    check_file_refused(vector, "1|b", PLX_ERR_SCHEMA, "train.csv:2:1: 'b' is not a number; column 'x'");
    check_file_refused(vector, "1|1e99", PLX_ERR_SCHEMA, "'1e99' is too large");
    check_file_refused(
        vector, "1|", PLX_ERR_SCHEMA,
        "a missing number in column 'x', which is declared dense: fill it, or set the feature's `missing`");
    check_file_refused(vector, "", PLX_ERR_SCHEMA, "a missing number in column 'x'");
    plx_feature_spec buckets = {.kind = PLX_FEATURE_BUCKETS, .exact = 1};
    check_file_refused(buckets, "b", PLX_ERR_SCHEMA, "train.csv:2:1: 'b' is not a number; column 'x' is divided into");
}

static void test_wrong_specs(void)
{
    static double falling[] = {2, 1};
    plx_feature_spec buckets = {.kind = PLX_FEATURE_BUCKETS}, dense = {.kind = PLX_FEATURE_DENSE};
    check_file_refused(buckets, "1", PLX_ERR_ARGUMENT, "buckets need one of 'borders', 'quantiles' and 'exact'");
    buckets.exact = buckets.quantiles = 4;
    check_file_refused(buckets, "1", PLX_ERR_ARGUMENT, "buckets take only one of");
    buckets = (plx_feature_spec){.kind = PLX_FEATURE_BUCKETS, .borders = {falling, 2}};
    check_file_refused(buckets, "1", PLX_ERR_ARGUMENT, "features.f.borders: 'borders' must rise");
    dense.clip = (plx_real_list){falling, 2};
    check_file_refused(dense, "1", PLX_ERR_ARGUMENT, "features.f.clip: 'clip' takes two numbers, the lower one first");
    dense = (plx_feature_spec){.kind = PLX_FEATURE_DENSE, .size = 2, .separator = "abcdefghi"};
    check_file_refused(dense, "1", PLX_ERR_ARGUMENT,
                       "features.f.separator: 'separator' is 1 to 8 bytes or the word tab, not 'abcdefghi'");
}

static void test_readers_of_a_vector_agree(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_table_spec *spec = number_spec(&s, (plx_feature_spec){.kind = PLX_FEATURE_DENSE, .size = 2, .missing = NAN});
    write_text(&f, "train.csv", "x,sold\n1|2,0\n");
    s.features[1] = (plx_feature_spec){.name = "g", .column = "x", .kind = PLX_FEATURE_DENSE, .separator = "|"};
    spec->n_features = 2;
    CHECK_STATUS(load_spec(&l, &f, spec), PLX_ERR_ARGUMENT);
    CHECK_TEXT(
        l.error.message,
        "features.g.column: column 'x' is also read with a different 'size' or 'separator': all readers must agree");
    s.features[1].size = 2;
    s.features[1].separator = ";";
    CHECK_STATUS(load_spec(&l, &f, spec), PLX_ERR_ARGUMENT);
    s.features[1] = (plx_feature_spec){.name = "g", .column = "x", .kind = PLX_FEATURE_SPARSE};
    CHECK_STATUS(load_spec(&l, &f, spec), PLX_ERR_ARGUMENT);
    folder_remove(&f);
}

static void test_wrong_columns(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_error err;
    uint8_t records[64];
    static const double numbers[] = {1, 2, 3, NAN}, large[] = {1, 2, 3, 1e300};
    static const char *const texts[] = {"1|2", "1|2|3"};
    write_text(&f, "train.csv", "x,sold\n1|2,0\n");
    plx_table_spec *spec = number_spec(&s, (plx_feature_spec){.kind = PLX_FEATURE_DENSE, .size = 2, .missing = NAN});
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    static const struct {
        plx_column cells;
        plx_status status;
        const char *message;
    } cases[] = {
        {{.name = "x", .numbers = numbers}, PLX_ERR_ARGUMENT, "column 'x' has 1 number in a row; the model reads 2"},
        {{.name = "x", .numbers = numbers, .width = 3}, PLX_ERR_ARGUMENT, "column 'x' has 3 numbers in a row"},
        {{.name = "x", .numbers = numbers, .width = 2}, PLX_ERR_SCHEMA, "row 2: a missing number in column 'x'"},
        {{.name = "x", .numbers = large, .width = 2}, PLX_ERR_SCHEMA, "row 2: '1e+300' is too large"},
        {{.name = "x", .texts = texts}, PLX_ERR_SCHEMA, "row 2: more than 2 numbers in column 'x'"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        CHECK_STATUS(encode_cells(l.encoders, &cases[i].cells, 1, 2, false, records, &err), cases[i].status);
        CHECK_TEXT(err.message, cases[i].message);
    }
    loaded_release(&l);
    folder_remove(&f);
}

/* -- Tensors ----------------------------------------------------------------------------------------------------- */

/* Four features: quantiles of a vector (the mean replaces missing numbers), a plain number, two kinds of buckets. */
static plx_table_spec *full_spec(small_spec *s, folder *f)
{
    static double borders[] = {1, 5};
    plx_table_spec *spec = small_spec_init(s);
    s->features[0] = (plx_feature_spec){.name = "e", .column = "y", .kind = PLX_FEATURE_BUCKETS, .exact = 1};
    s->features[1] =
        (plx_feature_spec){.name = "g", .column = "y", .kind = PLX_FEATURE_BUCKETS, .borders = {borders, 2}};
    s->features[2] = (plx_feature_spec){.name = "v",
                                        .kind = PLX_FEATURE_DENSE,
                                        .size = 2,
                                        .separator = "|",
                                        .scaling = PLX_SCALE_QUANTILE,
                                        .missing = INFINITY};
    s->features[3] = (plx_feature_spec){.name = "y", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_MINMAX};
    spec->n_features = 4;
    write_text(f, "train.csv", "v,y,sold\n1|2,3,0\n|4,5,1\n5|,7,0\n");
    return spec;
}

static void check_tensors_refused(const plx_table_spec *spec, const tensor_list *list, const char *message)
{
    plx_encoders *e = NULL;
    plx_error err;
    CHECK_STATUS(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, list, &e, &err), PLX_ERR_FORMAT);
    CHECK_TEXT(err.message, message);
    CHECK(!e);
}

static void check_wrong_tensors(const plx_table_spec *spec, const tensor_list *list)
{
    static double knots[2 * KNOTS];
    plx_tensor *borders = change_tensor(list, "buckets/e/borders"), *given = change_tensor(list, "buckets/g/borders");
    plx_tensor *common = change_tensor(list, "buckets/e/common"), *quantiles = change_tensor(list, "quantiles/v");
    plx_tensor *missing = change_tensor(list, "missing/v"), right = *borders;
    borders->data = (const double[]){4, 4};
    check_tensors_refused(spec, list, "the quantiles or borders of 'e' are not ascending");
    borders->data = (const double[]){4, NAN};
    check_tensors_refused(spec, list, "tensor 'buckets/e/borders' contains a number that is not finite");
    *borders = right;
    borders->dtype = PLX_DTYPE_I64;
    check_tensors_refused(spec, list, "tensor 'buckets/e/borders' has the wrong type or shape");
    *borders = right;
    right = *given;
    given->data = (const double[]){1, 6};
    check_tensors_refused(spec, list, "the borders of 'g' are not those of the configuration");
    *given = right;
    right = *common;
    common->data = (const int64_t[]){4};
    check_tensors_refused(spec, list, "the most frequent bucket of 'e' is not one of its buckets");
    common->name = "other";
    check_tensors_refused(spec, list, "tensor 'buckets/e/common' is missing");
    *common = right;
    right = *quantiles;
    memcpy(knots, quantiles->data, sizeof knots);
    knots[KNOTS + 5] = -1e9;
    quantiles->data = knots;
    check_tensors_refused(spec, list, "the quantiles or borders of 'v' are not ascending");
    *quantiles = right;
    quantiles->dims[0] = 1;
    check_tensors_refused(spec, list, "tensor 'quantiles/v' has the wrong type or shape");
    *quantiles = right;
    missing->name = "other";
    check_tensors_refused(spec, list, "tensor 'missing/v' is missing");
    missing->name = "missing/v";
}

static void test_tensors(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_table_spec *spec = full_spec(&s, &f);
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    check_round_trip(&l, spec, &f);
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(l.encoders, &arena);
    CHECK(list.n == 7);
    const plx_tensor *borders = find_tensor(&list, "buckets/e/borders");
    const plx_tensor *quantiles = find_tensor(&list, "quantiles/v"), *missing = find_tensor(&list, "missing/v");
    REQUIRE(borders && quantiles && missing && find_tensor(&list, "scaling/y") && !find_tensor(&list, "scaling/v"));
    CHECK(borders->dtype == PLX_DTYPE_F64 && borders->n_dims == 1 && borders->dims[0] == 2);
    CHECK(memcmp(borders->data, (const double[]){4, 6}, 16) == 0);
    CHECK(quantiles->n_dims == 2 && quantiles->dims[0] == 2 && quantiles->dims[1] == KNOTS);
    CHECK(missing->n_dims == 2 && missing->dims[0] == 2 && missing->dims[1] == 1);
    CHECK(memcmp(missing->data, (const double[]){3, 3}, 16) == 0);
    check_wrong_tensors(spec, &list);
    plx_arena_release(&arena);
    loaded_release(&l);
    folder_remove(&f);
}

/** Numbers that many rows have; C libraries differ in the last bit of the logarithms of 21, 45 and 48, for example. */
static plx_table_spec *log_spec(small_spec *s, folder *f)
{
    write_text(f, "train.csv",
               "x,sold\n20,0\n21,1\n21,0\n21,1\n21,0\n22,1\n44,0\n45,1\n45,0\n45,1\n48,0\n48,1\n48,0\n99,1\n");
    return number_spec(s, (plx_feature_spec){.kind = PLX_FEATURE_DENSE,
                                             .missing = NAN,
                                             .transform = PLX_TRANSFORM_LOG1P,
                                             .scaling = PLX_SCALE_QUANTILE});
}

/** Ties are found by the number itself; a rounding of its logarithm changes a share by no more than a rounding. */
static void test_equal_numbers_after_a_logarithm(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_table_spec *spec = log_spec(&s, &f);
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    check_round_trip(&l, spec, &f);
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(l.encoders, &arena);
    const plx_tensor *tensor = find_tensor(&list, "quantile_numbers/f");
    REQUIRE(tensor && !find_tensor(&list, "quantiles/f"));
    const double *knots = tensor->data;
    static double line[KNOTS];
    for (int i = 0; i < KNOTS; i++)
        line[i] = log1p(knots[i]);
    static const double numbers[] = {20, 21, 22, 30, 44, 45, 46.5, 48, 60, 99, 5, 500};
    static const double shares[] = {0, 2.5 / 13, 5.0 / 13, 0, 6.0 / 13, 8.0 / 13, 0, 11.0 / 13, 0, 1, 0, 1};
    for (int i = 0; i < COUNT(numbers); i++) {
        const double x = numbers[i], place = log1p(x);
        const double share = plx_quantile_share(knots, line, KNOTS, x, place);
        if (shares[i] > 0) CHECK_CLOSE(share, shares[i], 1e-3);
        CHECK_CLOSE(plx_quantile_share(knots, line, KNOTS, x, nextafter(place, 9)), share, 1e-12);
        CHECK_CLOSE(plx_quantile_share(knots, line, KNOTS, x, nextafter(place, 0)), share, 1e-12);
    }
    plx_arena_release(&arena);
    loaded_release(&l);
    folder_remove(&f);
}

/** In old files the knots are logarithms, and their rows are encoded to the same bits as before. */
static void test_knots_of_before(void)
{
    folder f = folder_make();
    small_spec s;
    loaded l;
    plx_arena arena;
    plx_encoders *before = NULL;
    plx_table_spec *spec = log_spec(&s, &f);
    REQUIRE(load_spec(&l, &f, spec) == PLX_OK);
    plx_arena_init(&arena, &plx_allocator_default);
    const tensor_list list = copy_tensors(l.encoders, &arena);
    plx_tensor *tensor = change_tensor(&list, "quantile_numbers/f");
    static double knots[KNOTS];
    for (int i = 0; i < KNOTS; i++)
        knots[i] = log1p(((const double *)tensor->data)[i]) + 1e-4 * (i % 7 == 3 && i > 900);
    qsort(knots, KNOTS, sizeof *knots, compare);
    tensor->name = "quantiles/f";
    tensor->data = knots;
    REQUIRE(plx_encoders_from_tensors(&plx_allocator_default, spec, find_tensor, &list, &before, NULL) == PLX_OK);
    for (double x = -3; x < 120; x += 0.5) {
        float *record = calloc(1, plx_encoders_layout(before)->record_bytes);
        const plx_column cells = {.name = "x", .numbers = &x};
        const double place = copysign(log1p(fabs(x)), x);
        CHECK_STATUS(encode_cells(before, &cells, 1, 1, false, (uint8_t *)record, NULL), PLX_OK);
        CHECK(record[0] == (float)plx_quantile_share(knots, knots, KNOTS, place, place));
        free(record);
    }
    /* They are written in the form in which they were read. */
    const tensor_list again = copy_tensors(before, &arena);
    CHECK(find_tensor(&again, "quantiles/f") && !find_tensor(&again, "quantile_numbers/f"));
    plx_encoders_release(before);
    plx_arena_release(&arena);
    loaded_release(&l);
    folder_remove(&f);
}

static plx_status load_and_load_again(const plx_allocator *allocator, const folder *f, const plx_table_spec *spec)
{
    const char *const folders[] = {f->path};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 1};
    plx_encoders *e = NULL, *again = NULL;
    plx_rows parts[PLX_PARTS];
    const plx_tensor *tensors;
    tensor_list list = {NULL, 0};
    plx_arena arena;
    PLX_TRY(plx_table_load(allocator, spec, &options, &e, parts, NULL));
    plx_arena_init(&arena, &plx_allocator_default);
    plx_status status = plx_encoders_tensors(e, &arena, &tensors, &list.n, NULL);
    list.tensors = plx_arena_copy(&arena, tensors, (size_t)list.n * sizeof *tensors);
    if (!status) status = plx_encoders_from_tensors(allocator, spec, find_tensor, &list, &again, NULL);
    plx_arena_release(&arena);
    for (int i = 0; i < PLX_PARTS; i++)
        plx_rows_release(&parts[i], allocator);
    plx_encoders_release(e);
    plx_encoders_release(again);
    return status;
}

static void test_memory_ends(void)
{
    folder f = folder_make();
    small_spec s;
    plx_status status = PLX_ERR_MEMORY;
    long n = 0;
    plx_table_spec *spec = full_spec(&s, &f);
    while (status == PLX_ERR_MEMORY && n < 10000) {
        failing_allocator memory;
        failing_allocator_init(&memory, ++n);
        memory.from_then_on = true;
        status = load_and_load_again(&memory.allocator, &f, spec);
        CHECK(memory.live == 0);
    }
    CHECK_STATUS(status, PLX_OK);
    CHECK(n > 30);
    folder_remove(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_every_dense_option),
        CHECK_TEST(test_vectors_that_are_missing),
        CHECK_TEST(test_features_side_by_side),
        CHECK_TEST(test_constant_columns_scale_to_zero),
        CHECK_TEST(test_bucket_of),
        CHECK_TEST(test_quantile_borders),
        CHECK_TEST(test_full_buckets_hold_one_number),
        CHECK_TEST(test_exact_borders),
        CHECK_TEST(test_fitted_buckets_are_full),
        CHECK_TEST(test_buckets),
        CHECK_TEST(test_views_of_a_column),
        CHECK_TEST(test_wrong_cells),
        CHECK_TEST(test_wrong_specs),
        CHECK_TEST(test_readers_of_a_vector_agree),
        CHECK_TEST(test_wrong_columns),
        CHECK_TEST(test_tensors),
        CHECK_TEST(test_equal_numbers_after_a_logarithm),
        CHECK_TEST(test_knots_of_before),
        CHECK_TEST(test_memory_ends),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
