/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the golden files of tools/reference_models.py, which describes the format, and builds the network of a file.
 * The files are in golden/, next to this header.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "check.h"
#include "data/spec.h"
#include "model_case.h"

/** Every golden file. test_golden.c checks that the list is complete. */
#define GOLDEN_CASES(X)                                                                                                \
    X(single_task)                                                                                                     \
    X(single_task_linear)                                                                                              \
    X(shared_bottom)                                                                                                   \
    X(shared_bottom_norm)                                                                                              \
    X(esmm)                                                                                                            \
    X(esmm_missing)                                                                                                    \
    X(esmm_weights)                                                                                                    \
    X(mmoe_kinds)                                                                                                      \
    X(mmoe_kinds_weights)                                                                                              \
    X(mmoe)                                                                                                            \
    X(mmoe_gate)                                                                                                       \
    X(mmoe_three)                                                                                                      \
    X(mmoe_norm)                                                                                                       \
    X(cgc)                                                                                                             \
    X(cgc_gate)                                                                                                        \
    X(ple)                                                                                                             \
    X(ple_features)                                                                                                    \
    X(ple_gate)                                                                                                        \
    X(ple_norm)                                                                                                        \
    X(ple_three)

static inline const plx_loss *golden_loss(const char *name)
{
    for (int i = 0; plx_loss_list[i]; i++)
        if (strcmp(plx_loss_list[i]->name, name) == 0) return plx_loss_list[i];
    return NULL;
}

/** A task's kind and loss from a word like huber:0.75. */
static inline plx_target_spec golden_target(const char *name, const char *kind)
{
    const char *part = strchr(kind, ':');
    if (!strcmp(kind, "binary")) return (plx_target_spec){.name = name, .kind = PLX_TASK_BINARY};
    if (!strncmp(kind, "multiclass", 10) && part)
        return (plx_target_spec){.name = name, .kind = PLX_TASK_MULTICLASS, .n_classes = atoi(part + 1)};
    char loss[32];
    snprintf(loss, sizeof loss, "%.*s", part ? (int)(part - kind) : 31, kind);
    return (plx_target_spec){
        .name = name, .kind = PLX_TASK_REGRESSION, .loss = golden_loss(loss), .parameter = part ? atof(part + 1) : 0};
}

enum { GOLDEN_SETTINGS_MAX = 32, GOLDEN_ARRAYS_MAX = 512, GOLDEN_TASKS_MAX = 4 };

typedef struct golden_array {
    const char *name;
    int dims[3];
    size_t n;
    double *numbers; /* [n] */
} golden_array;

typedef struct golden {
    char *text; /* the file, split into words; all names point into it */
    char *keys[GOLDEN_SETTINGS_MAX], *words[GOLDEN_SETTINGS_MAX];
    int n_settings;
    golden_array arrays[GOLDEN_ARRAYS_MAX];
    int n_arrays;

    /* What the settings mean. */
    plx_arena arena; /* for the spec's lists */
    const plx_model_def *def;
    plx_model_spec spec;
    plx_input_spec inputs[MODEL_CASE_INPUTS_MAX];
    plx_target_spec targets[GOLDEN_TASKS_MAX];
    double task_weights[GOLDEN_TASKS_MAX];
    double learning_rate, beta1, beta2, epsilon;
    int steps;
    plx_build build;
} golden;

static inline void golden_release(golden *g)
{
    for (int i = 0; i < g->n_arrays; i++)
        free(g->arrays[i].numbers);
    free(g->text);
    plx_arena_release(&g->arena);
}

/** The folder of the golden files, from the compiler's path to this header. */
static inline void golden_folder(char *out, size_t size)
{
    const char *slash = strrchr(__FILE__, '/');
    snprintf(out, size, "%.*sgolden", slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__);
}

