/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics compared with their definitions on random rows, and on rows with known metrics. */
#include "train/metric.h"

#include "base/random.h"
#include "check.h"
#include "metric_references.h"
#include "train/group.h"

static const float MISSING = NAN;

static plx_metrics score(bool is_binary, const float *predictions, const float *labels, size_t n)
{
    plx_metrics out = {0};
    plx_error err;
    const plx_scored scored = {.form = is_binary ? PLX_LABELS_ARE_TRUTHS : PLX_LABELS_ARE_NUMBERS,
                               .n_outputs = 1,
                               .predictions = predictions,
                               .prediction_stride = 1,
                               .labels = labels,
                               .label_stride = 1,
                               .n = n};
    if (plx_score_task(&plx_allocator_default, &scored, &out, &err) != PLX_OK)
        check_report(__FILE__, __LINE__, err.message);
    return out;
}

/** The share of won pairs; a tie is half won. */
static double pairs_won(const float *predictions, const float *labels, size_t n)
{
    double won = 0, pairs = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            if (!(labels[i] > 0.5F && labels[j] < 0.5F)) continue;
            pairs++;
            won += predictions[i] > predictions[j] ? 1.0 : predictions[i] < predictions[j] ? 0.0 : 0.5;
        }
    }
    return won / pairs;
}

/** Random rows: `levels` different predictions, every seventh label missing. */
static void draw(uint64_t seed, size_t n, uint32_t levels, float *predictions, float *labels)
{
    plx_random random = {seed, PLX_STREAM_NAMED};
    for (size_t i = 0; i < n; i++) {
        uint32_t level = plx_random_below(&random, 2 * i, 0, levels);
        predictions[i] = ((float)level + 0.5F) / (float)levels;
        labels[i] = plx_random_uniform(&random, 2 * i + 1, 0) < predictions[i] ? 1.0F : 0.0F;
        if (i % 7 == 3) labels[i] = MISSING;
    }
}

static void test_auc_equals_pairs_won(void)
{
    enum { MOST = 700 };
    static const uint32_t levels[] = {2, 3, 10, 100, 100000, 16777216};
    static const size_t sizes[] = {5, 17, 100, MOST};
    float predictions[MOST], labels[MOST];
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            draw(l * 10 + s, sizes[s], levels[l], predictions, labels);
            double expected = pairs_won(predictions, labels, sizes[s]);
            if (isnan(expected)) continue;
            CHECK_CLOSE(score(true, predictions, labels, sizes[s]).values[PLX_METRIC_auc], expected, 1e-12);
        }
    }
}

static void test_auc_of_any_floats(void)
{
    /* Negative, tiny, huge and infinite scores; -0 and 0 are one value. */
    static const float predictions[] = {-1e30F, -0.0F, 0.0F, 1e-40F, -1e-40F, 3.5F, INFINITY, -INFINITY, -2.0F, 3.5F};
    static const float labels[] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 0};
    CHECK_CLOSE(score(true, predictions, labels, 10).values[PLX_METRIC_auc], pairs_won(predictions, labels, 10), 1e-15);
}

static void test_auc_of_extremes(void)
{
    static const float rising[] = {0.1F, 0.2F, 0.3F, 0.4F};
    static const float separated[] = {0, 0, 1, 1}, reversed[] = {1, 1, 0, 0}, mixed[] = {0, 1, 0, 1};
    static const float equal[] = {0.5F, 0.5F, 0.5F, 0.5F};
    CHECK_CLOSE(score(true, rising, separated, 4).values[PLX_METRIC_auc], 1.0, 0);
    CHECK_CLOSE(score(true, rising, reversed, 4).values[PLX_METRIC_auc], 0.0, 0);
    CHECK_CLOSE(score(true, rising, mixed, 4).values[PLX_METRIC_auc], 0.75, 0);
    CHECK_CLOSE(score(true, equal, mixed, 4).values[PLX_METRIC_auc], 0.5, 0);
}

