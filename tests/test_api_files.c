/* SPDX-License-Identifier: Apache-2.0 */
/* Files of any size through plexus.h: predict, evaluate, train from a cache; failing allocations in all of it. */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_support.h"
#include "failing_allocator.h"

enum { N_ROWS = 600 };

static const plx_context_options one_thread = {.size = sizeof one_thread, .threads = 1};

typedef struct taken {
    float scores[2 * N_ROWS * 3];
    int64_t n, most;
} taken;

static bool take(void *user, const plx_scored_rows *rows)
{
    taken *t = user;
    CHECK(!rows->kept);
    if (t->n + rows->rows > N_ROWS * 3) return false;
    memcpy(t->scores + 2 * t->n, rows->scores, (size_t)rows->rows * 2 * sizeof *rows->scores);
    t->n += rows->rows;
    return t->n < t->most;
}

typedef struct taken_rows {
    int64_t n, limit, skipped;
    size_t bytes;
    char first[64], last[64]; /* kept cells of these rows, each followed by a blank */
} taken_rows;

static bool take_rows(void *user, const plx_scored_rows *rows)
{
    taken_rows *t = user;
    size_t begin = 0;
    for (int64_t row = 0; row < rows->rows; row++) {
        char *to = t->n++ ? t->last : t->first;
        for (int i = 0; i < 2; i++) {
            const size_t end = rows->kept_ends[2 * row + i];
            to += snprintf(to, 30, "%.*s ", (int)(end - begin), rows->kept + begin);
            begin = end;
        }
        t->skipped += isnan(rows->scores[2 * row]);
    }
    t->bytes += begin;
    return t->n < t->limit;
}

static bool make_model(fixture *f)
{
    write_rows("rows.csv", N_ROWS, 1);
    if (!fixture_ready(f, &one_thread, config_text("mmoe", "  num_experts: 2\n  expert_dnn_units: [4]\n", "")))
        return false;
    return plx_model_train(f->model, f->data, NULL, NULL, NULL) == PLX_OK;
}

static void test_predict_files(void)
{
    static taken t;
    fixture f;
    plx_error err;
    plx_read_report report = {.size = sizeof report};
    plx_dataset *dataset = NULL;
    float *scores = calloc(2 * N_ROWS, sizeof *scores);
    REQUIRE(scores && make_model(&f));
    const char *const paths[] = {at("rows.csv"), at("rows.csv")};
    t = (taken){.most = INT64_MAX};
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(paths, 2), take, &t), &report, &err), PLX_OK);
    CHECK(t.n == 2 * N_ROWS && report.rows == 2 * N_ROWS && report.wrong_rows == 0);
    REQUIRE(plx_dataset_read(f.model, FILES(paths, 1), false, &dataset, &err) == PLX_OK);
    CHECK_STATUS(plx_model_predict(f.model, INTO(dataset, scores), NULL, &err), PLX_OK);
    for (int file = 0; file < 2; file++)
        CHECK(memcmp(scores, t.scores + 2 * N_ROWS * file, 2 * N_ROWS * sizeof *scores) == 0);
    t = (taken){.most = 1};
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(paths, 2), take, &t), NULL, &err), PLX_ERR_ARGUMENT);
    const char *const none[] = {"no/such/file.csv"};
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(none, 1), take, &t), NULL, &err), PLX_ERR_IO);
    CHECK_STATUS(plx_model_predict(f.model, BY(FILES(paths, 0), take, &t), NULL, &err), PLX_ERR_ARGUMENT);
    plx_dataset_free(dataset);
    fixture_free(&f);
    free(scores);
}

