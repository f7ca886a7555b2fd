/* SPDX-License-Identifier: Apache-2.0 */
/*
 * train.monitor: SUM = TERM { "+" TERM }, TERM = [ NUMBER "*" ] ( "loss" | TASK "." METRIC [ "@" PARAMETER ] ). Task
 * names may contain any characters, "." and "*" included: a term starts with the longest name that fits.
 */
#include "train/monitor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { METRICS_MAX = 64, SHOWN_MAX = 60 };
_Static_assert((int)PLX_MONITOR_TERMS_MAX <= (int)PLX_METRIC_CHOICES_MAX, "a choice for each term");

typedef struct parser {
    const plx_monitored *what;
    const char *whole;
    plx_slice rest;
} parser;

static void skip(parser *p, size_t n)
{
    p->rest.text += n;
    p->rest.length -= n;
}

static void skip_blanks(parser *p)
{
    p->rest = plx_slice_trim(p->rest);
}

static bool begins_with(plx_slice s, const char *text)
{
    size_t length = strlen(text);
    return s.length >= length && memcmp(s.text, text, length) == 0;
}

static plx_slice word_of(plx_slice s)
{
    size_t n = 0;
    while (n < s.length && !strchr(" \t+*", s.text[n]))
        n++;
    return (plx_slice){s.text, n};
}

static int shown(plx_slice s)
{
    return (int)(s.length < SHOWN_MAX ? s.length : SHOWN_MAX);
}

/** The task with the longest name that, followed by ".", starts the rest; -1: none. */
static int find_task(const parser *p)
{
    int best = -1;
    size_t longest = 0;
    for (int task = 0; task < p->what->n_tasks; task++) {
        const char *name = p->what->task_names[task];
        size_t length = strlen(name);
        if (length < longest || !begins_with(p->rest, name)) continue;
        if (p->rest.length <= length || p->rest.text[length] != '.') continue;
        best = task;
        longest = length;
    }
    return best;
}

/** Whether a task's metric can rank two epochs. */
static bool can_watch(const plx_monitored *what, int task, const plx_metric_info *metric)
{
    const double quantile = what->quantiles ? what->quantiles[task] : 0;
    return plx_metric_fits(metric, plx_task_forms[what->task_kinds[task]], quantile) &&
           metric->direction != PLX_BETTER_NEITHER;
}

/** The names of a task's metrics that can be monitored; returns their number. */
static size_t list_metrics(const plx_monitored *what, int task, const char **names)
{
    size_t n = 0;
    names[n++] = "loss";
    for (int i = 0; i < PLX_METRICS && n < METRICS_MAX; i++) {
        if (can_watch(what, task, &plx_metric_list[i])) names[n++] = plx_metric_list[i].name;
    }
    return n;
}

static plx_status fail_task(const parser *p, plx_error *err)
{
    plx_slice word = word_of(p->rest), head = word;
    const plx_metric_info *metric = plx_metric_named(word);
    if (metric)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': '%s' of which task? Write, for example, %s.%s", p->whole,
                 metric->name, p->what->task_names[0], metric->name);
    while (head.length > 0 && head.text[head.length - 1] != '.')
        head.length--;
    plx_slice after_dot = {word.text + head.length, word.length - head.length};
    if (head.length > 0) head.length--;
    const char *const loss = "loss";
    const char *nearest = plx_nearest(head.length > 0 ? head : word, p->what->task_names, (size_t)p->what->n_tasks);
    if (!nearest && head.length == 0) nearest = plx_nearest(word, &loss, 1);
    if (nearest && head.length > 0)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': there is no task '%.*s'; did you mean '%s.%.*s'?", p->whole,
                 shown(head), head.text, nearest, shown(after_dot), after_dot.text);
    if (nearest)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': '%.*s' is neither loss nor TASK.METRIC; did you mean '%s%s'?",
                 p->whole, shown(word), word.text, nearest, nearest == loss ? "" : ".loss");
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': '%.*s' is neither loss nor TASK.METRIC, such as %s.%s", p->whole,
             shown(word), word.text, p->what->task_names[0], plx_task_list[p->what->task_kinds[0]]->monitored);
}

static plx_status fail_metric(const parser *p, int task, plx_slice name_given, plx_error *err)
{
    const char *names[METRICS_MAX], *name = p->what->task_names[task];
    size_t n = list_metrics(p->what, task, names);
    const char *nearest = plx_nearest(name_given, names, n);
    char all[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", names[i]);
    PLX_FAIL(err, PLX_ERR_ARGUMENT,
             "monitor '%s': task '%s' has no metric '%.*s' to monitor%s%s%s%s%s; valid metrics: %s", p->whole, name,
             shown(name_given), name_given.text, nearest ? "; did you mean '" : "", nearest ? name : "",
             nearest ? "." : "", nearest ? nearest : "", nearest ? "'" : "", all);
}

/** METRIC@PARAMETER. */
static plx_status parse_choice(const parser *p, plx_monitor *monitor, plx_monitor_term *term, plx_slice name,
                               plx_error *err)
{
    const int task = term->task, *outputs = p->what->outputs;
    plx_metric_choice choice;
    if (plx_metric_choice_parse(name, &choice, err)) {
        plx_error_prefix(err, "monitor '%s'", p->whole);
        return PLX_ERR_ARGUMENT;
    }
    if (!plx_metric_choice_fits(&choice, plx_task_forms[p->what->task_kinds[task]],
                                outputs ? outputs[task + 1] - outputs[task] : 0))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': task '%s' does not have the metric '%s' (%s)", p->whole,
                 p->what->task_names[task], choice.name, choice.metric->parameter_doc);
    term->metric = choice.metric;
    term->value = plx_metric_choices_index(&monitor->choices, &choice); /* has space for one a term */
    return PLX_OK;
}