static void test_auc_of_one_class_is_unknown(void)
{
    static const float predictions[] = {0.1F, 0.9F, 0.4F};
    static const float ones[] = {1, 1, 1}, zeros[] = {0, 0, 0};
    const float one_class[] = {1, 1, MISSING};
    CHECK(isnan(score(true, predictions, ones, 3).values[PLX_METRIC_auc]));
    CHECK(isnan(score(true, predictions, zeros, 3).values[PLX_METRIC_auc]));
    CHECK(isnan(score(true, predictions, one_class, 3).values[PLX_METRIC_auc]));
    CHECK(isfinite(score(true, predictions, ones, 3).values[PLX_METRIC_logloss]));
    CHECK_CLOSE(score(true, predictions, ones, 3).values[PLX_METRIC_accuracy], 1.0 / 3.0, 1e-15);
}

static void test_auc_of_many_rows(void)
{
    /* Scores 0..n-1 by rank, every third one positive: a formula counts the won pairs. */
    enum { N = 300000 };
    float *predictions = malloc(N * sizeof *predictions), *labels = malloc(N * sizeof *labels);
    REQUIRE(predictions && labels);
    double won = 0, below = 0, positives = 0;
    for (int i = 0; i < N; i++) {
        /* 7919 and N have no common factor, so the ranks are in scattered order. */
        int rank = (int)((7919LL * i) % N);
        predictions[i] = (float)rank / (float)N;
        labels[i] = rank % 3 == 0 ? 1.0F : 0.0F;
    }
    for (int rank = 0; rank < N; rank++) {
        if (rank % 3 == 0) {
            won += below;
            positives++;
        } else {
            below++;
        }
    }
    CHECK_CLOSE(score(true, predictions, labels, N).values[PLX_METRIC_auc], won / (positives * below), 1e-12);
    free(predictions);
    free(labels);
}

static void test_losses_equal_their_definitions(void)
{
    enum { N = 500 };
    float predictions[N], labels[N];
    double log_sum = 0, absolute = 0, squared = 0;
    int rows = 0, right = 0, positives = 0;
    draw(99, N, 1000, predictions, labels);
    predictions[0] = 0.0F, labels[0] = 1.0F;
    predictions[1] = 1.0F, labels[1] = 0.0F;
    for (int i = 0; i < N; i++) {
        if (isnan(labels[i])) continue;
        double p = fmin(fmax((double)predictions[i], 1e-7), 1.0 - 1e-7), y = (double)labels[i];
        log_sum -= y > 0 ? log(p) : log(1.0 - p);
        absolute += fabs((double)predictions[i] - y);
        squared += pow((double)predictions[i] - y, 2);
        right += (predictions[i] > 0.5F) == (y > 0);
        positives += y > 0;
        rows++;
    }
    plx_metrics got = score(true, predictions, labels, N);
    CHECK(got.rows == rows && got.positives == positives);
    CHECK_CLOSE(got.values[PLX_METRIC_logloss], log_sum / rows, 1e-12);
    CHECK_CLOSE(got.values[PLX_METRIC_accuracy], (double)right / rows, 1e-15);
    CHECK_CLOSE(got.values[PLX_METRIC_mae], absolute / rows, 1e-12);
    CHECK_CLOSE(got.values[PLX_METRIC_mse], squared / rows, 1e-12);
    CHECK_CLOSE(got.values[PLX_METRIC_rmse], sqrt(squared / rows), 1e-12);
}

static void test_regression(void)
{
    static const float predictions[] = {1.0F, 2.5F, -4.0F, 100.0F};
    const float labels[] = {2.0F, 2.5F, -1.0F, MISSING};
    plx_metrics got = score(false, predictions, labels, 4);
    CHECK(got.rows == 3 && got.positives == 0);
    CHECK(isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_logloss]) &&
          isnan(got.values[PLX_METRIC_accuracy]));
    CHECK_CLOSE(got.values[PLX_METRIC_mae], 4.0 / 3.0, 1e-15);
    CHECK_CLOSE(got.values[PLX_METRIC_mse], 10.0 / 3.0, 1e-15);
    CHECK_CLOSE(got.values[PLX_METRIC_rmse], sqrt(10.0 / 3.0), 1e-15);
}

static void test_strides(void)
{
    static const float scores[] = {0.1F, 9, 0.8F, 9, 0.3F, 9};
    static const float labels[] = {0, 7, 7, 1, 7, 7, 1, 7, 7};
    plx_metrics got;
    const plx_scored scored = {
        .n_outputs = 1, .predictions = scores, .prediction_stride = 2, .labels = labels, .label_stride = 3, .n = 3};
    CHECK_STATUS(plx_score_task(&plx_allocator_default, &scored, &got, NULL), PLX_OK);
    CHECK(got.rows == 3 && got.positives == 2);
    CHECK_CLOSE(got.values[PLX_METRIC_auc], 1.0, 0);
    CHECK_CLOSE(got.values[PLX_METRIC_mae], (0.1 + 0.2 + 0.7) / 3, 1e-7);
}

