/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact metrics of one task's predictions. One list defines them; the command, the logs, train.monitor and plexus.h use
 * the table made from it. Formulae: docs/metrics.md.
 */
#ifndef PLX_METRIC_H
#define PLX_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "tasks/task.h"

/** Sets of forms of labels, and further requirements of a metric: data.group, a task of loss quantile. */
enum {
    PLX_FOR_NUMBERS = 1 << PLX_LABELS_ARE_NUMBERS,
    PLX_FOR_TRUTHS = 1 << PLX_LABELS_ARE_TRUTHS,
    PLX_FOR_CLASSES = 1 << PLX_LABELS_ARE_CLASSES,
    PLX_FOR_FORMS = (1 << PLX_LABEL_FORMS) - 1,
    PLX_WITH_GROUPS = 1 << 8,
    PLX_WITH_QUANTILE = 1 << 9
};

/** Direction of improvement; NEITHER: closest to 1 is best. */
enum { PLX_BETTER_LARGER = 1, PLX_BETTER_SMALLER = -1, PLX_BETTER_NEITHER = 0 };

/* Name, title in tables, forms of labels, direction of improvement, one line of text. */
/* clang-format off */
#define PLX_METRIC_LIST(X)                                                                                             \
    X(auc, "AUC", PLX_FOR_TRUTHS, PLX_BETTER_LARGER,                                                                   \
      "area under the ROC curve: share of pairs of a positive and a negative row that are in order, ties half")        \
    X(group_auc, "group AUC", PLX_FOR_TRUTHS | PLX_WITH_GROUPS, PLX_BETTER_LARGER,                                     \
      "mean of the AUC within each group of data.group that has both classes, weighted by the group's rows")           \
    X(pr_auc, "PR-AUC", PLX_FOR_TRUTHS, PLX_BETTER_LARGER,                                                             \
      "average precision: precision at each threshold, weighted by the recall that it adds")                           \
    X(logloss, "log loss", PLX_FOR_TRUTHS | PLX_FOR_CLASSES, PLX_BETTER_SMALLER,                                       \
      "mean of -log of the predicted probability of the label, clipped to [1e-7, 1 - 1e-7]")                           \
    X(normalized_entropy, "norm. entropy", PLX_FOR_TRUTHS, PLX_BETTER_SMALLER,                                         \
      "log loss divided by the log loss of predicting the share of positives for every row")                           \
    X(ece, "ECE", PLX_FOR_TRUTHS, PLX_BETTER_SMALLER,                                                                  \
      "expected calibration error: distance between mean prediction and share of positives in 10 bins of equal width") \
    X(calibration, "pred/observed", PLX_FOR_TRUTHS, PLX_BETTER_NEITHER,                                                \
      "sum of the predictions divided by the number of positives; 1 is best")                                          \
    X(accuracy, "accuracy", PLX_FOR_TRUTHS | PLX_FOR_CLASSES, PLX_BETTER_LARGER,                                       \
      "share of rows where the most probable class (binary: above 0.5) is the label")                                  \
    X(mae, "MAE", PLX_FOR_TRUTHS | PLX_FOR_NUMBERS, PLX_BETTER_SMALLER,                                                \
      "mean absolute difference of prediction and label")                                                              \
    X(mse, "MSE", PLX_FOR_TRUTHS | PLX_FOR_NUMBERS, PLX_BETTER_SMALLER,                                                \
      "mean squared difference of prediction and label; of a binary task the Brier score")                             \
    X(rmse, "RMSE", PLX_FOR_TRUTHS | PLX_FOR_NUMBERS, PLX_BETTER_SMALLER, "root of mse")                               \
    X(pinball, "pinball", PLX_FOR_NUMBERS | PLX_WITH_QUANTILE, PLX_BETTER_SMALLER,                                     \
      "of tasks of loss quantile: mean pinball loss at the task's quantile")                                           \
    X(r2, "R2", PLX_FOR_NUMBERS, PLX_BETTER_LARGER,                                                                    \
      "share of the labels' variance that the predictions explain: 1 - mse / variance")

/* Metrics that also take a parameter, as NAME@PARAMETER: name, forms of labels, the parameter's name, one line of text.
 * Their computation is in metric_choice.c. */
#define PLX_METRIC_PARAMETER_LIST(P)                                                                                   \
    P(accuracy, PLX_FOR_CLASSES, "K",                                                                                  \
      "of tasks with more than K classes: share of rows where the label is among the K likeliest classes")             \
    P(pinball, PLX_FOR_NUMBERS, "Q", "of any regression: mean pinball loss at quantile Q")
/* clang-format on */

/** A metric's index in plx_metrics.values. */
enum {
#define PLX_METRIC_NUMBER(name, title, kinds, better, doc) PLX_METRIC_##name,
    PLX_METRIC_LIST(PLX_METRIC_NUMBER)
#undef PLX_METRIC_NUMBER
        PLX_METRICS
};
_Static_assert((int)PLX_METRICS <= (int)PLX_METRICS_CHOSEN, "plx_metrics is too small");

/** All metrics [PLX_METRICS], in the order of the list. */
extern const plx_metric_info plx_metric_list[];
/** NULL: unknown name. */
const plx_metric_info *plx_metric_named(plx_slice name);

/** Whether tasks with these labels have this metric; `quantile`: that of the task's loss, 0: another loss. */
static inline bool plx_metric_fits(const plx_metric_info *metric, plx_label_form labels, double quantile)
{
    return (metric->labels >> labels & 1) && (quantile > 0 || !metric->needs_quantile);
}

/** A row that belongs to no group. */
#define PLX_NO_GROUP UINT32_MAX
enum { PLX_GROUPS_MAX = 0x7fffffff };

/** A task's predictions and labels, as columns of borrowed matrices. */
typedef struct plx_scored {
    plx_label_form form;      /* of the labels */
    bool is_soft;             /* truths: a label y in [0, 1] counts as y positive and 1 - y negative rows */
    double quantile;          /* numbers: of loss quantile; 0: another loss */
    int n_outputs;            /* 1; classes: of each, side by side */
    const float *predictions; /* [n][n_outputs], rows prediction_stride apart */
    size_t prediction_stride;
    const float *labels; /* [n], label_stride apart; NaN: skipped; classes: the index */
    size_t label_stride;
    size_t n;               /* below 2^32 */
    const uint32_t *groups; /* [n] indices below n_groups or PLX_NO_GROUP; NULL: no groups */
    uint32_t n_groups;      /* at most PLX_GROUPS_MAX */
    const double *weights;  /* [n] weights of rows, >= 0, weight_stride apart; NULL: 1 */
    size_t weight_stride;
    const struct plx_metric_choices *choices; /* metrics with a parameter to compute, too; NULL: none */
} plx_scored;

/** Pinball loss of a prediction that differs from the label by `off`: source in tasks/loss_quantile.c. */
static inline double plx_pinball(double off, double quantile)
{
    return off > 0 ? (1 - quantile) * off : -quantile * off;
}

/** Metrics of a task, without its name. One NaN prediction makes all of them NaN. PLX_ERR_MEMORY. */
plx_status plx_score_task(const plx_allocator *allocator, const plx_scored *scored, plx_metrics *out, plx_error *err);
/** The same without allocation, in `scratch` of plx_score_scratch bytes, aligned for 8-byte numbers. */
void plx_score_with_scratch(const plx_scored *scored, void *scratch, plx_metrics *out);
/** A multiple of 8; `by_weights`: rows have weights, or labels are soft. That size is enough for both cases. */
size_t plx_score_scratch(size_t n, uint32_t n_groups, bool has_groups, bool by_weights);

#endif
