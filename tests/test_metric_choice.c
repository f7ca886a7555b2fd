/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics with a parameter: their values beside plain implementations, and the messages for invalid names. */
#include "train/metric_choice.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "check.h"

enum { N = 200, CLASSES = 5 };

/** Scores with many ties, some labels missing. */
typedef struct fixture {
    float scores[N * CLASSES], labels[N];
    double weights[N];
    plx_scored scored;
} fixture;

static void fixture_init(fixture *f, plx_label_form form)
{
    const int width = form == PLX_LABELS_ARE_CLASSES ? CLASSES : 1;
    const plx_random random = {.seed = 5, .stream = 1};
    for (int i = 0; i < N * width; i++)
        f->scores[i] = (float)(int)(plx_random_below(&random, (uint64_t)i, 0, 7)) / 7.0F;
    for (int i = 0; i < N; i++) {
        const uint32_t drawn = plx_random_bits(&random, (uint64_t)i, 1);
        f->labels[i] = drawn % 11 == 0 ? NAN : (float)(drawn % CLASSES);
        f->weights[i] = (double)(drawn % 4) / 2;
    }
    f->scored = (plx_scored){.form = form,
                             .n_outputs = width,
                             .predictions = f->scores,
                             .prediction_stride = (size_t)width,
                             .labels = f->labels,
                             .label_stride = 1,
                             .n = N,
                             .weight_stride = 1};
}

static plx_metric_choices choose(const char *name)
{
    plx_metric_choices choices;
    plx_error err = {.message = ""};
    if (plx_metric_choices_parse(&choices, &name, 1, &err)) check_report(__FILE__, __LINE__, err.message);
    return choices;
}

static plx_metrics measure(fixture *f, const plx_metric_choices *choices)
{
    plx_metrics out;
    f->scored.choices = choices;
    CHECK_STATUS(plx_score_task(&plx_allocator_default, &f->scored, &out, NULL), PLX_OK);
    return out;
}

/** The share of rows whose label comes before place k when the classes are sorted by score, then by number. */
static double top(const fixture *f, int k)
{
    double right = 0, weight = 0;
    for (int i = 0; i < N; i++) {
        const float *scores = f->scores + i * CLASSES;
        int order[CLASSES] = {0, 1, 2, 3, 4};
        if (isnan(f->labels[i])) continue;
        for (int a = 0; a < CLASSES; a++) /* a stable sort */
            for (int b = CLASSES - 1; b > a; b--)
                if (scores[order[b]] > scores[order[b - 1]]) {
                    const int other = order[b];
                    order[b] = order[b - 1];
                    order[b - 1] = other;
                }
        const double w = f->scored.weights ? f->weights[i] : 1;
        for (int place = 0; place < k; place++)
            right += order[place] == (int)f->labels[i] ? w : 0;
        weight += w;
    }
    return right / weight;
}

static void test_top_classes(void)
{
    static const char *const names[] = {"accuracy@1", "accuracy@2", "accuracy@3", "accuracy@4"};
    fixture f;
    fixture_init(&f, PLX_LABELS_ARE_CLASSES);
    for (int weighted = 0; weighted < 2; weighted++) {
        f.scored.weights = weighted ? f.weights : NULL;
        for (int k = 1; k < CLASSES; k++) {
            const plx_metric_choices choices = choose(names[k - 1]);
            const plx_metrics got = measure(&f, &choices);
            CHECK_CLOSE(got.values[PLX_METRICS_CHOSEN], top(&f, k), 1e-15);
            CHECK(got.applies >> PLX_METRICS_CHOSEN & 1 && isnan(got.values[PLX_METRICS_CHOSEN + 1]));
            if (k == 1) CHECK(got.values[PLX_METRICS_CHOSEN] == got.values[PLX_METRIC_accuracy]);
        }
    }
    const plx_metric_choices all = choose("accuracy@5");
    const plx_metrics got = measure(&f, &all);
    CHECK(!(got.applies >> PLX_METRICS_CHOSEN & 1) && isnan(got.values[PLX_METRICS_CHOSEN]));
}

