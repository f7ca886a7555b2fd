/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables with the options of a configuration, from training to a predictor: shared, lazy and frozen tables, start
 * values, rows from files.
 */
#include "api_support.h"
#include "failing_allocator.h"

enum { COLS = 3, CITIES = 6 };

/* Configuration: both features of data/rows.csv with these keys, and these keys in `train`. */
static const char *tables_text(const char *city, const char *job, const char *train)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "data: {train: [rows.csv], validation_part: 0.2, test_part: 0.2}\n"
             "features:\n"
             "  - {kind: sparse, name: city, embedding_dim: 3%s}\n"
             "  - {kind: sparse, name: job, embedding_dim: 3%s}\n"
             "  - {kind: dense, name: age}\n"
             "tasks:\n"
             "  - {name: click}\n"
             "  - {name: buy, positive: ['yes'], negative: ['no']}\n"
             "model: {name: mmoe, num_experts: 2, expert_dnn_units: [8]}\n"
             "train: {epochs: 3, batch_size: 64, learning_rate: 0.02%s}\n",
             city, job, train);
    return text;
}

/* A parameter's numbers; returns its rows, 0 if there is no parameter of that name. */
static int read_table(const plx_model *model, const char *wanted, float *numbers)
{
    const char *name;
    int64_t shape[3];
    for (int i = 0; read_parameter(model, i, &name, shape, NULL) == PLX_OK; i++) {
        if (strcmp(name, wanted) != 0) continue;
        CHECK(shape[0] == 1 && shape[2] == COLS && shape[1] <= 64);
        CHECK_STATUS(read_parameter(model, i, NULL, NULL, numbers), PLX_OK);
        return (int)shape[1];
    }
    return 0;
}

/* Trains, saves and loads a model of this text: the loaded model and its predictor give the same scores. */
static void check_whole_way(const char *text)
{
    fixture f;
    plx_error err = {0};
    plx_model *loaded = NULL;
    plx_dataset *rows = NULL;
    plx_predictor *predictor = NULL;
    static float scores[4096], again[4096];
    const char *paths[] = {at("rows.csv")};
    if (!fixture_ready(&f, NULL, text)) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, &err), PLX_OK);
    CHECK_STATUS(plx_model_save(f.model, at("m.plexus"), &err), PLX_OK);
    CHECK_STATUS(plx_model_load(f.context, at("m.plexus"), &loaded, &err), PLX_OK);
    CHECK_STATUS(plx_dataset_read(f.model, FILES(paths, 1), false, &rows, &err), PLX_OK);
    if (loaded && rows && plx_dataset_report(rows)->rows * 2 <= 4096) {
        CHECK_STATUS(plx_model_predict(f.model, INTO(rows, scores), NULL, &err), PLX_OK);
        CHECK_STATUS(plx_model_predict(loaded, INTO(rows, again), NULL, &err), PLX_OK);
        CHECK(memcmp(scores, again, (size_t)plx_dataset_report(rows)->rows * 2 * sizeof *scores) == 0);
        CHECK_STATUS(plx_predictor_create(loaded, &predictor, &err), PLX_OK);
        const char *cities[] = {"Oslo", "Rome"}, *jobs[] = {"cook", "nurse"};
        const double ages[] = {20, 50};
        const plx_column columns[] = {
            {.name = "city", .texts = cities}, {.name = "job", .texts = jobs}, {.name = "age", .numbers = ages}};
        float some[4] = {-1, -1, -1, -1};
        CHECK_STATUS(plx_predictor_score(predictor, columns, 3, 2, some, &err), PLX_OK);
        for (int i = 0; i < 4; i++)
            CHECK(some[i] > 0 && some[i] < 1);
    }
    char *description = NULL;
    CHECK_STATUS(plx_model_describe(f.model, PLX_DESCRIPTION_PLAN, &description, &err), PLX_OK);
    plx_text_free(f.context, description);
    plx_predictor_free(predictor);
    plx_dataset_free(rows);
    plx_model_free(loaded);
    fixture_free(&f);
}

