/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs through plexus.h on small generated data. */
#include <jansson.h>
#include <pthread.h>

#include "api_support.h"
#include "failing_allocator.h"
#include "networks/network.h"
#include "store/model_file.h"

enum { N_ROWS = 600, N_SCORED = 50 };

static const plx_context_options one_thread = {.size = sizeof one_thread, .threads = 1};
static const char mmoe_lines[] = "  num_experts: 3\n  expert_dnn_units: [8]\n";

/** Scores of the first rows of rows.csv by the model; the caller frees them. */
static float *predict_file(const plx_model *model, plx_error *err)
{
    const char *const paths[] = {at("rows.csv")};
    plx_dataset *dataset = NULL;
    if (plx_dataset_read(model, FILES(paths, 1), false, &dataset, err) != PLX_OK) return NULL;
    size_t n = (size_t)plx_dataset_report(dataset)->rows * (size_t)plx_model_inspect(model)->n_tasks;
    float *scores = calloc(n, sizeof *scores);
    if (plx_model_predict(model, INTO(dataset, scores), NULL, err) != PLX_OK) {
        free(scores);
        scores = NULL;
    }
    plx_dataset_free(dataset);
    return scores;
}

static bool same_scores(const plx_model *a, const plx_model *b)
{
    float *of_a = predict_file(a, NULL), *of_b = predict_file(b, NULL);
    bool same = of_a && of_b && memcmp(of_a, of_b, N_ROWS * 2 * sizeof *of_a) == 0;
    free(of_a);
    free(of_b);
    return same;
}

/* -- Raw rows in memory ------------------------------------------------------------------------------------------ */

static const char *const some_cities[N_SCORED] = {"Oslo", "Rome", "Atlantis", "\303\205bo", ""};
static const char *const some_jobs[N_SCORED] = {"cook", "clerk, senior", "nurse", "astronaut", "smith"};

typedef struct raw_rows {
    const char *cities[N_SCORED], *jobs[N_SCORED];
    double ages[N_SCORED];
    plx_column columns[4];
} raw_rows;

static void make_raw_rows(raw_rows *rows)
{
    for (int i = 0; i < N_SCORED; i++) {
        rows->cities[i] = some_cities[i % 5];
        rows->jobs[i] = some_jobs[(i / 5) % 5];
        rows->ages[i] = 20 + i;
    }
    rows->columns[0] = (plx_column){.name = "age", .numbers = rows->ages};
    rows->columns[1] = (plx_column){.name = "not read", .texts = rows->jobs};
    rows->columns[2] = (plx_column){.name = "job", .texts = rows->jobs};
    rows->columns[3] = (plx_column){.name = "city", .texts = rows->cities};
}

static bool predict_columns(const plx_model *model, const raw_rows *rows, float *scores)
{
    plx_dataset *dataset = NULL;
    bool done = plx_dataset_read(model, COLUMNS(rows->columns, 4, N_SCORED), false, &dataset, NULL) == PLX_OK &&
                plx_model_predict(model, INTO(dataset, scores), NULL, NULL) == PLX_OK;
    plx_dataset_free(dataset);
    return done;
}

/* -- Every model: from rows to a file and back --------------------------------------------------------------------- */

typedef struct watched {
    int calls, epoch_ends, stop_at;
    double last_loss, validation_loss, auc;
} watched;

static bool watch(void *user, const plx_progress *progress)
{
    watched *w = user;
    w->calls++;
    CHECK(progress->n_tasks == 2 && progress->epoch >= 1 && progress->epoch <= progress->epochs);
    CHECK(progress->step >= 1 && progress->step <= progress->steps);
    CHECK(isfinite(progress->loss) && isfinite(progress->task_losses[1]));
    if (progress->step == progress->steps && isfinite(progress->validation_loss)) {
        w->epoch_ends++;
        w->validation_loss = progress->validation_loss;
        w->auc = progress->validation_scores[0];
        CHECK(isfinite(progress->validation_task_losses[0]));
    }
    w->last_loss = progress->loss;
    return w->stop_at == 0 || w->epoch_ends < w->stop_at;
}

static void check_log(const char *name, int epochs)
{
    size_t length;
    char *text = read_bytes(name, &length), *rest = text, *line;
    int n = 0;
    CHECK(length > 0 && text[length - 1] == '\n');
    while ((line = strsep(&rest, "\n")) && *line) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        CHECK(object && json_integer_value(json_object_get(object, "epoch")) == ++n);
        json_t *validation = json_object_get(object, "validation");
        json_t *click = json_object_get(json_object_get(validation, "tasks"), "click");
        CHECK(json_number_value(json_object_get(click, "auc")) > 0.5);
        CHECK(json_number_value(json_object_get(click, "positives")) > 0);
        CHECK(json_number_value(json_object_get(click, "positives")) <
              json_number_value(json_object_get(click, "rows")));
        CHECK(json_is_number(json_object_get(json_object_get(object, "tasks"), "buy")) ||
              json_is_object(json_object_get(json_object_get(object, "tasks"), "buy")));
        CHECK(json_is_boolean(json_object_get(object, "is_best")));
        json_decref(object);
    }
    CHECK(n == epochs);
    free(text);
}

