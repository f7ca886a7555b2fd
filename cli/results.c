/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as a table for people and as JSON for machines, from one list of figures. */
#include <math.h>
#include <stddef.h>

#include "cli.h"

typedef struct figure_row {
    const char *name, *title;
    size_t offset;
    plx_task_kind kind;
} figure_row;

static const figure_row figures[] = {
    {"auc", "AUC", offsetof(plx_metrics, auc), PLX_TASK_BINARY},
    {"logloss", "log loss", offsetof(plx_metrics, logloss), PLX_TASK_BINARY},
    {"accuracy", "accuracy", offsetof(plx_metrics, accuracy), PLX_TASK_BINARY},
    {"mae", "MAE", offsetof(plx_metrics, mae), PLX_TASK_REGRESSION},
    {"mse", "MSE", offsetof(plx_metrics, mse), PLX_TASK_REGRESSION},
    {"rmse", "RMSE", offsetof(plx_metrics, rmse), PLX_TASK_REGRESSION},
};
enum { N_FIGURES = sizeof figures / sizeof *figures, COLUMN = 10 };

static double figure_of(const plx_metrics *metrics, const figure_row *figure)
{
    return *(const double *)((const char *)metrics + figure->offset);
}

static void print_kind(FILE *out, const char *title, plx_task_kind kind, const plx_metrics *metrics, int n_tasks)
{
    int width = (int)COLUMN;
    bool has_rows = false;
    for (int task = 0; task < n_tasks; task++) {
        int length = snprintf(NULL, 0, "%s", metrics[task].task);
        if (length > width) width = length;
        has_rows = has_rows || metrics[task].kind == kind;
    }
    if (!has_rows) return;
    fprintf(out, "%-*s %*s", width, title, COLUMN, "rows");
    if (kind == PLX_TASK_BINARY) fprintf(out, " %*s", COLUMN, "positives");
    for (int i = 0; i < N_FIGURES; i++)
        if (figures[i].kind == kind) fprintf(out, " %*s", COLUMN, figures[i].title);
    fputc('\n', out);
    for (int task = 0; task < n_tasks; task++) {
        if (metrics[task].kind != kind) continue;
        fprintf(out, "%-*s %*lld", width, metrics[task].task, COLUMN, (long long)metrics[task].rows);
        if (kind == PLX_TASK_BINARY) fprintf(out, " %*lld", COLUMN, (long long)metrics[task].positives);
        for (int i = 0; i < N_FIGURES; i++) {
            if (figures[i].kind != kind) continue;
            double value = figure_of(&metrics[task], &figures[i]);
            if (isfinite(value))
                fprintf(out, " %*.*f", COLUMN, kind == PLX_TASK_REGRESSION ? 6 : 4, value);
            else
                fprintf(out, " %*s", COLUMN, "undefined");
        }
        fputc('\n', out);
    }
}

/** A figure without meaning deserves a reason. */
static void explain_undefined(FILE *out, const plx_metrics *metrics, int n_tasks)
{
    for (int task = 0; task < n_tasks; task++) {
        const plx_metrics *m = &metrics[task];
        if (m->rows == 0)
            fprintf(out, "%s: no row has a label, so that no figure is defined\n", m->task);
        else if (m->kind == PLX_TASK_BINARY && (m->positives == 0 || m->positives == m->rows))
            fprintf(out, "%s: all labels are %s, so that the AUC is undefined\n", m->task,
                    m->positives ? "positive" : "negative");
    }
}

void cli_print_metrics(FILE *out, const char *title, const plx_metrics *metrics, int n_tasks)
{
    print_kind(out, title, PLX_TASK_BINARY, metrics, n_tasks);
    print_kind(out, title, PLX_TASK_REGRESSION, metrics, n_tasks);
    print_kind(out, title, PLX_TASK_MULTICLASS, metrics, n_tasks);
    explain_undefined(out, metrics, n_tasks);
}

json_t *cli_number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *task_json(const plx_metrics *metrics)
{
    json_t *object = json_object();
    int failed = json_object_set_new(object, "rows", json_integer(metrics->rows));
    if (metrics->kind == PLX_TASK_BINARY)
        failed |= json_object_set_new(object, "positives", json_integer(metrics->positives));
    for (int i = 0; i < N_FIGURES; i++)
        if (figures[i].kind == metrics->kind)
            failed |= json_object_set_new(object, figures[i].name, cli_number_json(figure_of(metrics, &figures[i])));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

json_t *cli_metrics_json(const plx_metrics *metrics, int n_tasks)
{
    json_t *object = json_object();
    int failed = 0;
    for (int task = 0; task < n_tasks; task++)
        failed |= json_object_set_new(object, metrics[task].task, task_json(&metrics[task]));
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

const char *cli_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}