static void test_unknown_names(void)
{
    static const float predictions[] = {0.1F, 0.9F};
    const float missing[] = {MISSING, MISSING}, nan_prediction[] = {0.3F, MISSING};
    static const float labels[] = {0, 1};
    plx_metrics got = score(true, predictions, missing, 2);
    CHECK(got.rows == 0 && isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_logloss]) &&
          isnan(got.values[PLX_METRIC_accuracy]) && isnan(got.values[PLX_METRIC_rmse]));
    got = score(true, predictions, labels, 0);
    CHECK(got.rows == 0 && isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_mae]));
    got = score(true, nan_prediction, labels, 2);
    CHECK(got.rows == 2 && isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_logloss]) &&
          isnan(got.values[PLX_METRIC_accuracy]) && isnan(got.values[PLX_METRIC_mse]));
}

static void *refuse(void *user, void *memory, size_t bytes)
{
    (void)user, (void)memory, (void)bytes;
    return NULL;
}

static void test_out_of_memory(void)
{
    static const float predictions[] = {0.1F, 0.9F}, labels[] = {0, 1};
    const plx_allocator refusing = {refuse, NULL};
    plx_metrics got;
    plx_error err = {0};
    const plx_scored scored = {.n_outputs = 1,
                               .predictions = predictions,
                               .prediction_stride = 1,
                               .labels = labels,
                               .label_stride = 1,
                               .n = 2};
    CHECK_STATUS(plx_score_task(&refusing, &scored, &got, &err), PLX_ERR_MEMORY);
    CHECK(err.code == PLX_ERR_MEMORY);
}

static const plx_metrics *measure(const plx_scored *scored, plx_metrics *out)
{
    plx_error err;
    if (plx_score_task(&plx_allocator_default, scored, out, &err) != PLX_OK)
        check_report(__FILE__, __LINE__, err.message);
    return out;
}

static void test_metrics_equal_scikit_learn(void)
{
    for (size_t c = 0; c < sizeof metric_references / sizeof *metric_references; c++) {
        const plx_metrics *expected = &metric_references[c].expected;
        const plx_scored *scored = &metric_references[c].scored;
        plx_metrics got;
        measure(scored, &got);
        CHECK(got.rows == expected->rows && got.positives == expected->positives);
        CHECK(got.groups == expected->groups && got.groups_counted == expected->groups_counted);
        for (int i = 0; i < PLX_METRICS; i++) {
            const plx_metric_info *metric = &plx_metric_list[i];
            const double value = got.values[i], wanted = expected->values[i];
            if (got.applies >> i & 1) {
                if (!(fabs(value - wanted) <= 1e-13 * fmax(1, fabs(wanted)))) {
                    printf("  %s, %s: %.17g, not %.17g\n", metric_references[c].name, metric->name, value, wanted);
                    check_report(__FILE__, __LINE__, "a metric differs");
                }
            } else {
                CHECK(isnan(value));
            }
        }
    }
}

static void test_average_precision_of_all_thresholds(void)
{
    enum { MOST = 300 };
    static const uint32_t levels[] = {2, 7, 100, 100000};
    float predictions[MOST], labels[MOST];
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        double positives = 0, sum = 0;
        draw(40 + l, MOST, levels[l], predictions, labels);
        /* Each positive row adds the precision of all rows that are not below it. */
        for (size_t i = 0; i < MOST; i++) {
            double found = 0, right = 0;
            if (!(labels[i] > 0.5F)) continue;
            for (size_t j = 0; j < MOST; j++) {
                if (isnan(labels[j]) || predictions[j] < predictions[i]) continue;
                found++;
                right += labels[j] > 0.5F;
            }
            positives++;
            sum += right / found;
        }
        CHECK_CLOSE(score(true, predictions, labels, MOST).values[PLX_METRIC_pr_auc], sum / positives, 1e-12);
    }
}

