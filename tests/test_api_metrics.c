/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics through plexus.h: tasks of all kinds, with missing labels and sub-spaces, compared with plain loops over the
 * scores; the list of metrics; the metrics that training reports. */
#include <math.h>

#include "api_support.h"

enum { ROWS = 400, OUTPUTS = 6, EPOCHS = 4 };
enum { CLICK, BUY, PRICE, SORT };

/* NaN: the label is missing. */
static float labels[4][ROWS];
static const char *const sorts[] = {"book", "coat", "shoe"};

static void write_csv(void)
{
    FILE *file = fopen(at("rows.csv"), "wb");
    unsigned seed = 11;
    if (!file) abort();
    fprintf(file, "x,city,click,buy,price,sort\n");
    for (int i = 0; i < ROWS; i++) {
        unsigned draw[6];
        for (int k = 0; k < 6; k++) {
            seed = seed * 1664525U + 1013904223U;
            draw[k] = seed >> 8;
        }
        const double x = (double)(draw[0] % 1000) / 1000;
        const bool click = x + (double)(draw[1] % 100) / 100 > 1, buy = draw[2] % 3 == 0;
        const int sort = (int)((x * 3 + (double)(draw[3] % 100) / 80)) % 3;
        labels[CLICK][i] = click;
        labels[BUY][i] = click ? (float)buy : NAN; /* used only on clicked rows */
        labels[PRICE][i] = i % 5 == 0 ? NAN : (float)(10 + draw[4] % 20 + (unsigned)(x * 50));
        labels[SORT][i] = i % 7 == 0 ? NAN : (float)sort;
        fprintf(file, "%g,c%u,%d,%d,", x, draw[5] % 9, click, buy);
        if (!isnan(labels[PRICE][i])) fprintf(file, "%g", (double)labels[PRICE][i]);
        fprintf(file, ",%s\n", isnan(labels[SORT][i]) ? "" : sorts[sort]);
    }
    fclose(file);
}

static const char *text_with(const char *train_lines)
{
    static char text[1024];
    snprintf(text, sizeof text,
             "data: {train: [rows.csv], validation_part: 0.3}\n"
             "features:\n  - {kind: dense, name: x}\n  - {kind: sparse, name: city}\n"
             "tasks:\n"
             "  - {name: click}\n"
             "  - {name: buy, where: click, where_values: ['1']}\n"
             "  - {name: price, kind: regression}\n"
             "  - {name: sort, kind: multiclass, classes: [book, coat, shoe]}\n"
             "model: {name: mmoe, num_experts: 2, expert_dnn_units: [8]}\n"
             "train:\n  epochs: %d\n  learning_rate: 0.01\n%s",
             EPOCHS, train_lines);
    return text;
}

/** The share of pairs of a row of label 1 and one of label 0 in the right order; `task`'s scores are in `column`. */
static double auc_of(const float *scores, int task, int column)
{
    double won = 0, pairs = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < ROWS; k++) {
            if (!(labels[task][i] > 0 && labels[task][k] < 1)) continue;
            const double high = (double)scores[i * OUTPUTS + column], low = (double)scores[k * OUTPUTS + column];
            pairs++;
            won += high > low ? 1 : high < low ? 0 : 0.5;
        }
    return won / pairs;
}

static void check_price(const plx_metrics *m, const float *scores, int column)
{
    double n = 0, mean = 0, squared = 0, absolute = 0, spread = 0;
    for (int i = 0; i < ROWS; i++) {
        if (isnan(labels[PRICE][i])) continue;
        const double off = (double)scores[i * OUTPUTS + column] - (double)labels[PRICE][i];
        n++;
        mean += (double)labels[PRICE][i];
        squared += off * off;
        absolute += fabs(off);
    }
    mean /= n;
    for (int i = 0; i < ROWS; i++)
        if (!isnan(labels[PRICE][i])) spread += pow((double)labels[PRICE][i] - mean, 2);
    CHECK(m->labels == PLX_LABELS_ARE_NUMBERS && m->rows == (int64_t)n && n < ROWS && isnan(METRIC(*m, auc)) &&
          isnan(METRIC(*m, accuracy)));
    CHECK_CLOSE(METRIC(*m, mse), squared / n, 1e-9 * METRIC(*m, mse));
    CHECK_CLOSE(METRIC(*m, mae), absolute / n, 1e-9 * METRIC(*m, mae));
    CHECK_CLOSE(METRIC(*m, r2), 1 - squared / spread, 1e-9);
}

