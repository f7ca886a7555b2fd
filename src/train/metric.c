/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of predictions: one pass over the rows collects sums, and the keys for metrics of order (metric_rank.c). Sums
 * are computed in double and in the order of the rows.
 */
#include "train/metric.h"

#include <assert.h>
#include <math.h>

#include "train/metric_choice.h"
#include "train/metric_rank.h"

enum {
    BINS = 10,       /* of the calibration error */
    PRODUCT_MAX = 32 /* (1e-7)^32 is far from underflow, and one logarithm serves 32 rows */
};

/** What one pass over the rows collects. */
typedef struct sums {
    double absolute, squared, pinball, log;
    double product; /* of likelihoods not yet added to `log` */
    int in_product;
    bool unordered;
    double weight, positives, right; /* rows, positive rows, rows predicted positive */
    double labels, predictions;
    double excess[BINS]; /* of predictions over labels in each bin */
} sums;

static double cut(double probability)
{
    return probability < 1e-7 ? 1e-7 : probability > 1.0 - 1e-7 ? 1.0 - 1e-7 : probability;
}

/** The weight of a row. Sums with weights of 1 have the bits of unweighted sums. */
static double weight_at(const plx_scored *scored, size_t row)
{
    return scored->weights ? scored->weights[row * scored->weight_stride] : 1.0;
}

/** How much of a row is positive. */
static double share_of(const plx_scored *scored, float label)
{
    return scored->is_soft ? (double)label : label > 0.5F ? 1.0 : 0.0;
}

/** Of the probability assigned to the label. */
static void add_likelihood(sums *s, double likelihood, double weight)
{
    if (weight != 1.0) {
        s->log += weight * log(likelihood);
        return;
    }
    s->product *= likelihood;
    if (++s->in_product == PRODUCT_MAX) {
        s->log += log(s->product);
        s->product = 1.0;
        s->in_product = 0;
    }
}

static double mean_log_loss(const sums *s)
{
    return -(s->log + log(s->product)) / s->weight;
}

static void add_difference(sums *s, double prediction, double label, double weight)
{
    double difference = prediction - label;
    s->absolute += weight * fabs(difference);
    s->squared += weight * (difference * difference);
    s->labels += weight * label;
}

/** Whether there is no row to average over. */
static bool is_unknown(const sums *s)
{
    return s->unordered || !(s->weight > 0);
}

/** Without branches, which would be mispredicted. Bins are (k/10, (k+1)/10], the first with its lower end; ten times a
 * float is exact in double. */
static int bin_of(double prediction)
{
    double scaled = prediction * BINS;
    scaled = scaled > 0 ? scaled : 0; /* of a NaN, too */
    scaled = scaled < BINS ? scaled : BINS;
    int bin = (int)scaled;
    return bin - ((scaled == bin) & (bin > 0));
}

static void set_differences(plx_metrics *out, const sums *s)
{
    out->values[PLX_METRIC_mae] = s->absolute / s->weight;
    out->values[PLX_METRIC_mse] = s->squared / s->weight;
    out->values[PLX_METRIC_rmse] = sqrt(out->values[PLX_METRIC_mse]);
}

/* -- Of truths ------------------------------------------------------------------------------------------------- */

/** Of a share of positives: the log loss of predicting it always. */
static double entropy(double share)
{
    return -(share * log(share) + (1 - share) * log(1 - share));
}

static void set_binary(plx_metrics *out, const sums *s)
{
    const double rows = s->weight, positives = s->positives;
    double distance = 0;
    for (int bin = 0; bin < BINS; bin++)
        distance += fabs(s->excess[bin]);
    set_differences(out, s);
    out->values[PLX_METRIC_logloss] = mean_log_loss(s);
    out->values[PLX_METRIC_accuracy] = s->right / rows;
    out->values[PLX_METRIC_ece] = distance / rows;
    if (positives > 0) out->values[PLX_METRIC_calibration] = s->predictions / positives;
    if (positives > 0 && positives < rows)
        out->values[PLX_METRIC_normalized_entropy] = out->values[PLX_METRIC_logloss] / entropy(positives / rows);
}