static void check_scorers_agree(const plx_model *model, const plx_model *loaded)
{
    raw_rows rows;
    float direct[N_SCORED * 2], again[N_SCORED * 2], served[N_SCORED * 2];
    plx_predictor *predictor = NULL;
    make_raw_rows(&rows);
    REQUIRE(predict_columns(model, &rows, direct) && predict_columns(loaded, &rows, again));
    CHECK(memcmp(direct, again, sizeof direct) == 0);
    for (int i = 0; i < N_SCORED * 2; i++)
        CHECK(direct[i] > 0 && direct[i] < 1);
    REQUIRE(plx_predictor_create(loaded, &predictor, NULL) == PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, rows.columns, 4, N_SCORED, served, NULL), PLX_OK);
    CHECK(memcmp(direct, served, sizeof direct) == 0);
    for (int i = 0; i < N_SCORED; i++) {
        const plx_column row[] = {{.name = "age", .numbers = rows.ages + i},
                                  {.name = "job", .texts = rows.jobs + i},
                                  {.name = "city", .texts = rows.cities + i}};
        CHECK_STATUS(plx_predictor_score(predictor, row, 3, 1, served, NULL), PLX_OK);
        CHECK(memcmp(direct + 2 * i, served, 2 * sizeof *served) == 0);
    }
    plx_predictor_free(predictor);
}

static void run_model(const char *name)
{
    fixture f;
    watched w = {0};
    plx_train_report report = {.size = sizeof report};
    plx_metrics metrics[2];
    plx_model *loaded = NULL;
    plx_error failure = {.message = ""};
    const char *log = at("metrics.jsonl");
    char log_path[256];
    snprintf(log_path, sizeof log_path, "%s", log);
    if (!fixture_ready(&f, &one_thread, config_text(name, "", "  seed: 5\n"))) return;
    CHECK(plx_data_rows(f.data, PLX_PART_TRAIN) == 360 && plx_data_rows(f.data, PLX_PART_TEST) == 120);
    plx_train_hooks hooks = {.size = sizeof hooks, .progress = watch, .user = &w, .log_path = log_path};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    CHECK(report.epochs == 3 && report.best_epoch >= 1 && !report.cancelled && w.epoch_ends == 3);
    CHECK(report.rows_per_second > 0 && isfinite(w.validation_loss) && w.auc > 0.5);
    check_log("metrics.jsonl", 3);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_OK);
    CHECK(METRIC(metrics[0], auc) > 0.75 && metrics[0].rows == 120 && strcmp(metrics[1].task, "buy") == 0);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), &failure), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, &failure), PLX_OK);
    CHECK_TEXT("", failure.message);
    if (loaded) {
        CHECK(same_scores(f.model, loaded));
        check_scorers_agree(f.model, loaded);
        CHECK_STATUS(plx_model_save(loaded, at("n.plexus"), NULL), PLX_OK);
        CHECK(files_equal("m.plexus", "n.plexus"));
        CHECK(strcmp(plx_config_text(plx_model_config(loaded)), plx_config_text(f.config)) == 0);
        /* A loaded model may be trained and evaluated on data encoded in the same way. */
        CHECK_STATUS(plx_model_evaluate(loaded, PART(f.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_OK);
    }
    plx_model_free(loaded);
    fixture_free(&f);
}

static void test_every_model_from_rows_to_file_and_back(void)
{
    for (int i = 0; plx_model_list[i]; i++) {
        int before = check_failures;
        run_model(plx_model_list[i]->name);
        if (check_failures > before) printf("  model %s\n", plx_model_list[i]->name);
    }
}

/** Trains with the given number of threads and saves. */
static void train_to_file(int threads, const char *name)
{
    fixture f;
    const plx_context_options options = {.size = sizeof options, .threads = threads};
    const char *text = config_text("ple", "  dnn_use_bn: true\n  dnn_dropout: 0.2\n", "  batch_size: 256\n");
    char copy[2048];
    snprintf(copy, sizeof copy, "%s", text);
    char *twice = strstr(copy, "  batch_size: 64\n");
    if (twice) memmove(twice, twice + 17, strlen(twice + 17) + 1);
    if (!fixture_ready(&f, &options, copy)) return;
    CHECK(plx_context_inspect(f.context)->threads == threads);
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_save(f.model, at(name), NULL), PLX_OK);
    fixture_free(&f);
}

static void test_threads_change_no_bit(void)
{
    write_rows("rows.csv", 3000, 3);
    train_to_file(1, "one.plexus");
    train_to_file(2, "two.plexus");
    train_to_file(3, "three.plexus");
    CHECK(files_equal("one.plexus", "two.plexus"));
    CHECK(files_equal("one.plexus", "three.plexus"));
    write_rows("rows.csv", N_ROWS, 1);
}

/* -- Threads ----------------------------------------------------------------------------------------------------- */

static void *train_job(void *user)
{
    fixture *f = user;
    return plx_model_train(f->model, f->data, NULL, NULL, NULL) == PLX_OK ? f : NULL;
}

static void test_two_models_train_in_two_threads(void)
{
    fixture alone = {0}, first = {0}, second = {0};
    pthread_t threads[2];
    void *done[2] = {NULL, NULL};
    const plx_context_options options = {.size = sizeof options, .threads = 2};
    const char *text = config_text("mmoe", mmoe_lines, "");
    if (!fixture_ready(&alone, &options, text) || !fixture_ready(&first, &options, text) ||
        !fixture_ready(&second, &options, text)) {
        return;
    }
    CHECK(train_job(&alone));
    REQUIRE(pthread_create(&threads[0], NULL, train_job, &first) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, train_job, &second) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &done[i]);
    CHECK(done[0] && done[1]);
    CHECK(same_scores(alone.model, first.model) && same_scores(alone.model, second.model));
    fixture_free(&alone);
    fixture_free(&first);
    fixture_free(&second);
}

typedef struct served {
    const plx_predictor *predictor;
    const raw_rows *rows;
    const float *expected; /* [N_SCORED, 2] */
    int wrong;
} served;

