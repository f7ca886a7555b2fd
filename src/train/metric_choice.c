/* SPDX-License-Identifier: Apache-2.0 */
#include "train/metric_choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 60 };

/** Whether the label is among the `k` classes with the highest scores; of equal scores, the first class is higher. */
static double is_among(const float *scores, int n, int label, double k)
{
    int n_higher = 0;
    for (int c = 0; c < n; c++)
        n_higher += scores[c] > scores[label] || (scores[c] == scores[label] && c < label);
    return n_higher < (int)k ? 1.0 : 0.0;
}

/* What a row adds to the metric, which is the weighted mean of its rows. */
static double accuracy(const plx_scored *scored, const float *predictions, float label, double k)
{
    return is_among(predictions, scored->n_outputs, (int)label, k);
}

static double pinball(const plx_scored *scored, const float *predictions, float label, double quantile)
{
    (void)scored;
    return plx_pinball((double)predictions[0] - (double)label, quantile);
}

/** By metric: the limits of its parameter, and the terms of its mean. */
static const struct {
    bool is_whole; /* an integer from `min`; else a number between `min` and `max`, both excluded */
    double min, max;
    double (*term)(const plx_scored *scored, const float *predictions, float label, double parameter);
} rules[PLX_METRICS] = {
    [PLX_METRIC_accuracy] = {true, 1, INT16_MAX, accuracy},
    [PLX_METRIC_pinball] = {false, 0, 1, pinball},
};

/* -- Names ------------------------------------------------------------------------------------------------------ */

static size_t base_length(plx_slice name)
{
    const char *at = name.length ? memchr(name.text, '@', name.length) : NULL;
    return at ? (size_t)(at - name.text) : name.length;
}

bool plx_metric_has_parameter(plx_slice name)
{
    return base_length(name) < name.length;
}

static int shown(plx_slice s)
{
    return (int)(s.length < SHOWN_MAX ? s.length : SHOWN_MAX);
}

static plx_status fail_name(plx_slice name, plx_slice base, plx_error *err)
{
    const char *names[PLX_METRICS];
    size_t n = 0;
    char all[128] = "";
    for (int i = 0; i < PLX_METRICS; i++) {
        if (!plx_metric_list[i].parameter) continue;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s@%s", n ? ", " : "", plx_metric_list[i].name,
                 plx_metric_list[i].parameter);
        names[n++] = plx_metric_list[i].name;
    }
    const char *nearest = plx_nearest(base, names, n);
    if (plx_metric_named(base))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "metric '%.*s' takes no parameter, unlike %s", shown(base), base.text, all);
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "there is no metric '%.*s'%s%s%s; metrics with a parameter: %s", shown(name),
             name.text, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "@...'?" : "", all);
}

plx_status plx_metric_choice_parse(plx_slice name, plx_metric_choice *out, plx_error *err)
{
    const size_t length = base_length(name);
    const plx_slice base = {name.text, length};
    if (length == name.length)
        PLX_FAIL(
            err, PLX_ERR_ARGUMENT,
            "metric '%.*s' has no parameter: list only metrics with one, such as accuracy@3; all others are always "
            "computed",
            shown(name), name.text);
    const plx_slice number = {name.text + length + 1, name.length - length - 1};
    const plx_metric_info *metric = plx_metric_named(base);
    if (!metric || !metric->parameter) return fail_name(name, base, err);
    const double min = rules[metric - plx_metric_list].min, max = rules[metric - plx_metric_list].max;
    const bool is_whole = rules[metric - plx_metric_list].is_whole;
    double value;
    const bool is_number = name.length < PLX_METRIC_NAME_BYTES && plx_parse_double(number, &value);
    if (!is_number || !(is_whole ? value >= min && value <= max && value == floor(value) : value > min && value < max))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "metric '%.*s': the %s of %s@%s is %s %g %s %g", shown(name), name.text,
                 metric->parameter, metric->name, metric->parameter, is_whole ? "an integer from" : "a number between",
                 min, is_whole ? "to" : "and", max);
    *out = (plx_metric_choice){.metric = metric, .parameter = value};
    memcpy(out->name, name.text, name.length);
    return PLX_OK;
}