static void test_evaluate_files(void)
{
    fixture f;
    plx_error err;
    plx_read_report report = {.size = sizeof report};
    plx_dataset *dataset = NULL;
    plx_metrics a[2], b[2];
    REQUIRE(make_model(&f));
    write_rows("more.csv", 400, 2);
    const char *const paths[] = {at("rows.csv"), at("more.csv")};
    CHECK_STATUS(plx_model_evaluate(f.model, SOURCE(FILES(paths, 2)), a, &report, &err), PLX_OK);
    CHECK(report.rows == N_ROWS + 400);
    REQUIRE(plx_dataset_read(f.model, FILES(paths, 2), true, &dataset, &err) == PLX_OK);
    CHECK_STATUS(plx_model_evaluate(f.model, DATASET(dataset), b, NULL, &err), PLX_OK);
    for (int task = 0; task < 2; task++)
        CHECK(a[task].rows == b[task].rows && METRIC(a[task], auc) == METRIC(b[task], auc) &&
              METRIC(a[task], logloss) == METRIC(b[task], logloss));
    plx_dataset_free(dataset);
    fixture_free(&f);
}

static void remove_cache(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/cache", home);
    if (system(command) != 0) abort();
}

/* Trains in windows of a cache, new or existing, then predicts the raw file; the scores go to `t`. */
static void test_predict_rows(void)
{
    fixture f;
    plx_error err;
    plx_read_report report = {.size = sizeof report};
    taken_rows t = {.limit = INT64_MAX};
    const char *const columns[] = {"city", "age"};
    REQUIRE(make_model(&f));
    write_text("some.csv", "age,city,job,click,spend\n30,Oslo,cook,1,2\n40,\"Rome, old\",,,\n");
    const char *const paths[] = {at("some.csv"), at("some.csv")};
    CHECK_STATUS(plx_model_predict(f.model, KEEPING(FILES(paths, 2), columns, 2, take_rows, &t), &report, &err),
                 PLX_OK);
    CHECK(t.n == 4 && t.skipped == 0 && t.bytes == 2 * strlen("Oslo30Rome, old40") && report.rows == 4);
    CHECK(strcmp(t.first, "Oslo 30 ") == 0 && strcmp(t.last, "Rome, old 40 ") == 0);
    t = (taken_rows){.limit = 1};
    CHECK_STATUS(plx_model_predict(f.model, KEEPING(FILES(paths, 2), columns, 2, take_rows, &t), NULL, &err),
                 PLX_ERR_ARGUMENT);
    CHECK(t.n == 4); /* one call */
    const char *const unknown[] = {"city", "town"};
    CHECK_STATUS(plx_model_predict(f.model, KEEPING(FILES(paths, 1), unknown, 2, take_rows, &t), NULL, &err),
                 PLX_ERR_SCHEMA);
    CHECK_TEXT(err.message, "no column 'town'");
    CHECK_STATUS(plx_model_predict(f.model, KEEPING(FILES(paths, 1), NULL, 2, take_rows, &t), NULL, &err),
                 PLX_ERR_ARGUMENT);
    fixture_free(&f);
}

/* A caller's output file behaves like the library's: complete or absent, links stay. */
static void test_outputs(void)
{
    plx_error err;
    plx_context *context = NULL;
    plx_output *output = NULL;
    size_t length;
    REQUIRE(plx_context_create(&one_thread, &context, NULL) == PLX_OK);
    write_text("target", "old");
    CHECK(symlink("target", at("link")) == 0);
    CHECK_STATUS(plx_output_create(context, at("link"), &output, &err), PLX_OK);
    CHECK(plx_output_add(output, "new", 3) && plx_output_temporary(output) &&
          access(plx_output_temporary(output), F_OK) == 0);
    char *bytes = read_bytes("target", &length);
    CHECK(strcmp(bytes, "old") == 0);
    free(bytes);
    CHECK_STATUS(plx_output_commit(output, &err), PLX_OK);
    plx_output_free(output);
    bytes = read_bytes("target", &length);
    CHECK(strcmp(bytes, "new") == 0);
    free(bytes);
    struct stat info;
    CHECK(lstat(at("link"), &info) == 0 && S_ISLNK(info.st_mode));

    CHECK_STATUS(plx_output_create(context, at("other"), &output, &err), PLX_OK);
    CHECK(plx_output_add(output, "never", 5));
    plx_output_free(output);
    CHECK(access(at("other"), F_OK) != 0);
    CHECK_STATUS(plx_output_create(context, "", &output, &err), PLX_ERR_ARGUMENT);
    CHECK_STATUS(plx_output_create(context, at("none/other"), &output, &err), PLX_ERR_IO);
    CHECK(!output);
    CHECK_TEXT(err.message, "none/other: cannot write: ");
    plx_output_free(NULL);
    plx_context_free(context);
}