/** The parts of a row's sums that do not depend on its class, without branches, as in bin_of. */
static inline void add_prediction(sums *s, float prediction, float label, double weight)
{
    const double probability = (double)prediction;
    const int bin = bin_of(probability);
    s->unordered |= isnan(prediction);
    add_difference(s, probability, (double)label, weight);
    s->predictions += weight * probability;
    s->excess[bin] += weight * (probability - (double)label);
}

static inline void add_binary(sums *s, float prediction, float label, bool is_positive, double weight)
{
    const double likely = cut((double)prediction);
    add_prediction(s, prediction, label, weight);
    add_likelihood(s, is_positive ? likely : 1.0 - likely, weight);
}

/** A row with the fraction `label` positive. */
static void add_soft(sums *s, float prediction, float label, double weight)
{
    const double likely = cut((double)prediction), share = (double)label;
    add_prediction(s, prediction, label, weight);
    s->log += weight * (share * log(likely) + (1 - share) * log(1.0 - likely));
}

/** Metrics from sums; the keys of positives grow from the front of `keys` [n], those of negatives from its end. */
static void score_binary(const plx_scored *scored, uint32_t *keys, plx_metrics *out)
{
    const size_t n = scored->n;
    size_t n_positives = 0, n_negatives = 0, n_right = 0; /* counted in integers, which is faster */
    sums s = {.product = 1.0};
    for (size_t i = 0; i < n; i++) {
        const float prediction = scored->predictions[i * scored->prediction_stride];
        const float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        const bool is_positive = label > 0.5F;
        n_right += (prediction > 0.5F) == is_positive;
        add_binary(&s, prediction, label, is_positive, 1.0);
        keys[is_positive ? n_positives++ : n - ++n_negatives] = plx_rank_key(prediction);
    }
    s.weight = (double)(n_positives + n_negatives);
    s.positives = (double)n_positives;
    s.right = (double)n_right;
    out->rows = (int64_t)(n_positives + n_negatives);
    out->positives = (int64_t)n_positives;
    if (is_unknown(&s)) return;
    set_binary(out, &s);
    const size_t negatives = n - n_negatives; /* where they start */
    const plx_rank_areas areas =
        plx_rank_measure(keys, keys + n, n_positives, keys + negatives, keys + n + negatives, n_negatives);
    out->values[PLX_METRIC_auc] = areas.roc;
    out->values[PLX_METRIC_pr_auc] = areas.precision;
}

/** The same for rows with weights or soft labels, and for their groups: sorted once for both. */
static void score_weighted_binary(const plx_scored *scored, uint64_t *rows, plx_metrics *out)
{
    size_t n = 0;
    sums s = {.product = 1.0};
    double soft_positives = 0;
    const plx_rank_weighted of = {scored->labels, scored->label_stride, scored->weights, scored->weight_stride,
                                  scored->is_soft};
    for (size_t i = 0; i < scored->n; i++) {
        const float prediction = scored->predictions[i * scored->prediction_stride];
        const float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        const bool is_positive = label > 0.5F;
        const double weight = weight_at(scored, i), share = share_of(scored, label);
        out->positives += is_positive;
        soft_positives += share;
        rows[n++] = plx_rank_pack_row(plx_rank_key(prediction), i);
        if (!(weight > 0)) continue; /* 0 times what may be infinite */
        if (scored->is_soft)
            add_soft(&s, prediction, label, weight);
        else
            add_binary(&s, prediction, label, is_positive, weight);
        s.weight += weight;
        s.positives += weight * share;
        s.right += weight * (prediction > 0.5F ? share : 1 - share);
    }
    out->rows = (int64_t)n;
    if (scored->is_soft) out->positives = (int64_t)llround(soft_positives);
    const uint64_t *sorted = plx_rank_sort_rows(rows, rows + scored->n, n);
    if (scored->groups) {
        plx_rank_weighted_group *groups = (plx_rank_weighted_group *)(void *)(rows + 2 * scored->n);
        const plx_rank_groups found =
            plx_rank_measure_weighted_groups(sorted, n, &of, scored->groups, groups, scored->n_groups);
        out->groups = found.n;
        out->groups_counted = found.n_counted;
        if (!s.unordered) out->values[PLX_METRIC_group_auc] = found.area;
    }
    if (is_unknown(&s)) return;
    set_binary(out, &s);
    const plx_rank_areas areas = plx_rank_measure_weighted(sorted, n, &of);
    out->values[PLX_METRIC_auc] = areas.roc;
    out->values[PLX_METRIC_pr_auc] = areas.precision;
}