static inline char *golden_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (!file) return NULL;
    if (!fseek(file, 0, SEEK_END)) {
        long size = ftell(file);
        rewind(file);
        text = size < 0 ? NULL : calloc((size_t)size + 1, 1);
        if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
            free(text);
            text = NULL;
        }
    }
    fclose(file);
    return text;
}

/** Reads the words after "array"; false if the file is malformed. */
static inline bool golden_read_array(golden *g, char **place)
{
    char *word = strtok_r(NULL, " \n", place);
    if (!word || g->n_arrays == GOLDEN_ARRAYS_MAX) return false;
    golden_array *array = &g->arrays[g->n_arrays++];
    *array = (golden_array){.name = word, .n = 1};
    for (int i = 0; i < 3; i++) {
        if (!(word = strtok_r(NULL, " \n", place))) return false;
        array->dims[i] = atoi(word);
        array->n *= (size_t)array->dims[i];
    }
    array->numbers = calloc(array->n, sizeof *array->numbers);
    for (size_t i = 0; array->numbers && i < array->n; i++) {
        if (!(word = strtok_r(NULL, " \n", place))) return false;
        array->numbers[i] = strtod(word, NULL);
    }
    return array->numbers;
}

static inline bool golden_parse(golden *g)
{
    char *place = NULL;
    for (char *word = strtok_r(g->text, " \n", &place); word; word = strtok_r(NULL, " \n", &place)) {
        char *equals = strchr(word, '=');
        if (!strcmp(word, "array")) {
            if (!golden_read_array(g, &place)) return false;
        } else if (equals && g->n_settings < GOLDEN_SETTINGS_MAX) {
            *equals = 0;
            g->keys[g->n_settings] = word;
            g->words[g->n_settings++] = equals + 1;
        } else {
            return false;
        }
    }
    return true;
}

/** Parses "[[3,2],[4]]" as lists; advances `*text`. */
static inline plx_raw golden_raw(plx_arena *arena, const char **text)
{
    plx_raw raw = {0};
    if (**text != '[') {
        raw.scalar = (plx_slice){*text, strcspn(*text, ",]")};
        *text += strcspn(*text, ",]");
        return raw;
    }
    plx_raw *items = plx_arena_take(arena, GOLDEN_TASKS_MAX, sizeof *items);
    raw.is_list = true;
    raw.items = items;
    for ((*text)++; items && raw.n_items < GOLDEN_TASKS_MAX && **text && **text != ']'; *text += **text == ',') {
        items[raw.n_items++] = golden_raw(arena, text);
    }
    *text += **text == ']';
    return raw;
}

/** Stores one setting; hyper-parameters by the model's own table. */
static inline plx_status golden_set(golden *g, char *key, char *value, plx_error *err)
{
    char name[64] = "", kind[16] = "";
    int rows = 0, width = 0;
    if (!strcmp(key, "name")) return PLX_OK;
    if (!strncmp(key, "model.", 6)) {
        const plx_field *field =
            plx_field_find(g->def->fields, *g->def->n_fields, (plx_slice){key + 6, strlen(key + 6)});
        if (!field) PLX_FAIL(err, PLX_ERR_SCHEMA, "the model has no hyper-parameter '%s'", key + 6);
        const char *text = value;
        plx_raw raw = golden_raw(&g->arena, &text);
        return plx_field_set(field, &g->spec, &raw, &g->arena, err);
    }
    plx_input_spec *input = &g->inputs[g->build.n_inputs];
    char *comma = strchr(value, ',');
    if (!strcmp(key, "dense")) {
        *input = (plx_input_spec){.name = value};
        g->build.n_inputs++;
    } else if (!strcmp(key, "sparse") && comma && sscanf(comma, ",%d,%d", &rows, &width) == 2) {
        *comma = 0;
        *input = (plx_input_spec){.name = value, .vocabulary = rows, .embedding_dim = width};
        g->build.n_inputs++;
    } else if (!strcmp(key, "task") &&
               sscanf(value, "%63[^,],%15[^,],%lf", name, kind, &g->task_weights[g->build.n_tasks]) == 3) {
        *comma = 0;
        g->targets[g->build.n_tasks++] = golden_target(value, kind);
    } else if (strcmp(key, "adam") != 0 || sscanf(value, "%lf,%lf,%lf,%lf,%d", &g->learning_rate, &g->beta1, &g->beta2,
                                                  &g->epsilon, &g->steps) != 5) {
        PLX_FAIL(err, PLX_ERR_FORMAT, "setting '%s=%s' is not known", key, value);
    }
    return PLX_OK;
}

