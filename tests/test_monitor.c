/* SPDX-License-Identifier: Apache-2.0 */
/* train.monitor: the meaning of its text, and the messages for invalid texts. */
#include "train/monitor.h"

#include "check.h"

enum { N_TASKS = 5 };
static const char *const names[N_TASKS] = {"income", "income.net", "price", "sort", "a+b*c"};
static const plx_task_kind kinds[N_TASKS] = {PLX_TASK_BINARY, PLX_TASK_BINARY, PLX_TASK_REGRESSION, PLX_TASK_MULTICLASS,
                                             PLX_TASK_BINARY};

static plx_status parse(plx_monitor *monitor, const char *text, plx_error *err)
{
    const plx_monitored what = {.task_names = names, .task_kinds = kinds, .n_tasks = N_TASKS, .has_groups = false};
    return plx_monitor_parse(monitor, text, &what, err);
}

/** The value of `text` for the metrics of fill(). */
static double value_of(const char *text, bool *larger_is_better)
{
    static const double losses[N_TASKS] = {0.5, 0.25, 9, 1.5, 2};
    const plx_metrics scores[N_TASKS] = {
        {.values[PLX_METRIC_auc] = 0.8, .values[PLX_METRIC_logloss] = 0.4, .values[PLX_METRIC_group_auc] = 0.7},
        {.values[PLX_METRIC_auc] = 0.6, .values[PLX_METRIC_ece] = 0.1},
        {.values[PLX_METRIC_rmse] = 3, .values[PLX_METRIC_r2] = 0.75},
        {.values[PLX_METRIC_accuracy] = 0.9},
        {.values[PLX_METRIC_auc] = 0.55}};
    plx_monitor monitor;
    plx_error err = {0};
    if (parse(&monitor, text, &err) != PLX_OK) {
        check_report(__FILE__, __LINE__, err.message);
        return NAN;
    }
    *larger_is_better = monitor.larger_is_better;
    return plx_monitor_value(&monitor, 10, losses, scores);
}