static plx_status parse_metric(parser *p, plx_monitor *monitor, plx_monitor_term *term, plx_error *err)
{
    plx_slice name_given = word_of(p->rest);
    skip(p, name_given.length);
    if (plx_slice_equal(name_given, plx_slice_of("loss"))) return PLX_OK;
    if (plx_metric_has_parameter(name_given)) return parse_choice(p, monitor, term, name_given, err);
    const plx_metric_info *metric = plx_metric_named(name_given);
    if (!metric || !can_watch(p->what, term->task, metric)) return fail_metric(p, term->task, name_given, err);
    if (metric->needs_groups && !p->what->has_groups)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': %s needs data.group, the column of the groups", p->whole,
                 metric->name);
    term->metric = metric;
    term->value = (int)(metric - plx_metric_list);
    return PLX_OK;
}

/** A factor and "*" before the metric. A task may be called 2*x, so task names take precedence. */
static plx_status parse_weight(parser *p, plx_monitor_term *term, plx_error *err)
{
    size_t star = 0;
    term->weight = 1;
    while (star < p->rest.length && p->rest.text[star] != '*' && p->rest.text[star] != '+')
        star++;
    if (star == p->rest.length || p->rest.text[star] == '+' || find_task(p) >= 0) return PLX_OK;
    plx_slice number = plx_slice_trim((plx_slice){p->rest.text, star});
    if (!plx_parse_double(number, &term->weight) || !(term->weight > 0) || !isfinite(term->weight))
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': '%.*s' is not a weight; a number above 0 must come before the *",
                 p->whole, shown(number), number.text);
    skip(p, star + 1);
    skip_blanks(p);
    return PLX_OK;
}

static plx_status parse_term(parser *p, plx_monitor *monitor, plx_monitor_term *term, plx_error *err)
{
    skip_blanks(p);
    *term = (plx_monitor_term){.task = -1};
    PLX_TRY(parse_weight(p, term, err));
    term->task = find_task(p);
    if (term->task >= 0) {
        skip(p, strlen(p->what->task_names[term->task]) + 1);
        PLX_TRY(parse_metric(p, monitor, term, err));
    } else {
        plx_slice word = word_of(p->rest);
        if (!plx_slice_equal(word, plx_slice_of("loss"))) return fail_task(p, err);
        skip(p, word.length);
    }
    skip_blanks(p);
    return PLX_OK;
}

static bool is_larger_better(const plx_monitor_term *term)
{
    return term->metric && term->metric->direction == PLX_BETTER_LARGER;
}

plx_status plx_monitor_parse(plx_monitor *monitor, const char *text, const plx_monitored *what, plx_error *err)
{
    parser p = {.what = what, .whole = text ? text : "loss"};
    *monitor = (plx_monitor){0};
    p.rest = plx_slice_of(p.whole);
    for (;;) {
        if (monitor->n_terms == PLX_MONITOR_TERMS_MAX)
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%.60s...': more than %d terms", p.whole, PLX_MONITOR_TERMS_MAX);
        plx_monitor_term *term = &monitor->terms[monitor->n_terms];
        PLX_TRY(parse_term(&p, monitor, term, err));
        monitor->n_terms++;
        monitor->larger_is_better = monitor->larger_is_better || is_larger_better(term);
        if (p.rest.length == 0) return PLX_OK;
        if (p.rest.text[0] != '+')
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "monitor '%s': a + is missing before '%.*s'", p.whole, shown(p.rest),
                     p.rest.text);
        skip(&p, 1);
    }
}

plx_status plx_monitor_choose(plx_monitor *monitor, plx_metric_choices *choices, plx_error *err)
{
    for (int i = 0; i < monitor->n_terms; i++) {
        plx_monitor_term *term = &monitor->terms[i];
        if (!term->metric || term->value < PLX_METRICS_CHOSEN) continue;
        term->value = plx_metric_choices_index(choices, &monitor->choices.items[term->value - PLX_METRICS_CHOSEN]);
        if (term->value < 0)
            PLX_FAIL(err, PLX_ERR_ARGUMENT, "more than %d metrics with a parameter, with those of train.monitor",
                     PLX_METRIC_CHOICES_MAX);
    }
    monitor->choices.n = 0;
    return PLX_OK;
}

void plx_monitor_leave_out(plx_monitor *monitor, int term)
{
    monitor->n_terms--;
    for (int i = term; i < monitor->n_terms; i++)
        monitor->terms[i] = monitor->terms[i + 1];
    monitor->larger_is_better = false;
    for (int i = 0; i < monitor->n_terms; i++)
        monitor->larger_is_better = monitor->larger_is_better || is_larger_better(&monitor->terms[i]);
}

double plx_monitor_value(const plx_monitor *monitor, double loss, const double *task_losses, const plx_metrics *scores)
{
    double value = 0;
    for (int i = 0; i < monitor->n_terms; i++) {
        const plx_monitor_term *term = &monitor->terms[i];
        double metric = term->task < 0 ? loss
                        : term->metric ? scores[term->task].values[term->value]
                                       : task_losses[term->task];
        value += is_larger_better(term) == monitor->larger_is_better ? term->weight * metric : -term->weight * metric;
    }
    return value;
}
