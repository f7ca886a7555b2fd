/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of every kind through the public interface: training, metrics, scores, files, and equivalent configurations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api_support.h"

enum { N_ROWS = 700, N_OUTPUTS = 7, N_SCORED = 100 };

static double uniform(unsigned *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (double)(*seed >> 8) / (double)(1U << 24);
}

/* Labels depend on city and age; `blank` is only present on clicked rows, like `buy` with `where`. `huge` and `tame`
 * differ where `counts` is 0. */
static void write_kinds(const char *name)
{
    static const char *const cities[] = {"Oslo", "Paris", "Rome", "Bern"}, *const grades[] = {"low", "mid", "high"};
    FILE *file = fopen(at(name), "wb");
    unsigned seed = 7;
    if (!file) abort();
    fprintf(file, "city,age,click,buy,blank,grade,visits,spend,w,v,share,huge,tame,counts\n");
    for (int i = 0; i < N_ROWS; i++) {
        unsigned city = (unsigned)(uniform(&seed) * 4), age = 18 + (unsigned)(uniform(&seed) * 60);
        double z = (city < 2 ? 1.0 : -1.0) + ((double)age - 48) / 20;
        int click = z + 2 * uniform(&seed) - 1 > 0, buy = z + 2 * uniform(&seed) - 1 > 0.5;
        int grade = z < -0.7 ? 0 : z < 0.7 ? 1 : 2, visits = (int)(exp(0.5 * z) * 2 * uniform(&seed) + 0.5);
        fprintf(file, "%s,%u,%d,%d,", cities[city], age, click, buy);
        fprintf(file, click ? "%d," : ",", buy);
        fprintf(file, "%s,%d,", uniform(&seed) < 0.1 ? "" : grades[grade], visits);
        if (uniform(&seed) < 0.8) fprintf(file, "%.2f", z + uniform(&seed));
        fprintf(file, ",%.2f,%d,%.3f,", 2 * uniform(&seed), click ? 3 : 1, 1 / (1 + exp(-z)));
        fprintf(file, i % 5 ? "%.2f,%.2f,1\n" : "%.0e,%.0f,0\n", i % 5 ? z : 1e30, i % 5 ? z : 2);
    }
    fclose(file);
}

/* A configuration with these tasks; `data` has further keys of its section. Static text. */
static const char *text_of(const char *model, const char *data, const char *tasks)
{
    static char text[3000];
    snprintf(text, sizeof text,
             "data: {train: [kinds.csv], validation_part: 0.2, test_part: 0.2%s}\n"
             "features:\n"
             "  - {kind: sparse, name: city, embedding_dim: 3}\n"
             "  - {kind: dense, name: age}\n"
             "tasks:\n%s"
             "model: {name: %s}\n"
             "train: {epochs: 4, batch_size: 32, learning_rate: 0.02}\n",
             data, tasks, model);
    return text;
}

static const char all_kinds[] = "  - {name: click, class_weights: [1, 2]}\n"
                                "  - {name: grade, kind: multiclass, weight_decay: 0.9}\n"
                                "  - {name: buy, where: click, where_values: ['1']}\n"
                                "  - {name: visits, kind: regression, loss: poisson}\n"
                                "  - {name: spend, kind: regression, loss: huber, huber_delta: 0.5}\n";

static bool train(fixture *f, const char *text, int threads)
{
    plx_error failure = {.message = ""};
    const plx_context_options options = {.size = sizeof options, .threads = threads};
    if (!fixture_ready(f, &options, text)) return false;
    if (plx_model_train(f->model, f->data, NULL, NULL, &failure) == PLX_OK) return true;
    check_report(__FILE__, __LINE__, failure.message);
    fixture_free(f);
    return false;
}

static bool same_parameters(const plx_model *a, const plx_model *b)
{
    static float x[1 << 16], y[1 << 16];
    int64_t shape[3];
    for (int i = 0; read_parameter(a, i, NULL, shape, NULL) == PLX_OK; i++) {
        const size_t bytes = (size_t)(shape[0] * shape[1] * shape[2]) * sizeof *x;
        if (bytes > sizeof x) abort();
        if (read_parameter(a, i, NULL, NULL, x) != PLX_OK || read_parameter(b, i, NULL, NULL, y) != PLX_OK ||
            memcmp(x, y, bytes) != 0)
            return false;
    }
    return true;
}

/* Both configurations give the same bits. */
static void check_same(const char *first, const char *second)
{
    fixture a, b;
    char *kept = strdup(first);
    REQUIRE(kept && train(&a, kept, 2));
    free(kept);
    if (train(&b, second, 2)) CHECK(same_parameters(a.model, b.model));
    fixture_free(&b);
    fixture_free(&a);
}

