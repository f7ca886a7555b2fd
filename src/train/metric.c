/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of predictions. The area under the ROC curve is the share of pairs of a positive and a negative row in which
 * the positive one has the higher score, equal scores counting half; so positives and negatives are sorted apart and
 * merged, and the pairs are counted in integers: the result is exact and needs no rank numbers.
 */
#include "train/metric.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

/** A number that orders as the float does; -0 and 0 are equal. */
static uint32_t order_key(float x)
{
    uint32_t bits;
    x += 0.0F;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) ? 0xFFFFFFFFU : 0x80000000U);
}

static uint32_t digit_of(uint32_t key, int pass)
{
    return (key >> (pass * DIGIT_BITS)) & (DIGITS - 1);
}

/** Radix sort, lowest digit first; returns which of the two arrays holds the result. */
static const uint32_t *sort_keys(uint32_t *keys, uint32_t *spare, size_t n)
{
    uint32_t counts[PASSES][DIGITS];
    if (n < 2) return keys;
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < n; i++) {
        for (int pass = 0; pass < PASSES; pass++)
            counts[pass][digit_of(keys[i], pass)]++;
    }
    for (int pass = 0; pass < PASSES; pass++) {
        if (counts[pass][digit_of(keys[0], pass)] == n) continue; /* all alike in this digit */
        uint32_t at = 0;
        for (int digit = 0; digit < DIGITS; digit++) {
            uint32_t count = counts[pass][digit];
            counts[pass][digit] = at;
            at += count;
        }
        for (size_t i = 0; i < n; i++)
            spare[counts[pass][digit_of(keys[i], pass)]++] = keys[i];
        uint32_t *other = keys;
        keys = spare;
        spare = other;
    }
    return keys;
}

/** From sorted keys of both classes. */
static double area_under_curve(const uint32_t *positives, size_t n_positives, const uint32_t *negatives,
                               size_t n_negatives)
{
    uint64_t twice_won = 0; /* at most 2 * (2^31)^2 */
    size_t below = 0, not_above = 0;
    if (n_positives == 0 || n_negatives == 0) return NAN;
    for (size_t i = 0; i < n_positives; i++) {
        while (below < n_negatives && negatives[below] < positives[i])
            below++;
        if (not_above < below) not_above = below;
        while (not_above < n_negatives && negatives[not_above] == positives[i])
            not_above++;
        twice_won += below + not_above;
    }
    return (double)twice_won / 2.0 / ((double)n_positives * (double)n_negatives);
}

/** What one pass over the rows collects. */
typedef struct sums {
    double absolute, squared, log;
    double product; /* of likelihoods whose logarithm `log` lacks yet */
    int in_product, unordered;
    int64_t right;
} sums;

enum { PRODUCT_MAX = 32 }; /* (1e-7)^32 is far from underflow, and one logarithm serves 32 rows */

static void add_likelihood(sums *s, double probability, bool is_positive)
{
    double cut = probability < 1e-7 ? 1e-7 : probability > 1.0 - 1e-7 ? 1.0 - 1e-7 : probability;
    s->product *= is_positive ? cut : 1.0 - cut;
    s->right += (probability > 0.5) == is_positive;
    if (++s->in_product == PRODUCT_MAX) {
        s->log += log(s->product);
        s->product = 1.0;
        s->in_product = 0;
    }
}

static plx_score unknown_score(void)
{
    return (plx_score){.auc = NAN, .logloss = NAN, .accuracy = NAN, .mae = NAN, .mse = NAN, .rmse = NAN};
}

void plx_score_with_scratch(const plx_scored *scored, uint32_t *scratch, plx_score *out)
{
    /* Positives' keys grow from the front of the first half, negatives' from its end. */
    size_t n = scored->n, n_positives = 0, n_negatives = 0;
    sums s = {.product = 1.0};
    assert(n <= UINT32_MAX);
    *out = unknown_score();
    for (size_t i = 0; i < n; i++) {
        float prediction = scored->predictions[i * scored->prediction_stride];
        float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        out->rows++;
        if (scored->kind == PLX_TASK_MULTICLASS) continue;
        double difference = (double)prediction - (double)label;
        s.absolute += fabs(difference);
        s.squared += difference * difference;
        s.unordered |= isnan(prediction);
        if (scored->kind != PLX_TASK_BINARY) continue;
        bool is_positive = label > 0.5F;
        add_likelihood(&s, (double)prediction, is_positive);
        scratch[is_positive ? n_positives++ : n - ++n_negatives] = order_key(prediction);
    }
    out->positives = (int64_t)n_positives;
    if (out->rows == 0 || s.unordered || scored->kind == PLX_TASK_MULTICLASS) return;
    double rows = (double)out->rows;
    out->mae = s.absolute / rows;
    out->mse = s.squared / rows;
    out->rmse = sqrt(out->mse);
    if (scored->kind != PLX_TASK_BINARY) return;
    out->logloss = -(s.log + log(s.product)) / rows;
    out->accuracy = (double)s.right / rows;
    size_t negatives = n - n_negatives; /* where they begin */
    out->auc = area_under_curve(sort_keys(scratch, scratch + n, n_positives), n_positives,
                                sort_keys(scratch + negatives, scratch + n + negatives, n_negatives), n_negatives);
}

plx_status plx_score_task(const plx_allocator *allocator, const plx_scored *scored, plx_score *out, plx_error *err)
{
    uint32_t *scratch = NULL;
    if (scored->n > UINT32_MAX)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%zu rows to score: at most 2^32 - 1 at once", scored->n);
    if (scored->kind == PLX_TASK_BINARY) {
        scratch = plx_alloc(allocator, 2 * scored->n, sizeof *scratch);
        if (!scratch) return plx_error_memory(err);
    }
    plx_score_with_scratch(scored, scratch, out);
    plx_free(allocator, scratch);
    return PLX_OK;
}