static void *serve(void *user)
{
    served *s = user;
    float scores[N_SCORED * 2];
    for (int i = 0; i < 200; i++) {
        int64_t n = 1 + i % N_SCORED;
        memset(scores, 0, sizeof scores);
        plx_status status = plx_predictor_score(s->predictor, s->rows->columns, 4, n, scores, NULL);
        s->wrong += status != PLX_OK || memcmp(scores, s->expected, (size_t)n * 2 * sizeof *scores) != 0;
    }
    return NULL;
}

static void test_threads_share_a_predictor(void)
{
    fixture f;
    raw_rows rows;
    float expected[N_SCORED * 2];
    plx_predictor *predictor = NULL;
    pthread_t threads[4];
    served jobs[4];
    make_raw_rows(&rows);
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    REQUIRE(predict_columns(f.model, &rows, expected));
    REQUIRE(plx_predictor_create(f.model, &predictor, NULL) == PLX_OK);
    /* It is a copy: later changes of the model do not affect it. */
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    plx_model_free(f.model);
    f.model = NULL;
    for (int i = 0; i < 4; i++) {
        jobs[i] = (served){predictor, &rows, expected, 0};
        REQUIRE(pthread_create(&threads[i], NULL, serve, &jobs[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK(jobs[i].wrong == 0);
    }
    plx_predictor_free(predictor);
    fixture_free(&f);
}

static void test_predictor_takes_any_number_of_rows(void)
{
    enum { MANY = 1000 };
    fixture f;
    plx_predictor *predictor = NULL;
    static const char *cities[MANY], *jobs[MANY];
    static double ages[MANY];
    static float scores[MANY * 2], one[2];
    plx_error failure;
    for (int i = 0; i < MANY; i++) {
        cities[i] = some_cities[i % 5];
        jobs[i] = some_jobs[i % 3];
        ages[i] = i % 90;
    }
    const plx_column columns[] = {
        {.name = "city", .texts = cities}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}};
    if (!fixture_ready(&f, &one_thread, config_text("cgc", "", ""))) return;
    REQUIRE(plx_predictor_create(f.model, &predictor, NULL) == PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, columns, 3, MANY, scores, NULL), PLX_OK);
    for (int i = 0; i < MANY; i += 37) {
        const plx_column row[] = {{.name = "city", .texts = cities + i},
                                  {.name = "job", .texts = jobs + i},
                                  {.name = "age", .numbers = ages + i}};
        CHECK_STATUS(plx_predictor_score(predictor, row, 3, 1, one, NULL), PLX_OK);
        CHECK(memcmp(one, scores + 2 * i, sizeof one) == 0);
    }
    /* The columns' addresses differ between calls. */
    for (int i = 0; i < 40; i++) {
        const plx_column own[] = {{.name = "city", .texts = cities + i},
                                  {.name = "job", .texts = jobs + i},
                                  {.name = "age", .numbers = ages + i}};
        plx_column row[5] = {{.name = "x", .texts = jobs},
                             {.name = "y", .texts = jobs},
                             {.name = "x", .texts = jobs},
                             {.name = "y", .texts = jobs},
                             {.name = "x", .texts = jobs}};
        for (int k = 0; k < 3; k++)
            row[(i / 5 + k * (1 + i % 2)) % 5] = own[k];
        CHECK_STATUS(plx_predictor_score(predictor, row, 5, 1, one, NULL), PLX_OK);
        CHECK(memcmp(one, scores + 2 * i, sizeof one) == 0);
    }
    CHECK_STATUS(plx_predictor_score(predictor, columns, 3, 0, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_predictor_score(predictor, columns, 2, 5, scores, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "'age'");
    CHECK_STATUS(plx_predictor_score(predictor, columns, 3, -1, scores, &failure), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_predictor_score(predictor, columns, 3, 3, NULL, &failure), PLX_ERR_ARGUMENT);
    plx_predictor_free(predictor);
    fixture_free(&f);
}

/* -- Training ---------------------------------------------------------------------------------------------------- */

static void test_stopping_from_the_progress_hook(void)
{
    fixture f;
    watched w = {.stop_at = 2};
    plx_train_report report = {.size = sizeof report};
    plx_train_hooks hooks = {.size = sizeof hooks, .progress = watch, .user = &w};
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, NULL), PLX_OK);
    CHECK(report.cancelled && report.epochs == 2 && report.best_epoch >= 1);
    fixture_free(&f);
}

static char warning[512];

static void keep_line(void *user, const char *line)
{
    (void)user;
    if (strstr(line, "updates all of them")) snprintf(warning, sizeof warning, "%s", line);
}

/** A warning recommends train.table_optimizer for a table of 100,000 rows or more that each step updates as a whole. */
static void test_a_large_table_is_reported(void)
{
    static const char *const optimizers[] = {"", "  table_optimizer: lazy_adam\n", "  optimizer: sgd\n"};
    static const char *const expected[] = {"'train.table_optimizer: lazy_adam'", "",
                                           "'train.table_optimizer: lazy_sgd'"};
    const plx_context_options options = {.size = sizeof options, .threads = 1, .warn = keep_line};
    for (int buckets = 99999; buckets <= 100000; buckets++) {
        for (int i = 0; i < 3; i++) {
            fixture f;
            char text[1024];
            snprintf(
                text, sizeof text,
                "data: {train: [rows.csv]}\n"
                "features: [{kind: sparse, name: city, hash_buckets: %d, embedding_dim: 1, initializer: uniform}]\n"
                "tasks: [{name: click}, {name: buy, positive: ['yes'], negative: ['no']}]\n"
                "model: {name: shared_bottom, bottom_dnn_units: [4]}\n"
                "train:\n  epochs: 1\n%s",
                buckets - 1, optimizers[i]);
            if (!fixture_ready(&f, &options, text)) return;
            warning[0] = '\0';
            CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
            CHECK((warning[0] != '\0') == (buckets == 100000 && i != 1));
            if (warning[0]) CHECK_TEXT(warning, expected[i]);
            if (warning[0]) CHECK_TEXT(warning, "table 'embedding/city/table' has 100000 rows");
            fixture_free(&f);
        }
    }
}

static void test_same_seed_same_start(void)
{
    fixture a, b, c;
    if (!fixture_ready(&a, &one_thread, config_text("mmoe", mmoe_lines, "  seed: 7\n"))) return;
    if (!fixture_ready(&b, &one_thread, config_text("mmoe", mmoe_lines, "  seed: 7\n"))) return;
    if (!fixture_ready(&c, &one_thread, config_text("mmoe", mmoe_lines, "  seed: 8\n"))) return;
    CHECK(same_scores(a.model, b.model));
    CHECK(!same_scores(a.model, c.model));
    fixture_free(&a);
    fixture_free(&b);
    fixture_free(&c);
}

static void test_regression_with_binary(void)
{
    fixture f;
    plx_metrics metrics[2];
    char text[2048];
    snprintf(text, sizeof text, "%s", config_text("mmoe", mmoe_lines, ""));
    char *task = strstr(text, "name: buy, positive: ['yes'], negative: ['no']");
    REQUIRE(task);
    memcpy(task, "name: spend, kind: regression                 ", 46);
    if (!fixture_ready(&f, &one_thread, text)) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(f.data, PLX_PART_VALIDATION), metrics, NULL, NULL), PLX_OK);
    CHECK(metrics[0].labels == PLX_LABELS_ARE_TRUTHS && metrics[1].labels == PLX_LABELS_ARE_NUMBERS);
    CHECK(isnan(METRIC(metrics[1], auc)) && isnan(METRIC(metrics[1], logloss)) && isfinite(METRIC(metrics[1], mse)));
    CHECK_CLOSE(METRIC(metrics[1], rmse) * METRIC(metrics[1], rmse), METRIC(metrics[1], mse),
                1e-6 * METRIC(metrics[1], mse));
    CHECK(isfinite(METRIC(metrics[0], auc)));
    fixture_free(&f);
}