static void test_quantiles(void)
{
    const char *const names[] = {"pinball@0.9", "pinball@0.25", "accuracy@2"};
    fixture f;
    plx_metric_choices choices;
    fixture_init(&f, PLX_LABELS_ARE_NUMBERS);
    CHECK_STATUS(plx_metric_choices_parse(&choices, names, 3, NULL), PLX_OK);
    f.scored.quantile = 0.9;
    plx_metrics got = measure(&f, &choices);
    CHECK(got.values[PLX_METRICS_CHOSEN] == got.values[PLX_METRIC_pinball]);
    CHECK(got.values[PLX_METRICS_CHOSEN] != got.values[PLX_METRICS_CHOSEN + 1] &&
          isfinite(got.values[PLX_METRICS_CHOSEN + 1]));
    CHECK(!(got.applies >> (PLX_METRICS_CHOSEN + 2) & 1) && isnan(got.values[PLX_METRICS_CHOSEN + 2]));
    f.scored.quantile = 0; /* of any loss */
    const double same = got.values[PLX_METRICS_CHOSEN];
    got = measure(&f, &choices);
    CHECK(got.values[PLX_METRICS_CHOSEN] == same && !(got.applies >> PLX_METRIC_pinball & 1));
    CHECK(strcmp(plx_metric_name(&choices, PLX_METRICS_CHOSEN + 1), "pinball@0.25") == 0);
    f.scores[7] = NAN;
    f.labels[7] = 1;
    got = measure(&f, &choices);
    CHECK(isnan(got.values[PLX_METRICS_CHOSEN]) && got.applies >> PLX_METRICS_CHOSEN & 1);
}

static void test_names(void)
{
    static const struct {
        const char *name, *message;
    } cases[] = {
        {"auc", "metric 'auc' has no parameter: list only metrics with one, such as accuracy@3"},
        {"auc@3", "metric 'auc' takes no parameter, unlike accuracy@K, pinball@Q"},
        {"acuracy@3", "there is no metric 'acuracy@3'; did you mean 'accuracy@...'?"},
        {"@3", "there is no metric '@3'; metrics with a parameter: accuracy@K, pinball@Q"},
        {"accuracy@", "metric 'accuracy@': the K of accuracy@K is an integer from 1 to 32767"},
        {"accuracy@0", "an integer from 1"},
        {"accuracy@2.5", "an integer from 1"},
        {"accuracy@nan", "an integer from 1"},
        {"accuracy@3@4", "an integer from 1"},
        {"pinball@0", "metric 'pinball@0': the Q of pinball@Q is a number between 0 and 1"},
        {"pinball@1", "a number between 0 and 1"},
        {"pinball@0.10000000000000000000000000000000000000000000000", "a number between 0 and 1"},
    };
    plx_metric_choices choices;
    plx_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(plx_metric_choices_parse(&choices, &cases[i].name, 1, &err), PLX_ERR_ARGUMENT);
        CHECK_TEXT(err.message, cases[i].message);
    }
    const char *const twice[] = {"accuracy@3", "pinball@0.5", "accuracy@3.0"}, *const none[] = {NULL};
    CHECK_STATUS(plx_metric_choices_parse(&choices, twice, 3, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "metric 'accuracy@3.0' is given twice");
    CHECK_STATUS(plx_metric_choices_parse(&choices, none, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_metric_choices_parse(&choices, NULL, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_metric_choices_parse(&choices, twice, -1, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_metric_choices_parse(&choices, twice, 1000, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_metric_choices_parse(&choices, NULL, 0, &err), PLX_OK);
    CHECK(choices.n == 0);
}

static void test_tasks_that_have_them(void)
{
    static const plx_task_kind kinds[] = {PLX_TASK_BINARY, PLX_TASK_MULTICLASS};
    static const int outputs[] = {0, 1, 4};
    plx_metric_choices choices = choose("accuracy@2");
    plx_error err;
    CHECK_STATUS(plx_metric_choices_check(&choices, kinds, outputs, 2, NULL), PLX_OK);
    CHECK_STATUS(plx_metric_choices_check(&choices, kinds, outputs, 1, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "no task has the metric 'accuracy@2' (of tasks with more than K classes");
    choices = choose("accuracy@3");
    CHECK_STATUS(plx_metric_choices_check(&choices, kinds, outputs, 2, NULL), PLX_ERR_ARGUMENT);
    choices = choose("pinball@0.5");
    CHECK_STATUS(plx_metric_choices_check(&choices, kinds, outputs, 2, NULL), PLX_ERR_ARGUMENT);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_top_classes),
        CHECK_TEST(test_quantiles),
        CHECK_TEST(test_names),
        CHECK_TEST(test_tasks_that_have_them),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