/* -- Metrics and scores ------------------------------------------------------------------------------------------- */

static void check_outputs(const plx_model *model)
{
    CHECK(plx_model_inspect(model)->n_outputs == N_OUTPUTS);
    CHECK(plx_model_task(model, 1)->n_outputs == 3 && plx_model_task(model, 1)->first_output == 1);
    CHECK(plx_model_task(model, 2)->n_outputs == 1 && plx_model_task(model, 2)->first_output == 4);
    CHECK(!plx_model_task(model, 5) && !plx_model_task(model, -1));
    CHECK_TEXT(plx_model_task(model, 1)->kind, "multiclass");
    CHECK_TEXT(plx_model_task(model, 3)->kind, "regression");
    CHECK(plx_model_task(model, 1)->labels == PLX_LABELS_ARE_CLASSES &&
          plx_model_task(model, 3)->labels == PLX_LABELS_ARE_NUMBERS);
    CHECK(strcmp(plx_model_task(model, 1)->classes[0], "high") == 0);
    CHECK(strcmp(plx_model_task(model, 1)->classes[2], "mid") == 0);
    CHECK(!plx_model_task(model, 0)->classes);
}

static void check_metrics(const fixture *f)
{
    plx_metrics metrics[5];
    plx_error failure = {.message = ""};
    CHECK_STATUS(plx_model_evaluate(f->model, PART(f->data, PLX_PART_TEST), metrics, NULL, &failure), PLX_OK);
    CHECK(metrics[0].rows == plx_data_rows(f->data, PLX_PART_TEST) && METRIC(metrics[0], auc) > 0.8);
    CHECK(metrics[1].labels == PLX_LABELS_ARE_CLASSES && metrics[1].rows < metrics[0].rows &&
          METRIC(metrics[1], accuracy) > 0.6);
    CHECK(metrics[2].rows == metrics[0].positives); /* buy counts where click is 1 */
    CHECK(METRIC(metrics[3], rmse) < 3 && METRIC(metrics[4], mae) < 0.6 && metrics[4].rows < metrics[0].rows);
}

static void check_scores(const plx_model *model)
{
    const char *paths[] = {at("kinds.csv")};
    static float scores[N_ROWS * N_OUTPUTS], again[N_SCORED * N_OUTPUTS];
    const char *cities[N_SCORED];
    double ages[N_SCORED];
    plx_error failure = {.message = ""};
    plx_dataset *dataset = NULL;
    plx_predictor *predictor = NULL;
    for (int i = 0; i < N_SCORED; i++) {
        cities[i] = i % 2 ? "Rome" : "Oslo";
        ages[i] = 20 + i / 2;
    }
    const plx_column columns[] = {{.name = "city", .texts = cities}, {.name = "age", .numbers = ages}};
    REQUIRE(plx_dataset_read(model, FILES(paths, 1), false, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_predict(model, INTO(dataset, scores), NULL, &failure), PLX_OK);
    plx_dataset_free(dataset);
    for (int row = 0; row < N_ROWS; row++) {
        const float *own = scores + row * N_OUTPUTS;
        CHECK_CLOSE((double)own[1] + (double)own[2] + (double)own[3], 1, 1e-5);
        CHECK(own[5] > 0);
    }
    REQUIRE(plx_predictor_create(model, &predictor, &failure) == PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, columns, 2, N_SCORED, again, &failure), PLX_OK);
    REQUIRE(plx_dataset_read(model, COLUMNS(columns, 2, N_SCORED), false, &dataset, &failure) == PLX_OK);
    CHECK_STATUS(plx_model_predict(model, INTO(dataset, scores), NULL, &failure), PLX_OK);
    CHECK(memcmp(scores, again, sizeof again) == 0);
    plx_dataset_free(dataset);
    plx_predictor_free(predictor);
}

static void test_all_kinds(void)
{
    static const char *const models[] = {"single_task", "shared_bottom", "mmoe", "cgc", "ple"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        fixture f, g;
        plx_model *loaded = NULL;
        plx_error failure = {.message = ""};
        REQUIRE(train(&f, text_of(models[i], ", row_weight: w", all_kinds), 1));
        char *about = NULL;
        CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_LAYERS, &about, NULL), PLX_OK);
        CHECK_TEXT(about, "tasks: click (binary), grade (multiclass), buy (binary), visits (regression), spend (regr");
        plx_text_free(f.context, about);
        check_outputs(f.model);
        check_metrics(&f);
        check_scores(f.model);
        CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), &failure), PLX_OK);
        CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, &failure), PLX_OK);
        if (loaded) {
            check_outputs(loaded);
            check_scores(loaded);
            CHECK(same_parameters(f.model, loaded));
        }
        plx_model_free(loaded);
        if (train(&g, text_of(models[i], ", row_weight: w", all_kinds), 3)) CHECK(same_parameters(f.model, g.model));
        fixture_free(&g);
        fixture_free(&f);
    }
}

