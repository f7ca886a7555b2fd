/* SPDX-License-Identifier: Apache-2.0 */
/* Figures against their definitions, on random rows and on rows whose figures are known. */
#include "train/metric.h"

#include "base/random.h"
#include "check.h"

static const float MISSING = NAN;

static plx_score score(bool is_binary, const float *predictions, const float *labels, size_t n)
{
    plx_score out = {0};
    plx_error err;
    const plx_scored scored = {is_binary ? PLX_TASK_BINARY : PLX_TASK_REGRESSION, 1, predictions, 1, labels, 1, n};
    if (plx_score_task(&plx_allocator_default, &scored, &out, &err) != PLX_OK)
        check_report(__FILE__, __LINE__, err.message);
    return out;
}

/** The share of won pairs, a tie being half won. */
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
            CHECK_CLOSE(score(true, predictions, labels, sizes[s]).auc, expected, 1e-12);
        }
    }
}

static void test_auc_of_any_floats(void)
{
    /* Negative, tiny, huge and infinite scores; -0 and 0 are one value. */
    static const float predictions[] = {-1e30F, -0.0F, 0.0F, 1e-40F, -1e-40F, 3.5F, INFINITY, -INFINITY, -2.0F, 3.5F};
    static const float labels[] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 0};
    CHECK_CLOSE(score(true, predictions, labels, 10).auc, pairs_won(predictions, labels, 10), 1e-15);
}

static void test_auc_of_extremes(void)
{
    static const float rising[] = {0.1F, 0.2F, 0.3F, 0.4F};
    static const float separated[] = {0, 0, 1, 1}, reversed[] = {1, 1, 0, 0}, mixed[] = {0, 1, 0, 1};
    static const float equal[] = {0.5F, 0.5F, 0.5F, 0.5F};
    CHECK_CLOSE(score(true, rising, separated, 4).auc, 1.0, 0);
    CHECK_CLOSE(score(true, rising, reversed, 4).auc, 0.0, 0);
    CHECK_CLOSE(score(true, rising, mixed, 4).auc, 0.75, 0);
    CHECK_CLOSE(score(true, equal, mixed, 4).auc, 0.5, 0);
}

static void test_auc_of_one_class_is_unknown(void)
{
    static const float predictions[] = {0.1F, 0.9F, 0.4F};
    static const float ones[] = {1, 1, 1}, zeros[] = {0, 0, 0};
    const float one_class[] = {1, 1, MISSING};
    CHECK(isnan(score(true, predictions, ones, 3).auc));
    CHECK(isnan(score(true, predictions, zeros, 3).auc));
    CHECK(isnan(score(true, predictions, one_class, 3).auc));
    CHECK(isfinite(score(true, predictions, ones, 3).logloss));
    CHECK_CLOSE(score(true, predictions, ones, 3).accuracy, 1.0 / 3.0, 1e-15);
}

static void test_auc_of_many_rows(void)
{
    /* Scores 0..n-1 by rank, positives every third: pairs won are counted by a formula. */
    enum { N = 300000 };
    float *predictions = malloc(N * sizeof *predictions), *labels = malloc(N * sizeof *labels);
    REQUIRE(predictions && labels);
    double won = 0, below = 0, positives = 0;
    for (int i = 0; i < N; i++) {
        /* 7919 and N have no common factor, so the ranks come in scattered order. */
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
    CHECK_CLOSE(score(true, predictions, labels, N).auc, won / (positives * below), 1e-12);
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
    plx_score got = score(true, predictions, labels, N);
    CHECK(got.rows == rows && got.positives == positives);
    CHECK_CLOSE(got.logloss, log_sum / rows, 1e-12);
    CHECK_CLOSE(got.accuracy, (double)right / rows, 1e-15);
    CHECK_CLOSE(got.mae, absolute / rows, 1e-12);
    CHECK_CLOSE(got.mse, squared / rows, 1e-12);
    CHECK_CLOSE(got.rmse, sqrt(squared / rows), 1e-12);
}

static void test_regression(void)
{
    static const float predictions[] = {1.0F, 2.5F, -4.0F, 100.0F};
    const float labels[] = {2.0F, 2.5F, -1.0F, MISSING};
    plx_score got = score(false, predictions, labels, 4);
    CHECK(got.rows == 3 && got.positives == 0);
    CHECK(isnan(got.auc) && isnan(got.logloss) && isnan(got.accuracy));
    CHECK_CLOSE(got.mae, 4.0 / 3.0, 1e-15);
    CHECK_CLOSE(got.mse, 10.0 / 3.0, 1e-15);
    CHECK_CLOSE(got.rmse, sqrt(10.0 / 3.0), 1e-15);
}

static void test_strides(void)
{
    static const float scores[] = {0.1F, 9, 0.8F, 9, 0.3F, 9};
    static const float labels[] = {0, 7, 7, 1, 7, 7, 1, 7, 7};
    plx_score got;
    const plx_scored scored = {PLX_TASK_BINARY, 1, scores, 2, labels, 3, 3};
    CHECK_STATUS(plx_score_task(&plx_allocator_default, &scored, &got, NULL), PLX_OK);
    CHECK(got.rows == 3 && got.positives == 2);
    CHECK_CLOSE(got.auc, 1.0, 0);
    CHECK_CLOSE(got.mae, (0.1 + 0.2 + 0.7) / 3, 1e-7);
}

static void test_what_is_unknown(void)
{
    static const float predictions[] = {0.1F, 0.9F};
    const float missing[] = {MISSING, MISSING}, nan_prediction[] = {0.3F, MISSING};
    static const float labels[] = {0, 1};
    plx_score got = score(true, predictions, missing, 2);
    CHECK(got.rows == 0 && isnan(got.auc) && isnan(got.logloss) && isnan(got.accuracy) && isnan(got.rmse));
    got = score(true, predictions, labels, 0);
    CHECK(got.rows == 0 && isnan(got.auc) && isnan(got.mae));
    got = score(true, nan_prediction, labels, 2);
    CHECK(got.rows == 2 && isnan(got.auc) && isnan(got.logloss) && isnan(got.accuracy) && isnan(got.mse));
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
    plx_score got;
    plx_error err = {0};
    const plx_scored scored = {PLX_TASK_BINARY, 1, predictions, 1, labels, 1, 2};
    CHECK_STATUS(plx_score_task(&refusing, &scored, &got, &err), PLX_ERR_MEMORY);
    CHECK(err.code == PLX_ERR_MEMORY);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_auc_equals_pairs_won), CHECK_TEST(test_auc_of_any_floats),
        CHECK_TEST(test_auc_of_extremes),      CHECK_TEST(test_auc_of_one_class_is_unknown),
        CHECK_TEST(test_auc_of_many_rows),     CHECK_TEST(test_losses_equal_their_definitions),
        CHECK_TEST(test_regression),           CHECK_TEST(test_strides),
        CHECK_TEST(test_what_is_unknown),      CHECK_TEST(test_out_of_memory),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