static void test_whole_way(void)
{
    check_whole_way(tables_text("", "", ""));
    check_whole_way(tables_text(", embedding_name: place", ", embedding_name: place", ""));
    check_whole_way(tables_text("", "", ", table_optimizer: lazy_adam, table_rows: 5"));
    check_whole_way(tables_text(", embedding_name: place", ", embedding_name: place",
                                ", table_optimizer: rowwise_adagrad, table_rows: 1"));
    check_whole_way(tables_text(", frozen: true", ", initializer: uniform, initializer_scale: 0.5", ""));
}

/* -- Start values ------------------------------------------------------------------------------------------------- */

static double deviation(const float *numbers, int n)
{
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (double)numbers[i] * (double)numbers[i];
    return sqrt(squares / n);
}

static void test_initializers(void)
{
    static const struct {
        const char *city;
        double least, most; /* of the standard deviation */
    } cases[] = {
        {"", 0.5e-4, 2e-4},
        {", initializer: normal, initializer_scale: 0.5", 0.25, 1},
        {", initializer: zeros", 0, 0},
        {", initializer: uniform", 0.015, 0.05},
        {", initializer: uniform, initializer_scale: 2", 0.6, 2},
        {", initializer: glorot_normal", 0.2, 0.8}, /* sqrt(2 / 10) */
        {", initializer: glorot_uniform, initializer_scale: 2", 0.4, 1.6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        float numbers[64 * COLS];
        if (!fixture_ready(&f, NULL, tables_text(cases[i].city, "", ""))) return;
        const int rows = read_table(f.model, "embedding/city/table", numbers);
        CHECK(rows == CITIES + 1);
        const double got = deviation(numbers, rows * COLS);
        if (!(got >= cases[i].least && got <= cases[i].most)) check_report(__FILE__, __LINE__, cases[i].city);
        fixture_free(&f);
    }
}

/* A file of `rows` rows, number (r, c) is r + c / 8. */
static void write_npy(const char *name, int rows, int cols)
{
    char header[128];
    int n = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d)}", rows, cols);
    while (n < 117)
        header[n++] = ' ';
    header[n++] = '\n';
    FILE *file = fopen(at(name), "wb");
    if (!file || fwrite("\x93NUMPY\1\0\x76\0", 1, 10, file) != 10 || fwrite(header, 1, (size_t)n, file) != (size_t)n)
        abort();
    for (int i = 0; i < rows * cols; i++) {
        const float number = (float)(i / cols) + (float)(i % cols) / 8;
        if (fwrite(&number, sizeof number, 1, file) != 1) abort();
    }
    if (fclose(file) != 0) abort();
}

/* Rows of a file are those of the vocabulary, with or without the unknown row; frozen rows stay. */
static void check_rows_of_file(const char *city, int rows_in_file, bool are_frozen)
{
    fixture f;
    plx_error err = {0};
    float numbers[64 * COLS], after[64 * COLS];
    write_npy("city.npy", rows_in_file, COLS);
    if (!fixture_ready(&f, NULL, tables_text(city, "", ""))) return;
    const int rows = read_table(f.model, "embedding/city/table", numbers);
    const int first = CITIES + 1 - rows_in_file;
    CHECK(rows == CITIES + 1);
    for (int r = first; r < rows; r++)
        for (int c = 0; c < COLS; c++)
            CHECK_CLOSE((double)numbers[r * COLS + c], r - first + c / 8.0, 0);
    if (first == 1) CHECK(deviation(numbers, COLS) < 1e-3);
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, &err), PLX_OK);
    read_table(f.model, "embedding/city/table", after);
    CHECK((memcmp(numbers, after, (size_t)rows * COLS * sizeof *numbers) == 0) == are_frozen);
    fixture_free(&f);
}