static void test_log_is_replaced_when_an_epoch_ends(void)
{
    fixture f;
    char path[256];
    plx_error failure;
    snprintf(path, sizeof path, "%s", at("old.jsonl"));
    plx_train_hooks hooks = {.size = sizeof hooks, .log_path = path};
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    write_text("old.jsonl", "of an earlier run\n");
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, NULL), PLX_OK);
    check_log("old.jsonl", 3);
    hooks.log_path = "/nowhere/at/all.jsonl";
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, &failure), PLX_ERR_IO);
    CHECK_TEXT(failure.message, "/nowhere/at/all.jsonl");
    fixture_free(&f);
}

/* -- Configurations ---------------------------------------------------------------------------------------------- */

static void test_assignments(void)
{
    plx_context *context = NULL;
    plx_config *config = NULL;
    plx_error failure;
    const char *text = config_text("mmoe", mmoe_lines, "");
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    REQUIRE(plx_config_parse(context, text, strlen(text), "t.yaml", &config, NULL) == PLX_OK);
    CHECK_STATUS(plx_config_set(config, "train.epochs=9", NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(config, "tasks.buy.weight=0.25", NULL), PLX_OK);
    CHECK_TEXT(plx_config_text(config), "epochs: 9\n");
    CHECK_TEXT(plx_config_text(config), "weight: 0.25");
    CHECK_STATUS(plx_config_set(config, "train.epochs=none", &failure), PLX_ERR_ARGUMENT);
    CHECK_TEXT(failure.message, "'train.epochs=none'");
    CHECK(failure.code == PLX_ERR_ARGUMENT);
    CHECK_TEXT(plx_config_text(config), "epochs: 9\n");
    CHECK_STATUS(plx_config_set(config, "train.epochs=4", NULL), PLX_OK);
    CHECK_TEXT(plx_config_text(config), "epochs: 4\n");
    CHECK(plx_config_task(config, 0) && strcmp(plx_config_task(config, 1)->name, "buy") == 0);
    CHECK(!plx_config_task(config, 2) && !plx_config_task(config, -1));
    plx_config_free(config);
    plx_context_free(context);
}

static void test_data_of_another_configuration_is_refused(void)
{
    fixture f;
    plx_model *model = NULL;
    plx_error failure;
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    /* Settings that do not affect the encoding may change after loading. */
    CHECK_STATUS(plx_config_set(f.config, "features.job.embedding_dim=5", NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(f.config, "model.name=cgc", &failure), PLX_ERR_ARGUMENT); /* has num_experts */
    CHECK_STATUS(plx_model_create(f.config, f.data, &model, &failure), PLX_OK);
    plx_model_free(model);
    model = NULL;
    CHECK_STATUS(plx_config_set(f.config, "features.age.scaling=none", NULL), PLX_OK);
    CHECK_STATUS(plx_model_create(f.config, f.data, &model, &failure), PLX_ERR_SCHEMA);
    CHECK(!model);
    fixture_free(&f);
}

static void test_rows_of_other_encoders_are_refused(void)
{
    fixture f, other;
    plx_error failure;
    plx_dataset *dataset = NULL;
    plx_metrics metrics[2];
    float scores[2 * 40];
    const char *const paths[] = {at("few.csv")};
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    write_rows("few.csv", 40, 9);
    write_rows("rows.csv", 40, 2);
    bool ready = fixture_ready(&other, &one_thread, config_text("mmoe", mmoe_lines, ""));
    write_rows("rows.csv", N_ROWS, 1);
    if (!ready) return;
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), true, &dataset, &failure), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), metrics, NULL, NULL), PLX_OK);
    CHECK(metrics[0].rows == 40);
    CHECK_STATUS(plx_model_predict(other.model, INTO(dataset, scores), NULL, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "other vocabularies or scalings");
    CHECK_STATUS(plx_model_train(f.model, other.data, NULL, NULL, &failure), PLX_ERR_SCHEMA);
    CHECK_STATUS(plx_model_evaluate(f.model, PART(other.data, PLX_PART_TEST), metrics, NULL, &failure), PLX_ERR_SCHEMA);
    plx_dataset_free(dataset);
    dataset = NULL;
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), false, &dataset, NULL), PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), metrics, NULL, &failure), PLX_ERR_SCHEMA);
    CHECK_TEXT(failure.message, "no labels");
    plx_dataset_free(dataset);
    fixture_free(&f);
    fixture_free(&other);
}