static plx_status whole_life(const plx_allocator *allocator, taken *t, plx_error *err)
{
    fixture f = {0};
    char cache[128];
    plx_data *more = NULL;
    plx_metrics metrics[2];
    const plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = allocator};
    const char *const folders[] = {home}, *const paths[] = {at("rows.csv")}, *const columns[] = {"city", "age"};
    taken_rows rows = {.limit = INT64_MAX};
    const char *text = config_text("mmoe", "  num_experts: 2\n  expert_dnn_units: [4]\n", "");
    snprintf(cache, sizeof cache, "data.cache=\"%s/cache\"", home);
    *t = (taken){.most = INT64_MAX};
    plx_status status = plx_context_create(&options, &f.context, err);
    if (!status) status = plx_config_parse(f.context, text, strlen(text), "test.yaml", &f.config, err);
    if (!status) status = plx_config_set(f.config, "data.memory=1KiB", err);
    if (!status) status = plx_config_set(f.config, "train.epochs=1", err);
    if (!status) status = plx_config_set(f.config, "tasks.click.class_weights=[1, 2]", err);
    if (!status) status = plx_config_set(f.config, cache, err);
    if (!status) status = plx_data_load(f.config, FOLDERS(folders, 1), &f.data, err);
    if (!status) status = plx_model_create(f.config, f.data, &f.model, err);
    if (!status) status = plx_model_train(f.model, f.data, NULL, NULL, err);
    if (!status) status = plx_model_evaluate(f.model, PART(f.data, PLX_PART_TEST), metrics, NULL, err);
    if (!status)
        status = plx_model_evaluate(f.model, WEIGHTED(.data = f.data, .part = PLX_PART_TEST), metrics, NULL, err);
    if (!status) status = plx_model_evaluate(f.model, SOURCE(FILES(paths, 1)), metrics, NULL, err);
    if (!status) status = plx_model_evaluate(f.model, WEIGHTED(.source = FILES(paths, 1)), metrics, NULL, err);
    if (!status) status = plx_model_predict(f.model, BY(FILES(paths, 1), take, t), NULL, err);
    if (!status) status = plx_model_predict(f.model, KEEPING(FILES(paths, 1), columns, 2, take_rows, &rows), NULL, err);
    if (!status) status = plx_data_load(f.config, FOLDERS_FOR(f.model, folders, 1), &more, err);
    if (!status && plx_data_rows(more, PLX_PART_TRAIN) != plx_data_rows(f.data, PLX_PART_TRAIN))
        check_report(__FILE__, __LINE__, "rows for a model are others");
    plx_data_free(more);
    fixture_free(&f);
    return status;
}

static void fail_everywhere(bool is_made_each_time)
{
    static taken whole, t;
    bool ended = false;
    remove_cache();
    REQUIRE(whole_life(NULL, &whole, NULL) == PLX_OK);
    /* Each writing of the cache waits for the disk several times. */
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n += is_made_each_time ? 3 : 1) {
        failing_allocator failing;
        plx_error failure = {.message = ""};
        failing_allocator_init(&failing, n);
        if (is_made_each_time) remove_cache();
        plx_status status = whole_life(&failing.allocator, &t, &failure);
        if (failing.live != 0) printf("  allocation %ld: %ld blocks live\n", n, (long)failing.live);
        CHECK(failing.live == 0);
        ended = !failing.failed;
        if (status != (ended ? PLX_OK : PLX_ERR_MEMORY)) printf("  allocation %ld: %s\n", n, failure.message);
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
    }
    CHECK(ended && t.n == whole.n && memcmp(t.scores, whole.scores, sizeof whole.scores) == 0);
    remove_cache();
}