static void check_sort(const plx_metrics *m, const float *scores, int first)
{
    double n = 0, loss = 0, right = 0;
    for (int i = 0; i < ROWS; i++) {
        if (isnan(labels[SORT][i])) continue;
        const float *p = scores + i * OUTPUTS + first;
        const int label = (int)labels[SORT][i];
        bool is_likeliest = true;
        for (int c = 0; c < 3; c++)
            is_likeliest = is_likeliest && (c == label || p[label] > p[c]);
        n++;
        loss -= log((double)p[label]);
        right += is_likeliest;
    }
    CHECK(m->labels == PLX_LABELS_ARE_CLASSES && m->rows == (int64_t)n && n < ROWS && isnan(METRIC(*m, auc)) &&
          isnan(METRIC(*m, mse)));
    CHECK_CLOSE(METRIC(*m, logloss), loss / n, 1e-12);
    CHECK_CLOSE(METRIC(*m, accuracy), right / n, 1e-15);
    CHECK(METRIC(*m, accuracy) > 0.4);
}

/* Equal weights change nothing; with the weights of one row, only that row matters; wrong weights are reported. */
static void check_weighted(const fixture *f, const plx_dataset *dataset, const plx_metrics *plain)
{
    static double weights[ROWS * 4];
    plx_metrics got[4];
    plx_error failure;
    for (int i = 0; i < ROWS * 4; i++)
        weights[i] = 0.3;
    CHECK_STATUS(plx_model_evaluate(f->model, BY_WEIGHTS(dataset, weights), got, NULL, NULL), PLX_OK);
    for (int task = 0; task < 4; task++) {
        for (int i = 0; plx_metric_at(i); i++) {
            const double value = plx_metrics_value(&got[task], i), once = plx_metrics_value(&plain[task], i);
            CHECK(isnan(value) == isnan(once));
            if (!isnan(once)) CHECK_CLOSE(value, once, 1e-12 * fmax(1, fabs(once)));
        }
        for (int i = 0; i < ROWS; i++)
            weights[i * 4 + task] = i == 1;
    }
    CHECK_STATUS(plx_model_evaluate(f->model, BY_WEIGHTS(dataset, weights), got, NULL, NULL), PLX_OK);
    CHECK(got[CLICK].rows == ROWS && isnan(METRIC(got[CLICK], auc)) &&
          (METRIC(got[CLICK], accuracy) == 0 || METRIC(got[CLICK], accuracy) == 1));
    CHECK(isnan(METRIC(got[PRICE], r2)) && METRIC(got[PRICE], mse) > 0 &&
          fabs(METRIC(got[PRICE], rmse) - METRIC(got[PRICE], mae)) < 1e-12);
    /* The rows of this configuration have no weights. */
    CHECK_STATUS(plx_model_evaluate(f->model, WEIGHTED(.dataset = dataset), got, NULL, NULL), PLX_OK);
    CHECK(METRIC(got[CLICK], auc) == METRIC(plain[CLICK], auc) && METRIC(got[PRICE], mse) == METRIC(plain[PRICE], mse));
    CHECK_STATUS(plx_model_evaluate(f->model, WEIGHTED(.data = f->data, .part = PLX_PART_VALIDATION), got, NULL, NULL),
                 PLX_OK);
    weights[4 * 7 + PRICE] = -1;
    CHECK_STATUS(plx_model_evaluate(f->model, BY_WEIGHTS(dataset, weights), got, NULL, &failure), PLX_ERR_ARGUMENT);
    CHECK_TEXT(failure.message, "row 8: the weight for task 'price' is -1");
}

static void test_metrics_of_all_kinds(void)
{
    fixture f;
    static float scores[ROWS * OUTPUTS];
    plx_metrics metrics[4];
    plx_dataset *dataset = NULL;
    plx_error failure = {.message = ""};
    home_make();
    write_csv();
    const char *paths[] = {at("rows.csv")};
    if (!fixture_ready(&f, NULL, text_with(""))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, &failure), PLX_OK);
    REQUIRE(plx_model_inspect(f.model)->n_outputs == OUTPUTS);
    const int buy = plx_model_task(f.model, BUY)->first_output, price = plx_model_task(f.model, PRICE)->first_output;
    const int sort = plx_model_task(f.model, SORT)->first_output;
    REQUIRE(plx_dataset_read(f.model, FILES(paths, 1), true, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), metrics, NULL, &failure), PLX_OK);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, scores), NULL, &failure), PLX_OK);
    check_weighted(&f, dataset, metrics);
    plx_dataset_free(dataset);
    CHECK_TEXT("", failure.message);
    CHECK_CLOSE(METRIC(metrics[CLICK], auc), auc_of(scores, CLICK, 0), 1e-12);
    CHECK(metrics[CLICK].rows == ROWS && metrics[BUY].rows == metrics[CLICK].positives);
    CHECK_CLOSE(METRIC(metrics[BUY], auc), auc_of(scores, BUY, buy), 1e-12);
    check_price(&metrics[PRICE], scores, price);
    check_sort(&metrics[SORT], scores, sort);
    fixture_free(&f);
    home_remove();
}

