/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs on Adult: a network learns with every optimizer, schedule and activation, by the AUC on the test rows
 * after two epochs. Adam at its defaults reaches 0.90 and 0.96; the bounds also allow the slowest, plain SGD.
 */
#include "api_structs.h"
#include "check.h"
#include "data_support.h"
#include "train/optimizer.h"

#define METRIC(metrics, name) plx_metrics_value(&(metrics), plx_metric_find(#name))

static const double LEAST_INCOME = 0.83, LEAST_MARITAL = 0.90;

typedef struct adult {
    plx_context *context;
    plx_data *data;
} adult;

/** The experiment's configuration with assignments, separated by blanks. */
static plx_status configure(plx_context *context, const char *assignments, plx_config **config, plx_error *err)
{
    char copy[400];
    snprintf(copy, sizeof copy, "train.epochs=2 model.gate_dnn_units=[] model.expert_dnn_units=[32,16]%s%s",
             *assignments ? " " : "", assignments);
    plx_status status = plx_config_read(context, "experiments/adult/mmoe.yaml", config, err);
    for (char *rest = copy, *one; status == PLX_OK && (one = strsep(&rest, " "));)
        status = plx_config_set(*config, one, err);
    return status;
}

static void check_learns(const adult *a, const char *assignments)
{
    char message[600];
    plx_config *config = NULL;
    plx_model *model = NULL;
    plx_metrics metrics[2] = {{0}};
    plx_error err = {.message = ""};
    plx_status status = configure(a->context, assignments, &config, &err);
    if (status == PLX_OK) status = plx_model_create(config, a->data, &model, &err);
    if (status == PLX_OK) status = plx_model_train(model, a->data, NULL, NULL, &err);
    if (status == PLX_OK) status = plx_model_evaluate(model, PART(a->data, PLX_PART_TEST), metrics, NULL, &err);
    if (status != PLX_OK || !(METRIC(metrics[0], auc) > LEAST_INCOME && METRIC(metrics[1], auc) > LEAST_MARITAL)) {
        snprintf(message, sizeof message, "%s: AUC %.4f and %.4f %.200s", assignments, METRIC(metrics[0], auc),
                 METRIC(metrics[1], auc), err.message);
        check_report(__FILE__, __LINE__, message);
    }
    plx_model_free(model);
    plx_config_free(config);
}

static void check_all(const char *const *runs, size_t n)
{
    char base[620];
    const char *const folders[] = {base};
    adult a = {0};
    plx_config *config = NULL;
    plx_error err = {.message = ""};
    snprintf(base, sizeof base, "%s/..", real_data("adult"));
    plx_status status = plx_context_create(NULL, &a.context, &err);
    if (status == PLX_OK) status = configure(a.context, "", &config, &err);
    if (status == PLX_OK) status = plx_data_load(config, FOLDERS(folders, 1), &a.data, &err);
    if (status != PLX_OK) check_report(__FILE__, __LINE__, err.message);
    for (size_t i = 0; i < n && status == PLX_OK; i++)
        check_learns(&a, runs[i]);
    plx_data_free(a.data);
    plx_config_free(config);
    plx_context_free(a.context);
}

static void test_every_optimizer_learns(void)
{
    static const char *const runs[] = {
        "train.optimizer=sgd train.learning_rate=0.2",
        "train.optimizer=sgd train.learning_rate=0.05 train.momentum=0.9 train.nesterov=true",
        "train.optimizer=adagrad train.learning_rate=0.05",
        "train.optimizer=rmsprop",
        "train.optimizer=rmsprop train.centered=true train.momentum=0.5",
        "train.optimizer=adam",
        "train.optimizer=adamw train.weight_decay=0.01",
        "train.optimizer=ftrl train.learning_rate=0.02 train.initial_accumulator=1e-6 train.ftrl_l1=1e-6",
    };
    for (size_t o = 0; plx_optimizer_list[o]; o++) {
        char start[64];
        bool is_there = false;
        snprintf(start, sizeof start, "train.optimizer=%s", plx_optimizer_list[o]->name);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
            is_there |= strncmp(runs[i], start, strlen(start)) == 0;
        if (!is_there) check_report(__FILE__, __LINE__, start);
    }
    if (!real_data("adult")) SKIP("no Adult data");
    check_all(runs, sizeof runs / sizeof *runs);
}

static void test_schedules_and_clipping_learn(void)
{
    static const char *const runs[] = {
        "train.schedule=step train.schedule_factor=0.3",
        "train.schedule=exponential train.warmup_steps=20",
        "train.schedule=cosine train.warmup_steps=20 train.learning_rate=0.003",
        "train.schedule=plateau train.schedule_patience=1",
        "train.clip_norm=0.5",
        "train.clip_value=0.01",
    };
    if (!real_data("adult")) SKIP("no Adult data");
    check_all(runs, sizeof runs / sizeof *runs);
}

static void test_every_activation_learns(void)
{
    static const char *const runs[] = {
        "model.dnn_activation=[relu,sigmoid]",
        "model.dnn_activation=tanh",
        "model.dnn_activation=[leaky_relu,linear] model.tower_dnn_activation=elu",
        "model.dnn_activation=prelu",
        "model.dnn_activation=dice",
        "model.dnn_activation=gelu",
        "model.dnn_activation=swish",
        "model.dnn_activation=selu",
        "model.dnn_activation=[elu,softplus] model.expert_dnn_use_bn=true model.tower_dnn_dropout=[0.1,0]",
    };
    if (!real_data("adult")) SKIP("no Adult data");
    check_all(runs, sizeof runs / sizeof *runs);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_every_optimizer_learns),
                                       CHECK_TEST(test_schedules_and_clipping_learn),
                                       CHECK_TEST(test_every_activation_learns)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