static void test_group_auc_of_each_group_apart(void)
{
    enum { N = 900, GROUPS = 70 };
    static float predictions[N], labels[N];
    static uint32_t groups[N];
    const plx_random random = {77, PLX_STREAM_NAMED};
    float group_predictions[N], group_labels[N];
    double sum = 0, weight = 0;
    int64_t n_groups = 0, n_counted = 0;
    draw(7, N, 12, predictions, labels);
    for (size_t i = 0; i < N; i++) {
        groups[i] = plx_random_below(&random, i, 0, GROUPS);
        if (groups[i] % 10 == 0) labels[i] = groups[i] % 20 ? 1.0F : 0.0F; /* of one class */
        if (groups[i] == 3) labels[i] = MISSING;
        if (i % 13 == 5) groups[i] = PLX_NO_GROUP;
    }
    for (uint32_t g = 0; g < GROUPS; g++) {
        size_t n = 0;
        for (size_t i = 0; i < N; i++) {
            if (groups[i] != g) continue;
            group_predictions[n] = predictions[i];
            group_labels[n++] = labels[i];
        }
        const plx_metrics got = score(true, group_predictions, group_labels, n);
        n_groups += got.rows > 0;
        if (isnan(got.values[PLX_METRIC_auc])) continue;
        n_counted++;
        weight += (double)got.rows;
        sum += (double)got.rows * got.values[PLX_METRIC_auc];
    }
    const plx_scored scored = {.n_outputs = 1,
                               .predictions = predictions,
                               .prediction_stride = 1,
                               .labels = labels,
                               .label_stride = 1,
                               .n = N,
                               .groups = groups,
                               .n_groups = GROUPS};
    plx_metrics got;
    measure(&scored, &got);
    CHECK(got.groups == n_groups && got.groups_counted == n_counted);
    CHECK(n_groups < GROUPS && n_counted < n_groups && n_counted > 10);
    CHECK_CLOSE(got.values[PLX_METRIC_group_auc], sum / weight, 1e-13);
    CHECK_CLOSE(got.values[PLX_METRIC_auc], score(true, predictions, labels, N).values[PLX_METRIC_auc], 0);
}

static void test_one_group_is_the_whole(void)
{
    enum { N = 400 };
    static float predictions[N], labels[N];
    static uint32_t groups[N];
    plx_metrics got;
    draw(8, N, 50, predictions, labels);
    const plx_scored scored = {.n_outputs = 1,
                               .predictions = predictions,
                               .prediction_stride = 1,
                               .labels = labels,
                               .label_stride = 1,
                               .n = N,
                               .groups = groups,
                               .n_groups = 1};
    CHECK_CLOSE(measure(&scored, &got)->values[PLX_METRIC_group_auc], got.values[PLX_METRIC_auc], 1e-15);
    CHECK(got.groups == 1 && got.groups_counted == 1);
    for (size_t i = 0; i < N; i++)
        groups[i] = PLX_NO_GROUP;
    CHECK(isnan(measure(&scored, &got)->values[PLX_METRIC_group_auc]) && got.groups == 0 &&
          isfinite(got.values[PLX_METRIC_auc]));
}

static void test_calibration_bins_hold_their_upper_ends(void)
{
    /* 0.5 and 0.25 are exact: 0.5 is in (0.4, 0.5], and 0 and 1 are in the outer bins. */
    static const float predictions[] = {0.0F, 0.5F, 0.45F, 0.25F, 1.0F}, labels[] = {1, 0, 1, 0, 0};
    plx_metrics got = score(true, predictions, labels, 5);
    CHECK_CLOSE(got.values[PLX_METRIC_ece], (1 + fabs(0.5 + (double)0.45F - 1) + 0.25 + 1) / 5, 1e-15);
    CHECK_CLOSE(got.values[PLX_METRIC_calibration], (0.5 + (double)0.45F + 0.25 + 1) / 2, 1e-15);
}

static void test_calibration_without_probabilities(void)
{
    static const float predictions[] = {-3.0F, 7.0F}, labels[] = {0, 1};
    CHECK_CLOSE(score(true, predictions, labels, 2).values[PLX_METRIC_ece], (3.0 + 6.0) / 2, 0);
}