/** The best epoch, by what the callback got. */
typedef struct watched {
    double accuracy[EPOCHS], monitored[EPOCHS], score[EPOCHS];
    bool is_best[EPOCHS];
    int n;
} watched;

static bool watch(void *user, const plx_progress *progress)
{
    watched *w = user;
    CHECK((progress->validation_metrics != NULL) == (progress->step == progress->steps));
    CHECK(progress->validation_metrics || isnan(progress->monitored));
    if (!progress->validation_metrics || w->n == EPOCHS) return true;
    w->accuracy[w->n] = METRIC(progress->validation_metrics[SORT], accuracy);
    w->score[w->n] = progress->validation_scores[SORT];
    w->monitored[w->n] = progress->monitored;
    w->is_best[w->n++] = progress->is_best;
    return true;
}

static void test_the_monitor_of_classes(void)
{
    fixture f;
    watched w = {.n = 0};
    plx_train_report report = {.size = sizeof report};
    plx_metrics metrics[4];
    home_make();
    write_csv();
    const plx_train_hooks hooks = {.size = sizeof hooks, .progress = watch, .user = &w};
    if (!fixture_ready(&f, NULL, text_with("  monitor: sort.accuracy\n"))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(w.n == EPOCHS);
    double best = -1;
    for (int i = 0; i < w.n; i++) {
        CHECK(w.monitored[i] == w.accuracy[i] && w.score[i] == w.accuracy[i]);
        CHECK(w.is_best[i] == (w.accuracy[i] > best));
        if (w.accuracy[i] > best) best = w.accuracy[i];
    }
    CHECK(METRIC(metrics[SORT], accuracy) == best && report.best_epoch >= 1 &&
          w.accuracy[report.best_epoch - 1] == best);
    fixture_free(&f);
    home_remove();
}

/** What progress reports of one epoch. */
typedef struct chosen {
    double top, low, monitored;
} chosen;

static bool watch_chosen(void *user, const plx_progress *progress)
{
    chosen *c = user;
    if (!progress->validation_metrics || progress->epoch != EPOCHS) return true;
    c->top = plx_metrics_value(&progress->validation_metrics[SORT], PLX_METRICS_CHOSEN);
    c->low = plx_metrics_value(&progress->validation_metrics[PRICE], PLX_METRICS_CHOSEN + 1);
    c->monitored = progress->monitored;
    CHECK(plx_metrics_value(&progress->training_metrics[SORT], PLX_METRICS_CHOSEN) >
          METRIC(progress->training_metrics[SORT], accuracy));
    return true;
}

/* The same values from training, from a part, from a dataset and from files, in the order of the names. */
static void test_metrics_with_a_parameter(void)
{
    static const char *const names[] = {"accuracy@2", "pinball@0.1"};
    fixture f;
    chosen c = {0};
    plx_metrics metrics[4];
    home_make();
    write_csv();
    const plx_train_hooks hooks = {.size = sizeof hooks,
                                   .progress = watch_chosen,
                                   .user = &c,
                                   .training_metrics = true,
                                   .metrics = names,
                                   .n_metrics = 2};
    if (!fixture_ready(&f, NULL, text_with("  monitor: price.pinball@0.1\n  patience: 0\n"))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, NULL), PLX_OK);
    CHECK(c.low == c.monitored && c.top > 0.5 && c.top <= 1);
    const char *const paths[] = {at("rows.csv")};
    const plx_source files = {.size = sizeof files, .paths = paths, .n_paths = 1};
    plx_dataset *dataset = NULL;
    CHECK_STATUS(plx_dataset_read(f.model, &files, true, &dataset, NULL), PLX_OK);
    plx_evaluation from[] = {{.size = sizeof *from, .source = &files}, {.size = sizeof *from, .dataset = dataset}};
    double found[2][2];
    for (int i = 0; i < 2; i++) {
        from[i].metrics = names;
        from[i].n_metrics = 2;
        CHECK_STATUS(plx_model_evaluate(f.model, &from[i], metrics, NULL, NULL), PLX_OK);
        found[i][0] = plx_metrics_value(&metrics[SORT], PLX_METRICS_CHOSEN);
        found[i][1] = plx_metrics_value(&metrics[PRICE], PLX_METRICS_CHOSEN + 1);
        CHECK(isnan(plx_metrics_value(&metrics[CLICK], PLX_METRICS_CHOSEN)));
        CHECK(metrics[SORT].applies >> PLX_METRICS_CHOSEN & 1 && !(metrics[PRICE].applies >> PLX_METRICS_CHOSEN & 1));
    }
    CHECK(found[0][0] == found[1][0] && found[0][1] == found[1][1] && found[0][0] > METRIC(metrics[SORT], accuracy));
    static const char *const wrong[] = {"accuracy@3", "accuracy@0", "auc", "auc@1"};
    for (int i = 0; i < 4; i++) {
        from[0].metrics = &wrong[i];
        from[0].n_metrics = 1;
        CHECK_STATUS(plx_model_evaluate(f.model, &from[0], metrics, NULL, NULL), PLX_ERR_ARGUMENT);
        const plx_train_hooks refused = {.size = sizeof refused, .metrics = &wrong[i], .n_metrics = 1};
        CHECK_STATUS(plx_model_train(f.model, f.data, &refused, NULL, NULL), PLX_ERR_ARGUMENT);
    }
    plx_dataset_free(dataset);
    fixture_free(&f);
    home_remove();
}