/* -- What a model reports about itself --------------------------------------------------------------------------- */

static void test_description(void)
{
    fixture f;
    char *text = NULL, *dot = NULL, *plan = NULL, number[40];
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_LAYERS, &text, NULL), PLX_OK);
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_DOT, &dot, NULL), PLX_OK);
    REQUIRE(text && dot);
    snprintf(number, sizeof number, "\n%lld parameters", (long long)plx_model_inspect(f.model)->n_parameters);
    CHECK_TEXT(text, number);
    CHECK_TEXT(text, "MMoE: ");
    CHECK_TEXT(text, "features: 2 sparse with 12 categories, 1 dense");
    CHECK_TEXT(text, "tasks: click (binary), buy (binary)");
    CHECK(strncmp(dot, "digraph plexus {\n", 17) == 0);
    CHECK_TEXT(dot, "subgraph cluster_");
    CHECK_TEXT(dot, " -> ");
    CHECK_TEXT(dot, "linear\\n[");
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_PLAN, &plan, NULL), PLX_OK);
    REQUIRE(plan);
    CHECK_TEXT(plan, "training in batches of ");
    CHECK_TEXT(plan, "scoring in batches of ");
    CHECK_TEXT(plan, "tables of 12 rows in all multiplied once a batch");
    plx_text_free(f.context, plan);
    CHECK_STATUS(plx_model_describe(f.model, (plx_description)7, &plan, NULL), PLX_ERR_ARGUMENT);
    int depth = 0;
    for (const char *c = dot; *c; c++)
        depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
    CHECK(depth == 0);
    plx_text_free(f.context, text);
    plx_text_free(f.context, dot);
    fixture_free(&f);
}