/* -- Equivalent configurations ------------------------------------------------------------------------------------ */

static void test_where_is_a_missing_label(void)
{
    char first[3000];
    strcpy(first, text_of("mmoe", "", "  - {name: click}\n  - {name: buy, where: click, where_values: ['1']}\n"));
    check_same(first, text_of("mmoe", "", "  - {name: click}\n  - {name: buy, column: blank}\n"));
    strcpy(first, text_of("esmm", "", "  - {name: click}\n  - {name: buy, where: click, where_values: ['1']}\n"));
    check_same(first, text_of("esmm", "", "  - {name: click}\n  - {name: buy, column: blank}\n"));
}

static void test_class_weights_are_row_weights(void)
{
    char first[3000];
    strcpy(first, text_of("mmoe", "", "  - {name: click, class_weights: [1, 3]}\n  - {name: buy}\n"));
    check_same(first, text_of("mmoe", "", "  - {name: click, weight_column: v}\n  - {name: buy}\n"));
    strcpy(first, text_of("mmoe", "", "  - {name: click, class_weights: [1, 3]}\n  - {name: buy}\n"));
    check_same(first, text_of("mmoe", "", "  - {name: click, class_weights: {1: 3, false: 1}}\n  - {name: buy}\n"));
    strcpy(first, text_of("mmoe", "", "  - {name: click, weight: 2}\n  - {name: buy}\n"));
    check_same(first, text_of("mmoe", "", "  - {name: click, class_weights: [2, 2]}\n  - {name: buy}\n"));
}

/* Their squares are infinite: they do not affect losses, gradients and metrics, and count in the divisor. */
static void test_labels_of_weight_zero(void)
{
    char first[3000];
    plx_metrics metrics[1];
    plx_error failure = {.message = ""};
    fixture f;
    strcpy(first, text_of("single_task", "", "  - {name: y, column: huge, kind: regression, weight_column: counts}\n"));
    check_same(first,
               text_of("single_task", "", "  - {name: y, column: tame, kind: regression, weight_column: counts}\n"));
    REQUIRE(train(&f, first, 2));
    CHECK_STATUS(plx_model_evaluate(f.model, WEIGHTED(.data = f.data, .part = PLX_PART_TEST), metrics, NULL, NULL),
                 PLX_OK);
    CHECK(metrics[0].rows == plx_data_rows(f.data, PLX_PART_TEST) && METRIC(metrics[0], rmse) < 2);
    fixture_free(&f);
    REQUIRE(fixture_ready(&f, &(plx_context_options){.size = sizeof(plx_context_options), .threads = 1},
                          text_of("single_task", "", "  - {name: y, column: huge, kind: regression}\n")));
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, &failure), PLX_ERR_NUMERIC);
    CHECK_TEXT(failure.message, "of labels and of weights");
    fixture_free(&f);
}

/* A probability in three levels: its log loss has the gradients of a matching number of ones and zeros. */
static void test_soft_labels(void)
{
    plx_metrics metrics[2];
    plx_config *config = NULL;
    plx_error failure = {.message = ""};
    fixture f;
    REQUIRE(train(&f, text_of("mmoe", "", "  - {name: share, labels: soft}\n  - {name: buy}\n"), 2));
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_OK);
    CHECK(metrics[0].labels == PLX_LABELS_ARE_TRUTHS && metrics[0].rows == plx_data_rows(f.data, PLX_PART_TEST));
    CHECK(METRIC(metrics[0], auc) > 0.6 && METRIC(metrics[0], auc) < 0.95 && METRIC(metrics[0], rmse) < 0.2 &&
          METRIC(metrics[0], logloss) > 0.3);
    const char *esmm = text_of("esmm", "", "  - {name: click}\n  - {name: share, labels: soft}\n");
    CHECK_STATUS(plx_config_parse(f.context, esmm, strlen(esmm), "c.yaml", &config, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message,
               "task 'share': ESMM multiplies probabilities of labels 0 and 1; this task has 'labels: soft'");
    fixture_free(&f);
}

static void test_two_classes_match_a_binary_task(void)
{
    plx_metrics metrics[2];
    fixture f;
    REQUIRE(train(
        &f, text_of("single_task", "", "  - {name: click, kind: multiclass}\n  - {name: seen, column: click}\n"), 1));
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, NULL), PLX_OK);
    CHECK_CLOSE(METRIC(metrics[0], accuracy), METRIC(metrics[1], accuracy), 0.06);
    fixture_free(&f);
}