/* -- Choices ---------------------------------------------------------------------------------------------------- */

static bool is_same(const plx_metric_choice *a, const plx_metric_choice *b)
{
    return a->metric == b->metric && a->parameter == b->parameter;
}

static int find(const plx_metric_choices *choices, const plx_metric_choice *choice)
{
    for (int i = 0; i < choices->n; i++)
        if (is_same(&choices->items[i], choice)) return i;
    return -1;
}

int plx_metric_choices_index(plx_metric_choices *choices, const plx_metric_choice *choice)
{
    int i = find(choices, choice);
    if (i < 0 && choices->n == PLX_METRIC_CHOICES_MAX) return -1;
    if (i < 0) choices->items[i = choices->n++] = *choice;
    return PLX_METRICS_CHOSEN + i;
}

plx_status plx_metric_choices_parse(plx_metric_choices *choices, const char *const *names, int n, plx_error *err)
{
    choices->n = 0;
    if (n < 0 || (n > 0 && !names)) PLX_FAIL(err, PLX_ERR_ARGUMENT, "metrics is NULL, or n_metrics is below 0");
    if (n > PLX_METRIC_CHOICES_MAX)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%d metrics are given; at most %d are computed at once", n,
                 PLX_METRIC_CHOICES_MAX);
    for (int i = 0; i < n; i++) {
        plx_metric_choice *choice = &choices->items[i];
        if (!names[i]) PLX_FAIL(err, PLX_ERR_ARGUMENT, "metrics: name %d is NULL", i);
        PLX_TRY(plx_metric_choice_parse(plx_slice_of(names[i]), choice, err));
        if (find(choices, choice) >= 0) PLX_FAIL(err, PLX_ERR_ARGUMENT, "metric '%s' is given twice", choice->name);
        choices->n++;
    }
    return PLX_OK;
}

bool plx_metric_choice_fits(const plx_metric_choice *choice, plx_label_form labels, int n_outputs)
{
    const bool leaves_some = choice->metric != &plx_metric_list[PLX_METRIC_accuracy] || n_outputs == 0 ||
                             choice->parameter < (double)n_outputs;
    return (choice->metric->parameter_labels >> labels & 1) && leaves_some;
}

plx_status plx_metric_choices_check(const plx_metric_choices *choices, const plx_task_kind *kinds, const int *outputs,
                                    int n_tasks, plx_error *err)
{
    for (int i = 0; i < choices->n; i++) {
        const plx_metric_choice *choice = &choices->items[i];
        bool found = false;
        for (int task = 0; task < n_tasks && !found; task++)
            found = plx_metric_choice_fits(choice, plx_task_forms[kinds[task]], outputs[task + 1] - outputs[task]);
        if (!found)
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "no task has the metric '%s' (%s)", choice->name,
                     choice->metric->parameter_doc);
    }
    return PLX_OK;
}

double plx_metric_choice_value(const plx_metric_choice *choice, const plx_scored *scored)
{
    double sum = 0, weights = 0;
    for (size_t row = 0; row < scored->n; row++) {
        const float *predictions = scored->predictions + row * scored->prediction_stride;
        const float label = scored->labels[row * scored->label_stride];
        const double weight = scored->weights ? scored->weights[row * scored->weight_stride] : 1.0;
        if (isnan(label) || !(weight > 0)) continue;
        for (int c = 0; c < scored->n_outputs; c++)
            if (isnan(predictions[c])) return (double)NAN;
        weights += weight;
        sum += weight * rules[choice->metric - plx_metric_list].term(scored, predictions, label, choice->parameter);
    }
    return weights > 0 ? sum / weights : (double)NAN;
}
