/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as a table and as JSON, from the library's list of metrics. */
#include <math.h>
#include <string.h>

#include "cli.h"

enum { COLUMN = 10 };

/** Of a metric in the list, or one chosen by --metric. */
static const char *name_of(int metric, const cli_texts *chosen)
{
    const plx_metric_info *info = plx_metric_at(metric);
    return info ? info->name : chosen->items[metric - PLX_METRICS_CHOSEN];
}

/** Whether the task has the metric. */
static bool is_reported(int metric, const plx_metrics *metrics)
{
    return metrics->applies >> metric & 1;
}

/** Whether the task's labels are positive or negative. */
static bool has_positives(const plx_metrics *metrics)
{
    return metrics->labels == PLX_LABELS_ARE_TRUTHS;
}

/** Columns of as many tasks as fit side by side. */
typedef struct table {
    FILE *out;
    const char *title;
    const plx_metrics *metrics;
    int n_tasks;
    int first_width; /* of the column of metric titles */
    const cli_texts *chosen;
} table;

static int column_width(const plx_metrics *metrics)
{
    int width = cli_letters(metrics->task);
    return 2 + (width > COLUMN ? width : COLUMN);
}

static void print_cell(const table *t, int task, const char *text)
{
    fprintf(t->out, "%*s%s", column_width(&t->metrics[task]) - cli_letters(text), "", text);
}

/* `first`: the first task's count; `for_all`: also for tasks without positive labels. */
static void print_counts(const table *t, const char *title, const int64_t *first, bool for_all)
{
    char text[32];
    fprintf(t->out, "%-*s", t->first_width, title);
    for (int task = 0; task < t->n_tasks; task++) {
        const int64_t *count =
            (const int64_t *)(const void *)((const char *)first + task * (ptrdiff_t)sizeof *t->metrics);
        snprintf(text, sizeof text, "%lld", (long long)*count);
        print_cell(t, task, for_all || has_positives(&t->metrics[task]) ? text : "-");
    }
    fputc('\n', t->out);
}

static void print_metric(const table *t, int metric)
{
    char text[32];
    const plx_metric_info *info = plx_metric_at(metric);
    fprintf(t->out, "%-*s", t->first_width, info ? info->title : name_of(metric, t->chosen));
    for (int task = 0; task < t->n_tasks; task++) {
        const plx_metrics *metrics = &t->metrics[task];
        double value = plx_metrics_value(metrics, metric);
        bool is_number = metrics->labels == PLX_LABELS_ARE_NUMBERS && strcmp(name_of(metric, t->chosen), "r2") != 0;
        snprintf(text, sizeof text, is_number ? "%.6g" : "%.4f", value);
        print_cell(t, task, !is_reported(metric, metrics) ? "-" : isfinite(value) ? text : "undefined");
    }
    fputc('\n', t->out);
}

static void print_columns(const table *t)
{
    bool has_binary = false, has_groups = false;
    const bool is_bold = cli_has_colour(t->out);
    fprintf(t->out, "%s%s%*s", is_bold ? "\033[1m" : "", t->title, t->first_width - cli_letters(t->title), "");
    for (int task = 0; task < t->n_tasks; task++) {
        print_cell(t, task, t->metrics[task].task);
        has_binary = has_binary || has_positives(&t->metrics[task]);
        has_groups = has_groups || t->metrics[task].groups > 0;
    }
    fprintf(t->out, "%s\n", is_bold ? "\033[0m" : "");
    print_counts(t, "rows", &t->metrics->rows, true);
    if (has_binary) print_counts(t, "positives", &t->metrics->positives, false);
    if (has_groups) print_counts(t, "groups", &t->metrics->groups, false);
    if (has_groups) print_counts(t, "of both classes", &t->metrics->groups_counted, false);
    for (int metric = 0; metric < PLX_METRICS_MAX; metric++) {
        bool is_in_use = false;
        for (int task = 0; task < t->n_tasks; task++)
            is_in_use = is_in_use || is_reported(metric, &t->metrics[task]);
        if (is_in_use) print_metric(t, metric);
    }
}

static double value_of(const plx_metrics *metrics, const char *name)
{
    return plx_metrics_value(metrics, plx_metric_find(name));
}

/** Prints why a metric is undefined. */
static void explain_undefined(FILE *out, const plx_metrics *metrics, int n_tasks)
{
    for (int task = 0; task < n_tasks; task++) {
        const plx_metrics *m = &metrics[task];
        if (m->rows == 0)
            fprintf(out, "%s: no row has a label, so no metric is defined\n", m->task);
        else if (has_positives(m) && (m->positives == 0 || m->positives == m->rows))
            fprintf(out, "%s: all labels are %s, so the AUC is undefined\n", m->task,
                    m->positives ? "positive" : "negative");
        else if (m->groups > 0 && m->groups_counted == 0)
            fprintf(out, "%s: no group has both classes, so the group AUC is undefined\n", m->task);
        else if (is_reported(plx_metric_find("r2"), m) && isfinite(value_of(m, "mse")) && !isfinite(value_of(m, "r2")))
            fprintf(out, "%s: all labels are equal, so R2 is undefined\n", m->task);
    }
}

void cli_print_metrics(FILE *out, const char *title, const plx_metrics *metrics, int n_tasks, const cli_texts *chosen)
{
    table t = {.out = out, .title = title, .chosen = chosen, .first_width = 2 + cli_letters("of both classes")};
    for (int first = 0; first < n_tasks; first += t.n_tasks) {
        int width = t.first_width;
        t.metrics = metrics + first;
        for (t.n_tasks = 0; first + t.n_tasks < n_tasks; t.n_tasks++) {
            width += column_width(&metrics[first + t.n_tasks]);
            if (t.n_tasks > 0 && width > cli_width(out)) break;
        }
        if (first > 0) fputc('\n', out);
        print_columns(&t);
    }
    explain_undefined(out, metrics, n_tasks);
}

json_t *cli_number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *task_json(const plx_metrics *metrics, const cli_texts *chosen)
{
    json_t *object = json_object();
    int failed = json_object_set_new(object, "rows", json_integer(metrics->rows));
    if (has_positives(metrics)) failed |= json_object_set_new(object, "positives", json_integer(metrics->positives));
    if (metrics->groups > 0) {
        failed |= json_object_set_new(object, "groups", json_integer(metrics->groups));
        failed |= json_object_set_new(object, "groups_counted", json_integer(metrics->groups_counted));
    }
    for (int i = 0; i < PLX_METRICS_MAX; i++)
        if (is_reported(i, metrics))
            failed |= json_object_set_new(object, name_of(i, chosen), cli_number_json(plx_metrics_value(metrics, i)));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

json_t *cli_metrics_json(const plx_metrics *metrics, int n_tasks, const cli_texts *chosen)
{
    json_t *object = json_object();
    int failed = 0;
    for (int task = 0; task < n_tasks; task++)
        failed |= json_object_set_new(object, metrics[task].task, task_json(&metrics[task], chosen));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

int cli_print_json(json_t *object)
{
    if (!object) return cli_fail("out of memory while making the JSON result");
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', stdout);
    json_decref(object);
    return CLI_DONE;
}
