/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the training rows during training: they change no weight, and are those of the scores. */
#include <math.h>

#include "api_support.h"
#include "failing_allocator.h"

static const struct {
    const char *name, *lines;
} models[] = {
    {"shared_bottom", "  bottom_dnn_units: [8]\n  dnn_use_bn: true\n  dnn_dropout: 0.2\n"},
    {"esmm", ""},
    {"mmoe", "  num_experts: 3\n  expert_dnn_units: [8, 4]\n  dnn_activation: dice\n"},
    {"ple", "  num_experts_specific: 2\n  num_experts_shared: 1\n  expert_dnn_units: [4]\n"},
};
enum { N_MODELS = sizeof models / sizeof *models, N_ROWS = 500 };

typedef struct heard {
    int epochs, others;
    plx_metrics metrics[2]; /* of the last epoch */
} heard;

static bool hear(void *user, const plx_progress *progress)
{
    heard *h = user;
    if (!progress->training_metrics) {
        h->others++;
        return true;
    }
    h->epochs++;
    for (int task = 0; task < 2; task++)
        h->metrics[task] = progress->training_metrics[task];
    return true;
}

static plx_status train(fixture *f, bool measures, heard *h, plx_error *err)
{
    *h = (heard){0};
    const plx_train_hooks hooks = {.size = sizeof hooks, .progress = hear, .user = h, .training_metrics = measures};
    return plx_model_train(f->model, f->data, &hooks, NULL, err);
}

static bool same_parameters(const plx_model *a, const plx_model *b)
{
    const char *name;
    int64_t shape[3];
    float x[4096], y[4096];
    int index = 0;
    for (; read_parameter(a, index, &name, shape, x) == PLX_OK; index++) {
        if (read_parameter(b, index, &name, shape, y) != PLX_OK) return false;
        if (memcmp(x, y, (size_t)(shape[0] * shape[1] * shape[2]) * sizeof *x) != 0) return false;
    }
    return index > 0;
}

static void test_no_weight_moves_by_them(void)
{
    for (int i = 0; i < N_MODELS; i++) {
        fixture with, without;
        heard h;
        const char *text = config_text(models[i].name, models[i].lines, "");
        REQUIRE(fixture_ready(&with, NULL, text) && fixture_ready(&without, NULL, text));
        CHECK_STATUS(train(&with, true, &h, NULL), PLX_OK);
        CHECK(h.epochs == 3);
        CHECK_STATUS(train(&without, false, &h, NULL), PLX_OK);
        CHECK(h.epochs == 0 && h.others >= 3);
        CHECK(same_parameters(with.model, without.model));
        fixture_free(&with);
        fixture_free(&without);
    }
}

/* If weights hardly move, they equal the metrics of the model's scores afterwards. */
static void test_they_are_those_of_the_scores(void)
{
    for (int i = 1; i < N_MODELS; i++) {
        fixture f;
        heard h;
        plx_metrics after[2];
        const char *lines = strstr(models[i].lines, "dice") ? "  num_experts: 3\n" : models[i].lines;
        char text[2048];
        snprintf(text, sizeof text, "%s", config_text(models[i].name, lines, ""));
        char *rate = strstr(text, "learning_rate: 0.02");
        REQUIRE(rate);
        memcpy(rate, "learning_rate: 1e-9", strlen("learning_rate: 1e-9"));
        REQUIRE(fixture_ready(&f, NULL, text));
        CHECK_STATUS(train(&f, true, &h, NULL), PLX_OK);
        CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TRAIN), after, NULL, NULL), PLX_OK);
        for (int task = 0; task < 2; task++) {
            CHECK(h.metrics[task].rows == after[task].rows && h.metrics[task].positives == after[task].positives);
            CHECK_CLOSE(METRIC(h.metrics[task], auc), METRIC(after[task], auc),
                        1e-3); /* close scores may change places */
            CHECK_CLOSE(METRIC(h.metrics[task], logloss), METRIC(after[task], logloss), 1e-6);
            CHECK_CLOSE(METRIC(h.metrics[task], mae), METRIC(after[task], mae), 1e-6);
            CHECK_CLOSE(METRIC(h.metrics[task], calibration), METRIC(after[task], calibration), 1e-5);
            CHECK(isnan(METRIC(h.metrics[task], group_auc)));
        }
        fixture_free(&f);
    }
}

static void test_any_number_of_threads(void)
{
    heard h[2];
    for (int i = 0; i < 2; i++) {
        fixture f;
        const plx_context_options options = {.size = sizeof options, .threads = i ? 4 : 1};
        REQUIRE(fixture_ready(&f, &options, config_text("mmoe", "  num_experts: 2\n", "")));
        CHECK_STATUS(train(&f, true, &h[i], NULL), PLX_OK);
        fixture_free(&f);
    }
    for (int task = 0; task < 2; task++) {
        CHECK(METRIC(h[0].metrics[task], auc) == METRIC(h[1].metrics[task], auc));
        CHECK(METRIC(h[0].metrics[task], logloss) == METRIC(h[1].metrics[task], logloss));
    }
}

static void test_every_allocation_may_fail(void)
{
    bool ended = false;
    char text[2048];
    snprintf(text, sizeof text, "%s", config_text("mmoe", "  num_experts: 2\n  expert_dnn_units: [4]\n", ""));
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n++) {
        failing_allocator failing;
        fixture f;
        heard h;
        failing_allocator_init(&failing, 0);
        const plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = &failing.allocator};
        REQUIRE(fixture_ready(&f, &options, text));
        failing.fail_at = failing.calls + n;
        plx_status status = train(&f, true, &h, NULL);
        ended = !failing.failed;
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
        fixture_free(&f);
        CHECK(failing.live == 0);
    }
    CHECK(ended);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_no_weight_moves_by_them),
        CHECK_TEST(test_they_are_those_of_the_scores),
        CHECK_TEST(test_any_number_of_threads),
        CHECK_TEST(test_every_allocation_may_fail),
    };
    home_make();
    write_rows("rows.csv", N_ROWS, 3);
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