static void test_normalised_entropy_of_the_share_is_one(void)
{
    static const float predictions[] = {0.25F, 0.25F, 0.25F, 0.25F}, labels[] = {0, 1, 0, 0}, ones[] = {1, 1, 1, 1};
    CHECK_CLOSE(score(true, predictions, labels, 4).values[PLX_METRIC_normalized_entropy], 1, 1e-14);
    CHECK(isnan(score(true, predictions, ones, 4).values[PLX_METRIC_normalized_entropy]));
    CHECK(isnan(score(true, predictions, ones, 4).values[PLX_METRIC_pr_auc]));
    CHECK_CLOSE(score(true, predictions, ones, 4).values[PLX_METRIC_calibration], 0.25, 0);
    const float zeros[] = {0, 0, 0, 0};
    CHECK(isnan(score(true, predictions, zeros, 4).values[PLX_METRIC_calibration]));
    CHECK_CLOSE(score(true, predictions, zeros, 4).values[PLX_METRIC_ece], 0.25, 0);
}

static void test_r2_without_meaning(void)
{
    static const float predictions[] = {1, 2, 3}, equal[] = {2, 2, 2}, far[] = {1e7F, 1e7F + 1, 1e7F + 2};
    CHECK(isnan(score(false, predictions, equal, 3).values[PLX_METRIC_r2]) &&
          isfinite(score(false, predictions, equal, 3).values[PLX_METRIC_mse]));
    CHECK_CLOSE(score(false, far, far, 3).values[PLX_METRIC_r2], 1, 0);
    CHECK(isnan(score(false, predictions, predictions, 1).values[PLX_METRIC_r2]));
}

static void test_classes(void)
{
    static const float predictions[] = {0.5F, 0.5F, 0, 9, 0.25F, 0.25F, 0.5F, 9, 0, 1, 0, 9, 1, 0, 0, 9};
    const float labels[] = {1, 2, MISSING, 2};
    const plx_scored scored = {.form = PLX_LABELS_ARE_CLASSES,
                               .n_outputs = 3,
                               .predictions = predictions,
                               .prediction_stride = 4,
                               .labels = labels,
                               .label_stride = 1,
                               .n = 4};
    plx_metrics got;
    measure(&scored, &got);
    CHECK(got.rows == 3 && isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_mse]));
    CHECK_CLOSE(got.values[PLX_METRIC_accuracy], 1.0 / 3, 1e-15); /* of equal ones the first one counts */
    CHECK_CLOSE(got.values[PLX_METRIC_logloss], (2 * log(2) - log(1e-7)) / 3, 1e-14);
}

/* Compares all metrics of both, except those that are NaN in both. */
static void check_same_metrics(const plx_scored *one, const plx_scored *other, double tolerance)
{
    plx_metrics a, b;
    measure(one, &a);
    measure(other, &b);
    CHECK(a.groups == b.groups && a.groups_counted == b.groups_counted);
    for (int i = 0; i < PLX_METRICS; i++) {
        const double x = a.values[i], y = b.values[i];
        CHECK(isnan(x) == isnan(y));
        if (!isnan(x)) CHECK_CLOSE(x, y, tolerance * fmax(1, fabs(y)));
    }
}

/* A row of weight k is k rows; one of weight 0 is none. */
static void test_weights_are_repetitions(void)
{
    enum { N = 300, MOST = 4 * N, GROUPS = 9 };
    static const plx_label_form forms[] = {PLX_LABELS_ARE_TRUTHS, PLX_LABELS_ARE_NUMBERS};
    static float predictions[N], labels[N], many_predictions[MOST], many_labels[MOST];
    static uint32_t groups[N], many_groups[MOST];
    static double weights[2 * N];
    const plx_random random = {31, PLX_STREAM_NAMED};
    for (size_t k = 0; k < 2; k++) {
        size_t n = 0;
        draw(60 + k, N, 20, predictions, labels);
        for (size_t i = 0; i < N; i++) {
            const uint32_t times = plx_random_below(&random, i, 0, 4);
            weights[2 * i] = times;
            groups[i] = plx_random_below(&random, i, 1, GROUPS);
            for (uint32_t t = 0; t < times; t++, n++) {
                many_predictions[n] = predictions[i];
                many_labels[n] = labels[i];
                many_groups[n] = groups[i];
            }
        }
        const plx_scored weighted = {.form = forms[k],
                                     .n_outputs = 1,
                                     .predictions = predictions,
                                     .prediction_stride = 1,
                                     .labels = labels,
                                     .label_stride = 1,
                                     .n = N,
                                     .groups = groups,
                                     .n_groups = GROUPS,
                                     .weights = weights,
                                     .weight_stride = 2};
        const plx_scored repeated = {.form = forms[k],
                                     .n_outputs = 1,
                                     .predictions = many_predictions,
                                     .prediction_stride = 1,
                                     .labels = many_labels,
                                     .label_stride = 1,
                                     .n = n,
                                     .groups = many_groups,
                                     .n_groups = GROUPS};
        check_same_metrics(&weighted, &repeated, 1e-12);
    }
}