static void test_rows_of_files(void)
{
    check_rows_of_file(", embedding_file: city.npy", CITIES, false);
    check_rows_of_file(", embedding_file: city.npy", CITIES + 1, false);
    check_rows_of_file(", embedding_file: city.npy, frozen: true", CITIES, true);
    check_whole_way(tables_text(", embedding_file: city.npy, frozen: true", "", ""));
    CHECK(unlink(at("city.npy")) == 0); /* a model file has the rows, and loads without the rows' file */
    plx_context *context = NULL;
    plx_model *loaded = NULL;
    float numbers[64 * COLS];
    CHECK_STATUS(plx_context_create(NULL, &context, NULL), PLX_OK);
    CHECK_STATUS(plx_model_load(context, at("m.plexus"), &loaded, NULL), PLX_OK);
    if (loaded) {
        CHECK(read_table(loaded, "embedding/city/table", numbers) == CITIES + 1);
        CHECK_CLOSE((double)numbers[2 * COLS + 1], 1.125, 0);
    }
    plx_model_free(loaded);
    plx_context_free(context);
}

static void test_tasks_of_their_own(void)
{
    fixture f;
    char text[2048];
    float numbers[64 * COLS];
    write_npy("city.npy", CITIES, COLS);
    snprintf(text, sizeof text, "%s", tables_text(", embedding_file: city.npy", "", ""));
    char *model = strstr(text, "model: {name: mmoe, num_experts: 2, expert_dnn_units: [8]}");
    if (!model) abort();
    memcpy(model, "model: {name: single_task}                                ", 58);
    if (!fixture_ready(&f, NULL, text)) return;
    CHECK(read_table(f.model, "task0/embedding/city/table", numbers) == CITIES + 1);
    CHECK_CLOSE((double)numbers[2 * COLS + 1], 1.125, 0);
    CHECK(read_table(f.model, "task1/embedding/city/table", numbers) == CITIES + 1);
    CHECK_CLOSE((double)numbers[2 * COLS + 1], 1.125, 0);
    fixture_free(&f);
}

/* -- Training ------------------------------------------------------------------------------------------------------ */

static const char lazy_lines[] = ", table_optimizer: lazy_adam, table_rows: 1, checkpoint_epochs: 1, shuffle: true";

/* Trains with so many threads, to epoch `epochs` or from the checkpoint; returns the shared table's numbers. */
static bool stop_after(void *user, const plx_progress *progress)
{
    return !progress->is_best || progress->epoch < *(const int *)user;
}

static void train_lazily(int threads, int epochs, bool resume, float *numbers)
{
    fixture f;
    plx_error err = {0};
    const plx_context_options options = {.size = sizeof options, .threads = threads};
    const plx_train_hooks hooks = {.size = sizeof hooks,
                                   .progress = stop_after,
                                   .user = &epochs,
                                   .checkpoint_path = at("state"),
                                   .resume = resume};
    plx_train_report report = {.size = sizeof report};
    if (!fixture_ready(&f, &options, tables_text(", embedding_name: place", ", embedding_name: place", lazy_lines)))
        return;
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, &report, &err), PLX_OK);
    CHECK(report.resumed == resume);
    CHECK(read_table(f.model, "embedding/place/table", numbers) > CITIES);
    fixture_free(&f);
}

/* Neither threads nor an interruption change a bit of a lazy table. */
static void test_same_bits(void)
{
    static float first[64 * COLS], numbers[64 * COLS];
    for (int threads = 1; threads <= 3; threads++) {
        train_lazily(threads, 100, false, threads == 1 ? first : numbers);
        CHECK(threads == 1 || memcmp(first, numbers, sizeof first) == 0);
    }
    CHECK(unlink(at("state")) == 0);
    train_lazily(1, 1, false, numbers);
    CHECK(memcmp(first, numbers, sizeof first) != 0);
    train_lazily(2, 100, true, numbers);
    CHECK(memcmp(first, numbers, sizeof first) == 0);
}

static plx_status whole_life(const plx_allocator *allocator, const char *text, plx_error *err)
{
    fixture f;
    plx_model *loaded = NULL;
    const plx_context_options options = {.size = sizeof options, .threads = 1, .allocator = allocator};
    plx_status status = fixture_make(&f, &options, text, err);
    if (status == PLX_OK) status = plx_model_train(f.model, f.data, NULL, NULL, err);
    if (status == PLX_OK) status = plx_model_save(f.model, at("t.plexus"), err);
    if (status == PLX_OK) status = plx_model_load(f.context, at("t.plexus"), &loaded, err);
    plx_model_free(loaded);
    fixture_free(&f);
    return status;
}