static inline plx_status golden_settings(golden *g, plx_error *err)
{
    for (int i = 0; i < g->n_settings; i++) {
        if (!strcmp(g->keys[i], "model")) g->def = plx_model_find((plx_slice){g->words[i], strlen(g->words[i])});
    }
    if (!g->def) PLX_FAIL(err, PLX_ERR_SCHEMA, "there is no such model");
    PLX_TRY(plx_fields_default(g->def->fields, *g->def->n_fields, &g->spec, &g->arena, err));
    for (int i = 0; i < g->n_settings; i++) {
        if (strcmp(g->keys[i], "model") != 0) PLX_TRY(golden_set(g, g->keys[i], g->words[i], err));
    }
    g->build.spec = &g->spec;
    g->build.inputs = g->inputs;
    g->build.targets = g->targets;
    return PLX_OK;
}

/** On failure returns false and prints the reason. Release with golden_release in any case. */
static inline bool golden_read(golden *g, const char *name)
{
    char folder[512], path[1024];
    plx_error error = {.message = "the file cannot be read"};
    memset(g, 0, sizeof *g);
    plx_arena_init(&g->arena, &plx_allocator_default);
    golden_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    g->text = golden_text(path);
    if (g->text && golden_parse(g) && golden_settings(g, &error) == PLX_OK) return true;
    printf("  %s: %s\n", path, error.message);
    return false;
}

/** The array PREFIX + NAME; NULL if there is none. */
static inline const golden_array *golden_find(const golden *g, const char *prefix, const char *name)
{
    size_t length = strlen(prefix);
    for (int i = 0; i < g->n_arrays; i++) {
        const char *own = g->arrays[i].name;
        if (!strncmp(own, prefix, length) && !strcmp(own + length, name)) return &g->arrays[i];
    }
    return NULL;
}

static inline double golden_largest(const golden_array *array)
{
    double largest = 0;
    for (size_t i = 0; i < array->n; i++)
        largest = fmax(largest, fabs(array->numbers[i]));
    return largest;
}

/** The network with the file's rows and start values; checks that the file has the same parameter names and shapes. */
static inline bool golden_case(const golden *g, const plx_kernels *kernels, const plx_plan_options *options,
                               model_case *n)
{
    const golden_array *ids = golden_find(g, "", "ids"), *dense = golden_find(g, "", "dense");
    const golden_array *labels = golden_find(g, "", "labels"), *weights = golden_find(g, "", "weights");
    if (!ids || !dense || !labels) return false;
    if (!model_case_init(n, g->def, &g->build, kernels, options, (size_t)ids->dims[1], weights)) return false;
    model_case_fill_rows(n, ids->numbers, dense->numbers, labels->numbers, weights ? weights->numbers : NULL);
    int n_matched = 0, n_start = 0;
    for (int i = 0; i < g->n_arrays; i++)
        n_start += !strncmp(g->arrays[i].name, "start:", 6);
    for (int i = 0; i < n->graph.n_params; i++) {
        const plx_param *param = &n->graph.params[i];
        const golden_array *start = golden_find(g, "start:", param->spec.name);
        if (!start || start->dims[0] != param->spec.groups || start->dims[1] != param->spec.rows ||
            start->dims[2] != param->spec.cols) {
            printf("  the reference has no parameter %s [%d, %d, %d]\n", param->spec.name, param->spec.groups,
                   param->spec.rows, param->spec.cols);
            continue;
        }
        for (size_t k = 0; k < start->n; k++)
            *model_case_at(param, n->values, k) = (plx_real)start->numbers[k];
        n_matched++;
    }
    if (n_matched == n_start && n_matched == n->graph.n_params) return true;
    printf("  %d of the reference's %d parameters are there\n", n_matched, n_start);
    model_case_release(n);
    return false;
}