/*
 * Labels of 0 and 1 are equal as soft and hard labels; k rows with a label each equal one of weight k with their mean.
 */
static void test_soft_labels(void)
{
    static const float predictions[] = {0.2F, 0.7F, 0.7F, 0.4F}, hard[] = {0, 1, 0, 1}, soft[] = {0.5F, 0.25F};
    static const float many[] = {0.2F, 0.2F, 0.7F, 0.7F, 0.7F, 0.7F}, each[] = {1, 0, 1, 0, 0, 0},
                       apart[] = {0.2F, 0.7F};
    static const double sizes[] = {2, 4};
    plx_scored a = {.n_outputs = 1,
                    .predictions = predictions,
                    .prediction_stride = 1,
                    .labels = hard,
                    .label_stride = 1,
                    .n = 4},
               b = a;
    plx_metrics of_soft, of_hard;
    b.is_soft = true;
    check_same_metrics(&b, &a, 1e-14);
    a.predictions = many, a.labels = each, a.n = 6;
    b.predictions = apart, b.labels = soft, b.n = 2, b.weights = sizes, b.weight_stride = 1;
    measure(&a, &of_hard);
    measure(&b, &of_soft);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_auc], of_hard.values[PLX_METRIC_auc], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_pr_auc], of_hard.values[PLX_METRIC_pr_auc], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_logloss], of_hard.values[PLX_METRIC_logloss], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_normalized_entropy], of_hard.values[PLX_METRIC_normalized_entropy], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_calibration], of_hard.values[PLX_METRIC_calibration], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_accuracy], of_hard.values[PLX_METRIC_accuracy], 1e-14);
    CHECK_CLOSE(of_soft.values[PLX_METRIC_ece], of_hard.values[PLX_METRIC_ece], 1e-7);
    const double first = (double)0.2F - 0.5, second = (double)0.7F - 0.25;
    CHECK_CLOSE(of_soft.values[PLX_METRIC_mse], (2 * first * first + 4 * second * second) / 6, 1e-14);
    CHECK(of_soft.rows == 2 && of_soft.positives == 1);
}

static void test_weights_of_one_change_nothing(void)
{
    for (size_t c = 0; c < sizeof metric_references / sizeof *metric_references; c++) {
        static const double one = 1;
        plx_scored scored = metric_references[c].scored;
        if (scored.weights) continue;
        scored.weights = &one;
        check_same_metrics(&scored, &metric_references[c].scored, 1e-14);
    }
}

static void test_weights_without_meaning(void)
{
    static const float predictions[] = {0.1F, 0.9F, 0.3F}, labels[] = {0, 1, 0}, equal[] = {2.1F, 2.1F, 7};
    static const double none[] = {0, 0, 0}, one_class[] = {0.3, 0, 0.7}, first_two[] = {0.3, 0.1, 0};
    plx_scored scored = {.n_outputs = 1,
                         .predictions = predictions,
                         .prediction_stride = 1,
                         .labels = labels,
                         .label_stride = 1,
                         .n = 3,
                         .weights = none,
                         .weight_stride = 1};
    plx_metrics got;
    measure(&scored, &got);
    CHECK(got.rows == 3 && got.positives == 1 && isnan(got.values[PLX_METRIC_auc]) &&
          isnan(got.values[PLX_METRIC_logloss]) && isnan(got.values[PLX_METRIC_ece]));
    scored.weights = one_class;
    measure(&scored, &got);
    CHECK(got.rows == 3 && isnan(got.values[PLX_METRIC_auc]) && isnan(got.values[PLX_METRIC_pr_auc]) &&
          isnan(got.values[PLX_METRIC_normalized_entropy]));
    CHECK(isnan(got.values[PLX_METRIC_calibration]) && isfinite(got.values[PLX_METRIC_logloss]));
    static const float unordered[] = {0.1F, 0.9F, NAN};
    scored.predictions = unordered, scored.weights = first_two; /* as if the last row did not exist */
    measure(&scored, &got);
    CHECK(got.rows == 3 && got.values[PLX_METRIC_auc] >= 1 && isfinite(got.values[PLX_METRIC_logloss]));
    scored.predictions = predictions;
    scored.form = PLX_LABELS_ARE_NUMBERS, scored.labels = equal;
    measure(&scored, &got);
    CHECK(isnan(got.values[PLX_METRIC_r2]) && isfinite(got.values[PLX_METRIC_mse]));
}