static void test_the_list_of_metrics(void)
{
    plx_metrics metrics = {.rows = 1};
    metrics.values[plx_metric_find("auc")] = 0.5;
    metrics.values[plx_metric_find("r2")] = -1;
    CHECK(plx_metric_at(-1) == NULL && plx_metric_at(10) && plx_metric_at(PLX_METRICS_CHOSEN) == NULL);
    for (int i = 0; plx_metric_at(i); i++) {
        const plx_metric_info *info = plx_metric_at(i);
        CHECK(plx_metric_find(info->name) == i && info->title[0] && info->doc[0] && info->labels);
        CHECK(info->direction >= -1 && info->direction <= 1);
    }
    CHECK(plx_metric_find("acu") == -1 && plx_metric_find(NULL) == -1);
    CHECK(plx_metrics_value(&metrics, plx_metric_find("auc")) == 0.5);
    CHECK(plx_metrics_value(&metrics, plx_metric_find("r2")) == -1);
    CHECK(isnan(plx_metrics_value(&metrics, -1)) && isnan(plx_metrics_value(NULL, 0)));
    CHECK(plx_metric_at(plx_metric_find("auc"))->direction == 1);
    CHECK(plx_metric_at(plx_metric_find("rmse"))->direction == -1);
    CHECK(plx_metric_at(plx_metric_find("calibration"))->direction == 0);
    CHECK(plx_metric_at(plx_metric_find("group_auc"))->needs_groups);
    CHECK(plx_metric_at(plx_metric_find("pinball"))->needs_quantile);
    CHECK(strcmp(plx_metric_at(plx_metric_find("accuracy"))->parameter, "K") == 0 &&
          plx_metric_at(plx_metric_find("accuracy"))->parameter_labels == 1 << PLX_LABELS_ARE_CLASSES &&
          !plx_metric_at(plx_metric_find("auc"))->parameter && plx_metric_find("accuracy@3") == -1);
    CHECK(plx_metric_at(plx_metric_find("accuracy"))->labels ==
          (1 << PLX_LABELS_ARE_TRUTHS | 1 << PLX_LABELS_ARE_CLASSES));
}

static void test_nearest_names(void)
{
    static const char *const known[] = {"epochs", "batch_size", "shuffle"};
    CHECK(plx_nearest_name("epoch", known, 3) == known[0] && plx_nearest_name("SHUFLE", known, 3) == known[2]);
    CHECK(!plx_nearest_name("optimizer", known, 3) && !plx_nearest_name("", known, 3));
    CHECK(!plx_nearest_name("epoch", known, 0) && !plx_nearest_name(NULL, known, 3) && !plx_nearest_name("a", NULL, 0));
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_metrics_of_all_kinds),
        CHECK_TEST(test_the_monitor_of_classes),
        CHECK_TEST(test_metrics_with_a_parameter),
        CHECK_TEST(test_the_list_of_metrics),
        CHECK_TEST(test_nearest_names),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