static void test_memory_ends_while_caching(void)
{
    write_rows("rows.csv", 60, 1);
    fail_everywhere(true);
}

static void test_memory_ends_with_a_cache(void)
{
    write_rows("rows.csv", 60, 1);
    fail_everywhere(false);
}

/* The columns that folders give: decoded, missing, and of the same name. */
static void test_columns_of_folders(void)
{
    static const char expected[] = "day\0"
                                   "2024-01-31\0"
                                   "a b\0"
                                   "\0"
                                   "day\0"
                                   "%00x\0"
                                   "\0";
    char path[4096];
    plx_context *context = NULL;
    char *found = NULL;
    int n = 0;
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    static const char *const folders[] = {"day=2024-01-31", "a%20b=__HIVE_DEFAULT_PARTITION__", "day=%00x"};
    snprintf(path, sizeof path, "%s", home);
    for (int i = 0; i < 3; i++) {
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", folders[i]);
        REQUIRE(mkdir(path, 0777) == 0);
    }
    snprintf(path + strlen(path), sizeof path - strlen(path), "/rows.csv");
    FILE *file = fopen(path, "wb");
    REQUIRE(file && fclose(file) == 0);
    CHECK_STATUS(plx_files_find(context, path, NULL, 0, &found, &n, NULL), PLX_OK);
    CHECK(n == 1 && found && strcmp(found, path) == 0 &&
          memcmp(found + strlen(path) + 1, expected, sizeof expected - 1) == 0);
    plx_text_free(context, found);
    plx_context_free(context);
    for (char *end; (end = strrchr(path, '/')) && strlen(path) > strlen(home); *end = 0)
        remove(path);
}

/* Files of a folder, sorted by name, without files that hold no data; a pattern; a name without a match. */
static void test_files_are_found(void)
{
    static const char *const names[] = {"b.csv", "a.csv", "README.md", ".hidden"};
    char folder[4096], expected[3 * 4096];
    plx_context *context = NULL;
    plx_error failure = {.message = ""};
    char *paths = NULL;
    int n = 7;
    snprintf(folder, sizeof folder, "%s", at("parts"));
    REQUIRE(mkdir(folder, 0777) == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[5000];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = fopen(path, "wb");
        REQUIRE(file && fclose(file) == 0);
    }
    const int length = snprintf(expected, sizeof expected, "%s/a.csv%c%c%s/b.csv%c", folder, 0, 0, folder, 0) + 1;
    REQUIRE(plx_context_create(NULL, &context, NULL) == PLX_OK);
    for (int pattern = 0; pattern < 2; pattern++) {
        const char *const folders[] = {at("")};
        CHECK_STATUS(plx_files_find(context, pattern ? "parts/*.csv" : "parts", folders, 1, &paths, &n, &failure),
                     PLX_OK);
        CHECK(n == 2 && paths && memcmp(paths, expected, (size_t)length) == 0);
        plx_text_free(context, paths);
    }
    CHECK_STATUS(plx_files_find(context, at("none.csv"), NULL, 0, &paths, &n, &failure), PLX_ERR_IO);
    CHECK(!paths && n == 0);
    CHECK_TEXT(failure.message, "none.csv");
    CHECK_STATUS(plx_files_find(context, NULL, NULL, 0, &paths, &n, &failure), PLX_ERR_ARGUMENT);
    plx_context_free(context);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[5000];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_predict_files),
                                       CHECK_TEST(test_evaluate_files),
                                       CHECK_TEST(test_predict_rows),
                                       CHECK_TEST(test_outputs),
                                       CHECK_TEST(test_files_are_found),
                                       CHECK_TEST(test_columns_of_folders),
                                       CHECK_TEST(test_memory_ends_while_caching),
                                       CHECK_TEST(test_memory_ends_with_a_cache)};
    home_make();
    int result = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return result;
}