/* Adult: a category of seven kinds, hours of work, and an income that counts only for men. */
static void test_real_data(void)
{
    const char *base = getenv("PLEXUS_DATA");
    char folder[600], path[700];
    static const char text[] =
        "data:\n"
        "  train: [adult/adult.data.gz]\n"
        "  test: [adult/adult.test.gz]\n"
        "  header: false\n"
        "  comment: '|'\n"
        "  columns: [age, workclass, fnlwgt, education, education_num, marital_status, occupation, relationship, race, "
        "sex,\n"
        "            capital_gain, capital_loss, hours_per_week, native_country, income]\n"
        "features:\n"
        "  - {kind: sparse, names: [workclass, education, occupation, relationship, race, sex], embedding_dim: 8}\n"
        "  - {kind: dense, names: [age, education_num, capital_gain, capital_loss]}\n"
        "tasks:\n"
        "  - {name: income, positive: ['>50K', '>50K.'], where: sex, where_values: [Male], class_weights: [1, 2]}\n"
        "  - {name: marital, column: marital_status, kind: multiclass}\n"
        "  - {name: hours, column: hours_per_week, kind: regression, loss: absolute, weight: 0.02, weight_decay: 0.8}\n"
        "  - {name: years, column: hours_per_week, kind: regression, loss: poisson, weight: 0.02}\n"
        "model: {name: mmoe, num_experts: 4, expert_dnn_units: [16]}\n"
        "train: {epochs: 3, batch_size: 512, learning_rate: 0.005}\n";
    snprintf(folder, sizeof folder, "%s", base ? base : "../shared/data");
    snprintf(path, sizeof path, "%s/adult/adult.data.gz", folder);
    if (access(path, R_OK) != 0) SKIP("no Adult data");
    const char *folders[] = {folder};
    plx_error failure = {.message = ""};
    plx_metrics metrics[4];
    fixture f = {0};
    REQUIRE(plx_context_create(NULL, &f.context, &failure) == PLX_OK);
    plx_status status = plx_config_parse(f.context, text, strlen(text), "adult.yaml", &f.config, &failure);
    if (status == PLX_OK) status = plx_data_load(f.config, FOLDERS(folders, 1), &f.data, &failure);
    if (status == PLX_OK) status = plx_model_create(f.config, f.data, &f.model, &failure);
    if (status == PLX_OK) status = plx_model_train(f.model, f.data, NULL, NULL, &failure);
    if (status == PLX_OK) status = plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure);
    CHECK_STATUS(status, PLX_OK);
    if (status == PLX_OK) {
        CHECK(plx_model_inspect(f.model)->n_outputs == 10 && metrics[0].rows == 10860 && metrics[1].rows == 16281);
        CHECK(METRIC(metrics[0], auc) > 0.85 && METRIC(metrics[1], accuracy) > 0.75);
        CHECK(METRIC(metrics[2], mae) < 9 && METRIC(metrics[3], rmse) < 13);
    } else {
        check_report(__FILE__, __LINE__, failure.message);
    }
    fixture_free(&f);
}

static void test_models_that_need_binary_tasks_say_so(void)
{
    fixture f;
    plx_error failure = {.message = ""};
    const char *text = text_of("esmm", "", "  - {name: click}\n  - {name: grade, kind: multiclass}\n");
    CHECK_STATUS(fixture_make(&f, NULL, text, &failure), PLX_ERR_FORMAT);
    CHECK_TEXT(failure.message, "task 'grade': ESMM takes only binary tasks; this one is a multiclass task");
}

static void test_labels_and_weights_are_not_needed_to_score(void)
{
    fixture f;
    plx_dataset *dataset = NULL;
    plx_error failure = {.message = ""};
    const char *paths[] = {at("bare.csv")};
    write_text("bare.csv", "age,city\n20,Oslo\n");
    REQUIRE(train(&f, text_of("mmoe", ", row_weight: w", all_kinds), 1));
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), true, &dataset, &failure), PLX_ERR_SCHEMA);
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), false, &dataset, &failure), PLX_OK);
    plx_dataset_free(dataset);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_all_kinds),
                                       CHECK_TEST(test_where_is_a_missing_label),
                                       CHECK_TEST(test_class_weights_are_row_weights),
                                       CHECK_TEST(test_labels_of_weight_zero),
                                       CHECK_TEST(test_soft_labels),
                                       CHECK_TEST(test_two_classes_match_a_binary_task),
                                       CHECK_TEST(test_real_data),
                                       CHECK_TEST(test_models_that_need_binary_tasks_say_so),
                                       CHECK_TEST(test_labels_and_weights_are_not_needed_to_score)};
    home_make();
    write_kinds("kinds.csv");
    int code = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return code;
}