static void test_parameters(void)
{
    fixture f;
    const char *name;
    int64_t shape[3], numbers = 0;
    int n = 0, tables = 0;
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    while (read_parameter(f.model, n, &name, shape, NULL) == PLX_OK) {
        numbers += shape[0] * shape[1] * shape[2];
        /* Cities: six rows and the unknown row; jobs: four and the unknown row. */
        tables += strncmp(name, "embedding/", 10) == 0 && shape[2] == 3 && (shape[1] == 7 || shape[1] == 5);
        CHECK(name && name[0] != '\0');
        n++;
    }
    CHECK(numbers == plx_model_inspect(f.model)->n_parameters && tables == 2);
    CHECK_STATUS(read_parameter(f.model, -1, &name, shape, NULL), PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

/* A parameter's values in place equal its copy, number by number, also after it was set. */
static void check_place(plx_model *model, int index)
{
    float copy[4096];
    const float *place = NULL;
    const plx_parameter *one = plx_model_parameter(model, index);
    const int64_t *strides = one->strides, rows = one->shape[1], cols = one->shape[2], n = one->shape[0] * rows * cols;
    if (n > 4096) return;
    CHECK_STATUS(plx_model_parameter_values(model, index, &place, NULL), PLX_OK);
    for (int64_t i = 0; i < n; i++)
        copy[i] = (float)i;
    CHECK_STATUS(plx_model_set_parameter(model, index, copy, n, NULL), PLX_OK);
    for (int64_t i = 0; i < n; i++)
        CHECK(place[i / cols / rows * strides[0] + i / cols % rows * strides[1] + i % cols] == copy[i]);
}

static void test_places_of_parameters(void)
{
    fixture f;
    int n = 0;
    const float *place = NULL;
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    for (; plx_model_parameter(f.model, n); n++)
        check_place(f.model, n);
    CHECK(n > 4);
    CHECK_STATUS(plx_model_parameter_values(f.model, n, &place, NULL), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_model_parameter_values(f.model, 0, NULL, NULL), PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

/* A model that failed to load is not written, and an old file stays. */
static void test_weights_that_are_not_finite(void)
{
    static float weights[1 << 16];
    fixture f;
    int64_t shape[3];
    plx_model *loaded = NULL;
    plx_error failure = {.message = ""};
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    CHECK_STATUS(plx_model_save(f.model, at("finite.plexus"), NULL), PLX_OK);
    CHECK_STATUS(read_parameter(f.model, 0, NULL, shape, NULL), PLX_OK);
    const int64_t n = shape[0] * shape[1] * shape[2];
    REQUIRE(n <= (int64_t)(sizeof weights / sizeof *weights));
    CHECK_STATUS(read_parameter(f.model, 0, NULL, shape, weights), PLX_OK);
    weights[n - 1] = NAN;
    CHECK_STATUS(plx_model_set_parameter(f.model, 0, weights, n, NULL), PLX_OK);
    CHECK_STATUS(plx_model_save(f.model, at("finite.plexus"), &failure), PLX_ERR_NUMERIC);
    CHECK_TEXT(failure.message, "holds a number that is not finite");
    CHECK_STATUS(plx_model_load(f.context, at("finite.plexus"), &loaded, NULL), PLX_OK);
    CHECK(plx_model_inspect(loaded)->value_rule == 1);
    plx_model_free(loaded);
    fixture_free(&f);
}

static void test_values_of_keys(void)
{
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"train.epochs", "3"},
        {"train.shuffle", "true"},
        {"train.optimizer", "\"adam\""},
        {"train.learning_rate", "0.02"},
        {"data.train", "[\"rows.csv\"]"},
        {"data.memory", "2048"},
        {"data.format", "\"auto\""},
        {"model.name", "\"mmoe\""},
        {"model.num_experts", "3"},
        {"model.tower_dnn_units_lists", "[[6], [4]]"},
        {"model.dnn_activation", "[\"relu\"]"},
        {"features.city.embedding_dim", "\"auto\""},
        {"features.city.initializer_scale", "\"nan\""},
        {"tasks.buy.positive", "[\"yes\"]"},
        {"tasks.click.kind", "\"binary\""},
    };
    static const char *const wrong[] = {"train.epoch",      "train",      "tasks.sell.kind",
                                        "model.click.name", "tasks.kind", ""};
    plx_context *context = NULL;
    plx_config *config = NULL;
    plx_error failure;
    char *text = NULL;
    const char *yaml = config_text("mmoe", mmoe_lines, "");
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    REQUIRE(plx_config_parse(context, yaml, strlen(yaml), "test.yaml", &config, NULL) == PLX_OK);
    CHECK_STATUS(plx_config_set(config, "data.memory=2KiB", NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(config, "features.city.embedding_dim=auto", NULL), PLX_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(plx_config_get(config, cases[i].key, &text, NULL), PLX_OK);
        if (text) CHECK_TEXT(text, cases[i].value);
        plx_text_free(context, text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_STATUS(plx_config_get(config, wrong[i], &text, &failure), PLX_ERR_ARGUMENT);
        CHECK(!text);
    }
    CHECK_STATUS(plx_config_get(config, "train.epoch", &text, &failure), PLX_ERR_ARGUMENT);
    CHECK_TEXT(failure.message, "no 'train.epoch'");
    plx_config_free(config);
    plx_context_free(context);
}

/* The first half of the rows, with the encoders of all rows: a city that is missing in the half keeps its id. */
static void test_data_for_a_model(void)
{
    fixture f;
    plx_data *data = NULL, *fitted = NULL;
    plx_error failure;
    const char *folders[] = {home};
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    write_text("half.csv", "city,job,age,click,buy\nOslo,nurse,30,1,yes\nOslo,baker,40,0,no\nOslo,nurse,50,1,no\n");
    CHECK_STATUS(plx_config_set(f.config, "data.train=[half.csv]", NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(f.config, "data.validation_part=1", NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(f.config, "data.test_part=0", NULL), PLX_OK);
    CHECK_STATUS(plx_data_load(f.config, FOLDERS_FOR(f.model, folders, 1), &data, &failure), PLX_OK);
    CHECK_STATUS(plx_data_load(f.config, FOLDERS(folders, 1), &fitted, NULL), PLX_OK);
    REQUIRE(data && fitted);
    CHECK(plx_data_rows(data, PLX_PART_TRAIN) == 2 && plx_data_rows(data, PLX_PART_VALIDATION) == 1);
    CHECK_STATUS(plx_model_train(f.model, data, NULL, NULL, &failure), PLX_OK);
    CHECK_STATUS(plx_model_train(f.model, fitted, NULL, NULL, &failure), PLX_ERR_SCHEMA);
    plx_data_free(data);
    plx_data_free(fitted);
    fixture_free(&f);
}

static void test_contexts(void)
{
    plx_context *context = NULL;
    plx_error failure;
    const plx_context_options wrong[] = {{.size = sizeof *wrong, .threads = -1},
                                         {.size = sizeof *wrong, .cpu_level = "avx1024"}};
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(plx_context_create(&wrong[i], &context, &failure), PLX_ERR_ARGUMENT);
    CHECK_TEXT(failure.message, "avx1024");
    CHECK(!context);
    const plx_context_options plain = {.size = sizeof plain, .cpu_level = "plain", .threads = 3};
    REQUIRE(plx_context_create(&plain, &context, NULL) == PLX_OK);
    CHECK(strcmp(plx_context_inspect(context)->cpu_level, "plain") == 0 && plx_context_inspect(context)->threads == 3);
    CHECK(strcmp(plx_version(), PLX_VERSION) == 0);
    plx_context_free(context);
    plx_context_free(NULL);
    plx_config_free(NULL);
    plx_data_free(NULL);
    plx_model_free(NULL);
    plx_dataset_free(NULL);
    plx_predictor_free(NULL);
}

/* -- Files that are well-formed but wrong ------------------------------------------------------------------------ */

enum { MOST_TENSORS = 64 };

/** Writes wrong.plexus: the tensors and texts of m.plexus after a change; loading it must fail with `message`. */
static void check_wrong_file(const plx_context *context, plx_tensor *tensors, int n_tensors, const plx_meta *meta,
                             int n_meta, const char *message)
{
    plx_model *model = NULL;
    plx_error failure = {.message = ""};
    CHECK_STATUS(
        plx_model_file_write(at("wrong.plexus"), &plx_allocator_default, tensors, n_tensors, meta, n_meta, NULL),
        PLX_OK);
    CHECK_STATUS(plx_model_load((plx_context *)context, at("wrong.plexus"), &model, &failure), PLX_ERR_FORMAT);
    CHECK(failure.code == PLX_ERR_FORMAT && !model);
    CHECK_TEXT(failure.message, message);
    CHECK_TEXT(failure.message, at("wrong.plexus"));
    plx_model_free(model);
}

static void test_wrong_model_files_are_refused(void)
{
    fixture f;
    plx_model_file file;
    if (!fixture_ready(&f, &one_thread, config_text("mmoe", mmoe_lines, ""))) return;
    REQUIRE(plx_model_save(f.model, at("m.plexus"), NULL) == PLX_OK);
    REQUIRE(plx_model_file_read(&file, at("m.plexus"), &plx_allocator_default, NULL) == PLX_OK);
    plx_tensor tensors[MOST_TENSORS + 1];
    int n = file.n_tensors;
    REQUIRE(n < MOST_TENSORS);
    memcpy(tensors, file.tensors, (size_t)n * sizeof *tensors);
    const plx_meta meta[] = {{"config", plx_model_file_meta(&file, "config")}};
    for (int i = 0; i < n; i++) {
        plx_tensor kept = tensors[i];
        char message[200];
        snprintf(message, sizeof message, "'%s'", kept.name);
        tensors[i] = tensors[n - 1]; /* missing */
        check_wrong_file(f.context, tensors, n - 1, meta, 1, i < n - 1 ? message : "'");
        tensors[i] = kept;
        float not_a_number[256] = {1, NAN};
        int64_t numbers = 1;
        for (int d = 0; d < kept.n_dims; d++)
            numbers *= kept.dims[d];
        if (kept.dtype == PLX_DTYPE_F32 && numbers > 1 && numbers <= 256) {
            tensors[i].data = not_a_number;
            check_wrong_file(f.context, tensors, n, meta, 1, message);
            tensors[i] = kept;
        }
        tensors[i].n_dims = 2; /* of another shape */
        tensors[i].dims[0] = kept.n_dims == 2 ? kept.dims[1] : kept.dims[0];
        tensors[i].dims[1] = kept.n_dims == 2 ? kept.dims[0] : 1;
        if (kept.n_dims < 3 && (kept.n_dims == 1 || kept.dims[0] != kept.dims[1])) {
            check_wrong_file(f.context, tensors, n, meta, 1, message);
        }
        tensors[i] = kept;
    }
    tensors[n] = tensors[0];
    tensors[n].name = "stranger";
    check_wrong_file(f.context, tensors, n + 1, meta, 1, "tensors");
    check_wrong_file(f.context, tensors, n, NULL, 0, "config");
    const plx_meta no_yaml[] = {{"config", "["}}, wrong[] = {{"config", "data: {train: [a]}\n"}};
    check_wrong_file(f.context, tensors, n, no_yaml, 1, "wrong.plexus: config:2:1: ");
    check_wrong_file(f.context, tensors, n, wrong, 1, "section 'model' is missing");
    plx_model_file_release(&file);
    fixture_free(&f);
}

/* -- Memory ------------------------------------------------------------------------------------------------------ */

static float before_failures[N_SCORED * 2];

static plx_status whole_life(const plx_allocator *allocator, const char *text, plx_error *err)
{
    fixture f;
    raw_rows rows;
    float scores[N_SCORED * 2];
    plx_dataset *dataset = NULL;
    plx_predictor *predictor = NULL;
    plx_model *loaded = NULL;
    char *description = NULL, *value = NULL;
    plx_metrics metrics[2];
    const plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = allocator};
    make_raw_rows(&rows);
    plx_status status = fixture_make(&f, &options, text, err);
    if (status == PLX_OK) status = plx_model_train(f.model, f.data, NULL, NULL, err);
    if (status == PLX_OK) status = plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, err);
    if (status == PLX_OK) status = plx_model_save(f.model, at("t.plexus"), err);
    if (status == PLX_OK) status = plx_model_load(f.context, at("t.plexus"), &loaded, err);
    if (status == PLX_OK) {
        status = plx_dataset_read(loaded, COLUMNS(rows.columns, 4, N_SCORED), false, &dataset, err);
    }
    if (status == PLX_OK) status = plx_model_predict(loaded, INTO(dataset, scores), NULL, err);
    if (status == PLX_OK) status = plx_predictor_create(loaded, &predictor, err);
    if (status == PLX_OK) {
        status = plx_predictor_score(predictor, rows.columns, 4, N_SCORED, scores, err);
        /* Nothing is damaged: the same call succeeds afterwards. */
        if (status != PLX_OK && plx_predictor_score(predictor, rows.columns, 4, N_SCORED, scores, NULL) != PLX_OK) {
            check_report(__FILE__, __LINE__, "a predictor is broken after a failure");
        }
    }
    if (status == PLX_OK) status = plx_config_get(f.config, "data.train", &value, err);
    if (status == PLX_OK) status = plx_model_describe(loaded, PLX_DESCRIPTION_PLAN, &description, err);
    if (status == PLX_OK) memcpy(before_failures, scores, sizeof scores);
    plx_text_free(f.context, description);
    plx_text_free(f.context, value);
    plx_predictor_free(predictor);
    plx_dataset_free(dataset);
    plx_model_free(loaded);
    fixture_free(&f);
    return status;
}

static void test_every_allocation_may_fail(void)
{
    char text[2048];
    snprintf(text, sizeof text, "%s", config_text("mmoe", "  num_experts: 2\n  expert_dnn_units: [4]\n", ""));
    char *epochs = strstr(text, "epochs: 3");
    REQUIRE(epochs);
    epochs[8] = '1';
    write_rows("rows.csv", 60, 1);
    bool ended = false;
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n++) {
        failing_allocator failing;
        plx_error failure = {.message = ""};
        failing_allocator_init(&failing, n);
        plx_status status = whole_life(&failing.allocator, text, &failure);
        if (failing.live != 0) printf("  allocation %ld: %ld blocks live\n", n, (long)failing.live);
        CHECK(failing.live == 0);
        ended = !failing.failed;
        if (status != (ended ? PLX_OK : PLX_ERR_MEMORY)) printf("  allocation %ld: %s\n", n, failure.message);
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
    }
    CHECK(ended);
    write_rows("rows.csv", N_ROWS, 1);
}

static void test_defaults_of_keys(void)
{
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"train.optimizer", "\"adam\""},   {"train.learning_rate", "0.001"},   {"data.validation_part", "0"},
        {"data.delimiter", "\",\""},       {"features.sparse.min_count", "1"}, {"features.dense.size", "1"},
        {"tasks.binary.weight", "1"},      {"model.mmoe.num_experts", "8"},    {"features.dense.missing", "\"error\""},
        {"tasks.multiclass.classes", "[]"}};
    static const char *const wrong[] = {
        "epochs",          "train.epoch",   "train.x.epochs", "model.num_experts",        "model.x.towers",
        "features.x.size", "features.size", "tasks.binary.x", "features.dense.min_count", "features.sparse.name"};
    plx_context *context = NULL;
    CHECK_STATUS(plx_context_create(NULL, &context, NULL), PLX_OK);
    REQUIRE(context);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        CHECK_STATUS(plx_config_default(context, cases[i].key, &text, NULL), PLX_OK);
        if (!text || strcmp(text, cases[i].value) != 0) printf("  %s: %s\n", cases[i].key, text);
        CHECK(text && strcmp(text, cases[i].value) == 0);
        plx_text_free(context, text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *text = NULL;
        plx_error err = {.message = ""};
        CHECK_STATUS(plx_config_default(context, wrong[i], &text, &err), PLX_ERR_ARGUMENT);
        CHECK(!text && strstr(err.message, wrong[i]));
    }
    plx_context_free(context);
}

static void test_input_columns(void)
{
    static const char text[] =
        "features:\n"
        "  - {kind: list, name: seen, column: history, weight_column: stars, separator: ';', max_length: 20}\n"
        "  - {kind: dense, name: price, missing: 0}\n"
        "  - {kind: dense, name: vector, size: 3, separator: tab}\n"
        "  - {kind: buckets, name: age, quantiles: 4}\n"
        "  - {kind: sparse, name: town, column: city}\n"
        "tasks:\n"
        "  - {name: click, where: shown, where_values: ['1'], weight_column: w}\n"
        "data: {train: [rows.csv], group: user, row_weight: all}\n"
        "model: {name: single_task}\n";
    static const plx_input_column wanted[] = {
        {"city", "town", PLX_READS_CATEGORY, 1, NULL, true}, {"age", "age", PLX_READS_NUMBER, 1, NULL, true},
        {"history", "seen", PLX_READS_LIST, 20, ";", true},  {"stars", "seen", PLX_READS_LIST_WEIGHTS, 20, ";", true},
        {"price", "price", PLX_READS_NUMBER, 1, NULL, true}, {"vector", "vector", PLX_READS_NUMBER, 3, "\t", false},
        {"click", "click", PLX_READS_LABEL, 1, NULL, true},  {"shown", "click", PLX_READS_LABEL, 1, NULL, true},
        {"w", "click", PLX_READS_LABEL, 1, NULL, false},     {"all", NULL, PLX_READS_LABEL, 1, NULL, false},
        {"user", NULL, PLX_READS_LABEL, 1, NULL, true}};
    enum { N = sizeof wanted / sizeof *wanted };
    plx_context *context = NULL;
    plx_config *config = NULL;
    CHECK_STATUS(plx_context_create(NULL, &context, NULL), PLX_OK);
    CHECK_STATUS(plx_config_parse(context, text, strlen(text), "c.yaml", &config, NULL), PLX_OK);
    REQUIRE(config);
    for (int i = 0; i < N; i++) {
        const plx_input_column *got = plx_config_column(config, i), *want = &wanted[i];
        REQUIRE(got);
        CHECK(strcmp(got->column, want->column) == 0 && got->reading == want->reading && got->size == want->size);
        CHECK(got->separator ? want->separator && strcmp(got->separator, want->separator) == 0 : !want->separator);
        CHECK(want->reader ? strcmp(got->reader, want->reader) == 0 : got->reader == NULL);
        CHECK(got->may_be_missing == want->may_be_missing);
    }
    CHECK(!plx_config_column(config, N) && !plx_config_column(config, -1));
    plx_config_free(config);
    plx_context_free(context);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_every_model_from_rows_to_file_and_back),
        CHECK_TEST(test_threads_change_no_bit),
        CHECK_TEST(test_two_models_train_in_two_threads),
        CHECK_TEST(test_threads_share_a_predictor),
        CHECK_TEST(test_predictor_takes_any_number_of_rows),
        CHECK_TEST(test_stopping_from_the_progress_hook),
        CHECK_TEST(test_a_large_table_is_reported),
        CHECK_TEST(test_same_seed_same_start),
        CHECK_TEST(test_regression_with_binary),
        CHECK_TEST(test_log_is_replaced_when_an_epoch_ends),
        CHECK_TEST(test_assignments),
        CHECK_TEST(test_data_of_another_configuration_is_refused),
        CHECK_TEST(test_rows_of_other_encoders_are_refused),
        CHECK_TEST(test_description),
        CHECK_TEST(test_parameters),
        CHECK_TEST(test_places_of_parameters),
        CHECK_TEST(test_weights_that_are_not_finite),
        CHECK_TEST(test_values_of_keys),
        CHECK_TEST(test_input_columns),
        CHECK_TEST(test_defaults_of_keys),
        CHECK_TEST(test_data_for_a_model),
        CHECK_TEST(test_contexts),
        CHECK_TEST(test_wrong_model_files_are_refused),
        CHECK_TEST(test_every_allocation_may_fail),
    };
    home_make();
    write_rows("rows.csv", N_ROWS, 1);
    int failed = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return failed;
}