/** Reports the largest difference if it exceeds `bound` times the array's largest magnitude (or `least`). */
static inline void golden_compare(const char *what, const golden_array *want, const double *got, double bound,
                                  double least)
{
    double scale = fmax(golden_largest(want), least), worst = 0;
    bool finite = true;
    for (size_t i = 0; i < want->n; i++) {
        worst = fmax(worst, fabs(got[i] - want->numbers[i]));
        finite = finite && isfinite(got[i]);
    }
    if (finite && worst <= bound * scale) return;
    char text[256];
    snprintf(text, sizeof text, "%s: %s differs by %.3g of %.3g", what, want->name, worst, scale);
    check_report(__FILE__, __LINE__, text);
}

/** Compares the parameter's numbers in `block` (values or gradients) with the array of its name. */
static inline void golden_compare_param(const golden_array *want, const plx_param *param, plx_real *block,
                                        const char *what, double bound, double least)
{
    double got[256];
    if (!want || want->n != model_case_param_size(param) || want->n > sizeof got / sizeof *got) {
        check_report(__FILE__, __LINE__, param->spec.name);
        return;
    }
    for (size_t i = 0; i < want->n; i++)
        got[i] = (double)*model_case_at(param, block, i);
    golden_compare(what, want, got, bound, least);
}

/** Compares predictions with an array [1, rows, outputs]. */
static inline void golden_compare_scores(const golden *g, const model_case *n, const char *name, const char *what,
                                         double bound)
{
    double got[256];
    const golden_array *want = golden_find(g, "", name);
    if (!want || want->n != n->rows.n * (size_t)n->graph.n_outputs || want->n > sizeof got / sizeof *got) {
        check_report(__FILE__, __LINE__, name);
        return;
    }
    for (size_t i = 0; i < want->n; i++)
        got[i] = (double)n->score_run->scores[i];
    golden_compare(what, want, got, bound, 0);
}

/** Compares predictions, then losses and gradients of one training step, with the file. */
static inline void golden_compare_step(const golden *g, model_case *n, const char *what, double bound)
{
    model_case_step(n, g->task_weights);
    golden_compare_scores(g, n, "scores", what, bound);

    double losses[GOLDEN_TASKS_MAX];
    for (int task = 0; task < g->build.n_tasks; task++) {
        losses[task] = n->run->task_losses[task] / (double)n->run->task_rows[task];
    }
    const golden_array *want_losses = golden_find(g, "", "losses");
    if (want_losses)
        golden_compare(what, want_losses, losses, bound, 0);
    else
        check_report(__FILE__, __LINE__, "no losses in the file");

    for (int i = 0; i < n->graph.n_params; i++) {
        const plx_param *param = &n->graph.params[i];
        const golden_array *want = golden_find(g, "gradient:", param->spec.name);
        if (param->spec.is_state) continue;
        /*
         * A bias before batch normalisation has gradient 0: what remains is the rounding of terms of order 1 that
         * cancel.
         */
        bool cancels = want && golden_largest(want) < 1e-12;
        golden_compare_param(want, param, n->run->gradient, what, bound, cancels ? 1 : 1e-3);
    }
}

/* One test for each case, by the program's own check_case. */
#define GOLDEN_TEST(name)                                                                                              \
    static void test_##name(void)                                                                                      \
    {                                                                                                                  \
        check_case(#name);                                                                                             \
    }
#define GOLDEN_ROW(name) CHECK_TEST(test_##name),

#endif