static void test_groups_are_numbered_by_their_first_rows(void)
{
    enum { N = 5000 };
    plx_layout layout;
    plx_layout_init(&layout, &(plx_layout_parts){.n_tasks = 1, .has_group = true});
    plx_rows rows;
    plx_groups groups;
    const plx_random random = {5, PLX_STREAM_NAMED};
    static uint64_t hashes[N];
    uint32_t n_groups = 0;
    if (plx_rows_init(&rows, &plx_allocator_default, &layout, N, NULL) != PLX_OK) return;
    for (size_t i = 0; i < N; i++) {
        /* Also hashes that differ only in their high half. */
        uint32_t which = plx_random_below(&random, i, 0, 900);
        hashes[i] = which == 0 ? 0 : which % 2 ? which : (uint64_t)which << 32;
        plx_record_put_group(&layout, rows.records + i * layout.record_bytes, hashes[i]);
        CHECK(plx_record_group(&layout, rows.records + i * layout.record_bytes) == hashes[i]);
    }
    CHECK_STATUS(plx_groups_init(&groups, &plx_allocator_default, &rows, NULL), PLX_OK);
    for (size_t i = 0; i < N; i++) {
        size_t first = 0;
        if (hashes[i] == 0) {
            CHECK(groups.of_row[i] == PLX_NO_GROUP);
            continue;
        }
        while (hashes[first] != hashes[i])
            first++;
        CHECK(groups.of_row[i] == (first == i ? n_groups : groups.of_row[first]));
        n_groups += first == i;
    }
    CHECK(groups.n_groups == n_groups && n_groups > 800);
    plx_groups_release(&groups, &plx_allocator_default);
    plx_rows_release(&rows, &plx_allocator_default);
}

static void test_the_table_names_every_metric_once(void)
{
    for (int i = 0; i < PLX_METRICS; i++) {
        CHECK(plx_metric_list[i].name[0] && plx_metric_list[i].title[0] && plx_metric_list[i].doc[0]);
        CHECK(plx_metric_list[i].labels & (PLX_FOR_NUMBERS | PLX_FOR_TRUTHS | PLX_FOR_CLASSES));
        for (int k = 0; k < i; k++)
            CHECK(strcmp(plx_metric_list[i].name, plx_metric_list[k].name) != 0);
    }
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_metrics_equal_scikit_learn),
        CHECK_TEST(test_average_precision_of_all_thresholds),
        CHECK_TEST(test_group_auc_of_each_group_apart),
        CHECK_TEST(test_one_group_is_the_whole),
        CHECK_TEST(test_calibration_bins_hold_their_upper_ends),
        CHECK_TEST(test_calibration_without_probabilities),
        CHECK_TEST(test_normalised_entropy_of_the_share_is_one),
        CHECK_TEST(test_r2_without_meaning),
        CHECK_TEST(test_classes),
        CHECK_TEST(test_weights_are_repetitions),
        CHECK_TEST(test_soft_labels),
        CHECK_TEST(test_weights_of_one_change_nothing),
        CHECK_TEST(test_weights_without_meaning),
        CHECK_TEST(test_groups_are_numbered_by_their_first_rows),
        CHECK_TEST(test_the_table_names_every_metric_once),
        CHECK_TEST(test_auc_equals_pairs_won),
        CHECK_TEST(test_auc_of_any_floats),
        CHECK_TEST(test_auc_of_extremes),
        CHECK_TEST(test_auc_of_one_class_is_unknown),
        CHECK_TEST(test_auc_of_many_rows),
        CHECK_TEST(test_losses_equal_their_definitions),
        CHECK_TEST(test_regression),
        CHECK_TEST(test_strides),
        CHECK_TEST(test_unknown_names),
        CHECK_TEST(test_out_of_memory),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