static void score_groups(const plx_scored *scored, uint64_t *scratch, plx_metrics *out)
{
    size_t n = 0;
    bool unordered = false;
    for (size_t i = 0; i < scored->n; i++) {
        const float prediction = scored->predictions[i * scored->prediction_stride];
        const float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        unordered |= isnan(prediction);
        if (scored->groups[i] == PLX_NO_GROUP) continue;
        scratch[n++] = plx_rank_pack(plx_rank_key(prediction), scored->groups[i], label > 0.5F);
    }
    plx_rank_group *groups = (plx_rank_group *)(void *)(scratch + 2 * scored->n);
    const plx_rank_groups found = plx_rank_measure_groups(scratch, scratch + scored->n, n, groups, scored->n_groups);
    out->groups = found.n;
    out->groups_counted = found.n_counted;
    if (!unordered) out->values[PLX_METRIC_group_auc] = found.area;
}

/* -- Of numbers and classes ------------------------------------------------------------------------------------ */

/** Sum of squares about the mean, in a second pass: the difference of two large sums would lose digits. 0 if all labels
 * with a weight are equal, since the weighted mean of equal numbers can differ in the last digit. */
static double spread(const plx_scored *scored, double mean)
{
    double squares = 0;
    float first = NAN;
    bool varies = false;
    for (size_t i = 0; i < scored->n; i++) {
        const float label = scored->labels[i * scored->label_stride];
        const double off = (double)label - mean;
        const double weight = weight_at(scored, i);
        if (isnan(label) || !(weight > 0)) continue;
        if (isnan(first)) first = label;
        varies |= label != first;
        squares += weight * (off * off);
    }
    return varies ? squares : 0;
}

static void score_numbers(const plx_scored *scored, void *scratch, plx_metrics *out)
{
    (void)scratch;
    sums s = {.product = 1.0};
    for (size_t i = 0; i < scored->n; i++) {
        const float prediction = scored->predictions[i * scored->prediction_stride];
        const float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        const double weight = weight_at(scored, i);
        out->rows++;
        if (!(weight > 0)) continue;
        s.unordered |= isnan(prediction);
        s.weight += weight;
        add_difference(&s, (double)prediction, (double)label, weight);
        s.pinball += weight * plx_pinball((double)prediction - (double)label, scored->quantile);
    }
    if (is_unknown(&s)) return;
    set_differences(out, &s);
    if (scored->quantile > 0) out->values[PLX_METRIC_pinball] = s.pinball / s.weight;
    const double squares = spread(scored, s.labels / s.weight);
    if (squares > 0) out->values[PLX_METRIC_r2] = 1 - s.squared / squares;
}

