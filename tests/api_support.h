/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of plexus.h: a temporary folder with small generated data, and configurations for it. */
#ifndef API_SUPPORT_H
#define API_SUPPORT_H

#include <dirent.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_structs.h"
#include "check.h"
#include "plexus.h"

#define METRIC(metrics, name) plx_metrics_value(&(metrics), plx_metric_find(#name))

/** Name, shape and row-major values of a parameter; all but the first two may be NULL. */
static inline plx_status read_parameter(const plx_model *model, int index, const char **name, int64_t shape[3],
                                        float *values)
{
    const plx_parameter *one = plx_model_parameter(model, index);
    const float *from = NULL;
    if (!one) return PLX_ERR_ARGUMENT;
    if (name) *name = one->name;
    if (shape) memcpy(shape, one->shape, sizeof one->shape);
    if (!values) return PLX_OK;
    const plx_status status = plx_model_parameter_values(model, index, &from, NULL);
    for (int64_t g = 0; !status && g < one->shape[0]; g++)
        for (int64_t r = 0; r < one->shape[1]; r++, values += one->shape[2])
            memcpy(values, from + g * one->strides[0] + r * one->strides[1], (size_t)one->shape[2] * sizeof *values);
    return status;
}

static char home[64]; /* the folder; empty before home_make */

static inline void home_make(void)
{
    snprintf(home, sizeof home, "/tmp/plexus-api-XXXXXX");
    if (!mkdtemp(home)) abort();
}

/** A path in the folder; at most four are valid together. */
static inline const char *at(const char *name)
{
    static char paths[4][400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", home, name);
    return path;
}

static inline void home_remove(void)
{
    struct dirent *entry;
    DIR *folder = opendir(home);
    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.') unlink(at(entry->d_name));
    }
    if (folder) closedir(folder);
    rmdir(home);
}

static inline void write_text(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "wb");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

/** The file's bytes, ended by NUL; the caller frees them. */
static inline char *read_bytes(const char *name, size_t *length)
{
    FILE *file = fopen(at(name), "rb");
    char *bytes = calloc(1, 1 << 22);
    *length = 0;
    if (file && bytes) *length = fread(bytes, 1, (1 << 22) - 1, file);
    if (file) fclose(file);
    return bytes;
}

static inline bool files_equal(const char *a, const char *b)
{
    size_t a_length, b_length;
    char *a_bytes = read_bytes(a, &a_length), *b_bytes = read_bytes(b, &b_length);
    bool equal = a_length > 0 && a_length == b_length && memcmp(a_bytes, b_bytes, a_length) == 0;
    free(a_bytes);
    free(b_bytes);
    return equal;
}

static inline bool file_exists(const char *name)
{
    return access(at(name), F_OK) == 0;
}

/** Rows whose labels depend on all columns: city and job are categories, age a number; spend is a number. */
static inline void write_rows(const char *name, int n, unsigned seed)
{
    static const char *const cities[] = {"Oslo", "Paris", "Rome", "Bern", "Bonn", "\303\205bo"};
    static const char *const jobs[] = {"cook", "smith", "\"clerk, senior\"", "nurse"};
    FILE *file = fopen(at(name), "wb");
    if (!file) abort();
    fprintf(file, "city,job,age,click,buy,spend\n");
    for (int i = 0; i < n; i++) {
        unsigned draw[5];
        for (int k = 0; k < 5; k++) {
            seed = seed * 1664525U + 1013904223U;
            draw[k] = seed >> 8;
        }
        unsigned city = draw[0] % 6, job = draw[1] % 4, age = 18 + draw[2] % 60;
        double score = (city < 3 ? 1.2 : -1.2) + (job == 1 ? 0.8 : -0.4) + (age > 45 ? 0.7 : -0.7);
        double noise = (double)(draw[3] % 1000) / 500 - 1, other = (double)(draw[4] % 1000) / 500 - 1;
        fprintf(file, "%s,%s,%u,%d,%s,%.2f\n", cities[city], jobs[job], age, score + noise > 0,
                score + 2 * other > 0.5 ? "yes" : "no", score + other);
    }
    fclose(file);
}

/** Configuration of `model` with these further lines in `model` and `train`. Static text. */
static inline const char *config_text(const char *model, const char *model_lines, const char *train_lines)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "data: {train: [rows.csv], validation_part: 0.2, test_part: 0.2}\n"
             "features:\n"
             "  - {kind: sparse, names: [city, job], embedding_dim: 3}\n"
             "  - {kind: dense, name: age}\n"
             "tasks:\n"
             "  - {name: click}\n"
             "  - {name: buy, positive: ['yes'], negative: ['no']}\n"
             "model:\n"
             "  name: %s\n"
             "  tower_dnn_units_lists: [[6], [4]]\n"
             "%s"
             "train:\n"
             "  epochs: 3\n"
             "  batch_size: 64\n"
             "  learning_rate: 0.02\n"
             "%s",
             model, model_lines, train_lines);
    return text;
}

/** Everything that a test needs; all NULL after a step that failed (which is reported). */
typedef struct fixture {
    plx_context *context;
    plx_config *config;
    plx_data *data;
    plx_model *model;
} fixture;

static inline void fixture_free(fixture *f)
{
    plx_model_free(f->model);
    plx_data_free(f->data);
    plx_config_free(f->config);
    plx_context_free(f->context);
    *f = (fixture){0};
}

/** Context, configuration, data and an untrained model. */
static inline plx_status fixture_make(fixture *f, const plx_context_options *options, const char *text, plx_error *err)
{
    const char *folders[] = {home};
    *f = (fixture){0};
    plx_status status = plx_context_create(options, &f->context, err);
    if (status == PLX_OK) status = plx_config_parse(f->context, text, strlen(text), "test.yaml", &f->config, err);
    if (status == PLX_OK) status = plx_data_load(f->config, FOLDERS(folders, 1), &f->data, err);
    if (status == PLX_OK) status = plx_model_create(f->config, f->data, &f->model, err);
    if (status != PLX_OK) fixture_free(f);
    return status;
}

/** The same, but reports a failure and returns false. */
static inline bool fixture_ready(fixture *f, const plx_context_options *options, const char *text)
{
    plx_error failure = {.message = ""};
    if (fixture_make(f, options, text, &failure) == PLX_OK) return true;
    check_report(__FILE__, __LINE__, failure.message);
    return false;
}

/* The lines that the context's callback got. */
typedef struct warnings {
    int n;
    char last[1024];
} warnings;

static inline void keep_warning(void *user, const char *line)
{
    warnings *w = user;
    w->n++;
    snprintf(w->last, sizeof w->last, "%s", line);
}

#endif