static void test_metrics_that_can_be_monitored(void)
{
    static const struct {
        const char *text;
        double value;
        bool larger_is_better;
    } cases[] = {
        {"loss", 10, false},
        {"income.auc", 0.8, true},
        {"  income.auc\t", 0.8, true},
        {"income.loss", 0.5, false},
        {"income.net.auc", 0.6, true},
        {"a+b*c.auc", 0.55, true},
        {"2 * a+b*c.auc", 1.1, true},
        {"price.rmse", 3, false},
        {"price.r2", 0.75, true},
        {"sort.accuracy", 0.9, true},
        {"0.75*income.auc + 0.25*income.net.auc", 0.75, true},
        {"income.auc+income.net.auc", 1.4, true},
        {"income.logloss + 2e0*income.net.ece", 0.6, false},
        {"loss + 0.5 * price.loss", 14.5, false},
        {"income.auc + 0.1*price.rmse", 0.5, true}, /* smaller is better: it has the opposite sign */
        {"0.1*price.rmse + income.auc", 0.5, true},
        {"income.auc + loss", -9.2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool larger_is_better = false;
        CHECK_CLOSE(value_of(cases[i].text, &larger_is_better), cases[i].value, 1e-15);
        CHECK(larger_is_better == cases[i].larger_is_better);
    }
}

static void test_metrics_with_a_parameter(void)
{
    static const int outputs[N_TASKS + 1] = {0, 1, 2, 3, 7, 8};
    const double losses[N_TASKS] = {0};
    const plx_metrics scores[N_TASKS] = {[2].values[PLX_METRICS_CHOSEN + 1] = 4, [3].values[PLX_METRICS_CHOSEN] = 0.5};
    plx_metric_choices choices = {.n = 0};
    plx_monitored what = {.task_names = names, .task_kinds = kinds, .n_tasks = N_TASKS};
    plx_monitor monitor;
    plx_error err;
    CHECK_STATUS(plx_monitor_parse(&monitor, "sort.accuracy@3 + 0.1*price.pinball@0.9 + sort.accuracy@3", &what, NULL),
                 PLX_OK);
    CHECK(monitor.choices.n == 2 && monitor.larger_is_better);
    CHECK_CLOSE(plx_monitor_value(&monitor, 1, losses, scores), 0.5 - 0.1 * 4 + 0.5, 1e-15);
    /* The caller's choices keep their places. */
    const plx_metrics later[N_TASKS] = {[2].values[PLX_METRICS_CHOSEN] = 4, [3].values[PLX_METRICS_CHOSEN + 1] = 0.5};
    const char *const given[] = {"pinball@0.9"};
    CHECK_STATUS(plx_metric_choices_parse(&choices, given, 1, NULL), PLX_OK);
    CHECK_STATUS(plx_monitor_choose(&monitor, &choices, NULL), PLX_OK);
    CHECK(choices.n == 2 && strcmp(choices.items[1].name, "accuracy@3") == 0);
    CHECK_CLOSE(plx_monitor_value(&monitor, 1, losses, later), 0.5 - 0.1 * 4 + 0.5, 1e-15);
    /* Classes limit the parameter once they are known. */
    CHECK_STATUS(plx_monitor_parse(&monitor, "sort.accuracy@4", &what, NULL), PLX_OK);
    what.outputs = outputs;
    CHECK_STATUS(plx_monitor_parse(&monitor, "sort.accuracy@4", &what, &err), PLX_ERR_ARGUMENT);
    CHECK_TEXT(err.message, "monitor 'sort.accuracy@4': task 'sort' does not have the metric 'accuracy@4'");
    CHECK_STATUS(plx_monitor_parse(&monitor, "sort.accuracy@3", &what, NULL), PLX_OK);
}

static void test_nothing_means_the_loss(void)
{
    plx_monitor monitor;
    CHECK_STATUS(parse(&monitor, NULL, NULL), PLX_OK);
    CHECK(plx_monitor_is_loss(&monitor) && !monitor.larger_is_better);
    CHECK_STATUS(parse(&monitor, "income.loss", NULL), PLX_OK);
    CHECK(!plx_monitor_is_loss(&monitor));
}

static void test_undefined_metrics_have_no_value(void)
{
    plx_monitor monitor;
    const plx_metrics scores[N_TASKS] = {{.values[PLX_METRIC_auc] = NAN}};
    const double losses[N_TASKS] = {0};
    CHECK_STATUS(parse(&monitor, "0.5*income.auc + loss", NULL), PLX_OK);
    CHECK(isnan(plx_monitor_value(&monitor, 1, losses, scores)));
}

static void test_mistakes_are_reported(void)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "neither loss nor TASK.METRIC"},
        {"los", "did you mean 'loss'?"},
        {"auc", "'auc' of which task? Write, for example, income.auc"},
        {"income", "did you mean 'income.loss'?"},
        {"incme.auc", "there is no task 'incme'; did you mean 'income.auc'?"},
        {"income.acu",
         "task 'income' has no metric 'acu' to monitor; did you mean 'income.auc'; valid metrics: loss, auc, "},
        {"price.auc", "task 'price' has no metric 'auc' to monitor; valid metrics: loss, mae, mse, rmse, r2"},
        {"sort.rmse", "valid metrics: loss, logloss, accuracy"},
        {"income.calibration", "to monitor"}, /* neither a larger nor a smaller value is better */
        {"income.group_auc", "group_auc needs data.group"},
        {"x*income.auc", "'x' is not a weight"},
        {"-1*income.auc", "'-1' is not a weight"},
        {"0*income.auc", "'0' is not a weight"},
        {"inf*income.auc", "'inf' is not a weight"},
        {"*income.auc", "'' is not a weight"},
        {"income.auc - price.rmse", "a + is missing before '- price.rmse'"},
        {"income.auc price.rmse", "a + is missing before 'price.rmse'"},
        {"income.auc +", "neither loss nor TASK.METRIC"},
        {"income.auc ++ loss", "neither loss nor TASK.METRIC"},
        {"income.accuracy@2", "task 'income' does not have the metric 'accuracy@2' (of tasks with more than K classes"},
        {"sort.accuracy@", "monitor 'sort.accuracy@': metric 'accuracy@': the K of accuracy@K is an integer from 1"},
        {"income.auc@2", "metric 'auc' takes no parameter"},
        {"elsewhere.thing", "is neither loss nor TASK.METRIC, such as income.logloss"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        plx_monitor monitor;
        plx_error err = {0};
        CHECK_STATUS(parse(&monitor, cases[i].text, &err), PLX_ERR_ARGUMENT);
        CHECK_TEXT(err.message, cases[i].part);
    }
}

static void test_too_many_terms(void)
{
    char text[1024] = "loss";
    plx_monitor monitor;
    for (int i = 1; i < PLX_MONITOR_TERMS_MAX; i++)
        strcat(text, "+loss");
    CHECK_STATUS(parse(&monitor, text, NULL), PLX_OK);
    CHECK(monitor.n_terms == PLX_MONITOR_TERMS_MAX);
    strcat(text, "+loss");
    CHECK_STATUS(parse(&monitor, text, NULL), PLX_ERR_ARGUMENT);
}

static void test_groups_can_be_watched_where_there_are_any(void)
{
    const plx_monitored what = {.task_names = names, .task_kinds = kinds, .n_tasks = N_TASKS, .has_groups = true};
    plx_monitor monitor;
    CHECK_STATUS(plx_monitor_parse(&monitor, "income.group_auc", &what, NULL), PLX_OK);
    CHECK(monitor.larger_is_better && monitor.terms[0].task == 0);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_metrics_that_can_be_monitored),
        CHECK_TEST(test_metrics_with_a_parameter),
        CHECK_TEST(test_nothing_means_the_loss),
        CHECK_TEST(test_undefined_metrics_have_no_value),
        CHECK_TEST(test_mistakes_are_reported),
        CHECK_TEST(test_too_many_terms),
        CHECK_TEST(test_groups_can_be_watched_where_there_are_any),
    };
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