static void score_classes(const plx_scored *scored, void *scratch, plx_metrics *out)
{
    (void)scratch;
    sums s = {.product = 1.0};
    for (size_t i = 0; i < scored->n; i++) {
        const float *predictions = scored->predictions + i * scored->prediction_stride;
        const float label = scored->labels[i * scored->label_stride];
        if (isnan(label)) continue;
        const double weight = weight_at(scored, i);
        out->rows++;
        if (!(weight > 0)) continue;
        int likeliest = 0;
        for (int c = 0; c < scored->n_outputs; c++) {
            s.unordered |= isnan(predictions[c]);
            if (predictions[c] > predictions[likeliest]) likeliest = c;
        }
        assert(label >= 0 && label < (float)scored->n_outputs);
        s.weight += weight;
        s.right += likeliest == (int)label ? weight : 0;
        add_likelihood(&s, cut((double)predictions[(int)label]), weight);
    }
    if (is_unknown(&s)) return;
    out->values[PLX_METRIC_logloss] = mean_log_loss(&s);
    out->values[PLX_METRIC_accuracy] = s.right / s.weight;
}

static void score_truths(const plx_scored *scored, void *scratch, plx_metrics *out)
{
    if (scored->weights || scored->is_soft) {
        score_weighted_binary(scored, scratch, out);
        return;
    }
    score_binary(scored, scratch, out);
    if (scored->groups) score_groups(scored, scratch, out);
}

/* By plx_label_form. */
static const struct {
    void (*score)(const plx_scored *scored, void *scratch, plx_metrics *out);
    bool has_order; /* metrics need the order of the rows, and so scratch */
} forms[] = {
    [PLX_LABELS_ARE_NUMBERS] = {score_numbers, false},
    [PLX_LABELS_ARE_TRUTHS] = {score_truths, true},
    [PLX_LABELS_ARE_CLASSES] = {score_classes, false},
};

/* -- All ------------------------------------------------------------------------------------------------------- */

size_t plx_score_scratch(size_t n, uint32_t n_groups, bool has_groups, bool by_weights)
{
    if (by_weights) return 2 * n * sizeof(uint64_t) + (has_groups ? n_groups * sizeof(plx_rank_weighted_group) : 0);
    if (!has_groups) return 2 * n * sizeof(uint32_t);
    return 2 * n * sizeof(uint64_t) + n_groups * sizeof(plx_rank_group);
}

void plx_score_with_scratch(const plx_scored *scored, void *scratch, plx_metrics *out)
{
    assert(scored->n <= UINT32_MAX);
    *out = (plx_metrics){.labels = scored->form};
    for (int i = 0; i < PLX_METRICS_MAX; i++)
        out->values[i] = NAN;
    forms[scored->form].score(scored, scratch, out);
    for (int i = 0; i < PLX_METRICS; i++) {
        const plx_metric_info *metric = &plx_metric_list[i];
        const bool has_groups = out->groups > 0 || !metric->needs_groups;
        if (has_groups && plx_metric_fits(metric, scored->form, scored->quantile)) out->applies |= UINT64_C(1) << i;
    }
    for (int c = 0; scored->choices && c < scored->choices->n; c++) {
        const plx_metric_choice *choice = &scored->choices->items[c];
        if (!plx_metric_choice_fits(choice, scored->form, scored->n_outputs)) continue;
        out->applies |= UINT64_C(1) << (PLX_METRICS_CHOSEN + c);
        out->values[PLX_METRICS_CHOSEN + c] = plx_metric_choice_value(choice, scored);
    }
}

plx_status plx_score_task(const plx_allocator *allocator, const plx_scored *scored, plx_metrics *out, plx_error *err)
{
    void *scratch = NULL;
    if (scored->n > UINT32_MAX)
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%zu rows to score: at most 2^32 - 1 at once", scored->n);
    if (forms[scored->form].has_order) {
        const size_t bytes =
            plx_score_scratch(scored->n, scored->n_groups, scored->groups != NULL, scored->weights || scored->is_soft);
        scratch = plx_alloc(allocator, bytes, 1);
        if (!scratch) return plx_error_memory(err);
    }
    plx_score_with_scratch(scored, scratch, out);
    plx_free(allocator, scratch);
    return PLX_OK;
}