static void test_every_allocation_may_fail(void)
{
    char text[2048];
    bool ended = false;
    write_npy("city.npy", CITIES, COLS);
    snprintf(
        text, sizeof text, "%s",
        tables_text(", embedding_file: city.npy, frozen: true", "", ", table_optimizer: lazy_adam, table_rows: 1"));
    char *epochs = strstr(text, "epochs: 3");
    REQUIRE(epochs);
    epochs[8] = '1';
    for (long n = 1; n < 20000 && !ended && check_failures == 0; n++) {
        failing_allocator failing;
        plx_error err = {0};
        failing_allocator_init(&failing, n);
        const plx_status status = whole_life(&failing.allocator, text, &err);
        CHECK(failing.live == 0);
        ended = !failing.failed;
        CHECK_STATUS(status, ended ? PLX_OK : PLX_ERR_MEMORY);
    }
    CHECK(ended);
}

static void keep_line(void *user, const char *line)
{
    snprintf(user, 400, "%s", line);
}

static void test_options_without_effect_are_reported(void)
{
    fixture f;
    char line[400] = "";
    const plx_context_options options = {.size = sizeof options, .warn = keep_line, .user = line};
    if (!fixture_ready(&f, &options, tables_text("", "", ", table_optimizer: lazy_adam"))) return;
    CHECK_STATUS(plx_model_train(f.model, f.data, NULL, NULL, NULL), PLX_OK);
    CHECK_TEXT(line, "train.table_optimizer has no effect");
    fixture_free(&f);
}

static void check_mistake(const char *city, const char *job, const char *train, plx_status status, const char *message)
{
    fixture f;
    plx_error err = {0};
    CHECK_STATUS(fixture_make(&f, NULL, tables_text(city, job, train), &err), status);
    CHECK_TEXT(err.message, message);
}

static void test_mistakes_are_reported(void)
{
    write_npy("narrow.npy", CITIES, COLS - 1);
    write_npy("short.npy", CITIES - 1, COLS);
    write_text("none.npy", "not a matrix");
    check_mistake(", embedding_file: narrow.npy", "", "", PLX_ERR_SCHEMA,
                  "holds [6, 2] numbers, but the table 'city' has [7, 3]");
    check_mistake(", embedding_file: short.npy", "", "", PLX_ERR_SCHEMA, "holds [5, 3] numbers");
    check_mistake(", embedding_file: none.npy", "", "", PLX_ERR_FORMAT, "feature 'city': embedding_file");
    check_mistake(", embedding_file: absent.npy", "", "", PLX_ERR_IO, "absent.npy");
    check_mistake(", embedding_file: absent.safetensors#x", "", "", PLX_ERR_IO, "absent.safetensors");
    check_mistake("", "", ", table_optimizer: lazy_adan", PLX_ERR_FORMAT, "table_optimizer 'lazy_adan' is unknown");
    check_mistake(", initializer: random", "", "", PLX_ERR_FORMAT, "initializer");
    check_mistake(", embedding_name: t, frozen: true", ", embedding_name: t", "", PLX_ERR_FORMAT, "'frozen' differs");
    check_mistake(", embedding_name: t", ", embedding_name: t, initializer_scale: 2", "", PLX_ERR_FORMAT,
                  "'initializer_scale' differs");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_whole_way),
        CHECK_TEST(test_initializers),
        CHECK_TEST(test_rows_of_files),
        CHECK_TEST(test_tasks_of_their_own),
        CHECK_TEST(test_same_bits),
        CHECK_TEST(test_every_allocation_may_fail),
        CHECK_TEST(test_options_without_effect_are_reported),
        CHECK_TEST(test_mistakes_are_reported),
    };
    home_make();
    write_rows("rows.csv", 600, 7);
    const int status = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return status;
}
